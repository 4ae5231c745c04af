"""A day through the path: cards as soon as they are true, the editions when they are due, each once."""

from datetime import date, datetime, timedelta

import pytest

from pipeline import run
from pipeline.letters import queue
from pipeline.model import Policy, Site
from pipeline.service import timetable
from tests.inprocess import InProcess
from tests.sites import DAY, NOW, Desk, at, pupil
from tests.system.posting import drop

FIRST, SECOND = "2132010001", "2132010002"


def papers(site: Site) -> list[str]:
    return sorted(path.name for path in site.outbox.rglob("*.pdf"))


@pytest.mark.parametrize(
    ("now", "cut", "owed", "expected"),
    [
        (at(15, 9), {}, True, []),
        (at(15, 10), {}, True, [(DAY, False)]),
        (at(15, 10), {}, False, []),
        (at(16), {DAY: False}, True, []),
        (at(17, 30), {DAY: False}, True, [(DAY, True)]),
        (at(17, 30), {DAY: False}, False, [(DAY, True)]),
        (at(18), {}, True, [(DAY, True)]),
        (at(18), {DAY: True}, True, []),
        (at(9), {DAY - timedelta(days=1): False}, True, [(DAY - timedelta(days=1), True)]),
        (at(9), {DAY - timedelta(days=1): True}, True, []),
    ],
)
def test_an_edition_is_due_once_and_a_final_one_that_was_missed_is_made_up(
    site: Site, now: datetime, cut: dict[date, bool], owed: bool, expected: list[tuple[date, bool]]
) -> None:
    assert [(one.day, one.final) for one in timetable.due(now, Policy(), cut, owed=owed)] == expected


@pytest.mark.slow
def test_a_cluster_has_its_cards_and_the_day_its_editions(site: Site, desk: Desk) -> None:
    ill = [pupil(n, symptom1="皮疹", diagnosis="手足口病") for n in range(6)]
    drop(site, {"a.xlsx": desk.absence(FIRST, ill)})
    with InProcess() as readers:
        done = run.drain(site, readers, lambda: NOW)
    cards = [name for name in papers(site) if name.startswith("预警信息报告卡")]
    assert done.alerts
    assert len(cards) >= 2, "one for the school, one for the county"
    for moment, count in ((at(15, 9), 0), (at(15, 10), 1), (at(15, 30), 0), (at(17, 30), 1), (at(17, 40), 0)):
        assert timetable.tick(site, moment) == count
    run.deliver(site, at(17, 40))
    assert queue.waiting() == {}
    made = papers(site)
    assert sum("简报" in name for name in made) == 2 * 3, "county, city, province; first and final"
    assert sum("台账" in name for name in made) == 2, "each school's page, with the final edition"
    assert list((site.outbox / "省").rglob("学生缺课监测每日简报*.pdf"))
    again = timetable.make(site, at(17, 50), DAY, final=True)
    assert {path.name for path in again} <= set(made), "nothing changed: the last edition is given again"
