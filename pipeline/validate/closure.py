"""停课报告表: approval before the start, resumption after it, no more ill pupils than there are pupils."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.forms.closure import CLOSURE, ROWS
from pipeline.forms.text_normalise import fold
from pipeline.model import WHOLE_SCHOOL, ClosureKind, identity_of
from pipeline.schooldays import ZONE
from pipeline.validate.case import AsKept, RowCase, SubmissionCase
from pipeline.validate.checks import RowCheck
from pipeline.validate.classes import Classes
from pipeline.validate.judge import Extras, Judge, Judgement, Lines

RULES = (
    RowCheck(
        "approval-after-start",
        "approved_at",
        # an extension is approved while the closure lasts
        lambda pl: (pl.col("kind") == ClosureKind.EXTEND) | (pl.col("approved_at") <= pl.col("start")),
    ),
    RowCheck("approval-far", "approved_at", lambda pl: pl.col("approved_at") > pl.col("start") - timedelta(days=90)),
    RowCheck("approval-after-now", "approved_at", lambda pl: pl.col("approved_at") <= pl.col("_now")),
    RowCheck(
        "closure-start-far",
        "start",
        lambda pl: (pl.col("start").dt.date() - pl.col("_day")).abs() <= timedelta(days=90),
    ),
    RowCheck("resume-before-start", "resume_planned", lambda pl: pl.col("resume_planned") > pl.col("start").dt.date()),
    RowCheck("resume-before-start", "resume_actual", lambda pl: pl.col("resume_actual") >= pl.col("start").dt.date()),
    RowCheck(
        "closure-long",
        "resume_planned",
        lambda pl: (pl.col("resume_planned") - pl.col("start").dt.date()) <= timedelta(days=60),
    ),
    RowCheck("ill-over-pupils", "ill", lambda pl: pl.col("ill") <= pl.col("pupils")),
    RowCheck(
        "first-onset-after-start",
        "first_onset",
        lambda pl: pl.col("first_onset") <= pl.col("start").dt.date(),
    ),
    RowCheck(
        "first-onset-far",
        "first_onset",
        lambda pl: pl.col("first_onset") > pl.col("start").dt.date() - timedelta(days=90),
    ),
    RowCheck(
        "resumed-missing",
        "resume_actual",
        lambda pl: (pl.col("kind") != ClosureKind.RESUME) | pl.col("resume_actual").is_not_null(),
    ),
)

_WHOLE = frozenset(("全校", "全园", "全校(园)", "整校", "学校", "全体", "全校停课", "全园停课", "全部"))
_SEVERAL = ("、", ",", ";", "和", "及", "/")


_AS_KEPT = AsKept(ROWS.keeps)


def judge(case: SubmissionCase, lines: Lines, by: Judgement) -> None:
    """Accept or refuse every row."""
    case.refuse_if_blank()
    classes = by.classes(case)
    seen: dict[str, int] = {}
    for line in lines["rows"]:
        scope = _scope(line, classes)
        start = line.values["start"]
        moment = start.replace(tzinfo=ZONE) if isinstance(start, datetime) else None
        identity = identity_of(case.campus, scope, moment and moment.isoformat())
        if scope and moment and identity in seen and _same_kind(case, line, seen[identity]):
            line.add_issue("closure-repeated", "scope", first=str(seen[identity]))
        seen.setdefault(identity, line.row.number)
        if line.bad:
            line.refuse(identity if scope and moment else "")
        else:
            line.accept(identity, _values(case, line, scope))
        case.issues.extend(line.new_issues)


def _scope(line: RowCase, classes: Classes) -> str:
    name = line.values["scope"]
    if not isinstance(name, str):
        return ""
    word = fold(name)
    if word in _WHOLE:
        return WHOLE_SCHOOL
    if any(char in word for char in _SEVERAL):
        line.add_issue("scope-several", "scope")
        return ""
    key = classes.key(name)
    return key if classes.ask(line, "scope", key) else ""


def _same_kind(case: SubmissionCase, line: RowCase, first: int) -> bool:
    """A second row for a closure is a mistake only if it is of the same kind."""
    at = line.table.index("kind")
    return any(row.number == first and row.values[at] == line.values["kind"] for row in case.rows("rows"))


def _values(case: SubmissionCase, line: RowCase, scope: str) -> dict[str, object]:
    values = _AS_KEPT(line.values)
    return {**values, "campus": case.campus, "scope": scope}


def _extras(table: str, lines: Sequence[RowCase], by: Judgement) -> Extras:
    del table, by
    arrived = [line.case.arrival.received_at.astimezone(ZONE).replace(tzinfo=None) for line in lines]
    return {"_day": [line.case.day for line in lines], "_now": list(arrived)}


JUDGE = Judge(CLOSURE, {"rows": RULES}, judge, extras=_extras)
