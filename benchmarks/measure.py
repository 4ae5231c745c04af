"""The cost of a piece of work: seconds of wall time, seconds of CPU with its children's, proportional memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time


@dataclass
class Cost:
    """Filled when the measured block ends. `own` is this process's part of `cpu`; `peak_mb` is the highest PSS of
    the process tree seen, `early_mb` the highest in the first third of the samples.
    """

    wall: float = 0.0
    cpu: float = 0.0
    own: float = 0.0
    peak_mb: float = 0.0
    early_mb: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)


@contextmanager
def measured(*, memory: bool = False) -> Iterator[Cost]:
    """Measure the block: this process and all it has started, including pools that go on.

    Measuring memory costs CPU itself: never in a run whose time counts.
    """
    cost = Cost()
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(cost, stop), daemon=True)
    if memory:
        watcher.start()
    cpu, own, wall = _cpu(), process_time(), perf_counter()
    try:
        yield cost
    finally:
        cost.wall, cost.own, cost.cpu = perf_counter() - wall, process_time() - own, _cpu() - cpu
        stop.set()
        if memory:
            watcher.join()


def _cpu() -> float:
    return ticks(os.getpid()) / os.sysconf("SC_CLK_TCK")


def ticks(pid: int) -> int:
    """Return the CPU of a process and all its descendants, in the system's ticks."""
    return sum(map(_cpu_of, tree(pid)))


def _cpu_of(pid: int) -> int:
    """Ticks of a process, and of its children that have ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # it ended while we looked
        return 0
    return sum(map(int, stat.rpartition(")")[2].split()[11:15]))


def _watch(cost: Cost, stop: threading.Event) -> None:
    seen = [0.0]
    while not stop.wait(0.5):
        seen.append(sum(map(_pss, tree(os.getpid()))) / 1024)
    cost.peak_mb, cost.early_mb = max(seen), max(seen[: 1 + len(seen) // 3])


def tree(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:  # it ended while we looked
                continue
    return found


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it ended while we looked
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
