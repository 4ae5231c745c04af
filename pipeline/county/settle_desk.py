"""Settle 县级处理单: each matter in its own savepoint, audited; lines that failed go back.

A decision counts at the workbook's place in the sequence. A matter that has moved on since the workbook was made is
refused; one that was decided in the same way before is left alone, with a message. `run` takes one deed after the
other, within one transaction, and does what a deed needs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline import units
from pipeline.county.boards import BOARDS
from pipeline.database import audit, sql
from pipeline.database.models import DeskLine, DeskToken, Reject
from pipeline.database.transactions import atomic
from pipeline.errors import UsageError
from pipeline.figures import deskwork
from pipeline.forms.cells import show
from pipeline.forms.desk import DESK, matter
from pipeline.merge import Event, Ticket, ticket_code
from pipeline.merge.desk import Deed
from pipeline.model import Checked, CheckVerdict, DecidedBy, Issue, Origin, Refused, Settled, Site, State, TicketState
from pipeline.registry import lookup
from pipeline.settling import submissions
from pipeline.settling.amendments import Bench, StillBad
from pipeline.settling.submissions import Folded
from pipeline.turns.again import AtHand
from pipeline.turns.transaction import Outcome, Turn, Writes, form_of


@dataclass(frozen=True, slots=True)
class Done:
    """The outcome of one matter: `code` "" if it was carried out, `left` what is left to do."""

    deed: Deed
    code: str = ""
    reason: str = ""
    left: Issue | None = None


def decides(checked: Checked) -> bool:
    """Tell whether this is a 处理单 that may decide something; any other submission settles by its form."""
    return form_of(checked) == DESK.name and bool(checked.unit) and checked.verdict == CheckVerdict.MERGE


def begin(desk: Checked, site: Site, now: datetime) -> tuple[Turn, Bench]:
    """Begin to carry out a 处理单, in the caller's transaction, which must `finish` it."""
    turn = Turn(Event(desk.arrival.seq, desk), sql.take("settled", 1))
    return turn, Bench(site, desk, _who(desk.unit), now)


def finish(turn: Turn, bench: Bench, done: Sequence[Done]) -> Settled:
    """Return the outcome of a 处理单 whose deeds were carried out; the lines that failed go back."""
    writes = Writes(bench.now)
    outcome = _outcome(turn, bench, done, writes)
    if outcome.effective:
        _use_up(turn.checked)
    (settled,) = submissions.write(Folded([(turn, outcome)], State.RECEIVED, writes))
    return settled


def _outcome(turn: Turn, bench: Bench, done: Sequence[Done], writes: Writes) -> Outcome:
    checked, seq = turn.checked, turn.event.seq
    undone = [row for one in done if one.code not in _PAST for row in _rows(one, checked)]
    gone = [row for one in done if one.code == _GONE for row in _rows(one, checked)]
    refused = [*checked.refused, *undone]
    _remember(done, checked, seq)
    _audit([*refused, *gone], bench, seq)
    opened = _open(refused, turn, writes)
    counts = _counts(done, refused)
    issues = [Issue("desk-counts", details=(("done", counts),))] if counts else []
    issues += [issue for one in done for issue in _messages(one, checked)]
    acted, again = sum(not one.code for one in done), sum(one.code == _AGAIN for one in done)
    return Outcome(
        _state(acted, again, len(refused)),
        tuple(issues),
        accepted=acted,
        refused=len(refused),
        effective=bool(acted),
        opened=opened,
    )


_AGAIN = "desk-done-before"
_GONE = "desk-gone"  # nothing waits there any more: a message, and nothing is sent back
_PAST = frozenset({"", _AGAIN, _GONE})


def carry_out(deed: Deed, bench: Bench, again: AtHand) -> Done:
    """Carry out one deed, or return why not; a deed that fails is undone completely. Raises NeedsAgain for what comes
    first.
    """
    board, division, seq = BOARDS.get(deed.board), bench.desk.unit, bench.desk.arrival.seq
    if _was_done(deed, division):
        return Done(deed, _AGAIN)
    if board is None:
        return Done(deed, _GONE)
    if not board.begins:
        line = board.find(division, deed.id)
        if line is None:
            return Done(deed, _GONE)
        if units.stamp(bench.site.key, line.stamp) != deed.stamp:
            return Done(deed, "desk-moved-on")
    by = DecidedBy(bench.who, deed.why, bench.now, Origin(seq, deed.row))
    try:
        with atomic():
            left = board.decide(deed, by, replace(bench, again=again))
    except StillBad as error:
        return Done(deed, "mend-still-bad", str(error))
    except UsageError as error:
        return Done(deed, "desk-refused", str(error))
    return Done(deed, left=left)


def _was_done(deed: Deed, division: str) -> bool:
    same = {"board": deed.board, "target": deed.id, "stamp": deed.stamp, "opinion": deed.opinion}
    return DeskLine.objects.filter(division=division, done=True, **same).exists()


def _state(acted: int, again: int, refused: int) -> State:
    if refused:
        return State.PARTIAL if acted else State.REJECTED
    return State.DUPLICATE if again and not acted else State.ACCEPTED


def _who(division: str) -> str:
    return f"{lookup.names([division]).get(division, '')} {division}".strip()


# --------------------------------------------------------------------------- messages, and what is kept


def _use_up(desk: Checked) -> None:
    """The token decides once: what is left goes on in the return workbook, or a later 处理单."""
    mark = units.token_term(desk.reading.claims.token) if desk.reading.claims else ""
    if mark:
        DeskToken.objects.get_or_create(division_id=desk.unit, mark=mark, defaults={"submission_id": desk.arrival.seq})


def _rows(one: Done, checked: Checked) -> list[Refused]:
    """The lines of a deed that failed, as they go back."""
    deed, table = one.deed, DESK.table(one.deed.table)
    issues = _messages(one, checked)
    return [
        Refused(
            deed.board,
            row.number,
            {
                column.name: text
                for column, value in zip(table.columns, row.values, strict=True)
                if (text := row.raw.get(column.name) or show(column, value))
            },
            tuple(issue for issue in issues if issue.row == row.number),
            key=matter(deed.board, deed.id),
        )
        for row in checked.reading.tables[table.name]
        if row.number in deed.rows
    ]


def _messages(one: Done, checked: Checked) -> list[Issue]:
    """The messages for the county about the lines of one deed."""
    sheet = checked.reading.places[one.deed.table].sheet
    if not one.code:
        return [replace(one.left, sheet=sheet, row=one.deed.row)] if one.left else []
    details = (("reason", deskwork.within(one.reason)),) if one.reason else ()
    return [Issue(one.code, sheet, row=row, details=details) for row in one.deed.rows]


def _counts(done: Sequence[Done], refused: Sequence[Refused]) -> str:
    decided = Counter(one.deed.opinion for one in done if not one.code and one.deed.raised is None)
    raised = sum(one.deed.raised is not None for one in done if not one.code)
    again = sum(one.code == _AGAIN for one in done)
    gone = sum(one.code == _GONE for one in done)
    return deskwork.desk_counts(decided, raised, again, gone, len(refused))


def _remember(done: Sequence[Done], checked: Checked, seq: int) -> None:
    DeskLine.objects.bulk_create(
        DeskLine(
            submission_id=seq,
            row=one.deed.row,
            division_id=checked.unit,
            board=one.deed.board,
            target=one.deed.id,
            stamp=one.deed.stamp,
            opinion=one.deed.opinion,
            done=not one.code,
        )
        for one in done
        if one.code != _AGAIN
    )


def _audit(refused: Sequence[Refused], bench: Bench, seq: int) -> None:
    entries = [audit.AuditEntry(bench.who[:60], "refused", f"desk {seq} {row.table} {row.row}", ()) for row in refused]
    audit.append(entries, bench.now)


def _open(refused: Sequence[Refused], turn: Turn, writes: Writes) -> tuple[Ticket, ...]:
    """Store the lines that go back; earlier ones of the same matters are settled by them."""
    checked, seq = turn.checked, turn.event.seq
    named = {matter(record.table, str(record.values["id"])) for record in checked.records}
    named |= {row.key for row in refused if row.key}
    earlier = Reject.objects.filter(form=DESK.name, school=checked.unit, state=TicketState.OPEN, key__in=named)
    earlier.update(state=TicketState.SUPERSEDED, closed_by=str(seq))
    opened = []
    for row in refused:
        ticket = Ticket(ticket_code(seq, row.table, row.row), seq, row.table, refused=row, key=row.key)
        opened.append(ticket)
        writes.reject(ticket, form=DESK.name, school=checked.unit, campus="", day=None)
    return tuple(opened)
