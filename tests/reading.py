"""A workbook read as the pool of readers does, in this process."""

from pipeline import task
from pipeline.model import Reading


def take(content: bytes) -> Reading:
    """Read one workbook, plain or odd."""
    reading = task.read_plain(content)
    return task.read_untrusted(content) if reading is None else reading
