"""A small site with two schools, and workbooks their clerks might drop."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pipeline.forms import form
from pipeline.model import Policy, Site
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


def lay_out(root: Path, database: Path) -> Site:
    """Make the folders of a site in `root`, whatever stood there."""
    for name in FOLDERS:
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()
    for leftover in root.glob("store.db*"):
        leftover.unlink()
    shutil.copyfile(database, root / "store.db")
    policy = Policy(stable_seconds=0)
    return Site(root=root, database="sqlite:///store.db", key=KEY, policy=policy)
