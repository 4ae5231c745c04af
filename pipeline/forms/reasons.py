"""缺课原因, where its own cell says nothing and the row leaves no doubt: 发热 is an illness, 骨折 a wound."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from pipeline.forms.base import Column
from pipeline.forms.cells import spellings
from pipeline.forms.plain_words import FEVERISH
from pipeline.forms.said import Said, said
from pipeline.forms.text_normalise import fold
from pipeline.forms.words import REASON
from pipeline.model import Reason

_ILL, _INJURED = Reason.ILL.value, Reason.INJURED.value
_SHOWN = ("symptom1", "symptom2", "symptom3")
_HURT, _UNTOLD = frozenset(("S15",)), frozenset(("S99", "S00"))
_WOUND, _UNNAMED = "D32", frozenset(("D33", "D99", ""))
_SPELLED = {word: code for word, code in spellings(REASON).items() if word != "请假"}  # of a child who is ill, too


class ToldReason:
    """Tells 缺课原因 by the other cells of a row, for the rows of one table."""

    def __init__(self, columns: Sequence[Column]) -> None:
        at = {column.name: place for place, column in enumerate(columns)}
        self.place = at.get("reason", -1) if "symptom1" in at else -1
        self._shown = [at[name] for name in _SHOWN if name in at]
        self._hurt = [place for name, place in at.items() if name.startswith("injury_")]
        self._diagnosis, self._heat, self._note = (at.get(name, -1) for name in ("diagnosis", "temperature", "note"))

    def tell(self, values: Sequence[object]) -> str:
        """Return the code that a row leaves no doubt of; "" if it says nothing, or two things."""
        note = str(values[self._note] or "")
        spelled = _SPELLED.get(fold(note), "")
        named = {_INJURED} if self._hurts(values) else set()
        named |= {_ILL} if self._ails(values) else set()
        named |= {spelled} if spelled else set()
        heard = said(note) if note and not spelled else None
        if len(named) != 1 or (heard is not None and _away(heard)):
            return ""
        return named.pop()

    def _codes(self, values: Sequence[object]) -> set[str]:
        return {code for place in self._shown if values[place] for code in str(values[place]).split()}

    def _hurts(self, values: Sequence[object]) -> bool:
        return (
            bool(self._codes(values) & _HURT)
            or values[self._diagnosis] == _WOUND
            or any(values[place] is not None for place in self._hurt)
        )

    def _ails(self, values: Sequence[object]) -> bool:
        heat = values[self._heat]
        return (
            bool(self._codes(values) - _HURT - _UNTOLD)
            or str(values[self._diagnosis] or "") not in {_WOUND, *_UNNAMED}
            or (isinstance(heat, float) and heat >= FEVERISH)
        )


@cache
def told_reason(columns: Sequence[Column]) -> ToldReason:
    """Return that of a table's columns, made once."""
    return ToldReason(columns)


def _away(heard: Said) -> bool:
    """Whether a remark speaks of another reason than the pupil's own illness."""
    return heard.other or heard.leave or heard.family
