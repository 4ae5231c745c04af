"""The invented schools of the demo, in four real counties: values only, the same from every seed.

Nothing of it exists: names say 示例, school codes begin their serial with 9, telephones with 100-0000.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
FIRST = "梓沐若一子宇浩欣雨思嘉奕晨语诗俊书安可乐星禾知景予言舒清"
SECOND = "涵宸萱诺轩泽怡桐辰妍博然彤睿瑶霖玥昕菲航宁朗茗琪萌栩蔚晗"

KINDERGARTEN, PRIMARY, JUNIOR, SENIOR = "幼儿园", "小学", "初中", "高中"
ORDINALS = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class County:
    """A county with schools that report. 鼓楼区 exists twice: only the code tells which."""

    code: str
    city: str
    name: str
    serial: int


@dataclass(frozen=True, slots=True)
class DemoClass:
    """A class with its pupils, as (name, sex)."""

    name: str
    stage: str
    pupils: tuple[tuple[str, str], ...]

    @property
    def roll(self) -> int:
        return len(self.pupils)


@dataclass(frozen=True, slots=True)
class DemoSchool:
    """A school as in its roster, and its pupils."""

    code: str
    name: str
    county: str
    stages: tuple[str, ...]
    boarding: bool
    reporter: str
    reporter_phone: str
    leader: str
    leader_phone: str
    rooms: tuple[DemoClass, ...]


COUNTIES = (
    County("320102", "南京市", "玄武区", 1),
    County("320106", "南京市", "鼓楼区", 2),
    County("320302", "徐州市", "鼓楼区", 3),
    County("320303", "徐州市", "云龙区", 4),
)

# (how many, first two digits of the code, name after 示例, stages, boarding, classes a grade)
_KINDS = (
    (5, "11", "第{}幼儿园", (KINDERGARTEN,), False, 2),
    (6, "21", "第{}小学", (PRIMARY,), False, 3),
    (2, "31", "第{}初级中学", (JUNIOR,), False, 4),
    (1, "31", "九年一贯制学校", (PRIMARY, JUNIOR), False, 2),
    (1, "34", "高级中学", (SENIOR,), True, 6),
)
_GRADES = {
    KINDERGARTEN: ("小{}班", "中{}班", "大{}班"),
    PRIMARY: tuple(f"{grade}({{}})班" for grade in "一二三四五六"),
    JUNIOR: tuple(f"{grade}年级({{}})班" for grade in "七八九"),
    SENIOR: tuple(f"高{grade}({{}})班" for grade in "一二三"),
}
_ROLLS = {KINDERGARTEN: (20, 28), PRIMARY: (34, 44), JUNIOR: (38, 46), SENIOR: (40, 50)}


def schools(seed: int = 2026, counties: tuple[County, ...] = COUNTIES) -> tuple[DemoSchool, ...]:
    """Return every school of `counties`, fifteen a county, in the order of their codes' serials."""
    return tuple(school for county in counties for school in _of_county(county, seed))


def _of_county(county: County, seed: int) -> Iterator[DemoSchool]:
    number = 0
    for count, category, pattern, stages, boarding, wide in _KINDS:
        for n in range(count):
            number += 1
            code = f"{category}329{county.serial}{number:04d}"
            random = Random(f"{seed} {code}")  # an invented school, not a secret
            yield DemoSchool(
                code=code,
                name=f"{county.name}示例{pattern.format(ORDINALS[n])}",
                county=county.code,
                stages=stages,
                boarding=boarding,
                reporter=person(random),
                reporter_phone=f"100-0000-{county.serial}{number:03d}",
                leader=person(random),
                leader_phone=f"100-0000-{county.serial}{number + 500:03d}",
                rooms=tuple(_rooms(random, stages, wide)),
            )


def _rooms(random: Random, stages: tuple[str, ...], wide: int) -> Iterator[DemoClass]:
    taken: set[str] = set()
    for stage in stages:
        low, high = _ROLLS[stage]
        for grade in _GRADES[stage]:
            for n in range(1, wide + 1):
                written = ORDINALS[n - 1] if stage == KINDERGARTEN else str(n)
                pupils = tuple(_pupils(random, random.randint(low, high), taken))
                yield DemoClass(grade.format(written), stage, pupils)


def _pupils(random: Random, count: int, taken: set[str]) -> Iterator[tuple[str, str]]:
    for _ in range(count):
        name = person(random)
        while name in taken:
            name = person(random)
        taken.add(name)
        yield name, random.choice("男女")


def person(random: Random) -> str:
    """An invented name."""
    return random.choice(SURNAMES) + random.choice(FIRST) + random.choice(SECOND)
