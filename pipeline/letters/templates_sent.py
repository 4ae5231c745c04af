"""Which schools' templates of a day are in the outbox, and which schools are still to get theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max, Q

from pipeline.database import acts, audit, sql
from pipeline.database.models import Counter, Letter, Unit
from pipeline.database.transactions import atomic
from pipeline.model import ActKind, LetterKind, LetterState, SchoolFacts, UnitKind
from pipeline.registry import lookup
from pipeline.turns import context

_ROUND = "templates"  # the counter whose value is the last finished day: 20261120


@dataclass(frozen=True, slots=True)
class SentTemplates:
    """A school's templates of a day: the hash of their content, and the path of the first of them."""

    school: str
    sha: str
    path: str


def finished(day: date) -> bool:
    """Whether all templates of the day were sent. Those of a later day do not count: the clock may have been ahead."""
    return Counter.objects.filter(name=_ROUND, value=sql.day_number(day)).exists()


def ever() -> bool:
    """Whether all templates of any day were ever sent."""
    return Counter.objects.filter(name=_ROUND).exists()


def finish(day: date, now: datetime) -> None:
    """Note that all templates of the day were sent."""
    with atomic():
        Counter.objects.update_or_create(name=_ROUND, defaults={"value": sql.day_number(day)})
        acts.note(ActKind.ALL_TEMPLATES, now, day=day.isoformat())


def last(day: date) -> str:
    """Return the code of the last school whose templates of the day were sent, "" for none: schools follow by code."""
    found = Letter.objects.filter(kind=LetterKind.TEMPLATE, ref=day.isoformat()).aggregate(last=Max("reader"))["last"]
    return found or ""


def owing(day: date, *, after: str, limit: int, places: Sequence[str] = ()) -> list[SchoolFacts]:
    """Return the next schools that owe a report of the day, by code, with the campuses and classes it is due from;
    `places`: only of these divisions.

    At most `limit`; none when there are no more.
    """
    calendar, everywhere = context.calendar(), lookup.tree(())
    inside = sorted({code for place in places for code in everywhere.below(place)})
    there = Q(valid_from__isnull=True) | Q(valid_from__lte=day)
    there &= Q(valid_to__isnull=True) | Q(valid_to__gt=day)
    while True:
        rows = Unit.objects.filter(there, kind=UnitKind.SCHOOL, code__gt=after).order_by("code")
        if places:
            rows = rows.filter(division__in=inside)
        codes = list(rows.values_list("code", flat=True)[:limit])
        if not codes:
            return []
        after = codes[-1]
        tree, closures = lookup.tree(codes), context.closures(codes)
        found = []
        for code, school in sorted(context.schools(codes, [day]).items()):
            due = calendar.of_facts(tree.chain(code)[1:], school, day, closures.get(code, ()))
            if due.due.yes:
                found.append(due.of(school))
        if found:
            return found


def known(day: date, codes: Sequence[str]) -> Mapping[str, SentTemplates]:
    """Return the templates of the day that these schools were sent, by school."""
    rows = Letter.objects.filter(kind=LetterKind.TEMPLATE, ref=day.isoformat(), reader__in=list(codes))
    return {row.reader: SentTemplates(row.reader, row.sha256, row.path) for row in rows}


def note(day: date, rows: Sequence[SentTemplates], now: datetime) -> None:
    """Note that templates were sent, replacing older ones; each school's leave an audit row."""
    if not rows:
        return
    columns = ("kind", "ref", "reader", "state", "day", "queued_at", "done_at", "path", "sha256")
    moment = sql.moment(now)
    kind, done = LetterKind.TEMPLATE, LetterState.DONE
    values = [(kind, day.isoformat(), r.school, done, sql.day(day), moment, moment, r.path, r.sha) for r in rows]
    with atomic():
        sql.run(sql.upsert("letter", columns, ("kind", "ref", "reader"), ("queued_at",)), values)
        audit.append([audit.AuditEntry("queke", "send", f"{kind} {day} → {row.school}") for row in rows], now)
        told = [[row.school, row.sha, row.path] for row in rows]
        acts.note(ActKind.TEMPLATES, now, day=day.isoformat(), rows=told)
