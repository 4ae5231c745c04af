"""Settle 县级处理单: each matter by itself, in its own savepoint, audited; and the lines of the next one.

What is decided counts at the workbook's place in the sequence. A matter that has moved on since the workbook was
made is refused; one that was decided in the same words before is left alone and said so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction

from pipeline import units
from pipeline.database import audit
from pipeline.database.decision_log import on_desk, placed
from pipeline.database.models import DeskLine, Reject
from pipeline.errors import UsageError
from pipeline.figures import deskwork
from pipeline.forms.cells import show
from pipeline.forms.desk import DESK, matter
from pipeline.merge import Ticket, ticket_code
from pipeline.merge.desk import Deed, deeds
from pipeline.model import Checked, Issue, Refused, Site, State, TicketState
from pipeline.registry import lookup
from pipeline.settling.amendments import Bench, StillBad
from pipeline.turns.transaction import Outcome, Reread, Turn, Writes, form_of


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of one matter: `code` "" if it was done, `left` what it leaves to do."""

    deed: Deed
    code: str = ""
    reason: str = ""
    left: Issue | None = None


def takes(turn: Turn) -> bool:
    """Tell whether a turn is of a 处理单 that may decide something."""
    return form_of(turn.checked) == DESK.name and bool(turn.checked.unit) and not turn.event.decided


def settle(turns: Sequence[Turn], site: Site, reread: Reread, writes: Writes) -> list[tuple[Turn, Outcome]]:
    """Carry out what 处理单 ask for, one after the other; return their outcomes. Written at once, but for tickets."""
    return [(turn, _settle(turn, site, reread, writes)) for turn in turns]


def _settle(turn: Turn, site: Site, reread: Reread, writes: Writes) -> Outcome:
    checked, seq = turn.checked, turn.event.seq
    bench = Bench(site, checked, _who(checked.unit), writes.now, reread)
    done = [_carried_out(deed, seq, bench) for deed in deeds(checked)]
    undone = [row for one in done if one.code not in _PAST for row in _rows(one, checked)]
    gone = [row for one in done if one.code == _GONE for row in _rows(one, checked)]
    refused = [*checked.refused, *undone]
    _remember(done, checked, seq)
    _audit([*refused, *gone], bench, seq)
    opened = _open(refused, turn, writes)
    counts = _counts(done, refused)
    issues = [Issue("desk-counts", details=(("done", counts),))] if counts else []
    issues += [issue for one in done for issue in _said(one, checked)]
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
_GONE = "desk-gone"  # nothing waits there any more: it is told, and nothing sent back for
_PAST = frozenset({"", _AGAIN, _GONE})


def _carried_out(deed: Deed, seq: int, bench: Bench) -> _Done:
    """Do one deed, or say why not; nothing of a deed that fails stays."""
    from pipeline.county.boards import BOARDS  # their owners settle by way of records, which knows this module

    board, division = BOARDS.get(deed.board), bench.desk.unit
    if _was_done(deed, division):
        return _Done(deed, _AGAIN)
    line = board.find(division, deed.id) if board else None
    if board is None or line is None:
        return _Done(deed, _GONE)
    if units.stamp(bench.site.key, line.stamp) != deed.stamp:
        return _Done(deed, "desk-moved-on")
    why = on_desk(seq, deed.row, deed.why)
    try:
        with transaction.atomic(), placed(seq):
            left = board.decide(deed, why, bench)
    except StillBad as error:
        return _Done(deed, "mend-still-bad", str(error))
    except UsageError as error:
        return _Done(deed, "desk-refused", str(error))
    return _Done(deed, left=left)


def _was_done(deed: Deed, division: str) -> bool:
    said = {"board": deed.board, "target": deed.id, "stamp": deed.stamp, "opinion": deed.opinion}
    return DeskLine.objects.filter(division=division, done=True, **said).exists()


def _state(acted: int, again: int, refused: int) -> State:
    if refused:
        return State.PARTIAL if acted else State.REJECTED
    return State.DUPLICATE if again and not acted else State.ACCEPTED


def _who(division: str) -> str:
    return f"{lookup.names([division]).get(division, '')} {division}".strip()


# --------------------------------------------------------------------------- what is said and kept


def _rows(one: _Done, checked: Checked) -> list[Refused]:
    """The lines of a deed that was not done, as they go back."""
    deed, table = one.deed, DESK.table(one.deed.table)
    issues = _said(one, checked)
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


def _said(one: _Done, checked: Checked) -> list[Issue]:
    """What the county is told of the lines of one deed."""
    sheet = checked.reading.places[one.deed.table].sheet
    if not one.code:
        return [replace(one.left, sheet=sheet, row=one.deed.row)] if one.left else []
    details = (("reason", deskwork.within(one.reason)),) if one.reason else ()
    return [Issue(one.code, sheet, row=row, details=details) for row in one.deed.rows]


def _counts(done: Sequence[_Done], refused: Sequence[Refused]) -> str:
    decided = Counter(one.deed.opinion for one in done if not one.code)
    again = sum(one.code == _AGAIN for one in done)
    gone = sum(one.code == _GONE for one in done)
    return deskwork.desk_counts(decided, again, gone, len(refused))


def _remember(done: Sequence[_Done], checked: Checked, seq: int) -> None:
    DeskLine.objects.bulk_create(
        DeskLine(
            submission=seq,
            row=one.deed.row,
            division=checked.unit,
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
    """Keep the lines that go back; earlier ones of the same matters are settled by this word on them."""
    checked, seq = turn.checked, turn.event.seq
    spoken = {matter(record.table, str(record.values["id"])) for record in checked.records}
    spoken |= {row.key for row in refused if row.key}
    earlier = Reject.objects.filter(form=DESK.name, school=checked.unit, state=TicketState.OPEN, key__in=spoken)
    earlier.update(state=TicketState.SUPERSEDED, closed_by=str(seq))
    opened = []
    for row in refused:
        ticket = Ticket(ticket_code(seq, row.table, row.row), seq, row.table, refused=row, key=row.key)
        opened.append(ticket)
        writes.reject(ticket, form=DESK.name, school=checked.unit, campus="", day=None)
    return tuple(opened)
