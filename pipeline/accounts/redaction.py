"""Submissions whose original bytes may not be archived because they hold a password; and papers kept by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.accounts.filing import filing_number
from pipeline.database.models import Filing, FilingLine, FilingScan, Reject, Submission, Unit
from pipeline.database.transactions import atomic
from pipeline.filed import SHOWN
from pipeline.forms.filing import ACCOUNTS, COUNT_FIELDS, FILING
from pipeline.forms.whole import FILE
from pipeline.forms.words import yes_no

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SignedPaper:
    """A signed paper: the 备案号 and the file extension by which it is kept."""

    number: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Copy:
    """The kept parts of a 备案表: its header by field name, its rows, both without passwords.

    `rows` is empty if nothing of it was accepted; then `why` has the codes of its issues.
    """

    unit: str
    serial: int
    fields: Values = field(default_factory=dict)
    rows: tuple[Values, ...] = ()
    tickets: tuple[str, ...] = ()  # of the rows, if it was a return workbook
    why: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)  # form, unit, campus and day, as far as they are known
    issues: tuple[tuple[str, int | None], ...] = ()  # codes, and their Excel rows


def apart(seqs: Sequence[int]) -> dict[int, SignedPaper | None]:
    """Return which of these submissions may not be archived in their original form; with the paper, if it is one."""
    if not seqs:
        return {}
    secret = Submission.objects.filter(received_seq__in=seqs, secret=True).values_list("pk", flat=True)
    scans = FilingScan.objects.filter(submission__in=seqs)
    papers = {scan.submission_id: SignedPaper(filing_number(scan.filing_id), f".{scan.ending}") for scan in scans}
    return dict.fromkeys(secret) | papers


def copy(seq: int) -> Copy:
    """Return the copy of a submission that is kept instead of its bytes, made from its stored values."""
    row = Submission.objects.get(pk=seq)
    unit = Unit.objects.filter(code=row.unit).first()
    codes = tuple(str(one["code"]) for one in row.issues)
    day = row.day.isoformat() if row.day else ""
    about = {"form": row.form, "unit": row.unit, "campus": row.campus, "day": day}
    issues = tuple((str(one["code"]), one.get("row")) for one in row.issues)
    made = Copy(row.unit, unit.token_serial if unit else 1, why=codes, about=about, issues=issues)
    lines = list(FilingLine.objects.filter(seq=seq).order_by("row"))
    back = [one for one in Reject.objects.filter(submission=seq, form="filing").order_by("row") if one.table != FILE]
    filing = lines[0].filing if lines else Filing.objects.filter(number=seq).first()
    if filing is None or unit is None:
        return made
    content = [(line.row, _line(line), line.ticket) for line in lines] + [(one.row, dict(one.raw), "") for one in back]
    rows = sorted(content, key=lambda one: one[0])
    fields: dict[str, Any] = {field.name: getattr(filing, field.name) for field in FILING.fields if field.kept}
    count = {COUNT_FIELDS[filing.level]: len(rows)}
    fields |= {"unit": unit.code, "school": unit.name, "system": yes_no(True), **count}
    tickets = tuple(ticket for *_, ticket in rows)
    return Copy(row.unit, unit.token_serial, fields, tuple(content for _, content, _ in rows), tickets, codes)


def _line(line: FilingLine) -> Values:
    values = {name: getattr(line, name) for name, column in ACCOUNTS.keeps.items() if column.dtype == "text"}
    return values | ({"password": SHOWN} if line.password else {})


def kept(places: Mapping[int, tuple[str, str]]) -> None:
    """Note the paths of the copies, below the site, and their hashes ("" for a file kept in its original form)."""
    with atomic():
        for seq, (path, sha256) in places.items():
            Submission.objects.filter(pk=seq).update(path=path, spooled=False, kept_sha256=sha256)
