"""What the path up to validation answers to a workbook's bytes, as plain JSON."""

from __future__ import annotations

from typing import Any

from pipeline import issues, validate
from pipeline.model import Issue, Policy, Reading
from tests.formbooks import KEY, arrival, context, home
from tests.reading import take


def answer(content: bytes) -> dict[str, Any]:
    """Claims, header, repairs, issues in words, records and refused rows; blanks left out."""
    got = take(content)
    checked = validate.check([(arrival(bound=home(got)), got)], context(), Policy(), KEY)[0]
    claims = got.claims
    return {
        "verdict": checked.verdict,
        "claims": _said({name: getattr(claims, name) for name in claims.__slots__}) if claims else None,
        "header": _said(got.header),
        "unit": checked.unit,
        "mode": checked.mode.value,
        "repairs": [f"{r.sheet} {r.cell} {r.column}: {r.was} → {r.now}" for r in got.repairs],
        "issues": [_issue(issue) for issue in checked.issues],
        "records": [
            {"table": r.table, "row": r.row, "identity": r.identity, "ticket": r.ticket, **_said(r.values)}
            for r in checked.records
        ],
        "refused": [
            {"table": r.table, "row": r.row, "ticket": r.ticket, "raw": dict(r.raw), "why": [i.code for i in r.issues]}
            for r in checked.refused
        ],
        "voided": list(checked.voided),
    }


def cells(got: Reading) -> object:
    """All that was read, for comparing readers."""
    return (got.verdict, got.claims, got.header, got.tables, got.issues, got.repairs)


def _said(values: Any) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value not in (None, "", False)}


def _issue(issue: Issue) -> str:
    where = issues.place(issue) or issue.sheet
    return f"{issues.severity(issue)} {issue.code} {where}: {issues.message(issue)}"
