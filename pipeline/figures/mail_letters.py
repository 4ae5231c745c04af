"""What our mails say, as values: nothing of a person's health, so that a mailbox that others read tells them nothing.

Of cells only the place is named (缺课登记 C7【姓名】); what stands in them is in the files, if these may go along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.figures.receipts import IssueText, Receipt

MOST = 20  # faults of one file that are named


@dataclass(frozen=True, slots=True)
class AnsweredFile:
    """One file of a mail, and what became of it."""

    name: str
    seq: int
    first: str
    about: str
    received: str
    counts: str
    errors: tuple[IssueText, ...]
    errors_rest: int
    queries: tuple[IssueText, ...]
    queries_rest: int
    ours: bool
    held: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """What of a mail itself could not be taken."""

    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class AnswerLetter:
    """The answer to a mail. `attached`, `left_out`: names of files that go along, and of those that may not."""

    subject: str
    first: str
    unit: str
    files: tuple[AnsweredFile, ...]
    problems: tuple[Problem, ...]
    attached: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PapersLetter:
    """Papers for one reader. `pictures`: by what name the page shows them."""

    subject: str
    first: str
    unit: str
    attached: tuple[str, ...]
    left_out: tuple[str, ...]
    pictures: tuple[str, ...] = ()


def answer(
    unit: str,
    receipts: Sequence[Receipt],
    problems: Sequence[Problem],
    attached: Sequence[str],
    left_out: Sequence[str],
) -> AnswerLetter:
    """Answer a mail: what became of each of its files, and of the mail itself."""
    files = tuple(_file(one) for one in receipts)
    first = _first(files, problems)
    return AnswerLetter(first, first, unit, files, tuple(problems), tuple(attached), tuple(left_out))


def papers(
    unit: str, title: str, day: str, attached: Sequence[str], left_out: Sequence[str], pictures: Sequence[str]
) -> PapersLetter:
    """Send papers of a day to whom they are for."""
    subject = f"{title} · {day} · {unit}"
    return PapersLetter(subject, f"{title}（{day}）", unit, tuple(attached), tuple(left_out), tuple(pictures))


def _first(files: Sequence[AnsweredFile], problems: Sequence[Problem]) -> str:
    """The one line that must be enough."""
    if len(files) == 1 and not problems:
        return files[0].first
    if not files:
        return f"没有收下 · {problems[0].message}" if problems else "没有收到附件"
    back = sum(bool(one.errors) or one.held for one in files)
    said = f"收到 {len(files)} 份" + (f"，其中 {back} 份要处理" if back else "，都不用再发")
    return said + (f"，另有 {len(problems)} 处没有收下" if problems else "")


def _file(made: Receipt) -> AnsweredFile:
    about = " · ".join(part for part in (made.form, made.campus, made.date) if part)
    return AnsweredFile(
        name=made.file,
        seq=made.seq,
        first=made.first,
        about=about,
        received=made.received,
        counts=made.counts,
        errors=made.errors[:MOST],
        errors_rest=made.errors_rest + max(0, len(made.errors) - MOST),
        queries=made.queries[:MOST],
        queries_rest=made.queries_rest + max(0, len(made.queries) - MOST),
        ours=made.ours,
        held=made.held,
    )
