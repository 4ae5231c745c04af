"""What happens in the invented schools: who falls ill when, and so what each school has to report on a day.

Values only. Two clusters are added to a few single cases, at rates as published for the province: kindergartens around
1.3 % of pupil-days, primary schools 0.3 %, older pupils less; a spell lasts 1.4 days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from pipeline.demo.province import JUNIOR, KINDERGARTEN, PRIMARY, SENIOR, DemoClass, DemoSchool

NEW_A_DAY = {KINDERGARTEN: 0.009, PRIMARY: 0.002, JUNIOR: 0.0012, SENIOR: 0.0008}
LENGTHS = (1, 1, 1, 1, 1, 2, 2, 2, 3)
WITHOUT_END = 99

# symptoms, diagnosis, whether seen by a doctor; the most common are listed several times
ILLNESSES: tuple[tuple[tuple[str, ...], str, bool], ...] = (
    (("发热", "咳嗽"), "一般感冒", True),
    (("发热",), "", False),
    (("咳嗽", "流涕"), "一般感冒", False),
    (("咳嗽", "咽痛"), "一般感冒", True),
    (("头痛",), "", False),
    (("呕吐",), "", False),
    (("腹痛", "腹泻"), "胃肠道疾病", True),
    (("发热", "咳嗽"), "气管炎肺炎", True),
    (("头痛", "咽痛"), "", False),
    (("发热", "咽痛"), "一般感冒", True),
)


@dataclass(frozen=True, slots=True)
class StorySpell:
    """One pupil's absence: `first` and `length` count school days of the story."""

    room: DemoClass
    pupil: tuple[str, str]
    first: int
    length: int
    symptoms: tuple[str, ...]
    diagnosis: str
    visited: bool
    temperature: float | None = None
    reason: str = "因病"

    def on(self, n: int) -> bool:
        return self.first <= n < self.first + self.length


@dataclass(frozen=True, slots=True)
class Outbreak:
    """So many pupils of a class fall ill, by day counted back from the last one."""

    school: str
    room: str
    days_back: Mapping[int, int]
    symptoms: tuple[str, ...]
    diagnosis: str
    fever: bool
    length: int


OUTBREAKS = (
    Outbreak("1132920001", "小一班", {4: 1, 3: 1, 2: 2, 1: 1, 0: 1}, ("发热", "皮疹"), "手足口病", True, WITHOUT_END),
    Outbreak("1132920001", "中二班", {1: 1, 0: 1}, ("皮疹",), "手足口病", False, WITHOUT_END),
    Outbreak("2132930007", "三(2)班", {2: 2, 1: 4, 0: 6}, ("发热", "咳嗽", "咽痛"), "流行性感冒", True, 4),
    Outbreak("2132930007", "三(1)班", {1: 1, 0: 2}, ("发热", "咳嗽"), "流行性感冒", True, 4),
    Outbreak("3132910012", "八年级(3)班", {3: 1, 1: 1, 0: 1}, ("红眼",), "急性出血性结膜炎", False, 5),
    Outbreak("2132940009", "五(1)班", {5: 1, 1: 1}, ("皮疹", "发热"), "水痘", True, WITHOUT_END),
    # the same class twice: the first cluster is over long before the second begins, and is ended by it
    Outbreak("2132940011", "二(3)班", {9: 3, 0: 3}, ("呕吐",), "胃肠道疾病", False, 1),
    # single cases, for the county's 单例提示
    Outbreak("2132910010", "四(2)班", {0: 1}, ("发热", "腮腺肿大"), "流行性腮腺炎", True, WITHOUT_END),
    Outbreak("1132930005", "大一班", {1: 1}, ("发热", "皮疹"), "手足口病", True, WITHOUT_END),
    Outbreak("3432930015", "高一(4)班", {1: 1, 0: 1}, ("发热", "咳嗽"), "流行性感冒", True, 4),
    Outbreak("2132920011", "六(1)班", {0: 1}, ("发热", "咳嗽"), "流行性感冒", True, 4),
    Outbreak("1132940002", "小二班", {2: 1}, ("发热", "皮疹"), "手足口病", True, WITHOUT_END),
)


def spells(school: DemoSchool, days: int, seed: int = 2026) -> tuple[StorySpell, ...]:
    """Return every absence of a school over `days` school days; a pupil has one absence at a time."""
    random = Random(f"{seed} spells {school.code}")  # an invented illness, not a secret
    taken: set[str] = set()
    found = list(_outbreaks(school, days, taken, random))
    for n in range(days):
        for room in school.rooms:
            for pupil in room.pupils:
                if pupil[0] not in taken and random.random() < NEW_A_DAY[room.stage]:
                    taken.add(pupil[0])
                    found.append(_single(room, pupil, n, random))
    return tuple(sorted(found, key=lambda s: s.first))


def rows(spells: Sequence[StorySpell], n: int, days: Sequence[date]) -> list[dict[str, object]]:
    """Return the rows of a 缺课日报 for school day `n`, by our column names, as a clerk types them."""
    return [_row(spell, n, days) for spell in spells if spell.on(n)]


def returned(spells: Sequence[StorySpell], before: int, n: int, days: Sequence[date]) -> list[dict[str, object]]:
    """Return the rows of those who were absent on school day `before` and have come back by `n`."""
    return [_row(spell, n, days) | {"state": "已返校"} for spell in spells if spell.on(before) and not spell.on(n)]


def _outbreaks(school: DemoSchool, days: int, taken: set[str], random: Random) -> Iterator[StorySpell]:
    for outbreak in OUTBREAKS:
        if outbreak.school != school.code:
            continue
        room = next(room for room in school.rooms if room.name == outbreak.room)
        pupils = (pupil for pupil in room.pupils if pupil[0] not in taken)
        for back, count in sorted(outbreak.days_back.items(), reverse=True):
            for _ in range(count):
                pupil = next(pupils)
                taken.add(pupil[0])
                heat = round(random.uniform(38.1, 39.6), 1) if outbreak.fever else None
                first = max(0, days - 1 - back)  # a shorter story begins with those who are already ill
                yield StorySpell(room, pupil, first, outbreak.length, outbreak.symptoms, outbreak.diagnosis, True, heat)


def _single(room: DemoClass, pupil: tuple[str, str], n: int, random: Random) -> StorySpell:
    fate = random.random()
    if fate < 0.04:
        return StorySpell(room, pupil, n, 2, (), "", True, reason="因伤")
    if fate < 0.16:
        return StorySpell(room, pupil, n, 1, (), "", False, reason="其他")
    symptoms, diagnosis, visited = random.choice(ILLNESSES)
    heat = round(random.uniform(37.3, 39.2), 1) if "发热" in symptoms else None
    return StorySpell(room, pupil, n, random.choice(LENGTHS), symptoms, diagnosis, visited, heat)


def _row(spell: StorySpell, n: int, days: Sequence[date]) -> dict[str, object]:
    name, sex = spell.pupil
    row: dict[str, object] = {
        "class_name": spell.room.name,
        "name": name,
        "sex": sex,
        "reason": spell.reason,
        "start": days[spell.first],
    }
    row |= {f"symptom{i}": symptom for i, symptom in enumerate(spell.symptoms, start=1)}
    if spell.temperature:
        row["temperature"] = spell.temperature
    if spell.visited:
        row["visited"] = "是"
    if spell.diagnosis:
        row["diagnosis"] = spell.diagnosis
    if n > spell.first:
        row["state"] = "仍缺课"
    return row
