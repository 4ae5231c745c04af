"""How Python itself works while a process holds a site: its cycle collector, and how threads take turns."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (50_000, 20, 20)
TURN_SECONDS = 0.0005


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


@contextmanager
def short_turns() -> Iterator[None]:
    """Let a thread that has an answer of a reader wait a short time only for the one that settles.

    By default it waits 5 ms, some three times an answer, and its reader, whose next files it gives out, stands still.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
