"""Readers, and a renderer, without processes, for tests: quick to start, and patched like anything else here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from pipeline import executors
from pipeline.errors import TemporaryError
from pipeline.executors import Answer, ReadJob
from pipeline.model import Reading
from pipeline.reports import render
from pipeline.reports.press import press


class InProcess:
    """Reads plain workbooks here, odd ones in a child. What kills a reader would kill the test."""

    def read(self, jobs: Sequence[ReadJob]) -> Iterator[Answer]:
        for job in jobs:
            reading: Reading | None = None
            try:
                reading = executors.read_plain(job)
            except TemporaryError:
                raise
            except Exception as error:  # noqa: BLE001  # as in a reader: whatever a file does to it, the others go on
                executors.log_failed(error, job.seq, 0.0)
            yield job.seq, executors.read_in_child(job.path, job.seq, job.seen) if reading is None else reading

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def renderer(elsewhere: object = None) -> render.Renderer:
    """Draws in this process, with our fonts; what is started from here finds the system's."""
    del elsewhere  # of other machines
    before = os.environ.get("FONTCONFIG_FILE")
    press()  # reads the configuration, once
    if before is None:
        os.environ.pop("FONTCONFIG_FILE", None)
    else:
        os.environ["FONTCONFIG_FILE"] = before
    return render.Renderer(workers=0)
