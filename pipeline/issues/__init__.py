"""The one catalogue of everything a sender must know: code → severity, message, remedy, cost.

Codes are permanent. Texts are for a tired clerk: what we saw, and what to do now. A code that ends in `-left` is the
milder twin of a cell error: in a column the row can do without, the cell is left blank, the row is accepted, and the
sender is asked. Which details of an issue may hold a cell is on its entry (`Message.public`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from pipeline.issues import (
    absence,
    calendar,
    card,
    carried,
    cells,
    closure,
    desk,
    files,
    filing,
    mail,
    roster,
    rows,
    standing,
)
from pipeline.issues.entry import Message
from pipeline.model import FileRows, Issue, Severity

LEFT = "-left"
HIDDEN = "……"
_HIDDEN_ROWS = FileRows(0, (), HIDDEN)


PARTS: Mapping[str, tuple[Mapping[str, Message], ...]] = {
    "整份文件": (files.ENTRIES,),
    "单元格": (cells.ENTRIES,),
    "行": (absence.PUPILS, rows.RETURNED, absence.CLASSES, rows.NONE, closure.ROWS, roster.ROWS),
    "带入的行": (carried.ENTRIES,),
    "与已收内容的关系": (standing.ENTRIES, closure.BECAME),
    "预警信息报告卡": (card.ENTRIES,),
    "备案表和签字盖章件": (filing.ENTRIES,),
    "学校名册和校历": (roster.CONTACTS, roster.SAID, calendar.SPANS),
    "县级处理单": (desk.ENTRIES,),
    "邮件": (mail.ENTRIES,),
}
"""By the title each has in docs/issues.md."""


def _catalogue() -> Mapping[str, Message]:
    entries: dict[str, Message] = {}
    for part in (part for parts in PARTS.values() for part in parts):
        twice = entries.keys() & part.keys()
        if twice:
            raise KeyError(", ".join(sorted(twice)))
        entries.update(part)
    for code, entry in cells.ENTRIES.items():
        if entry.severity is Severity.ERROR:
            text = entry.message + "这一格先按空白算。"
            entries[code + LEFT] = replace(entry, severity=Severity.QUERY, message=text)
    return MappingProxyType(entries)


CATALOGUE: Mapping[str, Message] = _catalogue()


_NOTHING = "\0"  # in place of a value that is empty, or that the issue does not have
_NONE = f"(?:{_NOTHING}|{HIDDEN})"
_WITHOUT = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (f"（{_NONE}）|的“{_NONE}”|“{_NONE}”的", ""),
        (rf"：{_NONE}(?:\s?[、和]\s?{_NONE})*(?=[。；，）])", ""),
        (f" ?{_NONE} ?(?=[行个人处份次天条])", " 几 "),
        (f" {_NONE} ", ""),
        (HIDDEN, "内容"),
        (_NOTHING, "空白"),
    )
)
"""What a sentence says for a value it does not have: a part that only names it is left out, never printed empty."""


class _Known(dict[str, str]):
    def __missing__(self, _: str) -> str:
        return _NOTHING


def severity(issue: Issue) -> Severity:
    """KeyError for a code the catalogue does not have."""
    return CATALOGUE[issue.code].severity


def message(issue: Issue) -> str:
    """What we saw, in one Chinese sentence."""
    return _filled(CATALOGUE[issue.code].message, issue)


def remedy(issue: Issue) -> str:
    """What to do now; "" if nothing is to be done."""
    return _filled(CATALOGUE[issue.code].remedy, issue)


def left(code: str) -> str:
    """The twin of a cell error for a column the row can do without; other codes are their own."""
    twin = code + LEFT
    return twin if twin in CATALOGUE else code


def place(issue: Issue) -> str:
    """Where to look, in the terms of the sender's program: 缺课登记 C7, 缺课登记 第 7 行; "" for the whole file."""
    where = issue.cell or (f"第 {issue.row} 行" if issue.row else "")
    return " ".join(part for part in (issue.sheet, where) if part)


def without_cells(issue: Issue) -> Issue:
    """Return an issue for a reader who may not see the contents of cells."""
    public = CATALOGUE[issue.code].public
    details = tuple((name, text if name in public else HIDDEN) for name, text in issue.details)
    value = issue.value if "value" in public or not issue.value else HIDDEN
    rows_of = (_HIDDEN_ROWS,) if issue.rows_of and "who" not in public else issue.rows_of
    return replace(issue, value=value, details=details, rows_of=rows_of)


def rows_in_words(issue: Issue) -> str:
    """Rows of earlier files, by file, code and Excel row: 流水号 000012 里 三3-A7K3（第 9 行）、…；…"""
    listed = sum(len(one.rows) for one in issue.rows_of)
    rows = dict(issue.details).get("rows", "")
    more = listed and rows.isdecimal() and int(rows) > listed
    return "；".join(map(_of_file, issue.rows_of)) + (" 等" if more else "")


def _of_file(one: FileRows) -> str:
    if not one.rows:
        return one.name
    name = one.name or (f"流水号 {one.seq:06d} " if one.seq else "")
    rows = "、".join(code + (f"（第 {row} 行）" if row else "") for code, row in one.rows)
    return f"{name}里 {rows}" if name else rows


def _filled(text: str, issue: Issue) -> str:
    if "{" not in text:
        return text
    known = {"sheet": issue.sheet, "cell": issue.cell, "column": issue.column, "value": issue.value}
    known |= {"row": str(issue.row or ""), **dict(issue.details)}
    if issue.rows_of:
        known["who"] = rows_in_words(issue)
    filled = text.format_map(_Known({name: one if one.strip() else _NOTHING for name, one in known.items()}))
    if _NOTHING in filled or HIDDEN in filled:
        for pattern, said in _WITHOUT:
            filled = pattern.sub(said, filled)
    return filled
