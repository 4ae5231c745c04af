"""Readers without processes, for tests: quick to start, and patched like anything else in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from pipeline import executors
from pipeline.errors import TemporaryError
from pipeline.executors import Answer, Job
from pipeline.model import Reading


class InProcess:
    """Reads plain workbooks here, odd ones in a child. What kills a reader would kill the test."""

    def read(self, jobs: Sequence[Job]) -> Iterator[Answer]:
        for seq, path in jobs:
            reading: Reading | None = None
            try:
                reading = executors.read_plain(path)
            except TemporaryError:
                raise
            except Exception as error:  # noqa: BLE001  # as in a reader: whatever a file does to it, the others go on
                executors.log_failed(error, seq, 0.0)
            yield seq, executors.read_in_child(path, seq) if reading is None else reading

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None
