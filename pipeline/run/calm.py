"""The cycle collector during batches.

At its default it looks every 700 new objects and walks through what the batch has made so far: hundreds of
thousands of values without a cycle, a fifth of the cost of settling. Told to look rarely it still looks.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (50_000, 20, 20)


@contextmanager
def calm() -> Iterator[None]:
    """Look for cycles rarely meanwhile."""
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
