"""The facts of an alert's papers: its card, the card as a workbook, the worksheet for notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from gettext import gettext as say

from pipeline import alert_state, rules, units
from pipeline.alert_state import AlertState, CardState
from pipeline.alerts import alert_labels
from pipeline.database import sql
from pipeline.database.models import Absence, Alert, AlertCase, AlertHit, Card, CardDay, Decision, Unit
from pipeline.errors import UsageError
from pipeline.figures.card_books import followed
from pipeline.figures.cards import CardFacts, CaseLine, DayLine, HitLine
from pipeline.figures.words import FLU_DIAGNOSED, condition, period
from pipeline.forms import words
from pipeline.model import CardRef, DecisionKind, Degree, Site
from pipeline.registry import lookup
from pipeline.rules import Rule, Stage
from pipeline.rules.groups import INFLUENZA
from pipeline.rules.values import TERM
from pipeline.schooldays import ZONE, today
from pipeline.turns import context

_HITS_SHOWN = 3
_DAYS_ASKED = 25  # school days a card has lines for; for a longer follow-up the school adds lines


def card(site: Site, ref: CardRef, reader: str) -> CardFacts:
    """Return an alert's card for one reader.

    Raises Alert.DoesNotExist, or KeyError for a reader the registry does not know or who may not see it.
    """
    alert = Alert.objects.get(pk=ref.alert)
    tree, divisions = lookup.tree(), lookup.division_names()
    scope = units.scope(reader, tree, site.policy.small_count)
    if not scope.covers(alert.school_id, alert.division):
        raise KeyError(reader)
    school = Unit.objects.get(pk=alert.school_id)
    rooms = alert_labels.room_names(alert, lookup.room_names([alert.school_id]))
    chain = tree.chain(alert.division)
    facts = CardFacts(
        scope=scope,
        id=alert.id,
        school_code=school.code,
        school=school.name,
        campus=alert.campus,
        county=divisions.get(alert.division, ""),
        city=divisions.get(chain[1], "") if len(chain) > 1 else "",
        group=alert_labels.groups(alert),
        where=alert_labels.in_full(alert),
        stage=Stage(alert.stage),
        issued_at=alert.opened_at.astimezone(ZONE),
        due_at=alert.due_at.astimezone(ZONE),
        cases=alert.cases,
        first_onset=alert.first_onset,
        last_onset=alert.last_onset,
        hits=tuple(_hits(alert, rooms)),
        cases_listed=tuple(_cases(alert, rooms)) if scope.codes else (),
        reporter=school.reporter,
        leader=school.leader,
        made=ref.revision or alert.revision,
        closed_as=alert_state.STATES.get(alert.state, alert.state),
        closed_at=alert.closed_at.astimezone(ZONE) if alert.closed_at else None,
        close_reason=alert.close_reason,
        event=_event(alert),
        state=alert.state,
    )
    stages = lookup.stages([school.code], alert.opened_day).of(school.code, alert.campus, alert.scope)
    days, assumed = _days(alert, tree.chain(alert.school_id), stages)
    return _answered(alert, replace(facts, days=days, assumed=assumed))


def number_of(site: Site, unit: str, number: str) -> CardRef:
    """Return the ref of an alert's card, for a card asked for by hand.

    Raises UsageError if the alert is not the unit's, or needs no answer any more.
    """
    alert = Alert.objects.filter(pk=number).first()
    tree = lookup.tree()
    scope = units.scope(unit, tree, site.policy.small_count) if unit in tree.units or unit in tree.places else None
    if alert is None or scope is None or not scope.covers(alert.school_id, alert.division):
        raise UsageError(say("{unit}: no alert {number}; see `queke alerts list`").format(unit=unit, number=number))
    if alert.closed_at is not None:
        raise UsageError(say("{number}: closed; it needs no answer any more").format(number=number))
    return CardRef(alert.id, alert.revision)


def _answered(alert: Alert, facts: CardFacts) -> CardFacts:
    """The facts with the answer in force, or the one that the county sent back."""
    rows = Card.objects.filter(alert=alert).exclude(verdict="").order_by("submission")
    counting = [row for row in rows if row.state in alert_state.COUNTING]
    back = [row for row in rows if row.state == CardState.RETURNED] if alert.state == AlertState.RETURNED else []
    if not (counting or back):
        return facts
    row, why = (counting or back)[-1], ""
    if not counting:
        returned = Decision.objects.filter(what=DecisionKind.CARD_RETURN, target=alert.id, submission=row.submission)
        found = returned.order_by("seq").last()
        why = found.why if found else ""
    return replace(facts, answer=row.answer, late=row.late, why=why)


def _days(alert: Alert, chain: Sequence[str], stages: Sequence[str]) -> tuple[tuple[DayLine, ...], int]:
    """The school days from the day of issue to the end, with their entries; the year, if some are by weekday only."""
    calendar = context.calendar()
    begun = max(alert.opened_day, today(alert.opened_at))  # a report of weeks ago: nobody can follow what is past
    days = [begun + timedelta(days=n) for n in range(max((alert.ends_after - begun).days + 1, 1))]
    entries = {
        row.day: DayLine(row.day, row.fresh, row.present, row.progress)
        for row in CardDay.objects.filter(alert=alert).order_by("day")
    }
    due = {day: calendar.owes(chain, stages, day) for day in days}
    assumed = max((one.assumed for one in due.values()), default=0)
    return followed([day for day, one in due.items() if one.yes], entries, _DAYS_ASKED), assumed


def _hits(alert: Alert, rooms: Mapping[str, str]) -> list[HitLine]:
    """The latest hit of each rule that is met, highest stage first; of each group that names the alert one at least."""
    known = rules.load()
    by_id = {rule.id: rule for rule in known.rules}
    latest = {}
    for hit in AlertHit.objects.filter(alert=alert, to_settled__isnull=True).order_by("day", "n", "id"):
        if hit.rule in by_id:
            latest[hit.rule, hit.scope] = hit
    found = sorted(latest.values(), key=lambda hit: (-by_id[hit.rule].stage.rank, -hit.n, hit.rule))
    return [
        HitLine(
            rule=hit.rule,
            version=hit.rule_version,
            words=condition(by_id[hit.rule], known.name_of(hit.group), hit.scope),
            scope=rooms.get(hit.scope, hit.scope),
            window=_window(hit, by_id[hit.rule]),
            threshold=hit.threshold,
            n=hit.n,
            source=by_id[hit.rule].source,
            least=by_id[hit.rule].at_least,
            raised=_raised(alert, hit) if by_id[hit.rule].raised else (),
        )
        for hit in _some(found, alert)
    ]


def _raised(alert: Alert, hit: AlertHit) -> tuple[str, ...]:
    """Who raised a warning and why; of one that a card's answer raised that answer tells it."""
    target = f"{alert.school_id} {alert.campus} {hit.rule}"
    said = Decision.objects.filter(what=DecisionKind.ALERT_RAISE, target=target, day=hit.day).order_by("seq").last()
    return (said.who, said.why) if said and said.why else ()


def _event(alert: Alert) -> bool:
    """Whether a rule of 突发公共卫生事件 is met."""
    ids = [rule.id for rule in rules.load().rules if rule.stage is Stage.EVENT]
    return AlertHit.objects.filter(alert=alert, to_settled__isnull=True, rule__in=ids).exists()


def _some(found: Sequence[AlertHit], alert: Alert) -> list[AlertHit]:
    """A card is one side: two hits, or three if it has so many names; the others are in the digest and the store."""
    first: list[AlertHit] = []
    for name in alert_labels.codes(alert):
        speaks_of = rules.load().covered([name])
        first += [hit for hit in found if hit.group in speaks_of and hit not in first][:1]
    wanted = [*first[:_HITS_SHOWN], *(hit for hit in found if hit not in first)][: max(2, len(first[:_HITS_SHOWN]))]
    return [hit for hit in found if hit in [*found[:1], *wanted]][:_HITS_SHOWN]


def _window(hit: AlertHit, rule: Rule) -> str:
    """The days of a hit's window; of a term those from its first case."""
    onsets = [date.fromisoformat(onset) for _, _, onset in hit.members]
    first = min(onsets, default=hit.day) if rule.window == TERM else hit.day - timedelta(days=rule.window - 1)
    return period(first, hit.day)


def _onsets(alert: Alert) -> dict[str, set[date]]:
    """The days on which its pupils fell ill, by the conditions that are met: several for who came back in between."""
    found: dict[str, set[date]] = {}
    for members in AlertHit.objects.filter(alert=alert, to_settled__isnull=True).values_list("members", flat=True):
        for pupil, _, onset in members:
            found.setdefault(pupil, set()).add(date.fromisoformat(onset))
    return found


def _cases(alert: Alert, rooms: Mapping[str, str]) -> list[CaseLine]:
    cases = list(AlertCase.objects.filter(alert=alert, to_settled__isnull=True).order_by("onset", "pupil"))
    codes = sorted({case.pupil for case in cases})
    text = "SELECT code, name FROM pupil WHERE school IN ? AND code IN ?"
    names = dict(sql.fetch_in(text, [alert.school_id], codes))
    around = sql.each_day(alert.first_onset - timedelta(days=1), alert.last_onset + timedelta(days=31))
    last: dict[str, tuple[str, tuple[str, ...], str]] = {}
    first: dict[str, date] = {}
    as_ili = "ILI" in rules.load().covered(alert_labels.codes(alert))
    for row in Absence.objects.filter(day__in=around, school=alert.school_id, pupil__in=codes).order_by("day"):
        symptoms = tuple(words.SYMPTOM.labels.get(code, code) for code in row.symptoms.split())
        sex, diagnosis = words.SEX.labels.get(row.sex, ""), words.diagnosis_in_words(row.diagnosis, row.degree)
        if row.diagnosis == INFLUENZA and row.degree != Degree.SUSPECTED and as_ili:
            diagnosis = FLU_DIAGNOSED  # why the pupil counts, whatever the temperature
        last[row.pupil] = (sex, symptoms, diagnosis)
        first.setdefault(row.pupil, row.day)
    onsets = _onsets(alert)
    found = []
    for case in cases:
        sex, symptoms, diagnosis = last.get(case.pupil, ("", (), ""))
        room, name = rooms.get(case.class_key, case.class_key), names.get(case.pupil, "")
        again = tuple(sorted(day for day in onsets.get(case.pupil, ()) if day > case.onset))
        day = first.get(case.pupil)
        found.append(CaseLine(case.pupil, name, room, sex, case.onset, symptoms, diagnosis, day, again))
    return found
