"""One submission during validation, and how its issues get their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter

from pipeline import issues
from pipeline.errors import PermanentError
from pipeline.forms import form as form_named
from pipeline.forms import whole
from pipeline.forms.base import Column, Form, Table
from pipeline.forms.block import MARK, address, unturned
from pipeline.forms.cells import show
from pipeline.forms.text_normalise import mask
from pipeline.model import (
    HOME_CAMPUS,
    KINDERGARTEN,
    Arrival,
    Checked,
    CheckVerdict,
    Claims,
    Issue,
    Mode,
    Reading,
    ReadVerdict,
    Record,
    Refused,
    Row,
    SchoolFacts,
    Severity,
    TablePlace,
)
from pipeline.schooldays import ZONE, today
from pipeline.validate.bounds import bounded
from pipeline.validate.proof import Proof

_VALUE = 60
_SUSPECT = frozenset(("rows-over-roll", "too-many-rows"))  # a list that was pasted by mistake
_NOT_THE_DAY = frozenset(("day-future", "day-too-old"))
_IN_DOUBT = frozenset(("mode-unknown-left",))  # merge may return such a file


@dataclass
class SubmissionCase:
    """What is known of one submission so far. `verdict` is "merge" until a reason against it is found."""

    arrival: Arrival
    reading: Reading
    claims: Claims
    form: Form
    verdict: CheckVerdict = CheckVerdict.MERGE
    unit: str = ""
    school: SchoolFacts | None = None
    day: date | None = None
    campus: str = HOME_CAMPUS
    mode: Mode = Mode.FIRST
    issues: list[Issue] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    missed: dict[tuple[date, str], bool] = field(default_factory=dict)  # start, 学段 → was a school day missed since?
    proof: Proof = Proof.NONE  # what shows that it comes from this unit, or from above it

    @property
    def open(self) -> bool:
        return self.verdict == CheckVerdict.MERGE

    @property
    def kindergarten(self) -> bool:
        return self.school is not None and KINDERGARTEN in self.school.stages

    def reject(self, issue: Issue) -> None:
        self.verdict = CheckVerdict.REJECTED
        self.issues.append(issue)

    def hold(self, issue: Issue) -> None:
        """Keep it for a person to decide, with all that it says."""
        self.verdict = CheckVerdict.HELD
        self.issues.append(issue)

    def refuse_if_blank(self) -> None:
        """Return a form that was not filled in: its sender would believe it was reported."""
        if not self.claims.returned and not any(self.rows(table.name) for table in self.form.tables):
            self.reject(Issue("rows-none"))

    def turn_away(self, issue: Issue) -> None:
        """Return it without naming its contents: it may be another unit's."""
        self.verdict, self.proof = CheckVerdict.REJECTED, Proof.WRONG
        self.issues = [issue]

    def rows(self, table: str) -> tuple[Row, ...]:
        """Rows to be checked: not those the sender marked 作废."""
        return tuple([row for row in self.reading.tables.get(table, ()) if not row.void])

    def done(self) -> Checked:
        merged = self.verdict in {CheckVerdict.MERGE, CheckVerdict.HELD}  # what is held may be released
        void = (row.ticket for rows in self.reading.tables.values() for row in rows if row.void and row.ticket)
        told, repairs = bounded(self.issues, self.reading.repairs)
        return Checked(
            arrival=self.arrival,
            reading=self.reading,
            verdict=self.verdict,
            unit=self.unit,
            day=self._counted_day(),
            campus=self.campus,
            mode=self.mode,
            records=tuple(self.records) if merged else (),
            refused=tuple(self.refused) if merged else (),
            voided=tuple(void) if merged else (),
            back=self._back(told),
            issues=told,
            repairs=repairs,
        )

    def _counted_day(self) -> date | None:
        """The day it counts for. If it goes back for its date, that is almost always the day it came."""
        doubtful = self.day is None or any(issue.code in _NOT_THE_DAY for issue in self.issues)
        if self.verdict == CheckVerdict.REJECTED and self.unit and self.form.dated and doubtful:
            return today(self.arrival.first_seen)
        return self.day

    def _back(self, found: Sequence[Issue]) -> Refused | None:
        """The file as it goes back whole, so that its sender need not type it again. Not if the sender may have meant
        another file, or may be somebody else.
        """
        whole_back = self.verdict == CheckVerdict.REJECTED or any(issue.code in _IN_DOUBT for issue in self.issues)
        proved = self.proof in {Proof.FOLDER, Proof.MAILBOX, Proof.TOKEN}
        secret = any(column.dtype == "secret" for table in self.form.tables for column in table.columns)
        if not (whole_back and proved) or secret or any(i.code in _SUSPECT for i in self.issues):
            return None
        wrong = [issue for issue in found if issues.severity(issue) is Severity.ERROR]
        return whole.sent_back(self.form, self.reading, sorted(wrong, key=lambda issue: issue.row > 0))


@dataclass(slots=True)
class RowCase:
    """One row during validation: its values by name, and its issues."""

    case: SubmissionCase
    table: Table
    row: Row
    values: dict[str, object]
    issues: list[Issue]  # those of reading first
    read: int = 0  # how many of them come from reading

    @property
    def new_issues(self) -> list[Issue]:
        """The issues that validation found, without those of reading."""
        return self.issues[self.read :]

    @property
    def bad(self) -> bool:
        return bool(self.issues) and any(issues.severity(issue) is Severity.ERROR for issue in self.issues)

    def add_issue(self, code: str, name: str = "", **details: str) -> None:
        """Add an issue at a column of this row; without a column at the row."""
        self.issues.append(self._issue(code, name, tuple(details.items())))

    def _issue(self, code: str, name: str, details: tuple[tuple[str, str], ...]) -> Issue:
        place = self.case.reading.places.get(self.table.name) or TablePlace(self.table.sheet, (), ())
        if not name:
            return Issue(code, place.sheet, "", self.row.number, details=details)
        index = self.table.index(name)
        column = self.table.columns[index]
        at = place.columns[index] if index < len(place.columns) else -1
        label = place.labels[index] if index < len(place.labels) else column.header
        cell = address(*unturned(self.row.number - 1, at, place.turned)) if at >= 0 else ""
        if place.cells:  # an upright table, which was read like a flat one
            cell = place.cells[index]
        return Issue(code, place.sheet, cell, self.row.number, label, self.text(column)[:_VALUE], details)

    def text(self, column: Column) -> str:
        """The cell as its sender typed it."""
        if column.name in self.row.raw:
            return self.row.raw[column.name]
        return mask(show(column, self.values.get(column.name)))

    def raw(self) -> Mapping[str, str]:
        """All cells as typed, blanks left out: what the return workbook shows."""
        return whole.texts(self.table, self.row)

    def refuse(self, identity: str = "", key: str = "") -> None:
        """Return the row. `key`: by which it is recognised if its identity cannot be determined."""
        raw = self.raw()
        wrong = [issue for issue in self.issues if issues.severity(issue) is Severity.ERROR]
        key = key or identity or whole.likeness(self.table, raw, wrong)
        detail = (tuple(self.issues), self.row.ticket, identity, key)
        mark = {MARK: self.row.mark} if self.row.mark else {}
        self.case.refused.append(Refused(self.table.name, self.row.number, {**raw, **mark}, *detail))

    def accept(self, identity: str, values: Mapping[str, object]) -> None:
        self.case.records.append(Record(self.table.name, identity, values, self.row.number, self.row.ticket))


@lru_cache(maxsize=4096, typed=True)  # a few temperatures; typed: 38 and 38.0 are written differently
def _exact(number: object) -> Decimal:
    return Decimal(str(number))


class AsKept:
    """The typed cells of some columns as they are stored: numbers exact, moments in Shanghai time, blanks as kept.

    `columns`: by the name they are stored under. Sorted out once: rows come by the ten thousand.
    """

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._names = tuple(columns)
        self._cells = itemgetter(*(column.name for column in columns.values()))
        self._blanks = {name: column.blank for name, column in columns.items()}
        self._numbers = tuple(name for name, column in columns.items() if column.dtype == "number")
        self._moments = tuple(name for name, column in columns.items() if column.dtype == "datetime")

    def __call__(self, cells: Mapping[str, object]) -> dict[str, object]:
        """Return the stored values of a row by their stored names."""
        found = self._blanks.copy()  # most cells are blank
        for name, value in zip(self._names, self._cells(cells), strict=True):
            if value is not None:
                found[name] = value
        for name in self._numbers:
            if (number := found[name]) is not None:
                found[name] = _exact(number)
        for name in self._moments:
            if isinstance(moment := found[name], datetime):
                found[name] = moment.replace(tzinfo=ZONE)
        return found


def _filled(names: Sequence[str], rows: Sequence[Row]) -> list[tuple[int, str]]:
    """The columns in which some row has a value: most have none."""
    columns = zip(names, zip(*(row.values for row in rows), strict=True), strict=True) if rows else ()
    return [(place, name) for place, (name, cells) in enumerate(columns) if any(cells) or cells.count(None) < len(rows)]


def lines_of(case: SubmissionCase, table: Table) -> list[RowCase]:
    """The rows of one table, each with the issues that reading found in it."""
    place = case.reading.places.get(table.name)
    sheet = place.sheet if place else table.sheet
    by_row: dict[int, list[Issue]] = {}
    for issue in case.reading.issues:
        if issue.row and issue.cell and issue.sheet == sheet:
            by_row.setdefault(issue.row, []).append(issue)
    names = [column.name for column in table.columns]
    blank: dict[str, object] = dict.fromkeys(names)
    found = []
    rows = case.rows(table.name)
    filled = _filled(names, rows)
    for row in rows:
        values, cells = blank.copy(), row.values
        for at, name in filled:
            if cells[at] is not None:
                values[name] = cells[at]
        read = by_row.get(row.number, [])
        found.append(RowCase(case, table, row, values, read, len(read)))
    return found


def case_of(arrival: Arrival, reading: Reading) -> SubmissionCase | Checked:
    """A case to validate; or the answer, if nothing of the file could be read."""
    if reading.claims is None or reading.verdict == ReadVerdict.QUARANTINED:
        parsed = reading.verdict == ReadVerdict.PARSED
        verdict = CheckVerdict.REJECTED if parsed else CheckVerdict(reading.verdict)
        return Checked(arrival, reading, verdict, issues=reading.issues, repairs=reading.repairs)
    try:
        form = form_named(reading.claims.form)
    except KeyError:
        raise PermanentError("a reading claims a form that is none of ours") from None
    return SubmissionCase(
        arrival,
        reading,
        reading.claims,
        form,
        verdict=CheckVerdict.MERGE if reading.verdict == ReadVerdict.PARSED else CheckVerdict.REJECTED,
        campus=reading.claims.campus,
        day=reading.claims.day,
        issues=list(reading.issues),
    )
