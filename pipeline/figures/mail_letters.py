"""What our mails say, as values: nothing of a person's health, so that a mailbox that others read tells them nothing.

Of cells only the place is named (缺课登记 C7【姓名】); what stands in them is in the files, if these may go along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.figures.receipts import IssueText, Receipt

MOST = 20  # faults of one file that are named
_MEND = "改好红色的格子，作为附件回复这封邮件即可；已收下的行不用再报。"


@dataclass(frozen=True, slots=True)
class AnsweredFile:
    """One file of a mail, and what became of it."""

    name: str
    seq: int
    first: str
    changed: str
    about: str
    received: str
    counts: str
    errors: tuple[IssueText, ...]
    errors_rest: int
    queries: tuple[IssueText, ...]
    queries_rest: int
    advice: tuple[IssueText, ...]
    advice_rest: int
    repairs: int
    amend: str
    ours: bool
    held: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """What of a mail itself could not be taken."""

    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class AnswerLetter:
    """The answer to a mail. `attached`, `left_out`: names of files that go along, and of those that may not; `todo`:
    whether its sender must do something; `alone`: one file, of which the first line speaks.
    """

    subject: str
    first: str
    todo: bool
    unit: str
    alone: bool
    files: tuple[AnsweredFile, ...]
    problems: tuple[Problem, ...]
    attached: tuple[str, ...]
    left_out: tuple[str, ...]
    mend: str


@dataclass(frozen=True, slots=True)
class PapersLetter:
    """Papers for one reader. `said`: lines before them; `pictures`: by what name the page shows them."""

    subject: str
    first: str
    todo: bool
    unit: str
    said: tuple[str, ...]
    attached: tuple[str, ...]
    left_out: tuple[str, ...]
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardLetter:
    """A warning's card for one reader: what to do about it, and by when."""

    subject: str
    first: str
    todo: bool
    unit: str
    what: str
    steps: tuple[str, ...]
    attached: tuple[str, ...]
    left_out: tuple[str, ...]


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
    todo = bool(problems) or any(one.held or (one.errors and not one.ours) for one in files)
    return AnswerLetter(
        subject=first,
        first=first,
        todo=todo,
        unit=unit,
        alone=len(files) == 1 and not problems,
        files=files,
        problems=tuple(problems),
        attached=tuple(attached),
        left_out=tuple(left_out),
        mend=_MEND,
    )


def papers(  # noqa: PLR0913  # what they are, and what goes along
    unit: str,
    title: str,
    day: str,
    *,
    said: Sequence[str] = (),
    attached: Sequence[str],
    left_out: Sequence[str],
    pictures: Sequence[str] = (),
) -> PapersLetter:
    """Send papers of a day to whom they are for."""
    subject = f"{title} · {day} · {unit}"
    return PapersLetter(
        subject, f"{title} · {day}", todo=False, unit=unit, said=tuple(said), attached=tuple(attached),
        left_out=tuple(left_out), pictures=tuple(pictures),
    )  # fmt: skip


def of_digest(values: Mapping[str, Any]) -> tuple[str, ...]:
    """What a mail says of a digest, by its values: who reported and what is open; of illness nothing."""
    total = values["below_total"]
    said = f"应报 {total['due']} 所，已报 {total['reported']} 所，未报 {total['silent']} 所。"
    alerts, closed = len(values["alerts"]["rows"]), values["closures"]["classes"]
    return (said, f"在办预警 {alerts} 条，停课 {closed} 个班。")


def card(  # noqa: PLR0913  # what it is about, and what goes along
    unit: str,
    number: str,
    due: datetime,
    now: datetime,
    *,
    school: bool,
    attached: Sequence[str],
    left_out: Sequence[str],
) -> CardLetter:
    """Send a warning's card to the school, or to its county, that must answer it."""
    until = f"{due.month}月{due.day}日 {due:%H:%M}"
    asked = f"请在 {until} 前答复" if now < due else f"{until} 已到期，请马上答复"
    first = f"预警信息报告卡 {number} · {asked}"
    steps: tuple[str, ...]
    if school:
        what = "系统按本校报来的缺课发出一条预警，请尽快核实。"
        steps = (
            "打印《核实工作单》，到班里或打电话核实时随手记；它不用发回。",
            "把核实的结果填进《预警信息报告卡（填报）》。",
            "把填好的报告卡作为附件，回复这封邮件。",
        )
    else:
        what = "辖区一所学校收到一条预警，这是县级联；学校已收到同样的一份。"
        steps = (
            "请督促学校在时限前核实、答复。",
            "学校不便填报时，电话核实后填县级联的《预警信息报告卡（填报）》，作为附件回复这封邮件。",
            "学校的答复到了以后，在《县级处理单》的“待确认预警”里确认或退回。",
        )
    return CardLetter(
        subject=f"{first} · {unit}",
        first=first,
        todo=True,
        unit=unit,
        what=what,
        steps=steps,
        attached=tuple(attached),
        left_out=tuple(left_out),
    )


def _first(files: Sequence[AnsweredFile], problems: Sequence[Problem]) -> str:
    """The one line that must be enough."""
    if len(files) == 1 and not problems:
        return files[0].first
    if not files:
        return f"没有收下 · {problems[0].message.rstrip('。')}" if problems else "没有收到附件"
    back = sum(bool(one.errors) or one.held for one in files)
    said = f"收到 {len(files)} 份" + (f"，其中 {back} 份要处理" if back else "，都不用再发")
    return said + (f"，另有 {len(problems)} 处没有收下" if problems else "")


def _file(made: Receipt) -> AnsweredFile:
    about = " · ".join(part for part in (made.form, made.campus, made.date) if part)
    return AnsweredFile(
        name=made.file,
        seq=made.seq,
        first=made.first,
        changed=made.changed,
        about=about,
        received=made.received,
        counts=made.counts,
        errors=made.errors[:MOST],
        errors_rest=made.errors_rest + max(0, len(made.errors) - MOST),
        queries=made.queries[:MOST],
        queries_rest=made.queries_rest + max(0, len(made.queries) - MOST),
        advice=made.advice[:MOST],
        advice_rest=made.advice_rest + max(0, len(made.advice) - MOST),
        repairs=len(made.repairs) + made.repairs_rest,
        amend=made.amend,
        ours=made.ours,
        held=made.held,
    )
