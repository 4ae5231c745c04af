"""Spells of absence: from the first day to the day the pupil came back, counted in school days.

A spell is one pupil's absence with one beginning. It closes on 已返校; a row after that is another spell, whatever
beginning it names. Days without a report (before the first one, or in between) are part of a spell that began before
them. A pupil who is absent with a later beginning had come back without a row that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from pipeline.model import RowState

_RETURNED = RowState.RETURNED  # looked up once, not for every row

WHOLE_DAY, HALF_DAY = 2, 1  # days are counted in halves
_ONE_DAY = timedelta(days=1)

SchoolDays = Callable[[date, date], Sequence[date]]
"""(first, last) → the school days from `first` to before `last`."""


class PupilDay(NamedTuple):
    """What the report of one day has of one pupil. `part` is "" for the whole day."""

    day: date
    start: date
    row_state: str  # new | ongoing | returned
    part: str = ""
    returned: date | None = None


@dataclass(frozen=True, slots=True)
class AbsenceSpell:
    """One spell. `end` is the first day no longer part of it; `returned`: a row said 已返校; `halves`: twice 人日."""

    start: date
    end: date
    returned: bool = False
    halves: int = 0

    @property
    def days(self) -> str:
        """缺课天数 as printed: 3, 2.5."""
        whole, half = divmod(self.halves, WHOLE_DAY)
        return f"{whole}.5" if half else str(whole)


class EarlierRow(NamedTuple):
    """The latest earlier row of a pupil. `began`: the day of its case; `back`: the pupil came back that day;
    `alike`: it names the same reason.
    """

    day: date
    began: date
    back: bool
    alike: bool = True


def case_of(
    day: date, start: date, state: str, onset: date | None, earlier: EarlierRow | None, reported: date | None
) -> tuple[date, bool]:
    """Return the day of the case that a row belongs to, and whether this row is the first of the case.

    `reported`: the last day before it on which the pupil's class was reported. A pupil who was absent then and did not
    come back is still absent, whatever beginning the row names; so is one absent since a day on or before the earlier
    row. A case has its own day: 发病日期, else the first day of absence. A beginning before a return cannot be meant:
    then only the row's own day is known. A pupil absent for one reason and then for another (事假, then ill) goes on
    being absent, with a case of its own day.
    """
    own = min(onset or start, day)
    if earlier is None:
        return own, True
    since = own if own > earlier.day else day  # what is known to be later than the earlier row
    if earlier.back:
        again = state == _RETURNED and start <= earlier.day
        return (earlier.began, False) if again else (since, True)
    if earlier.day == reported or start <= earlier.day:
        return earlier.began if earlier.alike else since, False
    return own, True


def spells(reported: Iterable[PupilDay], school_days: SchoolDays) -> tuple[AbsenceSpell, ...]:
    """Return one pupil's spells, oldest first; one row a day. They share no day."""
    found: list[AbsenceSpell] = []
    parts: dict[date, str] = {}
    for row in sorted(reported, key=lambda one: one.day):
        last = found[-1] if found else None
        if row.row_state != _RETURNED:
            parts[row.day] = row.part
        if last is None or last.returned or row.start >= last.end:
            spell = _begun(row, last)
            found += [spell] if spell else []
        else:
            found[-1] = _gone_on(row, last)
    return tuple(replace(one, halves=_halves(one, parts, school_days)) for one in found)


def _begun(row: PupilDay, last: AbsenceSpell | None) -> AbsenceSpell | None:
    """The spell a row begins; None if it only repeats that the pupil is back."""
    floor = last.end if last else row.start
    if row.row_state == _RETURNED:
        end = row.returned or row.day
        return AbsenceSpell(row.start, end, returned=True) if floor <= row.start < end else None
    # a beginning before the return cannot be meant: only the day itself is known
    start = row.start if row.start >= floor else max(row.day, floor)
    return AbsenceSpell(start, max(row.day, start) + _ONE_DAY)


def _gone_on(row: PupilDay, last: AbsenceSpell) -> AbsenceSpell:
    if row.row_state == _RETURNED:
        return replace(last, end=max(row.returned or row.day, last.end), returned=True)
    return replace(last, end=max(last.end, row.day + _ONE_DAY))


def _halves(spell: AbsenceSpell, parts: Mapping[date, str], school_days: SchoolDays) -> int:
    return sum(HALF_DAY if parts.get(day) else WHOLE_DAY for day in school_days(spell.start, spell.end))
