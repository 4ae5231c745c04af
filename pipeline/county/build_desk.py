"""The content of a county's next 县级处理单: every matter that waits for it, a line each (of a returned row, a line for
each wrong cell), and the lines of one that could not be carried out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from gettext import gettext as say

from pipeline import issues, schooldays, units
from pipeline.county.boards import BOARDS
from pipeline.database import acts, sql
from pipeline.database.models import Counter, Division, Submission, Unit
from pipeline.database.transactions import atomic
from pipeline.errors import UsageError
from pipeline.facts import unknown_years
from pipeline.figures import deskwork
from pipeline.figures.deskwork import WrongCell
from pipeline.forms.desk import DESK, answered, matter, matter_of
from pipeline.letters import queue
from pipeline.letters.queue import Returned
from pipeline.model import ActKind, DeskSheet, LetterKind, Site, State, UnitKind
from pipeline.registry import lookup
from pipeline.registry.lookup import Clerks
from pipeline.schooldays import ZONE, short_time
from pipeline.turns.pending_items import PendingItem
from pipeline.xlsx.deskbook import DeskFacts, DeskRow

BLANK_LINES = 3  # for warnings that the county raises
_SENT = "desks"  # the counter whose value is the last day on which counties got their desks: 20261120


def desk(site: Site, division: str, now: datetime) -> DeskFacts:
    """Return a division's desk as it is now. Raises UsageError for a division that is not known."""
    waiting = {name: board.waiting(division) for name, board in BOARDS.items()}
    clerks = lookup.clerks({line.school for lines in waiting.values() for line in lines})
    rows = {
        name: [row for line in lines for row in _rows(site, division, name, line, clerks)]
        for name, lines in waiting.items()
    }
    rows[DeskSheet.RAISED] = [DeskRow({})] * BLANK_LINES
    return _facts(site, division, now, rows)


def some(site: Site, division: str, now: datetime, targets: Mapping[str, Sequence[str]]) -> DeskFacts:
    """Return a desk that has only these lines, by board, of those that wait: as when a county cuts its own to a few."""
    rows: dict[str, list[DeskRow]] = {}
    for name, ids in targets.items():
        lines = BOARDS[name].find_some(division, ids)
        rows[name] = [row for line in lines for row in _rows(site, division, name, line, {})]
    return _facts(site, division, now, rows)


def back(site: Site, division: str, seq: int, returned: Sequence[Returned], now: datetime) -> DeskFacts:
    """Return the lines of a 处理单 (`seq`) that were not carried out, each with its reason, the matter as it is now."""
    rows: dict[str, list[DeskRow]] = {}
    for one in returned:
        rows.setdefault(one.table, []).append(_row_back(site, division, one))
    return _facts(site, division, now, rows, back=seq)


def queue_due(site: Site, now: datetime, *, owed: bool) -> int:
    """Queue every county's 处理单, once a day from the hour of policy on; return how many.

    On a day without school (`owed` False) only if something waits.
    """
    today = schooldays.today(now)
    if now < schooldays.deadline(today, site.policy.desk_at):
        return 0
    with atomic():
        sent = Counter.objects.select_for_update().filter(name=_SENT).first()
        if sent is not None and sent.value == sql.day_number(today):  # a later day: the clock was ahead
            return 0
        mine = counties()
        codes = [code for code in mine if owed or waits(code)]
        codes += [code for code in _with_held() if code not in mine]
        Counter.objects.update_or_create(name=_SENT, defaults={"value": sql.day_number(today)})
        count = queue.queue_all([(LetterKind.DESK, today.isoformat(), code) for code in codes], now, today)
        acts.note(ActKind.DESKS, now, owed=owed)
        return count


def waits(division: str) -> bool:
    """Tell whether anything waits for a division."""
    return any(board.waiting(division) for board in BOARDS.values())


def counties() -> list[str]:
    """Return the divisions that have a desk: those with schools."""
    lying = Unit.objects.filter(kind=UnitKind.SCHOOL).values("division").distinct()
    return list(Division.objects.filter(code__in=lying).order_by("code").values_list("code", flat=True))


def _with_held() -> list[str]:
    """The divisions whose own file, such as a province's roster, is held."""
    own = Submission.objects.filter(state=State.HELD, unit__in=Division.objects.values("code"))
    return sorted(set(own.values_list("unit", flat=True)))


def _facts(site: Site, division: str, now: datetime, rows: Mapping[str, Sequence[DeskRow]], back: int = 0) -> DeskFacts:
    name = lookup.division_names().get(division)
    if name is None:
        raise UsageError(
            say("{division}: no such division; a desk is a county's, such as --unit 320106").format(division=division)
        )
    made = now.astimezone(ZONE)
    mark = units.desk_mark(made, back)
    token = units.token(site.key, division, DESK.name, mark, lookup.token_serial(division))
    notes = unknown_years.notes(division, made.date())
    return DeskFacts(division, name, made, token, rows, back=bool(back), notes=notes)


def _rows(site: Site, division: str, board: str, line: PendingItem, clerks: Clerks) -> list[DeskRow]:
    cells = getattr(line, "cells", ()) if board == DeskSheet.TICKETS else ()
    call = {"call": deskwork.whom_to_call(clerks.get(line.school, ()))}
    return [DeskRow(_cells(site, division, board, line, cell) | call) for cell in cells or (None,)]


def _cells(site: Site, division: str, board: str, line: PendingItem, cell: WrongCell | None) -> dict[str, str | date]:
    key = matter(board, line.id, cell.column if cell else "")
    cells: dict[str, str | date] = {
        "school_name": line.school_name,
        "school": line.school,
        "day": f"{line.day:%m-%d}" if line.day else "",
        "since": _since(line.since),
        "what": line.what,
        "key": key,
        "seal": units.seal(site.key, division, key, units.stamp(site.key, line.stamp)),
    }
    if cell is not None:
        what, column = deskwork.cell_line(line.what, cell)
        cells |= {"what": what, "column": column, "was": cell.was}
    return cells


def _since(since: datetime | date | None) -> str:
    if isinstance(since, datetime):
        return short_time(since)
    return since.isoformat()[5:] if since else ""


def _row_back(site: Site, division: str, one: Returned) -> DeskRow:
    """A line that comes back: with the matter as it waits now and what the county typed; else as it was.

    An opinion is asked for again if the matter has changed since.
    """
    key = one.raw.get("key", "")
    board, target, column = matter_of(key)
    stamped = units.unsealed(site.key, division, key, one.raw.get("seal", ""))
    line = BOARDS[board].find(division, target) if stamped and board in BOARDS else None
    cells: dict[str, str | date] = dict(one.raw)
    if line is not None:
        kept = [name for name in answered(DESK.table(board)) if name in one.raw]
        if stamped != units.stamp(site.key, line.stamp):
            kept = [name for name in kept if name != "opinion"]
        cell = next((cell for cell in getattr(line, "cells", ()) if cell.column == column), None)
        cells = _cells(site, division, board, line, cell) | {name: one.raw[name] for name in kept}
    reason = "\n".join(dict.fromkeys(issues.message(issue) + issues.remedy(issue) for issue in one.issues))
    return DeskRow({**cells, "key": key}, reason)
