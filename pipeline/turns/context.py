"""Everything that validation must know of the store for one batch, as one value, in a handful of queries."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from pipeline import units
from pipeline.database import sql
from pipeline.database.models import Closure, DeskToken, Division, Filing, Report, Unit, UnitPlace
from pipeline.filed import FilingFacts, OrganFacts
from pipeline.forms.desk import DESK
from pipeline.model import (
    Arrival,
    ClosureFacts,
    ClosureState,
    Context,
    Reading,
    SchoolFacts,
    UnitKind,
    UsedToken,
)
from pipeline.registry import calendar_spans, lookup, statements
from pipeline.registry import schools as known_schools
from pipeline.schooldays import Calendar, today
from pipeline.turns import card_facts
from pipeline.validate import scans


def by_place(batch: Sequence[tuple[Arrival, Reading]]) -> list[tuple[int | None, list[tuple[Arrival, Reading]]]]:
    """Split a batch by the statements, about registry and calendar, before each: each part with its `upto`.

    Nearly always there is no later statement, and the present state is used. A submission that its reader kept too
    long, or that is read once more, is validated as in its turn.
    """
    if not batch:
        return []
    # its own statements do not count for it, when it is read once more
    later_ones = statements.later_than(min(arrival.seq for arrival, _ in batch) - 1)
    moved = UnitPlace.objects.exists()
    parts: dict[tuple[int | None, date | None], list[tuple[Arrival, Reading]]] = defaultdict(list)
    for arrival, reading in batch:
        at = bisect_left(later_ones, arrival.seq)
        upto = later_ones[at] - 1 if at < len(later_ones) else None
        parts[upto, today(arrival.received_at) if moved else None].append((arrival, reading))
    return [(upto, part) for (upto, _), part in parts.items()]


def load(readings: Sequence[tuple[Arrival, Reading]], now: datetime, upto: int | None = None) -> Context:
    """Return the context of a batch: its schools with their classes, the current reports, organs, the calendar.

    `upto`: registry and calendar by the statements up to that place of the received sequence.
    """
    codes = sorted(_codes(readings))
    days = sorted({r.claims.day for _, r in readings if r.claims and r.claims.day})
    received_on = today(max((arrival.received_at for arrival, _ in readings), default=now))
    if upto is None:
        known = known_schools.load(codes, days or [today(now)], lookup.moved(received_on))
    else:
        known = known_schools.load_as_of(codes, days or [received_on], upto, received_on)
    divisions = list(Division.objects.values_list("code", "name", "parent_id"))
    return Context(
        schools=known.schools,
        rooms=known.rooms,
        divisions={code: name for code, name, _ in divisions},
        parents={code: parent for code, _, parent in divisions if parent},
        reported=frozenset(
            Report.objects.filter(day__in=days, school__in=codes).values_list("day", "school", "campus")
        ),
        calendar=calendar_spans.calendar(upto),
        alerts=card_facts.alerts(readings),
        namesakes=_namesakes(codes),
        pupils=_pupils([code for code, one in known.schools.items() if one.sources]),
        organs=organs(codes),
        filings=_filings(readings),
        revoked=lookup.revoked(sorted(codes)),
        used=_used(readings),
    )


def schools(codes: Sequence[str], days: Sequence[date]) -> dict[str, SchoolFacts]:
    """Return the schools of these codes, with their campuses and their classes on the latest of the days."""
    return dict(known_schools.load(codes, days, {}).schools)


def organs(codes: Sequence[str]) -> dict[str, OrganFacts]:
    """Return the organs of these codes; schools' codes are skipped."""
    named = [code for code in codes if not code.isdigit()]
    rows = Unit.objects.filter(code__in=named, kind=UnitKind.ORGAN).select_related("division") if named else ()
    return {
        row.code: OrganFacts(
            row.code,
            row.name,
            row.division_id,
            units.DivisionNode(row.division_id, row.division.kind).level.value,
            row.token_serial,
        )
        for row in rows
    }


def _filings(readings: Iterable[tuple[Arrival, Reading]]) -> dict[int, FilingFacts]:
    """The filings that scans name."""
    named = {number for arrival, reading in readings if reading.scan and (number := scans.named(arrival.name))}
    rows = Filing.objects.filter(number__in=named) if named else ()
    return {row.number: FilingFacts(row.number, row.unit_id, row.home_id, row.opener_id) for row in rows}


def _used(readings: Iterable[tuple[Arrival, Reading]]) -> dict[tuple[str, str], UsedToken]:
    """The tokens of these 处理单 that were used up before."""
    named = {r.claims.unit: r.claims.token for _, r in readings if r.claims and r.claims.form == DESK.name}
    marks = [units.token_term(token) for token in named.values()]
    rows = DeskToken.objects.filter(division__in=named, mark__in=marks) if named else ()
    return {
        (row.division_id, row.mark): UsedToken(row.submission_id, row.submission.content_sha)
        for row in rows and rows.select_related("submission")
    }


def closures(codes: Sequence[str]) -> dict[str, tuple[ClosureFacts, ...]]:
    """Return the closures that schools have declared, withdrawn ones too, in order of their start."""
    found: dict[str, list[ClosureFacts]] = defaultdict(list)
    for row in Closure.objects.filter(school__in=codes).order_by("start"):
        until, state = row.resume_actual or row.resume_planned, ClosureState(row.state)
        found[row.school_id].append(ClosureFacts(row.campus, row.scope, today(row.start), until, state))
    return {school: tuple(rows) for school, rows in found.items()}


def calendar() -> Calendar:
    """Return the school calendar as it was entered: terms, holidays and overrides of all places."""
    return calendar_spans.calendar()


def _codes(readings: Iterable[tuple[Arrival, Reading]]) -> set[str]:
    codes = set()
    for arrival, reading in readings:
        codes.add(arrival.bound)
        if reading.claims:
            codes.add(reading.claims.unit)
            if reading.claims.form == "roster":
                codes |= {str(v) for rows in reading.tables.values() for row in rows for v in row.values[:1] if v}
    return codes - {""}


def _namesakes(codes: Sequence[str]) -> frozenset[tuple[str, str, str]]:
    text = "SELECT school, class_key, name FROM pupil WHERE school IN ? AND namesake"
    return frozenset((school, key, name) for school, key, name in sql.fetch_in(text, codes))


def _pupils(codes: Sequence[str]) -> frozenset[tuple[str, str]]:
    """All pupils ever reported of schools whose classes were joined or divided: they are few."""
    found = sql.fetch_in("SELECT school, code FROM pupil WHERE school IN ?", sorted(codes)) if codes else []
    return frozenset((school, code) for school, code in found)
