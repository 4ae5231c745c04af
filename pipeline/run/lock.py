"""One coordinator a site."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from pipeline.errors import TemporaryError
from pipeline.model import Site

NAME = "queke.lock"


class Busy(TemporaryError):  # noqa: N818 — a state of the site, raised to the process that wanted to work on it
    """Another process works on this site, and will do the work."""


@contextmanager
def hold_site(site: Site) -> Iterator[None]:
    """Be the one process that works on the site. Raises Busy if another is; the lock ends with its process."""
    descriptor = os.open(site.root / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("本站正由另一个 queke 进程处理，交给它即可 · another process works on this site") from None
        yield
    finally:
        os.close(descriptor)


def note_cycle(site: Site) -> None:
    """Note that the work of whoever holds the site gets on: the lock's own time says when, without a store."""
    os.utime(site.root / NAME)


def last_cycle(site: Site) -> datetime | None:
    """When a service last finished a look, by the machine's clock; None where none ever did."""
    with suppress(OSError):
        return datetime.fromtimestamp((site.root / NAME).stat().st_mtime, UTC)
    return None


def is_held(site: Site) -> bool:
    """Whether some process works on the site now."""
    try:
        with hold_site(site):
            return False
    except Busy:
        return True
