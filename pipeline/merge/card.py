"""预警信息报告卡: what one card changes in the history of its alert; the history itself is in `alert_history`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial

from pipeline import alert_state
from pipeline.alert_state import AlertState, AlertStep, CardReason, CardState
from pipeline.forms import card_words
from pipeline.forms.card import ANSWER, CASES
from pipeline.merge.alert_history import AlertHistory, Answer, FollowedDay, HistoryStep
from pipeline.merge.standing import Earlier, Event, Ticket, repeated
from pipeline.merge.tickets import Sifted, sift, turned
from pipeline.model import Checked, Issue, Origin, Record, State
from pipeline.schooldays import local_time
from pipeline.units import short_code

LATER = frozenset(column.name for column in ANSWER.columns if column.later)
"""Columns that may be added to an answer the county has confirmed; all others stay as confirmed."""

_FORM_WORDS = frozenset({"revision", "by", "rows"})  # of a record, not of the card


@dataclass(frozen=True, slots=True)
class CardStanding:
    """The alerts of one school, by number, with their histories."""

    school: str
    histories: Mapping[str, AlertHistory] = field(default_factory=dict)
    tickets: Mapping[str, Ticket] = field(default_factory=dict)
    earlier: tuple[Earlier, ...] = ()


@dataclass(frozen=True, slots=True)
class CardStep:
    """The outcome of one card."""

    state: State
    after: CardStanding
    issues: tuple[Issue, ...] = ()
    opened: tuple[Ticket, ...] = ()
    accepted: int = 0
    refused: int = 0
    steps: tuple[HistoryStep, ...] = ()
    withdrawn: int = 0  # only rows of reports can be withdrawn


# --------------------------------------------------------------------------- a card


def card_step(standing: CardStanding, event: Event) -> CardStep:
    """Return what one card changes in its alert."""
    checked = event.checked
    if event.decided:
        return _unchanged(standing, event, State(checked.verdict))
    name = alert_of(event)
    one = standing.histories.get(name)
    if one is None:  # all of its rows went back, or its alert no longer exists
        return _applied(standing, event, _Taken(None))
    sifted = sift(checked, standing.tickets, partial(_says_nothing_new, one))
    question = None if event.forced else _question(standing, one, event, sifted)
    if question:
        state = State.DUPLICATE if question.code == "duplicate" else State.HELD
        return replace(_unchanged(standing, event, state), issues=(question,))
    event = replace(event, checked=sifted.checked)
    if one.closed:
        return replace(_unchanged(standing, event, State.REJECTED), issues=(_over(one),))
    taken = _take(standing, one, event)
    if taken.question:
        return replace(_unchanged(standing, event, State.HELD), issues=(taken.question,))
    if taken.refusal:
        return replace(_unchanged(standing, event, State.REJECTED), issues=(taken.refusal,))
    return _applied(standing, event, taken, sifted.issues)


def alert_of(event: Event) -> str:
    """Return the number of the alert in a card's header."""
    return str(event.checked.reading.header.get("alert") or "")


# --------------------------------------------------------------------------- questions, refusals


def _question(standing: CardStanding, one: AlertHistory, event: Event, sifted: Sifted) -> Issue | None:
    """The same card again: a duplicate while it is the latest, asked about once there is a newer one.

    After a return, or once the alert got worse, the same content is a new answer.
    """
    again = repeated(standing.earlier, event.checked.reading.content_sha, one.received[-1:])
    if again is None or (one.state in alert_state.UNANSWERED and one.received):
        return sifted.question
    return Issue("duplicate" if again is State.DUPLICATE else "card-older")


def _says_nothing_new(one: AlertHistory, record: Record) -> bool:
    if record.table == "days":
        day = date.fromisoformat(str(record.values["day"]))
        known = one.days.get(day)
        return known is not None and _day(known, record, known.origin) == known
    current = one.current
    if record.table == "cases":
        return current is not None and [record.values["day"], record.values["pupil"]] in current.rows
    return current is not None and not _differing(current, record.values)


def _over(one: AlertHistory) -> Issue:
    code = {AlertState.VOID: "card-void", AlertState.EXCLUDED: "card-excluded"}
    if one.state == AlertState.MERGED:
        return Issue("card-merged", details=(("number", one.alert), ("into", one.into)))
    return Issue(code.get(one.state, "card-ended"), details=(("number", one.alert),))


def _stale(one: AlertHistory, revision: object) -> Issue | None:
    """A card that showed a lower stage, or fewer groups, is no answer to the alert as it is now."""
    if not isinstance(revision, int) or revision == one.revision:
        return None
    face, now = one.faces.get(revision), one.asked
    if face is None:
        return Issue("card-revision-unknown", value=str(revision))
    if face.covers(now):
        return None
    details = (("number", one.alert), ("revision", str(revision)), ("latest", str(one.revision)), ("stage", now.stage))
    return Issue("card-stale", details=details)


def repeats_nothing(standing: CardStanding, number: object) -> bool:
    """Tell whether another alert cannot be a repetition of this one: it is excluded, void or merged itself."""
    other = standing.histories.get(str(number))
    return other is None or other.state in (
        AlertState.EXCLUDED,
        AlertState.VOID,
        AlertState.MERGED,
        AlertState.CORRECTING,
    )


def names_no_row(answer: Answer) -> bool:
    """Tell whether an answer says that information was wrong, but marks no row: the marked rows went back."""
    return answer.values.get("reason") == CardReason.WRONG and not answer.rows


# --------------------------------------------------------------------------- taking


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a card changes in a history; or instead a question (held) or a refusal (the file goes back)."""

    after: AlertHistory | None
    issues: tuple[Issue, ...] = ()
    steps: tuple[HistoryStep, ...] = ()
    question: Issue | None = None
    refusal: Issue | None = None


def _take(standing: CardStanding, one: AlertHistory, event: Event) -> _Taken:
    records = event.checked.records
    answer_row = next((record for record in records if record.table == "answer"), None)
    wrong = [[str(r.values["day"]), str(r.values["pupil"])] for r in records if r.table == "cases"]
    days = [record for record in records if record.table == "days"]
    taken = _Taken(one)
    if answer_row or wrong:
        if one.state in alert_state.UNANSWERED or one.state == AlertState.ANSWERED:
            taken = _answer(standing, one, event, answer_row, wrong)
        else:
            taken = _confirmed(one, answer_row, wrong, also=bool(days))
    if taken.after is None or not days:
        return taken
    return _followed(taken.after, event, days, taken)


def _answer(
    standing: CardStanding, one: AlertHistory, event: Event, answer_row: Record | None, wrong: list[list[str]]
) -> _Taken:
    """An answer replaces an earlier one that the county has not confirmed."""
    before = one.current
    if answer_row is None:  # corrected rows that belong to the earlier answer
        if before is None:
            return _Taken(one, (Issue("card-unanswered"),))
        values = {**before.values, "rows": sorted([*before.rows, *(row for row in wrong if row not in before.rows)])}
        return _Taken(_with(one, replace(before, seq=event.seq, values=values)), steps=_steps_of(one, event, values))
    stale = _stale(one, answer_row.values.get("revision"))
    if stale and stale.code == "card-revision-unknown":
        return _Taken(None, refusal=stale)
    if stale and not event.forced:
        return _Taken(None, question=stale)
    if answer_row.values.get("reason") == CardReason.TWICE and repeats_nothing(
        standing, answer_row.values.get("other_alert")
    ):
        return _Taken(None, refusal=Issue("other-alert-closed", value=str(answer_row.values["other_alert"])))
    kept = before.rows if before and event.checked.reading.claims and event.checked.reading.claims.returned else []
    values = {name: value for name, value in answer_row.values.items() if name not in _FORM_WORDS}
    values["rows"] = sorted([*kept, *(row for row in wrong if row not in kept)])
    late = before.late if before else event.checked.arrival.first_seen > one.due_at
    report_late = _reported_late(one, values)
    made = Answer(event.seq, one.revision, values, str(answer_row.values.get("by") or ""), late, report_late)
    wanting = (Issue("card-rows-none"),) if names_no_row(made) else ()
    return _Taken(_with(one, made), (*wanting, *_lateness(one, made)), _steps_of(one, event, values))


def _with(one: AlertHistory, made: Answer) -> AlertHistory:
    earlier = tuple(replace(a, state=CardState.REPLACED) if a.state is CardState.ANSWERED else a for a in one.answers)
    return replace(one, answers=(*earlier, made), state=AlertState.ANSWERED)


def _steps_of(one: AlertHistory, event: Event, values: Mapping[str, object]) -> tuple[HistoryStep, ...]:
    details = {"verdict": values["verdict"], "reason": values.get("reason") or ""}
    return (HistoryStep(one.alert, AlertStep.ANSWERED, event.order, details),)


def _reported_late(one: AlertHistory, values: Mapping[str, object]) -> bool:
    at = values.get("reported_at")
    return bool(at) and datetime.fromisoformat(str(at)) > one.opened_at + timedelta(hours=one.hours)


def _lateness(one: AlertHistory, made: Answer) -> tuple[Issue, ...]:
    issues = []
    if made.late:
        issues.append(Issue("card-late", details=(("due", local_time(one.due_at)),)))
    if made.report_late:
        issues.append(Issue("card-report-late", details=(("hours", str(one.hours)),)))
    return tuple(issues)


def _confirmed(one: AlertHistory, answer_row: Record | None, wrong: list[list[str]], *, also: bool) -> _Taken:
    """An answer that the county has confirmed stays; fields it left blank may be added."""
    current = one.current
    if current is None:
        return _Taken(one)
    differing = _differing(current, answer_row.values) if answer_row else []
    if any(row not in current.rows for row in wrong):
        differing = [*differing, "wrong"]
    if differing:
        fields = ("fields", "、".join(_LABELS.get(name, name) for name in differing))
        if not also:
            return _Taken(None, refusal=Issue("card-confirmed", details=(("number", one.alert), fields)))
        return _Taken(one, (Issue("card-confirmed-kept", details=(fields,)),))
    blank = {name for name in LATER if answer_row and not current.values.get(name) and answer_row.values.get(name)}
    if not blank or answer_row is None:
        return _Taken(one)
    more = replace(current, values={**current.values, **{name: answer_row.values[name] for name in blank}})
    return _Taken(replace(one, answers=tuple(more if a is current else a for a in one.answers)))


_LABELS = {column.name: column.header for table in (CASES, ANSWER) for column in table.columns}


def _differing(current: Answer, values: Mapping[str, object]) -> list[str]:
    """Names of the fields in which a card differs from the answer in force; a blank differs from nothing."""
    return [
        name
        for name, value in values.items()
        if name not in _FORM_WORDS
        and value not in (None, "")
        and value != current.values.get(name)
        and not (name in LATER and not current.values.get(name))
    ]


def _followed(one: AlertHistory, event: Event, records: Sequence[Record], taken: _Taken) -> _Taken:
    days = dict(one.days)
    for record in records:
        day = date.fromisoformat(str(record.values["day"]))
        days[day] = _day(days.get(day), record, Origin(event.seq, record.row))
    state = AlertState.FOLLOWING if one.state == AlertState.REPORTED else one.state
    issues = taken.issues
    back = any(refused.table == "answer" for refused in event.checked.refused)  # then the message is about that
    if one.state in alert_state.UNANSWERED and not back and "card-unanswered" not in {issue.code for issue in issues}:
        issues = (*issues, Issue("card-unanswered"))
    step = HistoryStep(one.alert, AlertStep.FOLLOWED, event.order, {"days": len(records)})
    return _Taken(replace(one, days=days, state=state), issues, (*taken.steps, step))


def _day(before: FollowedDay | None, record: Record, origin: Origin) -> FollowedDay:
    """One day, entered again: a blank never erases a value."""
    got = record.values
    fresh, present, progress = got.get("fresh"), got.get("present"), got.get("progress")
    return FollowedDay(
        fresh if isinstance(fresh, int) else before.fresh if before else None,
        present if isinstance(present, int) else before.present if before else None,
        str(progress or (before.progress if before else "")),
        origin,
    )


def _outcome(checked: Checked, standing: CardStanding, after: AlertHistory | None) -> tuple[Issue, ...]:
    """The issue with the outcome of a card: what the county has to confirm, what stays confirmed, which days were
    added.
    """
    count = Counter(record.table for record in checked.records)
    if after is None or not count:
        return ()
    parts = []
    if count["answer"] and after.state == AlertState.ANSWERED and after.current:
        parts.append(f"已答复（{_verdict(after.current)}），待县级确认")
    elif count["answer"]:
        more = after.current != standing.histories[after.alert].current
        parts.append("县级已确认的答复不变" + "，补充的内容已收下" * more)
    if count["cases"] and after.current:
        parts.append(f"有误的 {count['cases']} 行已标明")
    if count["days"]:
        parts.append(f"后续关注收下 {count['days']} 天")
    messages = (Issue("card-became", details=(("what", "；".join(parts)),)),) if parts else ()
    return messages + tuple(_wrong(checked, record) for record in checked.records if record.table == "cases" and parts)


def _verdict(answer: Answer) -> str:
    verdict = card_words.VERDICT.labels[str(answer.values["verdict"])]
    reason = card_words.REASON.labels.get(str(answer.values.get("reason") or ""), "")
    return f"{verdict}，{reason}" if reason else verdict


def _wrong(checked: Checked, record: Record) -> Issue:
    """The issue naming a row that was marked as wrong, and the day of its report:
    that
    report must be corrected next.
    """
    place = checked.reading.places.get("cases")
    code = short_code(str(record.values["pupil"]))
    details = (("day", str(record.values["day"])),)
    return Issue("card-row-wrong", place.sheet if place else "", "", record.row, value=code, details=details)


def _applied(standing: CardStanding, event: Event, taken: _Taken, messages: tuple[Issue, ...] = ()) -> CardStep:
    checked = event.checked
    tickets, opened, home = turned(standing.tickets, event, lambda record: (record.identity,))
    histories = dict(standing.histories)
    if taken.after is not None:
        received = (*taken.after.received, event.seq) if checked.records else taken.after.received
        histories[taken.after.alert] = replace(taken.after, received=received)
    earlier = (*standing.earlier, event.earlier(checked.once_applied))
    after = replace(standing, histories=histories, tickets=tickets, earlier=earlier)
    issues = (*messages, *home, *taken.issues, *_outcome(checked, standing, taken.after))
    state, accepted, refused = checked.once_applied, len(checked.records), len(checked.refused)
    return CardStep(state, after, issues, opened, accepted, refused, taken.steps)


def _unchanged(standing: CardStanding, event: Event, state: State) -> CardStep:
    after = replace(standing, earlier=(*standing.earlier, event.earlier(state)))
    return CardStep(state, after, refused=len(event.checked.refused))
