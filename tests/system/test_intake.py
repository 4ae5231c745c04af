"""Intake on real disks with real processes: hostile inboxes, full and read-only disks, kill −9, the service."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import store
from pipeline.errors import TemporaryError
from pipeline.executors import InProcess
from pipeline.model import Arrival, Reading, Settled, Site, State
from tests.system.conftest import COUNTY, NOW, Desk, lay_out, pupil
from tests.system.test_crash import check_disk, drop, dropped, state_of, work

FIRST, SECOND = "2132010001", "2132010002"


def states() -> Counter[str]:
    from pipeline.store.models import Submission

    return Counter(Submission.objects.values_list("state", flat=True))


def text(path: Path) -> str:
    return path.read_text("utf-8-sig")


def receipts(site: Site) -> list[Path]:
    return sorted(site.outbox.rglob("回执*.txt"))


@contextmanager
def mounted(*arguments: str | Path) -> Iterator[None]:
    """Mount something for the while, or skip: only root may."""
    target = arguments[-1]
    try:
        subprocess.run(["mount", *arguments], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may not mount; the same is shown by injected errors in test_crash")
    try:
        yield
    finally:
        store.close()
        subprocess.run(["umount", "--lazy", target], check=True)


# --------------------------------------------------------------------------- what may lie in an inbox


def test_what_is_no_file_stops_nothing_and_is_said(site: Site, desk: Desk) -> None:
    from pipeline import run

    os.mkfifo(site.inbox / "fifo.xlsx")
    (site.inbox / "link.xlsx").symlink_to("/dev/zero")
    (site.inbox / f"{FIRST} 空").mkdir()
    drop(site, {"a.xlsx": desk.absence(FIRST)})
    with InProcess() as readers:
        done = run.drain(site, readers, lambda: NOW)
    assert done.settled == {State.ACCEPTED: 1}
    assert sorted(Path(one.path).name for one in done.stuck) == ["fifo.xlsx", "link.xlsx"]
    assert (site.inbox / f"{FIRST} 空").is_dir()


def test_a_folder_that_is_another_units_sends_the_file_back(site: Site, desk: Desk) -> None:
    drop(site, {f"{SECOND} 示例第二小学/a.xlsx": desk.absence(FIRST, [pupil(0)])})
    work(site)
    assert states() == {"rejected": 1}
    assert not list((site.outbox / "学校").glob(f"*{FIRST}*"))


def test_a_county_gets_one_summary_of_its_heap_besides_the_receipts(site: Site, desk: Desk) -> None:
    files = {
        f"{COUNTY} 鼓楼区/1.xlsx": desk.absence(FIRST, [pupil(0)]),
        f"{COUNTY} 鼓楼区/2.xlsx": desk.absence(SECOND),
        f"{COUNTY} 鼓楼区/3.xlsx": b"%PDF-1.7",
    }
    drop(site, files)
    work(site)
    work(site)
    (summary,) = site.outbox.rglob("收件汇总*.xlsx")
    assert summary.parent.parent.name == f"鼓楼区 {COUNTY}"
    assert len(receipts(site)) == 3
    drop(site, {f"{COUNTY} 鼓楼区/4.xlsx": desk.absence(SECOND, [pupil(1)], mode="整份更正")})
    work(site)
    assert len(list(site.outbox.rglob("收件汇总*.xlsx"))) == 2


def test_an_old_version_sent_again_does_not_overwrite_the_new(site: Site, desk: Desk) -> None:
    from pipeline.store.models import Absence

    old, new = (desk.absence(FIRST, rows, mode=mode) for rows, mode in (
        ([pupil(0), pupil(1)], "首次报送"), ([pupil(0), pupil(2)], "整份更正")))  # fmt: skip
    for content in (old, new, old):
        drop(site, {"缺课日报.xlsx": content})
        work(site)
    assert states() == {"accepted": 2, "held": 1}
    assert Absence.objects.count() == 2
    assert set(Absence.objects.values_list("origin", flat=True)) <= {"1:8", "2:8", "2:9", "1:9"}


def test_a_batch_of_many_is_as_many_batches_of_one(tmp_path: Path, database: Path, desk: Desk) -> None:
    versions = [
        desk.absence(FIRST, [pupil(0), pupil(1)]),
        desk.absence(FIRST, [pupil(0)], mode="整份更正"),
        desk.absence(FIRST, [pupil(0), pupil(1)]),
        desk.absence(SECOND, [pupil(2), pupil(3, class_name=None)]),
        desk.absence(SECOND, [pupil(4)], mode="补充"),
        desk.absence(SECOND, [pupil(2)], day=NOW.date().replace(day=19)),
    ]
    found = []
    for size in (1, 100):
        site = lay_out(tmp_path, database)
        site = replace(site, policy=replace(site.policy, batch=size))
        store.open(site)
        for n, content in enumerate(versions):
            drop(site, {f"{n}.xlsx": content})
            time.sleep(0.02)  # the kernel's clock ticks: order is first seen
        work(site)
        found.append(state_of(site))
        store.close()
    assert found[0] == found[1]


# --------------------------------------------------------------------------- disks


def test_a_full_disk_stops_loudly_loses_nothing_and_resumes(tmp_path: Path, database: Path, desk: Desk) -> None:
    root = tmp_path / "small"
    root.mkdir()
    files = dropped(desk)
    with mounted("-t", "tmpfs", "-o", "size=6m", "tmpfs", root):
        site = lay_out(root, database)
        store.open(site)
        drop(site, files)
        ballast = root / "ballast"
        with ballast.open("wb", buffering=0) as heavy, suppress(OSError):
            while True:
                heavy.write(b"x" * 4096)
        with pytest.raises(TemporaryError):
            work(site)
        ballast.unlink()
        work(site)
        check_disk(site, files)
        assert states() == {"accepted": 1, "duplicate": 1, "partial": 1, "quarantined": 1}


def test_a_read_only_inbox_stops_loudly_and_resumes(site: Site, desk: Desk) -> None:
    files = dropped(desk)
    drop(site, files)
    with mounted("--bind", "-o", "ro", site.inbox, site.inbox), pytest.raises(TemporaryError):
        work(site)
    assert sum(states().values()) == 0
    work(site)
    check_disk(site, files)


def test_a_missing_inbox_stops_loudly_and_resumes(site: Site, desk: Desk) -> None:
    site.inbox.rename(site.root / "away")
    with pytest.raises(TemporaryError):
        work(site)
    (site.root / "away").rename(site.inbox)
    drop(site, {"a.xlsx": desk.absence(FIRST)})
    work(site)
    assert states() == {"accepted": 1}


# --------------------------------------------------------------------------- faults of ours


def test_a_lasting_fault_of_one_submission_sets_that_one_aside(
    site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column the store cannot take is as good a lasting fault as any: it is put in on purpose, below all checks."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TRIGGER cursed BEFORE INSERT ON absence WHEN NEW.school = '{SECOND}' "
            "BEGIN SELECT RAISE(ABORT, 'cursed'); END"
        )
    files = {"a.xlsx": desk.absence(FIRST, [pupil(0)]), "b.xlsx": desk.absence(SECOND, [pupil(1)])}
    drop(site, {**files, "c.xlsx": b"%PDF-1.7"})
    work(site)
    assert states() == {"accepted": 1, "failed": 1, "quarantined": 1}
    (told,) = [path for path in receipts(site) if "系统" in text(path)]
    assert "2132010002" not in told.as_posix() or "学校" in told.as_posix()


def test_a_file_that_kills_the_coordinator_is_set_aside_after_three(site: Site, desk: Desk) -> None:
    """The coordinator dies as soon as it has counted its attempt, whenever that one file is in the batch."""
    from pipeline.store import journal

    drop(site, {"a.xlsx": desk.absence(FIRST, [pupil(0)])})
    work(site)
    drop(site, {"killer.xlsx": desk.absence(SECOND, [pupil(1)])})
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            dying(site)
    work(site)
    assert states() == {"accepted": 1, "failed": 1}
    assert journal.pending(site) == []


class Dies:
    """Readers whose coordinator dies: as in the middle of work, after the attempt was counted."""

    def __enter__(self) -> "Dies":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def read(self, jobs: Sequence[tuple[int, Path]]) -> Iterator[tuple[int, object]]:
        for seq, _ in jobs:
            yield seq, Poison()


class Poison:
    """A reading that ends the process of whoever looks at it."""

    content_sha = ""

    @property
    def claims(self) -> object:
        raise KeyboardInterrupt


def dying(site: Site) -> None:
    from pipeline import run

    run.drain(site, Dies(), lambda: NOW)


class Slow(InProcess):
    """Readers that are kept busy by every file under 100 bytes until they are let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def read(self, jobs: Sequence[tuple[int, Path]]) -> Iterator[tuple[int, Reading]]:
        yield from super().read([job for job in jobs if job[1].stat().st_size >= 100])
        slow = [job for job in jobs if job[1].stat().st_size < 100]
        if slow:
            assert self.let_go.wait(60)
        yield from super().read(slow)


def test_a_file_that_holds_its_reader_delays_neither_its_batch_nor_what_comes_later(site: Site, desk: Desk) -> None:
    from pipeline import run

    order: list[str] = []
    drop(site, {"slow.xlsx": b"%PDF-1.7", "a.xlsx": desk.absence(FIRST)})
    with Slow() as readers:

        def observe(arrival: Arrival, settled: Settled) -> None:
            order.append(arrival.name)
            if settled.unit == FIRST:
                drop(site, {"later.xlsx": desk.absence(SECOND)})
            if settled.unit == SECOND:
                readers.let_go.set()

        run.drain(site, readers, lambda: NOW, observe=observe)
    assert order == ["a.xlsx", "later.xlsx", "slow.xlsx"]


# --------------------------------------------------------------------------- two at once, and kill −9


def test_a_second_coordinator_is_told_and_the_first_goes_on(site: Site) -> None:
    from pipeline import run

    with InProcess() as readers, run.Line(site, readers, lambda: NOW):
        assert run.is_held(site)
        with pytest.raises(run.Busy):
            run.drain(site, readers, lambda: NOW)
    assert not run.is_held(site)


CHILD = """
import sys
from datetime import datetime
from pathlib import Path
from pipeline import store
from pipeline.executors import InProcess
from pipeline.model import Policy, Site
site = Site(Path(sys.argv[1]), "sqlite:///store.db", sys.argv[2].encode(), Policy(stable_seconds=0, batch=3))
store.open(site)
from pipeline import run, validate
now = datetime.fromisoformat(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
with InProcess() as readers:
    run.drain(site, readers, lambda: now)
"""


def child(site: Site) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-c", CHILD, str(site.root), site.key.decode(), NOW.isoformat()]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd())
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.slow
def test_kill_nine_at_random_moments_loses_and_doubles_nothing(tmp_path: Path, database: Path, desk: Desk) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    files = dropped(desk)
    site = lay_out(tmp_path, database)
    store.open(site)
    drop(site, files)
    work(site)
    expected = state_of(site)
    for _ in range(2):
        store.close()
        site = lay_out(tmp_path, database)
        drop(site, files)
        for _ in range(2):
            process = child(site)
            assert process.stdin is not None
            process.stdin.write(b"\n")
            process.stdin.flush()
            time.sleep(chance.uniform(0.0, 0.8))
            process.kill()
            process.communicate()
        store.open(site)
        work(site)
        check_disk(site, files)
        assert state_of(site) == expected, f"seed {seed}"


# --------------------------------------------------------------------------- the service


@contextmanager
def serving(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """`queke watch` on the site, as a process of its own."""
    (site.root / "queke.toml").write_text('database = "sqlite:///store.db"\n[intake]\nscan_seconds = 1\n')
    (site.root / "queke.key").write_text(site.key.hex().ljust(64, "0")[:64])
    (site.root / "queke.key").chmod(0o600)
    environment = {**os.environ, "QUEKE_NOW": NOW.isoformat()}
    command = [sys.executable, "-m", "pipeline", "--site", str(site.root), "watch"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def soon(found: Callable[[], object], seconds: float = 60) -> float:
    """Wait until something is found; return after how long."""
    start = time.monotonic()
    while not found():
        assert time.monotonic() - start < seconds, "it never came"
        time.sleep(0.02)
    return time.monotonic() - start


def lay_in(site: Site, name: str, content: bytes) -> None:
    """Write as a slow copier does: beside, a part at a time, under its own name all the while."""
    with (site.inbox / name).open("wb") as file:
        for start in range(0, len(content), 8192):
            file.write(content[start : start + 8192])
            file.flush()
            time.sleep(0.01)


@pytest.mark.slow
def test_the_service_answers_and_ends_when_told(tmp_path: Path, database: Path, desk: Desk) -> None:
    site = lay_out(tmp_path, database)
    with serving(site) as process:
        lay_in(site, "early.xlsx", desk.absence(FIRST))
        soon(lambda: len(receipts(site)) == 1)  # it has started
        lay_in(site, "缺课日报.xlsx", desk.absence(SECOND, [pupil(0), pupil(1, class_name=None)]))
        took = soon(lambda: len(receipts(site)) == 2 and list(site.outbox.rglob("退回修正表*.xlsx")))
        assert took < 20, "the budget of 3 s in a quiet inbox is the bench's; this only sees that nobody sleeps"
        replaced = site.root / "inbox-away"
        site.inbox.rename(replaced)
        site.inbox.mkdir()
        lay_in(site, "later.xlsx", b"%PDF-1.7")
        soon(lambda: len(receipts(site)) == 3, 90)
        second = subprocess.run(
            [sys.executable, "-m", "pipeline", "--site", str(site.root), "ingest"], check=False, capture_output=True
        )
        assert b"watch" in second.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert not [path for path in site.inbox.rglob("*") if path.is_file()]


def test_a_bell_rung_by_a_signal_wakes_its_waiter() -> None:
    from pipeline.watch import _Bell

    bell = _Bell()
    threading.Timer(0.05, lambda: [bell.ring() for _ in range(100_000)]).start()
    start = time.monotonic()
    bell.wait(30)
    assert time.monotonic() - start < 10


def observed(site: Site) -> list[tuple[Arrival, Settled]]:
    from pipeline import run

    found: list[tuple[Arrival, Settled]] = []
    with InProcess() as readers:
        run.drain(site, readers, lambda: NOW, observe=lambda arrival, settled: found.append((arrival, settled)))
    return found


def test_whoever_asked_is_told_of_every_outcome(site: Site, desk: Desk) -> None:
    drop(site, dropped(desk))
    found = observed(site)
    assert sorted(settled.state.value for _, settled in found) == ["accepted", "duplicate", "partial", "quarantined"]
    assert all(arrival.seq == settled.seq for arrival, settled in found)
