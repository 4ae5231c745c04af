"""What heads of a sender's own say of a row: 年级 beside a 班级 that is a number only, a column a symptom, ticked."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.forms.base import Table
from pipeline.forms.block import Block, label
from pipeline.forms.cells import spellings
from pipeline.forms.classes import with_grade
from pipeline.forms.text_normalise import blank, fold, mask, shown
from pipeline.forms.words import SYMPTOM
from pipeline.model import Repair

_NOT = frozenset(("否", "没", "没有", "×", "x", "✗", "✘", "正常", "0", "n", "no", "未见"))
_VAGUE = frozenset(("S99", "S00"))  # 其他 as a head is no symptom
_CLASS, _GRADE, _TICKED = "class_name", "row_grade", "symptom1"


def symptom(table: Table, word: str) -> str:
    """Return the code of a symptom that a head of this table is; "" for none."""
    code = spellings(SYMPTOM).get(word, "") if word and _TICKED in table.indexes else ""
    return "" if code in _VAGUE else code


class ToldByHead:
    """What the heads of one block say of its rows."""

    def __init__(self, block: Block) -> None:
        names = block.table.indexes
        self._block = block
        self._class, self._grade = names.get(_CLASS, -1), names.get(_GRADE, -1)
        self._graded = self._grade >= 0 and block.places[self._grade] >= 0
        self._symptom = names.get(_TICKED, -1)
        head = block.sheet.rows[block.first - 1] if block.first and not block.table.upright else []
        self._ticks = [
            (place, code)
            for place, cell in enumerate(head)
            if cell and place not in block.places and (code := symptom(block.table, label(cell)))
        ]

    @property
    def speaks(self) -> bool:
        """Whether they say anything of a row."""
        return self._graded or bool(self._ticks)

    def tell(self, r: int, cells: list[object], values: list[object], raw: dict[str, str]) -> Iterator[Repair]:
        """Add to the values of a row what its heads say; yield what the receipt lists."""
        if self._graded:
            yield from self._with_grade(r, values, raw)
        for place, code in self._ticks:
            cell = cells[place] if place < len(cells) else None
            if blank(cell) or fold(shown(cell)) in _NOT or code in (said := str(values[self._symptom] or "")).split():
                continue
            values[self._symptom] = f"{said} {code}".strip()
            yield self._repair(r, place, SYMPTOM.labels[code], mask(shown(cell)), f"症状：{SYMPTOM.labels[code]}")

    def _with_grade(self, r: int, values: list[object], raw: dict[str, str]) -> Iterator[Repair]:
        was, grade = str(values[self._class] or ""), str(values[self._grade] or "")
        now = with_grade(grade, was)
        if now != was:
            raw.setdefault(_CLASS, was)
            values[self._class] = now
            place, header = self._block.places[self._class], self._block.labels[self._class]
            yield self._repair(r, place, header, f"{grade} {was}".strip(), now)

    def _repair(self, r: int, place: int, header: str, was: str, now: str) -> Repair:
        return Repair(self._block.sheet.name, self._block.address(r, place), header, was[:60], now, r + 1)
