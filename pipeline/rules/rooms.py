"""In which class a pupil is on a day: that of the last row by then, under the name that it has, or the class it joined.

A window may hold days before and after classes are joined (并班) or divided (分班). A rule of a class counts who is in
it on the last day of the window, wherever he fell ill. Classes that were only renamed have one key here: their first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from pipeline.rules.values import Case

Joined = Mapping[str, tuple[date, str]]
"""A class's key → since when all its pupils are in another class, and in which."""

NONE_JOINED: Joined = {}


_ONE_DAY = timedelta(days=1)
_PUPIL_AND_CLASS = itemgetter(1, 2)  # of a Case


class Stay(NamedTuple):
    """A class that a pupil is in from a day to before another."""

    room: str
    since: date
    until: date


Moved = Mapping[str, Sequence[Stay]]
"""The stays of the pupils who changed their class, in order; they hold every day."""


def moves(rows: Iterable[Case], joined: Joined) -> dict[str, list[Stay]]:
    """Return the stays of those pupils of one campus who changed their class; `rows` in the order of days."""
    kept = rows if isinstance(rows, Sequence) else list(rows)
    taught = set(map(_PUPIL_AND_CLASS, kept))
    rooms = Counter(pupil for pupil, _ in taught)
    if len(rooms) == len(taught) and not joined:
        return {}
    changed = {pupil for pupil, room in taught if rooms[pupil] > 1 or room in joined}
    if not changed:
        return {}
    told: dict[str, list[Case]] = defaultdict(list)
    for row in kept:
        if row.pupil in changed:
            told[row.pupil].append(row)
    return {pupil: _stays(mine, joined) for pupil, mine in told.items()}


def _stays(rows: Sequence[Case], joined: Joined) -> list[Stay]:
    begins, rooms = [date.min], [rows[0].class_key]
    for before, row in pairwise(rows):
        if row.class_key != before.class_key:
            # a case first heard of late is of this class since its own day
            begins.append(row.day if row.began == before.began else max(row.began, before.day + _ONE_DAY))
            rooms.append(row.class_key)
    return [
        stay
        for room, since, until in zip(rooms, begins, [*begins[1:], date.max], strict=True)
        for stay in _followed(room, since, until, joined)
    ]


def _followed(room: str, since: date, until: date, joined: Joined) -> Iterable[Stay]:
    """One stay, cut where the class joined another."""
    known = {room}
    while room in joined and joined[room][0] < until:
        day, into = joined[room]
        if into in known:
            break
        if day > since:
            yield Stay(room, since, day)
            since = day
        room = into
        known.add(room)
    yield Stay(room, since, until)


def room_on(stays: Sequence[Stay] | None, row: Case) -> str:
    """Return the class that the pupil of a row is in on its day. `stays`: his, if he changed."""
    if stays is None:
        return row.class_key
    return next(stay.room for stay in stays if stay.since <= row.day < stay.until)
