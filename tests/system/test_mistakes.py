"""Random mistakes go into right workbooks, come back, are mended either way, and the store ends as of the right ones.

On the real path: dropped, journalled, read, judged, settled, answered; each return workbook is the one in the outbox.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import database, issuing
from pipeline.database.models import Absence, Closure, Reject, Report, ReportClass, SchoolClass, Submission, Unit
from pipeline.forms import form
from pipeline.model import Site
from pipeline.xlsx.blank import TemplateFacts, blank
from pipeline.xlsx.fill import Template, heads
from tests import mistakes, senders
from tests.mistakes import Cell, Filled
from tests.sites import COUNTY, DAY, lay_out, pupil
from tests.system.posting import drop, work

SCHOOL = "2132010001"
FOLDER = {"roster": COUNTY}
ABSENCE = Filled(
    form("absence"),
    {"unit": SCHOOL, "day": DAY, "zero": "否", "reporter": "示例甲"},
    {
        "rows": [pupil(0), pupil(1, start=date(2026, 11, 19)), pupil(2, class_name="三(4)班"), pupil(3, reason="其他")],
        "classes": [{"class_name": "三(3)班", "roll": 40}, {"class_name": "三(4)班", "roll": 41}],
    },
)
CLOSURE = senders.closure(SCHOOL)
ROSTER = Filled(
    form("roster"),
    {"reporter": "示例甲"},
    {
        "schools": [{"code": "2132010009", "name": "示例第九小学", "stages": "小学"}],
        "classes": [
            {"code": "2132010009", "class_name": name, "stage": "小学", "roll": 40} for name in ("一(1)班", "一(2)班")
        ],
    },
)
EMPTY_ROSTER = blank(form("roster"), TemplateFacts({"unit": COUNTY, "school": "鼓楼区", "day": date(2026, 9, 1)}))
RIGHT = {"absence": ABSENCE, "closure": CLOSURE, "roster": ROSTER}
UNIT = {"roster": COUNTY}


def stands() -> dict[str, list[tuple[object, ...]]]:
    """What was said and stands, whatever way it came in."""
    said: dict[type, tuple[str, ...]] = {
        Absence: ("day", "school", "campus", "pupil", "class_key", "sex", "reason", "row_state", "start", "symptoms"),
        Report: ("day", "school", "campus", "zero", "on_time", "covered", "rows"),
        ReportClass: ("day", "school", "key", "roll", "present", "other_absent", "silent"),
        Closure: ("school", "scope", "start", "kind", "reason", "ill", "resume_planned", "approved_at", "state"),
        Unit: ("code", "name", "stages"),
        SchoolClass: ("school_id", "key", "name", "stage", "roll"),
    }
    return {
        table.__name__: sorted(table.objects.values_list(*names), key=repr)  # type: ignore[attr-defined]  # a model
        for table, names in said.items()
    }


@dataclass
class Round:
    """One sender and his workbook, until everything stands."""

    site: Site
    right: Filled
    blank: bytes
    rows: dict[str, tuple[str, int]] = field(default_factory=dict)  # ticket → table, number
    given: list[bytes] = field(default_factory=list)  # return workbooks of single rows
    sent: int = 0

    def send(self, content: bytes, numbers: Mapping[tuple[str, int], tuple[str, int]]) -> None:
        """Drop a workbook and take in what comes back; `numbers`: its Excel rows → rows of the right one."""
        self.sent += 1
        code = UNIT.get(self.right.form.name, SCHOOL)
        drop(self.site, {f"{code} 示例/第{self.sent}份.xlsx": content})
        work(self.site)
        seq = Submission.objects.order_by("-received_seq").values_list("received_seq", flat=True)[0]
        for reject in Reject.objects.filter(submission=seq).exclude(table="file"):
            self.rows[reject.ticket] = numbers[reject.table, reject.row]
        for path in sorted(self.site.outbox.rglob(f"退回修正表*{seq:06d}.xlsx")):
            self.given.append(path.read_bytes())

    def numbers(self, content: bytes) -> dict[tuple[str, int], tuple[str, int]]:
        """Excel rows of a workbook with all its rows → rows of the right one."""
        book = Template(content)
        found = {}
        for table in self.right.form.tables:
            if rows := self.right.tables.get(table.name):
                cells = book.cells(table.sheet)
                top, _ = heads(cells, table)
                there = sorted({row for row, _ in cells if row > top})
                found |= {(table.name, row): (table.name, at) for at, row in enumerate(there[: len(rows)])}
        return found

    def return_rows(self, content: bytes, which: Callable[[str], bool]) -> None:
        again = mistakes.mended(content, self.right, self.rows.__getitem__, which)
        place = {
            (t.name, row): self.rows[ticket] for t, row, ticket in mistakes.ticketed(Template(content), self.right.form)
        }
        self.send(again, place)


def open_tickets() -> list[str]:
    return list(Reject.objects.filter(state="open").values_list("ticket", flat=True))


@contextmanager
def site_of(prepared_db: Path) -> Iterator[Site]:
    root = Path(tempfile.mkdtemp(prefix="queke-mistakes-"))
    site = lay_out(root, prepared_db)
    database.open(site)
    try:
        yield site
    finally:
        database.close()
        shutil.rmtree(root)


class Known:
    """The templates, and what stands when each right workbook comes at once."""

    def __init__(self, prepared_db: Path) -> None:
        self.prepared_db = prepared_db
        self.blanks: dict[str, bytes] = {}
        self.stands: dict[str, object] = {}


@pytest.fixture(scope="module")
def known(prepared_db: Path) -> Known:
    made = Known(prepared_db)
    for name, right in RIGHT.items():
        with site_of(prepared_db) as site:
            made.blanks[name] = EMPTY_ROSTER if name == "roster" else issuing.template(site, name, SCHOOL, DAY)
            Round(site, right, made.blanks[name]).send(right.made(made.blanks[name]), {})
            assert not open_tickets()
            made.stands[name] = stands()
    return made


LAW = settings(max_examples=8, derandomize=True)


@LAW
@given(wrong=mistakes.mistakes(ABSENCE), seed=st.integers(0, 999))
def test_a_report_mended_either_way_ends_as_the_right_one(known: Known, wrong: dict[Cell, object], seed: int) -> None:
    assert ended(known, ABSENCE, wrong, seed) == known.stands["absence"]


@LAW
@given(wrong=mistakes.mistakes(CLOSURE), seed=st.integers(0, 999))
def test_closures_mended_either_way_end_as_the_right_ones(known: Known, wrong: dict[Cell, object], seed: int) -> None:
    assert ended(known, CLOSURE, wrong, seed) == known.stands["closure"]


@LAW
@given(wrong=mistakes.mistakes(ROSTER), seed=st.integers(0, 999))
def test_a_roster_mended_either_way_ends_as_the_right_one(known: Known, wrong: dict[Cell, object], seed: int) -> None:
    assert ended(known, ROSTER, wrong, seed) == known.stands["roster"]


def ended(known: Known, right: Filled, wrong: Mapping[Cell, object], seed: int) -> dict[str, list[tuple[object, ...]]]:
    """What stands after the workbook with these mistakes came, and came back mended."""
    empty = known.blanks[right.form.name]
    with site_of(known.prepared_db) as site:
        one = Round(site, right, empty)
        content = right.made(empty, wrong)
        one.send(content, one.numbers(content))
        mend(one, Random(seed))
        assert not open_tickets()
        return stands()


def mend(one: Round, random: Random) -> None:
    """Send things back, any way and in any order, until nothing is open; at last the whole workbook, put right."""
    for _ in range(3):
        if not open_tickets():
            return
        way = random.choice(["some rows", "all rows", "the same again", "the whole file"])
        content = one.given[-1] if way == "all rows" else random.choice(one.given)
        if way == "the whole file":
            break
        if not mistakes.ticketed_rows(content, one.right.form):
            again = mistakes.mended_whole(content, one.right, rows=way == "all rows")
            one.send(again, one.numbers(again))
            continue
        known = sorted(one.rows)
        chosen = random.sample(known, random.randint(1, len(known))) if way == "some rows" else known
        one.return_rows(content, chosen.__contains__)
        if way == "the same again":
            one.return_rows(content, chosen.__contains__)
    if open_tickets():
        whole = one.right.made(one.blank)
        one.send(whole, one.numbers(whole))
