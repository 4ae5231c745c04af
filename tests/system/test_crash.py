"""Crash, error and power loss at every durable operation of a small real run: nothing lost, nothing merged twice.

P1 never lost · P2 merged once · P4 no half merge · P5 no file stops the line · P7 conservation · P10 resumes by
itself: each checked on the finished site, from disk and store alone. Recovery is the same code run again.
"""

import errno
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import store
from pipeline.errors import TemporaryError
from pipeline.executors import InProcess
from pipeline.inbox import archive
from pipeline.model import Site
from tests.faults import Counting, Crash, CrashAt, FailAt, PowerLoss, during
from tests.system.conftest import FOLDERS, NOW, Desk, lay_out, pupil

MOST_STEPS = 400


def dropped(desk: Desk) -> dict[str, bytes]:
    """What the clerks drop: a good file twice under two names, one with a bad row, one that is no workbook."""
    good = desk.absence("2132010001", [pupil(0), pupil(1)])
    return {
        "缺课日报.xlsx": good,
        "2132010001 示例第一小学/副本缺课日报(1).xlsx": good,
        "2132010002/b.xlsx": desk.absence("2132010002", [pupil(2), pupil(3, class_name=None)]),
        "c.xlsx": b"%PDF-1.7 nonsense",
    }


def drop(site: Site, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = site.inbox / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


def work(site: Site) -> None:
    from pipeline import run

    with InProcess() as readers:
        run.drain(site, readers, lambda: NOW)


def state_of(site: Site) -> dict[str, object]:
    """All that may differ between a run that was cut short and one that was not."""
    from pipeline.store.models import Absence, AbsencePast, Letter, Reject, Report, Submission, Todo

    return {
        "submissions": sorted(Submission.objects.values_list("sha256", "state", "unit", "accepted", "refused")),
        "absences": sorted(Absence.objects.values_list("school", "pupil", "row_state", "symptoms")),
        "past": AbsencePast.objects.count(),
        "rejects": sorted(Reject.objects.values_list("school", "row", "state")),
        "reports": sorted(Report.objects.values_list("school", "rows", "zero", "on_time")),
        "letters": sorted(Letter.objects.values_list("kind", "reader", "state")),
        "todo": sorted(Todo.objects.exclude(kind="figures").values_list("kind", "ref")),
        "papers": sorted(
            path.parent.relative_to(site.outbox).as_posix() + path.suffix
            for path in site.outbox.rglob("*")
            if path.is_file()
        ),
    }


def check_disk(site: Site, files: dict[str, bytes]) -> None:
    from pipeline.store import journal
    from pipeline.store.models import Submission

    kept = {row.received_seq: (site.root / row.path).read_bytes() for row in Submission.objects.all()}
    assert sorted(kept.values()) == sorted(files.values()), "P1: the archive has every dropped file's bytes, once"
    assert all(row.sha256 == hashlib.sha256(kept[row.received_seq]).hexdigest() for row in Submission.objects.all())
    assert sum(journal.counts().values()) == len(files), "P7: files in are outcomes out"
    lines = [line for path in site.archive.rglob("*.jsonl") for line in archive.read_journal(path)]
    assert sorted(int(str(line["seq"])) for line in lines) == sorted(kept)
    left = [path for area in ("inbox", "spool") for path in (site.root / area).rglob("*") if path.is_file()]
    assert left == [], "nothing is left behind in inbox or spool"
    assert not list(site.outbox.rglob("*~")), "no half-written paper is left"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, if there is one: what is durable is simulated here, and syncs only cost time."""
    shared = Path("/dev/shm")
    if not shared.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shared, prefix="queke-") as folder:
        yield Path(folder)
        store.close()


@pytest.fixture
def everywhere(memory: Path, database: Path, desk: Desk) -> Callable[[Callable[[int], Counting]], int]:
    """Run with a failing disk for n = 1, 2, … until a run completes; check every recovery. Returns the last n."""
    files = dropped(desk)

    def clean() -> dict[str, object]:
        site = lay_out(memory, database)
        store.open(site)
        drop(site, files)
        work(site)
        check_disk(site, files)
        return state_of(site)

    def try_all(disk_of: Callable[[int], Counting]) -> int:
        expected = clean()
        for n in range(1, MOST_STEPS):
            store.close()
            site = lay_out(memory, database)
            store.open(site)
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
        store.close()


@pytest.mark.slow
def test_a_crash_at_any_operation(everywhere: Callable[[Callable[[int], Counting]], int]) -> None:
    assert everywhere(CrashAt) > 30


@pytest.mark.slow
def test_a_full_disk_at_any_operation(everywhere: Callable[[Callable[[int], Counting]], int]) -> None:
    everywhere(lambda n: FailAt(n, errno.ENOSPC))


@pytest.mark.slow
def test_a_power_loss_at_any_operation(everywhere: Callable[[Callable[[int], Counting]], int], tmp_path: Path) -> None:
    everywhere(lambda n: PowerLoss(n, tmp_path, FOLDERS))
