"""Settle 备案表 and the scans of their signed papers. A filing is a request: nothing is opened here.

Written at once, in the settling transaction: filings are few. What a line is depends on received_seq alone:
a unit's later filing of a name takes the place of its earlier one, and of two units the first has the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.hashers import check_password, make_password

from pipeline import merge, units
from pipeline.database import serialise
from pipeline.database.models import Account, Filing, FilingLine, FilingScan, Reject, Submission
from pipeline.filed import Secret
from pipeline.forms.filing import ACCOUNTS, FILING
from pipeline.forms.text_normalise import fold
from pipeline.merge import Ticket
from pipeline.model import (
    Checked,
    FilingLineState,
    Issue,
    LetterKind,
    Organ,
    Record,
    ScanKind,
    Site,
    State,
    SubmissionRef,
    TicketState,
)
from pipeline.registry import lookup
from pipeline.turns.transaction import Outcome, Turn, Writes

OPEN = (FilingLineState.WAITING, FilingLineState.HELD)
_APPLIED = (State.ACCEPTED, State.PARTIAL, State.HELD)


def settle(turns: Sequence[Turn], site: Site, writes: Writes) -> list[tuple[Turn, Outcome]]:
    """Take the turns of filings, in order; return their outcomes. Bytes are never read again: they are gone."""
    del site
    return [(turn, _settle(turn, writes)) for turn in turns]


def filing_number(seq: int) -> str:
    """Return a 备案号 as it is printed."""
    return f"{seq:06d}"


def folded(username: str) -> str:
    """Return a user name as names are compared: NFKC, no blanks, small letters."""
    return fold(username)


def dismissed(seq: int, place: int, why: str) -> None:
    """Let the names of a held filing go that a person sent back for good."""
    held = FilingLine.objects.filter(seq=seq, state=FilingLineState.HELD)
    held.update(state=FilingLineState.REFUSED, decided=place, why=why[:400], takeover=False)


def _settle(turn: Turn, writes: Writes) -> Outcome:
    if turn.checked.reading.scan is not None:
        return _scan(turn, turn.checked.reading.scan)
    if turn.event.forced:
        return _released(turn)
    return _filed(turn, writes)


# --------------------------------------------------------------------------- a filing


@dataclass(frozen=True, slots=True)
class _Asked:
    """One account asked for, and conflicts of its name."""

    record: Record
    folded: str
    taken: bool  # an account has it, or an earlier filing of another unit asks for it


def _filed(turn: Turn, writes: Writes) -> Outcome:
    checked = turn.checked
    _take_copy_back(turn, writes)
    again = _repeated(checked)
    if again is State.DUPLICATE:
        return Outcome(again, (Issue("duplicate"),))
    filing = _filing(checked)
    asked = [_asked(record, filing, turn.event.order) for record in checked.records]
    held = again is State.HELD or any(one.taken for one in asked)
    for one in asked:
        _write_line(filing, turn, one, FilingLineState.HELD if held else FilingLineState.WAITING)
    opened = _tickets(turn, writes)
    issues = [_numbered(filing, _still_back(turn))]
    if again is State.HELD:
        issues.append(Issue("filing-older"))
    else:
        replaced = [old for one in asked for old in _supersede(filing, turn.event.order, one.folded)]
        issues += [*_replacing(replaced), *_holding(asked)]
    for one in asked:
        _hold_later(filing, turn, one.folded, writes)
    if held:
        return Outcome(State.HELD, tuple(issues), refused=len(checked.refused), opened=opened)
    refused = len(checked.refused)
    return Outcome(checked.once_applied, tuple(issues), len(asked), refused, effective=True, opened=opened)


def _repeated(checked: Checked) -> State | None:
    """Duplicate, if the same filing, passwords too, came before and is still in force; held, if something newer came
    since; None for a new one, and for one that was refused then.
    """
    states = {line.state for lines in _twins(checked).values() for line in lines}
    if states & {*OPEN, FilingLineState.OPENED}:
        return State.DUPLICATE
    return State.HELD if FilingLineState.SUPERSEDED in states else None


def _twins(checked: Checked) -> dict[int, list[FilingLine]]:
    """The lines of each other filing with the same cells, passwords too, by received_seq."""
    rows = Submission.objects.filter(unit=checked.unit, form="filing", state__in=_APPLIED)
    twins = rows.filter(content_sha=checked.reading.content_sha).exclude(pk=checked.arrival.seq)
    found = {seq: list(FilingLine.objects.filter(seq=seq)) for seq in twins.values_list("pk", flat=True)}
    return {seq: lines for seq, lines in found.items() if all(_same_password(one, lines) for one in checked.records)}


def _take_copy_back(turn: Turn, writes: Writes) -> None:
    """A filing of which a later copy was settled first takes its place: it is printed, stamped and opened under the
    number of the first. Not once somebody acted on the copy, or its unit asked for one of the names in between.
    """
    between = FilingLine.objects.filter(filing__unit=turn.checked.unit, seq__gt=turn.event.seq)
    for seq, lines in _twins(turn.checked).items():
        if seq < turn.event.seq or not lines or any(one.state not in OPEN or one.filing_id != seq for one in lines):
            continue
        names = {one.folded for one in lines}
        if FilingScan.objects.filter(filing=seq).exists() or between.filter(folded__in=names).exclude(seq=seq).exists():
            continue
        unit = turn.checked.unit
        Filing.objects.filter(number=seq).delete()  # with its lines
        Reject.objects.filter(submission=seq, state=TicketState.OPEN).update(
            state=TicketState.SUPERSEDED, closed_by=str(turn.event.seq)
        )
        Submission.objects.filter(pk=seq).update(
            state=State.DUPLICATE.value, accepted=0, refused=0, effective=False,
            issues=[serialise.issue(Issue("duplicate"))],
        )  # fmt: skip
        writes.letter(LetterKind.RECEIPT, str(SubmissionRef(seq, turn.settled)), unit)


def _same_password(record: Record, lines: Iterable[FilingLine]) -> bool:
    secret = record.values["password"]
    if not isinstance(secret, Secret) or not secret:
        return True
    mine = [line for line in lines if line.folded == record.identity]
    return any(line.password and check_password(secret.reveal(), line.password) for line in mine)


def _filing(checked: Checked) -> Filing:
    """The filing of a workbook: its own, or for returned rows the one they were part of."""
    first = _first(checked)
    if first is not None:
        return first
    tree = lookup.tree([checked.unit])
    level = units.level(checked.unit, tree)
    header = checked.reading.header
    texts = {one.name: str(header.get(one.name) or "") for one in FILING.fields if one.kept and one.dtype == "text"}
    home = tree.units[checked.unit]
    return Filing.objects.create(
        number=checked.arrival.seq,
        unit_id=checked.unit,
        level=level.value,
        home_id=home,
        opener_id=units.opener(level, home, tree.places[home].parent),
        received_at=checked.arrival.received_at,
        **texts,
    )


def _first(checked: Checked) -> Filing | None:
    """The filing whose rows, returned once or often, are in this return workbook."""
    tickets = [record.ticket for record in checked.records] + [refused.ticket for refused in checked.refused]
    mine = Reject.objects.filter(form="filing", school=checked.unit)
    back = set(mine.filter(ticket__in=filter(None, tickets)).values_list("submission", flat=True))
    seen: set[int] = set()
    while back - seen:
        found = Filing.objects.filter(number__in=back, unit=checked.unit).order_by("number").first()
        if found is not None:
            return found
        seen |= back
        back = set(mine.filter(closed_by__in=[str(seq) for seq in back]).values_list("submission", flat=True))
    return None


def _asked(record: Record, filing: Filing, order: int) -> _Asked:
    taken = Account.objects.filter(folded=record.identity, opened_seq__lt=order).exists()
    others = FilingLine.objects.filter(folded=record.identity, state__in=OPEN, seq__lt=order)
    return _Asked(record, record.identity, taken or others.exclude(filing__unit=filing.unit_id).exists())


def _write_line(filing: Filing, turn: Turn, one: _Asked, state: str) -> None:
    values = one.record.values
    secret = values["password"]
    password = make_password(secret.reveal()) if isinstance(secret, Secret) and secret else ""
    later = FilingLine.objects.filter(folded=one.folded, filing__unit=filing.unit_id, seq__gt=turn.event.order)
    FilingLine.objects.update_or_create(
        filing=filing,
        folded=one.folded,
        defaults={
            "seq": turn.event.seq,
            "row": one.record.row,
            **{name: str(values[name] or "") for name, column in ACCOUNTS.keeps.items() if column.dtype == "text"},
            "password": password,
            "ticket": one.record.ticket[:24],
            "state": FilingLineState.SUPERSEDED if later.exists() else state,
            "takeover": one.taken,
            "decided": None,
            "why": "",
        },
    )


def _supersede(filing: Filing, order: int, folded: str) -> list[int]:
    """Let the unit's earlier open lines of a name rest; return the numbers of their filings."""
    earlier = FilingLine.objects.filter(folded=folded, filing__unit=filing.unit_id, state__in=OPEN, seq__lt=order)
    rows = earlier.exclude(filing=filing)
    numbers = list(rows.values_list("filing_id", flat=True))
    rows.update(state=FilingLineState.SUPERSEDED)
    later = FilingLine.objects.filter(folded=folded, filing__unit=filing.unit_id, seq__gt=order).exclude(filing=filing)
    for line in later:
        _notify(line.seq, _replacing([filing.number]))
    return numbers


def _hold_later(filing: Filing, turn: Turn, folded: str, writes: Writes) -> None:
    """Hold what another unit filed later of the same name, if it was settled before this one."""
    later = FilingLine.objects.filter(folded=folded, state=FilingLineState.WAITING, seq__gt=turn.event.order)
    for line in later.exclude(filing__unit=filing.unit_id).select_related("filing"):
        FilingLine.objects.filter(pk=line.pk).update(takeover=True)
        FilingLine.objects.filter(seq=line.seq, state=FilingLineState.WAITING).update(state=FilingLineState.HELD)
        rows = Submission.objects.filter(pk=line.seq)
        rows.update(state=State.HELD.value, accepted=0, effective=False)
        _notify(line.seq, [_held(line.row)])
        writes.letter(LetterKind.RECEIPT, str(SubmissionRef(line.seq, turn.settled)), line.filing.unit_id)


def _notify(seq: int, issues: Sequence[Issue]) -> None:
    row = Submission.objects.get(pk=seq)
    row.issues = [*row.issues, *(serialise.issue(one) for one in issues)]
    row.save(update_fields=["issues"])


def _numbered(filing: Filing, back: int) -> Issue:
    """The number of a filing, and the next step: its paper; or first the returned rows, for only a complete filing is
    worth printing and stamping.
    """
    details = (("number", filing_number(filing.number)), ("opener", office(filing.opener_id)))
    if back:
        return Issue("filing-rows-first", details=(*details, ("rows", str(back))))
    return Issue("filing-number", details=details)


def _still_back(turn: Turn) -> int:
    """How many rows are still to be corrected after this turn, as of its place: its own, and those a return workbook
    left.
    """
    checked = turn.checked
    count = len(checked.refused)
    if checked.reading.claims is None or not checked.reading.claims.returned:
        return count
    named = {*checked.voided, *(record.ticket for record in checked.records), *(one.ticket for one in checked.refused)}
    earlier = Reject.objects.filter(form="filing", school=checked.unit, submission__lt=turn.event.seq)
    left = earlier.exclude(ticket__in=named).values_list("state", "closed_by")
    return count + sum(state == TicketState.OPEN or (by.isdigit() and int(by) > turn.event.order) for state, by in left)


def _replacing(numbers: Iterable[int]) -> list[Issue]:
    return [Issue("filing-replaces", details=(("earlier", filing_number(one)),)) for one in sorted(set(numbers))]


def _holding(asked: Iterable[_Asked]) -> list[Issue]:
    return [_held(one.record.row) for one in asked if one.taken]


def _held(row: int) -> Issue:
    """An issue of the file, without a cell: a question of a held submission is about the file. Names nobody."""
    return Issue("username-held", details=(("at", str(row)),))


def office(division: str) -> str:
    """Return the name of the CDC that opens accounts for a division's units."""
    code = units.organ_code(division, Organ.CDC) if division else ""
    return lookup.names([code]).get(code, "") if code else ""


def _tickets(turn: Turn, writes: Writes) -> tuple[Ticket, ...]:
    checked = turn.checked
    ends = {record.ticket: TicketState.MENDED for record in checked.records if record.ticket}
    ends |= {refused.ticket: TicketState.SUPERSEDED for refused in checked.refused if refused.ticket}
    ends |= dict.fromkeys(checked.voided, TicketState.VOID)
    mine = Reject.objects.filter(ticket__in=list(ends), school=checked.unit, form="filing", state=TicketState.OPEN)
    for name in mine.values_list("ticket", flat=True):
        text = "UPDATE reject SET state = %s, closed_by = %s WHERE ticket = %s"
        writes.add(text, [(ends[name].value, str(turn.event.order), name)])
    state, by = _replace_tickets(turn, writes)
    opened = tuple(
        Ticket(merge.ticket_code(turn.event.seq, r.table, r.row), turn.event.seq, r.table, "", state, by, refused=r)
        for r in checked.refused
    )
    for ticket in opened:
        writes.reject(ticket, form="filing", school=checked.unit, campus=checked.campus, day=None)
    return opened


def _replace_tickets(turn: Turn, writes: Writes) -> tuple[TicketState, str]:
    """A whole 备案表 takes the place of rows that its unit was asked for before; return what its own tickets are:
    open, unless such a one that came later was settled before it.
    """
    checked = turn.checked
    if checked.reading.claims is not None and not checked.reading.claims.returned:
        text = (
            "UPDATE reject SET state = %s, closed_by = %s "
            "WHERE school = %s AND form = 'filing' AND state = %s AND submission < %s"
        )
        by, unit = str(turn.event.order), checked.unit
        writes.add(text, [(TicketState.SUPERSEDED.value, by, unit, TicketState.OPEN.value, turn.event.seq)])
    later = Filing.objects.filter(unit=checked.unit, number__gt=turn.event.seq).order_by("number").first()
    return (TicketState.SUPERSEDED, str(later.number)) if later is not None else (TicketState.OPEN, "")


def _released(turn: Turn) -> Outcome:
    """A person let a held filing go on: it waits for its opener now. What was stored counts, not the kept copy."""
    held = list(FilingLine.objects.filter(seq=turn.event.seq, state=FilingLineState.HELD).select_related("filing"))
    for line in held:
        _supersede(line.filing, turn.event.order, line.folded)
    FilingLine.objects.filter(pk__in=[line.pk for line in held]).update(state=FilingLineState.WAITING)
    refused = Reject.objects.filter(submission=turn.event.seq).count()
    still = Reject.objects.filter(submission=turn.event.seq, state=TicketState.OPEN).count()
    issues = tuple(_numbered(line.filing, still) for line in held[:1])
    return Outcome(State.PARTIAL if refused else State.ACCEPTED, issues, len(held), refused, effective=True)


# --------------------------------------------------------------------------- a scan


def _scan(turn: Turn, kind: ScanKind) -> Outcome:
    """Link a signed paper to its filing; one that came before is a copy."""
    checked = turn.checked
    filing = Filing.objects.get(number=int(str(checked.reading.header["filing"])))
    details = (("number", filing_number(filing.number)),)
    if FilingScan.objects.filter(filing=filing, sha256=checked.arrival.sha256).exists():
        return Outcome(State.DUPLICATE, (Issue("duplicate"),))
    if not filing.lines.filter(state__in=OPEN).exists():
        return Outcome(State.REJECTED, (Issue("scan-late", details=details),))
    FilingScan.objects.create(
        submission_id=turn.event.seq,
        filing=filing,
        sha256=checked.arrival.sha256,
        ending=kind,
        received_at=checked.arrival.received_at,
    )
    return Outcome(State.ACCEPTED, (Issue("scan-taken", details=details),), effective=True)
