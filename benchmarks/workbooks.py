"""The workbooks that are measured: our real template, filled, as XlsxWriter writes it and as LibreOffice saves that.

The copies of the one template differ in unit, token and rows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

from pipeline import schooldays, units
from pipeline.demo.province import person
from pipeline.forms import form
from pipeline.forms.classes import class_key
from pipeline.issuing import absence
from pipeline.model import ClassFacts, SchoolFacts, Site
from pipeline.registry import lookup
from pipeline.xlsx.blank import blank
from pipeline.xlsx.fill import Template, fill
from tools.programs import convert

DAY = date(2026, 11, 20)
WRITERS = ("xlsxwriter", "libreoffice")
MIXES = ("rows28", "real")
CLASSES = [f"{grade}({n})班" for grade in "一二三四五六" for n in (1, 2, 3)]
AT_ONCE = 40  # workbooks that LibreOffice saves in one process
BAD_SHARE = 0.04  # of the workbooks with rows: one row without 班级
ILLNESSES = (("发热", "咳嗽"), ("发热",), ("咳嗽", "咽痛"), ("呕吐",), ("腹痛", "腹泻"), ("头痛", "流涕"))
DIAGNOSES = ("一般感冒", "一般感冒", "气管炎肺炎", None, None)


@dataclass(frozen=True, slots=True)
class Drop:
    """One workbook on disk, and how many of its rows are right and wrong."""

    path: Path
    good: int
    bad: int


def schools(n: int) -> list[SchoolFacts]:
    """Return n invented primary schools of eighteen classes, spread over four counties."""
    counties = ("320102", "320106", "320302", "320303")
    keys = {name: class_key(name) or name for name in CLASSES}
    classes = {("本部", keys[name]): ClassFacts("本部", keys[name], name, 40) for name in CLASSES}
    return [
        SchoolFacts(
            code=f"21328{i:05d}",
            name=f"示例第{i}小学",
            county=counties[i % len(counties)],
            stages=("小学",),
            boarding=False,
            campuses=("本部",),
            classes=classes,
        )
        for i in range(1, n + 1)
    ]


def everywhere(n: int) -> list[SchoolFacts]:
    """Return so many schools, in every county and zone of the province in turn."""
    with lookup.SEED.open(encoding="utf-8", newline="") as file:
        counties = [row["code"] for row in csv.DictReader(file) if row["kind"] in {"county", "function_zone"}]
    return [replace(school, county=counties[at % len(counties)]) for at, school in enumerate(schools(n))]


def master(site: Site, school: SchoolFacts) -> Template:
    """Return the empty template."""
    return Template(blank(form("absence"), absence.school_facts(site, school, DAY)))


def by_libreoffice(paths: Sequence[Path], folder: Path) -> None:
    """Have LibreOffice open filled workbooks and save them into `folder`, rows and all."""
    for start in range(0, len(paths), AT_ONCE):
        convert(paths[start : start + AT_ONCE], "xlsx", folder)


def write(site: Site, template: Template, schools: Sequence[SchoolFacts], mix: str, folder: Path) -> Iterator[Drop]:
    """Write one workbook a school into `folder`; the same seed gives the same rows whoever saved the template."""
    folder.mkdir(parents=True, exist_ok=True)
    for school in schools:
        random = Random(f"{mix} {school.code}")
        rows = list(_cluster(random) if mix == "cluster" else _rows(random, _count(random, mix)))
        bad = 1 if rows and random.random() < BAD_SHARE else 0
        if bad:
            del rows[0]["class_name"]
        token = units.token(site.key, school.code, "absence", schooldays.term(DAY), school.token_serial)
        header = {"unit": school.code, "school": school.name, "zero": "否" if rows else "是", "reporter": "示例甲"}
        properties = {"queke_unit": school.code, "queke_token": token}
        path = folder / f"{school.code}.xlsx"
        path.write_bytes(fill(template, form("absence"), header, {"rows": rows}, properties))
        yield Drop(path, len(rows) - bad, bad)


def _count(random: Random, mix: str) -> int:
    """The number in the name of the mix; or that of a real day: mostly none, then a few, sometimes many (mean 3.4); a
    day of the season in a province is a bad one (5.2).
    """
    if mix.startswith("rows"):
        return int(mix.removeprefix("rows"))
    weights = (40, 31, 20.5, 8.5) if mix == "province" else (55, 25, 15, 5)
    low, high = random.choices(((0, 0), (1, 4), (5, 15), (16, 40)), weights=weights)[0]
    return random.randint(low, high)


def _rows(random: Random, count: int) -> Iterator[dict[str, object]]:
    taken: set[tuple[str, str]] = set()
    while len(taken) < count:
        room, name = random.choice(CLASSES), person(random)
        if (room, name) in taken:
            continue
        taken.add((room, name))
        yield _row(random, room, name)


def _cluster(random: Random) -> Iterator[dict[str, object]]:
    """The usual cause of an alert: six to ten of one class with the same symptoms, and a few others."""
    room, ill = random.choice(CLASSES), random.choice(ILLNESSES)
    for row in _rows(random, random.randint(6, 10)):
        del row["symptom1"]
        row.pop("symptom2", None)
        yield row | {"class_name": room} | {f"symptom{n}": symptom for n, symptom in enumerate(ill, start=1)}
    others = [name for name in CLASSES if name != room]
    for _ in range(random.randint(0, 4)):
        yield _row(random, random.choice(others), person(random))


def _row(random: Random, room: str, name: str) -> dict[str, object]:
    symptoms = random.choice(ILLNESSES)
    row: dict[str, object] = {"class_name": room, "name": name, "sex": random.choice("男女"), "reason": "因病"}
    row |= {"start": DAY - timedelta(days=random.choice((0, 0, 0, 1, 2)))}
    row |= {f"symptom{n}": symptom for n, symptom in enumerate(symptoms, start=1)}
    if "发热" in symptoms:
        row["temperature"] = round(random.uniform(37.3, 39.5), 1)
    diagnosis = random.choice(DIAGNOSES)
    if diagnosis:
        row |= {"diagnosis": diagnosis, "visited": "是"}
    return row
