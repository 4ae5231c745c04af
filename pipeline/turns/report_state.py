"""Loads the current records of reports as `merge.ReportState` values, in a handful of queries for a whole batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from pipeline.database import sql
from pipeline.database.models import Absence, Reject, Report, ReportClass, Submission
from pipeline.forms.absence import ROWS
from pipeline.forms.whole import FILE
from pipeline.merge import ClassCount, CurrentRow, Earlier, ReportHead, ReportState, Ticket
from pipeline.merge.registry import RegistryStatement, registered
from pipeline.merge.standing import MORE, UNPROVED
from pipeline.model import ClassState, Origin, State, TicketState
from pipeline.registry import lookup, statements
from pipeline.schooldays import school_year

_COLUMNS = (*ROWS.keeps, "began")
Key = tuple[date, str, str]  # day, school, campus
LineRow = tuple[ClassCount, bool]  # the counts of a line, and whether its class is one the report does not mention


@dataclass(slots=True)
class LoadedReport:
    """The state of a report with what only the store needs: its county, and since when each row is current."""

    standing: ReportState
    division: str = ""
    since: dict[str, int] = field(default_factory=dict)  # identity → from_settled
    lines: Mapping[str, LineRow] = field(default_factory=dict)  # class key → its line as it is stored


def load(keys: Sequence[Key], *, lock: bool = False, left: bool = False) -> dict[Key, LoadedReport]:
    """Return the state of each of these reports; that of an unknown one is empty.

    `left`: of reports whose submissions belong to others now. `lock`: lock the reports' heads to the end of the
    transaction (PostgreSQL; in order, so that no two transactions wait for each other).
    """
    days = sorted({key[0] for key in keys})
    codes = sorted({key[1] for key in keys})
    counties = dict(sql.fetch_in("SELECT code, division_id FROM unit WHERE code IN ?", codes))
    moved = {day: lookup.moved(day) for day in days}
    classes = _classes(codes, days)
    found = {
        key: LoadedReport(
            ReportState(*key, classes=_open_classes(classes[key[1], key[2]], key[0])),
            moved[key[0]].get(key[1]) or counties.get(key[1], ""),
        )
        for key in keys
    }
    earlier = _earlier(codes, days)
    for key in found.keys() & earlier.keys():
        loaded = found[key]
        loaded.standing = replace(loaded.standing, earlier=tuple(earlier[key]))
    if left or found.keys() & earlier.keys():
        _heads(found, codes, days, lock=lock)
    return found


def _heads(found: Mapping[Key, LoadedReport], codes: Sequence[str], days: Sequence[date], *, lock: bool) -> None:
    reports = Report.objects.filter(day__in=days, school__in=codes).order_by("day", "school", "campus")
    heads: dict[Key, ReportHead] = {}
    for row in reports.select_for_update() if lock else reports:
        key = (row.day, row.school, row.campus)
        late = frozenset(row.late_classes)
        heads[key] = ReportHead(
            tuple(row.seqs), row.zero, row.first_seen, row.on_time, row.reporter, row.reviewer, late
        )
        if key in found:
            found[key].division = row.division
    since: dict[Key, dict[str, int]] = defaultdict(dict)
    rows: dict[Key, dict[str, CurrentRow]] = defaultdict(dict)
    columns = ("day", "school", "campus", "pupil", "origin", "from_settled", *_COLUMNS)
    for day, school, campus, pupil, origin, settled, *values in (
        Absence.objects.filter(day__in=days, school__in=codes).order_by("id").values_list(*columns)
    ):
        rows[day, school, campus][pupil] = CurrentRow(dict(zip(_COLUMNS, values, strict=True)), Origin.read(origin))
        since[day, school, campus][pupil] = settled
    lines = _lines(codes, days)
    tickets = _tickets(codes, days)
    for key, loaded in found.items():
        head = heads.get(key)
        loaded.since = since.get(key, {})
        loaded.lines = {row.key: (_line(row), row.silent) for row in lines.get(key, ())}
        loaded.standing = replace(
            loaded.standing,
            head=head,
            rows=rows.get(key, {}),
            lines=_covered(loaded.standing, lines.get(key, ())) if head else {},
            tickets=tickets.get(key, {}),
        )


def _covered(standing: ReportState, kept: Iterable[ReportClass]) -> dict[str, ClassCount]:
    """The classes of the registry, without those the report does not mention, and with the counts it gives."""
    lines = {key: ClassCount(roll) for key, roll in standing.classes.items()}
    for row in kept:
        if row.silent:
            lines.pop(row.key, None)
        else:
            lines[row.key] = _line(row)
    return lines


def _line(row: ReportClass) -> ClassCount:
    return ClassCount(row.roll, row.present, row.other_absent, tuple(getattr(row, name) for name in MORE))


def _lines(codes: Sequence[str], days: Sequence[date]) -> dict[Key, list[ReportClass]]:
    found: dict[Key, list[ReportClass]] = defaultdict(list)
    for row in ReportClass.objects.filter(day__in=days, school__in=codes).order_by("id"):
        found[row.day, row.school, row.campus].append(row)
    return found


def _tickets(codes: Sequence[str], days: Sequence[date]) -> dict[Key, dict[str, Ticket]]:
    found: dict[Key, dict[str, Ticket]] = defaultdict(dict)
    mine = Reject.objects.filter(school__in=codes, day__in=days, form="absence").exclude(table=FILE)
    rows = mine.order_by("submission", "row", "ticket")
    for row in rows.defer("raw", "issues"):
        if row.day is not None:
            found[row.day, row.school, row.campus][row.ticket] = ticket_of(row)
    return found


def ticket_of(row: Reject) -> Ticket:
    """Return a stored ticket as the merge's value; the row itself is not loaded."""
    return Ticket(
        row.ticket,
        row.submission_id,
        row.table,
        row.identity,
        TicketState(row.state),
        row.closed_by,
        key=row.key,
        row=row.row,
    )


def _earlier(codes: Sequence[str], days: Sequence[date]) -> dict[Key, list[Earlier]]:
    found: dict[Key, list[Earlier]] = defaultdict(list)
    rows = Submission.objects.filter(unit__in=codes, day__in=days, form="absence").exclude(state=State.RECEIVED)
    columns = ("received_seq", "day", "unit", "campus", "content_sha", "state", "first_seen")
    asked = rows.filter(state__in=(State.HELD, State.REJECTED)).values_list("received_seq", "issues")
    # nobody released them: with a release the question is dropped
    unproved = {seq for seq, issues in asked if any(one["code"] in UNPROVED for one in issues)}
    for seq, day, unit, campus, sha, state, first_seen in rows.order_by("received_seq").values_list(*columns):
        if day is not None:
            found[day, unit, campus].append(Earlier(seq, sha, State(state), first_seen, seq not in unproved))
    return found


_Class = tuple[str, int | None, date | None, date | None, int]


def _classes(codes: Sequence[str], days: Sequence[date]) -> dict[tuple[str, str], list[_Class]]:
    text = (
        "SELECT school_id, campus, key, roll, valid_from, valid_to, school_year FROM school_class "
        "WHERE school_id IN ? AND school_year IN ? "  # nosec B608  # our own words
        f"AND state = '{ClassState.CONFIRMED}' ORDER BY id"
    )
    found: dict[tuple[str, str], list[_Class]] = defaultdict(list)
    for school, campus, *rest in sql.fetch_in(text, codes, sorted({school_year(day) for day in days})):
        found[school, campus].append((rest[0], rest[1], rest[2], rest[3], rest[4]))
    return found


def _open_classes(classes: Iterable[_Class], day: date) -> dict[str, int | None]:
    year = school_year(day)
    return {
        key: roll
        for key, roll, first, end, of_year in classes
        if of_year == year and (first is None or first <= day) and (end is None or day < end)
    }


class Then:
    """The classes of schools as they were at a place of the sequence, if statements about them came later.

    For all others, which is nearly always all, the present ones.
    """

    def __init__(self, keys: Iterable[Key], first: int) -> None:
        """`first`: the first place that will be asked about."""
        self._statements: dict[str, list[RegistryStatement]] = {}
        if not statements.later_than(first):
            return
        found = statements.load({school for _, school, _ in keys})
        self._statements = {school: stated for school, stated in found.items() if stated[-1].order > first}

    def classes(self, standing: ReportState, seq: int, kept: Mapping[str, LineRow] | None = None) -> ReportState:
        """The state with the classes by which submission `seq` is validated; `kept`: its lines as stored."""
        if standing.school not in self._statements:
            return standing
        earlier_ones = [one for one in self._statements[standing.school] if one.order < seq]
        rooms = registered(earlier_ones, standing.day).rooms_on(standing.day)
        classes = {room.key: room.roll for room in rooms if room.campus == standing.campus}
        lines: dict[str, ClassCount] = {}
        if standing.head is not None:
            lines = {key: ClassCount(roll) for key, roll in classes.items()}
            for key, (line, silent) in (line_rows(standing) if kept is None else kept).items():
                if silent:
                    lines.pop(key, None)
                else:
                    lines[key] = line
        return replace(standing, classes=classes, lines=lines)


def line_rows(standing: ReportState) -> dict[str, LineRow]:
    """The lines of a report that are stored, by class: counts of its own, missing classes, and classes not in the
    registry.
    """
    rows: dict[str, LineRow] = {}
    for key, line in standing.lines.items():
        roll = standing.classes.get(key, line.roll)
        if key not in standing.classes or (line != ClassCount(roll) and line != ClassCount()):
            rows[key] = (line if line.roll is not None else line._replace(roll=roll), False)
    for key, roll in standing.classes.items():
        if key not in standing.lines:
            rows[key] = (ClassCount(roll), True)
    return rows
