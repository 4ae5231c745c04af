"""A cluster on loopback: a scheduler and workers as processes of their own, by TLS."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from pipeline.demo.dovecot import free_port
from pipeline.model import ClusterPlan

SECONDS = 60.0


class LoopbackCluster:
    """Processes that are started and killed by a test; `plan` says where they are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        authority = trustme.CA()
        pair = authority.issue_cert("localhost", "127.0.0.1")
        authority.cert_pem.write_to_path(folder / "ca.pem")
        pair.private_key_and_cert_chain_pem.write_to_path(folder / "pair.pem")
        ca, certificate = str(folder / "ca.pem"), str(folder / "pair.pem")
        self._tls = ["--tls-ca-file", ca, "--tls-cert", certificate, "--tls-key", certificate]
        self._address = f"tls://127.0.0.1:{free_port()}"
        self.plan = ClusterPlan(self._address, ca, certificate, certificate)
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self, workers: int) -> None:
        """Start the scheduler, unless it runs, and so many workers more."""
        if self.scheduler is None:
            self.scheduler = self._run("scheduler", "--host", self._address, "--no-dashboard", *self._tls)
        for _ in range(workers):
            options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0"]
            folder = ["--local-directory", str(self._folder)]
            worker = self._run("worker", self._address, "--host", "tls://127.0.0.1", *options, *folder, *self._tls)
            self.workers.append(worker)

    def mend(self, workers: int) -> None:
        """Have so many workers, and a scheduler, that live."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        if self.scheduler is None or self.scheduler.poll() is not None or len(self.workers) > workers:
            self.end()
        self.start(workers - len(self.workers))

    def end(self) -> None:
        for process in [*self.workers, *([self.scheduler] if self.scheduler else [])]:
            process.kill()
            process.wait()
        self.scheduler, self.workers = None, []

    def _run(self, *what: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "DASK_DISTRIBUTED__ADMIN__LOG_FORMAT": ""}
        with (self._folder / "cluster.log").open("ab") as said:
            return subprocess.Popen([sys.executable, "-m", "dask", *what], stdout=said, stderr=said, env=environment)

    @property
    def said(self) -> str:
        """What all of them wrote."""
        return (self._folder / "cluster.log").read_text(encoding="utf-8", errors="replace")


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[LoopbackCluster]:
    """A cluster of so many workers, until the end of the block."""
    made = LoopbackCluster(folder)
    made.start(workers)
    try:
        yield made
    finally:
        made.end()


def until(happened, seconds: float = SECONDS) -> None:
    """Wait until something is so; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
