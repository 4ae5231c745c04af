"""What a piece of work cost: seconds on the wall, seconds of CPU with its children's, proportional memory."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter


@dataclass
class Cost:
    """Filled when the measured block ends. `peak_mb` is the highest PSS of the process tree seen."""

    wall: float = 0.0
    cpu: float = 0.0
    peak_mb: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)


@contextmanager
def measured(*, memory: bool = True) -> Iterator[Cost]:
    """Measure the block. CPU of children counts once they have ended, so end pools inside the block."""
    cost = Cost()
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(cost, stop), daemon=True)
    if memory:
        watcher.start()
    cpu, wall = _cpu(), perf_counter()
    try:
        yield cost
    finally:
        cost.wall, cost.cpu = perf_counter() - wall, _cpu() - cpu
        stop.set()
        if memory:
            watcher.join()


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _watch(cost: Cost, stop: threading.Event) -> None:
    while not stop.wait(0.25):
        cost.peak_mb = max(cost.peak_mb, sum(map(_pss, tree(os.getpid()))) / 1024)


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
