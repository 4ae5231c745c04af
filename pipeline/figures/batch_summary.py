"""The summary a county gets of the files it sent together: the outcome of each, the most urgent first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline import issues
from pipeline.figures.receipts import ReceiptFacts, asked_of
from pipeline.figures.words import assumed
from pipeline.model import LetterKind, Severity, State
from pipeline.units import Scope


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One file of a batch. `name` is the sender's own name for it."""

    name: str
    facts: ReceiptFacts


@dataclass(frozen=True, slots=True)
class SummaryFacts:
    """The files of one county's batch, in received order."""

    scope: Scope
    code: str
    place: str
    now: datetime
    lines: tuple[SummaryLine, ...]
    assumed: int = 0  # the year, if a day of it is by weekday only


@dataclass(frozen=True, slots=True)
class SummaryRow:
    seq: int
    name: str
    school: str
    code: str
    form: str
    date: str
    outcome: str
    accepted: int
    refused: int
    todo: str


@dataclass(frozen=True, slots=True)
class Summary:
    kind: LetterKind
    code: str
    place: str
    made: str
    assumed: str
    files: int
    counts: tuple[tuple[str, int], ...]
    rows: tuple[SummaryRow, ...]
    asked: tuple[SummaryRow, ...]


OUTCOMES = {
    State.RECEIVED: "正在处理",
    State.ACCEPTED: "已收下",
    State.PARTIAL: "部分退回",
    State.REJECTED: "未能收下",
    State.DUPLICATE: "重复",
    State.HELD: "待核",
    State.QUARANTINED: "打不开或不安全",
    State.FAILED: "系统出错",
}
_SETTLED_WELL = frozenset({State.ACCEPTED, State.DUPLICATE})
_LEFT = frozenset({"classes-missing"})  # advice that is to be acted on the same day


def summary(facts: SummaryFacts) -> Summary:
    """List a batch, the most urgent first: the number of files = the sum of the outcomes listed."""
    order = sorted(
        facts.lines, key=lambda line: (not _is_open(line), line.facts.state in _SETTLED_WELL, line.facts.seq)
    )
    rows = tuple(_summary_row(line) for line in order)
    counts = ((name, sum(line.facts.state is state for line in order)) for state, name in OUTCOMES.items())
    return Summary(
        kind=LetterKind.SUMMARY,
        code=facts.code,
        place=facts.place,
        made=f"{facts.now:%Y-%m-%d %H:%M}",
        assumed=assumed(facts.assumed),
        files=len(rows),
        counts=tuple((name, n) for name, n in counts if n),
        rows=rows,
        asked=rows[: sum(map(_is_open, order))],
    )


def _is_open(line: SummaryLine) -> bool:
    """Whether something is left to be done about a file."""
    return line.facts.state not in _SETTLED_WELL or any(issue.code in _LEFT for issue in line.facts.issues)


def _summary_row(line: SummaryLine) -> SummaryRow:
    facts = line.facts
    grades = (Severity.ERROR, Severity.QUERY)
    grades = grades[::-1] if facts.state is State.HELD else grades
    urgent = [issue for issue in asked_of(facts, Severity.ADVICE) if issue.code in _LEFT]
    first = next((issue for grade in grades for issue in asked_of(facts, grade)), None)
    first = urgent[0] if urgent and facts.state in _SETTLED_WELL else first
    todo = ""
    if first is not None:
        shown = issues.without_cells(first)
        todo = " ".join(part for part in (issues.place(shown), issues.message(shown), issues.remedy(shown)) if part)
    return SummaryRow(
        seq=facts.seq,
        name=line.name,
        school=facts.unit_name,
        code=facts.unit,
        form=facts.form,
        date=facts.day.isoformat() if facts.day else "",
        outcome=OUTCOMES[facts.state] + {False: "（迟报）", True: "", None: ""}[facts.on_time],
        accepted=facts.accepted,
        refused=facts.refused,
        todo=todo,
    )
