"""Workbooks of ours filled in as people do, by what they see: for the console, the demo and the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from pipeline.forms import form
from pipeline.forms.base import Table
from pipeline.forms.desk import KEY as DESK_KEY
from pipeline.xlsx.fill import Template, fill, heads

Typed = Mapping[str, object]
"""Label or header, as printed → what is typed."""

Grid = Mapping[tuple[int, int], str]
Decide = Callable[[str, Mapping[str, str]], Typed]
"""(sheet, one line of a 处理单 by header) → what the county types into it; an empty mapping leaves the line."""


def card(content: bytes, answer: Typed, days: Sequence[Mapping[str, object]] = (), wrong: int = 0) -> bytes:
    """A 预警信息报告卡 answered. `days`: rows of 后续关注 by our names; `wrong`: so many cases marked 信息有误."""
    return card_of(Template(content), answer, days, range(wrong))


def card_of(book: Template, answer: Typed, days: Sequence[Mapping[str, object]], wrong: Iterable[int]) -> bytes:
    """Likewise of a workbook taken apart; `wrong`: the lines of the cases, from 0."""
    declared = form("card")
    values: dict[str, dict[tuple[int, int], object]] = {
        declared.table("answer").sheet: dict(_beside(book.cells(declared.table("answer").sheet), answer))
    }
    if days:
        table = declared.table("days")
        values[table.sheet] = dict(_follow(book.cells(table.sheet), table, days))
    if lines := list(wrong):
        table = declared.table("cases")
        top, columns = heads(book.cells(table.sheet), table)
        values[table.sheet] = {(top + 1 + n, columns["wrong"]): "是" for n in lines}
    return book.put(values)


def desk(content: bytes, decide: Decide, reporter: str = "") -> bytes:
    """A 县级处理单 with what its county decides, line by line. `reporter`: 经办人."""
    book = Template(content)
    values: dict[str, dict[tuple[int, int], object]] = {}
    for sheet in book.sheets:
        cells = book.cells(sheet)
        if reporter and "经办人" in map(_label, cells.values()):
            values[sheet] = dict(_beside(cells, {"经办人": reporter}))
        for row, line, columns in _lines(cells):
            values.setdefault(sheet, {}).update({(row, columns[h]): v for h, v in decide(sheet, line).items()})
    return book.put(values)


def filing(content: bytes, typed: Typed, rows: Sequence[Mapping[str, object]], ticked: str = "") -> bytes:
    """A 备案表: fields by label, accounts by our names. `ticked`: a level ticked instead of the one that we tick."""
    book = Template(content)
    table = form("filing").tables[0]
    cells = book.cells(table.sheet)
    values = dict(_beside(cells, typed))
    top, columns = heads(cells, table)
    for down, row in enumerate(rows, start=top + 1):
        values |= {(down, columns[name]): value for name, value in row.items()}
    for place, text in cells.items() if ticked else ():
        if text.startswith(("☑", "☐")) and text[1:] in _LEVELS:
            values[place] = ("☑" if text[1:] == ticked else "☐") + text[1:]
    return book.put({table.sheet: values})


_LEVELS = ("省级", "设区市级", "县（市、区）级", "学校")


def morning(content: bytes, header: Typed, rows: Sequence[Mapping[str, object]]) -> tuple[bytes, int, int]:
    """A prefilled 缺课日报: each pupil carried over is 仍缺课 or 已返校, new ones are typed below.

    A zero report leaves the rows carried over as they are. Returns the workbook, how many rows were carried over, and
    how many of these pupils are still absent.
    """
    book = Template(content)
    declared = form("absence")
    brought = _brought(book, declared.table("rows"))
    new = {(str(row["class_name"]), str(row["name"])): dict(row) for row in rows}
    still = len(brought & new.keys())
    for who in brought:
        if not new and header.get("zero") == "是":
            continue
        room, name = who
        new[who] = {"class_name": room, "name": name, "state": "仍缺课" if who in new else "已返校"}
    return fill(book, declared, header, {"rows": list(new.values())}), len(brought), still


def _brought(book: Template, table: Table) -> set[tuple[str, str]]:
    """Class and name of the pupils already in a template; returned rows are left as they are."""
    cells = book.cells(table.sheet)
    top, columns = heads(cells, table)
    rows = {row for row, column in cells if row > top and column == columns["reason"]}
    found = {(cells.get((row, columns["class_name"]), ""), cells.get((row, columns["name"]), "")) for row in rows}
    return {(room, name) for room, name in found if room and name}


def _beside(cells: Grid, typed: Typed) -> Iterator[tuple[tuple[int, int], object]]:
    """Each value with the cell right of its label; of two equal labels the first."""
    labels = {_label(text): where for where, text in sorted(cells.items(), reverse=True)}
    for label, value in typed.items():
        row, column = labels[label]
        yield (row, column + 1), value


def _label(text: str) -> str:
    return text.strip("*：: ☑☐")


def _follow(
    cells: Grid, table: Table, days: Sequence[Mapping[str, object]]
) -> Iterator[tuple[tuple[int, int], object]]:
    """The cells of the lines of these days: the template has every school day to the end."""
    top, columns = heads(cells, table)
    lines = {cells[row, column]: row for row, column in cells if row > top and column == columns["day"]}
    for one in days:
        row = lines[_serial(one["day"])]
        yield from (((row, columns[name]), value) for name, value in one.items() if name != "day")


def _serial(day: object) -> str:
    """A date as the text of a cell."""
    return str((day - date(1899, 12, 30)).days) if isinstance(day, date) else ""


def _lines(cells: Grid) -> Iterator[tuple[int, dict[str, str], dict[str, int]]]:
    top = next((row for (row, _), text in cells.items() if text == DESK_KEY), 0)
    columns = {text: column for (row, column), text in cells.items() if row == top}
    for row in sorted({row for row, _ in cells if top and row > top}):
        line = {head: cells.get((row, column), "") for head, column in columns.items()}
        if line[DESK_KEY]:
            yield row, line, columns
