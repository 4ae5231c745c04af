"""What the first release is shown by: a clerk with LibreOffice, a running `queke watch`, and the bureau's paper.

A template is filled with three good and two bad rows and dropped: receipt and return workbook come. Mended in the
return workbook, or sent again whole, it leaves the store, and the digest, of a file that was right at first.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdf
import pytest

from pipeline import cli, config, database
from pipeline.database.models import Absence, Pupil, Reject, Report, ReportClass, SchoolClass
from tests import build
from tests.build import COUNTY, DAY, NOW, SCHOOL
from tools.programs import office_python

SECONDS = 60  # a bound for a crowded machine; what was measured is printed

Texts = Mapping[str, str]  # by the beginning of the column's header
Clerk = Callable[..., Path]

PUPILS = SCHOOL.rooms[0].pupils[:5]
RIGHT: dict[int, Texts] = {
    n: {
        "班级": SCHOOL.rooms[0].name,
        "姓名": name,
        "性别": sex,
        "缺课原因": "因病",
        "起始日": str(DAY),
        "症状1": "发热",
    }
    for n, (name, sex) in enumerate(PUPILS, 1)
}
NAMELESS, CLASSLESS = 2, 4  # the two bad rows
WRONG = {
    **RIGHT,
    NAMELESS: {header: text for header, text in RIGHT[NAMELESS].items() if header != "姓名"},
    CLASSLESS: {header: text for header, text in RIGHT[CLASSLESS].items() if header != "班级"},
}
MENDED = {"姓名": RIGHT[NAMELESS]["姓名"]}, {"班级": RIGHT[CLASSLESS]["班级"]}


@pytest.fixture(scope="module")
def clerk() -> Iterator[Clerk]:
    """Open a workbook in LibreOffice, type into it, and save it; one LibreOffice for all."""
    command = [office_python(), Path(__file__).with_name("clerk.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as office:
        assert office.stdin
        assert office.stdout

        def typed(opened: Path, saved: Path, rows: Mapping[int, Texts], fields: Texts | None = None) -> Path:
            job = {"open": str(opened), "save": str(saved), "rows": rows, "fields": fields or {}}
            office.stdin.write(json.dumps(job) + "\n")
            office.stdin.flush()
            assert office.stdout.readline() == "done\n"
            return saved

        yield typed
        office.stdin.close()
        office.wait(30)


@dataclass(frozen=True)
class Served:
    """A site with `queke watch` running, on a clock that began at NOW."""

    root: Path

    def drop(self, path: Path, name: str, *answers: str) -> list[Path]:
        """Drop a file as a copier does; wait for the answers to the school that match these patterns."""
        known = {path for pattern in answers for path in self.answers(pattern)}
        shutil.copyfile(path, self.root / "inbox" / name)
        began = time.monotonic()
        new = wait_for(lambda: [set(self.answers(pattern)) - known for pattern in answers])
        print(f"{', '.join(answers)}: answered in {time.monotonic() - began:.1f} s")
        return [min(paths) for paths in new]

    def answers(self, pattern: str) -> list[Path]:
        return sorted(self.root.glob(f"outbox/学校/*{SCHOOL.code}/{DAY}/{pattern}"))


def wait_for(look: Callable[[], Any]) -> Any:
    """Return what is seen as soon as it, or all of a list, is there."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        seen = look()
        if all(seen) if isinstance(seen, list) else seen:
            return seen
        time.sleep(0.05)
    raise AssertionError(f"not within {SECONDS} s")


def environment() -> dict[str, str]:
    return os.environ | {"QUEKE_NOW": NOW, "QUEKE_INTAKE__WORKERS": "1"}


@contextmanager
def at(moment: str) -> Iterator[None]:
    """Commands of this process begin their clock then."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUEKE_NOW", moment)
        yield


@contextmanager
def watched(root: Path) -> Iterator[Served]:
    log = root.parent / f"{root.name}.log"
    command = [sys.executable, "-m", "pipeline", "--site", root, "watch"]
    with log.open("w") as said, subprocess.Popen(command, env=environment(), stderr=said) as service:
        try:
            wait_for(lambda: "watching" in log.read_text())
            yield Served(root)
        finally:
            service.terminate()
            assert service.wait(60) == 0, log.read_text()


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose county has sent its roster."""
    root = tmp_path_factory.mktemp("shown") / "site"
    assert cli.run(["init", str(root)]) == 0
    site = config.load(root)
    database.open(site)
    roster = root.parent / "名册.xlsx"
    roster.write_bytes(build.Shelf(site, build.schools()).roster(COUNTY, DAY))
    assert cli.run(["--site", str(root), "units", "import", str(roster)]) == 0
    database.close()
    return root


@dataclass(frozen=True)
class Outcome:
    """What is left of a day, however it came about."""

    tables: dict[str, list[tuple[object, ...]]]
    ill: int
    roll: int
    open_tickets: int
    digest: str


BOOKKEEPING = {"id", "from_settled", "origin", "current_seq", "seqs", "first_seen"}  # how and when, not what


def outcome(root: Path, digest: str) -> Outcome:
    database.open(config.load(root))

    tables = {}
    for model in (Absence, Report, ReportClass, Pupil):
        names = [field.name for field in model._meta.fields if field.name not in BOOKKEEPING]
        tables[model.__name__] = sorted(model.objects.values_list(*names), key=repr)
    ill = Absence.objects.filter(day=DAY, reason="ill").count()
    roll = sum(SchoolClass.objects.filter(school=SCHOOL.code).values_list("roll", flat=True))
    left = Reject.objects.filter(state="open").count()
    database.close()
    return Outcome(tables, ill, roll, left, digest)


def digest_text(root: Path) -> str:
    """The county's digest of the day as `queke digest` makes it an hour later, as text."""
    with at("2026-11-20T15:15"):
        assert cli.run(["--site", str(root), "digest", "--day", str(DAY), "--division", COUNTY.code]) == 0
    (path,) = root.glob(f"outbox/县*/*{COUNTY.code}/{DAY}/*简报*.pdf")
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)


@pytest.fixture(scope="module")
def outcomes(registered: Path, clerk: Clerk) -> dict[str, Outcome]:
    """The day's outcome when the first file is right, when its return workbook is mended, when it is sent again."""
    folder = registered.parent
    template = folder / "模板.xlsx"
    command = ["--site", str(registered), "template", "absence", "--unit", SCHOOL.code, "--day", str(DAY)]
    assert cli.run([*command, "-o", str(template)]) == 0
    database.close()
    said = {"填报人": SCHOOL.reporter}
    right = clerk(template, folder / "right.xlsx", RIGHT, said)
    wrong = clerk(template, folder / "wrong.xlsx", WRONG, said)
    corrected = clerk(wrong, folder / "corrected.xlsx", {NAMELESS: MENDED[0], CLASSLESS: MENDED[1]})
    with at(NOW):
        root = Path(shutil.copytree(registered, folder / "right first"))
        assert cli.run(["--site", str(root), "ingest", str(right)]) == 0
        found = {"right first": outcome(root, digest_text(root))}
    for way in ("return workbook", "whole sheet"):
        root = Path(shutil.copytree(registered, folder / way))
        with watched(root) as served:
            receipt, back = served.drop(wrong, "缺课日报.xlsx", "回执*", "退回修正表*.xlsx")
            assert "2" in first_line(receipt)
            mended = clerk(back, folder / back.name, dict(enumerate(MENDED, 1)))
            (receipt,) = served.drop(mended if way == "return workbook" else corrected, mended.name, "回执*")
            assert first_line(receipt).startswith("已收到"), first_line(receipt)
        found[way] = outcome(root, "" if way == "whole sheet" else digest_text(root))
    return found


def first_line(receipt: Path) -> str:
    return receipt.read_text("utf-8-sig").splitlines()[0]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["return workbook", "whole sheet"])
def test_what_was_mended_stands_as_if_it_had_been_right_at_first(outcomes: dict[str, Outcome], way: str) -> None:
    right, mended = outcomes["right first"], outcomes[way]
    assert len(right.tables["Absence"]) == len(PUPILS)
    assert mended.tables == right.tables
    assert mended.open_tickets == 0


@pytest.mark.slow
def test_the_digest_shows_the_figures_and_they_add_up(outcomes: dict[str, Outcome]) -> None:
    right = outcomes["right first"]
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", right.digest))
    assert right.ill == len(PUPILS)
    assert f"因病缺课{right.ill}人次,因病缺课率{right.ill / right.roll:.2%}" in text
    assert re.search(rf"\b{right.ill}人日.{{0,20}}应到{right.roll}人", text)
    known, due, not_due = numbers(r"在册(\d+)所?=应报(\d+)\+不需报(\d+)", text)
    in_time, late, silent, excused = numbers(r"应报=按时(\d+)\+迟报(\d+)\+未报(\d+)\+免报(\d+)", text)
    schools = sum(school.county == COUNTY.code for school in build.schools())
    assert (known, in_time, late) == (schools, 1, 0)
    assert known == due + not_due
    assert due == in_time + late + silent + excused
    assert f"应报{due}所" in text
    assert f"按时{in_time}所" in text
    assert f"未报{silent}所" in text
    assert len(set(re.findall(r"100-0000-\d{4}", text))) == silent, "whom to telephone: each silent school is listed"


@pytest.mark.slow
def test_the_digest_is_the_same_however_the_figures_came_in(outcomes: dict[str, Outcome]) -> None:
    assert unsigned(outcomes["return workbook"].digest) == unsigned(outcomes["right first"].digest)


def numbers(pattern: str, text: str) -> tuple[int, ...]:
    found = re.search(pattern, text)
    assert found, pattern
    return tuple(map(int, found.groups()))


def unsigned(text: str) -> str:
    """Without what tells two sites apart: check sum, and how many files it took."""
    return re.sub(r"校验 \S+|第 \d+ 号", "", text)
