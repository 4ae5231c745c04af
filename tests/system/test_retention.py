"""What is kept no longer goes, whole days at a time; a run cut short anywhere is run again, and ends the same."""

import os
import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import database, packs
from pipeline.database import audit, kept
from pipeline.database.models import Letter, Report, Submission
from pipeline.inbox import archive, packed
from pipeline.model import Site
from pipeline.outbox import packs as outbox_packs
from pipeline.run import agreement
from pipeline.run.lock import Busy, hold_site
from pipeline.service import growth, retain
from pipeline.settling.retention import DETAIL
from tests import whole_store
from tests.faults import Crash, CrashAt, during
from tests.sites import DAY, NOW, Desk, lay_out
from tests.system.posting import drop, dropped, work

LATER = NOW.replace(year=NOW.year + 5)
NEXT_SPRING = NOW.replace(year=NOW.year + 1, month=3)
STEP = 3  # every so many of the run's steps it is cut short


@pytest.fixture
def worked(memory: Path, prepared_db: Path, desk: Desk) -> Site:
    """A site that has settled and answered a few files."""
    site = lay_out(memory / "site", prepared_db)
    database.open(site)
    drop(site, dropped(desk))
    work(site)
    return site


@pytest.fixture(autouse=True)
def _folder(memory: Path) -> None:
    (memory / "site").mkdir()


def run(site: Site, now: datetime) -> None:
    retain.pack(site, now)
    retain.remove(site, retain.KINDS, "测试员", now)


def ends(site: Site) -> tuple[Mapping[str, list[str]], set[str]]:
    """What is left: rows but those of the audit, which tells of every try; and files."""
    rows = {table: found for table, found in whole_store.whole().items() if table not in ("audit", "counter")}
    loose = {
        path.relative_to(site.root).as_posix()
        for name in ("archive", "outbox", "spool")
        for path in (site.root / name).rglob("*")
        if path.is_file() and path.suffix not in (".gz", ".jsonl")
    }
    for pack in site.root.rglob("*.zip"):
        loose |= {f"{pack.name}:{name}" for name in packs.sizes(pack)}
    return rows, loose


@pytest.mark.parametrize("now", [LATER, NEXT_SPRING], ids=["removed", "packed"])
def test_a_run_that_is_cut_short_is_run_again_and_ends_the_same(worked: Site, memory: Path, now: datetime) -> None:
    database.close()
    shutil.copytree(worked.root, memory / "before")
    database.open(worked)
    run(worked, now)
    expected = ends(worked)
    for n in range(1, 1000, STEP):
        database.close()
        shutil.rmtree(worked.root)
        shutil.copytree(memory / "before", worked.root)
        database.open(worked)
        disk = CrashAt(n)
        try:
            with during(disk):
                run(worked, now)
        except Crash:
            database.close()
            database.open(worked)
            agreement.check(worked)
            assert audit.broken_at() is None
            run(worked, now)
        assert ends(worked) == expected, f"operation {n}: {disk.names[-1]}"
        assert audit.broken_at() is None
        agreement.check(worked)
        if disk.steps < n:
            return
    pytest.fail("the run never completed")


def test_a_dry_run_says_what_then_goes_and_changes_nothing(worked: Site) -> None:
    before = ends(worked)
    planned = retain.plan(worked, LATER)
    assert ends(worked) == before
    went = retain.remove(worked, retain.KINDS, "测试员", LATER)
    assert [(one.kind, one.rows, one.files, one.first) for one in went] == [
        (one.kind, one.rows + _names(one.kind), one.files, one.first) for one in planned
    ]
    assert [(one.rows, one.files) for one in retain.plan(worked, LATER)] == [(0, 0)] * len(retain.KINDS)


def _names(kind: str) -> int:
    """Names whose rows went are found when they have gone."""
    return 3 if kind == DETAIL else 0


def test_what_is_packed_is_read_as_before(worked: Site) -> None:
    rows = {row.received_seq: (worked.root / row.path) for row in Submission.objects.all()}
    content = {seq: path.read_bytes() for seq, path in rows.items()}
    letters = {
        path: (worked.root / path).read_bytes() for path in Letter.objects.values_list("path", flat=True) if path
    }
    retain.pack(worked, NEXT_SPRING)
    assert not any(path.exists() for path in rows.values())
    assert {seq: packed.read(path) for seq, path in rows.items()} == content
    for path, lay in letters.items():
        assert not (worked.root / path).exists()
        assert outbox_packs.read((worked.root / path).parent, Path(path).name) == lay
    for day in packed.days(worked.archive):
        assert (day / archive.JOURNAL).is_file(), "journals stay where they are"


def test_detail_is_gone_by_its_day_and_says_so(worked: Site) -> None:
    assert kept.since() == kept.ALL
    retain.remove(worked, [DETAIL], "测试员", LATER)
    assert kept.since() > DAY
    assert not Report.objects.exists()


def test_a_trail_names_the_pack(worked: Site) -> None:
    row = Submission.objects.get(received_seq=1)
    assert packed.where(worked.root, f"lies in {row.path}") == f"lies in {row.path}"
    retain.pack(worked, NEXT_SPRING)
    told = packed.where(worked.root, f"lies in {row.path}")
    assert told == f"lies in archive/packed/2026-11-workbooks.zip: {row.path.removeprefix('archive/')}"


def test_while_the_service_works_it_says_to_stop_it_and_removes_nothing(worked: Site) -> None:
    with hold_site(worked), pytest.raises(Busy, match="queke watch"):
        run(worked, LATER)
    assert Report.objects.exists()


def test_doctor_says_what_a_day_takes_and_for_how_many_such_days_there_is_room(
    worked: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    (none,) = growth.examine(worked, NOW)
    assert (none.grade, none.said) == ("ok", "no day is over yet")
    folders = [folder for folder in worked.root.rglob(DAY.isoformat()) if folder.is_dir()]
    files = [path for folder in folders for path in folder.iterdir()]
    size, room = sum(path.stat().st_size for path in files), os.statvfs(worked.root)
    tomorrow = NOW + timedelta(days=1)
    (said,) = growth.examine(worked, tomorrow)
    assert len(files) > len(folders) > 1
    assert said.grade == "ok"
    assert f"{DAY}: {len(files) + len(folders)} files and folders, {size / 2**20:.1f} MB" in said.said
    for few in ({"f_bavail": 39 * size // room.f_frsize}, {"f_favail": 39 * (len(files) + len(folders))}):
        shrunk = {name: getattr(room, name) for name in dir(room) if name.startswith("f_")} | few
        monkeypatch.setattr(growth.os, "statvfs", lambda _, shrunk=shrunk: SimpleNamespace(**shrunk))
        (said,) = growth.examine(worked, tomorrow)
        assert (said.grade, "such days: see `queke retain`" in said.said) == ("warning", True)
