"""What a person decides about a held submission. May be done while another process works on the site."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from pipeline.executors import InProcess
from pipeline.inbox import archive
from pipeline.model import Arrival, Checked, Settled, Site
from pipeline.run import post
from pipeline.run.lock import Busy, coordinator
from pipeline.store import decisions, faults, journal, judging


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
        return judging.judge(site, again, now)

    with faults.temporary():
        (settled,) = decisions.release(site, [seq], who, why, now, reread)
        (arrival,) = journal.arrivals(site, [seq])
    follow(site, clock)
    return arrival, settled


def follow(site: Site, clock: Callable[[], datetime]) -> None:
    """See to what a decision leaves to do, warnings and letters: unless another process works on the site, and will."""
    try:
        with coordinator(site), faults.temporary():
            post.warn(site, clock())
            post.send(site, clock())
    except Busy:
        return
