"""A fault is remembered until what failed succeeds: in the store, or beside it while it is the store that is gone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pipeline import database, fault_log
from pipeline.errors import TemporaryError
from pipeline.faults import Fault
from pipeline.model import Site
from tests.faults import FailAt, during
from tests.sites import NOW

FAULT = Fault("KeyError", "settling/absence.py:12", "json/decoder.py:3", stage="settle", seqs=(7, 8, 9))


def later(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def named(site: Site) -> list[str]:
    return [one.name for one in fault_log.standing(site)]


def test_a_fault_that_comes_again_is_one_with_its_first_and_last_time_and_its_last_place(site: Site) -> None:
    assert fault_log.note(site, "intake", FAULT, NOW)
    assert not fault_log.note(
        site, "intake", Fault("OSError", "durable.py:3", text="No space left on device"), later(5)
    )
    (one,) = fault_log.standing(site)
    assert (one.since, one.last_at, one.times) == (NOW, later(5), 2)
    assert (one.error, one.at, one.text, one.size) == ("OSError", "durable.py:3", "No space left on device", 0)


def test_the_submissions_under_way_are_known_by_first_last_and_number(site: Site) -> None:
    fault_log.note(site, "intake", FAULT, NOW)
    (one,) = fault_log.standing(site)
    assert (one.first, one.last, one.size, one.stage) == (7, 9, 3, "settle")
    assert str(one) == "KeyError at settling/absence.py:12 · submissions 7 to 9"


def test_a_step_that_succeeds_forgets_its_own_fault_and_no_other(site: Site) -> None:
    fault_log.note(site, "intake", FAULT, NOW)
    fault_log.note(site, "editions", FAULT, NOW, about="2026-11-20")
    fault_log.note(site, fault_log.SUBMISSION, FAULT, NOW, about="submission 7")
    fault_log.forget(site, "intake")
    fault_log.forget(site, "editions")
    assert named(site) == ["editions 2026-11-20", "submission 7"]
    fault_log.forget(site, "editions", None)
    assert named(site) == ["submission 7"]


def test_a_block_remembers_what_leaves_it_until_it_succeeds(site: Site) -> None:
    with pytest.raises(KeyError), fault_log.remembered(site, "draw", lambda: NOW):
        raise KeyError("a cell")
    assert named(site) == ["draw"]
    assert "a cell" not in str(fault_log.standing(site))
    with fault_log.remembered(site, "draw", lambda: NOW):
        pass
    assert named(site) == []


def gone(site: Site) -> Site:
    """The same site while its store is out of reach."""
    database.close()
    database.open(Site(site.root, "sqlite:///not/there.db", site.key))
    return site


def test_while_the_store_is_gone_faults_lie_beside_it_and_count_together_when_it_is_back(site: Site) -> None:
    fault_log.note(site, "intake", FAULT, NOW)
    gone(site)
    assert fault_log.note(site, "intake", FAULT, later(1))
    assert not fault_log.note(site, "intake", FAULT, later(2))
    with pytest.raises(TemporaryError):
        fault_log.standing(site)
    assert [one.times for one in fault_log.beside(site)] == [2]
    database.close()
    database.open(site)
    (one,) = fault_log.standing(site)
    assert (one.since, one.last_at, one.times) == (NOW, later(2), 3)
    fault_log.forget(site, "intake")
    assert fault_log.standing(site) == []
    assert not (site.root / fault_log.FILE).exists()


def test_a_disk_that_is_full_too_is_borne(site: Site) -> None:
    gone(site)
    with during(FailAt(1, 28)):
        fault_log.note(site, "intake", FAULT, NOW)
    assert fault_log.beside(site) == []


def test_a_file_that_is_none_of_ours_says_nothing(site: Site) -> None:
    for content in (b"", b"{}", b'[{"step": 1}]', b'["x"]', b"\xff"):
        (site.root / fault_log.FILE).write_bytes(content)
        assert fault_log.beside(site) == []


def test_what_is_too_long_for_its_column_is_cut(site: Site) -> None:
    fault_log.note(site, "intake", Fault("E" * 999, "a" * 999, "i" * 999, "s" * 999), NOW, about="x" * 999)
    (one,) = fault_log.standing(site)
    assert (len(one.error), len(one.at), len(one.about)) == (60, 160, 80)
