"""How fast the papers are drawn: every division's digest, cards, school pages, of a day with many alerts."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from benchmarks import ours, workbooks
from benchmarks.measure import measured
from benchmarks.workbooks import DAY
from pipeline import resources
from pipeline.executors import Pool
from pipeline.model import SchoolFacts
from pipeline.xlsx.fill import Template

SCHOOLS = 104  # one a county or zone
ILL = 60  # of them with 28 rows, and so with alerts
WARM = 8  # pages that are not counted: both processes have begun
DIGEST_SECONDS, PAPERS_A_SECOND = 60.0, 12.0


def measure(folder: Path) -> dict[str, object]:
    """Take a report from a school of every county, some with alerts, then draw everything, and print the rates."""
    schools = _everywhere()
    site = ours.new_site(folder / "site", schools)
    from pipeline import run
    from pipeline.reports.render import Renderer
    from pipeline.run import post
    from pipeline.run.line import Line

    template: Template = workbooks.masters(site, schools[0], writers=("xlsxwriter",))["xlsxwriter"]
    for mix, some in (("rows28", schools[:ILL]), ("real", schools[ILL:])):
        for drop in workbooks.write(site, template, some, mix, folder / "made"):
            (site.inbox / drop.path.name).write_bytes(drop.path.read_bytes())
    with Pool(2) as readers, Line(site, readers, lambda: ours.NOW) as line:
        line.drain()
    while post.books(site, ours.NOW):  # workbooks beside the cards: they are not drawn
        pass
    with Renderer() as renderer:
        post.draw(site, ours.NOW, renderer, limit=WARM)
        with measured() as cost:
            cards = _drawn(lambda: post.draw(site, ours.NOW, renderer))
    later = ours.NOW + timedelta(hours=2)
    first = _timed(lambda: len(run.editions(site, later, DAY)))
    final = _timed(lambda: len(run.editions(site, later + timedelta(hours=2), DAY, final=True)))
    pages = len(schools)
    found: dict[str, object] = {
        "digests": first[0],
        "digests_and_missing_lists_seconds": round(first[1], 1),
        "cards": cards[0],
        "cards_per_second": round(cards[0] / cards[1], 1) if cards[0] else None,
        "cpu_ms_a_card": round(1000 * cost.cpu / max(cards[0], 1)),
        "pages_per_second": round(pages / max(final[1] - first[1], 0.1), 1),
    }
    print(f"\n{first[0]} digests with their missing lists: {first[1]:.0f} s   goal {DIGEST_SECONDS:.0f} s")
    for what, count, rate in (("cards", cards[0], "cards_per_second"), ("school pages", pages, "pages_per_second")):
        print(f"{count} {what}: {found[rate]} a second   goal {PAPERS_A_SECOND:.0f}")
    return found


def _everywhere() -> list[SchoolFacts]:
    with resources.path("store/seed/divisions.csv").open(encoding="utf-8", newline="") as file:
        counties = [row["code"] for row in csv.DictReader(file) if row["kind"] in {"county", "function_zone"}]
    return [replace(one, county=counties[n % len(counties)]) for n, one in enumerate(workbooks.schools(SCHOOLS))]


def _timed(work: Callable[[], int]) -> tuple[int, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def _drawn(work: Callable[[], int]) -> tuple[int, float]:
    began, drawn = time.perf_counter(), 0
    while done := work():
        drawn += done
    return drawn, time.perf_counter() - began
