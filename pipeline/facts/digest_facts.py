"""The facts of papers: a book of one day for all digests, and the facts of single letters.

The only queries for papers. A book is loaded once for any number of digests; each of its queries is by day and
division, and figures for comparison are read from CountyDay. Every fact carries its reader's scope.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Q

from pipeline import alert_state, rules, units
from pipeline.alert_state import AlertState
from pipeline.alerts import alert_labels
from pipeline.database.models import (
    Alert,
    AlertCase,
    AlertHit,
    Division,
    Submission,
    Unit,
)
from pipeline.facts import closure_lines, county_day, past_alerts, silence, silent_alerts, small_counts, statistics
from pipeline.facts.county_day import CountedCounty
from pipeline.figures.county import CountyFigures, kind_of
from pipeline.figures.facts import AlertLine, ClosureLine, DigestFacts, HintLine, Holder, PaperDivision, SilentLine
from pipeline.figures.papers import MissingFacts
from pipeline.figures.suppression import ALL_SHOWN, Suppression
from pipeline.figures.trend import CURVE_DAYS, NORM_DAYS
from pipeline.figures.words import day_off, named_condition, sent_below
from pipeline.forms import words
from pipeline.model import Level, Organ, Site, State, UnitKind
from pipeline.registry import lookup
from pipeline.schooldays import ZONE, Off, clock_of, day_bounds, today
from pipeline.settling import reconciliation
from pipeline.turns import context

_BACK = max(CURVE_DAYS, NORM_DAYS) + 7


@dataclass(frozen=True, slots=True)
class Book:
    """One day of some counties, with everything that their digests and those of the divisions above them need."""

    day: date
    now: datetime
    clock: datetime  # as of when it speaks: of a past day, its end
    as_of: int
    small: int
    deadline: str
    tree: units.Tree
    places: Mapping[str, PaperDivision]  # those with schools, and the divisions above them
    counted: Mapping[str, CountedCounty]
    days: Mapping[str, Mapping[date, CountyFigures]]
    alerts: tuple[AlertLine, ...]
    closures: tuple[ClosureLine, ...]
    silent: tuple[SilentLine, ...]
    hints: Mapping[str, tuple[HintLine, ...]]  # county →
    statistics: statistics.DayStatistics
    week: Mapping[str, int]  # division → week of its term, if there is a term table
    organs: Mapping[tuple[str, str], tuple[str, str]]  # (division, education | health | cdc) → name, telephone
    matters: Mapping[str, tuple[str, ...]]  # county → the school of each open matter
    waiting: int
    why_nothing: str
    counts: Suppression  # what is left out above county
    unseen: Mapping[str, frozenset[date]]


def book(site: Site, day: date, now: datetime, places: Sequence[str] = ()) -> Book:
    """Load the day for the divisions `places` (default: all that have schools), counting its counties again."""
    tree, clock = lookup.tree(day=day), clock_of(day, now)
    counties = _counties(tree, places)
    above = not places or any(tree.places[place].level in {Level.CITY, Level.PROVINCE} for place in places)
    counted, counts = small_counts.count(day, tree, counties, site.policy.small_count if above else 0)
    history = county_day.kept(counties, day - timedelta(days=_BACK), day - timedelta(days=1))
    for code, one in counted.items():
        history.setdefault(code, {})[day] = one.figures
    named = _places(tree, counties)
    return Book(
        day=day,
        now=now,
        clock=clock,
        as_of=county_day.last_settled(),
        small=site.policy.small_count,
        deadline=site.policy.deadline,
        tree=tree,
        places=named,
        counted=counted,
        days=history,
        alerts=_alerts(counties, day, clock, named, site.policy.small_count),
        closures=closure_lines.closures(counties, day, counted, named),
        silent=_silent(counted, day, clock, named),
        hints=_hints(counted),
        statistics=statistics.compare(day, named, counted, history) if site.policy.statistics else statistics.NONE,
        week=_weeks(named, tree, day),
        organs=_organs(named),
        matters=reconciliation.of_counties(counties, clock),
        waiting=Submission.objects.filter(state=State.RECEIVED, received_at__lte=clock).count(),
        why_nothing=_why_nothing(day, named),
        counts=counts,
        unseen=small_counts.unseen(day, named, history, site.policy.small_count) if above else {},
    )


def digest(found: Book, code: str, n: int, *, final: bool) -> DigestFacts:
    """Return one division's digest from the book. KeyError for a place without schools."""
    place = found.places[code]
    inside = frozenset(place.counties)
    below = tuple(p for p in found.places.values() if code == found.tree.places[p.code].parent)
    bureau, phone = found.organs.get((code, Organ.EDUCATION), (place.name, ""))
    county_lists = place.level is Level.COUNTY and code in found.counted
    return DigestFacts(
        place=place,
        scope=units.scope(code, found.tree, found.small),
        day=found.day,
        n=n,
        final=final,
        now=found.now,
        clock=found.clock,
        as_of=found.as_of,
        below=below,
        days={county: found.days.get(county, {}) for county in place.counties},
        alerts=tuple(replace(a, county_name=_county_name(found, a, place)) for a in found.alerts if a.county in inside),
        closures=tuple(
            replace(c, county_name=_county_name(found, c, place)) for c in found.closures if c.county in inside
        ),
        silent=tuple(replace(s, county_name=_county_name(found, s, place)) for s in found.silent if s.county in inside),
        schools=found.counted[code].with_ill if county_lists else (),
        hints=found.hints.get(code, ()),
        statistics=statistics.of_digest(found.statistics, place, below),
        week=found.week.get(code, 0),
        holders=tuple(Holder(p.code, *found.organs.get((p.code, Organ.EDUCATION), ("", ""))) for p in below),
        issuer=bureau,
        issuer_phone=phone,
        report_to=_report_to(found, code),
        send_to=_send_to(found, place),
        matters=tuple(school for county in place.counties for school in found.matters.get(county, ())),
        waiting=found.waiting,
        symptom_names=words.SYMPTOM.labels,
        assumed=_assumed(found, place),
        why_nothing=found.why_nothing,
        counts=ALL_SHOWN if place.level is Level.COUNTY else found.counts,
        unseen={} if place.level is Level.COUNTY else found.unseen,
    )


def missing(found: Book, code: str) -> MissingFacts:
    """Return one division's missing list from the book."""
    place = found.places[code]
    inside = frozenset(place.counties)
    figures = [found.counted[county].figures for county in place.counties if county in found.counted]
    below = tuple(
        (p.name, frozenset(p.counties)) for p in found.places.values() if found.tree.places[p.code].parent == code
    )
    return MissingFacts(
        scope=units.scope(code, found.tree, found.small),
        code=code,
        place=place.name,
        day=found.day,
        now=found.now,
        deadline=found.deadline,
        due=sum(f.due for f in figures),
        reported=sum(f.reported for f in figures),
        excused=sum(f.excused for f in figures),
        silent=tuple(replace(s, county_name=_county_name(found, s, place)) for s in found.silent if s.county in inside),
        below=below,
        assumed=_assumed(found, place),
    )


def _assumed(found: Book, place: PaperDivision) -> int:
    return max((found.counted[county].assumed for county in place.counties if county in found.counted), default=0)


# --------------------------------------------------------------------------- places


def _counties(tree: units.Tree, places: Sequence[str]) -> list[str]:
    """Counties that have schools, below the places asked for."""
    with_schools = {division for code, division in tree.units.items() if code not in tree.organs}
    asked = {code for place in places for code in tree.below(place)} if places else set(tree.places)
    return sorted(with_schools & asked)


def _places(tree: units.Tree, counties: Sequence[str]) -> dict[str, PaperDivision]:
    """The counties and all divisions above them; above county also those beside them without schools, to show that they
    are missing.
    """
    inside: dict[str, list[str]] = defaultdict(list)
    for code in counties:
        for above in tree.chain(code):
            inside[above].append(code)
    wanted = set(inside) | {code for code, place in tree.places.items() if place.parent in inside}
    rows = Division.objects.filter(code__in=wanted).order_by("code").values_list("code", "name", "short")
    return {
        code: PaperDivision(code, name, short or name, tree.places[code].level, tuple(inside.get(code, ())))
        for code, name, short in rows
    }


def _county_name(found: Book, line: AlertLine | ClosureLine | SilentLine, place: PaperDivision) -> str:
    """A county's name; for the province with its city, because two of them are called 鼓楼区."""
    city = found.places.get(found.tree.places[line.county].parent)
    return f"{city.short}·{line.county_name}" if place.level is Level.PROVINCE and city else line.county_name


def _organs(places: Mapping[str, PaperDivision]) -> dict[tuple[str, str], tuple[str, str]]:
    rows = Unit.objects.filter(division_id__in=places, kind=UnitKind.ORGAN)
    return {(r.division_id, r.organ): (r.name, r.reporter_phone) for r in rows}


def _report_to(found: Book, code: str) -> tuple[str, ...]:
    above = found.organs.get((found.tree.places[code].parent, Organ.EDUCATION))
    return (above[0],) if above else ()


def _send_to(found: Book, place: PaperDivision) -> tuple[str, ...]:
    beside = [found.organs.get((place.code, organ), ("", ""))[0] for organ in (Organ.HEALTH, Organ.CDC)]
    return tuple(name for name in (*beside, sent_below(place.level)) if name)


def _why_nothing(day: date, places: Mapping[str, PaperDivision]) -> str:
    due = context.calendar().owes(list(places)[:1], (), day)
    return "" if due.yes else day_off(Off(due.reason))


def _weeks(places: Mapping[str, PaperDivision], tree: units.Tree, day: date) -> dict[str, int]:
    calendar = context.calendar()
    return {code: calendar.week(tree.chain(code), day) for code in places}


# --------------------------------------------------------------------------- lists


def _where(places: Mapping[str, PaperDivision], code: str) -> str:
    return places[code].name if code in places else code


def _alerts(
    counties: Sequence[str], day: date, clock: datetime, places: Mapping[str, PaperDivision], small: int
) -> tuple[AlertLine, ...]:
    """Alerts that were open at the clock or closed before it on the day, as they stood then: what a digest lists. Those
    that the records do not bear out any more are left out.
    """
    midnight, _ = day_bounds(day)
    rows = Alert.objects.filter(Q(closed_at__isnull=True) | Q(closed_at__gte=midnight), division__in=counties)
    rows = past_alerts.opened_by(rows.filter(opened_day__lte=day), day, clock)
    found = list(rows.exclude(state__in=(AlertState.VOID, AlertState.MERGED)).order_by("id"))
    past_alerts.stand_as_of(found, day, clock)
    names = lookup.names(a.school_id for a in found)
    reasons = _reasons(found)
    labels = alert_labels.labels(found)
    least = small_counts.least([a.id for a in found], small)
    return tuple(
        AlertLine(
            id=a.id,
            school=names.get(a.school_id, a.school_id),
            county=a.division,
            county_name=_where(places, a.division),
            group=alert_labels.groups(a),
            reason=reasons.get(a.id) or alert_labels.groups(a),
            class_name=labels[a.id],
            cases=a.cases,
            first_onset=a.first_onset,
            state=a.state,
            state_name=alert_state.STATES.get(a.state, a.state),
            waits=a.state in alert_state.UNANSWERED,
            opened_day=max(a.opened_day, today(a.opened_at)),  # the report of its day may have come late
            due_at=a.due_at.astimezone(ZONE),
            closed_day=today(a.closed_at) if a.closed_at else None,
            close_reason=a.close_reason,
            least=least.get(a.id, 1),
        )
        for a in found
    )


def _reasons(alerts: Sequence[Alert]) -> dict[str, str]:
    """Alert → its names and, in words that name no class, the highest condition it meets."""
    known = rules.load()
    by_id = {rule.id: rule for rule in known.rules}
    mine = {alert.id: alert for alert in alerts}
    best: dict[str, tuple[int, int, str]] = {}
    hits = AlertHit.objects.filter(alert_id__in=mine, to_settled__isnull=True).order_by("day", "id")
    for alert, rule_id, group, scope, n in hits.values_list("alert_id", "rule", "group", "scope", "n"):
        rule = by_id.get(rule_id)
        if rule is None:
            continue
        words = named_condition(rule, alert_labels.groups(mine[alert]), known.name_of(group), scope)
        rank = (rule.stage.rank, n, words)
        if alert not in best or rank[:2] >= best[alert][:2]:
            best[alert] = rank
    return {alert: words for alert, (_, _, words) in best.items()}


def _silent(
    counted: Mapping[str, CountedCounty], day: date, at: datetime, places: Mapping[str, PaperDivision]
) -> tuple[SilentLine, ...]:
    schools = {s.day.code: s for one in counted.values() for s in one.silent}
    warned = silent_alerts.of_schools(schools, day, at)
    runs = silence.days_in_a_row({code: s.county for code, s in schools.items()}, day)
    return tuple(
        SilentLine(
            code=code,
            school=s.day.name,
            county=s.county,
            county_name=_where(places, s.county),
            kind=kind_of(s.day.stages),
            standing=s.day.standing,
            days=runs[code],
            holder=s.holder,
            phone=s.phone,
            classes=s.silent_names,
            warned=warned.get(code, ()),
        )
        for code, s in schools.items()
    )


def _hints(counted: Mapping[str, CountedCounty]) -> dict[str, tuple[HintLine, ...]]:
    """单例提示 of each county: its 丙类 cases without an open alert, by disease, school and class."""
    carried = set(
        AlertCase.objects.filter(
            to_settled__isnull=True, alert__closed_at__isnull=True, alert__division__in=list(counted)
        ).values_list("alert__school", "pupil")
    )
    found: dict[str, tuple[HintLine, ...]] = {}
    for county, one in counted.items():
        alone = [s for s in one.singles if (s.school, s.pupil) not in carried]
        cases = Counter((s.disease, s.school_name, s.class_name) for s in alone)
        new = Counter((s.disease, s.school_name, s.class_name) for s in alone if s.new)
        found[county] = tuple(
            HintLine(words.DISEASE.labels.get(place[0], place[0]), *place[1:], n, new[place])
            for place, n in cases.items()
        )
    return found
