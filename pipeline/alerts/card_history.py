"""The lives of a school's alerts, loaded as `merge.card` takes them; and all that happened to them, folded again."""

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
from pipeline.merge.alert_history import Answer, CountyRuling, Face, FollowedDay, HistoryStep, Life, Turned
from pipeline.merge.card import CardStanding, CardStep
from pipeline.model import Checked, DecisionKind, Opinion, Origin, State
from pipeline.rules import Stage
from pipeline.turns import tickets
from pipeline.turns.transaction import Reread, Turn

"""What a county decides of an answer, as decisions are called; their target is "alert|submission"."""

_RULINGS = (DecisionKind.CARD_CONFIRM, DecisionKind.CARD_RETURN)
_TURNS = FACED | {AlertStep.REISSUED, AlertStep.VOID, AlertStep.MERGED, AlertStep.ENDED, AlertStep.CORRECTED}
_SETTLED = (State.ACCEPTED, State.PARTIAL, State.REJECTED, State.DUPLICATE, State.HELD)


@dataclass(slots=True)
class SchoolHistory:
    """One school. `last`: the place in the sequence of the last card or ruling it has had."""

    standing: CardStanding
    alerts: dict[str, Alert]
    events: list[AlertEvent]
    rulings: list[Decision]
    settled: dict[int, int] = field(default_factory=dict)  # place of a card or ruling → its settled_seq

    @property
    def last(self) -> int:
        return max(self.settled, default=0)


def load(schools: Sequence[str]) -> dict[str, SchoolHistory]:
    """Return the alerts of these schools with what came of their cards; the alerts stay locked."""
    found: dict[str, dict[str, Alert]] = {school: {} for school in schools}
    for alert in Alert.objects.select_for_update().filter(school__in=schools).order_by("id"):
        found[alert.school][alert.id] = alert
    return {school: _load(school, mine) for school, mine in found.items()}


def _load(school: str, alerts: dict[str, Alert]) -> SchoolHistory:
    answers: dict[str, list[Answer]] = defaultdict(list)
    heard: dict[str, list[int]] = defaultdict(list)
    for row in Card.objects.filter(alert__in=list(alerts)).order_by("submission"):
        heard[row.alert_id].append(row.submission)
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
        name: Life(
            alert=name,
            opened_at=alert.opened_at,
            due_at=alert.due_at,
            hours=alert.hours,
            faces={**faces.get(name, {}), alert.revision: _face(alert.group, alert.stage)},
            state=AlertState(alert.state),
            into=warn.merged_into(alert.close_reason),
            answers=tuple(answers[name]),
            days=days[name],  # type: ignore[arg-type]  # the column holds dates
            heard=tuple(heard[name]),
        )
        for name, alert in alerts.items()
    }
    rows = Submission.objects.filter(unit=school, form="card", state__in=_SETTLED).order_by("received_seq")
    earlier = tuple(Earlier(r.received_seq, r.content_sha, State(r.state), r.first_seen) for r in rows)
    targets = [f"{name}|{seq}" for name, seqs in heard.items() for seq in seqs]
    rulings = list(Decision.objects.filter(what__in=_RULINGS, target__in=targets).order_by("seq"))
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
    told = event.details
    return _face(str(told["group"]), str(told["stage"])) if "revision" in told else None


def _face(group: str, stage: str) -> Face:
    named = rules.load().groups.get(group)
    known = Stage(stage)
    return Face(group, known.rank, f"{named.name if named else group} {known.label}")


# --------------------------------------------------------------------------- once more, from the beginning


@dataclass(frozen=True, slots=True)
class Fold:
    """All that happened to a school's alerts, taken again in order. `steps` by (place, submission), `cards` by
    submission.
    """

    standing: CardStanding
    steps: Mapping[tuple[int, int], CardStep]
    cards: Mapping[int, Checked]
    told: tuple[HistoryStep, ...]


@dataclass(frozen=True, slots=True)
class _Act:
    """One thing that happened: at a place in the sequence, what the engine did after what people did."""

    place: int
    engine: bool
    number: int
    does: Event | CountyRuling | Turned


def fold(loaded: SchoolHistory, turn: Turn, reread: Reread) -> Fold:
    """Take all cards, rulings and turns of a school again, in order, with a card that settles late among them."""
    standing = _unheard(loaded)
    steps: dict[tuple[int, int], CardStep] = {}
    cards: dict[int, Checked] = {}
    told: list[HistoryStep] = []
    for act in sorted(_acts(loaded, turn, reread), key=lambda one: (one.place, one.engine, one.number)):
        does = act.does
        if isinstance(does, Event):
            step = core.card_step(standing, does)
            steps[does.order, does.seq], cards[does.seq] = step, does.checked
            standing, told = step.after, [*told, *step.told]
            continue
        one = standing.lives[does.alert]
        if isinstance(does, CountyRuling):
            one, said = alert_history.rule(one, does)
            told += said
        else:
            one = alert_history.passed(one, does)
        standing = replace(standing, lives={**standing.lives, one.alert: one})
    return Fold(standing, steps, cards, tuple(told))


def _unheard(loaded: SchoolHistory) -> CardStanding:
    """The school as if no card had ever come and the engine had only opened the alerts."""
    faces = _faces(event for event in loaded.events if event.what == AlertStep.ISSUED)
    mine = {
        name: Life(
            name,
            alert.opened_at,
            alert.opened_at + timedelta(hours=alert.hours),
            alert.hours,
            faces.get(name) or {1: _face(alert.group, alert.stage)},
        )
        for name, alert in loaded.alerts.items()
    }
    return CardStanding(loaded.standing.school, mine)


def _acts(loaded: SchoolHistory, turn: Turn, reread: Reread) -> list[_Act]:
    seqs = [one.seq for one in loaded.standing.earlier if one.seq != turn.event.seq]
    checked: dict[int, Checked] = {one.arrival.seq: one for one in reread(seqs)} if seqs else {}
    events = [Event(seq, one) for seq, one in checked.items()]
    released = Decision.objects.filter(what=DecisionKind.RELEASE, target__in=[str(seq) for seq in checked])
    events += [Event(order_of(row), checked[int(row.target)], forced=True) for row in released]
    found = [_Act(event.order, False, event.seq, event) for event in [*events, turn.event]]
    found += [_Act(order_of(row), False, row.seq, _ruling(row)) for row in loaded.rulings]
    return found + [_Act(_place(event, loaded.settled), True, event.pk, _turned(event)) for event in loaded.events]


def _ruling(row: Decision) -> CountyRuling:
    alert, _, answer = row.target.partition("|")
    opinion = Opinion.CONFIRM if row.what == DecisionKind.CARD_CONFIRM else Opinion.RETURN
    return CountyRuling(alert, opinion, int(answer), order_of(row), row.at)


def _turned(event: AlertEvent) -> Turned:
    told = event.details
    revision = int(told.get("revision", 0))
    return Turned(event.alert_id, AlertStep(event.what), event.at, revision, _face_of(event), str(told.get("into", "")))


def _place(event: AlertEvent, settled: Mapping[int, int]) -> int:
    """Where the engine did something: after the last card or ruling that had taken effect by then."""
    by = int(event.details.get("as_of", 0)) if event.origin == "rule" else int(event.origin)
    return max((place for place, one in settled.items() if one <= by), default=0)
