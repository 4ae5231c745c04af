"""`python -m benchmarks --cluster [files]`: the same workbooks read here, and by 1, 2 and 4 workers on loopback.

On one machine more workers than cores win nothing on the wall: what counts is the CPU that the coordinator's machine
spends on a file, for it is what is left when the workers are elsewhere.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time

from benchmarks import ours, workbooks
from pipeline.executors import Pool, Readers, ReadJob
from pipeline.executors.cluster import Cluster
from pipeline.executors.cluster_readers import ClusterReaders
from tests.dask_cluster import cluster, until

FILES = 2_000
WORKERS = (1, 2, 4)


def measure(folder: Path, count: int) -> dict[str, object]:
    """Read so many workbooks of the real mix by each; compare what was read."""
    schools = workbooks.schools(count)
    site = ours.new_site(folder / "site", schools)
    template = workbooks.master(site, schools[0])
    drops = workbooks.write(site, template, schools, "real", folder / "made")
    jobs = [ReadJob(seq, drop.path, ours.NOW.date()) for seq, drop in enumerate(drops, start=1)]
    print(f"{'':14}{'files/s':>9}{'CPU ms a file here':>20}")
    with Pool(2) as readers:
        expected, here = _read(readers, jobs)
    found: dict[str, object] = {"files": count, "cores": os.cpu_count(), "here": _shown("2 readers here", here, count)}
    for workers in WORKERS:
        (own := folder / f"cluster{workers}").mkdir()
        with cluster(own, workers) as loopback, Cluster(loopback.plan) as far, ClusterReaders(far) as readers:
            until(lambda far=far, workers=workers: far.size == workers)
            read, cost = _read(readers, jobs)
            if readers.pids:
                print("  the cluster was away for a while: some were read here")
        if read != expected:
            raise SystemExit(f"{workers} workers read something else")
        found[str(workers)] = _shown(f"{workers} workers", cost, count)
    return found


def _read(readers: Readers, jobs: Sequence[ReadJob]) -> tuple[dict[int, object], tuple[float, float]]:
    list(readers.read(jobs[:200]))  # processes started, templates known
    time.sleep(0.5)
    cpu, wall = process_time(), perf_counter()
    found = dict(readers.read(jobs))
    return found, (perf_counter() - wall, process_time() - cpu)


def _shown(name: str, cost: tuple[float, float], count: int) -> dict[str, float]:
    wall, cpu = cost
    figures = {"per_second": round(count / wall, 1), "own_cpu_ms": round(1000 * cpu / count, 3)}
    print(f"{name:14}{figures['per_second']:>9}{figures['own_cpu_ms']:>20}")
    return figures
