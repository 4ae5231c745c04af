"""The answers to a submission: receipt, return workbook, and a county's 收件汇总."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace

from pipeline import forms, issuing, schooldays, units
from pipeline.errors import UsageError
from pipeline.facts import receipt_facts
from pipeline.facts.receipt_facts import StillMissing
from pipeline.figures import batch_summary, receipts
from pipeline.figures.batch_summary import SummaryFacts, SummaryLine
from pipeline.figures.paper_values import values_of
from pipeline.figures.receipts import ReceiptFacts
from pipeline.forms.base import returned_name
from pipeline.forms.whole import FILE
from pipeline.letters import batch_lists, queue
from pipeline.letters.queue import Facts, Queued
from pipeline.model import BatchRef, Issue, LetterKind, Paper, State
from pipeline.registry import lookup
from pipeline.reports import letters as written
from pipeline.run.writers.base import LetterBatch, judged, reports, title
from pipeline.settling import reviews

_STALE = frozenset(("form-too-new", "form-title-only", "sheet-missing", "column-missing", "column-twice"))
_NAMED = 20  # so many of the missing classes are named
_PRINTED = tuple(field.name for field in fields(receipts.Receipt))


def receipt(letter: Queued, batch: LetterBatch) -> list[Paper]:
    """The receipt; with it the right template, if the sender's own cannot be taken."""
    facts = batch.facts[letter.ref]
    template = _right_template(facts, batch)
    made = receipts.receipt(_said(facts, letter.reader, batch, template))
    # 15,500 a day, which are neither hashed nor kept: the template takes the values as they are
    return [*written.compose(LetterKind.RECEIPT, {name: getattr(made, name) for name in _PRINTED}), *template]


def told(letter: Queued, batch: LetterBatch) -> receipts.Receipt:
    """The receipt as values, for a page."""
    facts = batch.facts[letter.ref]
    return receipts.receipt(_said(facts, letter.reader, batch, ()))


def without_cells(letter: Queued, batch: LetterBatch) -> receipts.Receipt:
    """The receipt for a mail, which others may read: it names places, and nothing of what stands there."""
    facts = batch.facts[letter.ref]
    return receipts.receipt(replace(_said(facts, letter.reader, batch, ()), scope=None))


def _said(facts: Facts, reader: str, batch: LetterBatch, template: Sequence[Paper]) -> ReceiptFacts:
    left = batch.missing.get(facts.seq)
    issues = (*_with_files(facts, batch), *batch.asked.get(facts.seq, ()), *_unmentioned(facts, batch), *_missing(left))
    return _receipt_facts(facts, reader, batch, issues=issues, beside=_beside(facts, template), silent=_silent(left))


def outcome(facts: Facts) -> str:
    """The outcome of a submission in words."""
    return receipts.outcome(facts.state, facts.accepted, facts.refused)


def _with_files(facts: Facts, batch: LetterBatch) -> Iterator[Issue]:
    """The issues, with the files of their rows under the sender's own names. The blank beginning of a case that goes on
    is mentioned once.
    """
    known = {issue.row for issue in batch.asked.get(facts.seq, ()) if issue.code == "start-goes-on"}
    for issue in facts.issues:
        if issue.code == "start-missing" and issue.row in known:
            continue
        if not issue.rows_of:
            yield issue
            continue
        found = queue.named(facts.unit, [one.seq for one in issue.rows_of])
        yield replace(issue, rows_of=tuple(replace(one, name=found.get(one.seq, "")) for one in issue.rows_of))


def _unmentioned(facts: Facts, batch: LetterBatch) -> Iterator[Issue]:
    """The issue about pupils absent before whom the report does not mention."""
    if found := batch.unmentioned.get(facts.seq):
        count, since = found
        yield Issue("carried-unspoken", details=(("count", str(count)), ("day", f"{since:%m-%d}")))


def _missing(left: StillMissing | None) -> Iterator[Issue]:
    """The issues about what is due the same day and was not reported."""
    if left and left.classes:
        more = f"等 {len(left.classes)} 个" if len(left.classes) > _NAMED else ""
        which = "、".join(left.classes[:_NAMED]) + more
        yield Issue("classes-missing", details=(("count", str(len(left.classes))), ("which", which)))


def _silent(left: StillMissing | None) -> tuple[str, ...]:
    return left.campuses if left else ()


def _beside(facts: Facts, template: Sequence[Paper]) -> str:
    """What comes with the receipt of a submission."""
    tables = {one.table for one in facts.returned}
    if FILE in tables:
        return "whole"
    if tables:
        return "rows"
    return "template" if template else ""


def _right_template(facts: Facts, batch: LetterBatch) -> list[Paper]:
    """Today's template for a workbook whose own is too old, too new or damaged; nothing if the file goes back as a
    workbook, or if form or unit is not known.
    """
    stale = next((issue for issue in facts.issues if issue.code in _STALE), None)
    if stale is None or facts.state is not State.REJECTED or facts.returned:
        return []
    by_title = {form.title: form.name for form in forms.FORMS}
    form = facts.form or by_title.get(dict(stale.details).get("title", ""), "")
    unit, day = facts.unit or facts.bound, facts.day or schooldays.today(facts.received_at)
    if not form or not unit or not batch.knows(unit):
        return []
    try:
        content = issuing.template(batch.site, form, unit, day, facts.campus if facts.form else "")
    except UsageError:  # a county is not a school, or has no such campus
        return []
    return [Paper(f"模板 {title(form)} {facts.seq:06d}.xlsx", content)]


def _receipt_facts(
    facts: Facts,
    reader: str,
    batch: LetterBatch,
    *,
    issues: tuple[Issue, ...],
    beside: str = "",
    silent: tuple[str, ...] = (),
) -> ReceiptFacts:
    known = bool(reader) and batch.knows(reader)
    return ReceiptFacts(
        scope=units.scope(reader, batch.tree, batch.site.policy.small_count) if known else None,
        seq=facts.seq,
        state=facts.state,
        form=title(facts.form),
        unit=facts.unit,
        unit_name=facts.unit_name,
        day=facts.day,
        campus=facts.campus,
        received_at=facts.received_at.astimezone(schooldays.ZONE),
        on_time=facts.on_time,
        accepted=facts.accepted,
        refused=facts.refused,
        withdrawn=facts.withdrawn,
        counted=facts.counted,
        zero=facts.zero,
        issues=issues,
        repairs=facts.repairs,
        folder=facts.bound_name,
        name=facts.name,
        assumed=batch.assumed.get((facts.unit or reader, facts.about), 0),
        before=_told_before(facts),
        reviewed=reviews.said(batch.reviews.get((facts.unit, facts.day))) if facts.day and known else "",
        others=tuple(one for one in batch.campuses.get(facts.unit, ()) if one != facts.campus) if facts.campus else (),
        silent=silent,
        beside=beside,
    )


def _told_before(facts: Facts) -> receipts.Before | None:
    one = facts.before
    return one and one._replace(sent_at=one.sent_at.astimezone(schooldays.ZONE))


def giveback_workbook(letter: Queued, batch: LetterBatch) -> list[Paper]:
    """The return workbook: rows that are still open. Nothing if all were corrected meanwhile."""
    facts = batch.facts[letter.ref]
    content = issuing.returned(batch.site, facts, letter.queued_at)
    whose = "" if letter.reader == facts.unit or not facts.unit_name else f" {facts.unit_name}"  # one of a heap
    name = f"{returned_name(title(facts.form), facts.seq)}{whose}.xlsx"
    return [] if content is None else [Paper(name, content)]


def summary(letter: Queued, batch: LetterBatch) -> list[Paper]:
    about = BatchRef.read(letter.ref)
    facts = judged(batch_lists.facts(letter.reader, about))
    reported = reports(facts)
    left = receipt_facts.missing(reported, lookup.campuses({school for school, *_ in reported.values()}))
    lines = tuple(
        SummaryLine(
            one.name,
            _receipt_facts(one, letter.reader, batch, issues=(*one.issues, *_missing(left.get(one.seq)))),
        )
        for one in facts
    )
    scope = units.scope(letter.reader, batch.tree, batch.site.policy.small_count)
    made = SummaryFacts(
        scope=scope,
        code=letter.reader,
        place=batch.names[letter.reader],
        now=letter.queued_at.astimezone(schooldays.ZONE),
        lines=lines,
        assumed=batch.assumed.get((letter.reader, letter.about), 0),
    )
    return [
        Paper(_numbered(one.name, about), one.content)
        for one in _composed(LetterKind.SUMMARY, batch_summary.summary(made))
    ]


def _numbered(name: str, about: BatchRef) -> str:
    stem, _, ending = name.rpartition(".")
    return f"{stem} {about.first:06d}-{about.last:06d}.{ending}"


def _composed(kind: str, made: object) -> list[Paper]:
    return written.compose(kind, values_of(made))
