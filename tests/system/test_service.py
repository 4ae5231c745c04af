"""Coordinators as processes: one at a time, killed at any moment, and `watch` as a service."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pipeline import database, run
from pipeline.errors import TemporaryError
from pipeline.inbox.folder import Folder
from pipeline.model import Arrival, Settled, Site
from pipeline.service import watch
from pipeline.service.watch import Service, _Bell
from tests.inprocess import InProcess
from tests.sites import NOW, Desk, lay_out, pupil
from tests.system.posting import check_disk, drop, dropped, receipts, state_of, work

FIRST, SECOND = "2132010001", "2132010002"


# --------------------------------------------------------------------------- two at once, and kill −9


def test_a_second_coordinator_is_told_and_the_first_goes_on(site: Site) -> None:
    with InProcess() as readers, run.Coordinator(site, readers, lambda: NOW):
        assert run.is_held(site)
        with pytest.raises(run.Busy):
            run.drain(site, readers, lambda: NOW)
    assert not run.is_held(site)


CHILD = """
import sys
from datetime import datetime
from pathlib import Path
from pipeline import database
from tests.inprocess import InProcess
from pipeline.model import Policy, Site
site = Site(Path(sys.argv[1]), "sqlite:///store.db", sys.argv[2].encode(), Policy(stable_seconds=0, batch=3))
database.open(site)
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
def test_kill_nine_at_random_moments_loses_and_doubles_nothing(tmp_path: Path, prepared_db: Path, desk: Desk) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    files = dropped(desk)
    site = lay_out(tmp_path, prepared_db)
    database.open(site)
    drop(site, files)
    work(site)
    expected = state_of(site)
    for _ in range(2):
        database.close()
        site = lay_out(tmp_path, prepared_db)
        drop(site, files)
        for _ in range(2):
            process = child(site)
            assert process.stdin is not None
            process.stdin.write(b"\n")
            process.stdin.flush()
            time.sleep(chance.uniform(0.0, 0.8))
            process.kill()
            process.communicate()
        database.open(site)
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
def test_the_service_answers_and_ends_when_told(tmp_path: Path, prepared_db: Path, desk: Desk) -> None:
    site = lay_out(tmp_path, prepared_db)
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


def helpers(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes below the service: the server of readers, the readers, whatever draws."""
    found, parents = [], {process.pid}
    below = {int(stat.parent.name): int(stat.read_text().rpartition(")")[2].split()[1]) for stat in stats()}
    while parents:
        parents = {pid for pid, parent in below.items() if parent in parents}
        found += sorted(parents)
    return found


def stats() -> Iterator[Path]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            stat.read_bytes()
            yield stat


@pytest.mark.slow
def test_a_service_whose_helpers_are_killed_goes_on(tmp_path: Path, prepared_db: Path, desk: Desk) -> None:
    site = lay_out(tmp_path, prepared_db)
    with serving(site) as process:
        lay_in(site, "0.xlsx", desk.absence(FIRST))
        soon(lambda: len(receipts(site)) == 1)
        killed = 0
        while killed < len(helpers(process)):
            os.kill(helpers(process)[killed], signal.SIGKILL)
            killed += 1
            lay_in(site, f"{killed}.xlsx", desk.absence(SECOND, [pupil(killed)]))
            soon(lambda: len(receipts(site)) == killed + 1)  # noqa: B023  # asked in this round
        assert killed >= 3, "a server, and its readers"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert not helpers(process)


@pytest.mark.slow
def test_a_service_over_very_many_folders_is_idle(tmp_path: Path, prepared_db: Path, desk: Desk) -> None:
    site = lay_out(tmp_path, prepared_db)
    for n in range(9_000):  # more than half of the events that the kernel keeps
        (site.inbox / f"{3_201_060_000 + n}").mkdir()
    with serving(site) as process:
        lay_in(site, "a.xlsx", desk.absence(FIRST))
        soon(lambda: len(receipts(site)) == 1)
        before = cpu_seconds(process.pid)
        time.sleep(10)
        assert cpu_seconds(process.pid) - before < 5, "ten looks of a tenth of a second"


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_fault_of_ours_that_does_not_pass_ends_the_service(
    site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr(Folder, "collect", fail)
    monkeypatch.setattr(watch, "FIRST_PAUSE", 0.01)
    with InProcess() as readers, pytest.raises(KeyError):
        Service(site, readers, lambda: NOW).serve()


def test_a_fault_that_may_pass_and_does_not_ends_the_service_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(watch, "LOUD_SECONDS", 0.05)
    monkeypatch.setattr(watch, "GIVE_UP_SECONDS", 0.2)
    site.inbox.rmdir()  # its mount is gone
    with capture_logs() as said, InProcess() as readers, pytest.raises(TemporaryError):
        Service(site, readers, lambda: NOW).serve()
    told = [line["log_level"] for line in said if line["event"] == "turn_failed"]
    assert (told[0], told[-1]) == ("warning", "critical")


def test_systemd_is_told_of_a_service_that_works_and_status_of_its_last_look(
    site: Site, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard, InProcess() as readers:
        heard.bind(str(address))
        heard.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(address))
        service = Service(site, readers, lambda: NOW)
        with service.coordinator:
            drop(site, {"a.xlsx": desk.absence(FIRST)})
            service._turn(0.0)
            assert [heard.recv(99) for _ in range(2)] == [b"WATCHDOG=1"] * 2, "a submission settled, and the look done"
            first = run.last_cycle(site)
            monkeypatch.setattr(Folder, "collect", lambda *_: 1 / 0)
            service._turn(0.0)
            heard.setblocking(False)
            with pytest.raises(BlockingIOError):
                heard.recv(99)
    assert first is not None
    assert run.last_cycle(site) == first, "a look that fails is none"


def test_a_bell_rung_by_a_signal_wakes_its_waiter() -> None:
    bell = _Bell()
    threading.Timer(0.05, lambda: [bell.ring() for _ in range(100_000)]).start()
    start = time.monotonic()
    bell.wait(30)
    assert time.monotonic() - start < 10


def observed(site: Site) -> list[tuple[Arrival, Settled]]:
    found: list[tuple[Arrival, Settled]] = []
    with InProcess() as readers:
        run.drain(site, readers, lambda: NOW, observe=lambda arrival, settled: found.append((arrival, settled)))
    return found


def test_whoever_asked_is_told_of_every_outcome(site: Site, desk: Desk) -> None:
    drop(site, dropped(desk))
    found = observed(site)
    assert sorted(settled.state.value for _, settled in found) == ["accepted", "duplicate", "partial", "quarantined"]
    assert all(arrival.seq == settled.seq for arrival, settled in found)
