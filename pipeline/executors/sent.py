"""A workbook as it travels to another machine, and how it is read there. Imported by reader processes: cheap."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

from pipeline import scratch, task
from pipeline.executors.child import read_in_child
from pipeline.model import Reading


class SentWorkbook(NamedTuple):
    """A workbook as it travels: its bytes, and the day it was first seen."""

    content: bytes
    seen: date | None


def read_sent(sent: SentWorkbook) -> Reading | None:
    """Read a plain workbook in a process of ours, wherever that is; None for an odd one."""
    return task.read_plain(sent.content, sent.seen)


def read_sent_apart(sent: SentWorkbook) -> Reading:
    """Read an odd workbook on a worker's machine, in a disposable child there."""
    with scratch.folder("queke-sent-") as own:
        path = Path(own, "file")
        path.write_bytes(sent.content)
        return read_in_child(path, seen=sent.seen)
