"""What a settling transaction collects before it writes: turns, outcomes, and rows by table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pipeline import __version__
from pipeline.database import serialise, sql
from pipeline.errors import TemporaryError
from pipeline.merge import Event, Ticket
from pipeline.merge.card import CardStep
from pipeline.merge.closure import ClosureStep
from pipeline.model import TAKEN, Checked, Issue, LetterKind, LetterState, Settled, State, TodoKind
from pipeline.turns.again import NOTHING, AtHand

_SETTLED = (
    "settled_seq", "content_sha", "state", "form", "unit", "campus", "day", "mode", "accepted", "refused",
    "withdrawn", "on_time", "effective", "issues", "repairs", "versions", "mends",
    "secret",
)  # fmt: skip
_REJECT = (
    "ticket", "submission", "school", "campus", "form", "day", "table", "row", "raw", "issues", "identity",
    "state", "closed_by", "key",
)  # fmt: skip
_PUT_REJECT = sql.upsert("reject", _REJECT, ("ticket",))
LETTER = ("kind", "ref", "reader", "state", "day", "queued_at", "path", "sha256")


@dataclass(frozen=True, slots=True)
class Turn:
    """One submission's turn in a settling transaction, with the settled_seq it takes.

    `again`: what was read and validated again, for a turn that comes late. `anew`: it had its turn before, and is taken
    once more with what could not be known then.
    """

    event: Event
    settled: int
    again: AtHand = NOTHING
    anew: bool = False

    @property
    def checked(self) -> Checked:
        return self.event.checked


def undecided(turn: Turn) -> bool:
    """Tell whether validation left something to settle."""
    return not turn.event.decided


def of_known_unit(turn: Turn) -> bool:
    """Tell whether a turn is of a unit we can name, in any state."""
    return bool(turn.checked.unit)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a turn. `effective`: it is part of the current report."""

    state: State
    issues: tuple[Issue, ...] = ()
    accepted: int = 0
    refused: int = 0
    withdrawn: int = 0
    on_time: bool | None = None
    effective: bool = False
    opened: tuple[Ticket, ...] = ()


def outcome_of(step: CardStep | ClosureStep) -> Outcome:
    """Return the outcome of the turn of a card or a closure workbook."""
    effective = step.state in TAKEN
    return Outcome(step.state, step.issues, step.accepted, step.refused, effective=effective, opened=step.opened)


@dataclass(slots=True)
class Writes:
    """Rows to write, by statement; nothing is written before `flush`, all of it in the caller's transaction."""

    now: datetime
    rows: dict[str, list[sql.Params]] = field(default_factory=lambda: defaultdict(list))
    letters: dict[tuple[str, str, str], sql.Params] = field(default_factory=dict)
    todos: dict[tuple[str, str, str | None], int] = field(default_factory=dict)

    def add(self, statement: str, rows: Iterable[sql.Params]) -> None:
        """Collect rows for a statement; statements run in the order they were first named."""
        self.rows[statement].extend(rows)

    def todo(self, kind: TodoKind, code: str, settled: int, day: object = None) -> None:
        """Leave work for the next step, of a school or county; the latest settled_seq is kept."""
        about = (kind.value, code, None if day is None else str(day)[:10])
        self.todos[about] = max(settled, self.todos.get(about, 0))

    def letter(self, kind: LetterKind, ref: str, reader: str, day: object = None) -> None:
        """Queue a letter; one of the same kind, ref and reader is queued only once."""
        text = None if day is None else str(day)
        self.letters[kind, ref, reader] = (kind, ref, reader, LetterState.QUEUED, text, sql.moment(self.now), "", "")

    def reject(self, ticket: Ticket, *, form: str, school: str, campus: str, day: date | None) -> None:
        """Store a row that goes back, under its ticket."""
        refused = ticket.refused
        if refused is None:
            raise ValueError("a ticket is opened with its row")
        raw, issues = serialise.text(dict(refused.raw)), serialise.issues_text(refused.issues)
        row = (
            ticket.ticket, ticket.seq, school, campus, form, sql.day(day), ticket.table, refused.row, raw, issues,
            ticket.behind, ticket.state.value, ticket.closed_by, ticket.key[:120],
        )  # fmt: skip
        self.add(_PUT_REJECT, [row])

    def note_ticket(self, ticket: Ticket) -> None:
        """Write the state of a ticket opened earlier; validated again, its row may go back for another reason."""
        self.add(_PUT_REJECT, ())
        if ticket.refused is not None:
            text = "UPDATE reject SET raw = %s, issues = %s, key = %s WHERE ticket = %s"
            raw, issues = serialise.text(dict(ticket.refused.raw)), serialise.issues_text(ticket.refused.issues)
            self.add(text, [(raw, issues, ticket.key[:120], ticket.ticket)])
        self.close_ticket(ticket)

    def close_ticket(self, ticket: Ticket) -> None:
        """Write the state of a ticket opened earlier."""
        self.add(_PUT_REJECT, ())  # goes first: it may have been opened by another turn of this transaction
        text = "UPDATE reject SET state = %s, closed_by = %s, identity = %s WHERE ticket = %s"
        self.add(text, [(ticket.state.value, ticket.closed_by, ticket.behind, ticket.ticket)])

    def flush(self) -> None:
        """Write everything collected."""
        for statement, rows in self.rows.items():
            sql.run(statement, rows)
        text = sql.insert("letter", LETTER) + " ON CONFLICT (kind, ref, reader) DO NOTHING"
        sql.run(text, list(self.letters.values()))
        todos = sorted((*about[:2], about[2] or "", settled) for about, settled in self.todos.items())
        text = sql.upsert("todo", ("kind", "code", "day", "settled"), ("kind", "code", "day"))
        sql.run(text, [todo for todo in todos if todo[2]])
        text = sql.upsert("todo", ("kind", "code", "settled"), ("kind", "code"), where='"day" IS NULL')
        sql.run(text, [(kind, code, settled) for kind, code, day, settled in todos if not day])


def mark(turns: Sequence[tuple[Turn, Outcome]], was: State) -> None:
    """Give submissions their outcome, each exactly once.

    Raises TemporaryError if one of them is no longer in the state `was`: another process settled it, and this
    transaction must be undone.
    """
    names = ", ".join(f'"{name}" = %s' for name in _SETTLED)
    text = f"UPDATE submission SET {names} WHERE received_seq = %s AND state = %s"  # nosec B608  # our own words
    rows = [(*_settled_row(turn, outcome), turn.event.seq, was.value) for turn, outcome in turns]
    if sql.run(text, rows) != len(rows):
        raise TemporaryError("a submission was settled by somebody else meanwhile")


def settled(turn: Turn, outcome: Outcome) -> Settled:
    """Return a turn's outcome as the value for callers."""
    checked = turn.checked
    return Settled(
        seq=turn.event.seq,
        settled_seq=turn.settled,
        state=outcome.state,
        form=form_of(checked),
        unit=checked.unit,
        day=checked.day,
        accepted=outcome.accepted,
        refused=outcome.refused,
        issues=checked.issues + outcome.issues,
        repairs=checked.repairs,
    )


def form_of(checked: Checked) -> str:
    """Return the form a submission claims to be of, "" if it is not known."""
    return checked.reading.claims.form if checked.reading.claims else ""


def _settled_row(turn: Turn, outcome: Outcome) -> sql.Params:
    checked = turn.checked
    claims = checked.reading.claims
    versions = f"queke {__version__} {claims.form} {claims.version}".strip() if claims else f"queke {__version__}"
    return (
        turn.settled, checked.reading.content_sha, outcome.state.value, form_of(checked), checked.unit,
        checked.campus, sql.day(checked.day), checked.mode.value, outcome.accepted, outcome.refused,
        outcome.withdrawn, outcome.on_time, outcome.effective, serialise.issues_text(checked.issues + outcome.issues),
        serialise.repairs_text(checked.repairs), versions[:60], claims.ticket[:24] if claims else "",
        checked.reading.secret,
    )  # fmt: skip
