"""预警信息报告卡: settle cards, apply the county's decisions on them, list what waits for a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pipeline import alert_state
from pipeline.alert_state import AlertState, AlertStep, CardReason, CardState, CardVerdict
from pipeline.alerts import alert_labels, corrections
from pipeline.alerts.card_history import SchoolHistory, load, replayed
from pipeline.alerts.card_letters import announce
from pipeline.alerts.load import unassessed
from pipeline.database import audit, serialise, sql
from pipeline.database.decision_log import decide
from pipeline.database.models import Alert, AlertEvent, Card, CardDay
from pipeline.database.transactions import atomic
from pipeline.figures import deskwork
from pipeline.forms.card import CARD, DAYS
from pipeline.issues.refusals import refusal
from pipeline.merge import alert_history
from pipeline.merge import card as core
from pipeline.merge.alert_history import AlertHistory, Answer, CountyRuling, HistoryStep
from pipeline.merge.card import CardStanding, CardStep
from pipeline.model import Checked, DecidedBy, DecisionKind, Opinion, Site, State, TodoKind
from pipeline.registry import lookup
from pipeline.schooldays import ZONE
from pipeline.settling import raising
from pipeline.settling.settler import Settler
from pipeline.turns import replay, revised_outcomes, tickets
from pipeline.turns.again import Needed, NeedsAgain
from pipeline.turns.pending_items import PendingItem
from pipeline.turns.transaction import LETTER, Outcome, Turn, Writes, of_known_unit, outcome_of

_CARD = ("alert_id", "submission", "settled", "at", "revision", "by", "verdict", "reason", "answer", "state",
         "late", "report_late")  # fmt: skip
_DAY = ("alert_id", *DAYS.keeps, "origin")
_ONCE = ("alert_id", "submission")


def settle(turns: Sequence[Turn], site: Site, writes: Writes) -> list[tuple[Turn, Outcome]]:
    """Take the turns of cards, in order; write what they change; return their outcomes.

    Raises NeedsAgain, with nothing written, for alerts that must be assessed first, so that a card finds them up to
    date; and for what must be read and validated again.
    """
    del site
    found = _assessed(sorted({turn.checked.unit for turn in turns}))
    _require(turns, found)
    outcomes = []
    for turn in turns:
        loaded = found[turn.checked.unit]
        before = loaded.standing
        step = _replay(loaded, turn, writes) if _late(turn, loaded) else core.card_step(before, turn.event)
        loaded.standing = step.after
        loaded.settled[turn.event.order] = turn.settled
        _write(loaded, before, step.steps, (turn.settled, writes.now))
        tickets.write(before.tickets, step.after.tickets, turn.checked, writes)
        _note_refusals(turn, step, writes.now)
        outcomes.append((turn, outcome_of(step)))
    return outcomes


def _assessed(schools: Sequence[str]) -> dict[str, SchoolHistory]:
    """Load the results of these schools' cards. Raises NeedsAgain while settled changes are not assessed."""
    if waiting := unassessed(schools):
        raise NeedsAgain(Needed(alerts=waiting))
    return load(schools)


def _late(turn: Turn, loaded: SchoolHistory) -> bool:
    return loaded.last >= turn.event.order


def _require(turns: Sequence[Turn], found: Mapping[str, SchoolHistory]) -> None:
    """Make sure that everything is at hand for replaying late cards."""
    late = [(turn, found[turn.checked.unit].standing) for turn in turns if _late(turn, found[turn.checked.unit])]
    if late:
        late[0][0].again.require(*(replay.needed(turn, one.earlier) for turn, one in late))


def _replay(loaded: SchoolHistory, turn: Turn, writes: Writes) -> CardStep:
    """Replay all events of a school's alerts: a later card, or a ruling, was settled before this turn."""
    again = replayed(loaded, turn)
    standing: CardStanding = again.after
    steps = tuple(one for _, step in again.taken for one in step.steps)
    _take_back(loaded, standing, steps)
    revised_outcomes.revise_others(again, loaded.standing.earlier, turn, writes, effective=True)
    return replace(again.of(turn.event), after=standing, steps=steps)


def _take_back(loaded: SchoolHistory, after: CardStanding, steps: Iterable[HistoryStep]) -> None:
    """Remove the traces of cards that turn out to be without effect: copies of one that came before them."""
    known = {(one.alert, one.what, one.origin) for one in steps}
    by_cards = (AlertStep.ANSWERED, AlertStep.FOLLOWED)
    for event in AlertEvent.objects.filter(alert__in=list(loaded.alerts), what__in=by_cards):
        if (event.alert_id, event.what, event.origin) not in known:
            event.delete()
    for name, one in after.histories.items():
        gone = set(loaded.standing.histories[name].received) - set(one.received)
        Card.objects.filter(alert=name, submission__in=gone).delete()
        CardDay.objects.filter(alert=name).exclude(day__in=list(one.days)).delete()


# --------------------------------------------------------------------------- what the county decides


def confirm(alert_id: str, by: DecidedBy) -> AlertState:
    """Confirm the answer of an alert; return the alert's new state.

    Excluded closes it, or leaves it 更正待收 until the wrong rows are corrected; otherwise it is followed to its end.
    Raises UsageError, and changes nothing, if no answer of it waits.
    """
    return _decide(DecisionKind.CARD_CONFIRM, alert_id, by, frozenset({AlertState.ANSWERED}))


def send_back(alert_id: str, by: DecidedBy) -> AlertState:
    """Send an answer back to be given again: the card is sent once more, with the reason. Returns the alert's state.

    A confirmed answer may be sent back too, while the alert is open. Raises UsageError, and changes nothing, if there
    is no answer.
    """
    return _decide(DecisionKind.CARD_RETURN, alert_id, by, alert_state.FOLLOWED | alert_state.REOPENED)


def _decide(what: DecisionKind, alert_id: str, by: DecidedBy, allowed: frozenset[AlertState]) -> AlertState:
    with atomic():
        kept = Alert.objects.filter(pk=alert_id).first()
        if kept is None:
            raise refusal("alert-unknown", alert=alert_id)
        loaded = _assessed([kept.school_id])[kept.school_id]
        before, one = loaded.standing, loaded.standing.histories[alert_id]
        answer = one.current
        if answer is None or one.state not in allowed:
            raise refusal("alert-unanswered", alert=alert_id, state=alert_state.STATES[one.state])
        if what is DecisionKind.CARD_CONFIRM and answer.values.get("reason") == CardReason.TWICE:
            _ask_the_other(before, answer)
        if what is DecisionKind.CARD_CONFIRM and core.names_no_row(answer):
            raise refusal("alert-names-no-row", alert=alert_id)
        order, settled = decide(what, alert_id, by, submission=answer.seq)
        verb = Opinion.CONFIRM if what is DecisionKind.CARD_CONFIRM else Opinion.RETURN
        after, steps = alert_history.rule(one, CountyRuling(alert_id, verb, answer.seq, order, by.at))
        alert = loaded.alerts[alert_id]
        if after.state == AlertState.CORRECTING and not corrections.missing(alert, answer.rows):
            after = replace(after, state=AlertState.EXCLUDED)
            steps = (*steps, HistoryStep(alert_id, AlertStep.CORRECTED, settled))
        loaded.standing = replace(before, histories={**before.histories, alert_id: after})
        _write(loaded, before, steps, (settled, by.at))
        if after.state in {AlertState.RETURNED, AlertState.EXCLUDED, AlertState.CORRECTING}:
            rows = announce(alert, by.at, why=f"{verb}-{order}")
            sql.run(sql.upsert("letter", LETTER, ("kind", "ref", "reader")), rows)
        return after.state


def _ask_the_other(standing: CardStanding, answer: Answer) -> None:
    """Two alerts must not be excluded as repetitions of each other."""
    other = answer.values.get("other_alert")
    if core.repeats_nothing(standing, other):
        raise refusal("alert-repeats-nothing", alert=other)


# --------------------------------------------------------------------------- what waits


def waiting(division: str) -> list[PendingItem]:
    """Return the answers that wait for a county (or for those below a division), the oldest first.

    `what` names classes and codes, no pupil.
    """
    counties = lookup.tree(()).below(division)
    found = list(Alert.objects.filter(division__in=counties, state=AlertState.ANSWERED, closed_at__isnull=True))
    rows = Card.objects.filter(alert__in=[alert.id for alert in found], state=CardState.ANSWERED).order_by("submission")
    answers = {row.alert_id: row for row in rows}
    names = lookup.names(alert.school_id for alert in found)
    labels = alert_labels.labels(found)
    lines = [
        PendingItem(
            alert.id,
            f"{alert.id}-{alert.revision}-{answers[alert.id].submission}",
            alert.school_id,
            names.get(alert.school_id, alert.school_id),
            alert.opened_day,
            answers[alert.id].at.astimezone(ZONE),
            _in_words(alert, answers[alert.id], labels[alert.id]),
        )
        for alert in found
        if alert.id in answers
    ]
    return sorted(lines, key=lambda line: (line.since, line.id))


def _in_words(alert: Alert, card: Card, label: str) -> str:
    wrong = []
    if card.verdict == CardVerdict.EXCLUDED and card.reason == CardReason.WRONG:
        wrong = [(str(day), str(pupil)) for day, pupil in card.answer.get("rows", ())]
    return deskwork.answer(
        deskwork.AlertAnswered(
            campus=alert.campus,
            where=label,
            group=alert_labels.groups(alert),
            cases=alert.cases,
            verdict=card.verdict,
            reason=card.reason,
            by_county=bool(card.by),
            values=card.answer,
            wrong=wrong,
            uncorrected=len(corrections.missing(alert, wrong)) if wrong else 0,
            late=card.late,
            report_late=card.report_late,
        )
    )


# --------------------------------------------------------------------------- what is written


def _write(loaded: SchoolHistory, before: CardStanding, steps: Iterable[HistoryStep], at: tuple[int, datetime]) -> None:
    died: dict[str, int] = {}
    for name, one in loaded.standing.histories.items():
        was = before.histories.get(name)
        if one is was or one == was:
            continue
        if loaded.alerts[name].deaths != one.deaths:
            died[name] = one.deaths
        _write_alert(loaded.alerts[name], one, at)
        _write_cards(one, was, at)
        rows = [
            (name, day.isoformat(), done.fresh, done.present, done.progress[:200], str(done.origin))
            for day, done in one.days.items()
        ]
        sql.run(sql.upsert("card_day", _DAY, ("alert_id", "day")), rows)
    _write_events(steps, {name: one.state for name, one in loaded.standing.histories.items()}, died, at[1])


def _write_alert(alert: Alert, one: AlertHistory, at: tuple[int, datetime]) -> None:
    settled, now = at
    if one.state == AlertState.EXCLUDED and alert.closed_at is None:
        current = one.current
        corrections.exclude(alert, str(current.values.get("reason") or "") if current else "", now)
    if alert.closed_at is None or one.closed:
        alert.state = one.state
    alert.due_at = one.due_at
    if raising.of_card(alert, one, at) or alert.deaths != one.deaths:
        alert.deaths = one.deaths
        todo = [(TodoKind.WARN, alert.school_id, alert.opened_day.isoformat(), settled)]
        sql.run(sql.upsert("todo", ("kind", "code", "day", "settled"), ("kind", "code", "day")), todo)
    alert.save(update_fields=["state", "due_at", "closed_at", "close_reason", "deaths"])


def _write_cards(one: AlertHistory, was: AlertHistory | None, at: tuple[int, datetime]) -> None:
    settled, now = at
    before = {answer.seq: answer for answer in was.answers} if was else {}
    answers = {answer.seq: answer for answer in one.answers}
    received = was.received if was else ()
    rows = [
        _card_row(one.alert, seq, answers.get(seq), settled, now)
        for seq in sorted({*answers, *one.received})
        if answers.get(seq) != before.get(seq) or (seq not in before and seq not in received)
    ]
    sql.run(sql.upsert("card", _CARD, _ONCE, ("at",)), rows)


def _card_row(alert: str, seq: int, answer: Answer | None, settled: int, now: datetime) -> sql.Params:
    if answer is None:
        return (alert, seq, settled, sql.moment(now), 1, "", "", "", "{}", CardState.FOLLOWED, False, False)
    values = dict(answer.values)
    return (
        alert, seq, settled, sql.moment(now), answer.revision, answer.by, values["verdict"],
        values.get("reason") or "", serialise.text(values), answer.state, answer.late, answer.report_late,
    )  # fmt: skip


def _write_events(
    noted: Iterable[HistoryStep], states: Mapping[str, AlertState], died: Mapping[str, int], now: datetime
) -> None:
    """Note the steps, each once: a replay gives all that ever happened. `died`: by alert, where it changed."""
    steps = list(noted)
    rows = AlertEvent.objects.filter(alert__in={step.alert for step in steps}) if steps else ()
    known = {(row.alert_id, row.what, row.origin) for row in rows}
    AlertEvent.objects.bulk_create(
        AlertEvent(
            alert_id=s.alert,
            at=now,
            what=s.what,
            origin=s.origin,
            details={**s.details, **({"deaths": died[s.alert]} if s.alert in died else {})},
            state=states[s.alert],
        )
        for s in steps
        if (s.alert, s.what, s.origin) not in known
    )


def _note_refusals(turn: Turn, step: CardStep, now: datetime) -> None:
    """A card, or a row of one, that was refused leaves an audit row: it would have decided something."""
    checked = turn.checked
    who = checked.arrival.bound or checked.unit
    number = core.alert_of(turn.event)
    found = _refused(checked, step)
    entries = [
        audit.AuditEntry(who, "refused", f"card {number} submission {turn.event.seq} {where}".strip()[:120], codes)
        for where, codes in found
    ]
    audit.append(entries, now)


def _refused(checked: Checked, step: CardStep) -> list[tuple[str, tuple[str, ...]]]:
    if step.state in {State.REJECTED, State.HELD} and not step.opened:
        codes = dict.fromkeys(issue.code for issue in (*step.issues, *checked.issues))
        return [("", tuple(codes))]
    tickets_ = [(t.ticket, t.refused) for t in step.opened if t.refused]
    return [(name, tuple(dict.fromkeys(i.code for i in refused.issues))) for name, refused in tickets_]


SETTLER = Settler(CARD, of_known_unit, settle)
