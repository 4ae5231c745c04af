"""Workbooks read on other machines: like `Pool`, but what is given out is the file's bytes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from pipeline.errors import TemporaryError
from pipeline.executors import FILE_SECONDS, Pool, ReadJob, crew_of
from pipeline.executors.child import LONG_SECONDS
from pipeline.executors.cluster import Cluster, FarTask
from pipeline.executors.sent import SentWorkbook, read_sent, read_sent_apart
from pipeline.forms.lexicon import learned
from pipeline.xlsx.guard import MAX_FILE

CHUNK = 50  # files a task: a task costs some 0.4 ms here and at the scheduler


class ClusterReaders(Pool):
    """Reads on the machines of a cluster, and in `workers` processes here while there is none."""

    _chunk = CHUNK

    def __init__(self, cluster: Cluster, workers: int = 2) -> None:
        super().__init__(workers, at_once=False)
        self._cluster = cluster
        self._far = cluster.hands(partial(crew_of, words=learned()), self._crew)

    @property
    def _width(self) -> int:
        return self._cluster.size or super()._width

    def _given(self, jobs: Sequence[ReadJob], *, urgent: bool) -> Future[list[Any]]:
        return self._far.submit(read_sent, [_sent(job) for job in jobs], FILE_SECONDS, urgent=urgent)

    def _given_apart(self, job: ReadJob) -> Future[list[Any]]:
        task = FarTask(None, read_sent_apart, (_sent(job),), 2 * LONG_SECONDS)
        return self._cluster.do(task, partial(super()._given_apart, job))


def _sent(job: ReadJob) -> SentWorkbook:
    try:
        with job.path.open("rb") as file:
            return SentWorkbook(file.read(MAX_FILE + 1), job.seen)
    except OSError as error:
        raise TemporaryError(f"submission {job.seq}: what we kept cannot be opened: {error.strerror}") from error
