"""Letters: from the queue in the store to files in the outbox. Rendered after the commit, delivered at least once.

The same facts give the same bytes, so a letter that was delivered but not noted is delivered again without harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial

import structlog

from pipeline import fault_log, schooldays
from pipeline.database import errors
from pipeline.database.transactions import atomic
from pipeline.facts import carried, case_questions, receipt_facts, unknown_years
from pipeline.faults import Fault, stage
from pipeline.letters import queue
from pipeline.letters.queue import Delivered, Facts, Queued
from pipeline.model import TAKEN, LetterKind, Paper, Site, SubmissionRef
from pipeline.outbox.folder import Delivery, deliver_all
from pipeline.post import papers as papers_by_mail
from pipeline.registry import lookup
from pipeline.reports import letters as written
from pipeline.reports.render import Renderer
from pipeline.run import writers
from pipeline.run.writers import answers
from pipeline.run.writers.base import LetterBatch, judged, reports
from pipeline.settling import reviews

log = structlog.get_logger("queke.sending")

BATCH = 500
SLICE = 24  # letters with pages drawn at a time: about two seconds, in which a file may have come


def send(site: Site, now: datetime) -> int:
    """Write and deliver the letters that need no drawing; return how many."""
    sent, more = 0, True
    while more and (queued := queue.pending(BATCH, tuple(writers.WRITERS))):
        more = len(queued) == BATCH
        batch = batch_of(site, queued)
        sent += _deliver(batch, queued, _written(queued, batch, writers.WRITERS), now)
    return sent


def books(site: Site, now: datetime, limit: int = SLICE) -> int:
    """Write and deliver up to `limit` of the workbooks that are less urgent than answers; return how many."""
    queued = queue.pending(limit, tuple(writers.BOOKS))
    if not queued:
        return 0
    batch = batch_of(site, queued)
    return _deliver(batch, queued, _written(queued, batch, writers.BOOKS), now)


def draw(site: Site, now: datetime, renderer: Renderer, limit: int = SLICE) -> int:
    """Draw and deliver up to `limit` of the letters with pages; return how many. Call until there are none."""
    queued = queue.pending(limit, tuple(writers.PAGES))
    if not queued:
        return 0
    batch = batch_of(site, queued)
    return _deliver(batch, queued, _drawn(queued, batch, renderer), now)


def undrawn() -> int:
    """How many letters wait for their pages to be drawn, or are workbooks that wait with them."""
    return sum(count for kind, count in queue.waiting().items() if kind in {*writers.PAGES, *writers.BOOKS})


def batch_of(site: Site, queued: Sequence[Queued]) -> LetterBatch:
    """What writing these letters needs, loaded once for all of them."""
    refs = [one.ref for one in queued if one.kind in writers.OF_SUBMISSIONS]
    readers = {one.reader for one in queued if one.reader}
    sent = queue.facts(refs)
    facts = dict(zip(sent, judged(sent.values()), strict=True))
    tree, names = lookup.tree(readers), lookup.names(readers)
    reported = {one.unit for one in facts.values() if one.form == "absence"}
    taken = _taken(facts.values())
    asked = case_questions.asked(taken, lookup.tree({school for school, *_ in taken.values()}) if taken else tree)
    campuses = lookup.campuses(reported)
    return LetterBatch(
        site=site,
        tree=tree,
        names=names,
        facts=facts,
        unmentioned=carried.unmentioned(taken),
        asked=asked,
        campuses=campuses,
        missing=receipt_facts.missing(reports(facts.values()), campuses),
        reviews=reviews.of((school, day) for school, _, day in reports(facts.values()).values()),
        assumed=unknown_years.assumed(_days(queued, facts)),
    )


def _days(queued: Iterable[Queued], facts: Mapping[str, Facts]) -> Iterator[tuple[str, date]]:
    """The units and days that the letters are about."""
    for one in queued:
        sent = facts.get(one.ref) if one.kind in writers.OF_SUBMISSIONS else None
        about = sent.about if sent else one.about
        yield from ((unit, about) for unit in (one.reader, sent.unit if sent else "") if unit)


def _taken(facts: Iterable[Facts]) -> dict[int, tuple[str, str, date]]:
    """The reports that were taken, by submission: school, campus and day."""
    mine = [one for one in facts if one.form == "absence" and one.state in TAKEN]
    return {one.seq: (one.unit, one.campus, one.day) for one in mine if one.day is not None}


def _written(
    queued: Sequence[Queued],
    batch: LetterBatch,
    by: Mapping[LetterKind, Callable[[Queued, LetterBatch], list[Paper]]],
) -> list[list[Paper] | Fault]:
    return [_tried("letters", one, partial(by[one.kind], one, batch)) for one in queued]


def _drawn(queued: Sequence[Queued], batch: LetterBatch, renderer: Renderer) -> list[list[Paper] | Fault]:
    """Draw all in parallel; if that fails, one by one, so that only the faulty one is set aside."""
    pages = ((one.kind, writers.PAGES[one.kind](one, batch)) for one in queued)
    drawn = errors.attempted(lambda: list(written.compose_all(pages, renderer)))
    if not isinstance(drawn, Fault):
        return [*drawn]
    log.warning("pages_one_by_one", letters=len(queued), **drawn.fields())
    return [_tried("draw", one, partial(_drawn_alone, one, batch, renderer)) for one in queued]


def _drawn_alone(letter: Queued, batch: LetterBatch, renderer: Renderer) -> list[Paper]:
    return written.compose(letter.kind, writers.PAGES[letter.kind](letter, batch), renderer)


def _tried(name: str, letter: Queued, write: Callable[[], list[Paper]]) -> list[Paper] | Fault:
    """The letter's papers; a fault if it cannot be written: ours to look into, and others are not delayed."""
    seqs = [int(letter.ref.partition(".")[0])] if letter.kind in writers.OF_SUBMISSIONS else []
    with stage(name, seqs):
        papers = errors.attempted(write)
    if isinstance(papers, Fault):
        about = {"letter": letter.id, "kind": letter.kind, "ref": letter.ref, "reader": letter.reader}
        log.critical("letter_failed", **about, **papers.fields())
    return papers


def _deliver(batch: LetterBatch, queued: Sequence[Queued], papers: Sequence[list[Paper] | Fault], now: datetime) -> int:
    site = batch.site
    ready = [(one, made) for one, made in zip(queued, papers, strict=True) if not isinstance(made, Fault)]
    deliveries = [Delivery(batch.place(one.reader), _day(one, batch), made) for one, made in ready]
    paths = deliver_all(site, deliveries)
    root = f"{site.root}/"  # paths below it as text: `relative_to` costs as much as a file's name and its hash
    sent = [
        Delivered(one.id, str(lying[0]).removeprefix(root) if lying else "", _sha(made), _outcome(one, batch))
        for (one, made), lying in zip(ready, paths, strict=True)
    ]
    with atomic():
        queue.done(sent, now)
        if site.mail.sending is not None:
            papers_by_mail.queue([one for one, made in ready if made], now)
    failed = [(one, made) for one, made in zip(queued, papers, strict=True) if isinstance(made, Fault)]
    queue.give_up([one.id for one, _ in failed], now)
    for one in (one for one, made in ready if not made):  # corrected, answered or in agreement meanwhile
        log.info("nothing_to_send", letter=one.id, kind=one.kind, reader=one.reader)
    fault_log.forget(site, fault_log.LETTER, [_about(one) for one, _ in ready])
    for one, fault in failed:
        fault_log.note(site, fault_log.LETTER, fault, now, about=_about(one))
    return len(sent)


def _about(letter: Queued) -> str:
    """The letter's name in messages about a failure."""
    return f"letter {letter.id} {letter.kind} {letter.reader}".rstrip()


def _day(letter: Queued, batch: LetterBatch) -> date:
    """The day of its folder. Of what answers a submission, that on which it came, or was judged anew: whoever looks for
    an answer looks among today's, whatever date was typed.
    """
    facts = batch.facts.get(letter.ref)
    if facts and letter.kind in writers.OF_SUBMISSIONS:
        return schooldays.today(letter.queued_at if SubmissionRef.read(letter.ref).again else facts.received_at)
    return letter.day or schooldays.today(letter.queued_at)


def _outcome(letter: Queued, batch: LetterBatch) -> str:
    """The outcome that a receipt tells, for the next one of the same submission."""
    facts = batch.facts.get(letter.ref)
    return answers.outcome(facts) if facts and letter.kind is LetterKind.RECEIPT else ""


def _sha(papers: Iterable[Paper]) -> str:
    digest = hashlib.sha256()
    for one in papers:
        digest.update(one.content)
    return digest.hexdigest()
