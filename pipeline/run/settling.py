"""From what was read to what stands: context, validation, one transaction a run of submissions.

A passing fault leaves everything `received` and stops the line. A lasting one is narrowed down by
halves to the submission at fault, which is set aside as `failed` while all others settle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import structlog

from pipeline import diagnosis
from pipeline.county import settle_desk
from pipeline.database import errors, journal
from pipeline.diagnosis import stage
from pipeline.errors import TemporaryError
from pipeline.executors import Readers
from pipeline.inbox import archive
from pipeline.model import HOME_CAMPUS, Arrival, Checked, Issue, Reading, Settled, Site, State
from pipeline.registry import statements
from pipeline.schooldays import today
from pipeline.settling import submissions
from pipeline.turns import validate_as_of
from pipeline.validate import scans
from pipeline.xlsx.likeness import looks_like_filing

log = structlog.get_logger("queke.run")

Read = tuple[Arrival, Reading]

MOST_ATTEMPTS = 3
SMALL = 20  # after one coordinator died over a batch, its submissions come in batches so small; then alone
SETTLERS = (*submissions.FORMS, (settle_desk.takes, settle_desk.settle))
ALONE_FORMS = frozenset({"roster", "calendar", "filing", "desk"})  # what changes how others are judged


def batches_by_attempts(arrivals: Sequence[Arrival], limit: int) -> Iterable[list[Arrival]]:
    """Cut what waits into batches: the more often work on a submission did not end, the smaller.

    A submission that has had its attempts is in none of them.
    """
    for attempts, size in ((0, limit), (1, SMALL), (2, 1)):
        group = [arrival for arrival in arrivals if arrival.attempts == attempts]
        for start in range(0, len(group), size):
            yield group[start : start + size]


def exhausted(arrivals: Iterable[Arrival]) -> list[Arrival]:
    """Those over which a coordinator died so often that they are to be set aside."""
    return [arrival for arrival in arrivals if arrival.attempts >= MOST_ATTEMPTS]


def set_aside(arrival: Arrival, now: datetime) -> Settled:
    """Settle a submission as failed: ours to look into; its sender is told that we do."""
    issues = (Issue("failed"),)
    private = scans.hinted(arrival.name) or _looks_like_filing(arrival)
    with errors.temporary():
        journal.fail(arrival.seq, issues, now, private=private)
    log.error("submission_failed", seq=arrival.seq, sha12=arrival.sha256[:12], attempts=arrival.attempts)
    return Settled(arrival.seq, 0, State.FAILED, "", "", None, HOME_CAMPUS, 0, 0, 0, issues, ())


def _looks_like_filing(arrival: Arrival) -> bool:
    """Whether bytes that nobody could settle look like a 备案表: then they are not kept."""
    return arrival.path.exists() and looks_like_filing(arrival.path.read_bytes())


def settle(site: Site, batch: Sequence[Read], readers: Readers, now: datetime, *, lasting: bool) -> list[Settled]:
    """Settle a batch of what was read, in received order; return what became of each.

    Attempts are counted, and committed, before the work. With `lasting` a fault that usually passes, and has
    not, is taken for lasting. Raises TemporaryError, with everything unsettled still `received`.
    """
    ordered = sorted(batch, key=lambda read: read[0].seq)
    with errors.temporary():
        journal.count_attempt([arrival.seq for arrival, _ in ordered])
    settled: list[Settled] = []
    _narrow_down(ordered, settled, lambda part: _settle(site, part, readers, now), now, lasting=lasting)
    return settled


def _narrow_down(
    batch: Sequence[Read],
    settled: list[Settled],
    work: Callable[[Sequence[Read]], Iterable[list[Settled]]],
    now: datetime,
    *,
    lasting: bool,
) -> None:
    try:
        for some in work(batch):
            settled += some
    except Exception as error:  # whatever it is, it must not keep the others from settling
        if isinstance(error, TemporaryError | OSError) and not lasting:
            raise
        log.critical("batch_failed", **diagnosis.fault(error, [arrival.seq for arrival, _ in batch]).fields())
    else:
        return
    done = {one.seq for one in settled}
    left = [read for read in batch if read[0].seq not in done]
    if len(left) == 1:
        settled.append(set_aside(left[0][0], now))
        return
    middle = len(left) // 2
    for half in (left[:middle], left[middle:]):
        if half:
            _narrow_down(half, settled, work, now, lasting=lasting)


def _settle(site: Site, batch: Sequence[Read], readers: Readers, now: datetime) -> Iterable[list[Settled]]:
    """Settle run by run; what a run settled stays settled if a later one fails."""

    def reread(seqs: Sequence[int]) -> list[Checked]:
        arrivals = journal.arrivals(site, seqs)
        readings = dict(readers.read([(arrival.seq, archive.find(site, arrival)) for arrival in arrivals]))
        again = [(arrival, readings[arrival.seq]) for arrival in arrivals]
        return validate_as_of.judge(site, again, now)

    with stage("settle", [arrival.seq for arrival, _ in batch]), errors.temporary():
        statements.take_effect(today(now))
    for segment in cut_at_rosters(batch):
        for layer in layers(segment):
            with stage("settle", [arrival.seq for arrival, _ in layer]), errors.temporary():
                checked = validate_as_of.judge(site, layer, now)
                settled = submissions.settle(checked, site, now, reread, SETTLERS)
            yield settled


def cut_at_rosters(batch: Sequence[Read]) -> Iterable[list[Read]]:
    """Cut so that a submission that changes how others are judged stands alone.

    A card and another form of the same school are never in one run: what a card answers follows from the reports
    before it, and what it leaves from those after.
    """
    segment: list[Read] = []
    carded: dict[str, bool] = {}  # school → whether what the run has of it are cards
    for read in batch:
        form, unit = _about(read)
        if form in ALONE_FORMS:
            yield from ([segment] if segment else [])
            yield [read]
            segment, carded = [], {}
            continue
        if carded.get(unit, form == "card") != (form == "card"):
            yield segment
            segment, carded = [], {}
        if unit:
            carded[unit] = form == "card"
        segment.append(read)
    if segment:
        yield segment


def _about(read: Read) -> tuple[str, str]:
    """The form and the unit that a submission claims, as far as they can be told."""
    arrival, reading = read
    claims = reading.claims
    return (claims.form, claims.unit or arrival.bound) if claims else ("", "")


def layers(segment: Sequence[Read]) -> list[list[Read]]:
    """Lay a later, different submission of one report in a later layer: it is judged by what then stands.

    Different reports do not wait for each other, nor copies for what they copy: a heap of a hundred copies
    is one layer.
    """
    found: list[list[Read]] = []
    last: dict[object, tuple[int, str]] = {}  # report → its last layer and content
    for arrival, reading in segment:
        at = 0
        if reading.claims is not None:
            claims, sha = reading.claims, reading.content_sha
            report = (claims.form, claims.unit or arrival.bound, claims.day, claims.campus)
            before = last.get(report, (0, sha))
            at = before[0] + (before[1] != sha)
            last[report] = at, sha
        if at == len(found):
            found.append([])
        found[at].append((arrival, reading))
    return found
