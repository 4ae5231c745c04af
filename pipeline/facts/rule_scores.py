"""The alerts of some time with the rules that were met in them, and what became of them; the weekly papers of it."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from pipeline import rules
from pipeline.alert_state import AlertStep
from pipeline.alerts.verdicts import fates
from pipeline.database.models import Alert, AlertEvent, AlertHit, AssessedMoment
from pipeline.facts import unknown_years
from pipeline.figures.facts import PaperDivision
from pipeline.figures.rule_paper import RulePaperFacts
from pipeline.figures.rule_scores import Growth, RuleHit, ScoredAlert
from pipeline.forms.words import DISEASE
from pipeline.model import Level
from pipeline.registry import lookup
from pipeline.rules import Stage
from pipeline.schooldays import ZONE, today

SEASON = timedelta(weeks=12)


def alerts(first: date, last: date, divisions: Collection[str] = (), school: str = "") -> list[ScoredAlert]:
    """Return the alerts opened from first to last, of some counties or of one school (default: all).

    One that was merged is not counted beside the one it was merged into: its hits count as that one's.
    """
    begin, end = _midnight(first), _midnight(last + timedelta(days=1))
    rows = Alert.objects.filter(opened_at__gte=begin, opened_at__lt=end)
    rows = rows.filter(division__in=divisions) if divisions else rows
    rows = rows.filter(school=school) if school else rows
    opened = {row.id: row for row in rows}
    known = fates(list(opened))
    homes = {fate.alert for fate in known.values()}
    parts: dict[str, set[str]] = defaultdict(set)
    for alert, fate in known.items():
        parts[fate.alert].add(alert)
    of_long = Alert.objects.in_bulk(sorted(homes - opened.keys()))  # opened before, and took in one of these
    everything = {**opened, **of_long}
    hits = _hits(everything)
    growth = _growth(everything)
    found = []
    for home in sorted(homes, key=lambda name: (everything[name].opened_at, name)):
        fate = known[next(iter(parts[home]))]
        mine = _joined(hits[part] for part in sorted(parts[home] | {home}))
        steps = sorted((one for part in parts[home] | {home} for one in growth[part]), key=lambda one: one.at)
        row = everything[home]
        found.append(ScoredAlert(home, row.division, fate.verdict, fate.reason, mine, steps))
    return found


def _joined(parts: Iterable[Iterable[RuleHit]]) -> list[RuleHit]:
    """The hits of alerts that became one: each rule once, where it was first met."""
    first: dict[str, RuleHit] = {}
    for hit in sorted((hit for part in parts for hit in part), key=lambda hit: (hit.first_at, hit.rule)):
        first.setdefault(hit.rule, hit)
    return list(first.values())


def _hits(rows: Mapping[str, Alert]) -> dict[str, list[RuleHit]]:
    """The first hit of each rule in each alert."""
    first: dict[tuple[str, str], tuple[int, list[date]]] = {}
    hits = AlertHit.objects.filter(alert__in=list(rows)).order_by("from_settled", "id")
    for alert, rule, settled, members in hits.values_list("alert", "rule", "from_settled", "members"):
        known = first.setdefault((alert, rule), (settled, []))
        if known[0] == settled:
            known[1].extend(date.fromisoformat(onset) for _, _, onset in members)
    times = _Times(rows.values())
    found: dict[str, list[RuleHit]] = defaultdict(list)
    for (alert, rule), (settled, onsets) in first.items():
        at = times.of(rows[alert], settled)
        found[alert].append(RuleHit(rule, at, (today(at) - min(onsets)).days if onsets else None))
    return found


class _Times:
    """When what had settled was assessed."""

    def __init__(self, rows: Iterable[Alert]) -> None:
        alerts_ = list(rows)
        since = min((row.opened_at for row in alerts_), default=datetime.now(tz=ZONE))
        self._all = self._moments("", since)
        schools = AssessedMoment.objects.exclude(school="").filter(school__in={row.school_id for row in alerts_})
        self._own = {school: self._moments(school, since) for school in set(schools.values_list("school", flat=True))}

    def of(self, alert: Alert, settled: int) -> datetime:
        """Return when a hit of this settled_seq was first seen, at the earliest when its alert was opened."""
        seen = [_first(found, settled) for found in (self._all, self._own.get(alert.school_id, ()))]
        return max(min((at for at in seen if at), default=alert.opened_at), alert.opened_at)

    @staticmethod
    def _moments(school: str, since: datetime) -> list[tuple[int, datetime]]:
        rows = AssessedMoment.objects.filter(school=school, at__gte=since)
        return list(rows.order_by("settled", "at").values_list("settled", "at"))


def _first(moments: Sequence[tuple[int, datetime]], settled: int) -> datetime | None:
    place = bisect_left(moments, settled, key=lambda one: one[0])
    return moments[place][1] if place < len(moments) else None


def _growth(rows: Mapping[str, Alert]) -> dict[str, list[Growth]]:
    found: dict[str, list[Growth]] = defaultdict(list)
    steps = AlertEvent.objects.filter(alert__in=list(rows), what__in=(AlertStep.RAISED, AlertStep.RENAMED))
    for alert, what, at, details in steps.order_by("id").values_list("alert", "what", "at", "details"):
        now = str(details["now"])
        if what == AlertStep.RAISED:
            found[alert].append(Growth(at, Stage(now).rank))
        elif now in DISEASE.labels:
            found[alert].append(Growth(at, -1))
    return found


SEASON = timedelta(weeks=12)


def papers(made_on: date, now: datetime, as_of: int) -> list[RulePaperFacts]:
    """Return the facts of the weekly papers on rules that are made on a day: of the week before it and the eleven
    before that, of each division in which alerts were opened, the province first.
    """
    season = _season(made_on)
    week = (season[1] - timedelta(days=6), season[1])
    found = [alert for alert in alerts(*season) if alert.division]
    of_week = frozenset(alert.id for alert in alerts(*week))
    tree = lookup.tree(())
    inside: dict[str, set[str]] = defaultdict(set)
    for county in {alert.division for alert in found}:
        for above in tree.chain(county):
            inside[above].add(county)
    names = lookup.division_names()
    places = {
        code: PaperDivision(code, names[code], names[code], tree.places[code].level, tuple(sorted(counties)))
        for code, counties in inside.items()
    }
    assumed = unknown_years.assumed((code, day) for code in places for day in (*week, made_on))
    order = (Level.PROVINCE, Level.CITY, Level.COUNTY)
    return [
        RulePaperFacts(
            place=place,
            below=tuple(one for _, one in sorted(places.items()) if tree.places[one.code].parent == place.code),
            week=week,
            season=season,
            made_on=made_on,
            now=now,
            as_of=as_of,
            rules=rules.load(),
            alerts=[alert for alert in found if alert.division in place.counties],
            of_week=of_week,
            assumed=max((assumed.get((place.code, day), 0) for day in (*week, made_on)), default=0),
        )
        for place in sorted(places.values(), key=lambda place: (order.index(place.level), place.code))
    ]


def warned(made_on: date) -> bool:
    """Whether anything was warned of in these weeks."""
    first, last = _season(made_on)
    begin, end = _midnight(first), _midnight(last + timedelta(days=1))
    return Alert.objects.filter(opened_at__gte=begin, opened_at__lt=end).exists()


def _season(made_on: date) -> tuple[date, date]:
    last = made_on - timedelta(days=made_on.weekday() + 1)
    return last - SEASON + timedelta(days=1), last


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)
