"""The facts of school pages: a county's pages at a time, a handful of queries for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Q

from pipeline import units
from pipeline.alert_state import AlertState
from pipeline.alerts import alert_labels
from pipeline.database import sql
from pipeline.database.models import Absence, Alert, Closure, Report
from pipeline.facts import county_day, past_alerts, spells
from pipeline.facts.county_day import CountedSchool
from pipeline.figures import papers
from pipeline.figures.papers import ClassLine, Notice, PageFacts, PupilLine
from pipeline.figures.words import joined, printed_width
from pipeline.forms import words
from pipeline.forms.absence import ROWS
from pipeline.forms.base import Goes
from pipeline.forms.cells import show
from pipeline.model import HOME_CAMPUS, WHOLE_SCHOOL, Reason, RowState, Site, TicketState
from pipeline.registry import lookup
from pipeline.schooldays import VOID_CLOSURES, ZONE, clock_of, day_bounds
from pipeline.settling import reviews
from pipeline.settling.reviews import Review
from pipeline.spells import AbsenceSpell
from pipeline.turns import context

PLACED = frozenset(
    ("class_name", "name", "sex", "reason", "state", "start", "part", "symptom1", "symptom2", "symptom3",
     "other_symptom", "temperature", "visited", "diagnosis", "degree", "note")
)  # fmt: skip
"""Columns of the form with a place of their own on the page; others that go there are printed among the remarks."""

_TOLD = 3  # alerts of a school that its page tells each by itself
_BRIEF = 16  # half-width characters: a longer symptom in the clerk's own words stands among the remarks
_MORE = tuple(
    (name, column) for name, column in ROWS.keeps.items() if Goes.PAGE in column.goes and column.name not in PLACED
)
_ROW = (
    *("day", "school", "campus", "pupil", "pending", "returned"),  # the last: a spell ends with it
    *(name for name, column in ROWS.keeps.items() if Goes.PAGE in column.goes),
)


@dataclass(frozen=True, slots=True)
class Cut:
    """The edition of the pages: number, whether final, when cut and as of what."""

    day: date
    n: int
    final: bool
    now: datetime
    as_of: int


def pages(site: Site, cut: Cut, counties: Sequence[str]) -> list[PageFacts]:
    """Return the pages of all schools of some counties, in order of county and code."""
    tree, calendar, divisions = lookup.tree(day=cut.day), context.calendar(), lookup.division_names()
    found: list[PageFacts] = []
    for county in counties:
        schools = county_day.schools(cut.day, [county], tree, calendar).get(county, [])
        loaded = _load(cut.day, clock_of(cut.day, cut.now), county, schools)
        for school in schools:
            scope = units.scope(school.day.code, tree, site.policy.small_count)
            found.append(_page(cut, scope, school, divisions.get(county, ""), loaded))
    return found


@dataclass(frozen=True, slots=True)
class _Rows:
    heads: Mapping[str, list[Report]]
    absences: Mapping[str, list[Absence]]
    spells: Mapping[spells.Pupil, AbsenceSpell]
    names: Mapping[tuple[str, str], str]
    others: Mapping[str, Mapping[tuple[str, str], int]]  # school → (campus, class key) → 其他缺课
    alerts: Mapping[str, list[Alert]]
    tickets: Mapping[str, int]
    closings: Mapping[tuple[str, str, str], str]  # (school, campus, class key or 全校) → from when, of that day
    reasons: Mapping[str, str]
    labels: Mapping[str, str]
    reviews: Mapping[tuple[str, date], Review]


def _load(day: date, clock: datetime, county: str, schools: Sequence[CountedSchool]) -> _Rows:
    heads, absences, alerts = defaultdict(list), defaultdict(list), defaultdict(list)
    for head in Report.objects.filter(day=day, division=county).order_by("school", "campus"):
        heads[head.school].append(head)
    rows = list(Absence.objects.filter(day=day, division=county).order_by("school", "class_key", "id").only(*_ROW))
    for row in rows:
        absences[row.school].append(row)
    for alert in _standing(county, day, clock):
        alerts[alert.school_id].append(alert)
    codes = [s.day.code for s in schools]
    text = "SELECT school, code, name FROM pupil WHERE school IN ? AND code IN ?"
    names: dict[tuple[str, str], str] = {}
    for school, mine in absences.items():
        found = sql.fetch_in(text, [school], sorted({row.pupil for row in mine}))
        names |= {(where, code): name for where, code, name in found}
    text = "SELECT school, campus, key, other_absent FROM report_class WHERE day IN ? AND school IN ?"
    others: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for code, campus, key, n in sql.fetch_in(text, [day.isoformat()], codes):
        others[code][campus, key] = n
    text = "SELECT school, COUNT(*) FROM reject WHERE day IN ? AND school IN ? AND state IN ? GROUP BY school"
    tickets = dict(sql.fetch_in(text, [day.isoformat()], codes, [TicketState.OPEN]))
    standing = [alert for mine in alerts.values() for alert in mine]
    lasted = spells.on(day, rows)
    reasons = {alert.id: alert_labels.groups(alert) for alert in standing}
    closings = _closings(day, county)
    labels = alert_labels.labels(standing)
    reviewed = reviews.of((code, day) for code in heads)
    return _Rows(heads, absences, lasted, names, others, alerts, tickets, closings, reasons, labels, reviewed)


def _standing(county: str, day: date, clock: datetime) -> list[Alert]:
    """The alerts of a county that were open at the clock, as they stood then, soonest due first."""
    rows = Alert.objects.filter(Q(closed_at__isnull=True) | Q(closed_at__gt=clock), division=county)
    rows = past_alerts.opened_by(rows, day, clock).exclude(state__in=(AlertState.VOID, AlertState.MERGED))
    found = list(rows)
    past_alerts.stand_as_of(found, day, clock)
    return sorted(found, key=lambda one: (one.due_at, one.id))


def _closings(day: date, county: str) -> dict[tuple[str, str, str], str]:
    """The closures that began on the day, after its beginning: from when."""
    rows = Closure.objects.filter(division=county, start__range=day_bounds(day)).exclude(state__in=VOID_CLOSURES)
    starts = ((row, row.start.astimezone(ZONE)) for row in rows)
    return {(r.school_id, r.campus, r.scope): f"{at:%H:%M}" for r, at in starts if at.time() > time()}


def _page(cut: Cut, scope: units.Scope, school: CountedSchool, county: str, loaded: _Rows) -> PageFacts:
    code = school.day.code
    heads = loaded.heads.get(code, [])
    rows = sorted(loaded.absences.get(code, []), key=_by_class)
    several = len({campus for campus, _ in school.rooms}) > 1
    return PageFacts(
        scope=scope,
        code=code,
        school=school.day.name,
        county=county,
        day=cut.day,
        n=cut.n,
        final=cut.final,
        now=cut.now,
        as_of=cut.as_of,
        standing=school.day.standing,
        # whole, on time or late, by its last campus
        reported_at=_reported_at(school, heads),
        reporter=joined(dict.fromkeys(h.reporter for h in heads if h.reporter)),
        reviewer=joined(dict.fromkeys(h.reviewer for h in heads if h.reviewer)),
        reviewed=reviews.said(loaded.reviews.get((code, cut.day))),
        zero=bool(heads) and all(h.zero and not h.other_absent for h in heads),
        pupils=tuple(_pupil(row, school, loaded, several=several) for row in rows),
        classes=tuple(_classes(school, rows, loaded, several=several)),
        notices=tuple(_notices(loaded.alerts.get(code, []), loaded)),
        open_tickets=loaded.tickets.get(code, 0),
        assumed=school.assumed,
    )


def _reported_at(school: CountedSchool, heads: Sequence[Report]) -> datetime | None:
    """When the last campus reported from which a report was due; of a day on which none was, the last at all."""
    asked = [head for head in heads if head.campus in school.in_time]
    return max((head.first_seen.astimezone(ZONE) for head in asked or heads), default=None)


def _by_class(row: Absence) -> tuple[object, ...]:
    return county_day.class_order((row.campus, row.class_key))


def _room(school: CountedSchool, campus: str, key: str, *, several: bool) -> str:
    name = school.name_of((campus, key))
    return f"{campus} {name}" if several and campus != HOME_CAMPUS else name


def _pupil(row: Absence, school: CountedSchool, loaded: _Rows, *, several: bool) -> PupilLine:
    symptoms = [words.SYMPTOM.labels.get(code, code) for code in row.symptoms.split()]
    own, brief = row.other_symptom, printed_width(row.other_symptom) <= _BRIEF
    return PupilLine(
        class_name=_room(school, row.campus, row.class_key, several=several),
        name=loaded.names.get((row.school, row.pupil), ""),
        code=row.pupil,
        sex=words.SEX.labels.get(row.sex, row.sex),
        reason=row.reason,
        row_state=row.row_state,
        start=row.start,
        part=row.part,
        symptoms=(*symptoms, *([own] if own and brief else [])),
        temperature=f"{row.temperature}℃" if row.temperature is not None else "",
        visited=row.visited,
        diagnosis=words.diagnosis_in_words(row.diagnosis, row.degree),
        note=row.note,
        pending=row.pending,
        days=spell.days if (spell := loaded.spells.get((row.school, row.campus, row.pupil))) else "",
        more=(*([] if brief else [f"{ROWS.keeps['other_symptom'].title} {own}"]), *_more(row)),
    )


def _more(row: Absence) -> Iterator[str]:
    for name, column in _MORE:
        value = getattr(row, name)
        text = show(column, value.astimezone(ZONE) if isinstance(value, datetime) else value)
        if text:
            yield f"{column.title} {text}"


def _classes(school: CountedSchool, rows: Sequence[Absence], loaded: _Rows, *, several: bool) -> list[ClassLine]:
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        if row.row_state != RowState.RETURNED:
            counts[row.campus, row.class_key][row.reason] += 1
    code, closings = school.day.code, loaded.closings
    others = loaded.others.get(code, {})
    unknown = (place for place in (*counts, *others) if place not in school.rooms)
    places = sorted([*school.rooms, *dict.fromkeys(unknown)], key=county_day.class_order)
    return [
        ClassLine(
            class_name=_room(school, *place, several=several),
            roll=school.day.rolls.get(place),
            ill=counts[place][Reason.ILL],
            injured=counts[place][Reason.INJURED],
            # counted for its class, or a line a pupil: both are 其他缺课
            other=others.get(place, 0) + counts[place][Reason.OTHER],
            closed=place in school.day.closed,
            off=place in school.day.off and place not in school.day.closed,
            silent=place in school.day.silent or place[0] in school.silent_campuses,
            counted=others.get(place, 0),
            closed_from=closings.get((code, *place)) or closings.get((code, place[0], WHOLE_SCHOOL), ""),
        )
        for place in places
    ]


def _notices(alerts: Sequence[Alert], loaded: _Rows) -> Iterator[Notice]:
    """The first alerts in words; of the others a page has room for their ids."""
    for alert in alerts[:_TOLD]:
        yield _notice(alert, loaded)
    if len(alerts) > _TOLD:
        yield papers.further_alerts([alert.id for alert in alerts[_TOLD:]])


def _notice(alert: Alert, loaded: _Rows) -> Notice:
    due = alert.due_at.astimezone(ZONE)
    group, where = loaded.reasons[alert.id], loaded.labels[alert.id]
    return papers.alert_notice(alert.id, group, where, alert.cases, (alert.state, due))
