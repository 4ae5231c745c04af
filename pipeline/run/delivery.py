"""Delivery of all queued letters: written and drawn here, or by the process that works on the site."""

from __future__ import annotations

import time
from datetime import datetime
from gettext import gettext as say

from pipeline.database import errors
from pipeline.errors import TemporaryError
from pipeline.model import Site
from pipeline.reports.render import Renderer
from pipeline.run import noting, sending
from pipeline.run.lock import Busy, hold_site

STUCK_SECONDS = 180.0  # one page may take two minutes


def deliver(site: Site, now: datetime) -> None:
    """Write and draw every queued letter: here, or by waiting for the process that works on the site."""
    try:
        with hold_site(site), errors.temporary():
            sending.send(site, now)
            while sending.books(site, now):
                pass
            if sending.undrawn():
                with Renderer() as renderer:
                    while sending.draw(site, now, renderer):
                        pass
            noting.note_down(site, now)
    except Busy:
        _wait_for_the_other()


def _wait_for_the_other() -> None:
    """Wait for the coordinator to draw what is queued. Raises TemporaryError if it makes no progress."""
    left, since = -1, time.monotonic()
    while now_left := sending.undrawn():
        if now_left != left:
            left, since = now_left, time.monotonic()
        elif time.monotonic() - since > STUCK_SECONDS:
            raise TemporaryError(
                say("{left} letters wait to be drawn, and the process at work on this site draws none").format(
                    left=left
                )
            )
        time.sleep(0.5)
