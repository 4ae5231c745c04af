"""Crash, error and power loss at every durable operation of a small real run: nothing lost, nothing merged twice.

P1 never lost · P2 merged once · P4 no half merge · P5 no file stops the line · P7 conservation · P10 resumes by
itself: each checked on the finished site, from disk and store alone. Recovery is the same code run again.
"""

import errno
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


@pytest.mark.slow
def test_a_full_disk_at_any_operation(everywhere: Callable[[Callable[[int], Counting]], int]) -> None:
    everywhere(lambda n: FailAt(n, errno.ENOSPC))


@pytest.mark.slow
def test_a_power_loss_at_any_operation(everywhere: Callable[[Callable[[int], Counting]], int], tmp_path: Path) -> None:
    everywhere(lambda n: PowerLoss(n, tmp_path, FOLDERS))
