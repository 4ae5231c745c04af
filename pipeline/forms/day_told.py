"""The day of a report whose head has no 报告日期: the one day of its title, or the one that all its rows name."""

from __future__ import annotations

import re
from datetime import date

from pipeline.forms.base import Fixed, Frame
from pipeline.forms.block import Block
from pipeline.forms.dates import day
from pipeline.forms.text_normalise import blank, fold

_DEEP = 10  # rows above a table in which its title is searched
_ABOUT = re.compile("缺课|缺勤|晨检|晨午检|登记|日报|统计|汇总|日期")
_DAY = re.compile(r"20[0-9]{2}(?:年|[-/.])[0-9]{1,2}(?:月|[-/.])[0-9]{1,2}日?")
_ROW_DAY = "row_day"
_parse = day()


def by_title(block: Block) -> date | None:
    """The day in the lines above a table: alone in its cell, or behind words of such a list; None if there are two."""
    rows = (block.page or block.sheet).rows[max(0, block.head - _DEEP) : block.head]
    found = {one for row in rows for cell in row if (one := _of_title(cell))}
    return found.pop() if len(found) == 1 else None


def by_rows(block: Block, frame: Frame) -> date | None:
    """The day that a column of the sender's own names in every row alike."""
    names = [column.name for column in block.table.columns]
    place = block.places[names.index(_ROW_DAY)] if _ROW_DAY in names else -1
    if place < 0:
        return None
    cells = [row[place] for row in block.sheet.rows[block.first :] if place < len(row) and not blank(row[place])]
    found = {got.value if isinstance(got := _parse(cell, frame), Fixed) else got for cell in cells}
    only = found.pop() if len(found) == 1 else None
    return only if isinstance(only, date) else None


def _of_title(cell: object) -> date | None:
    if isinstance(cell, date):
        got: object = _parse(cell, Frame())
    elif isinstance(cell, str) and len(cell) <= 80:
        words = fold(cell)
        days = set(_DAY.findall(words))
        told = len(days) == 1 and (_ABOUT.search(words) or _DAY.fullmatch(words))
        got = _parse(days.pop(), Frame()) if told else None
    else:
        return None
    got = got.value if isinstance(got, Fixed) else got
    return got if isinstance(got, date) else None
