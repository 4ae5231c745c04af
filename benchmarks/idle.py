"""`python -m benchmarks --idle [15500]`: what a service costs while nothing comes, and how soon one file is answered.

An inbox with a folder for each school and each division of a province, on a Saturday: nothing is due by the clock.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from benchmarks import ours, workbooks
from benchmarks.measure import ticks
from pipeline import config, database
from pipeline.database.models import Division
from pipeline.model import Site

SCHOOLS = 15_500
GOAL_SHARE, GOAL_SECONDS = 0.01, 1.0  # of a core; from the drop until its receipt lies there
LASTS = 600  # seconds that are measured: as often as all folders are opened anew
QUIET = 0.02  # of a core for five seconds: what the service does after its start is done
DROPS = 5
LONGEST = 180


def measure(folder: Path, count: int) -> dict[str, object]:
    """Serve an inbox of so many schools' folders; return its CPU while idle, and how long each drop took."""
    schools = workbooks.everywhere(count)
    site = ours.new_site(folder / "site", schools)
    for code in [school.code for school in schools] + list(Division.objects.values_list("code", flat=True)):
        (site.inbox / code).mkdir()
    drops = list(workbooks.write(site, workbooks.master(site, schools[0]), schools[:DROPS], "real", folder / "made"))
    folders = sum(1 for _ in site.inbox.iterdir())
    site = replace(site, policy=config.load(site.root).policy)  # as served: other measurements do not wait for quiet
    database.close()
    with _watched(site) as pid:
        share = _used(pid, LASTS)
        waits = [_answered(site, drop.path, n) for n, drop in enumerate(drops)]
    usual, most = sorted(waits)[DROPS // 2], max(waits)
    print(
        f"{folders} folders: {100 * share:.2f} % of a core while nothing comes (goal {100 * GOAL_SHARE:.0f} %);\n"
        f"a drop is answered in {usual:.2f} s, {most:.2f} s at most (goal {GOAL_SECONDS:.0f} s)"
    )
    return {"folders": folders, "idle_share_of_a_core": round(share, 4), "answered_seconds": waits}


@contextmanager
def _watched(site: Site) -> Iterator[int]:
    """The service's process, once it has done what it does after its start."""
    saturday = workbooks.DAY + timedelta(days=1)
    kept = {name: text for name, text in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "pipeline", "--site", str(site.root), "watch"]
    with (site.root / "bench.log").open("wb") as log:
        running = subprocess.Popen(command, env={**kept, "QUEKE_NOW": f"{saturday}T10:00:00"}, stdout=log, stderr=log)
        try:
            time.sleep(5)
            until = time.monotonic() + LONGEST
            while _used(running.pid, 5) > QUIET and time.monotonic() < until:
                pass
            yield running.pid
        finally:
            running.terminate()
            running.wait(60)


def _used(pid: int, seconds: int) -> float:
    """The share of a core that a process and its children use for so long."""
    before = ticks(pid)
    time.sleep(seconds)
    return (ticks(pid) - before) / os.sysconf("SC_CLK_TCK") / seconds


def _answered(site: Site, workbook: Path, before: int) -> float:
    """Seconds until the receipt of one more file lies in the outbox."""
    began = time.perf_counter()
    workbook.rename(site.inbox / workbook.stem / workbook.name)
    while len(list(site.outbox.rglob("回执*.txt"))) <= before:
        if time.perf_counter() - began > LONGEST:
            raise SystemExit("no receipt: see bench.log")
        time.sleep(0.02)
    return round(time.perf_counter() - began, 2)
