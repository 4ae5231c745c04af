"""Letters: queued in the transaction that makes them true, rendered and delivered after it, at least once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet

from pipeline.database import acts, audit, serialise, sql
from pipeline.database.models import Letter, Reject, Report, Submission
from pipeline.database.transactions import atomic
from pipeline.figures.receipts import Before
from pipeline.figures.words import file_sent
from pipeline.model import EDITIONS, ActKind, Issue, LetterKind, LetterState, Repair, State, SubmissionRef, TicketState
from pipeline.registry import lookup
from pipeline.schooldays import today


@dataclass(frozen=True, slots=True)
class Queued:
    """A letter to be written. `ref`: receipts and givebacks "SEQ" or "SEQ.SETTLED", cards the alert's id …"""

    id: int
    kind: LetterKind
    ref: str
    reader: str
    day: date | None
    queued_at: datetime

    @property
    def about(self) -> date:
        """The day it is about, or on which it is written."""
        return self.day or today(self.queued_at)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A letter that was delivered: where, and what."""

    id: int
    path: str
    sha256: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """One returned row, as it was typed, by column name."""

    ticket: str
    table: str
    row: int
    raw: Mapping[str, str]
    issues: tuple[Issue, ...]
    state: TicketState


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one submission for its receipt or return workbook."""

    seq: int
    state: State
    form: str
    unit: str
    unit_name: str
    bound: str
    bound_name: str
    campus: str
    day: date | None
    name: str
    received_at: datetime
    accepted: int
    refused: int
    withdrawn: int
    on_time: bool | None
    zero: bool
    issues: tuple[Issue, ...]
    repairs: tuple[Repair, ...]
    returned: tuple[Returned, ...]
    counted: int = 0  # 其他缺课 of the report, without names
    before: Before | None = None

    @property
    def about(self) -> date:
        """The day it is about, or on which it came."""
        return self.day or today(self.received_at)


def named(unit: str, seqs: Sequence[int]) -> dict[int, str]:
    """Return a unit's own names of some of its files, with their arrival: 《缺课日报.xlsx》（11-20 14:05 收到）."""
    rows = Submission.objects.filter(received_seq__in=seqs, unit=unit)
    return {
        seq: file_sent(name, received_at)
        for seq, name, received_at in rows.values_list("received_seq", "name", "received_at")
    }


def queue(kind: LetterKind, ref: str, reader: str, now: datetime, day: date | None = None) -> bool:
    """Queue a letter, in the caller's transaction; False if it was queued before."""
    return bool(queue_all([(kind, ref, reader)], now, day))


def queue_all(wanted: Sequence[tuple[LetterKind, str, str]], now: datetime, day: date | None = None) -> int:
    """Queue letters of one day, each (kind, ref, reader), in one statement; return how many were not queued before."""
    columns = ("kind", "ref", "reader", "state", "day", "queued_at", "path", "sha256")
    text = sql.insert("letter", columns) + " ON CONFLICT (kind, ref, reader) DO NOTHING"
    state, at = LetterState.QUEUED, sql.moment(now)
    rows = [(kind, ref, reader, state, sql.day(day), at, "", "") for kind, ref, reader in wanted]
    with atomic():
        return sql.run(text, rows)


def pending(limit: int = 500, kinds: Sequence[LetterKind] = ()) -> list[Queued]:
    """Return letters to be written, oldest first, of these kinds (default: all)."""
    rows = Letter.objects.filter(state=LetterState.QUEUED).order_by("id")
    if kinds:
        rows = rows.filter(kind__in=kinds)
    values = rows.values_list("id", "kind", "ref", "reader", "day", "queued_at")[:limit]
    return [Queued(key, LetterKind(kind), ref, reader, day, at) for key, kind, ref, reader, day, at in values]


def waiting() -> dict[LetterKind, int]:
    """Return how many letters of each kind are still to be written."""
    text = "SELECT kind, COUNT(*) FROM letter WHERE state = %s GROUP BY kind ORDER BY kind"
    return {LetterKind(kind): count for kind, count in sql.fetch(text, [LetterState.QUEUED])}


def done(sent: Sequence[Delivered], now: datetime) -> None:
    """Note that letters were delivered; each leaves an audit row. May be repeated."""
    with atomic():
        waiting = Letter.objects.filter(id__in=[one.id for one in sent], state=LetterState.QUEUED)
        open_ = waiting.select_for_update().only("kind", "ref", "reader")
        rows = {row.pk: row for row in open_}
        fresh = [one for one in sent if one.id in rows]
        text = "UPDATE letter SET state = %s, done_at = %s, path = %s, sha256 = %s, outcome = %s WHERE id = %s"
        at = sql.moment(now)
        sql.run(text, [(LetterState.DONE, at, one.path, one.sha256, one.outcome, one.id) for one in fresh])
        targets = [f"{rows[one.id].kind} {rows[one.id].ref} → {rows[one.id].reader}" for one in fresh]
        audit.append([audit.AuditEntry("queke", "send", target) for target in targets], now)
        if fresh:
            acts.note(
                ActKind.SENT, now, letters=[[*_key(rows[one.id]), one.path, one.sha256, one.outcome] for one in fresh]
            )


def give_up(ids: Sequence[int], now: datetime) -> None:
    """Set aside letters that cannot be written, so that they do not block others."""
    with atomic():
        rows = Letter.objects.filter(id__in=ids, state=LetterState.QUEUED)
        if told := [list(_key(row)) for row in rows.order_by("id")]:
            rows.update(state=LetterState.FAILED)
            acts.note(ActKind.GIVEN_UP, now, letters=told)


def ids(wanted: Sequence[Sequence[str]]) -> dict[tuple[str, str, str], int]:
    """Return the ids of letters by (kind, ref, reader), without those that are not there."""
    keys = {(kind, ref, reader) for kind, ref, reader in wanted}
    text = "SELECT kind, ref, reader, id FROM letter WHERE kind IN ? AND ref IN ?"
    rows = sql.fetch_in(text, sorted({kind for kind, *_ in keys}), sorted({ref for _, ref, _ in keys}))
    return {(kind, ref, reader): key for kind, ref, reader, key in rows if (kind, ref, reader) in keys}


def _key(row: Letter) -> tuple[str, str, str]:
    return row.kind, row.ref, row.reader


def lying(kind: LetterKind, wanted: Collection[tuple[str, str]]) -> list[str]:
    """Return the paths of the letters of a kind, below the site, by ref and reader, in the order queued."""
    mine = Letter.objects.filter(kind=kind, ref__in={ref for ref, _ in wanted}, state=LetterState.DONE).exclude(path="")
    rows = mine.order_by("id").values_list("ref", "reader", "path")
    return [path for ref, reader, path in rows if (ref, reader) in wanted]


def of_edition(ref: str, reader: str) -> list[tuple[LetterKind, str]] | None:
    """Return the letters of an edition for a reader, each with its path below the site; None while one is unwritten."""
    return _together(Letter.objects.filter(kind__in=EDITIONS, ref=ref, reader=reader))


def of_card(ref: str, reader: str) -> list[tuple[LetterKind, str]] | None:
    """Likewise, of a card."""
    kinds = (LetterKind.CARD, LetterKind.CARDBOOK, LetterKind.WORKSHEET)
    return _together(Letter.objects.filter(kind__in=kinds, ref=ref, reader=reader))


def _together(rows: QuerySet[Letter]) -> list[tuple[LetterKind, str]] | None:
    found = list(rows.order_by("id").values_list("kind", "state", "path"))
    if any(state == LetterState.QUEUED for _, state, _ in found):
        return None
    return [(LetterKind(kind), path) for kind, _, path in found if path]


def facts(refs: Sequence[str]) -> dict[str, Facts]:
    """Return, by ref, the facts of receipts and return workbooks, in five queries for all of them."""
    seqs = {ref: SubmissionRef.read(ref).seq for ref in refs}
    found = Submission.objects.filter(received_seq__in=set(seqs.values())).values_list(*_Told._fields)
    rows = {row.received_seq: row for row in map(_Told._make, found)}
    names = lookup.names({code for row in rows.values() for code in (row.unit, row.bound_unit) if code})
    returned = _returned(list(rows))
    heads = _heads(list(rows.values()))
    before = _before([ref for ref in refs if SubmissionRef.read(ref).again])
    made = {ref: _facts(rows[seq], names, returned[seq], heads) for ref, seq in seqs.items() if seq in rows}
    return {ref: replace(one, before=before.get(ref)) for ref, one in made.items()}


def of_submission(seq: int, kinds: Sequence[LetterKind] = tuple(LetterKind)) -> QuerySet[Letter]:
    """Return all letters about a submission, those written again too."""
    return about(str(SubmissionRef(seq)), kinds)


def about(what: str, kinds: Sequence[LetterKind] = tuple(LetterKind)) -> QuerySet[Letter]:
    """Return all letters whose ref is this, or begins with it and a point: found by kind, not among all."""
    return Letter.objects.filter(ref__in=[what, *_below(what, kinds)], kind__in=kinds).order_by("id")


def _below(what: str, kinds: Sequence[LetterKind]) -> list[str]:
    """The refs that begin with one and a point, sought between bounds that hold in whatever order a language sorts
    signs (after the point a number comes, before any letter): by a prefix alone no index is read.
    """
    text = "SELECT DISTINCT ref FROM letter WHERE kind IN (?) AND ref BETWEEN %s AND %s AND ref LIKE %s"
    marks = text.replace("?", ", ".join(["%s"] * len(kinds)))
    return [ref for (ref,) in sql.fetch(marks, [*kinds, f"{what}.", f"{what}.z", f"{what}.%"])]


def _before(refs: Sequence[str]) -> dict[str, Before]:
    """What receipts were queued before those of these refs."""
    found = {}
    placed = dict(Letter.objects.filter(kind=LetterKind.RECEIPT, ref__in=refs).order_by("-id").values_list("ref", "id"))
    for ref in refs:
        seq = SubmissionRef.read(ref).seq
        at = placed.get(ref, 0)
        earlier = list(of_submission(seq, (LetterKind.RECEIPT,)).filter(id__lt=at))
        if earlier:
            found[ref] = Before(len(earlier), earlier[-1].queued_at, earlier[-1].outcome)
    return found


class _Told(NamedTuple):
    """What is told of a submission: a third of its columns, as plain values. A heap asks for hundreds at a time."""

    received_seq: int
    state: str
    form: str
    unit: str
    bound_unit: str
    campus: str
    day: date | None
    name: str
    received_at: datetime
    accepted: int
    refused: int
    withdrawn: int
    on_time: bool | None
    issues: Sequence[Mapping[str, Any]]
    repairs: Sequence[Mapping[str, Any]]


class _Head(NamedTuple):
    """What is told of a submission's report."""

    day: date
    school: str
    campus: str
    zero: bool
    other_absent: int


_Heads = Mapping[tuple[date | None, str, str], _Head]


def _facts(row: _Told, names: Mapping[str, str], returned: Sequence[Returned], heads: _Heads) -> Facts:
    head = heads.get((row.day, row.unit, row.campus)) if row.form == "absence" else None
    return Facts(
        seq=row.received_seq,
        state=State(row.state),
        form=row.form,
        unit=row.unit,
        unit_name=names.get(row.unit, ""),
        bound=row.bound_unit,
        bound_name=names.get(row.bound_unit, ""),
        campus=row.campus,
        day=row.day,
        name=row.name,
        received_at=row.received_at,
        accepted=row.accepted,
        refused=row.refused,
        withdrawn=row.withdrawn,
        on_time=row.on_time,
        zero=bool(head and head.zero and not head.other_absent),
        counted=head.other_absent if head else 0,
        issues=tuple(serialise.as_issue(one) for one in row.issues),
        repairs=tuple(serialise.as_repair(one) for one in row.repairs),
        returned=tuple(returned),
    )


def _returned(seqs: Sequence[int]) -> dict[int, list[Returned]]:
    found: dict[int, list[Returned]] = defaultdict(list)
    for row in Reject.objects.filter(submission__in=seqs).order_by("submission", "table", "row"):
        found[row.submission_id].append(returned_of(row))
    return found


def returned_of(row: Reject) -> Returned:
    """Return a stored ticket as the values of a letter."""
    issues = tuple(serialise.as_issue(one) for one in row.issues)
    state = TicketState(row.state)
    return Returned(row.ticket, row.table, row.row, row.raw, issues, state)


def _heads(rows: Sequence[_Told]) -> dict[tuple[date | None, str, str], _Head]:
    days, codes = {row.day for row in rows if row.day}, {row.unit for row in rows}
    found = Report.objects.filter(day__in=days, school__in=codes).values_list(*_Head._fields)
    return {(head.day, head.school, head.campus): head for head in map(_Head._make, found)}
