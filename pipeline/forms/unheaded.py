"""Text that stands under no header, and rows on a sheet that is none of ours: read by nothing, so it is said. Somebody
may have told of a sick child there.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.forms.block import OURS, Block, Top, address, label
from pipeline.forms.classes import class_key
from pipeline.forms.lines import kind_of_all, says_nobody
from pipeline.forms.our_sheets import LISTS_SHEET, explains
from pipeline.forms.text_normalise import mask, sweep
from pipeline.model import Issue, Sheet

_HEAD = 3  # labels beside each other: a list of something, with a head of its own
_MOST = 5  # that are quoted
_QUOTED = 30  # characters of each
_DEEP, _WIDE, _CLASS = 2000, 20, 12  # rows and columns looked at; characters of a class's name


def unread(blocks: Iterable[Block]) -> list[Issue]:
    """The issues about texts under no header, one a table."""
    return [issue for block in blocks if (issue := _unread(block))]


def sheets(tops: Iterable[Top], blocks: Iterable[Block]) -> list[Issue]:
    """The advice about visible sheets without a head, and that have rows as of pupils."""
    read = {LISTS_SHEET, *(block.sheet.name for block in blocks)}
    left = (top for top in tops if not top.sheet.hidden and not explains(top.sheet))
    return [
        Issue("sheet-unread", sheet=sheet.name, details=(("count", str(rows)),))
        for top in left
        if (sheet := top.sheet).name not in read and max(map(len, top.words), default=0) < _HEAD
        if (rows := _like_rows(sheet))
    ]


def _like_rows(sheet: Sheet) -> int:
    """How many rows have the name of a class and another text beside it."""
    rows = 0
    for row in sheet.rows[:_DEEP]:
        texts = [text for cell in row[:_WIDE] if type(cell) is str and len(text := sweep(cell)) > 1]
        rows += len(texts) > 1 and any(len(text) <= _CLASS and class_key(text) is not None for text in texts)
    return rows


def _unread(block: Block) -> Issue | None:
    """The issue about texts below a table's head in columns without a header; None if there are none."""
    rows = block.sheet.rows
    if block.table.upright or not rows:
        return None
    read = {*block.places, block.ticket, block.void, block.mark}
    heads = rows[block.head : block.first]
    bare = [c for c in range(len(rows[0])) if c not in read and not any(_filled(head, c) for head in heads)]
    if not bare:
        return None
    below = enumerate(rows[block.first :], block.first)
    found = [(r, c, text) for r, row in below for c in bare if (text := _text(row, c))]
    if not found:
        return None
    quoted = "、".join(f"{address(r, c)}“{mask(text)[:_QUOTED]}”" for r, c, text in found[:_MOST])
    more = f" 等 {len(found)} 处" if len(found) > _MOST else ""
    return Issue("text-unread", sheet=block.sheet.name, details=(("texts", quoted + more),))


def _filled(head: list[object], column: int) -> bool:
    cell = head[column] if column < len(head) else None
    return cell is not None and (bool(label(cell)) or cell in OURS)


def _text(row: list[object], column: int) -> str:
    """A text that may tell something: not a number, a mark, a signature or 全勤."""
    cell = row[column] if column < len(row) else None
    if type(cell) is not str or len(text := sweep(cell)) < 2 or not any(map(str.isalpha, text)):
        return ""
    return "" if kind_of_all((cell,)) or says_nobody(cell) else text
