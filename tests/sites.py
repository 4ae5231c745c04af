"""A small site with two schools, and workbooks their clerks might drop."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pipeline.database.models import Campus, SchoolClass, Unit
from pipeline.forms import form
from pipeline.model import Policy, Site
from pipeline.registry import lookup
from pipeline.schooldays import ZONE
from pipeline.xlsx.fill import Template, fill

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 14, 0, tzinfo=ZONE)
KEY = b"a key for tests, thirty-two long"
SCHOOLS = {"2132010001": "示例第一小学", "2132010002": "示例第二小学"}
COUNTY = "320106"
FOLDERS = ("inbox", "outbox", "spool", "archive")


@dataclass(frozen=True)
class Desk:
    """Makes the workbooks of a school."""

    contents: Mapping[str, bytes]  # the blank of each school

    def absence(self, school: str, rows: Sequence[Mapping[str, object]] = (), **header: object) -> bytes:
        said = {
            "unit": school,
            "school": SCHOOLS[school],
            "day": DAY,
            "zero": "否" if rows else "是",
            "reporter": "示例甲",
        }
        return fill(Template(self.contents[school]), form("absence"), {**said, **header}, {"rows": rows})


def pupil(n: int, **more: object) -> dict[str, object]:
    row = {"class_name": "三(3)班", "name": f"示例{'甲乙丙丁戊己庚辛'[n]}", "sex": "男", "reason": "因病", "start": DAY}
    return {**row, "symptom1": "咳嗽", **more}


def lay_out(root: Path, prepared_db: Path) -> Site:
    """Make the folders of a site in `root`, whatever stood there."""
    for name in FOLDERS:
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()
    for leftover in root.glob("store.db*"):
        leftover.unlink()
    shutil.copyfile(prepared_db, root / "store.db")
    policy = Policy(stable_seconds=0)
    return Site(root=root, database="sqlite:///store.db", key=KEY, policy=policy)


def put(site: Site, name: str, content: bytes) -> None:
    """Drop a file into the inbox."""
    path = site.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def enter_schools(classes: Sequence[tuple[str, str]] = (("三3", "三(3)班"), ("三4", "三(4)班"))) -> None:
    """Put the two schools, with these classes, into an empty database."""
    lookup.load_divisions()
    for code, name in SCHOOLS.items():
        school = Unit.objects.create(code=code, kind="school", division_id=COUNTY, name=name, stages="小学")
        Campus.objects.create(school=school)
        for key, said in classes:
            SchoolClass.objects.create(school=school, school_year=2026, key=key, name=said, stage="小学", roll=40)
