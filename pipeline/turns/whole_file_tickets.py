"""Tickets of whole files: of workbooks returned for an error above their tables. For every form.

The state of such a ticket follows from the outcomes of the submissions of its unit and form, in whatever order they
were settled: the file came back by its ticket, or another file of the same day was accepted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from pipeline.database.models import Reject, Submission
from pipeline.forms import form as form_named
from pipeline.forms.whole import FILE
from pipeline.merge import Ticket
from pipeline.merge.tickets import opened_for
from pipeline.model import Checked, CheckVerdict, State, TicketState
from pipeline.turns.transaction import Turn, Writes, form_of

_TAKEN = frozenset({State.ACCEPTED.value, State.PARTIAL.value, State.DUPLICATE.value})


def opened(checked: Checked, state: State, tickets: Iterable[Ticket]) -> tuple[Ticket, ...]:
    """The tickets of whole files that a turn opens: because of validation, or of merge, which opened `tickets`."""
    back = checked.back
    by_merge = tuple(ticket for ticket in tickets if ticket.table == FILE)
    if by_merge or back is None or checked.verdict != CheckVerdict.REJECTED or state is not State.REJECTED:
        return by_merge
    return (opened_for(checked.arrival.seq, back),)


def keep(checked: Checked, tickets: Iterable[Ticket], writes: Writes) -> None:
    """Store the tickets of whole files, under the day their file counts for."""
    for ticket in tickets:
        if ticket.table == FILE:
            writes.reject(ticket, form=form_of(checked), school=checked.unit, campus=checked.campus, day=checked.day)


def settle(turns: Sequence[Turn]) -> None:
    """Settle the tickets of the units and forms of these turns; in the caller's transaction, after them."""
    affected = {(turn.checked.unit, form_of(turn.checked)) for turn in turns if turn.checked.unit}
    known: dict[tuple[str, str], list[Reject]] = defaultdict(list)
    mine = Reject.objects.filter(table=FILE, school__in={unit for unit, _ in affected}).exclude(
        state=TicketState.WAIVED
    )
    for row in mine.defer("raw", "issues"):
        known[row.school, row.form].append(row)
    for unit, form in sorted(known.keys() & affected):
        _settle(unit, form, known[unit, form])


def _settle(unit: str, form: str, tickets: Sequence[Reject]) -> None:
    first = min(ticket.submission_id for ticket in tickets)
    later = list(
        Submission.objects.filter(unit=unit, form=form, received_seq__gte=first)
        .exclude(state=State.RECEIVED)
        .order_by("received_seq")
        .only("received_seq", "state", "mends", "day", "campus")
    )
    dated = form_named(form).dated
    for ticket in tickets:
        state, by = _became(ticket, later, dated=dated)
        if (ticket.state, ticket.closed_by) != (state, by):
            Reject.objects.filter(pk=ticket.pk).update(state=state, closed_by=by)


def _became(ticket: Reject, later: Sequence[Submission], *, dated: bool) -> tuple[TicketState, str]:
    """The state of a file's ticket, and by which submission; (open, "") while nothing settled it."""
    for one in later:
        if one.received_seq == ticket.submission_id and one.state != State.REJECTED:
            return TicketState.SUPERSEDED, str(one.received_seq)
        if one.received_seq <= ticket.submission_id:
            continue
        if one.mends == ticket.ticket:
            if one.state in _TAKEN:
                return TicketState.MENDED, str(one.received_seq)
            if one.state == State.REJECTED:  # still wrong: it continues under a ticket of its own
                return TicketState.SUPERSEDED, str(one.received_seq)
        same_day = not dated or (one.day, one.campus) == (ticket.day, ticket.campus)
        if same_day and one.state in _TAKEN:
            return TicketState.SUPERSEDED, str(one.received_seq)
    return TicketState.OPEN, ""
