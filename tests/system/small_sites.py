"""Small random sites for one day, put into the store as a day's settling leaves them; what they hold is kept as plain
values, to be counted by the tests themselves.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from pipeline.database.models import (
    Absence,
    Alert,
    Campus,
    Closure,
    Decision,
    Pupil,
    Report,
    ReportClass,
    SchoolClass,
    Unit,
)
from pipeline.schooldays import ZONE

DAY = date(2026, 11, 20)
COUNTIES = ("320106", "320102")
NAMES = "甲乙丙丁戊己庚辛壬癸"
STATES = ("new", "new", "ongoing", "returned")
FATES = ("on_time", "on_time", "on_time", "late", "partial", "missing", "excused", "refused")


@dataclass(frozen=True)
class SmallPupil:
    room: str
    reason: str
    state: str
    part: str


@dataclass
class SmallRoom:
    campus: str
    key: str
    roll: int
    closed: bool = False
    silent: bool = False
    others: int = 0


@dataclass
class SmallSchool:
    """`heard`: campuses that have reported."""

    code: str
    name: str
    county: str
    stages: tuple[str, ...]
    fate: str
    rooms: list[SmallRoom] = field(default_factory=list)
    pupils: list[SmallPupil] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    @property
    def campuses(self) -> list[str]:
        return list(dict.fromkeys(room.campus for room in self.rooms))

    @property
    def shut(self) -> bool:
        """Closed as a whole, so that nothing is due."""
        return all(room.closed for room in self.rooms)


def school(rng: random.Random, n: int, county: str) -> SmallSchool:
    stages = rng.choice([("小学",), ("幼儿园",), ("初中",), ("小学", "初中")])
    made = SmallSchool(f"213290{county[-2:]}{n:02d}", f"示例{NAMES[n]}校", county, stages, rng.choice(FATES))
    campuses = ["本部", "东校区"][: rng.choice((1, 1, 2))]
    for campus in campuses:
        keys = ("三1", "三2", "四1")[: rng.choice((2, 3))]
        made.rooms += [SmallRoom(campus, key, rng.randrange(20, 50)) for key in keys]
    if rng.random() < 0.3:
        rng.choice(made.rooms).closed = True
    whole = campuses[-1:] if rng.random() < 0.2 else []
    for room in made.rooms:
        room.closed = room.closed or room.campus in whole
    if made.fate == "partial":
        due = [room for room in made.rooms if not room.closed]
        made.heard = campuses if len(campuses) == 1 or rng.random() < 0.5 else campuses[:1]
        if made.heard == campuses and due:
            rng.choice(due).silent = True
    elif made.fate in {"on_time", "late", "refused"}:
        made.heard = campuses
    if made.fate in {"on_time", "late", "partial"}:
        speak(rng, made)
    return made


def speak(rng: random.Random, made: SmallSchool) -> None:
    """What its report says of each class it mentions."""
    for room in made.rooms:
        if room.campus not in made.heard or room.silent:
            continue
        room.others = rng.choice((0, 0, 0, 2)) if not room.closed else 0
        for _ in range(rng.choice((0, 0, 1, 2, 4))):
            reason, state = rng.choice(("ill", "ill", "ill", "injured", "other")), rng.choice(STATES)
            made.pupils.append(SmallPupil(f"{room.campus} {room.key}", reason, state, rng.choice(("", "", "am"))))


def store(rng: random.Random, made: SmallSchool) -> None:
    """Put a school and its day into the store."""
    common = {"day": DAY, "school": made.code}
    Unit.objects.create(
        code=made.code, kind="school", division_id=made.county, name=made.name, stages=" ".join(made.stages)
    )
    for campus in made.campuses:
        Campus.objects.create(school_id=made.code, name=campus)
    for room in made.rooms:
        SchoolClass.objects.create(
            school_id=made.code, campus=room.campus, school_year=2026, key=room.key,
            name=f"{room.key[0]}({room.key[1:]})班", stage=made.stages[0], roll=room.roll,
        )  # fmt: skip
        if room.campus in made.heard and (room.others or room.silent):
            ReportClass.objects.create(
                **common, campus=room.campus, key=room.key, silent=room.silent, other_absent=room.others
            )
    for campus in made.campuses:
        here = [room for room in made.rooms if room.campus == campus]
        whole = all(room.closed for room in here)
        for scope in ["全校"] if whole else [room.key for room in here if room.closed]:
            at = datetime(2026, 11, 19, 8, tzinfo=ZONE)
            Closure.objects.create(
                school_id=made.code, campus=campus, division=made.county, scope=scope, start=at, kind="first",
                reason="D10", ill=1, pupils=20, resume_planned=DAY + timedelta(days=4), approved_at=at,
                approved_how="phone", approved_by="示例", from_settled=1, origin="2:8",
            )  # fmt: skip
    for campus in made.heard:
        mine = [pupil for pupil in made.pupils if pupil.room.split()[0] == campus]
        others = sum(room.others for room in made.rooms if room.campus == campus)
        refused = made.fate == "refused"
        Report.objects.create(
            **common, campus=campus, division=made.county, current_seq=1, rows=len(mine),
            zero=not refused and all(pupil.state == "returned" for pupil in mine), other_absent=others,
            first_seen=datetime(2026, 11, 20, 14, tzinfo=ZONE), on_time=made.fate != "late", covered=2, from_settled=1,
        )  # fmt: skip
    for n, pupil in enumerate(made.pupils):
        campus, key = pupil.room.split()
        code = f"{key}-{made.code[-4:]}{n:06d}"
        Pupil.objects.create(school=made.code, code=code, class_key=key, name=f"示例童{n}")
        Absence.objects.create(
            **common, campus=campus, division=made.county, pupil=code, class_key=key, reason=pupil.reason,
            row_state=pupil.state, part=pupil.part, start=DAY, began=DAY, sex="1",
            symptoms=rng.choice(("S01", "S01 S02", "")), from_settled=1, origin=f"1:{n + 8}",
        )  # fmt: skip
    if made.fate == "excused":
        Decision.objects.create(
            seq=1000 + int(made.code[-4:]), what="excuse", target=made.code, day=DAY, who="示例", why="停电",
            at=datetime(2026, 11, 20, 9, tzinfo=ZONE),
        )  # fmt: skip


def alerts(rng: random.Random, schools: Sequence[SmallSchool]) -> list[tuple[str, bool, bool]]:
    """Put alerts into the store; return each as (county, opened today, still open)."""
    found = []
    for n, one in enumerate(rng.sample(list(schools), 3)):
        today, standing = rng.random() < 0.5, rng.random() < 0.7
        opened = datetime(2026, 11, 20 if today else 19, 9, tzinfo=ZONE)
        Alert.objects.create(
            id=f"2026-{n + 1:04d}", school_id=one.code, campus="本部", division=one.county, scope="", group="FEV",
            stage="early", opened_day=opened.date(), opened_at=opened, due_at=opened + timedelta(days=1),
            first_onset=DAY, last_onset=DAY, cases=4, ends_after=DAY + timedelta(days=7),
            state="issued" if standing else "excluded",
            closed_at=None if standing else datetime(2026, 11, 20, 12, tzinfo=ZONE),
        )  # fmt: skip
        found.append((one.county, today, standing))
    return found
