"""缺课日报: how corrections, additions, late files and return workbooks change a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from pipeline.forms.absence import ROWS
from pipeline.merge import coverage, questions
from pipeline.merge.coverage import keys_of, line_of, lines_of, rows_of
from pipeline.merge.standing import (
    ClassCount,
    CurrentRow,
    Event,
    ReportHead,
    ReportState,
    ReportStep,
    Ticket,
    same,
    ticket_code,
)
from pipeline.merge.tickets import (
    ALIKE,
    LIVE,
    closed,
    matched_by_key,
    matched_issues,
    opened_for,
    rows_in_words,
    sent_again,
    sift,
)
from pipeline.model import Checked, Issue, Mode, Origin, Policy, Record, RowState, State, TicketState
from pipeline.schooldays import on_time, today

_RETURNED = RowState.RETURNED  # looked up once, not for every row


def step(standing: ReportState, event: Event, policy: Policy) -> ReportStep:
    """Return what one submission changes in its report.

    A submission whose outcome validation decided already changes nothing; one that raises a question is held and
    changes nothing either; every other is applied as a whole.
    """
    if event.decided:
        return _unchanged(standing, event, State(event.checked.verdict))
    sifted = sift(event.checked, standing.tickets, partial(_is_unchanged, standing))
    question = None if event.forced else questions.asked(standing, event.checked, sifted, policy)
    if question:
        return question_step(standing, event, question)
    returned = questions.returned(event.checked)
    event = replace(event, checked=sifted.checked)
    if returned:
        done = _mend(standing, event, policy)
    elif event.checked.mode is Mode.ADD or questions.only_mended(standing, event.checked):
        done = _add(standing, event, policy)
    else:
        done = _replace(standing, event, policy)
    return replace(done, issues=(*sifted.issues, *done.issues, *_came_late(standing, event, policy)))


def waive(standing: ReportState, ticket: str, by: str) -> ReportState:
    """Return the report after the county waived a returned row: an old record behind it stays."""
    known = standing.tickets.get(ticket)
    if known is None or known.state is not TicketState.OPEN:
        return standing
    tickets = {**standing.tickets, ticket: closed(known, TicketState.WAIVED, by)}
    head = standing.head and replace(standing.head, zero=_is_zero(standing.rows, tickets))
    return replace(standing, head=head, tickets=tickets)


def question_step(standing: ReportState, event: Event, issue: Issue) -> ReportStep:
    """Return the step of a submission that waits for an answer, that is a copy, or that needs a 报送方式 before it can
    be taken: the last goes back whole.
    """
    states = {"duplicate": State.DUPLICATE, "mode-unclear": State.REJECTED}
    done = _unchanged(standing, event, states.get(issue.code, State.HELD))
    back = event.checked.back
    opened = (opened_for(event.seq, replace(back, issues=(issue,))),) if issue.code == "mode-unclear" and back else ()
    return replace(done, issues=(issue,), opened=opened)


# --------------------------------------------------------------------------- what it does


def _replace(standing: ReportState, event: Event, policy: Policy) -> ReportStep:
    """首次报送, 整份更正, 逾期补报: the file replaces the rows of every class it covers."""
    checked = event.checked
    leaving = coverage.leaving(standing, checked)
    whole = coverage.covers_all(standing, checked)
    written = {record.identity for record in rows_of(checked)}
    kept = coverage.kept_behind(standing, checked)
    home = matched_by_key(checked, standing.tickets, keys_of)
    again = sent_again(checked.refused, {n: t for n, t in standing.tickets.items() if n not in home})
    behind = {one.row: standing.tickets[name].behind for name, one in again.items() if one.table == "rows"}
    opened = _open(event, behind | kept)
    settled = leaving | written | set(kept.values())
    rows = {i: row for i, row in standing.rows.items() if i not in leaving}
    rows |= {record.identity: _current_row(standing, event, record) for record in rows_of(checked)}
    by = str(event.order)
    tickets = {}
    for name, ticket in standing.tickets.items():
        over = ticket.state is TicketState.OPEN and (whole or (bool(ticket.behind) and ticket.behind in settled))
        end = TicketState.MENDED if name in home else TicketState.SUPERSEDED if over else None
        tickets[name] = closed(ticket, end, by)
        if not end and name in again:
            one = again[name]
            tickets[name] = closed(ticket, TicketState.SUPERSEDED, ticket_code(event.seq, one.table, one.row))
    messages = _left_out(standing, event, home, opened) if whole else ()
    tickets |= {ticket.ticket: ticket for ticket in opened}
    lines = lines_of(standing, checked)
    after = replace(
        standing,
        head=_head(standing, event, policy, fresh=whole, zero=_is_zero(rows, tickets)),
        rows=rows,
        lines=lines if whole else {**standing.lines, **lines},
        tickets=tickets,
    )
    messages = (*matched_issues(home, standing.tickets), *messages, *coverage.withdrawn(standing, sorted(leaving)))
    return _applied(after, event, opened, withdrawn=len(leaving), messages=messages)


def _add(standing: ReportState, event: Event, policy: Policy) -> ReportStep:
    """补充: rows are added or repeated, none is removed; a class line counts only if it is new or changed."""
    checked = event.checked
    rows = dict(standing.rows)
    tickets = dict(standing.tickets)
    home = _close_matched(rows, tickets, checked, str(event.order))
    opened = _back_again(tickets, event)
    rows |= {record.identity: _current_row(standing, event, record) for record in rows_of(checked)}
    lines = dict(standing.lines)
    for key, line in lines_of(standing, checked).items():
        more = line.present is not None or line.more != ClassCount().more
        if key not in lines or line.other_absent > lines[key].other_absent or more:
            lines[key] = line
    tickets |= {ticket.ticket: ticket for ticket in opened}
    head = _head(standing, event, policy, fresh=False, zero=_is_zero(rows, tickets))
    after = replace(standing, head=head, rows=rows, lines=lines, tickets=tickets)
    return _applied(after, event, opened, messages=matched_issues(home, standing.tickets))


def _mend(standing: ReportState, event: Event, policy: Policy) -> ReportStep:
    """退回修正表: each corrected row replaces the returned one by its ticket; 作废 drops it; bad rows go back again.

    A row without a ticket that matches no returned row is an addition, as in 补充.
    """
    checked = event.checked
    by = str(event.order)
    rows = dict(standing.rows)
    tickets = dict(standing.tickets)
    written = {record.identity for record in rows_of(checked)}
    dropped = [tickets[name].behind for name in checked.voided if tickets[name].state in LIVE]
    for name in checked.voided:
        _leave(rows, tickets[name])
        tickets[name] = closed(tickets[name], TicketState.VOID, by)
    home = _close_matched(rows, tickets, checked, by)
    for record in checked.records:
        ticket = tickets.get(record.ticket)
        if ticket:
            if ticket.behind not in written:
                _leave(rows, ticket)
            tickets[record.ticket] = closed(ticket, TicketState.MENDED, by)
    rows |= {record.identity: _current_row(standing, event, record) for record in rows_of(checked)}
    opened = _back_again(tickets, event)
    lines = {**standing.lines, **lines_of(standing, checked, alone=True)}
    tickets |= {ticket.ticket: ticket for ticket in opened}
    head = _head(standing, event, policy, fresh=False, zero=_is_zero(rows, tickets))
    after = replace(standing, head=head, rows=rows, lines=lines, tickets=tickets)
    gone = [identity for identity in dropped if identity in standing.rows and identity not in rows]
    void = (Issue("rows-void", details=(("count", str(len(checked.voided))),)),) if checked.voided else ()
    messages = (
        *void,
        *matched_issues(home, standing.tickets),
        *_additions(event, home),
        *coverage.withdrawn(standing, gone),
    )
    return _applied(after, event, opened, withdrawn=len(gone), messages=messages)


def _applied(
    after: ReportState, event: Event, opened: tuple[Ticket, ...], *, withdrawn: int = 0, messages: Iterable[Issue] = ()
) -> ReportStep:
    checked = event.checked
    accepted = len(rows_of(checked))
    state = State.PARTIAL if checked.refused else State.ACCEPTED
    if checked.refused and not after.rows and not after.lines:
        # no row and no class was understood: nothing is reported yet, but the tickets are open
        state, after = State.REJECTED, replace(after, head=None)
    after = replace(after, earlier=(*after.earlier, event.earlier(state)))
    messages = (*messages, *_still_back(after, opened)) if state is not State.REJECTED else tuple(messages)
    return ReportStep(state, after, messages, opened, accepted, len(checked.refused), withdrawn)


def _still_back(after: ReportState, opened: Sequence[Ticket]) -> tuple[Issue, ...]:
    """The issue about rows returned earlier that are still with the sender."""
    left = [one for one in after.tickets.values() if one.state is TicketState.OPEN and one not in opened]
    if not left:
        return ()
    where = "、".join(f"退回修正表 {seq:06d}" for seq in sorted({one.seq for one in left}))
    return (Issue("rows-still-back", details=(("count", str(len(left))), ("where", where))),)


def _unchanged(standing: ReportState, event: Event, state: State) -> ReportStep:
    after = replace(standing, earlier=(*standing.earlier, event.earlier(state)))
    return ReportStep(state, after, refused=len(event.checked.refused))


# --------------------------------------------------------------------------- parts


def _close_matched(
    rows: dict[str, CurrentRow], tickets: dict[str, Ticket], checked: Checked, by: str
) -> Mapping[str, Record]:
    """Close the tickets of rows that come without them; the old records behind are removed."""
    home = matched_by_key(checked, tickets, keys_of)
    written = {record.identity for record in rows_of(checked)}
    for name in home:
        if tickets[name].behind not in written:
            _leave(rows, tickets[name])
        tickets[name] = closed(tickets[name], TicketState.MENDED, by)
    return home


def _back_again(tickets: dict[str, Ticket], event: Event) -> tuple[Ticket, ...]:
    """Open the tickets of a file's refused rows. A row returned before continues under its new ticket only, with the
    old record behind it, whether it is known by its ticket or by its key.
    """
    refused = event.checked.refused
    again = {one.ticket: one for one in reversed(refused) if _live(tickets, one.ticket)}
    strange = [one for one in refused if not _live(tickets, one.ticket)]
    again |= sent_again(strange, {name: ticket for name, ticket in tickets.items() if name not in again})
    opened = _open(event, {one.row: tickets[name].behind for name, one in again.items() if one.table == "rows"})
    for name, one in again.items():
        tickets[name] = closed(tickets[name], TicketState.SUPERSEDED, ticket_code(event.seq, one.table, one.row))
    return opened


def _left_out(
    standing: ReportState, event: Event, home: Mapping[str, Record], opened: Sequence[Ticket]
) -> tuple[Issue, ...]:
    """The issue about returned rows that a whole file leaves out for good.

    A row of unknown pupil and name may be any of the new rows in the file.
    """
    again = {ticket.key for ticket in opened if _named(ticket)}
    left = [
        ticket
        for name, ticket in standing.tickets.items()
        if ticket.state is TicketState.OPEN and ticket.table == "rows" and name not in home and ticket.key not in again
    ]
    known = {id(record) for record in home.values()}
    new = [r for r in rows_of(event.checked) if id(r) not in known and r.identity not in standing.rows]
    may_be = len(new) + sum(ticket.table == "rows" and not _named(ticket) for ticket in opened)
    nameless = [ticket for ticket in left if not _named(ticket)][may_be:]
    lost = [ticket.row for ticket in left if _named(ticket)] + [ticket.row for ticket in nameless]
    return (Issue("tickets-let-go", details=(("which", rows_in_words(lost)),)),) if lost else ()


def _named(ticket: Ticket) -> bool:
    return bool(ticket.key) and not ticket.key.startswith(ALIKE)


def _additions(event: Event, home: Mapping[str, Record]) -> tuple[Issue, ...]:
    """The issue about rows of a return workbook that match no returned row and were taken as additions."""
    known = {id(record) for record in home.values()}
    new = [r.row for r in rows_of(event.checked) if not r.ticket and id(r) not in known]
    return (Issue("return-row-new", details=(("which", rows_in_words(new)),)),) if new else ()


def _open(event: Event, behind: Mapping[int, str]) -> tuple[Ticket, ...]:
    return tuple(
        opened_for(event.seq, refused, behind.get(refused.row, "") if refused.table == "rows" else "")
        for refused in event.checked.refused
    )


def _head(standing: ReportState, event: Event, policy: Policy, *, fresh: bool, zero: bool) -> ReportHead:
    """On time by the first arrival, even of a file that went back, if a file is accepted before the day ends; late if a
    class that the report left out comes after the deadline. Whether that class was due is asked where days are counted.
    """
    checked = event.checked
    arrival = checked.arrival
    head = standing.head
    sha = checked.reading.content_sha
    theirs = (one for one in standing.earlier if one.proved or one.content_sha == sha)
    seen = min([arrival.first_seen, *(one.first_seen for one in theirs)])
    header = checked.reading.header
    chain = () if fresh or head is None else tuple(seq for seq in head.seqs if seq != arrival.seq)
    in_time = on_time(seen, standing.day, policy.deadline) and today(arrival.first_seen) <= standing.day
    late = frozenset(coverage.late_classes(standing, checked, policy))
    if head:
        in_time = head.on_time or bool(head.late_classes)  # but for classes that came late
        late = head.late_classes | late if in_time else frozenset()
    return ReportHead(
        seqs=(*chain, arrival.seq),
        zero=zero,
        first_seen=head.first_seen if head else seen,
        on_time=in_time and not late,
        late_classes=late,
        reporter=str(header.get("reporter") or (head.reporter if head else "")),
        reviewer=str(header.get("reviewer") or (head.reviewer if head else "")),
    )


def _came_late(standing: ReportState, event: Event, policy: Policy) -> tuple[Issue, ...]:
    """The issue about classes that came after the deadline, when the report had been there without them."""
    late = coverage.late_classes(standing, event.checked, policy)
    if not late:
        return ()
    return (Issue("classes-came-late", details=(("count", str(len(late))), ("which", "、".join(late.values())))),)


def _is_zero(rows: Mapping[str, CurrentRow], tickets: Mapping[str, Ticket]) -> bool:
    """A zero report: no current row reports an absence, and no returned row is open."""
    absent = any(row.values["row_state"] != _RETURNED for row in rows.values())
    return not absent and all(ticket.state is not TicketState.OPEN for ticket in tickets.values())


def _live(tickets: Mapping[str, Ticket], name: str) -> bool:
    return name in tickets and tickets[name].state in LIVE


def _leave(rows: dict[str, CurrentRow], ticket: Ticket) -> None:
    """Remove the old record behind a ticket."""
    if ticket.state in LIVE:
        rows.pop(ticket.behind, None)


def _current_row(standing: ReportState, event: Event, record: Record) -> CurrentRow:
    """A repeated row with equal values is the current row, with its old origin."""
    old = standing.rows.get(record.identity)
    if old is not None and _same_row(old, record):
        return old
    return CurrentRow(record.values, Origin(event.seq, record.row))


def _same_row(row: CurrentRow, record: Record) -> bool:
    return same(row.values, record.values, ROWS.compared)


def _is_unchanged(standing: ReportState, record: Record) -> bool:
    if record.table == "classes":
        return standing.lines.get(record.identity) == line_of(record)
    row = standing.rows.get(record.identity)
    return row is not None and _same_row(row, record)
