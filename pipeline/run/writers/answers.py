"""What a sender is told of a submission: receipt, return workbook, and a county's 收件汇总."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import date

from pipeline import forms, schooldays, units
from pipeline.figures import receipts
from pipeline.figures.digest import paper
from pipeline.figures.receipts import ReceiptFacts, SummaryFacts, SummaryLine
from pipeline.model import HOME_CAMPUS, Refused
from pipeline.outbox.folder import Paper
from pipeline.reports import letters as written
from pipeline.run.writers.base import Post, title
from pipeline.store import context, summaries
from pipeline.store.letters import Facts, Queued
from pipeline.xlsx.giveback import GivebackFacts, giveback

_SAID = tuple(field.name for field in fields(receipts.Receipt))


def receipt(letter: Queued, post: Post) -> list[Paper]:
    made = receipts.receipt(_receipt_facts(post.facts[letter.ref], letter.reader, post))
    # 15,500 a day, which nobody hashes or keeps: the template takes the values as they are
    return list(written.compose("receipt", {name: getattr(made, name) for name in _SAID}))


def _receipt_facts(facts: Facts, reader: str, post: Post) -> ReceiptFacts:
    known = bool(reader) and post.knows(reader)
    return ReceiptFacts(
        scope=units.scope(reader, post.tree, post.site.policy.small_count) if known else None,
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
        zero=facts.zero,
        issues=facts.issues,
        repairs=facts.repairs,
        folder=facts.bound_name,
        name=facts.name,
    )


def giveback_workbook(letter: Queued, post: Post) -> list[Paper]:
    """The return workbook: rows that are still open. Nothing when all were mended meanwhile."""
    facts = post.facts[letter.ref]
    rows = [
        Refused(one.table, one.row, one.raw, one.issues, one.ticket) for one in facts.returned if one.state == "open"
    ]
    if not rows:
        return []
    content = giveback(forms.form(facts.form), _giveback_facts(facts, rows, post))
    return [written.Paper(f"退回修正表 {title(facts.form)} {facts.seq:06d}.xlsx", content)]


def _giveback_facts(facts: Facts, rows: Sequence[Refused], post: Post) -> GivebackFacts:
    day = facts.day or schooldays.today(facts.received_at)
    fields: dict[str, str | date] = {"unit": facts.unit, "school": facts.unit_name, "day": day}
    school = context.schools([facts.unit], [day]).get(facts.unit)
    campus = facts.campus or HOME_CAMPUS
    if school is None:
        return GivebackFacts(fields=fields, rows=rows)
    token = units.token(post.site.key, facts.unit, facts.form, schooldays.term(day), school.token_serial)
    return GivebackFacts(
        fields={**fields, "campus": campus},
        rows=rows,
        classes=[room.name for room in school.classes.values() if room.campus == campus],
        token=token,
        kindergarten=school.stages == ("幼儿园",),
        boarding=school.boarding,
    )


def summary(letter: Queued, post: Post) -> list[Paper]:
    first, last = summaries.span(letter.ref)
    facts = summaries.facts(letter.reader, first, last)
    lines = tuple(SummaryLine(one.name, _receipt_facts(one, letter.reader, post)) for one in facts)
    scope = units.scope(letter.reader, post.tree, post.site.policy.small_count)
    told = SummaryFacts(
        scope=scope,
        code=letter.reader,
        place=post.names[letter.reader],
        now=letter.queued_at.astimezone(schooldays.ZONE),
        lines=lines,
    )
    return [
        written.Paper(_numbered(one.name, first, last), one.content)
        for one in _composed("summary", receipts.summary(told))
    ]


def _numbered(name: str, first: int, last: int) -> str:
    stem, _, ending = name.rpartition(".")
    return f"{stem} {first:06d}-{last:06d}.{ending}"


def _composed(kind: str, made: object) -> list[Paper]:
    return list(written.compose(kind, paper(made)))
