"""The histories of a school's alerts, loaded for `merge.card`; and all events of them, replayed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pipeline import rules, warn
from pipeline.alert_state import FACED, AlertState, AlertStep, CardState
from pipeline.database.decision_log import order_of
from pipeline.database.models import Alert, AlertEvent, Card, CardDay, Decision, Submission
from pipeline.merge import Earlier, Event, alert_history
from pipeline.merge import card as core
from pipeline.merge.alert_history import AlertHistory, Answer, CountyRuling, Face, FollowedDay, HistoryStep, Turned
from pipeline.merge.card import CardStanding, CardStep
from pipeline.model import DecisionKind, Opinion, Origin, State
from pipeline.rules import Stage
from pipeline.turns import replay, tickets
from pipeline.turns.replay import Replayed
from pipeline.turns.transaction import Turn

"""A county's decisions about an answer; their target is the alert."""

Act = Event | CountyRuling | Turned
"""An event of a school's alerts: a card, a county's ruling, or a step of the engine."""

_RULINGS = (DecisionKind.CARD_CONFIRM, DecisionKind.CARD_RETURN)
_TURNS = FACED | {AlertStep.REISSUED, AlertStep.VOID, AlertStep.MERGED, AlertStep.ENDED, AlertStep.CORRECTED}
_SETTLED = (State.ACCEPTED, State.PARTIAL, State.REJECTED, State.DUPLICATE, State.HELD)


@dataclass(slots=True)
class SchoolHistory:
    """One school. `last`: the place in the sequence of its last card or ruling."""

    standing: CardStanding
    alerts: dict[str, Alert]
    events: list[AlertEvent]
    rulings: list[Decision]
    settled: dict[int, int] = field(default_factory=dict)  # place of a card or ruling → its settled_seq

    @property
    def last(self) -> int:
        return max(self.settled, default=0)


def load(schools: Sequence[str]) -> dict[str, SchoolHistory]:
    """Return the alerts of these schools with the results of their cards; the alerts stay locked."""
    found: dict[str, dict[str, Alert]] = {school: {} for school in schools}
    for alert in Alert.objects.select_for_update().filter(school__in=schools).order_by("id"):
        found[alert.school_id][alert.id] = alert
    return {school: _load(school, mine) for school, mine in found.items()}


def _load(school: str, alerts: dict[str, Alert]) -> SchoolHistory:
    answers: dict[str, list[Answer]] = defaultdict(list)
    received: dict[str, list[int]] = defaultdict(list)
    for row in Card.objects.filter(alert__in=list(alerts)).order_by("submission"):
        received[row.alert_id].append(row.submission)
        if row.verdict:
            state = CardState(row.state)
            made = Answer(row.submission, row.revision, row.answer, row.by, row.late, row.report_late, state)
            answers[row.alert_id].append(made)
    days: dict[str, dict[object, FollowedDay]] = defaultdict(dict)
    for one in CardDay.objects.filter(alert__in=list(alerts)).order_by("day"):
        days[one.alert_id][one.day] = FollowedDay(one.fresh, one.present, one.progress, Origin.read(one.origin))
    events = list(AlertEvent.objects.filter(alert__in=list(alerts), what__in=_TURNS).order_by("id"))
    faces = _faces(events)
    mine = {
        name: AlertHistory(
            alert=name,
            opened_at=alert.opened_at,
            due_at=alert.due_at,
            hours=alert.hours,
            faces={alert.revision: _face_now(alert), **faces.get(name, {})},
            state=AlertState(alert.state),
            into=warn.merged_into(alert.close_reason),
            answers=tuple(answers[name]),
            days=days[name],  # type: ignore[arg-type]  # the column holds dates
            received=tuple(received[name]),
        )
        for name, alert in alerts.items()
    }
    rows = Submission.objects.filter(unit=school, form="card", state__in=_SETTLED).order_by("received_seq")
    earlier = tuple(Earlier(r.received_seq, r.content_sha, State(r.state), r.first_seen) for r in rows)
    found = Decision.objects.filter(what__in=_RULINGS, target__in=list(received)).order_by("seq")
    rulings = [row for row in found if row.submission in received[row.target]]
    settled = {row.received_seq: row.settled_seq or 0 for row in rows}
    settled |= {order_of(row): row.settled_seq or 0 for row in rulings}
    standing = CardStanding(school, mine, tickets.load(school, "card"), earlier)
    return SchoolHistory(standing, alerts, events, rulings, settled)


def _faces(events: Iterable[AlertEvent]) -> dict[str, dict[int, Face]]:
    found: dict[str, dict[int, Face]] = defaultdict(dict)
    for event in events:
        face = _face_of(event)
        if face is not None:
            found[event.alert_id][int(event.details["revision"])] = face
    return found


def _face_of(event: AlertEvent) -> Face | None:
    details = event.details
    if "revision" not in details:
        return None
    return _face(str(details["group"]), str(details["stage"]), told="told" in details)


def _face_now(alert: Alert) -> Face:
    return _face(f"{alert.group} {alert.also}", alert.stage)


def _face(groups: str, stage: str, *, told: bool = False) -> Face:
    known, names, shown = rules.load(), groups.split(), Stage(stage)
    return Face(frozenset(names), shown.rank, f"{known.name_of(*names)} {shown.label}", known.covered(names), told)


# --------------------------------------------------------------------------- once more, from the beginning


def replayed(loaded: SchoolHistory, turn: Turn) -> Replayed[Act, CardStep]:
    """Replay all cards, rulings and turns of a school in order, with a card that settles late among them."""
    return replay.replay(_without_cards(loaded), _acts(loaded, turn), _step)


def _step(standing: CardStanding, does: Act) -> CardStep:
    if isinstance(does, Event):
        return core.card_step(standing, does)
    one, steps = standing.histories[does.alert], tuple[HistoryStep, ...]()
    if isinstance(does, CountyRuling):
        one, steps = alert_history.rule(one, does)
    else:
        one = alert_history.passed(one, does)
    return CardStep(State.ACCEPTED, replace(standing, histories={**standing.histories, one.alert: one}), steps=steps)


def _without_cards(loaded: SchoolHistory) -> CardStanding:
    """The school without any card, as the engine opened its alerts."""
    faces = _faces(event for event in loaded.events if event.what == AlertStep.ISSUED)
    mine = {
        name: AlertHistory(
            name,
            alert.opened_at,
            alert.opened_at + timedelta(hours=alert.hours),
            alert.hours,
            faces.get(name) or {1: _face_now(alert)},
        )
        for name, alert in loaded.alerts.items()
    }
    return CardStanding(loaded.standing.school, mine)


def _acts(loaded: SchoolHistory, turn: Turn) -> list[replay.Act[Act]]:
    return [
        *replay.submissions(loaded.standing.earlier, turn),
        *(replay.decided(row, _ruling(row)) for row in loaded.rulings),
        *(replay.followed(_place(event, loaded.settled), event.pk, _turned(event)) for event in loaded.events),
    ]


def _ruling(row: Decision) -> CountyRuling:
    opinion = Opinion.CONFIRM if row.what == DecisionKind.CARD_CONFIRM else Opinion.RETURN
    return CountyRuling(row.target, opinion, row.submission or 0, order_of(row), row.at)


def _turned(event: AlertEvent) -> Turned:
    details = event.details
    revision = int(details.get("revision", 0))
    return Turned(
        event.alert_id, AlertStep(event.what), event.at, revision, _face_of(event), str(details.get("into", ""))
    )


def _place(event: AlertEvent, settled: Mapping[int, int]) -> int:
    """The place of a step of the engine: after the last card or ruling that had taken effect by then."""
    return max((place for place, one in settled.items() if one <= event.origin), default=0)
