"""The sentences of a county's desk, one a matter: with classes and codes, without a pupil's name.

What schools typed is shown only if it cannot be a name: dates, numbers, classes, and words of our own lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pipeline import issues
from pipeline.alert_state import CardReason, CardVerdict
from pipeline.figures.words import joined
from pipeline.forms.base import Column, Form
from pipeline.forms.block import label, labels_of
from pipeline.forms.card_words import REASON, VERDICT
from pipeline.forms.cells import spellings
from pipeline.forms.classes import class_key
from pipeline.forms.desk_words import OPINIONS
from pipeline.forms.text_normalise import fold
from pipeline.model import HOME_CAMPUS, WHOLE_SCHOOL, Issue, Opinion, Severity
from pipeline.schooldays import ZONE
from pipeline.units import short_code

NOT_SHOWN = "（不显示）"
FILING = "备案"  # how people call a filing before its number
_LISTED = 6  # changes of a proposal that are listed
_PLAIN = re.compile(r"[0-9]{1,4}([-/.年月:： ]{1,2}[0-9]{1,2}){0,4}[日号班℃度]?")


@dataclass(frozen=True, slots=True)
class WrongCell:
    """One cell of a row that was returned. `was`: what was typed, if the county may see it."""

    column: str  # our name of it; "" if the whole row or file is meant
    header: str
    was: str
    what: str


def wrong_cells(form: Form, table: str, raw: Mapping[str, str], found: Sequence[Issue]) -> tuple[WrongCell, ...]:
    """Return the errors of a row, one a cell; errors of no single cell are put together as one for the whole row."""
    columns = next((t.columns for t in form.tables if t.name == table), ())
    by_label = {name: column for column in columns for name in labels_of(column)}
    by_column: dict[str, list[Issue]] = {}
    for issue in found:
        if issues.severity(issue) is Severity.ERROR:
            column = by_label.get(label(issue.column))
            whole = column is None or column.dtype == "secret"  # only its owner types a password
            by_column.setdefault("" if column is None or whole else column.name, []).append(issue)
    by_name = {column.name: column for column in columns}
    return tuple(
        WrongCell(
            name,
            by_name[name].header if name else "",
            shareable(by_name[name], raw.get(name, "")) if name else "",
            in_words(mine),
        )
        for name, mine in by_column.items()
    )


def shareable(column: Column, text: str) -> str:
    """Return a typed text if it cannot be personal, else that it is not shown."""
    if not text or column.personal:
        return NOT_SHOWN if text else ""
    words = fold(text)
    known = column.vocabulary is not None and words in spellings(column.vocabulary)
    return text if known or _PLAIN.fullmatch(words) or class_key(text) is not None else NOT_SHOWN


def in_words(found: Sequence[Issue]) -> str:
    """Return issues as sentences for a reader who may not see the contents of cells, and corrects none."""
    messages = dict.fromkeys(
        issues.message(issues.without_cells(issue)) for issue in found
    )  # a whole file often has the same issue many times
    return "".join(messages).replace(
        "初始密码", "密码"
    )  # its full name would make a 处理单 look like a 备案表, which is not kept


def row_of(table: str, number: int, class_name: str) -> str:
    """Return the name of a row that was returned: 第 8 行（三(3)班）."""
    where = "班级表第" if table == "classes" else "第"
    return f"{where} {number} 行" + (f"（{class_name}）" if class_name else "")


def held(title: str, mode: str, found: Sequence[Issue], later: int | None = None) -> str:
    """Return what a held submission waits for; `later`: the number of a newer report in its place."""
    asked = [issue for issue in found if issues.severity(issue) is Severity.QUERY and not issue.row]
    head = f"{title}（{mode}）" if mode else title
    since = f"学校后来又报过（流水号 {later}），这份已不能放行，请选“退回”。" if later else ""
    return f"{head}：{since}{in_words(asked[:1] or list(found[:1])) or '等待核实。'}"


def ticket(title: str, row: str, *, old_kept: bool) -> str:
    """Return which form and row were returned; `row` as `row_of` names it, "" for a whole file."""
    return f"{title}{row or '（整份）'}" + ("，原来报的一行暂时留用" if old_kept else "")


def not_mendable(found: Sequence[Issue]) -> str:
    """Return the text for a row that a county may not correct itself."""
    return in_words(found) + "请学校改好发回；不用改的选“豁免”。"


def cell_line(what: str, cell: WrongCell) -> tuple[str, str]:
    """Return the sentence of one wrong cell, and the name of its column."""
    return f"{what}：{cell.what}", cell.header or "（整行）"


def proposal(day: date, changes: Sequence[str], count: int) -> str:
    """Return what a school's own roster would change; `count`: how many changes its lines contain."""
    shown = changes[:_LISTED]
    more = f"等 {count} 处" if len(changes) > len(shown) else ""
    return f"本校名册改动，自 {day} 起：{'；'.join(shown) or '名册里已是这样'}{more}"


def new_class(campus: str, name: str, roll: int | None, first: date | None) -> str:
    """Return the question about a class that only a report names."""
    where = "" if campus == HOME_CAMPUS else f"{campus} "
    pupils = f"，报 {roll} 人" if roll is not None else ""
    return f"缺课日报里有名册没有的班：{where}{name}{pupils}（{first} 起）"


def mailbox(address: str, seq: int, others: int) -> str:
    """Return the question whether a mailbox is a school's. `others`: schools of which it is asked likewise."""
    said = f"学校的填报表（流水号 {seq}）是从没有登记过的邮箱 {address} 发来的；是不是学校的邮箱，请打电话问学校"
    if others:
        said += (
            f"。它还发来了另外 {others} 所学校的表：认给一所，别校的表就要从别的邮箱发；几所学校合用的，都退回，表照收"
        )
    return said


def filing(
    level: str, users: Sequence[str], applicant: str, *, signed: bool, asked_before: Sequence[str], takeover: bool
) -> str:
    """Return what a 备案 asks for, and what is missing. `asked_before`: user names that an earlier one asked for."""
    return "；".join(
        (
            f"申请{level}账号 {len(users)} 个：{joined(users)}",
            f"申请人 {applicant or '未填'}",
            "签字盖章件已收到" if signed else "签字盖章件还没有收到",
            *[f"用户名与更早的申请相同：{joined(asked_before)}"] * bool(asked_before),
            *["其中有接管原有账号的"] * takeover,
        )
    )


@dataclass(frozen=True, slots=True)
class AlertAnswered:
    """A school's answer to an alert. `values`: the content of its card; `wrong`: the rows it calls wrong, as (day,
    pupil's code); `uncorrected`: how many of them have not changed since.
    """

    campus: str
    where: str  # the class or classes; "" for the whole campus
    group: str
    cases: int
    verdict: str
    reason: str
    by_county: bool
    values: Mapping[str, object]
    wrong: Sequence[tuple[str, str]]
    uncorrected: int
    late: bool
    report_late: bool


def answer(facts: AlertAnswered) -> str:
    """Return an answer in one line: the alert, the school's verdict, the evidence."""
    campus = "" if facts.campus == HOME_CAMPUS else f"{facts.campus} "
    parts = [
        f"{campus}{facts.where or WHOLE_SCHOOL} {facts.group} {facts.cases} 人",
        VERDICT.labels[facts.verdict] + ("（县级代填）" if facts.by_county else ""),
        *(_excluded(facts) if facts.verdict == CardVerdict.EXCLUDED else _measures(facts.values)),
    ]
    return "；".join([*parts, *["答复逾期"] * facts.late, *["报告逾期"] * facts.report_late])


def _excluded(facts: AlertAnswered) -> list[str]:
    parts, got = [REASON.labels.get(facts.reason, facts.reason)], facts.values
    if facts.reason == CardReason.WRONG:
        parts += _wrong_rows(facts)
    elif facts.reason == CardReason.HANDLED:
        parts.append(f"{got.get('agency')} {got.get('handled_on')}")
    elif facts.reason == CardReason.TWICE:
        parts.append(f"与 {got.get('other_alert')} 重复")
    return [*parts, str(got["why"])] if got.get("why") else parts


def _wrong_rows(facts: AlertAnswered) -> list[str]:
    if not facts.wrong:
        return ["没有标出有误的行，不能确认"]
    named = joined(f"{day[5:]} {short_code(pupil)}" for day, pupil in facts.wrong)
    return [f"有误：{named}", f"更正待收 {facts.uncorrected} 行" if facts.uncorrected else "更正已收"]


def _measures(got: Mapping[str, object]) -> list[str]:
    when = str(got.get("reported_at") or "")[:16].replace("T", " ")
    parts = [f"措施：{got.get('measures')}", f"{when} 已报 {got.get('reported_to')}"]
    named = "".join(f"《{got['document']}》" * bool(got.get("document"))) + str(got.get("document_number") or "")
    return [*parts, f"建议书 {named}"] if named else parts


@dataclass(frozen=True, slots=True)
class Closed:
    """A closure as its school declared it."""

    where: str  # 全校, or the name of the class
    campus: str  # "" if the school has only one
    reason: str
    ill: int
    start: datetime
    resumes: date
    approved_at: datetime
    approved_how: str
    approved_by: str


def closure(facts: Closed) -> str:
    """Return the question whether a closure is to be confirmed."""
    approved = "，".join(part for part in (facts.approved_how, facts.approved_by) if part)
    return (
        f"{facts.campus}{facts.where}因{facts.reason}自 {moment(facts.start)} 起停课，患病 {facts.ill} 人，"
        f"拟 {facts.resumes.month}月{facts.resumes.day}日 复课；报称 {moment(facts.approved_at)} 获批"
        + (f"（{approved}）。" if approved else "。")
    )


def whom_to_call(clerks: Sequence[tuple[str, str, str]]) -> str:
    """Return whom to ring about a school: its clerk, then those of campuses that have their own, each as (campus, name,
    telephone).
    """
    said = (" ".join(filter(None, (campus if campus != HOME_CAMPUS else "", *rest))) for campus, *rest in clerks)
    return "；".join(one for one in said if one)


def moment(at: datetime) -> str:
    """11月20日 13:00."""
    local = at.astimezone(ZONE)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def desk_counts(decided: Mapping[Opinion, int], raised: int, before: int, gone: int, undone: int) -> str:
    """确认 3 件，退回 1 件，豁免 2 件；没有办成 1 行. `decided`: how many matters, by opinion; `raised`: warnings."""
    parts = [f"{OPINIONS.labels[one]} {decided[one]} 件" for one in Opinion if decided.get(one)]
    parts += [f"上报预警 {raised} 件"] * bool(raised)
    parts += [f"此前已处理 {before} 件"] * bool(before) + [f"已不用办 {gone} 件"] * bool(gone)
    return "，".join([*parts, *[f"没有办成 {undone} 行"] * bool(undone)])


def within(reason: str) -> str:
    """Return a sentence for use inside another: without its full stop."""
    return reason.rstrip("。")
