"""How fast the papers are drawn: every division's digest, cards, school pages, of a day with many alerts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks import ours, workbooks
from benchmarks.measure import measured
from benchmarks.workbooks import DAY
from pipeline.executors import Pool
from pipeline.facts import county_day, editions
from pipeline.model import SchoolFacts, Site
from pipeline.reports.render import Renderer
from pipeline.run import sending
from pipeline.run.coordinator import Coordinator
from pipeline.service import timetable
from pipeline.xlsx.fill import Template

SCHOOLS = 104  # one a county or zone
ILL = 60  # of them with an outbreak, and so with alerts
WARM = 8  # pages that are not counted, until both processes have begun
DIGEST_SECONDS, PAPERS_A_SECOND = 60.0, 12.0


def measure(folder: Path) -> dict[str, object]:
    """Take a report from a school of every county, some with alerts, then draw everything, and print the rates."""
    schools = workbooks.everywhere(SCHOOLS)
    site = ours.new_site(folder / "site", schools)

    template: Template = workbooks.master(site, schools[0])
    for mix, some in (("cluster", schools[:ILL]), ("real", schools[ILL:])):
        for drop in workbooks.write(site, template, some, mix, folder / "made"):
            (site.inbox / drop.path.name).write_bytes(drop.path.read_bytes())
    with Pool(2) as readers, Coordinator(site, readers, lambda: ours.NOW) as coordinator:
        coordinator.drain()
    while sending.books(site, ours.NOW):  # workbooks beside the cards: they are not drawn
        pass
    later = ours.NOW + timedelta(hours=2)
    with Renderer() as renderer:
        sending.draw(site, ours.NOW, renderer, limit=WARM)
        cards = _drawn(lambda: sending.draw(site, ours.NOW, renderer))
        pages = _drawn(lambda: sending.draw(site, later, renderer), lambda: _cut_pages(site, schools[ILL:], later))
    digests, seconds = _timed(lambda: len(timetable.make(site, later, DAY)))
    print(f"\n{digests} digests with their missing lists: {seconds:.0f} s   goal {DIGEST_SECONDS:.0f} s")
    for what, drawn in (("cards and sheets to write on", cards), ("school pages of a real day", pages)):
        print(
            f"{drawn.count} {what}: {drawn.rate:.1f} a second, {drawn.cpu:.0f} ms of CPU each   "
            f"goal {PAPERS_A_SECOND:.0f} a second"
        )
    return {
        "digests": digests,
        "digests_and_missing_lists_seconds": round(seconds, 1),
        "cards": cards.figures(),
        "school_pages": pages.figures(),
    }


def _timed(work: Callable[[], int]) -> tuple[int, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def _cut_pages(site: Site, schools: Sequence[SchoolFacts], now: datetime) -> None:
    county_day.refresh()
    editions.cut_pages(site, editions.Order(DAY, now, final=True), [school.county for school in schools])


@dataclass(frozen=True)
class _Drawn:
    """How many papers, how many a second, and milliseconds of CPU each, all processes together."""

    count: int
    rate: float
    cpu: float

    def figures(self) -> dict[str, float]:
        return {"count": self.count, "per_second": round(self.rate, 1), "cpu_ms_each": round(self.cpu)}


def _drawn(work: Callable[[], int], before: Callable[[], object] = lambda: None) -> _Drawn:
    """Draw and deliver until nothing is left; `before` is part of the measurement."""
    drawn = 0
    with measured() as cost:
        before()
        while done := work():
            drawn += done
    return _Drawn(drawn, drawn / cost.wall, 1000 * cost.cpu / max(drawn, 1))
