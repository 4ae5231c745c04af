"""缺课日报: how corrections, additions, late files and return workbooks change what stands for a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from pipeline.forms.absence import ROWS
from pipeline.merge import coverage, questions
from pipeline.merge.coverage import keys_of, line_of, lines_of, rows_of
from pipeline.merge.standing import (
    ClassCount,
    Earlier,
    Event,
    ReportHead,
    ReportState,
    ReportStep,
    Stood,
    Ticket,
    same,
    ticket_code,
)
from pipeline.merge.tickets import (
    ALIKE,
    LIVE,
    closed,
    come_home,
    opened_for,
    rows_in_words,
    sent_again,
    sift,
    told_home,
)
from pipeline.model import Checked, Issue, Mode, Origin, Policy, Record, State, TicketState
from pipeline.schooldays import on_time, today


def step(standing: ReportState, event: Event, policy: Policy) -> ReportStep:
    """Return what one submission does to what stands for its report.

    A submission whose outcome validation decided already changes nothing; one that raises a question is
    held and changes nothing either; everything else is applied as a whole.
    """
    if event.decided:
        return _unchanged(standing, event, State(event.checked.verdict))
    sifted = sift(event.checked, standing.tickets, partial(_says_nothing_new, standing))
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
    return replace(done, issues=(*sifted.issues, *done.issues))


def waive(standing: ReportState, ticket: str, by: str) -> ReportState:
    """Return what stands when the county lets a row that went back rest: an old record behind it stays."""
    known = standing.tickets.get(ticket)
    if known is None or known.state is not TicketState.OPEN:
        return standing
    tickets = {**standing.tickets, ticket: closed(known, TicketState.WAIVED, by)}
    head = standing.head and replace(standing.head, zero=_nothing(standing.rows, tickets))
    return replace(standing, head=head, tickets=tickets)


def question_step(standing: ReportState, event: Event, issue: Issue) -> ReportStep:
    """Return the step of a submission that waits for an answer, that was here before, or whose 报送方式 must be
    told before it can be taken: that one goes back whole.
    """
    states = {"duplicate": State.DUPLICATE, "mode-unclear": State.REJECTED}
    done = _unchanged(standing, event, states.get(issue.code, State.HELD))
    back = event.checked.back
    opened = (opened_for(event.seq, replace(back, issues=(issue,))),) if issue.code == "mode-unclear" and back else ()
    return replace(done, issues=(issue,), opened=opened)


# --------------------------------------------------------------------------- what it does


def _replace(standing: ReportState, event: Event, policy: Policy) -> ReportStep:
    """首次报送, 整份更正, 逾期补报: the file is the word on every class it speaks for."""
    checked = event.checked
    leaving = coverage.leaving(standing, checked)
    whole = coverage.covers_all(standing, checked)
    said = {record.identity for record in rows_of(checked)}
    kept = coverage.kept_behind(standing, checked)
    home = come_home(checked, standing.tickets, keys_of)
    again = sent_again(checked.refused, {n: t for n, t in standing.tickets.items() if n not in home})
    behind = {one.row: standing.tickets[name].behind for name, one in again.items() if one.table == "rows"}
    opened = _open(event, behind | kept)
    settled = leaving | said | set(kept.values())
    rows = {i: stood for i, stood in standing.rows.items() if i not in leaving}
    rows |= {record.identity: _stood(standing, event, record) for record in rows_of(checked)}
    by = str(event.order)
    tickets = {}
    for name, ticket in standing.tickets.items():
        over = ticket.state is TicketState.OPEN and (whole or (bool(ticket.behind) and ticket.behind in settled))
        end = TicketState.MENDED if name in home else TicketState.SUPERSEDED if over else None
        tickets[name] = closed(ticket, end, by)
        if not end and name in again:
            one = again[name]
            tickets[name] = closed(ticket, TicketState.SUPERSEDED, ticket_code(event.seq, one.table, one.row))
    told = _let_go(standing, event, home, opened) if whole else ()
    tickets |= {ticket.ticket: ticket for ticket in opened}
    lines = lines_of(standing, checked)
    after = replace(
        standing,
        head=_head(standing, event, policy, fresh=whole, zero=_nothing(rows, tickets)),
        rows=rows,
        lines=lines if whole else {**standing.lines, **lines},
        tickets=tickets,
    )
    told = (*told_home(home, standing.tickets), *told, *coverage.withdrawn(standing, sorted(leaving)))
    return _applied(after, event, opened, withdrawn=len(leaving), told=told)


def _add(standing: ReportState, event: Event, policy: Policy) -> ReportStep:
    """补充: rows come or are said again, none goes; a class line only where it says something new."""
    checked = event.checked
    rows = dict(standing.rows)
    tickets = dict(standing.tickets)
    home = _bring_home(rows, tickets, checked, str(event.order))
    opened = _back_again(tickets, event)
    rows |= {record.identity: _stood(standing, event, record) for record in rows_of(checked)}
    lines = dict(standing.lines)
    for key, line in lines_of(standing, checked).items():
        more = line.present is not None or line.more != ClassCount().more
        if key not in lines or line.other_absent > lines[key].other_absent or more:
            lines[key] = line
    tickets |= {ticket.ticket: ticket for ticket in opened}
    head = _head(standing, event, policy, fresh=False, zero=_nothing(rows, tickets))
    after = replace(standing, head=head, rows=rows, lines=lines, tickets=tickets)
    return _applied(after, event, opened, told=told_home(home, standing.tickets))


def _mend(standing: ReportState, event: Event, policy: Policy) -> ReportStep:
    """退回修正表: each mended row comes home by its ticket; 作废 drops it; what is bad still goes back anew.

    A row without a ticket that is none of those that went back is one more row, as in 补充.
    """
    checked = event.checked
    by = str(event.order)
    rows = dict(standing.rows)
    tickets = dict(standing.tickets)
    said = {record.identity for record in rows_of(checked)}
    dropped = [tickets[name].behind for name in checked.voided if tickets[name].state in LIVE]
    for name in checked.voided:
        _leave(rows, tickets[name])
        tickets[name] = closed(tickets[name], TicketState.VOID, by)
    home = _bring_home(rows, tickets, checked, by)
    for record in checked.records:
        ticket = tickets.get(record.ticket)
        if ticket:
            if ticket.behind not in said:
                _leave(rows, ticket)
            tickets[record.ticket] = closed(ticket, TicketState.MENDED, by)
    rows |= {record.identity: _stood(standing, event, record) for record in rows_of(checked)}
    opened = _back_again(tickets, event)
    lines = {**standing.lines, **lines_of(standing, checked, alone=True)}
    tickets |= {ticket.ticket: ticket for ticket in opened}
    head = _head(standing, event, policy, fresh=False, zero=_nothing(rows, tickets))
    after = replace(standing, head=head, rows=rows, lines=lines, tickets=tickets)
    gone = [identity for identity in dropped if identity in standing.rows and identity not in rows]
    void = (Issue("rows-void", details=(("count", str(len(checked.voided))),)),) if checked.voided else ()
    told = (*void, *told_home(home, standing.tickets), *_told_new(event, home), *coverage.withdrawn(standing, gone))
    return _applied(after, event, opened, withdrawn=len(gone), told=told)


def _applied(
    after: ReportState, event: Event, opened: tuple[Ticket, ...], *, withdrawn: int = 0, told: Iterable[Issue] = ()
) -> ReportStep:
    checked = event.checked
    accepted = len(rows_of(checked))
    state = State.PARTIAL if checked.refused else State.ACCEPTED
    if checked.refused and not after.rows and not after.lines:
        # no row and no class was understood: nothing is reported yet, the tickets are open all the same
        state, after = State.REJECTED, replace(after, head=None)
    after = replace(after, earlier=(*after.earlier, _earlier(event, state)))
    told = (*told, *_still_back(after, opened)) if state is not State.REJECTED else tuple(told)
    return ReportStep(state, after, told, opened, accepted, len(checked.refused), withdrawn)


def _still_back(after: ReportState, opened: Sequence[Ticket]) -> tuple[Issue, ...]:
    """Say which rows that went back before are with their sender still: what came home now is not all of it."""
    left = [one for one in after.tickets.values() if one.state is TicketState.OPEN and one not in opened]
    if not left:
        return ()
    where = "、".join(f"退回修正表 {seq:06d}" for seq in sorted({one.seq for one in left}))
    return (Issue("rows-still-back", details=(("count", str(len(left))), ("where", where))),)


def _unchanged(standing: ReportState, event: Event, state: State) -> ReportStep:
    after = replace(standing, earlier=(*standing.earlier, _earlier(event, state)))
    return ReportStep(state, after, refused=len(event.checked.refused))


# --------------------------------------------------------------------------- parts


def _bring_home(rows: dict[str, Stood], tickets: dict[str, Ticket], checked: Checked, by: str) -> Mapping[str, Record]:
    """Close the tickets of rows that come without them; the old records behind make way."""
    home = come_home(checked, tickets, keys_of)
    said = {record.identity for record in rows_of(checked)}
    for name in home:
        if tickets[name].behind not in said:
            _leave(rows, tickets[name])
        tickets[name] = closed(tickets[name], TicketState.MENDED, by)
    return home


def _back_again(tickets: dict[str, Ticket], event: Event) -> tuple[Ticket, ...]:
    """Open the tickets of a file's refused rows. A row that went back before goes on under its new ticket alone,
    with the old record behind it, be it known by its ticket or by its key.
    """
    refused = event.checked.refused
    again = {one.ticket: one for one in reversed(refused) if _live(tickets, one.ticket)}
    strange = [one for one in refused if not _live(tickets, one.ticket)]
    again |= sent_again(strange, {name: ticket for name, ticket in tickets.items() if name not in again})
    opened = _open(event, {one.row: tickets[name].behind for name, one in again.items() if one.table == "rows"})
    for name, one in again.items():
        tickets[name] = closed(tickets[name], TicketState.SUPERSEDED, ticket_code(event.seq, one.table, one.row))
    return opened


def _let_go(
    standing: ReportState, event: Event, home: Mapping[str, Record], opened: Sequence[Ticket]
) -> tuple[Issue, ...]:
    """Say which rows that went back a whole file leaves out for good.

    A row of which neither pupil nor name was known may be any of those that are new in the file.
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


def _told_new(event: Event, home: Mapping[str, Record]) -> tuple[Issue, ...]:
    """Say which rows of a return workbook were none that went back, and were taken as additions."""
    known = {id(record) for record in home.values()}
    new = [r.row for r in rows_of(event.checked) if not r.ticket and id(r) not in known]
    return (Issue("return-row-new", details=(("which", rows_in_words(new)),)),) if new else ()


def _open(event: Event, behind: Mapping[int, str]) -> tuple[Ticket, ...]:
    return tuple(
        opened_for(event.seq, refused, behind.get(refused.row, "") if refused.table == "rows" else "")
        for refused in event.checked.refused
    )


def _head(standing: ReportState, event: Event, policy: Policy, *, fresh: bool, zero: bool) -> ReportHead:
    """On time by first arrival, be it that of a file that went back, if accepted before the day ends."""
    checked = event.checked
    arrival = checked.arrival
    head = standing.head
    seen = min([arrival.first_seen, *(one.first_seen for one in standing.earlier)])
    header = checked.reading.header
    chain = () if fresh or head is None else tuple(seq for seq in head.seqs if seq != arrival.seq)
    in_time = on_time(seen, standing.day, policy.deadline) and today(arrival.first_seen) <= standing.day
    return ReportHead(
        seqs=(*chain, arrival.seq),
        zero=zero,
        first_seen=head.first_seen if head else seen,
        on_time=head.on_time if head else in_time,
        reporter=str(header.get("reporter") or (head.reporter if head else "")),
        reviewer=str(header.get("reviewer") or (head.reviewer if head else "")),
    )


def _nothing(rows: Mapping[str, Stood], tickets: Mapping[str, Ticket]) -> bool:
    """A zero report: no row stands that says somebody is absent, and none is on its way home."""
    absent = any(stood.values["row_state"] != "returned" for stood in rows.values())
    return not absent and all(ticket.state is not TicketState.OPEN for ticket in tickets.values())


def _live(tickets: Mapping[str, Ticket], name: str) -> bool:
    return name in tickets and tickets[name].state in LIVE


def _leave(rows: dict[str, Stood], ticket: Ticket) -> None:
    """Take away the old record that stands behind a ticket."""
    if ticket.state in LIVE:
        rows.pop(ticket.behind, None)


def _earlier(event: Event, state: State) -> Earlier:
    return Earlier(event.seq, event.checked.reading.content_sha, state, event.checked.arrival.first_seen)


def _stood(standing: ReportState, event: Event, record: Record) -> Stood:
    """A row said again in the same words is the row that stands, with the origin it had."""
    old = standing.rows.get(record.identity)
    if old is not None and _same_row(old, record):
        return old
    return Stood(record.values, Origin(event.seq, record.row))


def _same_row(stood: Stood, record: Record) -> bool:
    return same(stood.values, record.values, ROWS.compared)


def _says_nothing_new(standing: ReportState, record: Record) -> bool:
    if record.table == "classes":
        return standing.lines.get(record.identity) == line_of(record)
    stood = standing.rows.get(record.identity)
    return stood is not None and _same_row(stood, record)
