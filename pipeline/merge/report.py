"""缺课日报: how corrections, additions, late files and return workbooks change what stands for a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.merge.standing import (
    ROW,
    Earlier,
    Event,
    Head,
    Line,
    Standing,
    Step,
    Stood,
    Ticket,
    repeated,
    same,
    ticket_code,
)
from pipeline.model import Checked, Issue, Mode, Policy, Record, State
from pipeline.schooldays import on_time, today


def step(standing: Standing, event: Event, policy: Policy) -> Step:
    """Return what one submission does to what stands for its report.

    A submission whose outcome validation decided already changes nothing; one that raises a question is
    held and changes nothing either; everything else is applied as a whole.
    """
    checked = event.checked
    if event.decided:
        return _unchanged(standing, event, State(checked.verdict))
    if not event.forced:
        question = _question(standing, checked, policy)
        if question:
            return question_step(standing, event, question)
    if _returned(checked):
        return _mend(standing, event, policy)
    if checked.mode is Mode.ADD:
        return _add(standing, event, policy)
    return _replace(standing, event, policy)


def waive(standing: Standing, ticket: str, by: str) -> Standing:
    """Return what stands when the county lets a row that went back rest: an old record behind it stays."""
    known = standing.tickets.get(ticket)
    if known is None or known.state != "open":
        return standing
    tickets = {**standing.tickets, ticket: _closed(known, "waived", by)}
    head = standing.head and replace(standing.head, zero=_nothing(standing.rows, tickets))
    return replace(standing, head=head, tickets=tickets)


def question_step(standing: Standing, event: Event, issue: Issue) -> Step:
    """Return the step of a submission that waits for an answer, or that was here before."""
    states = {"duplicate": State.DUPLICATE, "ticket-foreign": State.REJECTED}
    done = _unchanged(standing, event, states.get(issue.code, State.HELD))
    return replace(done, issues=(issue,))


# --------------------------------------------------------------------------- questions


def _question(standing: Standing, checked: Checked, policy: Policy) -> Issue | None:
    """Return why a submission may not simply be applied, as the issue its sender reads; None if it may."""
    head = standing.head
    again = repeated(standing.earlier, checked.reading.content_sha, head.seqs if head else ())
    if again is State.DUPLICATE:
        return Issue("duplicate")
    if again is State.HELD:
        equal = _returned(checked) and _ticket_question(standing, checked) is None
        return Issue("duplicate" if equal else "older-again")
    if _returned(checked):
        return _ticket_question(standing, checked)
    if head is None:
        return None
    if checked.mode is not Mode.FULL and today(checked.arrival.first_seen) > standing.day:
        return Issue("past-day-reported", details=(("day", standing.day.isoformat()),))
    if checked.mode is Mode.ADD:
        return None
    return _withdrawal(standing, checked, policy)


def _withdrawal(standing: Standing, checked: Checked, policy: Policy) -> Issue | None:
    """A second file may not silently drop children; marked as a correction, not most of them at a stroke."""
    leaving = _leaving(standing, checked)
    details = (("rows", str(len(leaving))), ("before", str(len(standing.rows))))
    if checked.mode is not Mode.FULL:
        return Issue("would-withdraw", details=details) if leaving else None
    # a name corrected is one row gone and one come: only what is lost on balance counts
    added = sum(1 for record in _rows(checked) if record.identity not in standing.rows)
    if len(leaving) - added > policy.withdraw_share * len(standing.rows):
        return Issue("withdraws-most", details=details)
    return None


def _ticket_question(standing: Standing, checked: Checked) -> Issue | None:
    """Tickets closed meanwhile may come back only with what stands already."""
    for record in checked.records:
        ticket = standing.tickets.get(record.ticket) if record.ticket else None
        if record.ticket and ticket is None:
            return Issue("ticket-foreign", row=record.row)
        stood = standing.rows.get(record.identity)
        if ticket and ticket.state != "open" and not (stood and _same_row(stood, record)):
            return Issue("ticket-closed", row=record.row)
    for name in checked.voided:
        if name not in standing.tickets:
            return Issue("ticket-foreign")
        if standing.tickets[name].state not in {"open", "void"}:
            return Issue("ticket-closed")
    return None


# --------------------------------------------------------------------------- what it does


def _replace(standing: Standing, event: Event, policy: Policy) -> Step:
    """首次报送, 整份更正, 逾期补报: the file is the word on every class it speaks for."""
    checked = event.checked
    leaving = _leaving(standing, checked)
    whole = _covers(standing, checked)
    said = {record.identity for record in _rows(checked)}
    kept = _kept_behind(standing, checked)
    opened = _open(event, kept)
    settled = leaving | said | set(kept.values())
    rows = {i: stood for i, stood in standing.rows.items() if i not in leaving}
    rows |= {record.identity: _stood(standing, event, record) for record in _rows(checked)}
    tickets = {
        name: _closed(ticket, "superseded", str(event.order)) if whole or _told(ticket, settled) else ticket
        for name, ticket in standing.tickets.items()
    }
    tickets |= {ticket.ticket: ticket for ticket in opened}
    lines = _lines(standing, checked)
    after = replace(
        standing,
        head=_head(standing, event, policy, fresh=whole, zero=_nothing(rows, tickets)),
        rows=rows,
        lines=lines if whole else {**standing.lines, **lines},
        tickets=tickets,
    )
    return _applied(after, event, opened, withdrawn=len(leaving))


def _add(standing: Standing, event: Event, policy: Policy) -> Step:
    """补充: rows come or are said again, none goes; a class line only where it says something new."""
    checked = event.checked
    opened = _open(event, {})
    rows = {**standing.rows, **{record.identity: _stood(standing, event, record) for record in _rows(checked)}}
    lines = dict(standing.lines)
    for key, line in _lines(standing, checked).items():
        if key not in lines or line.other_absent > lines[key].other_absent or line.present is not None:
            lines[key] = line
    tickets = {**standing.tickets, **{ticket.ticket: ticket for ticket in opened}}
    after = replace(
        standing,
        head=_head(standing, event, policy, fresh=False, zero=_nothing(rows, tickets)),
        rows=rows,
        lines=lines,
        tickets=tickets,
    )
    return _applied(after, event, opened)


def _mend(standing: Standing, event: Event, policy: Policy) -> Step:
    """退回修正表: each mended row comes home by its ticket; 作废 drops it; what is bad still goes back anew."""
    checked = event.checked
    by = str(event.order)
    rows = dict(standing.rows)
    tickets = dict(standing.tickets)
    dropped = 0
    said = {record.identity for record in _rows(checked)}
    for name in checked.voided:
        dropped += _leave(rows, tickets[name]) if name in tickets and tickets[name].state == "open" else 0
        _close(tickets, name, "void", by)
    for record in _rows(checked):
        ticket = tickets.get(record.ticket)
        if ticket and ticket.state == "open" and ticket.behind not in said:
            _leave(rows, ticket)
        _close(tickets, record.ticket, "mended", by)
        rows[record.identity] = _stood(standing, event, record)
    behind = {}
    for refused in checked.refused:
        if refused.ticket in tickets and tickets[refused.ticket].state == "open":
            behind[refused.row] = tickets[refused.ticket].behind
            _close(tickets, refused.ticket, "superseded", by)
    for record in checked.records:
        if record.table == "classes":
            _close(tickets, record.ticket, "mended", by)
    opened = _open(event, behind)
    lines = {**standing.lines, **_lines(standing, checked, spoken=True)}
    tickets |= {ticket.ticket: ticket for ticket in opened}
    after = replace(
        standing,
        head=_head(standing, event, policy, fresh=False, zero=_nothing(rows, tickets)),
        rows=rows,
        lines=lines,
        tickets=tickets,
    )
    return _applied(after, event, opened, withdrawn=dropped)


def _applied(after: Standing, event: Event, opened: tuple[Ticket, ...], withdrawn: int = 0) -> Step:
    checked = event.checked
    accepted = len(_rows(checked))
    state = State.PARTIAL if checked.refused else State.ACCEPTED
    if checked.refused and not after.rows and not after.lines:
        # no row and no class was understood: nothing is reported yet, the tickets are open all the same
        state, after = State.REJECTED, replace(after, head=None)
    after = replace(after, earlier=(*after.earlier, _earlier(event, state)))
    return Step(state, after, (), opened, accepted, len(checked.refused), withdrawn)


def _unchanged(standing: Standing, event: Event, state: State) -> Step:
    after = replace(standing, earlier=(*standing.earlier, _earlier(event, state)))
    return Step(state, after, refused=len(event.checked.refused))


# --------------------------------------------------------------------------- parts


def _leaving(standing: Standing, checked: Checked) -> frozenset[str]:
    """Return the rows a whole file would withdraw: of classes it speaks for, and neither said nor sent back."""
    if not standing.rows:
        return frozenset()
    said = {record.identity for record in _rows(checked)} | set(_kept_behind(standing, checked).values())
    whole = _covers(standing, checked)
    spoken = _spoken(checked)
    return frozenset(
        identity
        for identity, stood in standing.rows.items()
        if identity not in said and (whole or stood.values.get("class_key") in spoken)
    )


def _kept_behind(standing: Standing, checked: Checked) -> dict[int, str]:
    """Return Excel row → identity of the old record that stays because the row's new version went back.

    Where the pupil cannot be told from the row, the record that came from the same Excel row is kept:
    better one child too many until it is mended than one lost.
    """
    if not standing.rows:
        return {}
    taken = {record.identity for record in _rows(checked)}
    by_row = {stood.origin.partition(":")[2]: identity for identity, stood in standing.rows.items()}
    back = [refused for refused in checked.refused if refused.table == "rows"]
    kept: dict[int, str] = {}
    for refused in sorted(back, key=lambda one: not one.identity):  # those who say who they are choose first
        identity = refused.identity or by_row.get(str(refused.row), "")
        if identity in standing.rows and identity not in taken:
            kept[refused.row] = identity
            taken.add(identity)
    return kept


def _covers(standing: Standing, checked: Checked) -> bool:
    """Does the file speak for all classes that were spoken for? A file without class lines speaks for all."""
    lines = {record.identity for record in checked.records if record.table == "classes"}
    return not lines or standing.lines.keys() <= _spoken(checked)


def _spoken(checked: Checked) -> set[str]:
    return {str(r.identity if r.table == "classes" else r.values.get("class_key", "")) for r in checked.records}


def _lines(standing: Standing, checked: Checked, *, spoken: bool = False) -> dict[str, Line]:
    """Return the classes a file speaks for: its class lines and its rows' classes; without lines, all.

    `spoken`: only what it says itself (a return workbook does not speak for the classes it leaves out).
    """
    lines = {
        record.identity: Line(_count(record, "roll"), _count(record, "present"), _count(record, "other_absent") or 0)
        for record in checked.records
        if record.table == "classes"
    }
    if not lines and not spoken:
        lines = {key: Line() for key in standing.classes}
    for record in _rows(checked):
        key = str(record.values["class_key"])
        if key not in lines and not (spoken and key in standing.lines):
            lines[key] = Line()
    return lines


def _open(event: Event, behind: Mapping[int, str]) -> tuple[Ticket, ...]:
    seq = event.seq
    return tuple(
        Ticket(
            ticket_code(seq, refused.table, refused.row),
            seq,
            refused.table,
            behind.get(refused.row, "") if refused.table == "rows" else "",
            refused=refused,
        )
        for refused in event.checked.refused
    )


def _head(standing: Standing, event: Event, policy: Policy, *, fresh: bool, zero: bool) -> Head:
    """On time by first arrival, be it that of a file that went back, if accepted before the day ends."""
    checked = event.checked
    arrival = checked.arrival
    head = standing.head
    seen = min([arrival.first_seen, *(one.first_seen for one in standing.earlier)])
    header = checked.reading.header
    chain = () if fresh or head is None else tuple(seq for seq in head.seqs if seq != arrival.seq)
    in_time = on_time(seen, standing.day, policy.deadline) and today(arrival.first_seen) <= standing.day
    return Head(
        seqs=(*chain, arrival.seq),
        zero=zero,
        first_seen=head.first_seen if head else seen,
        on_time=head.on_time if head else in_time,
        reporter=str(header.get("reporter") or (head.reporter if head else "")),
        reviewer=str(header.get("reviewer") or (head.reviewer if head else "")),
    )


def _nothing(rows: Mapping[str, Stood], tickets: Mapping[str, Ticket]) -> bool:
    """A zero report: no row stands, and none is on its way home."""
    return not rows and all(ticket.state != "open" for ticket in tickets.values())


def _leave(rows: dict[str, Stood], ticket: Ticket) -> int:
    """Take away the old record that stood behind a ticket; return how many that were."""
    return 0 if rows.pop(ticket.behind, None) is None else 1


def _close(tickets: dict[str, Ticket], name: str, state: str, by: str) -> None:
    if name in tickets and tickets[name].state == "open":
        tickets[name] = _closed(tickets[name], state, by)


def _closed(ticket: Ticket, state: str, by: str) -> Ticket:
    return replace(ticket, state=state, closed_by=by) if ticket.state == "open" else ticket


def _told(ticket: Ticket, identities: set[str] | frozenset[str]) -> bool:
    return bool(ticket.behind) and ticket.behind in identities


def _earlier(event: Event, state: State) -> Earlier:
    return Earlier(event.seq, event.checked.reading.content_sha, state, event.checked.arrival.first_seen)


def _stood(standing: Standing, event: Event, record: Record) -> Stood:
    """A row said again in the same words is the row that stands, with the origin it had."""
    old = standing.rows.get(record.identity)
    if old is not None and _same_row(old, record):
        return old
    return Stood(record.values, f"{event.seq}:{record.row}")


def _same_row(stood: Stood, record: Record) -> bool:
    return same(stood.values, record.values, ROW)


def _rows(checked: Checked) -> list[Record]:
    return [record for record in checked.records if record.table == "rows"]


def _count(record: Record, name: str) -> int | None:
    value = record.values.get(name)
    return int(value) if isinstance(value, int | float) else None


def _returned(checked: Checked) -> bool:
    claims = checked.reading.claims
    return bool(claims and claims.returned) or any(r.ticket for r in checked.records)
