"""Weeks of a few schools, simulated: what was planted is counted, and there is one card for each cluster.

The count is that of the plan (who fell ill together, and of what), which knows nothing of rules, groups or windows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from pipeline.rules import Case
from tests.campuses import DAY, Campus

CLASSES = [f"{grade}{n}" for grade in "一二三四五六" for n in range(1, 5)]


@dataclass(frozen=True)
class Illness:
    """What a cluster looks like: the signs of each day of illness by chance, and a diagnosis made later."""

    name: str
    always: str
    often: str = ""
    hot: bool = False
    diagnosis: str = ""


COLD = Illness("cold", "S01 S02", "S03 S04")
INFLUENZA = Illness("influenza", "S01 S02", "S03 S05", hot=True, diagnosis="D02")
STOMACH = Illness("stomach", "S06", "S07 S08")
HAND_FOOT_MOUTH = Illness("hand, foot and mouth", "S09", "S01", diagnosis="D10")
RED_EYES = Illness("red eyes", "S10")
MUMPS = Illness("mumps", "S11", "S01", diagnosis="D08")


@dataclass(frozen=True)
class Cluster:
    """Pupils of one class or two who fell ill of one thing within a few days."""

    illness: Illness
    classes: tuple[str, ...]
    first: int  # day of the weeks
    pupils: int  # in each class
    days: int = 2  # in which they fall ill, the first four of a class on the first
    fresh: int = 0  # names begin here: pupils of another cluster of the class are others


@dataclass
class School:
    """One campus: its plan, and the cards that must come of it."""

    plan: Sequence[Cluster]
    cards: int
    noise: int = 0  # single cases of something a week, of classes of their own
    rng: random.Random = field(default_factory=lambda: random.Random(5))

    def weeks(self) -> Iterator[list[Case]]:
        """The rows day by day."""
        rows: dict[int, list[Case]] = {}
        for cluster in self.plan:
            for n, room in enumerate(cluster.classes):
                for place in range(cluster.pupils):
                    began = cluster.first + n + (0 if place < 4 else self.rng.randrange(cluster.days))
                    self.ill(rows, f"{room}-{cluster.fresh + place}", room, began, cluster.illness)
        for _ in range(3 * self.noise):
            room = self.rng.choice(CLASSES[-8:])
            self.ill(rows, f"{room}-x{self.rng.random()}", room, 7 * self.rng.randrange(3), RED_EYES)
        for day in sorted(rows):
            yield rows[day]

    def ill(self, rows: dict[int, list[Case]], pupil: str, room: str, began: int, of: Illness) -> None:
        """The rows of one pupil: two or three days, the diagnosis from the second."""
        signs = " ".join(sorted({*of.always.split(), *(s for s in of.often.split() if self.rng.random() < 0.6)}))
        start = DAY + timedelta(days=began)
        for n in range(self.rng.choice((2, 3))):
            known = of.diagnosis if n and self.rng.random() < 0.8 else ""
            rows.setdefault(began + n, []).append(
                Case(
                    start + timedelta(days=n), pupil, room, "ongoing" if n else "new", start, start, signs,
                    38.6 if of.hot else None, known, spell=start,
                )
            )  # fmt: skip


def small(illness: Illness, room: str, first: int, **more: object) -> Cluster:
    return replace(Cluster(illness, (room,), first, 5), **more)  # type: ignore[arg-type]  # a builder


SCHOOLS = {
    "a cold in one class": School([small(COLD, "三1", 0)], 1),
    "influenza in two classes, one day apart": School([Cluster(INFLUENZA, ("三1", "三2"), 0, 7, 3)], 1, noise=1),
    "a cold and a stomach illness, of different classes": School([small(COLD, "三1", 0), small(STOMACH, "四1", 1)], 2),
    "the same two, of different pupils of one class": School(
        [small(COLD, "三1", 0), small(STOMACH, "三1", 1, fresh=20)], 2
    ),
    "hand, foot and mouth disease with fever": School([small(HAND_FOOT_MOUTH, "一1", 0, pupils=6, days=5)], 1, noise=1),
    "vomiting, and mumps": School([small(STOMACH, "二1", 0, pupils=8), small(MUMPS, "五1", 2, days=4)], 2),
    "one illness a week, each over before the next": School(
        [small(STOMACH, "二1", 0), small(STOMACH, "二2", 9), small(STOMACH, "二3", 18)], 3
    ),
    "all at once": School(
        [
            Cluster(INFLUENZA, ("六1", "六2"), 0, 9, 3),
            small(STOMACH, "二1", 1, pupils=7),
            small(RED_EYES, "四2", 0),
            small(MUMPS, "五1", 2),
        ],
        4,
    ),
}


def week_by_week(school: School) -> Campus:
    campus = Campus()
    for rows in replace(school, rng=random.Random(5)).weeks():
        campus.report(rows)
    return campus


@pytest.mark.parametrize("school", SCHOOLS.values(), ids=SCHOOLS)
def test_a_cluster_is_a_card_and_no_more(school: School) -> None:
    campus = week_by_week(school)
    kept = [episode for episode in campus.episodes if episode.state != "merged"]
    assert len(kept) == len(campus.episodes) == school.cards
    planted = sum(cluster.pupils * len(cluster.classes) for cluster in school.plan)
    listed = [pupil for episode in kept for pupil in episode.cases if "x" not in pupil]
    assert (len(listed), len(set(listed))) == (planted, planted)


@pytest.mark.parametrize("seed", range(40))
def test_random_weeks_have_a_card_for_each_cluster(seed: int) -> None:
    """Clusters of unlike illnesses, each in a class of its own, at about the same time; fever is common to some."""
    rng = random.Random(seed)
    unlike = rng.sample([rng.choice([COLD, INFLUENZA]), STOMACH, RED_EYES, MUMPS], rng.randrange(2, 5))
    rooms = rng.sample(CLASSES[:4], k=len(unlike))
    plan = [
        small(illness, room, rng.randrange(3), pupils=rng.randrange(4, 9), fresh=20 * n)
        for n, (illness, room) in enumerate(zip(unlike, rooms, strict=True))
    ]
    campus = week_by_week(School(plan, len(plan), rng=rng))
    assert len(campus.episodes) == len(plan)
    assert sorted(len(one.cases) for one in campus.episodes) == sorted(cluster.pupils for cluster in plan)


def test_the_card_ends_with_the_name_of_the_disease() -> None:
    names = {title: {one.names for one in week_by_week(school).episodes} for title, school in SCHOOLS.items()}
    assert names["a cold in one class"] == {("FEV", "RES")}
    assert names["influenza in two classes, one day apart"] <= {("D02",), ("ILI",)}
    assert names["hand, foot and mouth disease with fever"] == {("D10",)}
    assert names["vomiting, and mumps"] == {("GI",), ("D08",)}
