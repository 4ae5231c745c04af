"""What a person decides about a held submission. May be done while another process works on the site."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from pipeline.database import errors, journal
from pipeline.executors import InProcess
from pipeline.inbox import archive
from pipeline.model import Arrival, Checked, Settled, Site
from pipeline.run import sending
from pipeline.run.lock import Busy, hold_site
from pipeline.settling import decisions
from pipeline.turns import validate_as_of


def release(site: Site, seq: int, who: str, why: str, clock: Callable[[], datetime]) -> tuple[Arrival, Settled]:
    """Take a held submission after all; return what became of it. Its letters are sent by whoever works on the site.

    Raises UsageError if it is not held.
    """
    now = clock()

    def reread(seqs: Sequence[int]) -> list[Checked]:
        arrivals = journal.arrivals(site, seqs)
        with InProcess() as readers:
            readings = dict(readers.read([(arrival.seq, archive.find(site, arrival)) for arrival in arrivals]))
        again = [(arrival, readings[arrival.seq]) for arrival in arrivals]
        return validate_as_of.judge(site, again, now)

    with errors.temporary():
        (settled,) = decisions.release(site, [seq], who, why, now, reread)
        (arrival,) = journal.arrivals(site, [seq])
    follow(site, clock)
    return arrival, settled


def follow(site: Site, clock: Callable[[], datetime]) -> None:
    """See to what a decision leaves to do, warnings and letters: unless another process works on the site, and will."""
    try:
        with hold_site(site), errors.temporary():
            sending.warn(site, clock())
            sending.send(site, clock())
    except Busy:
        return
