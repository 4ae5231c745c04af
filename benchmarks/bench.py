"""Measure: `python -m benchmarks [--files N] [--naive N] [--quick]`. Goals stand beside the figures; nothing fails."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from benchmarks import naive, ours, papers, workbooks
from benchmarks.measure import Cost, measured
from benchmarks.workbooks import Drop
from pipeline.forms.classes import class_key
from pipeline.model import SchoolFacts, Site
from pipeline.xlsx.fill import Template

RESULTS = Path(__file__).parent / "results"
SETTLED_TIMES, ANSWERED_TIMES, SETTLED_RATE = 25.0, 15.0, 200.0
TREE_MB = 700.0


def main() -> None:
    """Run everything, print a table, keep the figures as JSON."""
    asked = _asked()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    folder = Path(tempfile.mkdtemp(prefix="queke-bench-"))
    try:
        found: dict[str, object] = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": f"{platform.machine()}, Python {platform.python_version()}",
            "files": asked.files,
        }
        if not asked.papers:
            found["workbooks"] = _workbooks(folder, asked.files, asked.naive)
        if not asked.quick:
            found["papers"] = papers.measure(folder / "papers")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"kept in {RESULTS / 'latest.json'}")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--files", type=int, default=1000, help="workbooks of each kind for our path")
    parser.add_argument("--naive", type=int, default=150, help="of them, how many the naive baseline takes as well")
    parser.add_argument("--quick", action="store_true", help="workbooks only, no papers")
    parser.add_argument("--papers", action="store_true", help="papers only")
    return parser.parse_args()


def _workbooks(folder: Path, files: int, naive_files: int) -> list[dict[str, object]]:
    schools = workbooks.schools(files)
    site = ours.new_site(folder / "site", schools)
    masters = workbooks.masters(site, schools[0])
    _warm(site, masters, schools, folder)
    print(f"{'':24}{'naive':>9}{'settled':>10}{'':>8}{'answered':>10}{'':>8}{'PSS':>8}")
    print(f"{'':24}{'files/s':>9}{'files/s':>10}{'ratio':>8}{'files/s':>10}{'ratio':>8}{'MB':>8}")
    found = []
    for writer, template in masters.items():
        for mix in workbooks.MIXES:
            made = folder / f"{mix}-{writer}"
            drops = list(workbooks.write(site, template, schools, mix, made))
            found.append(_measured(folder, site, drops, made, naive_files, f"{mix} {writer}"))
    print(f"{'goal':24}{'':>9}{SETTLED_RATE:>10.0f}{SETTLED_TIMES:>8.0f}{'':>10}{ANSWERED_TIMES:>8.0f}{TREE_MB:>8.0f}")
    _print_stages(found)
    return found


def _measured(
    folder: Path, site: Site, drops: Sequence[Drop], made: Path, naive_files: int, kind: str
) -> dict[str, object]:
    sample = drops[:naive_files]
    with measured(memory=False) as slow:
        naive.run([drop.path for drop in sample], folder / f"{kind}.sqlite3")
    settled = ours.take(ours.again(site, folder / "settled"), made, answer=False)
    equal = _equal(folder / f"{kind}.sqlite3", ours.rows([drop.path.stem for drop in sample]))
    answered = ours.take(ours.again(site, folder / "answered"), made, answer=True)
    staged = ours.take(ours.again(site, folder / "staged"), made, answer=True, stages=True)
    base = len(sample) / slow.wall
    rates = {name: len(drops) / one.cost.wall for name, one in (("settled", settled), ("answered", answered))}
    print(
        f"{kind:24}{base:>9.1f}{rates['settled']:>10.0f}{rates['settled'] / base:>8.1f}"
        f"{rates['answered']:>10.0f}{rates['answered'] / base:>8.1f}{answered.cost.peak_mb:>8.0f}"
        + ("" if equal else "   STORED ROWS DIFFER")
    )
    return {
        "kind": kind,
        "rows": sum(drop.good for drop in drops),
        "bad_rows": sum(drop.bad for drop in drops),
        "stored_rows_equal": equal,
        "naive": {"files": len(sample), "per_second": base, **_figures(slow)},
        "settled": {"per_second": rates["settled"], "ratio": rates["settled"] / base, **_figures(settled.cost)},
        "answered": {"per_second": rates["answered"], "ratio": rates["answered"] / base, **_figures(answered.cost)},
        "outcomes": settled.outcomes,
        "coordinator_ms_a_file": {name: 1000 * s / len(drops) for name, s in staged.cost.stages.items()},
        "all_cpu_ms_a_file": 1000 * staged.cost.cpu / len(drops),
    }


def _warm(site: Site, masters: dict[str, Template], schools: Sequence[SchoolFacts], folder: Path) -> None:
    """Import and compile what both sides need, before anything is measured."""
    made = folder / "warm"
    drops = list(workbooks.write(site, masters["xlsxwriter"], schools[:10], "rows28", made))
    naive.run([drop.path for drop in drops], folder / "warm.sqlite3")
    ours.take(ours.again(site, folder / "warm-site"), made, answer=True)


def _equal(database: Path, stored: set[tuple[object, ...]]) -> bool:
    rows = sqlite3.connect(database).execute("SELECT * FROM absence").fetchall()
    return {(day, school, class_key(room), *rest) for day, school, room, *rest in rows} == stored


def _figures(cost: Cost) -> dict[str, float]:
    return {"wall_seconds": round(cost.wall, 3), "cpu_seconds": round(cost.cpu, 3), "pss_mb": round(cost.peak_mb)}


def _print_stages(found: Sequence[dict[str, object]]) -> None:
    print("\nCPU, ms a file (coordinator by stage; all processes together)")
    for one in found:
        stages = one["coordinator_ms_a_file"]
        assert isinstance(stages, dict)
        parts = "  ".join(f"{name} {ms:.2f}" for name, ms in stages.items())
        print(f"{one['kind']:24}{parts}  | all {one['all_cpu_ms_a_file']:.2f}")


if __name__ == "__main__":
    began = time.perf_counter()
    main()
    print(f"{time.perf_counter() - began:.0f} s")
