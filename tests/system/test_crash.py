"""Crash, error and power loss at every durable operation of a small real run: nothing lost, nothing merged twice.

P1 never lost · P2 merged once · P4 no half merge · P5 no file stops the line · P7 conservation · P10 resumes by
itself: each checked on the finished site, from disk and store alone. Recovery is the same code run again.
"""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import database
from pipeline.errors import TemporaryError
from pipeline.model import Site
from tests.faults import Counting, Crash, CrashAt, FailAt, PowerLoss, during
from tests.sites import FOLDERS, Desk, lay_out
from tests.system.posting import check_disk, drop, dropped, state_of, work

MOST_STEPS = 400


@pytest.fixture
def everywhere(memory: Path, prepared_db: Path, desk: Desk) -> Callable[[Callable[[int], Counting]], int]:
    """Run with a failing disk for n = 1, 2, … until a run completes; check every recovery. Returns the last n."""
    files = dropped(desk)

    def clean() -> dict[str, object]:
        site = lay_out(memory, prepared_db)
        database.open(site)
        drop(site, files)
        work(site)
        check_disk(site, files)
        return state_of(site)

    def try_all(disk_of: Callable[[int], Counting]) -> int:
        expected = clean()
        for n in range(1, MOST_STEPS):
            database.close()
            site = lay_out(memory, prepared_db)
            database.open(site)
            drop(site, files)
            disk = disk_of(n)
            cut_short(site, disk)
            if disk.steps < n:
                return n
            work(site)
            check_disk(site, files)
            assert state_of(site) == expected, f"operation {n}: {disk.names[n - 1]}"
        pytest.fail("the run never completed")

    return try_all


def cut_short(site: Site, disk: Counting) -> None:
    """Work with that disk as far as it goes."""
    try:
        with during(disk):
            work(site)
    except (Crash, TemporaryError):
        if isinstance(disk, PowerLoss):
            disk.revert()
        database.close()


@pytest.mark.slow
def test_a_crash_at_any_operation(everywhere: Callable[[Callable[[int], Counting]], int]) -> None:
    assert everywhere(CrashAt) > 30


@pytest.fixture
def archive_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """spool/ and archive/ are on two file systems."""
    real = os.rename

    def rename(old: Path, new: Path) -> None:
        if Path(old).parent.name == "spool" and "archive" in Path(new).parts:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(old))
        real(old, new)

    monkeypatch.setattr(os, "rename", rename)


@pytest.mark.slow
@pytest.mark.usefixtures("archive_apart")
def test_a_crash_at_any_operation_where_the_archive_is_another_file_system(
    everywhere: Callable[[Callable[[int], Counting]], int],
) -> None:
    assert everywhere(CrashAt) > 40


@pytest.mark.usefixtures("archive_apart")
def test_an_archive_on_another_file_system_keeps_every_file_read_only(
    memory: Path, prepared_db: Path, desk: Desk
) -> None:
    site, files = lay_out(memory, prepared_db), dropped(desk)
    database.open(site)
    drop(site, files)
    work(site)
    check_disk(site, files)
    kept = [path for path in site.archive.rglob("*.xlsx") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o400}


@pytest.mark.slow
def test_a_full_disk_at_any_operation(everywhere: Callable[[Callable[[int], Counting]], int]) -> None:
    everywhere(lambda n: FailAt(n, errno.ENOSPC))


@pytest.mark.slow
def test_a_power_loss_at_any_operation(everywhere: Callable[[Callable[[int], Counting]], int], tmp_path: Path) -> None:
    everywhere(lambda n: PowerLoss(n, tmp_path, FOLDERS))
