"""Our shorter mails, as values: a report to be approved, one that is missing, whom a county telephones, the morning's
template, an account. Nothing of a person's health stands in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.figures.duty import StatusCounts
from pipeline.figures.receipts import Receipt

HOW_STANDING: Mapping[StatusCounts, str] = {
    StatusCounts.MISSING: "还没有收到",
    StatusCounts.RETURNED: "已收到，整份退回，请改好再发",
    StatusCounts.HELD: "已收到，正在核对，请勿重发",
    StatusCounts.PARTIAL: "已收到，还差部分班级",
}
REMINDED = frozenset({StatusCounts.MISSING, StatusCounts.RETURNED, StatusCounts.PARTIAL})
"""What a school itself can mend."""
_ZERO = "没有学生缺课也要报：直接回复这封邮件，第一行只写“零报告”即可。"


@dataclass(frozen=True, slots=True)
class Called:
    """Whom to telephone about a school, and why."""

    school: str
    name: str
    phone: str
    about: str


@dataclass(frozen=True, slots=True)
class NoteLetter:
    """A mail of some sentences; `rows`: name and value; `people`: to telephone; `copy`: lines for a chat group;
    `todo`: whether its reader has something to do.
    """

    subject: str
    first: str
    unit: str
    todo: bool = False
    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    people: tuple[Called, ...] = ()
    copy: tuple[str, ...] = ()
    attached: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SchoolMissing:
    """A school of which something is due: `classes`, those that its report does not mention."""

    name: str
    holder: str
    phone: str
    standing: StatusCounts
    classes: tuple[str, ...]

    @property
    def about(self) -> str:
        which = f"（{'、'.join(self.classes[:10])}{'等' if len(self.classes) > 10 else ''}）" if self.classes else ""
        return HOW_STANDING[self.standing] + which


def review(unit: str, made: Receipt, clerk: str, phone: str) -> NoteLetter:
    """Ask a 分管领导 to approve a report that was taken."""
    who = "".join(part for part in (clerk, f"（{phone}）" if phone else "") if part)
    back = [("还要改", f"{len(made.errors)} 处，已请填报人改正")] if made.errors else []
    campus = [("校区", made.campus)] if made.campus else []
    return NoteLetter(
        subject=f"请审核{made.date}的{made.form}：{unit}",
        first=f"请审核{made.date}的{made.form}",
        unit=unit,
        todo=True,
        lines=(
            "同意的，直接回复这封邮件，第一行只写“同意”两个字，就算审核了。",
            f"要改的，请告诉填报人{who}，用“整份更正”重报；重报后会再请您审核。",
        ),
        rows=(("学校", unit), *campus, ("结果", made.counts or made.first), *back, ("收到", made.received)),
    )


def remind(unit: str, day: str, deadline: str, missing: SchoolMissing, *, leader: bool, zero: bool) -> NoteLetter:
    """Remind a school, or its 分管领导, of a report that is missing. `zero`: whether a line from this mailbox is a
    zero report.
    """
    who = "".join(part for part in (missing.holder, f"（{missing.phone}）" if missing.phone else "") if part)
    ask = f"请督促填报人{who}在 {deadline} 前报送。" if leader else f"请在 {deadline} 前报送。"
    what = f"{'请督促' if leader else '请报'}{day}的缺课日报"
    part = missing.standing is StatusCounts.PARTIAL
    return NoteLetter(
        subject=f"{what}：{unit}",
        first=f"{what}：{missing.about}",
        unit=unit,
        todo=True,
        lines=(
            ask,
            *(["只报所差的班：报送方式选“补充”。"] if part and not leader else []),
            *([_ZERO] if zero and missing.standing is StatusCounts.MISSING and not leader else []),
            "今天有困难报不了的，请打电话告诉县（市、区）教育局。刚刚报过的，不用理会这封邮件。",
        ),
    )


def call_list(place: str, day: str, clock: str, missing: Sequence[SchoolMissing]) -> NoteLetter:
    """The schools of a county that are missing, with a telephone each, and a text for the group."""
    head = (
        f"【学生缺课日报催报】{place} {day}",
        f"截至 {clock}，还有 {len(missing)} 所没有报全，请尽快报送，收到请回复：",
    )
    listed = [f"{n}. {one.name}：{one.about}" for n, one in enumerate(missing, 1)]
    last = "没有学生缺课也要报“零报告”。群里请不要发学生姓名和报表。"
    return NoteLetter(
        subject=f"未报 {len(missing)} 所学校：{place} {day}",
        first=f"未报 {len(missing)} 所学校：截至 {clock}，请打电话催报",
        unit=place,
        todo=True,
        lines=("手机上点电话号码即可拨打。学校和分管领导有邮箱的，已发邮件催报。",),
        people=tuple(Called(one.name, one.holder, one.phone, one.about) for one in missing),
        copy=(*head, *listed, last),
    )


def template(unit: str, day: str, attached: Sequence[str], left_out: Sequence[str]) -> NoteLetter:
    """The day's template, to be mailed back."""
    return NoteLetter(
        subject=f"{day}填报模板：{unit}",
        first=f"{day}填报模板" + ("在附件里" if attached else "已经做好"),
        unit=unit,
        lines=("填好后作为附件回复这封邮件即可。", _ZERO) if attached else (),
        attached=tuple(attached),
        left_out=tuple(left_out),
    )


def account(unit: str, title: str, text: str) -> NoteLetter:
    """What became of a request for accounts, as the notice in the outbox says it; no password is in it."""
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    return NoteLetter(subject=f"{title}：{unit}", first=title, unit=unit, lines=lines)


def told(unit: str, message: str, remedy: str, *, todo: bool) -> NoteLetter:
    """One sentence, and what follows of it."""
    said = message.rstrip("。")
    return NoteLetter(subject=f"{said}：{unit}", first=message, unit=unit, todo=todo, lines=(remedy,))
