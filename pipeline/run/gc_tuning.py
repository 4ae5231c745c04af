"""How often Python's cycle collector runs while a process holds a site."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (50_000, 20, 20)


@contextmanager
def few_collections() -> Iterator[None]:
    """Let the cycle collector run rarely meanwhile.

    By default it runs every 700 new objects and searches everything a batch has made so far: hundreds of thousands of
    values without a cycle, a fifth of the cost of settling.
    """
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
