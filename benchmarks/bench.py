"""Measure: `python -m benchmarks [--files N] [--naive N] [--quick] [--province] [--mixed N] [--history] [--assessed]
[--mail] [--cluster]`.

Goals stand beside the figures; nothing fails. Judge by CPU on a machine that does other things as well: rates and
ratios on the wall suffer first.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from benchmarks import assessment, cluster, history, mail, mixed, naive, ours, papers, workbooks
from benchmarks.measure import Cost, measured
from benchmarks.ours import Taken
from benchmarks.workbooks import Drop
from pipeline.executors import Pool, Readers
from pipeline.forms.classes import class_key
from pipeline.model import SchoolFacts, Site
from pipeline.xlsx.fill import Template

RESULTS = Path(__file__).parent / "results"
SETTLED_TIMES, ANSWERED_TIMES, SETTLED_RATE = 25.0, 15.0, 200.0
TREE_MB = 700.0
PROVINCE, PROVINCE_SECONDS = 15_500, 90.0
CORES = 2


def main() -> None:
    """Run everything, print a table, keep the figures as JSON."""
    asked = _asked()
    kind = next(
        (name for name in ("mixed", "province", "history", "assessed", "mail", "cluster") if getattr(asked, name)),
        "latest",
    )
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    folder = Path(tempfile.mkdtemp(prefix="queke-bench-", dir=asked.folder))
    if asked.history and not history.room(folder, asked.history):
        folder.rmdir()
        raise SystemExit(f"no room for {asked.history:,} rows in {folder.parent}: choose another --folder, or fewer")
    found: dict[str, object] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }
    try:
        with Pool(CORES) as readers:
            if asked.mixed:
                found["mixed"] = mixed.measure(folder / "mixed", asked.mixed)
            elif asked.province:
                found["province"] = _province(folder, readers, asked.province)
            elif asked.assessed:
                found["assessed"] = assessment.measure(folder / "assessed", asked.assessed)
            elif asked.mail:
                found["mail"] = mail.measure(folder, readers, asked.mail)
            elif asked.cluster:
                found["cluster"] = cluster.measure(folder, asked.cluster)
            elif asked.history:
                found["history"] = history.measure(folder, readers, asked.history)
            else:
                found |= {"files": asked.files, "workbooks": _workbooks(folder, readers, asked.files, asked.naive)}
        if not asked.quick and kind == "latest":
            found["papers"] = papers.measure(folder / "papers")
            found["assessed"] = assessment.measure(folder / "assessed", PROVINCE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    RESULTS.mkdir(exist_ok=True)
    kept = RESULTS / f"{kind}.json"
    kept.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"kept in {kept}")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--files", type=int, default=1000, help="workbooks of each kind for our path")
    parser.add_argument("--naive", type=int, default=60, help="of them, how many the naive baseline takes as well")
    parser.add_argument("--quick", action="store_true", help="workbooks only, no papers, nothing assessed")
    parser.add_argument("--mixed", type=int, metavar="N", help="a heap of so many files of every form, right and wrong")
    parser.add_argument(
        "--province",
        type=int,
        nargs="?",
        const=PROVINCE,
        default=0,
        help="a province's day instead, of so many schools",
    )
    parser.add_argument(
        "--history",
        type=int,
        nargs="?",
        const=history.ROWS,
        default=0,
        help="a day added to years of so many absences instead, beside one added to a month",
    )
    parser.add_argument(
        "--assessed",
        type=int,
        nargs="?",
        const=PROVINCE,
        default=0,
        help="the rules and statistics of a province's day instead, of so many schools",
    )
    parser.add_argument(
        "--mail", type=int, nargs="?", const=mail.MAILS, default=0, help="so many mails instead, settled and answered"
    )
    parser.add_argument(
        "--cluster",
        type=int,
        nargs="?",
        const=cluster.FILES,
        default=0,
        help="so many workbooks instead, read here and by workers of a cluster",
    )
    parser.add_argument("--folder", type=Path, help="where to work; what is made there is removed in the end")
    return parser.parse_args()


# --------------------------------------------------------------------------- workbooks of each kind


def _workbooks(folder: Path, readers: Readers, files: int, naive_files: int) -> list[dict[str, object]]:
    schools = workbooks.schools(files)
    site = ours.new_site(folder / "site", schools)
    masters = workbooks.masters(site, schools[0])
    _warm(site, masters["xlsxwriter"], schools, folder, readers)
    print(f"{'':20}{'naive':>18}{'settled':>26}{'':>14}{'answered':>24}{'':>15}{'PSS':>6}")
    print(
        f"{'':20}{'files/s':>9}{'CPU ms':>9}"
        + f"{'files/s':>9}{'×':>7}{'CPU ms':>9}{'× if idle':>15}" * 2
        + f"{'MB':>6}"
    )
    bench = _Bench(folder, site, readers, naive_files)
    found = []
    for writer, template in masters.items():
        for mix in workbooks.MIXES:
            made = folder / f"{mix}-{writer}"
            drops = list(workbooks.write(site, template, schools, mix, made))
            found.append(_measured(bench, f"{mix} {writer}", drops, made))
    print(
        f"{'goal':20}{'':>18}{SETTLED_RATE:>9.0f}{SETTLED_TIMES:>7.0f}{'':>9}{SETTLED_TIMES:>15.0f}"
        f"{'':>9}{ANSWERED_TIMES:>7.0f}{'':>9}{ANSWERED_TIMES:>15.0f}{TREE_MB:>6.0f}"
    )
    _print_stages(found)
    return found


@dataclass(frozen=True)
class _Bench:
    """What all kinds share."""

    folder: Path
    site: Site
    readers: Readers
    naive_files: int


def _measured(bench: _Bench, kind: str, drops: Sequence[Drop], made: Path) -> dict[str, object]:
    """Measure one kind; the baseline half before and half after ours, because the machine's other load changes."""
    folder, site, readers = bench.folder, bench.site, bench.readers
    sample = [drop.path for drop in drops[: bench.naive_files]]
    middle = len(sample) // 2
    database = folder / f"{kind}.sqlite3"
    with measured() as first:
        naive.run(sample[:middle], database)
    settled = ours.take(ours.again(site, folder / "settled"), made, readers, answer=False)
    equal = _equal(database, ours.rows([path.stem for path in sample[:middle]]))
    answered = ours.take(ours.again(site, folder / "answered"), made, readers, answer=True)
    with measured() as second:
        naive.run(sample[middle:], database)
    equal = equal and _equal(database, ours.rows([path.stem for path in sample]))
    staged = ours.take(ours.again(site, folder / "staged"), made, readers, answer=True, stages=True, memory=True)
    slow = _figures(Cost(first.wall + second.wall, first.cpu + second.cpu, first.own + second.own), len(sample))
    found = {"settled": _compared(settled, slow), "answered": _compared(answered, slow)}
    _print_row(kind, slow, found, staged.cost.peak_mb, equal=equal)
    return {
        "kind": kind,
        "rows": sum(drop.good for drop in drops),
        "bad_rows": sum(drop.bad for drop in drops),
        "stored_rows_equal": equal,
        "naive": slow,
        **found,
        "pss_mb": round(staged.cost.peak_mb),
        "outcomes": settled.outcomes,
        "coordinator_cpu_ms_by_stage": {
            name: round(1000 * seconds / len(drops), 3) for name, seconds in staged.cost.stages.items()
        },
    }


def _warm(site: Site, template: Template, schools: Sequence[SchoolFacts], folder: Path, readers: Readers) -> None:
    """Import and compile what both sides need, before anything is measured."""
    made = folder / "warm"
    drops = list(workbooks.write(site, template, schools[:60], "rows28", made))
    naive.run([drop.path for drop in drops[:5]], folder / "warm.sqlite3")
    ours.take(ours.again(site, folder / "warm-site"), made, readers, answer=True)


def _equal(database: Path, stored: set[tuple[object, ...]]) -> bool:
    rows = sqlite3.connect(database).execute("SELECT * FROM absence").fetchall()
    return {(day, school, class_key(room), *rest) for day, school, room, *rest in rows} == stored


def _figures(cost: Cost, files: int) -> dict[str, float]:
    return {
        "files": files,
        "per_second": round(files / cost.wall, 1),
        "cpu_ms_a_file": round(1000 * cost.cpu / files, 3),
        "coordinator_cpu_ms_a_file": round(1000 * cost.own / files, 3),
        "wall_seconds": round(cost.wall, 2),
    }


def _compared(taken: Taken, slow: dict[str, float]) -> dict[str, float]:
    """Beside the baseline: as it was on the wall, and as CPU alone would have it on idle cores."""
    mine = _figures(taken.cost, taken.files)
    longest = max(mine["coordinator_cpu_ms_a_file"], mine["cpu_ms_a_file"] / CORES)
    return {
        **mine,
        "ratio": round(mine["per_second"] / slow["per_second"], 1),
        "ratio_by_cpu": round(slow["cpu_ms_a_file"] / longest, 1),
        "per_second_by_cpu": round(1000 / longest),
    }


def _print_row(
    kind: str, slow: dict[str, float], found: dict[str, dict[str, float]], mb: float, *, equal: bool
) -> None:
    parts = [
        f"{one['per_second']:>9.0f}{one['ratio']:>7.1f}{one['cpu_ms_a_file']:>9.2f}"
        f"{one['ratio_by_cpu']:>7.1f} ({one['per_second_by_cpu']:>4.0f}/s)"
        for one in found.values()
    ]
    print(
        f"{kind:20}{slow['per_second']:>9.1f}{slow['cpu_ms_a_file']:>9.1f}{''.join(parts)}{mb:>6.0f}"
        + ("" if equal else "   STORED ROWS DIFFER"),
        flush=True,
    )


def _print_stages(found: Sequence[dict[str, object]]) -> None:
    print("\nthe coordinator's CPU, ms a file, by stage")
    for one in found:
        stages = one["coordinator_cpu_ms_by_stage"]
        assert isinstance(stages, dict)
        print(f"{one['kind']:20}" + "  ".join(f"{name} {ms:.2f}" for name, ms in stages.items()))


# --------------------------------------------------------------------------- a province's day


def _province(folder: Path, readers: Readers, files: int) -> dict[str, object]:
    schools = workbooks.schools(files)
    site = ours.new_site(folder / "site", schools)
    template = workbooks.masters(site, schools[0])["xlsxwriter"]
    _warm(site, template, schools, folder, readers)
    made = folder / "province"
    drops = list(workbooks.write(site, template, schools, "province", made))
    settled = ours.take(ours.again(site, folder / "settled"), made, readers, answer=False)
    staged = ours.take(ours.again(site, folder / "staged"), made, readers, answer=True, memory=True)
    figures = _figures(settled.cost, files)
    cpu = files / 1000 * max(figures["coordinator_cpu_ms_a_file"], figures["cpu_ms_a_file"] / CORES)
    early, peak = staged.cost.early_mb, staged.cost.peak_mb
    print(
        f"{files} workbooks, {sum(drop.good for drop in drops)} rows: settled in {settled.cost.wall:.0f} s on the wall"
    )
    print(f"{cpu:.0f} s by CPU on {CORES} idle cores (goal {PROVINCE_SECONDS:.0f} s)")
    print(f"with letters: PSS {early:.0f} MB in the first third, {peak:.0f} MB at most (goal {TREE_MB:.0f} MB, flat)")
    return {
        "settled": figures,
        "seconds_by_cpu": round(cpu, 1),
        "answered": _figures(staged.cost, files),
        "pss_mb": {"first_third": round(early), "peak": round(peak)},
        "outcomes": settled.outcomes,
    }
