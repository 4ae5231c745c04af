"""Measure: `python -m benchmarks [--files N] [--naive N] [--quick] [--province] [--mixed N] [--history] [--assessed]
[--mail] [--cluster] [--console] [--idle]`.

Goals stand beside the figures; what fails is only a row that is stored otherwise than by a peer. Judge by CPU on a
machine that does other things as well: rates and ratios on the wall suffer first.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import structlog

from benchmarks import assessment, cluster, console, history, idle, mail, mixed, naive, ours, papers, workbooks
from benchmarks.measure import Cost, measured
from benchmarks.workbooks import Drop
from pipeline.executors import Pool, Readers
from pipeline.forms.classes import class_key
from pipeline.model import SchoolFacts, Site
from pipeline.xlsx.fill import Template
from tools.programs import program

RESULTS = Path(__file__).parent / "results"
SETTLED_TIMES, ANSWERED_TIMES, SETTLED_RATE = 25.0, 15.0, 200.0  # × the first peer, with openpyxl
TREE_MB = 700.0
PROVINCE, PROVINCE_SECONDS = 15_500, 90.0
CORES = 2
KINDS = ("mixed", "province", "history", "assessed", "mail", "cluster", "console", "idle")


def main() -> None:
    """Run everything, print a table, keep the figures as JSON."""
    asked = _asked()
    kind = next((name for name in KINDS if getattr(asked, name)), "latest")
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
        found |= _found(asked, folder)
        if not asked.quick and kind == "latest":
            found["papers"] = papers.measure(folder / "papers")
            found["assessed"] = assessment.measure(folder / "assessed", PROVINCE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    RESULTS.mkdir(exist_ok=True)
    kept = RESULTS / f"{kind}.json"
    kept.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"kept in {kept}")
    if any(one["stored_rows_differ"] for one in found.get("workbooks", ())):  # type: ignore[attr-defined]  # a list of kinds
        raise SystemExit("stored rows differ from a peer's")


def _found(asked: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Measure what is asked for; by name, with its figures."""
    alone = {
        "mixed": lambda count: mixed.measure(folder / "mixed", count),
        "assessed": lambda count: assessment.measure(folder / "assessed", count),
        "cluster": lambda count: cluster.measure(folder, count),
        "console": lambda count: console.measure(folder, count),
        "idle": lambda count: idle.measure(folder, count),
    }
    for name, measure in alone.items():
        if count := getattr(asked, name):
            return {name: measure(count)}
    with Pool(CORES) as readers:
        if asked.province:
            return {"province": _province(folder, readers, asked.province)}
        if asked.mail:
            return {"mail": mail.measure(folder, readers, asked.mail)}
        if asked.history:
            return {"history": history.measure(folder, readers, asked.history)}
        return {"files": asked.files, "workbooks": _workbooks(folder, readers, asked)}


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--files", type=int, default=1000, help="workbooks of each kind for our path")
    parser.add_argument("--naive", type=int, default=60, help="of them, how many the peers take as well")
    parser.add_argument("--libreoffice", type=int, default=100, help="how many of each kind LibreOffice saves first")
    parser.add_argument("--rounds", type=int, default=3, help="how often each side is measured; medians are printed")
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
    parser.add_argument(
        "--console",
        type=int,
        nargs="?",
        const=console.HEAP,
        default=0,
        help="two hundred people at the console instead, while so many workbooks are taken in",
    )
    parser.add_argument(
        "--idle",
        type=int,
        nargs="?",
        const=idle.SCHOOLS,
        default=0,
        help="a service with a folder for each of so many schools instead, while nothing comes and for one file",
    )
    parser.add_argument("--folder", type=Path, help="where to work; what is made there is removed in the end")
    return parser.parse_args()


# --------------------------------------------------------------------------- workbooks of each kind


def _workbooks(folder: Path, readers: Readers, asked: argparse.Namespace) -> list[dict[str, object]]:
    program("soffice")  # missed before anything is measured
    schools = workbooks.schools(asked.files)
    site = ours.new_site(folder / "site", schools)
    template = workbooks.master(site, schools[0])
    _warm(site, template, schools, folder, readers)
    bench = _Bench(folder, site, readers, asked.naive, asked.rounds)
    found = []
    for mix in workbooks.MIXES:
        made = folder / f"{mix}-xlsxwriter"
        drops = list(workbooks.write(site, template, schools, mix, made))
        found.append(_measured(bench, f"{mix} xlsxwriter", drops, made))
        saved, some = folder / f"{mix}-libreoffice", drops[: asked.libreoffice]
        workbooks.by_libreoffice([drop.path for drop in some], saved)
        found.append(
            _measured(bench, f"{mix} libreoffice", [replace(d, path=saved / d.path.name) for d in some], saved)
        )
    print(
        f"goals: settled {SETTLED_RATE:.0f} files/s and {SETTLED_TIMES:.0f} × {next(iter(naive.READERS))}, answered "
        f"{ANSWERED_TIMES:.0f} ×, {TREE_MB:.0f} MB"
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
    rounds: int


def _measured(bench: _Bench, kind: str, drops: Sequence[Drop], made: Path) -> dict[str, object]:
    """Measure one kind in rounds, all sides in each: so the machine's other load meets them alike."""
    folder, site, readers = bench.folder, bench.site, bench.readers
    paths = [drop.path for drop in drops]
    sample = paths[: bench.naive_files]
    rounds: dict[str, list[dict[str, float]]] = {}
    outcomes: dict[str, int] = {}
    different: list[str] = []
    for _ in range(bench.rounds):
        for name, read in naive.READERS.items():
            with measured() as cost:
                naive.run(sample, _fresh(folder / "peer.sqlite3"), read)
            rounds.setdefault(name, []).append(_figures(cost, len(sample)))
        for name, answer in (("settled", False), ("answered", True)):
            taken = ours.take(ours.again(site, folder / name), made, readers, answer=answer)
            rounds.setdefault(name, []).append(_figures(taken.cost, taken.files))
            outcomes = outcomes or taken.outcomes
            for peer, read in naive.READERS.items() if not different and len(rounds[name]) == 1 else ():
                these = paths if read is naive.by_calamine else sample
                naive.run(these, _fresh(folder / "peer.sqlite3"), read)
                if not _equal(folder / "peer.sqlite3", ours.rows([path.stem for path in these])):
                    different.append(f"{name} and {peer}")
    staged = ours.take(ours.again(site, folder / "staged"), made, readers, answer=True, stages=True, memory=True)
    sides = {name: _spread(found) for name, found in rounds.items()}
    _print_kind(kind, len(drops), sides, staged.cost.peak_mb, different)
    return {
        "kind": kind,
        "files": len(drops),
        "rows": sum(drop.good for drop in drops),
        "bad_rows": sum(drop.bad for drop in drops),
        "stored_rows_differ": different,
        "sides": sides,
        "pss_mb": round(staged.cost.peak_mb),
        "outcomes": outcomes,
        "coordinator_cpu_ms_by_stage": {
            name: round(1000 * seconds / len(drops), 3) for name, seconds in staged.cost.stages.items()
        },
    }


def _fresh(database: Path) -> Path:
    database.unlink(missing_ok=True)
    return database


def _warm(site: Site, template: Template, schools: Sequence[SchoolFacts], folder: Path, readers: Readers) -> None:
    """Import and compile what all sides need, before anything is measured."""
    made = folder / "warm"
    drops = list(workbooks.write(site, template, schools[:60], "rows28", made))
    for read in naive.READERS.values():
        naive.run([drop.path for drop in drops[:5]], _fresh(folder / "peer.sqlite3"), read)
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


def _spread(found: Sequence[dict[str, float]]) -> dict[str, list[float]]:
    """By figure: the median of the rounds, the least, the most."""
    return {
        name: [round(median(values), 3), min(values), max(values)]
        for name in found[0]
        for values in [[one[name] for one in found]]
    }


def _print_kind(
    kind: str, files: int, sides: dict[str, dict[str, list[float]]], mb: float, different: Sequence[str]
) -> None:
    """A line a side: medians, in brackets the least and the most; beside ours how many times each peer, on the wall and
    by CPU.
    """
    print(f"\n{kind}, {files} files, {mb:.0f} MB PSS" + "".join(f"   STORED ROWS DIFFER: {one}" for one in different))
    for name, one in sides.items():
        rate, cpu = one["per_second"], one["cpu_ms_a_file"]
        times = [
            f"{rate[0] / peer['per_second'][0]:6.1f} × {called} ({peer['cpu_ms_a_file'][0] / cpu[0]:.1f} × by CPU)"
            for called, peer in sides.items()
            if called in naive.READERS and name not in naive.READERS
        ]
        print(
            f"  {name:16}{rate[0]:8.1f} files/s ({rate[1]:.0f}–{rate[2]:.0f}){cpu[0]:8.2f} ms of CPU a file "
            f"({cpu[1]:.2f}–{cpu[2]:.2f}){''.join(times)}",
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
    template = workbooks.master(site, schools[0])
    _warm(site, template, schools, folder, readers)
    made = folder / "province"
    drops = list(workbooks.write(site, template, schools, "province", made))
    settled = ours.take(ours.again(site, folder / "settled"), made, readers, answer=False)
    staged = ours.take(ours.again(site, folder / "staged"), made, readers, answer=True, memory=True)
    figures = _figures(settled.cost, files)
    cpu, own = (files / 1000 * figures[name] for name in ("cpu_ms_a_file", "coordinator_cpu_ms_a_file"))
    early, peak = staged.cost.early_mb, staged.cost.peak_mb
    print(
        f"{files} workbooks, {sum(drop.good for drop in drops)} rows: settled in {settled.cost.wall:.0f} s on the wall "
        f"(goal {PROVINCE_SECONDS:.0f} s), with {cpu:.0f} s of CPU, {own:.0f} s of them the coordinator's"
    )
    print(f"with letters: PSS {early:.0f} MB in the first third, {peak:.0f} MB at most (goal {TREE_MB:.0f} MB, flat)")
    return {
        "settled": figures,
        "cpu_seconds": round(cpu, 1),
        "answered": _figures(staged.cost, files),
        "pss_mb": {"first_third": round(early), "peak": round(peak)},
        "outcomes": settled.outcomes,
    }
