"""Intake on real disks with real processes: hostile inboxes, full and read-only disks, faults of ours."""

import io
import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from django.db import connection

from pipeline import database, run
from pipeline.database import journal
from pipeline.database.models import Absence, Submission
from pipeline.errors import TemporaryError
from pipeline.executors import ReadJob
from pipeline.model import Arrival, Reading, ReadVerdict, Settled, Site, State
from pipeline.registry import lookup
from pipeline.run.read_queue import MANY_REFUSED
from tests.inprocess import InProcess
from tests.sites import COUNTY, NOW, Desk, lay_out, pupil
from tests.system.posting import check_disk, drop, dropped, receipts, state_of, work

FIRST, SECOND = "2132010001", "2132010002"


def states() -> Counter[str]:
    return Counter(Submission.objects.values_list("state", flat=True))


def text(path: Path) -> str:
    return path.read_text("utf-8-sig")


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
        database.close()
        subprocess.run(["umount", "--lazy", target], check=True)


# --------------------------------------------------------------------------- what may lie in an inbox


def test_what_is_no_file_stops_nothing_and_is_said(site: Site, desk: Desk) -> None:
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


def test_receipts_wait_for_no_heap_of_refused_files(site: Site, desk: Desk) -> None:
    refused = {f"a{n:02d}.xlsx": b"PK\x03\x04" + bytes([n]) * 99 for n in range(MANY_REFUSED)}
    drop(site, {**refused, "z.xlsx": desk.absence(FIRST, [pupil(0)])})
    order: list[tuple[State, int]] = []
    with InProcess() as readers:
        run.drain(site, readers, lambda: NOW, observe=lambda _, one: order.append((one.state, len(receipts(site)))))
    assert order[0] == (State.ACCEPTED, 0)
    assert order[1:] == [(State.QUARANTINED, 1)] * MANY_REFUSED  # its receipt lay there before


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


def test_the_return_workbooks_of_a_heap_lie_beside_its_summary_and_come_back_from_there(site: Site, desk: Desk) -> None:
    bad = [pupil(0), pupil(1, class_name=None)]
    drop(site, {f"{COUNTY} 鼓楼区/1.xlsx": desk.absence(FIRST, bad), f"{COUNTY} 鼓楼区/2.xlsx": desk.absence(SECOND)})
    drop(site, {f"{SECOND} 示例第二小学/3.xlsx": desk.absence(SECOND, bad, mode="整份更正")})
    work(site)
    work(site)
    (summary,) = site.outbox.rglob("收件汇总*.xlsx")
    (beside,) = summary.parent.glob("退回修正表*.xlsx")
    (own,) = (site.outbox / "学校").glob(f"*{FIRST}*/*/退回修正表*.xlsx")
    assert beside.read_bytes() == own.read_bytes()
    assert lookup.names([FIRST])[FIRST] in beside.name
    book = openpyxl.load_workbook(beside)
    sheet = book.worksheets[0]
    head = next(cell for row in sheet.iter_rows() for cell in row if str(cell.value).startswith("班级"))
    sheet.cell(head.row + 1, head.column).value = "三(3)班"
    content = io.BytesIO()
    book.save(content)
    drop(site, {f"{COUNTY} 鼓楼区/回.xlsx": content.getvalue()})
    work(site)
    assert Absence.objects.filter(school=FIRST).count() == 2


def test_an_old_version_sent_again_does_not_overwrite_the_new(site: Site, desk: Desk) -> None:
    old, new = (desk.absence(FIRST, rows, mode=mode) for rows, mode in (
        ([pupil(0), pupil(1)], "首次报送"), ([pupil(0), pupil(2)], "整份更正")))  # fmt: skip
    for content in (old, new, old):
        drop(site, {"缺课日报.xlsx": content})
        work(site)
    assert states() == {"accepted": 2, "held": 1}
    assert Absence.objects.count() == 2
    assert set(Absence.objects.values_list("origin", flat=True)) <= {"1:8", "2:8", "2:9", "1:9"}


def test_a_batch_of_many_is_as_many_batches_of_one(tmp_path: Path, prepared_db: Path, desk: Desk) -> None:
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
        site = lay_out(tmp_path, prepared_db)
        site = replace(site, policy=replace(site.policy, batch=size))
        database.open(site)
        for n, content in enumerate(versions):
            drop(site, {f"{n}.xlsx": content})
            time.sleep(0.02)  # the kernel's clock ticks: order is first seen
        work(site)
        found.append(state_of(site))
        database.close()
    assert found[0] == found[1]


# --------------------------------------------------------------------------- disks


def test_a_full_disk_stops_loudly_loses_nothing_and_resumes(tmp_path: Path, prepared_db: Path, desk: Desk) -> None:
    root = tmp_path / "small"
    root.mkdir()
    files = dropped(desk)
    with mounted("-t", "tmpfs", "-o", "size=6m", "tmpfs", root):
        site = lay_out(root, prepared_db)
        database.open(site)
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

    def read(self, jobs: Sequence[ReadJob]) -> Iterator[tuple[int, object]]:
        for job in jobs:
            yield job.seq, Poison()


class Poison:
    """A reading that ends the process of whoever looks at it."""

    content_sha = ""
    verdict = ReadVerdict.PARSED

    @property
    def claims(self) -> object:
        raise KeyboardInterrupt


def dying(site: Site) -> None:
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
