"""What waits for a person: returned rows, and submissions held with a question. For the county's desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pipeline import forms, issues
from pipeline.database import serialise
from pipeline.database.models import Reject, Report, Submission, Unit
from pipeline.figures import deskwork
from pipeline.figures.deskwork import WrongCell
from pipeline.forms.classes import names_class
from pipeline.letters import queue
from pipeline.letters.queue import Returned
from pipeline.model import TAKEN, Issue, Severity, State, TicketState, UnitKind
from pipeline.registry import lookup
from pipeline.turns import rebuild_row
from pipeline.turns.pending_items import PendingItem


@dataclass(frozen=True, slots=True)
class Rejected:
    """One returned row, with its report."""

    returned: Returned
    submission: int
    form: str
    school: str
    school_name: str
    campus: str
    day: date | None


@dataclass(frozen=True, slots=True)
class Held:
    """A submission held with a question."""

    seq: int
    form: str
    unit: str
    unit_name: str
    day: date | None
    name: str
    issues: tuple[Issue, ...]
    later: int | None = None  # the number of a newer report in its place


def rejects(
    *, school: str = "", day: date | None = None, state: str = TicketState.OPEN, limit: int = 1000
) -> list[Rejected]:
    """Return returned rows, oldest first; `state` "" for all of them. Without lines of a 处理单: their matters wait by
    themselves.
    """
    rows = Reject.objects.exclude(form="desk").order_by("submission", "table", "row")
    if school:
        rows = rows.filter(school=school)
    if day:
        rows = rows.filter(day=day)
    if state:
        rows = rows.filter(state=state)
    return _rejected(list(rows[:limit]))


def reject(ticket: str) -> Rejected | None:
    """Return one returned row, None if the ticket was never given out."""
    found = _rejected(list(Reject.objects.filter(ticket=ticket)))
    return found[0] if found else None


def held(limit: int = 1000) -> list[Held]:
    """Return submissions held with a question, in received order."""
    rows = waiting()[:limit]
    names, later = lookup.names(row.unit for row in rows), overtaken(rows)
    return [
        Held(
            seq=row.received_seq,
            form=row.form,
            unit=row.unit,
            unit_name=names.get(row.unit, ""),
            day=row.day,
            name=row.name,
            issues=tuple(serialise.as_issue(one) for one in row.issues),
            later=later.get(row.received_seq),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class TicketLine(PendingItem):
    """A returned row that is not corrected yet, with its wrong cells."""

    cells: tuple[WrongCell, ...] = ()


def tickets(division: str) -> list[TicketLine]:
    """Return the rows that schools of a division have not corrected yet, oldest first."""
    return _ticket_lines(Reject.objects.filter(state=TicketState.OPEN, school__in=_schools(division)))


@dataclass(frozen=True, slots=True)
class TicketKey:
    """A returned row that is not corrected yet, as far as a list is chosen from it. `heads`: its wrong columns."""

    ticket: str
    school: str
    heads: tuple[str, ...]


def ticket_keys(division: str) -> list[TicketKey]:
    """Return the tickets of `tickets`, oldest first, without what makes each a line: thousands in a moment."""
    rows = Reject.objects.filter(state=TicketState.OPEN, school__in=_schools(division)).exclude(form__in=_ELSEWHERE)
    found = rows.order_by("submission", "table", "row").values_list("ticket", "school", "issues")
    return [TicketKey(name, school, _wrong_heads(issues_)) for name, school, issues_ in found]


def ticket_count(division: str) -> int:
    """Return how many `tickets` there are."""
    rows = Reject.objects.filter(state=TicketState.OPEN, school__in=_schools(division))
    return rows.exclude(form__in=_ELSEWHERE).count()


def _wrong_heads(kept: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
    errors = (one for one in kept if issues.CATALOGUE[str(one["code"])].severity is Severity.ERROR)
    return tuple(dict.fromkeys(str(one.get("column") or "") for one in errors))


def tickets_named(division: str, names: Sequence[str]) -> list[TicketLine]:
    """Return these tickets as they wait for a division, oldest first; those that do not wait are left out."""
    mine = Reject.objects.filter(state=TicketState.OPEN, ticket__in=names, school__in=_schools(division))
    return _ticket_lines(mine)


def ticket(division: str, name: str) -> TicketLine | None:
    """Return one ticket as it waits for a division, None if it does not."""
    found = tickets_named(division, [name])
    return found[0] if found else None


def held_of(division: str) -> list[PendingItem]:
    """Return the submissions of a division and of its schools that are held with a question, in received order."""
    below = lookup.tree(()).below(division)
    mine = {*_schools(division), *below}
    rows = [row for row in waiting() if row.unit in mine and row.form not in _ELSEWHERE]
    names, later = lookup.names(row.unit for row in rows), overtaken(rows)
    return [
        PendingItem(
            id=str(row.received_seq),
            stamp=f"held {row.settled_seq} {later.get(row.received_seq, '')}".rstrip(),
            school=row.unit,
            school_name=names.get(row.unit, row.unit),
            day=row.day,
            since=row.received_at,
            what=deskwork.held(
                forms.form(row.form).short_title,
                row.mode if forms.form(row.form).dated and row.form == "absence" else "",
                [serialise.as_issue(one) for one in row.issues],
                later.get(row.received_seq),
            ),
        )
        for row in rows
    ]


def waiting() -> list[Submission]:
    """Return the held submissions that a person must decide, in received order: not those that came again, cell by
    cell, and were taken.

    So a workbook that was held because nothing proved its sender is answered by dropping it into the right folder.
    """
    rows = list(Submission.objects.filter(state=State.HELD).order_by("received_seq"))
    cells = {row.content_sha for row in rows if row.content_sha}
    taken = Submission.objects.filter(content_sha__in=cells, state__in=TAKEN) if cells else Submission.objects.none()
    last: dict[tuple[str, str, str], int] = {}
    for *same, seq in taken.order_by("received_seq").values_list("unit", "form", "content_sha", "received_seq"):
        last[same[0], same[1], same[2]] = seq
    return [row for row in rows if last.get((row.unit, row.form, row.content_sha), 0) < row.received_seq]


def overtaken(held: Iterable[Submission]) -> dict[int, int]:
    """Return, by held 缺课日报, the newest submission of its school in the current report, if that came later.

    Such a held file is outdated: taken now, it would replace newer content by older.
    """
    mine = {row.received_seq: (row.day, row.unit, row.campus) for row in held if row.form == "absence"}
    if not mine:
        return {}
    days, schools = {day for day, _, _ in mine.values() if day}, {school for _, school, _ in mine.values()}
    columns = ("day", "school", "campus", "seqs")
    found = Report.objects.filter(day__in=days, school__in=schools).values_list(*columns)
    stands = {(day, school, campus): seqs for day, school, campus, seqs in found}
    by_schools = _sent_by_schools({seq for seqs in stands.values() for seq in seqs if seq > min(mine)})
    newest = {place: max(by_schools.intersection(seqs), default=0) for place, seqs in stands.items()}
    return {seq: newest[place] for seq, place in mine.items() if newest.get(place, 0) > seq}


def _sent_by_schools(seqs: Iterable[int]) -> set[int]:
    """Those of the submissions that a school sent: a county's corrections and waivers are no newer report."""
    rows = Submission.objects.filter(received_seq__in=seqs, form="absence")
    return set(rows.values_list("received_seq", flat=True))


_ELSEWHERE = frozenset({"", "desk"})  # not for a county to decide


def _schools(division: str) -> Iterable[str]:
    below = lookup.tree(()).below(division)
    return Unit.objects.filter(kind=UnitKind.SCHOOL, division__in=below).values_list("code", flat=True)


def _ticket_lines(found: Iterable[Reject]) -> list[TicketLine]:
    rows = sorted(found, key=lambda row: (row.submission_id, row.table, row.row))
    names = lookup.names(row.school for row in rows)
    received = dict(
        Submission.objects.filter(received_seq__in={row.submission_id for row in rows}).values_list(
            "received_seq", "received_at"
        )
    )
    return [_ticket_line(row, names, received.get(row.submission_id)) for row in rows if row.form not in _ELSEWHERE]


def _ticket_line(row: Reject, names: Mapping[str, str], received: datetime | None) -> TicketLine:
    form = forms.form(row.form)
    found = [serialise.as_issue(one) for one in row.issues]
    columns = next((table.columns for table in form.tables if table.name == row.table), ())
    room = next((column for column in columns if names_class(column)), None)
    class_name = deskwork.shareable(room, row.raw.get(room.name, "")) if room else ""
    cells = deskwork.wrong_cells(form, row.table, row.raw, found)
    if not rebuild_row.mendable(row):  # only whoever may type the right cell is asked for it
        cells = (deskwork.WrongCell("", "", "", deskwork.not_mendable(found)),)
    return TicketLine(
        id=row.ticket,
        stamp=f"{row.state} {row.closed_by}",
        school=row.school,
        school_name=names.get(row.school, row.school),
        day=row.day,
        since=received,
        what=deskwork.ticket(
            form.short_title,
            deskwork.row_of(row.table, row.row, class_name.replace(deskwork.NOT_SHOWN, "")) if columns else "",
            old_kept=bool(row.identity),
        ),
        cells=cells or (deskwork.WrongCell("", "", "", deskwork.in_words(found)),),
    )


def _rejected(rows: list[Reject]) -> list[Rejected]:
    names = lookup.names(row.school for row in rows)
    return [
        Rejected(
            queue.returned_of(row),
            row.submission_id,
            row.form,
            row.school,
            names.get(row.school, ""),
            row.campus,
            row.day,
        )
        for row in rows
    ]
