"""The reading of one workbook's bytes, before anything is known of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from pipeline.model.states import ReadVerdict, ScanKind
from pipeline.model.terms import HOME_CAMPUS, Issue, Repair


@dataclass(frozen=True, slots=True)
class Sheet:
    """One worksheet: `rows[i]` is Excel row i + 1, each a list of str | float | int | bool | date | datetime | None."""

    name: str
    rows: list[list[object]]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()  # Excel row numbers
    hidden_columns: frozenset[int] = frozenset()  # 0-based
    errors: Mapping[tuple[int, int], str] = field(default_factory=dict)  # (Excel row, 0-based column) → "#N/A"
    formulas: Mapping[tuple[int, int], bool] = field(default_factory=dict)  # → True if it has a cached value
    turned: tuple[int, int] | None = None  # 0-based row and column of an upright list that was laid flat
    merged: tuple[tuple[int, int, int], ...] = ()  # first and last Excel row, 0-based column: merged over rows


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook as the readers return it. `facts` are issue codes about the whole file (external links …)."""

    sheets: tuple[Sheet, ...]
    properties: Mapping[str, str]  # custom document properties: queke_form, queke_version, queke_token …
    date1904: bool = False
    facts: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Claims:
    """What a workbook claims about itself. The real sender is known by the channel, never by this."""

    form: str  # forms.FORMS key: absence, closure, roster
    version: str = ""
    unit: str = ""  # code of the school (absence, closure) or division/organ (roster); "" when not readable
    campus: str = HOME_CAMPUS
    day: date | None = None
    token: str = ""
    returned: bool = False  # a return workbook (退回修正表): rows carry tickets
    ticket: str = ""  # of a file returned whole: this is that file, corrected


@dataclass(frozen=True, slots=True)
class Row:
    """One table row, typed. `values` is aligned with the table's columns; None is blank (or was not understood).

    `raw` has the text as typed, by column name, only where `values` would show something else.
    """

    number: int
    values: tuple[object, ...]
    raw: Mapping[str, str] = field(default_factory=dict)
    ticket: str = ""
    void: bool = False  # 作废 in a return workbook
    mark: str = ""  # 续: carried by a prefilled row; proves only that we prefilled it

    def __reduce__(self) -> tuple[type[Row], tuple[object, ...]]:
        # rows are most of what a reader sends: without this, slots are pickled field by field in Python
        return Row, (self.number, self.values, self.raw, self.ticket, self.void, self.mark)


@dataclass(frozen=True, slots=True)
class TablePlace:
    """Where a table was found: its sheet, and by column its 0-based position (-1: missing) and the sender's label."""

    sheet: str
    columns: tuple[int, ...]
    labels: tuple[str, ...]
    cells: tuple[str, ...] = ()  # of an upright table: by column, the cell itself
    turned: tuple[int, int] | None = None  # as of its sheet


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading of one workbook's bytes, before anything is known of the store.

    `verdict`: "parsed" (rows to validate), "rejected" (goes back whole) or "quarantined" (refused as dangerous or
    unreadable); in the last two `issues` says why. `content_sha` is over canonical cells, so a re-zipped or renamed
    copy has the same.
    """

    verdict: ReadVerdict
    claims: Claims | None = None
    header: Mapping[str, object] = field(default_factory=dict)  # parsed header block by field name
    tables: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)  # table name → rows
    issues: tuple[Issue, ...] = ()
    repairs: tuple[Repair, ...] = ()
    content_sha: str = ""
    places: Mapping[str, TablePlace] = field(default_factory=dict)  # table name →
    secret: bool = False  # its bytes hold, or may hold, a password: the original is never archived
    scan: ScanKind | None = None  # by its first bytes: perhaps the signed paper of a 备案
