"""Outbreaks played child by child, and the day on which a warning was first possible, by a count of our own.

A child falls ill, stays at home from its first school day on, and comes back; it infects classmates, seldom others.
What a warning needs is written here once more, from the norms, and shares no code with the product:
卫办疾控发〔2006〕65号 (E01, E02), 手足口病聚集性和暴发疫情处置工作规范（2012版） (C01, C02),
流感样病例暴发疫情处置指南（2018年版） (C04, S01).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from tests.build import DemoSchool

Told = tuple[datetime, date, frozenset[int]]  # when a report came, its day, and the classes it speaks for


@dataclass(frozen=True)
class Disease:
    """How a disease goes through a school. Days: from a case to those it infects, and at home."""

    name: str
    symptoms: tuple[str, ...]
    hot: bool  # with a temperature
    diagnosis: str  # by a doctor, the day after the first day at home
    generation: tuple[int, int]
    at_home: tuple[int, int]
    infects: tuple[int, ...]  # how many, one drawn a case
    strays: float  # share of those it infects in other classes


HFMD = Disease("手足口病", ("皮疹",), False, "手足口病", (3, 6), (7, 9), (0, 1, 2, 3), 0.15)
FLU = Disease("流感", ("发热", "咳嗽"), True, "", (2, 3), (3, 5), (0, 1, 2, 3), 0.2)


@dataclass(frozen=True)
class Ill:
    """One child's illness: at home from `start` to `last`, both school days."""

    room: int
    pupil: int
    onset: date
    start: date
    last: date
    disease: Disease

    def row(self, school: DemoSchool, day: date) -> dict[str, object]:
        """Return what the clerk types of it on a day."""
        room = school.rooms[self.room]
        name, sex = room.pupils[self.pupil]
        typed: dict[str, object] = {
            "class_name": room.name,
            "name": name,
            "sex": sex,
            "reason": "因病",
            "start": self.start,
            "onset": self.onset,
            **{f"symptom{n}": symptom for n, symptom in enumerate(self.disease.symptoms, 1)},
        }
        if self.disease.hot:
            typed["temperature"] = 38.6
        if self.disease.diagnosis and day > self.start:
            typed["diagnosis"] = self.disease.diagnosis
        return typed


def spread(disease: Disease, school: DemoSchool, days: Sequence[date], random: Random) -> list[Ill]:
    """Return who falls ill on these school days, from one first case on the first of them."""
    first = random.randrange(len(school.rooms))
    queue, found, taken = [(first, days[0])], list[Ill](), set[tuple[int, int]]()
    while queue:
        room, onset = queue.pop(0)
        free = [n for n in range(len(school.rooms[room].pupils)) if (room, n) not in taken]
        at_home = [day for day in days if day >= onset]
        if not free or not at_home:
            continue
        one = random.choice(free)
        taken.add((room, one))
        last = onset + timedelta(days=random.randint(*disease.at_home))
        absent = [day for day in at_home if day <= last] or at_home[:1]
        found.append(Ill(room, one, onset, absent[0], absent[-1], disease))
        for _ in range(random.choice(disease.infects)):
            where = random.randrange(len(school.rooms)) if random.random() < disease.strays else room
            queue.append((where, onset + timedelta(days=random.randint(*disease.generation))))
    return found


def absent(ill: Iterable[Ill], day: date, rooms: frozenset[int]) -> list[Ill]:
    """Return who is at home on a day, of some classes."""
    return [one for one in ill if one.start <= day <= one.last and one.room in rooms]


# --------------------------------------------------------------------------- when a warning was possible

_GROUPS = {"发热": "fever", "咳嗽": "airways", "皮疹": "rash"}
_Case = tuple[int, int, date]  # class, child, onset


def first_possible(ill: Sequence[Ill], told: Iterable[Told]) -> tuple[date, str] | None:
    """Return the day on which what had been told was first enough for a warning, and the rule; None for never."""
    known: dict[_Case, set[str]] = {}
    for at, day, rooms in sorted(told, key=lambda one: one[0]):
        for one in absent(ill, day, rooms):
            known.setdefault((one.room, one.pupil, one.onset), set()).update(_shows(one, day))
        if rule := next(_met(known), ""):
            return at.date(), rule
    return None


def _shows(one: Ill, day: date) -> Iterator[str]:
    yield from (_GROUPS[symptom] for symptom in one.disease.symptoms)
    if one.disease.hot and "咳嗽" in one.disease.symptoms:
        yield "influenza-like"
    if one.disease.diagnosis and day > one.start:
        yield one.disease.diagnosis


def _met(known: dict[_Case, set[str]]) -> Iterator[str]:
    """The rules that are met by what is known, whatever the day of the window."""
    rules: Sequence[tuple[str, Callable[[str], bool], int, int, bool]] = (
        ("E01", lambda group: group in _GROUPS.values(), 1, 3, True),
        ("E02", lambda group: group in _GROUPS.values(), 3, 5, True),
        ("C01", lambda group: group == "手足口病", 7, 2, True),
        ("C02", lambda group: group == "手足口病", 7, 5, False),
        ("C04", lambda group: group == "influenza-like", 7, 10, False),
        ("S01", lambda group: group == "influenza-like", 1, 5, True),
    )
    for name, asks, window, at_least, same_class in rules:
        for group in {group for shown in known.values() for group in shown if asks(group)}:
            cases = [case for case, shown in known.items() if group in shown]
            for room in {case[0] for case in cases} if same_class else {None}:
                onsets = [onset for where, _, onset in cases if room in {None, where}]
                for end in onsets:
                    if sum(0 <= (end - onset).days < window for onset in onsets) >= at_least:
                        yield name
