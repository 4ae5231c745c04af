"""Small random sites for one day: what their clerks send, as workbooks; what they hold is kept as plain values, to be
counted by the tests themselves.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pipeline.database.models import Campus, SchoolClass, Unit
from tests.formbooks import CLOSURE_GOOD, grid, head, headers
from tests.golden.cases import saved

DAY, BEFORE = date(2026, 11, 20), date(2026, 11, 19)
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈", "安宁平和康乐"
REASONS = {"ill": "因病", "injured": "因伤", "other": "其他"}
COUNTIES = ("320106", "320102")
NAMES = "甲乙丙丁戊己庚辛壬癸"
STATES = ("new", "new", "ongoing", "returned")
FATES = ("on_time", "on_time", "on_time", "late", "partial", "missing", "excused", "refused")


@dataclass(frozen=True)
class SmallPupil:
    name: str
    room: str
    reason: str
    state: str
    part: str
    symptom: str = ""

    @property
    def before(self) -> bool:
        """Whether it was absent on the day before."""
        return self.state != "new"


@dataclass
class SmallRoom:
    campus: str
    key: str
    roll: int
    closed: bool = False
    silent: bool = False
    others: int = 0

    @property
    def name(self) -> str:
        return f"{self.key[0]}({self.key[1:]})班"


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
        keys = ("大1", "大2", "中1") if stages == ("幼儿园",) else ("三1", "三2", "四1")
        keys = keys[: rng.choice((2, 3))]
        made.rooms += [SmallRoom(campus, key, rng.randrange(20, 50)) for key in keys]
    if rng.random() < 0.3:
        rng.choice(made.rooms).closed = True
    whole = campuses[-1:] if rng.random() < 0.2 else []
    for room in made.rooms:
        room.closed = room.closed or room.campus in whole
    if made.fate == "partial":
        due = [room for room in made.rooms if not room.closed]
        made.heard = campuses if len(campuses) == 1 or rng.random() < 0.5 else campuses[:1]
        beside = [room for room in due if sum(one.campus == room.campus for one in due) > 1]
        if made.heard == campuses and beside:
            rng.choice(beside).silent = True
        elif made.heard == campuses and due:  # a report that names no class that is due would be of all
            made.heard = [campus for campus in campuses if campus != rng.choice(due).campus]
    elif made.fate in {"on_time", "late", "refused"}:
        made.heard = campuses
    if made.fate in {"on_time", "late", "partial"}:
        speak(rng, made)
    return made


def speak(rng: random.Random, made: SmallSchool) -> None:
    """What its report says of each class it mentions; in some a cluster."""
    for room in made.rooms:
        if room.campus not in made.heard or room.silent:
            continue
        room.others = rng.choice((0, 0, 0, 2)) if not room.closed else 0
        for _ in range(rng.choice((0, 0, 1, 2, 4))):
            reason, state = rng.choice(("ill", "ill", "ill", "injured", "other")), rng.choice(STATES)
            part = rng.choice(("", "", "上午")) if state == "new" else ""
            _pupil(made, room, reason, state, part, rng.choice(("发热", "咳嗽", "流涕")) if reason == "ill" else "")
        if rng.random() < 0.2:
            state = rng.choice(("new", "ongoing"))
            for _ in range(rng.choice((3, 4))):
                _pupil(made, room, "ill", state, "", "呕吐")


def _pupil(made: SmallSchool, room: SmallRoom, *shows: str) -> None:
    n = len(made.pupils)
    name = SURNAMES[n % len(SURNAMES)] + GIVEN[n // len(SURNAMES)]
    made.pupils.append(SmallPupil(name, f"{room.campus} {room.key}", *shows))


# --------------------------------------------------------------------------- as it comes in


def register(made: SmallSchool) -> None:
    """Put the school into the registry."""
    Unit.objects.create(
        code=made.code, kind="school", division_id=made.county, name=made.name, stages=" ".join(made.stages)
    )
    for campus in made.campuses:
        Campus.objects.create(school_id=made.code, name=campus)
    for room in made.rooms:
        SchoolClass.objects.create(
            school_id=made.code, campus=room.campus, school_year=2026, key=room.key, name=room.name,
            stage=made.stages[0], roll=room.roll,
        )  # fmt: skip


def closures(made: SmallSchool) -> dict[str, bytes]:
    """Its 停课报告表 of the day before, one a campus, by name."""
    found = {}
    for campus in made.campuses:
        here = [room for room in made.rooms if room.campus == campus]
        shut = [room for room in here if room.closed]
        scopes = [("全校", shut)] if shut == here else [(room.name, [room]) for room in shut]
        rows = [
            {**CLOSURE_GOOD, "停课范围": scope, "停课原因": "手足口病", "患病学生数": 1,
             "涉及学生数": sum(room.roll for room in rooms), "停课开始时间": datetime(2026, 11, 19, 8),
             "拟复课日期": datetime(2026, 11, 24), "批准时间": datetime(2026, 11, 18, 16)}
            for scope, rooms in scopes
        ]  # fmt: skip
        if rows:
            found[f"停课 {campus}.xlsx"] = saved(
                {"停课报告": [*_head("停课报告表", made, campus, BEFORE), *_grid(rows, "closure")]}
            )
    return found


def reports(made: SmallSchool, day: date) -> dict[str, bytes]:
    """Its 缺课日报 of the day, or of the day before, one a campus that reports, by name."""
    found = {}
    for campus in made.heard:
        rows = [_row(pupil, day) for pupil in made.pupils if _goes(pupil, campus, day)]
        if made.fate == "refused" and day == DAY:
            room = next(room for room in made.rooms if room.campus == campus)
            rows = [{"班级": room.name, "姓名": "赵安", "性别": "男", "缺课原因": "因病", "起始日": "看不清"}]
        said = [room for room in made.rooms if room.campus == campus and not room.closed]
        lines = [
            {"班级": room.name, "应到人数": room.roll, "其他缺课人数": (room.others or None) if day == DAY else None}
            for room in said
            if not (room.silent and day == DAY)
        ]
        if rows or lines:
            others = any(line["其他缺课人数"] for line in lines)
            top = _head("学生缺课日报", made, campus, day, 零报告="否" if rows or others else "是")
            sheets = {"缺课登记": [*top, *_grid(rows)], "班级": grid(headers(table="classes"), lines)}
            found[f"缺课 {campus} {day}.xlsx"] = saved(sheets)
    return found


def _goes(pupil: SmallPupil, campus: str, day: date) -> bool:
    return pupil.room.split()[0] == campus and (day == DAY or pupil.before)


def _row(pupil: SmallPupil, day: date) -> dict[str, object]:
    key = pupil.room.split()[1]
    row: dict[str, object] = {
        "班级": f"{key[0]}({key[1:]})班", "姓名": pupil.name, "性别": "男", "缺课原因": REASONS[pupil.reason],
        "起始日": BEFORE if pupil.before else day, "时段": pupil.part or None, "症状1": pupil.symptom or None,
    }  # fmt: skip
    if day == DAY and pupil.before:
        row |= {"状态": "已返校", "返校日期": DAY} if pupil.state == "returned" else {"状态": "仍缺课"}
    return row


def _head(title: str, made: SmallSchool, campus: str, day: date, **more: object) -> list[list[object]]:
    return head(title, {"学校标识码": made.code, "学校名称": made.name, "校区": campus, "报告日期": day, **more})


def _grid(rows: Sequence[dict[str, object]], form: str = "absence") -> list[list[object]]:
    return grid(headers(form), rows)
