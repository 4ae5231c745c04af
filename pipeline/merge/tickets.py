"""Returned rows that come back: which are accepted, which go back again, and what is asked. For every form.

A ticket names one row that was returned. It may come back in a return workbook, or without it: a row of the same key in
any later file of the same report is that row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeline.forms import form as form_named
from pipeline.forms import whole
from pipeline.merge.standing import Event, Ticket, ticket_code
from pipeline.model import Checked, Issue, Record, Refused, TicketState

ALIKE = "~"
"""Prefix of the key of a row that nothing names: see `whole.likeness`."""

LIVE = frozenset({TicketState.OPEN, TicketState.WAIVED})
"""States in which a corrected row is accepted: a row the county waived may come back all the same."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """A submission after its tickets were checked. In `checked`, rows under unknown or doubled tickets are `refused`,
    and the others have their ticket's present name; `question` is raised by a closed ticket; `issues` are further
    messages for the sender.
    """

    checked: Checked
    question: Issue | None = None
    issues: tuple[Issue, ...] = ()


def sift(checked: Checked, tickets: Mapping[str, Ticket], stands: Callable[[Record], bool]) -> Sifted:
    """Check the tickets of a submission. `stands` tells whether a row equals the current one."""
    if not checked.voided and not carried(checked):
        return Sifted(checked)
    sieve = _Sieve(checked, tickets, stands)
    voided = [name for messages in checked.voided if (name := sieve.void(messages))]
    records = [kept for record in checked.records if (kept := sieve.let_in(record))]
    refused = [still for one in checked.refused if (still := sieve.send_back(one))]
    sifted = replace(
        checked,
        records=tuple(records),
        refused=tuple(sorted((*refused, *sieve.back), key=lambda one: (one.table, one.row))),
        voided=tuple(voided),
    )
    messages = (Issue("rows-settled", details=(("which", rows_in_words(sieve.settled)),)),) if sieve.settled else ()
    return Sifted(sifted, sieve.question, (*sieve.messages, *messages))


def carried(checked: Checked) -> bool:
    """Does any row carry a ticket?"""
    return any(one.ticket for one in checked.records) or any(one.ticket for one in checked.refused)


def current(name: str, tickets: Mapping[str, Ticket]) -> str:
    """The present name of a ticket: a row returned again continues under another (`closed_by`)."""
    while (known := tickets.get(name)) and known.closed_by in tickets:
        name = known.closed_by
    return name


def matched_by_key(
    checked: Checked, tickets: Mapping[str, Ticket], keys: Callable[[Record], Sequence[str]]
) -> dict[str, Record]:
    """Rows without a ticket that match a returned row, by its ticket: the first open one of its key, of each submission
    in which it was returned.

    `keys`: by which a row is recognised, the surest first; last, by all its cells except those that were wrong.
    """
    waiting = _waiting(tickets)
    found: dict[str, Record] = {}
    alike = [(table, key) for table, key in waiting if key.startswith(ALIKE)]
    for record in checked.records if waiting else ():
        if record.ticket:
            continue
        known_by: list[tuple[str, str]] = [(record.table, key) for key in keys(record)]
        if alike:
            raw = texts_of(checked, record)
            known_by += [one for one in alike if one[0] == record.table and whole.same_but_for(one[1], raw)]
        for names in next((known for key in known_by if (known := waiting.get(key))), {}).values():
            if names:
                found[names.pop(0)] = record
    return found


def _waiting(tickets: Mapping[str, Ticket]) -> dict[tuple[str, str], dict[int, list[str]]]:
    """The open tickets of rows that have a key, by table and key, then by the submission
    in
    which they were returned.
    """
    found: dict[tuple[str, str], dict[int, list[str]]] = {}
    for name, ticket in tickets.items():
        if ticket.state is TicketState.OPEN and ticket.key:
            found.setdefault((ticket.table, ticket.key), {}).setdefault(ticket.seq, []).append(name)
    return found


def texts_of(checked: Checked, record: Record) -> dict[str, str]:
    """A row as it was typed, by column name."""
    claims = checked.reading.claims
    table = form_named(claims.form if claims else "").table(record.table)
    rows = (row for row in checked.reading.tables.get(record.table, ()) if row.number == record.row)
    return next((whole.texts(table, row) for row in rows), {})


def turned(
    tickets: Mapping[str, Ticket], event: Event, keys: Callable[[Record], Sequence[str]]
) -> tuple[dict[str, Ticket], tuple[Ticket, ...], tuple[Issue, ...]]:
    """For a form whose rows are independent: all tickets after a sifted submission, those it opened, and the messages
    about rows that came back without their tickets.
    """
    checked = event.checked
    opened = tuple(opened_for(event.seq, refused) for refused in checked.refused)
    home = matched_by_key(checked, tickets, keys)
    ends = dict.fromkeys((*home, *(record.ticket for record in checked.records if record.ticket)), TicketState.MENDED)
    ends |= dict.fromkeys(checked.voided, TicketState.VOID)
    after = {name: closed(ticket, ends.get(name), str(event.order)) for name, ticket in tickets.items()}
    for refused, ticket in zip(checked.refused, opened, strict=True):
        # the same row, by its ticket; or the row sent once more, as wrong as before
        same = [
            name for name, one in tickets.items() if ticket.key and (one.table, one.key) == (ticket.table, ticket.key)
        ]
        for name in {refused.ticket, *same} & after.keys():
            after[name] = closed(after[name], TicketState.SUPERSEDED, ticket.ticket)
    return {**after, **{ticket.ticket: ticket for ticket in opened}}, opened, matched_issues(home, tickets)


def sent_again(refused: Iterable[Refused], tickets: Mapping[str, Ticket]) -> dict[str, Refused]:
    """Open tickets of rows that go back once more without having brought their ticket: the first of its key, of each
    submission, so that of two equal names each keeps one.
    """
    waiting = _waiting(tickets)
    return {
        names.pop(0): one
        for one in refused
        for names in waiting.get((one.table, one.key or one.identity), {}).values()
        if names
    }


def opened_for(seq: int, refused: Refused, behind: str = "") -> Ticket:
    """The ticket under which a row is returned."""
    name = ticket_code(seq, refused.table, refused.row)
    key = refused.key or refused.identity
    return Ticket(name, seq, refused.table, behind, refused=refused, key=key, row=refused.row)


def closed(ticket: Ticket, state: TicketState | None, by: str) -> Ticket:
    """The ticket in the state that a submission or a decision gives it; one that is settled stays as it is."""
    if state is None or ticket.state not in LIVE:
        return ticket
    return replace(ticket, state=state, closed_by=by)


def matched_issues(home: Mapping[str, Record], tickets: Mapping[str, Ticket]) -> tuple[Issue, ...]:
    """The issue about rows that came back without their tickets."""
    if not home:
        return ()
    return (Issue("rows-come-home", details=(("which", rows_in_words(tickets[name].row for name in home)),)),)


def rows_in_words(rows: Iterable[int], most: int = 20) -> str:
    """Excel rows as a clerk reads them: 8、9、12."""
    ordered = sorted(set(rows))
    return "、".join(map(str, ordered[:most])) + (" 等" if len(ordered) > most else "")


@dataclass
class _Sieve:
    checked: Checked
    tickets: Mapping[str, Ticket]
    stands: Callable[[Record], bool]
    claimed: dict[str, Record | None] = field(default_factory=dict)
    back: list[Refused] = field(default_factory=list)
    messages: list[Issue] = field(default_factory=list)
    settled: list[int] = field(default_factory=list)
    question: Issue | None = None

    def void(self, given: str) -> str:
        """The ticket that a 作废 closes; "" for an unknown one."""
        name = current(given, self.tickets)
        ticket = self.tickets.get(name)
        if ticket is None:
            self.messages.append(Issue("void-foreign"))
            return ""
        if ticket.state not in LIVE and ticket.state is not TicketState.VOID:
            self.question = self.question or Issue("ticket-closed")
        self.claimed[name] = None
        return name

    def let_in(self, record: Record) -> Record | None:
        """The row with its ticket's present name; None if it goes back."""
        if not record.ticket:
            return record
        name = current(record.ticket, self.tickets)
        ticket = self.tickets.get(name)
        if ticket is None or ticket.table != record.table:
            self._refuse(record, "ticket-foreign")
            return None
        if name in self.claimed:
            first = self.claimed[name]
            if first is None or (first.identity, first.values) != (record.identity, record.values):
                self._refuse(record, "ticket-doubled", first=str(first.row) if first else "")
                return None
        elif ticket.state not in LIVE and not self.stands(record):
            self.question = self.question or self._issue(record, "ticket-closed")
        self.claimed.setdefault(name, record)
        return record._replace(ticket=name)

    def send_back(self, refused: Refused) -> Refused | None:
        """A row still wrong, with its ticket's present name; None if that was settled meanwhile: the row was left as it
        was in an older return workbook.
        """
        name = current(refused.ticket, self.tickets)
        ticket = self.tickets.get(name)
        if ticket and ticket.table == refused.table and ticket.state not in LIVE:
            self.settled.append(refused.row)
            return None
        return replace(refused, ticket=name)

    def _refuse(self, record: Record, code: str, **details: str) -> None:
        issue = self._issue(record, code, **details)
        self.messages.append(issue)
        raw = texts_of(self.checked, record)
        self.back.append(Refused(record.table, record.row, raw, (issue,), identity=record.identity))

    def _issue(self, record: Record, code: str, **details: str) -> Issue:
        place = self.checked.reading.places.get(record.table)
        return Issue(code, place.sheet if place else "", "", record.row, details=tuple(details.items()))
