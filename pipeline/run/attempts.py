"""Settling with faults in mind: attempts are counted, and one faulty submission does not stop the others.

A temporary fault leaves everything `received` and stops the run. For a lasting one the batch is halved until the faulty
submission is found; it is set aside as `failed` while all others settle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import structlog

from pipeline import fault_log
from pipeline.database import errors, journal
from pipeline.faults import Fault
from pipeline.forms.credentials import about_accounts
from pipeline.model import Arrival, Issue, Settled, State
from pipeline.run.parts import Read
from pipeline.run.settling import Settling
from pipeline.xlsx.likeness import may_hold_password

log = structlog.get_logger("queke.run")

MOST_ATTEMPTS = 3
SMALL = 20  # after a coordinator died over a batch, its submissions come in batches of this size; then alone
DIED = Fault("", text="the process died over it each time", stage="settle")
LOST = Fault("", text="its bytes are gone from the spool", stage="read")
"""Why a submission is set aside if no error says so."""


def batches_by_attempts(arrivals: Sequence[Arrival], limit: int) -> Iterable[list[Arrival]]:
    """Split waiting submissions into batches: the more unfinished attempts a submission has had, the smaller.

    A submission that has had all its attempts is in none of them.
    """
    for attempts, size in ((0, limit), (1, SMALL), (2, 1)):
        group = [arrival for arrival in arrivals if arrival.attempts == attempts]
        for start in range(0, len(group), size):
            yield group[start : start + size]


def exhausted(arrivals: Iterable[Arrival]) -> list[Arrival]:
    """Those over which a coordinator died so often that they are to be set aside."""
    return [arrival for arrival in arrivals if arrival.attempts >= MOST_ATTEMPTS]


def settle(settling: Settling, batch: Sequence[Read], *, lasting: bool) -> list[Settled]:
    """Settle a batch of readings, in received order; return the outcome of each.

    Attempts are counted, and committed, before the work. With `lasting` a fault that is usually temporary, but has not
    passed, counts as lasting. Raises TemporaryError, with everything unsettled still `received`.
    """
    ordered = sorted(batch, key=lambda read: read[0].seq)
    with errors.temporary():
        journal.count_attempt([arrival.seq for arrival, _ in ordered])
    settled: list[Settled] = []
    _narrow_down(settling, ordered, settled, lasting=lasting)
    return settled


def set_aside(settling: Settling, arrival: Arrival, why: Fault) -> Settled:
    """Settle a submission as failed: recorded for us to look into; its sender is informed."""
    fault = replace(why, seqs=(arrival.seq,))
    issues = (Issue("failed"),)
    secret = about_accounts(arrival.name) or _may_hold_password(arrival)
    with errors.temporary():
        journal.fail(arrival.seq, issues, settling.now, secret=secret)
    log.error("submission_failed", **fault.fields(), sha12=arrival.sha256[:12], attempts=arrival.attempts)
    about = f"submission {arrival.seq}"
    fault_log.note(settling.site, fault_log.SUBMISSION, fault, settling.now, about=about)
    return Settled(arrival.seq, 0, State.FAILED, "", "", None, 0, 0, issues, ())


def _may_hold_password(arrival: Arrival) -> bool:
    """Whether the bytes of a failed submission may hold one: then they are not kept."""
    return arrival.path.exists() and may_hold_password(arrival.path.read_bytes())


def _narrow_down(settling: Settling, batch: Sequence[Read], settled: list[Settled], *, lasting: bool) -> None:
    def settle_all() -> None:
        for some in settling.settle(batch):
            settled.extend(some)  # what was committed before a fault stays

    fault = errors.attempted(settle_all, [arrival.seq for arrival, _ in batch], lasting=lasting)
    if fault is None:
        return
    log.critical("batch_failed", **fault.fields())
    done = {one.seq for one in settled}
    left = [read for read in batch if read[0].seq not in done]
    if len(left) == 1:
        settled.append(set_aside(settling, left[0][0], fault))
        return
    middle = len(left) // 2
    for half in (left[:middle], left[middle:]):
        if half:
            _narrow_down(settling, half, settled, lasting=lasting)
