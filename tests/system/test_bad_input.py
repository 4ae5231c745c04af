"""Everything a clerk may send by mistake, in one inbox at once: one named outcome each, words to mend it by.

One site, one drain through the real pool; between the bad files lie good ones, which are taken.
"""

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline import database, run
from pipeline.database import journal
from pipeline.database.models import Absence, Campus, Letter, Pupil, SchoolClass, Submission, Unit
from pipeline.executors import Pool
from pipeline.facts import status
from pipeline.model import Arrival, Settled, Site
from tests.badfiles.cases import CASES
from tests.badfiles.made import CLASSES, FIRST, NO_ROLL, SECOND, Dropped, File, good, name_of
from tests.reading import take
from tests.sites import COUNTY, NOW, lay_out

LEFT_BLANK: Mapping[str, Mapping[str, object]] = {  # what could not be read there, and is asked
    "column of sex missing": {"sex": ""},
    "error cells": {"symptoms": ""},
}
CODES = {what: f"2132010{place:03d}" for place, what in enumerate(CASES, start=100)}
GOOD = tuple(f"2132010{place:03d}" for place in range(900, 910))


@dataclass(frozen=True)
class Answered:
    """What became of one file, and the receipt its sender reads."""

    file: File
    arrival: Arrival
    settled: Settled
    receipt: str


@dataclass(frozen=True)
class Done:
    site: Site
    cases: Mapping[str, Dropped]
    answers: Mapping[str, list[Answered]]
    stuck: list[str]

    def kept(self) -> list[Path]:
        """The archived bytes of every submission."""
        return [self.site.root / path for path in Submission.objects.values_list("path", flat=True)]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, prepared_db: Path) -> Iterator[Done]:
    """All cases dropped, drained and answered."""
    site = lay_out(tmp_path_factory.mktemp("bad"), prepared_db)
    database.open(site)
    _register([*CODES.values(), *GOOD])
    cases = {what: case(CODES[what]) for what, case in CASES.items()}
    for code in GOOD:
        cases[f"good {code}"] = Dropped((File(good(code, FIRST, SECOND), "accepted", rows=2),), (FIRST, SECOND))
    folders = {what: f"{CODES.get(what, what[-10:])} {name_of(CODES.get(what, what))}" for what in cases}
    for what in sorted(cases, key=lambda what: folders[what][::-1]):  # the good ones lie between
        for place, file in enumerate(cases[what].files):
            _drop(site.inbox / folders[what] / str(place), file)
    os.mkfifo(site.inbox / "fifo.xlsx")
    (site.inbox / "link.xlsx").symlink_to("/dev/zero")
    (site.inbox / "x.xlsx").mkdir()
    outcomes: list[tuple[Arrival, Settled]] = []

    with Pool(2) as readers:
        cycle = run.drain(site, readers, lambda: NOW, observe=lambda a, s: outcomes.append((a, s)))
    answers = _answers(site, cases, folders, outcomes)
    yield Done(site, cases, answers, sorted(Path(one.path).name for one in cycle.stuck))
    database.close()


def _register(codes: list[str]) -> None:
    Unit.objects.bulk_create(
        Unit(code=code, kind="school", division_id=COUNTY, name=name_of(code), stages="小学") for code in codes
    )
    Campus.objects.bulk_create(Campus(school_id=code, name=campus) for code in codes for campus in ("本部", "东校区"))
    SchoolClass.objects.bulk_create(
        SchoolClass(
            school_id=code,
            school_year=2026,
            campus=campus,
            key=key,
            name=said,
            stage="小学",
            roll=None if code == CODES[NO_ROLL] else roll,
        )
        for code in codes
        for campus in ("本部", "东校区")
        for key, (said, roll) in CLASSES.items()
    )


def _drop(folder: Path, file: File) -> None:
    folder.mkdir(parents=True)
    (folder / file.name).write_bytes(file.content)


def _answers(
    site: Site, cases: Mapping[str, Dropped], folders: Mapping[str, str], outcomes: list[tuple[Arrival, Settled]]
) -> dict[str, list[Answered]]:
    lying = status.receipts([settled.seq for _, settled in outcomes])
    by_folder = {arrival.folder: (arrival, settled) for arrival, settled in outcomes}
    answers = defaultdict(list)
    for what, dropped in cases.items():
        for place, file in enumerate(dropped.files):
            arrival, settled = by_folder[f"{folders[what]}/{place}"]
            receipt = (site.root / lying[settled.seq]).read_text("utf-8-sig")
            answers[what].append(Answered(file, arrival, settled, receipt))
    return answers


# --------------------------------------------------------------------------- claims


@pytest.mark.parametrize("what", CASES)
def test_each_file_ends_in_its_one_named_outcome(what: str, done: Done) -> None:
    for one in done.answers[what]:
        codes = [issue.code for issue in one.settled.issues]
        assert (one.settled.state.value, codes) == (one.file.state, codes)
        assert not one.file.issue or one.file.issue in codes, codes
        if one.file.rows is not None:
            assert one.settled.accepted + one.settled.refused == one.file.rows


@pytest.mark.parametrize("what", CASES)
def test_what_stands_is_what_was_typed(what: str, done: Done) -> None:
    code = CODES[what]
    standing = Absence.objects.filter(school=code)
    names = dict(Pupil.objects.filter(school=code).values_list("code", "name"))
    assert sorted(names[row.pupil] for row in standing) == sorted(done.cases[what].stands)
    left_blank = LEFT_BLANK.get(what, {})
    for row in standing:
        right = {"class_key": "三3", "sex": "1", "reason": "ill", "symptoms": "S01", "temperature": Decimal("38.5")}
        assert {name: getattr(row, name) for name in right} in ({**right, **left_blank}, right)
        assert row.start == row.day


@pytest.mark.parametrize("what", CASES)
def test_a_tired_clerk_is_told_what_happened_and_what_to_do(what: str, done: Done) -> None:
    for one in done.answers[what]:
        lines = one.receipt.splitlines()
        assert lines[0].startswith("已收到 · ")
        assert one.file.says in one.receipt
        assert len(lines) <= 24, "nobody reads further"
        assert not re.search(r"\{|\bNone\b|收到的是“”|“”|[a-z]+-[a-z]+-", one.receipt.replace(one.file.name, ""))
        if one.file.state in {"rejected", "quarantined", "held"}:
            assert re.search(r"^1\. .*(请|重发)", one.receipt, re.MULTILINE), "it says what to do"
        if one.file.state != "accepted":
            assert "无需再发" not in lines[0] or one.file.state == "duplicate"
        if one.file.state in {"rejected", "quarantined"}:
            assert "已照收" not in one.receipt
            assert "已代为规范" not in one.receipt


@pytest.mark.parametrize("what", CASES)
def test_a_receipt_can_be_told_by_its_file_and_school(what: str, done: Done) -> None:
    for one in done.answers[what]:
        shown = "".join(sign if sign.isprintable() else " " for sign in one.file.name)
        assert f"文件：{shown}" in one.receipt.splitlines()
        assert name_of(CODES[what]) in one.receipt


def test_every_file_is_answered_once_and_kept(done: Done) -> None:
    dropped = [file for case in done.cases.values() for file in case.files]
    assert sum(journal.counts().values()) == len(dropped)
    assert journal.counts()["failed"] == journal.counts()["received"] == 0
    assert Letter.objects.filter(kind="receipt", state="done").count() == len(dropped)
    kept = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in done.kept())
    assert kept == sorted(hashlib.sha256(file.content).hexdigest() for file in dropped)


def test_good_files_between_bad_ones_are_taken(done: Done) -> None:
    for code in GOOD:
        (one,) = done.answers[f"good {code}"]
        assert (one.settled.state.value, one.settled.accepted) == ("accepted", 2)
        first, _, _ = one.receipt.partition("\n")  # of a school of two campuses the other is still to come
        assert first.startswith(("已收到 · 按时 · 无需再发", "已收到 · 按时 · 本校区无需再发"))


def test_what_is_no_file_stays_and_is_said(done: Done) -> None:
    assert done.stuck == ["fifo.xlsx", "link.xlsx"]
    left = [path for path in done.site.inbox.rglob("*") if not path.is_dir() and ".work" not in path.parts]
    assert sorted(path.name for path in left) == done.stuck


def test_only_rows_that_went_back_are_in_the_return_workbook(done: Done) -> None:
    """Read as our own form is read: every row of it bears a ticket, and none that stands is in it."""
    partial = [(what, one) for what, (one, *_) in done.answers.items() if one.file.state == "partial"]
    refused = [one for one, *_ in done.answers.values() if one.file.state == "rejected"]
    whole = [one for one in refused if "《退回修正表" in one.receipt]
    books = list((done.site.outbox / "学校").rglob("退回修正表*.xlsx"))
    assert (len(partial), len(whole), len(books)) == (4, 2, 6)
    for what, one in partial:
        (path,) = (done.site.outbox / "学校").rglob(f"退回修正表*{one.settled.seq:06d}.xlsx")
        rows = take(path.read_bytes()).tables["rows"]
        assert len(rows) == one.settled.refused
        assert all(row.ticket for row in rows)
        assert {str(row.values[1]) for row in rows}.isdisjoint(done.cases[what].stands)
