"""The path without its effects: what the outcomes of files would be."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from pipeline import scratch
from pipeline.database import errors, journal, transactions
from pipeline.database.models import Submission
from pipeline.errors import UsageError
from pipeline.executors import Pool, ReadJob
from pipeline.facts import report_rows
from pipeline.facts.report_rows import ReportRows
from pipeline.inbox.scan import shown
from pipeline.merge.registry_changes import Change
from pipeline.model import Arrival, Channel, DecidedBy, Reading, Settled, Site, State
from pipeline.run import attempts
from pipeline.run.settling import Settling
from pipeline.schooldays import today
from pipeline.settling import decisions, roster

Outcome = tuple[Arrival, Settled]

_LAST = 2**62  # a place in the received sequence after all others


def rehearse(site: Site, files: Sequence[Path], now: datetime, sender: str = "") -> list[Outcome]:
    """Return the outcomes that files would have, in their order; nothing is stored, kept or sent. `sender`: the unit in
    whose folder they would lie, else each in that of the unit it names.
    """
    with scratch.folder("queke-check-") as aside, Pool(1, at_once=False) as readers:
        arrivals = [_arrival(path, now, aside / str(place)) for place, path in enumerate(files)]
        readings = dict(readers.read([ReadJob(place, one.path, today(now)) for place, one in enumerate(arrivals)]))
        with errors.temporary(), transactions.undone():
            numbered = journal.receive(
                site, [_lying(one, readings[place], sender) for place, one in enumerate(arrivals)]
            )
            batch = [(arrival, readings[place]) for place, arrival in enumerate(numbered)]
            settled = {one.seq: one for one in attempts.settle(Settling(site, readers, now), batch, lasting=True)}
    return [(arrival, settled.get(arrival.seq) or _failed(arrival)) for arrival in numbered]


def rehearse_roster(site: Site, workbook: Path, now: datetime, sender: str = "") -> tuple[Sequence[Change], Outcome]:
    """Return what a 学校名册 would change in the registry (nothing, if it is another form), and its outcome."""
    with scratch.folder("queke-check-") as aside, Pool(1, at_once=False) as readers:
        ((_, reading),) = readers.read([ReadJob(0, workbook, today(now))])
        arrival = _lying(replace(_arrival(workbook, now, aside / "0"), seq=_LAST), reading, sender)
        (checked,) = Settling(site, readers, now).validate([(arrival, reading)])
    is_roster = reading.claims is not None and reading.claims.form == "roster"
    changes = roster.plan(checked, arrival.seq).changes if is_roster else ()
    return changes, rehearse(site, [workbook], now, sender)[0]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What releasing a held 缺课日报 would make of its report; `refused`: why it cannot be released, "" if it can."""

    before: ReportRows
    after: ReportRows
    refused: str = ""


def rehearse_release(site: Site, seq: int, now: datetime) -> Rehearsed | None:
    """Return the report as it stands, and as it would be with a held file; None for a file that is no 缺课日报."""
    row = Submission.objects.filter(received_seq=seq, state=State.HELD, form="absence").first()
    if row is None or row.day is None:
        return None
    before = report_rows.of(row.day, row.unit, row.campus)
    step = partial(decisions.release, site, [seq], DecidedBy("", "", now))
    try:
        with errors.temporary(), Pool(1, at_once=False) as readers, transactions.undone():
            Settling(site, readers, now).take(step)
            return Rehearsed(before, report_rows.of(row.day, row.unit, row.campus))
    except UsageError as error:
        return Rehearsed(before, before, str(error))


def _lying(arrival: Arrival, reading: Reading, sender: str) -> Arrival:
    """As if it lay in the folder of its sender, or of the unit that it names, where it is asked only what is in it."""
    return replace(arrival, bound=sender or (reading.claims.unit if reading.claims else ""))


def _arrival(path: Path, now: datetime, aside: Path) -> Arrival:
    """A file as it would arrive; one whose path no store can note, for it is not UTF-8, is copied to `aside`."""
    content, where = path.read_bytes(), path.resolve()
    if shown(str(where)) != str(where)[:255]:
        aside.write_bytes(content)
        where = aside
    return Arrival(
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        name=shown(path.name),
        channel=Channel.CLI,
        folder="",
        bound="",
        first_seen=now,
        received_at=now,
        path=where,
    )


def _failed(arrival: Arrival) -> Settled:
    return Settled(arrival.seq, 0, State.FAILED, "", "", None, 0, 0, (), ())
