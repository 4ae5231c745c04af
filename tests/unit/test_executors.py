"""Where workbooks are read: every job answered once, whatever a file does to its reader."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from multiprocessing import forkserver, get_context
from pathlib import Path
from threading import Thread

import pytest
from structlog.testing import capture_logs

from pipeline import executors
from pipeline.errors import TemporaryError
from pipeline.executors import BEHIND, WINDOW, YIELDING, Pool, ReadJob, child
from pipeline.forms import clinical, form
from pipeline.model import Reading
from pipeline.xlsx.blank import TemplateFacts, blank
from tests import misbehaving
from tests.hostile import hostile, packed, parts
from tests.inprocess import InProcess

FIELDS = {"unit": "2132000001", "school": "示例小学", "campus": "本部", "day": date(2026, 11, 20)}
HONEST = blank(form("absence"), TemplateFacts(fields=FIELDS))


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2) as readers:
        yield readers


def write(folder: Path, contents: list[bytes]) -> list[ReadJob]:
    jobs = []
    for seq, content in enumerate(contents, start=1):
        path = folder / f"{seq:05}"
        path.write_bytes(content)
        jobs.append(ReadJob(seq, path))
    return jobs


def test_the_pool_and_this_process_say_the_same(pool: Pool, tmp_path: Path) -> None:
    odd = packed(parts('<row r="1"><c r="A1"><f>1+1</f></c></row>'))
    jobs = write(tmp_path, [HONEST, odd, b"", HONEST])
    with InProcess() as here:
        said = dict(here.read(jobs))
    assert dict(pool.read(jobs)) == said
    assert [said[seq].verdict for seq in (1, 2, 3, 4)] == ["parsed", "rejected", "quarantined", "parsed"]


def test_readers_yield_to_whoever_settles(pool: Pool, tmp_path: Path) -> None:
    list(pool.read(write(tmp_path, [HONEST] * 4)))
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in pool.pids} == {min(ours + YIELDING, 19)}


def test_the_hostile_set_all_at_once_delays_no_honest_file(pool: Pool, tmp_path: Path) -> None:
    bad = [content for _, content, _ in hostile()]
    mixed = [content for pair in zip(bad, [HONEST] * len(bad), strict=True) for content in pair]
    jobs = write(tmp_path, mixed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answers = list(pool.read(jobs))
    assert sorted(seq for seq, _ in answers) == [job.seq for job in jobs]
    assert all(reading.verdict == "parsed" for seq, reading in answers if seq % 2 == 0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # KiB


def test_files_that_look_like_ours_go_before_all_that_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "FILE_SECONDS", 60.0)  # the reader waits for this test, on a crowded machine too
    slow = write(tmp_path, [b"PK\x03\x04" + b"0" * 100] * 30)
    ours = [job._replace(seq=job.seq + 100, path=tmp_path / f"ours{job.seq}") for job in slow[:3]]
    for job in ours:
        job.path.write_bytes(HONEST)
    answered: list[int] = []
    with Pool(1, reader=misbehaving.waits) as readers:
        first = Thread(target=lambda: answered.extend(seq for seq, _ in readers.read(slow)))
        first.start()
        while readers._crew._tasks.qsize() < WINDOW - 1:  # one chunk is in the reader's hand, the others wait
            time.sleep(0.01)
        second = Thread(target=lambda: answered.extend(seq for seq, _ in readers.read([*slow[:1], *ours])))
        second.start()
        while readers._crew._tasks.qsize() < WINDOW:
            time.sleep(0.01)
        (tmp_path / "go").touch()
        first.join()
        second.join()
    begun = [int(seq) for seq in (tmp_path / "read").read_text().split()]
    assert sorted(answered) == sorted(begun) == sorted([*range(1, 31), 1, 101, 102, 103])
    # the chunk in hand may have begun, or not yet: behind it, or before it
    assert begun[: BEHIND + 3] in ([1, 2, 101, 102, 103], [101, 102, 103, 1, 2])


def test_a_file_that_kills_or_freezes_its_reader_is_answered_by_a_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = write(tmp_path, [HONEST] * 20)
    arrived = Counter[int]()
    with capture_logs() as told, Pool(2, reader=misbehaving.dies) as readers:
        for seq, reading in readers.read(jobs):
            arrived[seq] += 1
            assert reading.verdict == "parsed"
    assert arrived == dict.fromkeys(range(1, 21), 1)
    # a crowded machine may keep the reader of another longer than a file may take
    assert {seq for line in told for seq in line["submissions"]} >= {3, 5}


def test_idle_readers_and_their_server_that_are_killed_are_replaced(tmp_path: Path) -> None:
    jobs = write(tmp_path, [HONEST] * 4)
    with Pool(2) as readers:
        expected = dict(readers.read(jobs))
        for pid in readers.pids:
            os.kill(pid, signal.SIGKILL)
        assert dict(readers.read(jobs)) == expected
        os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
        assert dict(readers.read(jobs)) == expected
        assert child.read_in_child(jobs[0][1]) == expected[1]


def test_a_panic_in_a_reader_is_answered_by_a_child(tmp_path: Path) -> None:
    jobs = write(tmp_path, [HONEST] * 4)
    with Pool(1, reader=misbehaving.panics) as readers:
        said = dict(readers.read(jobs))
    assert {seq: reading.verdict for seq, reading in said.items()} == dict.fromkeys((1, 2, 3, 4), "parsed")


def test_a_spool_that_cannot_be_opened_stops_the_line_and_judges_nobody(pool: Pool, tmp_path: Path) -> None:
    for readers in (pool, InProcess()):
        with pytest.raises(TemporaryError):
            list(readers.read([ReadJob(1, tmp_path / "gone")]))


def test_the_pool_goes_on_after_a_stopped_line(pool: Pool, tmp_path: Path) -> None:
    jobs = write(tmp_path, [HONEST] * 5)
    with pytest.raises(TemporaryError):
        list(pool.read([*jobs, ReadJob(6, tmp_path / "gone")]))
    assert len(list(pool.read(jobs))) == 5


def test_a_reader_imports_neither_django_nor_pandera_nor_polars(tmp_path: Path) -> None:
    # exec, because a function of this file would bring along what this file imports
    code = TELL_MODULES.format(template=str(TEMPLATE), folder=str(tmp_path))
    reader = get_context("spawn").Process(target=exec, args=(code,))
    reader.start()
    reader.join()
    loaded = set((tmp_path / "modules").read_text().split())
    assert {"pipeline.task", "python_calamine"} <= loaded
    assert not loaded & {"django", "pandera", "polars", "pandas", "weasyprint", "jinja2", "openpyxl", "xlsxwriter"}


TEMPLATE = Path(__file__).parents[2] / "templates" / "xlsx" / "学生缺课日报.xlsx"
TELL_MODULES = """
from pathlib import Path
from pipeline import task
task.read_plain(Path({template!r}).read_bytes())
Path({folder!r}, "modules").write_text(" ".join(sys.modules))
"""


# --------------------------------------------------------------------------- the child


def in_child(target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reading:
    path = tmp_path / "x"
    path.write_bytes(b"x")
    monkeypatch.setattr(child, "_read_untrusted", target)
    return child.read_in_child(path)


@pytest.mark.parametrize(
    "harm",
    [
        misbehaving.hangs,
        misbehaving.spins,
        misbehaving.swells,
        misbehaving.floods,
        misbehaving.lies,
        misbehaving.babbles,
        misbehaving.escapes,
    ],
    ids=lambda f: f.__name__,
)
def test_a_child_that_misbehaves_means_file_killed(harm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "WALL_SECONDS", 1.0)
    monkeypatch.setattr(child, "LONG_SECONDS", 30.0)  # a crowded machine gives one that spins its seconds late
    began = time.monotonic()
    reading = in_child(harm, tmp_path, monkeypatch)
    assert (reading.verdict, reading.issues[0].code) == ("quarantined", "file-killed")
    assert time.monotonic() - began < 90  # it may be tried twice
    assert not (tmp_path / "written").exists() or not (tmp_path / "written").stat().st_size


def test_a_child_that_works_is_judged_by_its_cpu_and_not_by_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "WALL_SECONDS", 0.6)
    assert in_child(misbehaving.toils, tmp_path, monkeypatch).verdict == "parsed"
    monkeypatch.setattr(child, "LONG_SECONDS", 0.6)
    assert in_child(misbehaving.toils, tmp_path, monkeypatch).issues[0].code == "file-killed"


def test_a_child_that_somebody_else_killed_is_tried_again_before_its_file_is_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert in_child(misbehaving.killed_once, tmp_path, monkeypatch).verdict == "parsed"


def test_the_child_has_no_environment_and_hard_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = in_child(misbehaving.confesses, tmp_path, monkeypatch).content_sha
    assert said == repr(({}, [(2**30, 2**30), (16, 16), (0, 0)]))


@pytest.mark.skipif(os.uname().machine not in ("x86_64", "aarch64"), reason="no filter is known for this processor")
def test_the_child_starts_nothing_though_it_be_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = in_child(misbehaving.multiplies, tmp_path, monkeypatch).content_sha
    assert said.split(",") == ["PermissionError", "PermissionError", "PermissionError", "RuntimeError"]


def test_an_odd_workbook_is_read_by_a_real_child_within_its_limits(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes({name: content for name, content, _ in hostile()}["200,000 empty styled cells"])
    assert [issue.code for issue in child.read_in_child(path).issues] == ["form-unknown"]


# --------------------------------------------------------------------------- what the log says of it


def test_a_reader_of_ours_that_fails_is_told_with_its_place_and_the_file_is_read_by_a_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "FILE_SECONDS", 60.0)
    jobs = write(tmp_path, [HONEST] * 2)
    with capture_logs() as told, Pool(1, reader=misbehaving.fails) as readers:
        assert {reading.verdict for _, reading in readers.read(jobs)} == {"parsed"}
    (line,) = [line for line in told if line["log_level"] == "warning"]
    assert (line["event"], line["stage"], line["submissions"]) == ("reader_failed", "read", [2])
    assert (line["error"], line["at"].split(":")[0]) == ("KeyError", "forms/__init__.py")
    assert "cell" not in str(told)


def test_a_fault_of_our_reader_in_a_child_is_told_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with capture_logs() as told:
        assert in_child(misbehaving.breaks, tmp_path, monkeypatch).issues[0].code == "file-killed"
    (line,) = told
    assert (line["event"], line["error"], line["at"].split(":")[0]) == ("reader_ended", "KeyError", "forms/__init__.py")
    assert str(tmp_path) not in str(told)


def test_of_a_child_that_was_killed_its_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "WALL_SECONDS", 1.0)
    with capture_logs() as told:
        in_child(misbehaving.hangs, tmp_path, monkeypatch)
    assert (told[0]["exitcode"], told[0]["at"]) == (-9, "")
    assert told[0]["ms"] >= 1000


def test_a_fault_of_our_reader_in_this_process_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "read_plain", misbehaving.fails)
    with capture_logs() as told, InProcess() as readers:
        found = dict(readers.read(write(tmp_path, [HONEST] * 3)))
    assert {reading.verdict for reading in found.values()} == {"parsed"}
    assert [line["submissions"] for line in told] == [[2]]


def test_every_reader_knows_the_sites_own_words(tmp_path: Path) -> None:
    rows = {"class_name": "三(3)班", "name": "张小明", "reason": "因病", "symptom1": "疰夏热"}
    written = blank(form("absence"), TemplateFacts(fields=FIELDS, rows={"rows": [rows]}))
    jobs = write(tmp_path, [written])
    clinical.learn({"疰夏热": "S01"})
    try:
        with Pool(1) as pool, InProcess() as here:
            read = [next(iter(pool.read(jobs)))[1], next(iter(here.read(jobs)))[1], child.read_in_child(jobs[0][1])]
    finally:
        clinical.learn({})
    symptom = form("absence").table("rows").index("symptom1")
    assert [reading.tables["rows"][0].values[symptom] for reading in read] == ["S01"] * 3
