"""The inbox folder and its archive: what is taken, when, in which order, and what a crash leaves."""

import errno
import fcntl
import io
import json
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from pipeline import durable, units
from pipeline.inbox import archive, scan
from pipeline.inbox.folder import (
    HELD_SECONDS,
    SHUN_SECONDS,
    TORN_SECONDS,
    WHOLE_SECONDS,
    Folder,
    batches,
    given,
    survey,
)
from pipeline.inbox.rights import Rights
from pipeline.inbox.scan import APART_SECONDS, OPEN_SECONDS, EmptyFolders, InboxFile, is_ignored, look
from pipeline.model import Arrival, Policy, Site
from pipeline.schooldays import ZONE
from tests.faults import Counting, Crash, CrashAt, PowerLoss, using


def now() -> datetime:
    return datetime.now(ZONE)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "spool").mkdir()
    (tmp_path / "archive").mkdir()
    return Site(root=tmp_path, database="sqlite:///store.db", key=b"k" * 32, policy=Policy(stable_seconds=0))


@pytest.fixture
def folder(site: Site) -> Iterator[Folder]:
    with Folder(site, now) as one:
        yield one


def drop(site: Site, name: str, content: bytes = b"PK") -> Path:
    path = site.inbox / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(content)
    return path


def numbered(arrivals: list[Arrival], first: int = 1) -> list[Arrival]:
    return [replace(arrival, seq=first + i) for i, arrival in enumerate(arrivals)]


def settled(site: Site, folder: Folder) -> list[Arrival]:
    """Take all, as run does, with a journal that always works."""
    arrivals = numbered(folder.collect(99))
    archive.write_journal(site, arrivals)
    folder.release(arrivals)
    archive.keep(site, arrivals)
    return arrivals


def test_a_file_ends_in_the_archive_and_the_inbox_is_empty(site: Site, folder: Folder) -> None:
    drop(site, "2132000001 示例小学/缺课日报.XLSX", b"bytes")
    (arrival,) = settled(site, folder)
    (kept,) = site.archive.rglob("*.xlsx")
    assert kept.read_bytes() == b"bytes"
    assert kept.name == f"1-{arrival.sha256[:12]}.xlsx"
    assert kept.stat().st_mode & 0o777 == 0o400
    assert archive.find(site, arrival) == kept
    assert (arrival.bound, arrival.name, arrival.channel) == ("2132000001", "缺课日报.XLSX", "folder")
    assert [p.name for p in site.inbox.rglob("*") if p.is_file()] == []
    assert list(site.spool.iterdir()) == []
    assert (site.inbox / "2132000001 示例小学").is_dir()


def test_a_spooled_file_is_its_owners_alone(site: Site, folder: Folder) -> None:
    drop(site, "a.xlsx")
    (arrival,) = folder.collect(9)
    assert arrival.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "name",
    ["~$a.xlsx", ".DS_Store", "Thumbs.db", "a.tmp", "a.xlsx.part", "a.crdownload", ".~lock.a.xlsx#", "desktop.ini",
     "a.xlsx.!sync", "a.xlsx.aliyundownload", ".a.xlsx.kate-swp", "a.xlsx.ffs_tmp", "a.xlsx.!qB", "#a.xlsx#", "4913",
     "a.xlsx.ut!", "._a.xlsx", ".~a.xlsx", ".sync_1.xlsx", ".a.xlsx.A1b2C3",
     ".syncthing.a.xlsx.tmp", "~syncthing~a.xlsx.tmp", "~WRL0003.tmp", "a.xlsx.baiduyun.p.downloading", "README.md",
     ".goutputstream-AB12QX", "a.xlsx~", "A1B2C300", "a.xlsx.sb-a1b2c3d4-Xy12Zq", "a.xlsx.filepart", "a.xlsx.xltd.cfg",
     "a.xlsx.bc!", "a.xlsx.dtapart", "sync.ffs_db", "5036", "a.xlsx.lock", "a.xlsx._tmp", "Thumbs.db:encryptable"],
)  # fmt: skip
def test_what_machines_leave_is_nobodys_submission(site: Site, folder: Folder, name: str) -> None:
    drop(site, name)
    assert folder.collect(9) == []
    assert folder.stuck == ()
    assert is_ignored(name)


@pytest.mark.parametrize("name", [".xlsx", ".缺课日报.xlsx", ".备案 000123.pdf", ".a.XLS"])
def test_a_workbook_with_a_hidden_name_is_not_taken_and_shown(site: Site, folder: Folder, name: str) -> None:
    drop(site, name)
    assert folder.collect(9) == []
    for stuck in (folder.stuck, survey(site)):
        assert [(Path(one.path).name, "去掉开头的点" in one.why) for one in stuck] == [(name, True)]


@pytest.mark.parametrize(
    "name",
    [
        "副本缺课日报(1).xlsx",
        "-rf.xlsx",
        "a\nb.xlsx",
        "😷.xlsx",
        "长" * 84 + ".xl",
        "缺课日报",
        "a.pdf",
        "tmp.xlsx",
        "download.xlsx",
    ],
)
def test_any_name_is_taken_as_it_is(site: Site, folder: Folder, name: str) -> None:
    drop(site, name)
    (arrival,) = settled(site, folder)
    assert arrival.name == name


def test_a_name_that_is_no_utf8_is_taken_and_shown_as_text(site: Site, folder: Folder) -> None:
    Path(os.fsdecode(os.fsencode(site.inbox) + b"/\xd0\xd5.xlsx")).write_bytes(b"x")
    (arrival,) = settled(site, folder)
    arrival.name.encode()
    assert arrival.name.endswith(".xlsx")


@pytest.mark.parametrize(
    ("name", "code"),
    [("320106 鼓楼区", "320106"), ("2132000001", "2132000001"), ("2132000001示例", "2132000001"),
     ("32010", ""), ("12345678901 x", ""), ("鼓楼区", ""), ("320106 区/2132000001 校", "320106")],
)  # fmt: skip
def test_a_sub_folder_binds_by_the_code_at_its_head(name: str, code: str) -> None:
    assert units.code_of_folder(name) == code


@pytest.mark.parametrize("name", ["$RECYCLE.BIN", "#recycle", "@eaDir", "lost+found", "System Volume Information"])
def test_what_was_thrown_away_is_not_taken_again(site: Site, folder: Folder, name: str) -> None:
    drop(site, f"{name}/缺课日报.xlsx")
    assert folder.collect(9) == []


@pytest.mark.parametrize(
    "name",
    ["20261120", "a (conflicted copy).xlsx", "a.sync-conflict-20261120-1.xlsx", "#1班.xlsx", "temp.xlsx", "备份.bak",
     "缺课日报.xlsx.lnk", "4913.xlsx", "ABCDEF12.xlsx"],
)  # fmt: skip
def test_what_may_be_somebodys_is_taken_and_answered(site: Site, folder: Folder, name: str) -> None:
    drop(site, name)
    assert [arrival.name for arrival in folder.collect(9)] == [name]


def test_only_regular_files_are_taken_and_the_rest_is_said(site: Site, folder: Folder) -> None:
    os.mkfifo(site.inbox / "fifo.xlsx")
    (site.inbox / "link.xlsx").symlink_to("/etc/hostname")
    drop(site, "a.xlsx")
    assert [arrival.name for arrival in folder.collect(9)] == ["a.xlsx"]
    assert sorted(Path(one.path).name for one in folder.stuck) == ["fifo.xlsx", "link.xlsx"]


def test_a_file_is_taken_when_it_has_not_changed_between_two_looks(site: Site) -> None:
    site = replace(site, policy=Policy(stable_seconds=1))
    ticks = [0.0]
    with Folder(site, now, ticks=lambda: ticks[0]) as folder:
        path = drop(site, "a.xlsx", b"half")
        assert folder.collect(9) == []
        ticks[0] = 0.9
        assert folder.collect(9) == []
        assert folder.waiting == 1
        path.write_bytes(b"whole")
        ticks[0] = 1.1
        assert folder.collect(9) == []
        ticks[0] = 2.2
        assert [a.size for a in folder.collect(9)] == [5]


def test_a_whole_workbook_that_nobody_has_open_waits_a_moment_only(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = [0.0]

    def taken_after(seconds: float, name: str, content: bytes) -> bool:
        drop(site, name, content)
        assert folder.collect(9) == []
        assert folder.look_again == pytest.approx(seconds)
        ticks[0] += seconds - 0.01
        assert folder.collect(9) == []
        ticks[0] += 0.02
        return [arrival.name for arrival in folder.collect(9)] == [name]

    with Folder(replace(site, policy=Policy(stable_seconds=1)), now, ticks=lambda: ticks[0], patient=True) as folder:
        assert taken_after(WHOLE_SECONDS, "a.xlsx", packed())
        assert taken_after(1, "a.csv", b"no list of parts tells that it is whole")
        refused = OSError(errno.EINVAL, "no leases")
        monkeypatch.setattr("pipeline.inbox.folder.fcntl.fcntl", lambda *_: raised(refused))
        assert taken_after(1, "b.xlsx", packed()), "who cannot tell whether it is being written waits"


def raised(error: OSError) -> None:
    raise error


def test_a_file_that_is_closed_and_appended_to_is_taken_whole(site: Site) -> None:
    ticks = [0.0]
    with Folder(replace(site, policy=Policy(stable_seconds=1)), now, ticks=lambda: ticks[0]) as folder:
        path = drop(site, "a.xlsx", b"")
        for _ in range(5):
            with path.open("ab") as file:
                file.write(b"piece")
            assert folder.collect(9) == []
            ticks[0] += 0.9
        ticks[0] += 0.2
        assert [arrival.size for arrival in folder.collect(9)] == [25]


def test_a_file_still_open_for_writing_waits(site: Site) -> None:
    ticks = [0.0]
    with Folder(site, now, ticks=lambda: ticks[0]) as folder, (site.inbox / "a.xlsx").open("wb") as writer:
        writer.write(b"half")
        writer.flush()
        assert folder.collect(9) == []
        writer.write(b" whole")
        writer.flush()
        writer.close()
        ticks[0] = 1
        assert [arrival.size for arrival in folder.collect(9)] == [10]


def test_a_file_written_to_after_it_was_copied_is_another_arrival(site: Site) -> None:
    ticks = [0.0]
    with Folder(site, now, ticks=lambda: ticks[0]) as folder:
        drop(site, "a.xlsx", b"half")
        (first,) = numbered(folder.collect(9))
        with next(site.inbox.rglob("0")).open("ab") as writer:  # its inode, wherever it is called by now
            writer.write(b" whole")
        folder.release([first])
        ticks[0] = 61
        (second,) = folder.collect(9)
    assert (first.size, second.size) == (4, 10)
    assert second.name == first.name


def test_a_file_whose_writer_stalled_and_went_on_is_taken_again_whole(site: Site) -> None:
    ticks = [0.0]
    with Folder(site, now, ticks=lambda: ticks[0]) as folder, (site.inbox / "a.xlsx").open("wb") as writer:
        writer.write(b"half")
        writer.flush()
        assert folder.collect(9) == []
        ticks[0] = HELD_SECONDS
        first = numbered(folder.collect(9))
        folder.release(first)  # taken, and nothing has changed: but somebody has it open
        assert folder.collect(9) == []
        writer.write(b" whole")
        writer.close()
        assert folder.collect(9) == []
        ticks[0] += SHUN_SECONDS
        second = numbered(folder.collect(9), first=2)
        folder.release(second)
        assert [arrival.size for arrival in (*first, *second)] == [4, 10]
        assert second[0].name == "a.xlsx"
        assert folder.collect(9) == []
    assert [path for path in site.inbox.rglob("*") if path.is_file()] == []


def test_a_source_that_is_closed_without_a_word_more_is_let_go_of(site: Site) -> None:
    ticks = [0.0]
    with Folder(site, now, ticks=lambda: ticks[0]) as folder:
        with (site.inbox / "a.xlsx").open("wb") as writer:
            writer.write(b"all of it")
            writer.flush()
            folder.collect(9)
            ticks[0] = HELD_SECONDS
            folder.release(numbered(folder.collect(9)))
            assert any(path.is_file() for path in site.inbox.rglob("0"))
            assert folder.recover(9) == []  # no orphan: it is looked after
        assert folder.collect(9) == []
        assert not any(path.is_file() for path in site.inbox.rglob("*"))


def test_a_source_that_grew_while_nobody_worked_is_taken_again_whole(site: Site) -> None:
    with Folder(site, now) as folder:
        drop(site, "a.xlsx", b"half")
        (first,) = numbered(folder.collect(9))  # journalled; the worker ends before it lets go of the source
    with next(site.inbox.rglob("0")).open("ab") as writer:
        writer.write(b" whole")
    ticks = [0.0]
    with Folder(site, now, ticks=lambda: ticks[0]) as folder:
        (again,) = folder.recover(9)
        assert again.claim == first.claim
        folder.release([first])  # the journal knows the claim
        ticks[0] = SHUN_SECONDS + 1
        assert [(one.size, one.claim != first.claim) for one in folder.collect(9)] == [(10, True)]


def packed() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
    return content.getvalue()


def test_a_workbook_whose_end_has_not_come_is_given_time_to_be_written_on(site: Site) -> None:
    ticks = [0.0]
    policy = Policy(stable_seconds=1)
    with Folder(replace(site, policy=policy), now, ticks=lambda: ticks[0], patient=True) as folder:
        torn, whole = drop(site, "a.xlsx", packed()[:-8]), drop(site, "b.xlsx", packed())
        folder.collect(9)
        ticks[0] = 1
        assert [arrival.name for arrival in folder.collect(9)] == ["b.xlsx"]
        assert not whole.exists()
        for _ in range(3):  # it is closed, and appended to, every half minute
            ticks[0] += 30
            assert folder.collect(9) == []
            torn.write_bytes(packed()[:-6])
        ticks[0] += 30
        assert folder.collect(9) == []
        torn.write_bytes(packed())
        folder.collect(9)
        ticks[0] += 1
        assert [arrival.size for arrival in folder.collect(9)] == [len(packed())]
        drop(site, "c.xlsx", packed()[:-8])
        folder.collect(9)
        ticks[0] += TORN_SECONDS
        assert [arrival.name for arrival in folder.collect(9)] == ["c.xlsx"]


def test_who_asks_for_all_that_lies_there_now_gets_torn_files_too(site: Site) -> None:
    ticks = [0.0]
    with Folder(replace(site, policy=Policy(stable_seconds=1)), now, ticks=lambda: ticks[0]) as folder:
        drop(site, "a.xlsx", packed()[:-8])
        folder.collect(9)
        ticks[0] = 1
        assert len(folder.collect(9)) == 1


def test_order_is_first_seen_then_the_kernels_time_then_name(site: Site, folder: Folder) -> None:
    for name in ("b.xlsx", "c.xlsx", "a.xlsx"):
        drop(site, name)
        time.sleep(0.01)
    os.utime(site.inbox / "c.xlsx", (0, 0))  # a copier may set the file's time: the kernel's cannot be set
    assert [arrival.name for arrival in folder.collect(9)] == ["b.xlsx", "a.xlsx", "c.xlsx"]


def test_a_service_that_stood_still_makes_nobody_late(site: Site) -> None:
    drop(site, "a.xlsx")
    time.sleep(0.05)
    with Folder(site, lambda: now() + timedelta(minutes=30)) as folder:
        (arrival,) = folder.collect(9)
    assert now() - arrival.first_seen < timedelta(minutes=1)


def test_a_feigned_clock_is_believed(site: Site) -> None:
    then = datetime(2027, 3, 1, 14, tzinfo=ZONE)
    drop(site, "a.xlsx")
    with Folder(site, lambda: then) as folder:
        assert [arrival.first_seen for arrival in folder.collect(9)] == [then]


def test_two_workers_take_each_file_once(site: Site) -> None:
    for n in range(40):
        drop(site, f"{n}.xlsx", b"%d" % n)
    with Folder(site, now) as one, Folder(site, now) as other:
        one._ready, other._ready = one.scan(), other.scan()
        taken = one.collect(15) + other.collect(30) + one.collect(30)
    assert len({arrival.sha256 for arrival in taken}) == len(taken) == 40


def test_a_living_workers_claims_are_left_alone_and_a_dead_ones_taken(site: Site) -> None:
    drop(site, "2132000001/a.xlsx", b"a")
    first = Folder(site, now)
    (arrival,) = first.collect(9)
    with Folder(site, now) as second:
        assert second.recover(9) == []
        fcntl.flock(first._desk._own.descriptor, fcntl.LOCK_UN)  # the worker dies
        (again,) = second.recover(9)
        assert (again.claim, again.sha256, again.bound, again.first_seen) == (
            arrival.claim, arrival.sha256, arrival.bound, arrival.first_seen,
        )  # fmt: skip
        second.release(numbered([again]))
        assert second.recover(9) == []
    first.close()
    assert list((site.inbox / ".work").iterdir()) == []


QUICKER = 200  # seconds of the test's clock in one
COARSE = 20_000_000  # ns: what a file system makes of times, in the test's clock some seconds


def seen(site: Site, empty: EmptyFolders | None = None) -> set[str]:
    found = look(site.inbox, Rights.of(site.inbox, site.policy), empty)
    return {Path(one.path).relative_to(site.inbox).as_posix() for one in found if isinstance(one, InboxFile)}


def test_a_look_that_leaves_empty_folders_unopened_finds_what_any_look_finds(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "_times", lambda of: (of.st_ino, of.st_mtime_ns // COARSE, of.st_ctime_ns // COARSE))
    random = Random(5)
    places = [f"{3201060000 + n}{below}" for n in range(4) for below in ("", "/下级")]
    for place in places:
        (site.inbox / place).mkdir(parents=True, exist_ok=True)
    empty = EmptyFolders()
    for turn in range(60):
        name = site.inbox / random.choice(places) / random.choice(["a.xlsx", ".DS_Store"])
        if name.exists():
            name.unlink()
        elif random.random() < 0.5:
            name.write_bytes(b"PK")
        elif others := sorted(site.inbox.rglob("a.xlsx")):
            others[0].rename(name)
        if turn % 3 == 0:
            time.sleep(1.2 * APART_SECONDS / QUICKER)
        empty.begin(time.monotonic() * QUICKER)
        assert seen(site, empty) == seen(site)


def test_folders_that_stay_empty_are_opened_seldom(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    (site.inbox / "3201060000").mkdir()
    drop(site, "3201060001/Thumbs.db")
    opened, scandir = list[str](), os.scandir
    monkeypatch.setattr(scan.os, "scandir", lambda path: opened.append(str(path)) or scandir(path))
    empty = EmptyFolders()

    def folders_opened(ticks: float) -> int:
        opened.clear()
        empty.begin(ticks)
        assert seen(site, empty) == set()
        return len(opened) - 1

    often = [0, APART_SECONDS - 1, APART_SECONDS, APART_SECONDS + 1, OPEN_SECONDS - 1]
    assert [folders_opened(ticks) for ticks in often] == [2, 2, 2, 0, 0]
    assert folders_opened(OPEN_SECONDS) == 2, "a file system may not note what comes into a folder"


def test_an_inbox_made_anew_is_worked_on(site: Site, folder: Folder) -> None:
    drop(site, "a.xlsx")
    settled(site, folder)
    for path in sorted(site.inbox.rglob("*"), reverse=True):
        path.rmdir()
    site.inbox.rmdir()
    with pytest.raises(FileNotFoundError):
        folder.collect(9)
    assert folder.recover(9) == []
    site.inbox.mkdir()
    assert folder.recover(9) == []
    drop(site, "b.xlsx")
    assert [arrival.name for arrival in folder.collect(9)] == ["b.xlsx"]


def test_an_empty_file_is_given_time_to_fill(site: Site) -> None:
    ticks = [0.0]
    with Folder(replace(site, policy=Policy(stable_seconds=1)), now, ticks=lambda: ticks[0]) as folder:
        drop(site, "a.xlsx", b"")
        os.utime(site.inbox / "a.xlsx", (0, 0))
        assert folder.collect(9) == []
        ticks[0] = 9
        assert folder.collect(9) == []
        ticks[0] = 10
        assert [arrival.size for arrival in folder.collect(9)] == [0]


def test_a_file_that_was_empty_for_long_is_taken_at_the_first_look(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(site, "a.xlsx", b"")
    changed = (site.inbox / "a.xlsx").stat().st_ctime
    monkeypatch.setattr("pipeline.inbox.folder.time.time", lambda: changed + 61)
    with Folder(replace(site, policy=Policy(stable_seconds=1)), now) as folder:
        assert [arrival.size for arrival in folder.collect(9)] == [0]


def test_files_named_by_a_person_are_copied_and_stay(site: Site, tmp_path: Path) -> None:
    (tmp_path / "heap").mkdir()
    for name in ("b.xlsx", "a.xlsx", "~$a.xlsx"):
        (tmp_path / "heap" / name).write_bytes(name.encode())
    (batch,) = batches(given(site, [tmp_path / "heap", tmp_path / "heap" / "b.xlsx"], now()), site, 9)
    assert [arrival.name for arrival in batch] == ["a.xlsx", "b.xlsx", "b.xlsx"]
    assert {arrival.channel for arrival in batch} == {"cli"}
    assert len(list((tmp_path / "heap").iterdir())) == 3


def test_the_journal_catches_up_with_what_it_lacks_alone(site: Site, folder: Folder) -> None:
    for n in range(3):
        drop(site, f"{n}.xlsx", b"%d" % n)
    arrivals = numbered(folder.collect(9))
    archive.write_journal(site, arrivals[:1])
    (journal,) = site.archive.rglob("journal.jsonl")
    with journal.open("a") as torn:
        torn.write('{"kind": "arrival", "seq": 2, "sha')
    archive.catch_up(site, arrivals)
    archive.catch_up(site, arrivals)
    lines = list(archive.read_journal(journal))
    assert [line["seq"] for line in lines] == [1, 2, 3]
    assert [line["sha256"] for line in lines] == [arrival.sha256 for arrival in arrivals]
    assert json.loads(journal.read_text().splitlines()[0])["first_seen"] == arrivals[0].first_seen.isoformat()


def test_the_spool_is_swept_of_what_nobody_speaks_of(site: Site, folder: Folder) -> None:
    drop(site, "a.xlsx")
    (arrival,) = folder.collect(9)
    (site.spool / "orphan.xlsx").write_bytes(b"x")
    assert archive.sweep(site, [arrival.path]) == 1
    assert [path.name for path in site.spool.iterdir()] == [arrival.path.name]


# ---- crashes at every operation of collect, journal, release, keep, with a journal as simple as a set


class Store:
    """A store as far as intake needs it: committed arrivals by claim."""

    def __init__(self) -> None:
        self.rows: dict[str, Arrival] = {}

    def receive(self, arrivals: list[Arrival]) -> list[Arrival]:
        unknown = [arrival for arrival in arrivals if arrival.claim not in self.rows]
        fresh = {arrival.claim: arrival for arrival in numbered(unknown, len(self.rows) + 1)}
        durable.sync_many((), ())  # the commit
        self.rows |= fresh
        return [self.rows[a.claim] for a in arrivals]


def a_run(site: Site, store: Store) -> None:
    with Folder(site, now) as folder:
        while arrivals := store.receive(folder.recover(2)):
            archive.catch_up(site, arrivals)
            folder.release(arrivals)
        while arrivals := store.receive(folder.collect(2)):
            archive.write_journal(site, arrivals)
            folder.release(arrivals)
        every = list(store.rows.values())
        archive.sweep(site, [arrival.path for arrival in every])
        archive.keep(site, every)


def crash_everywhere(site: Site, disk_of: Callable[[int], CrashAt]) -> None:
    contents = {b"one", b"two", b"three"}
    for n in range(1, 200):
        store = Store()
        for i, content in enumerate(sorted(contents)):
            drop(site, f"2132000001 甲/{i}.xlsx" if i else "0.xlsx", content)
        disk = disk_of(n)
        try:
            with using(disk):
                a_run(site, store)
            crashed = False
        except Crash:
            crashed = True
        if isinstance(disk, PowerLoss):
            disk.revert()
        a_run(site, store)
        a_run(site, store)
        kept = [path.read_bytes() for path in site.archive.rglob("*.xlsx")]
        assert sorted(kept) == sorted(contents), f"operation {n}: {disk.names[-1]}"
        assert len(store.rows) == 3, f"operation {n}: {disk.names[-1]}"
        (journal,) = site.archive.rglob("journal.jsonl")
        assert sorted(line["seq"] for line in archive.read_journal(journal)) == [1, 2, 3]
        assert not [path for path in (*site.inbox.rglob("*"), *site.spool.rglob("*")) if path.is_file()]
        for path in [path for path in site.archive.rglob("*") if path.is_file()]:
            path.unlink()
        if not crashed:
            return
    pytest.fail("the run never completed")


def test_a_crash_at_any_operation_loses_and_doubles_nothing(site: Site) -> None:
    crash_everywhere(site, CrashAt)


def test_a_power_loss_at_any_operation_loses_and_doubles_nothing(site: Site) -> None:
    crash_everywhere(site, lambda n: PowerLoss(n, site.root, ["inbox", "spool", "archive"]))


def test_the_run_is_long_enough_to_mean_something(site: Site) -> None:
    disk = Counting()
    for n in range(3):
        drop(site, f"{n}.xlsx", b"%d" % n)
    with using(disk):
        a_run(site, Store())
    assert disk.steps > 25
