"""Papers in the outbox: names that Windows takes, and delivery that may be repeated."""

import errno
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import durable
from pipeline.model import Paper, Site
from pipeline.outbox.folder import UNFINISHED, Delivery, OutPlace, deliver_all, legal, tidy
from tests.faults import Crash, CrashAt, during

DAY = date(2026, 11, 12)
PLACE = OutPlace("学校", "示例小学 2132000001")


def deliver(site: Site, place: OutPlace, day: date | None, papers: Sequence[Paper]) -> list[Path]:
    """Deliver one reader's papers; return where they lie."""
    return deliver_all(site, [Delivery(place, day, papers)])[0]


def site(root: Path) -> Site:
    return Site(root=root, database="sqlite:///store.db", key=b"k" * 32)


@given(st.text(max_size=400))
def test_every_name_becomes_one_that_windows_takes(name: str) -> None:
    made = legal(name)
    assert 0 < len(made) <= 100
    assert len(made.encode()) <= 240
    assert not set(made) & set('<>:"/\\|?*')
    assert all(ord(sign) >= 32 for sign in made)
    assert made[-1] not in ". "
    assert legal(made) == made


@pytest.mark.parametrize("name", ["CON", "con.txt", "nul", "COM1", "lpt9.xlsx", "COM¹", "aux."])
def test_names_that_windows_reserves_are_changed(name: str) -> None:
    assert legal(name).startswith("_")


def test_a_long_name_keeps_its_ending_and_stays_apart_from_its_like() -> None:
    one, other = legal("长" * 150 + "甲.xlsx"), legal("长" * 150 + "乙.xlsx")
    assert one.endswith(".xlsx")
    assert one != other


def test_a_paper_lies_under_level_name_and_day(tmp_path: Path) -> None:
    (path,) = deliver(site(tmp_path), PLACE, DAY, [Paper("回执：缺课日报.txt", b"x")])
    assert path.relative_to(tmp_path).as_posix() == "outbox/学校/示例小学 2132000001/2026-11-12/回执：缺课日报.txt"
    assert path.read_bytes() == b"x"


def test_the_same_paper_again_touches_nothing(tmp_path: Path) -> None:
    (path,) = deliver(site(tmp_path), PLACE, DAY, [Paper("a.txt", b"x")])
    before = path.stat()
    assert deliver(site(tmp_path), PLACE, DAY, [Paper("a.txt", b"x")]) == [path]
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_a_newer_paper_of_the_same_name_takes_its_place_whole(tmp_path: Path) -> None:
    deliver(site(tmp_path), PLACE, DAY, [Paper("a.txt", b"older")])
    (path,) = deliver(site(tmp_path), PLACE, DAY, [Paper("a.txt", b"new")])
    assert path.read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_what_a_crash_left_half_written_lies_apart_and_goes(tmp_path: Path) -> None:
    papers = [Paper(f"{n}.txt", b"%d" % n * 9) for n in range(3)]
    here = site(tmp_path)
    for step in range(1, 40):
        disk = CrashAt(step)
        with suppress(Crash), during(disk):
            deliver(here, OutPlace("学校", f"第{step}小学"), DAY, papers)
        tidy(here)
        left = [path for path in here.outbox.rglob("*") if path.is_file()]
        assert {path.name for path in left} <= {paper.name for paper in papers}
        assert all(path.read_bytes() == path.stem.encode() * 9 for path in left), "whole, or not there"
        if not disk.crashed:
            return
    pytest.fail("it never completes")


def test_a_part_of_the_outbox_may_be_another_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(old: Path, new: Path) -> None:
        if UNFINISHED in old.parts:
            raise OSError(errno.EXDEV, "elsewhere")
        old.rename(new)

    monkeypatch.setattr(durable._disk, "rename", elsewhere)
    (path,) = deliver(site(tmp_path), PLACE, DAY, [Paper("a.txt", b"x")])
    assert path.read_bytes() == b"x"
    assert list((tmp_path / "outbox" / UNFINISHED).iterdir()) == []


def test_many_readers_are_served_in_one_go(tmp_path: Path) -> None:
    deliveries = [Delivery(OutPlace("学校", f"第{n}小学"), DAY, [Paper("a.txt", b"%d" % n)]) for n in range(20)]
    paths = deliver_all(site(tmp_path), deliveries)
    assert [one[0].read_bytes() for one in paths] == [b"%d" % n for n in range(20)]


def test_of_two_papers_of_one_name_in_one_go_the_later_stands(tmp_path: Path) -> None:
    deliver(site(tmp_path), PLACE, DAY, [Paper("a.txt", b"1")])
    deliver_all(
        site(tmp_path), [Delivery(PLACE, DAY, [Paper("a.txt", b"2")]), Delivery(PLACE, DAY, [Paper("a.txt", b"1")])]
    )
    assert next((tmp_path / "outbox").rglob("a.txt")).read_bytes() == b"1"
