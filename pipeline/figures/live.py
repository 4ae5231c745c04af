"""The day of a place above county between its editions: schools, alerts, closures as they are, pupils as printed.

Whoever looks each minute and subtracts would find how many are ill in the one school that has reported meanwhile. An
edition is protected against the ones before it (`figures.suppression`), a page that changes each minute cannot be: so
its counts of pupils are those of the last edition, and none before the first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline.figures.digest import Bar, Digest, Headline, PlaceRow
from pipeline.figures.paper_values import Values
from pipeline.figures.sentence import Phrase
from pipeline.figures.words import NOTHING

_RATE = 1  # of the four numbers the one of pupils
_OF_PUPILS = ("ill", "ill_shown", "rate", "change", "label", "level")
_NONE: Values = {"ill": None, "ill_shown": NOTHING, "rate": NOTHING, "change": NOTHING, "label": NOTHING, "level": None}


def live(now: Digest, printed: Values | None) -> Digest:
    """Return a day's digest with the counts of pupils of its last edition; without any, if none was printed yet."""
    found: Values = printed or {}
    rows: dict[str, Values] = {row["code"]: row for row in found.get("below", ())}
    headlines, told = list(now.headlines), found.get("headlines")
    headlines[_RATE] = _printed_rate(told[_RATE], found) if told else replace(headlines[_RATE], **_UNSAID)
    return replace(
        now,
        sentence=tuple(Phrase(**one) for one in found.get("sentence", ())),
        headlines=tuple(headlines),
        curve=tuple((day, rate) for day, rate in found["curve"]) if printed else _without_last(now.curve),
        curve_norm=found.get("curve_norm", now.curve_norm),
        symptoms=tuple(Bar(**one) for one in found.get("symptoms", ())),
        symptoms_note=found.get("symptoms_note", ""),
        below=tuple(_row(row, rows.get(row.code, _NONE)) for row in now.below),
        below_total=_row(now.below_total, found.get("below_total", _NONE)),
        stages=(),
        schools=(),
        hints=(),
        basis=(now.basis[0], found["basis"][1] if printed else ""),
        left_out_note=found.get("left_out_note", ""),
        edition=found.get("edition", ""),
        made=found.get("made", ""),
        sums={},
    )


_UNSAID: dict[str, Any] = {"figure": NOTHING, "unit": "", "worse": 0, "note": "人数以简报为准，首版后显示"}


def _printed_rate(told: Values, found: Values) -> Headline:
    one = Headline(**told)
    return replace(one, note=f"{one.note} · {found['edition']}")


def _without_last(curve: tuple[tuple[str, float | None], ...]) -> tuple[tuple[str, float | None], ...]:
    return (*curve[:-1], (curve[-1][0], None)) if curve else curve


def _row(row: PlaceRow, printed: Values) -> PlaceRow:
    return replace(row, **{name: printed[name] for name in _OF_PUPILS})
