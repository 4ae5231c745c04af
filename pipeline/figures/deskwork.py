"""What a county's desk says of a matter, in a plain sentence: with classes and codes, without a pupil's name.

What schools typed is shown only where it cannot be a name: dates, numbers, classes, and words of our own lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pipeline import issues
from pipeline.forms.base import Column, Form
from pipeline.forms.block import label, labels_of
from pipeline.forms.cells import spoken_words
from pipeline.forms.classes import class_key
from pipeline.forms.text_normalise import fold
from pipeline.model import Issue, Severity
from pipeline.schooldays import ZONE

NOT_SHOWN = "（不显示）"
_PERSONAL = frozenset({"name", "number", "other_symptom", "diagnosis", "note", "hospital", "approved_by", "document"})
_OPEN_FORMS = frozenset({"absence", "closure"})  # of which plain cells may be shown; not of a 备案
_PLAIN = re.compile(r"[0-9]{1,4}([-/.年月:： ]{1,2}[0-9]{1,2}){0,4}[日号班℃度]?")


@dataclass(frozen=True, slots=True)
class WrongCell:
    """One cell of a row that went back. `was`: what was typed, if the county may see it."""

    column: str  # ours; "" where the whole row, or file, is meant
    header: str
    was: str
    what: str


def wrong_cells(form: Form, table: str, raw: Mapping[str, str], found: Sequence[Issue]) -> tuple[WrongCell, ...]:
    """Return what is wrong with a row, a cell each; what concerns no cell comes as one for the whole row."""
    columns = next((t.columns for t in form.tables if t.name == table), ())
    by_label = {name: column for column in columns for name in labels_of(column)}
    told: dict[str, list[Issue]] = {}
    for issue in found:
        if issues.severity(issue) is Severity.ERROR:
            column = by_label.get(label(issue.column))
            whole = column is None or column.dtype == "secret"  # nobody but its owner types a password
            told.setdefault("" if column is None or whole else column.name, []).append(issue)
    by_name = {column.name: column for column in columns}
    return tuple(
        WrongCell(
            name,
            by_name[name].header if name else "",
            _was(form, by_name[name], raw.get(name, "")) if name else "",
            in_words(mine),
        )
        for name, mine in told.items()
    )


def _was(form: Form, column: Column, text: str) -> str:
    return shareable(column, text) if form.name in _OPEN_FORMS or not text else NOT_SHOWN


def shareable(column: Column, text: str) -> str:
    """Return a typed text if it cannot be personal, else that it is not shown."""
    if not text or column.name in _PERSONAL:
        return NOT_SHOWN if text else ""
    words = fold(text)
    known = column.vocabulary is not None and words in spoken_words(column.vocabulary)
    return text if known or _PLAIN.fullmatch(words) or class_key(text) is not None else NOT_SHOWN


def in_words(found: Sequence[Issue]) -> str:
    """Return issues as sentences for somebody who must not see what stands in cells, and is to mend none."""
    told = dict.fromkeys(
        issues.message(issues.without_cells(issue)) for issue in found
    )  # a whole file says one thing often
    text = (
        "".join(told)
        .replace(f"（{issues.HIDDEN}）", "")
        .replace(f"“{issues.HIDDEN}”", "内容")
        .replace(f" {issues.HIDDEN} ", "")
    )
    text = text.replace(issues.HIDDEN, "")
    return text.replace("初始密码", "密码")  # by its whole name it would make a 处理单 look like a 备案表: not kept


def short(form: Form) -> str:
    """Return how a form is called within a sentence: not by its title, which would make a sheet look like it."""
    if form.name == "filing":
        return "账号备案"
    return form.title.removeprefix("学生").removesuffix("表")


def row_of(table: str, number: int, class_name: str) -> str:
    """Return how a row that went back is called: 第 8 行（三(3)班）."""
    where = "班级表第" if table == "classes" else "第"
    return f"{where} {number} 行" + (f"（{class_name}）" if class_name else "")


def held(title: str, mode: str, found: Sequence[Issue], later: int | None = None) -> str:
    """Return what a held submission waits for; `later`: what was reported since, in its place."""
    asked = [issue for issue in found if issues.severity(issue) is Severity.QUERY and not issue.row]
    head = f"{title}（{mode}）" if mode else title
    since = f"学校后来又报过（流水号 {later}），这份已不能放行，请选“退回”。" if later else ""
    return f"{head}：{since}{in_words(asked[:1] or list(found[:1])) or '等待核实。'}"


@dataclass(frozen=True, slots=True)
class Closed:
    """What a school declared of a closure."""

    where: str  # 全校, or the class as it is called
    campus: str  # "" where the school has one
    reason: str
    ill: int
    start: datetime
    resumes: date
    approved_at: datetime
    approved_how: str
    approved_by: str


def closure(facts: Closed) -> str:
    """Return what a closure's confirmation is about."""
    approved = "，".join(part for part in (facts.approved_how, facts.approved_by) if part)
    return (
        f"{facts.campus}{facts.where}因{facts.reason}自 {moment(facts.start)} 起停课，患病 {facts.ill} 人，"
        f"拟 {facts.resumes.month}月{facts.resumes.day}日 复课；报称 {moment(facts.approved_at)} 获批"
        + (f"（{approved}）。" if approved else "。")
    )


def moment(at: datetime) -> str:
    """11月20日 13:00."""
    local = at.astimezone(ZONE)
    return f"{local.month}月{local.day}日 {local:%H:%M}"
