"""The reading of one workbook's bytes, before anything is known of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from pipeline.model.states import ReadVerdict, ScanKind
from pipeline.model.terms import HOME_CAMPUS, ByFields, Issue, Repair


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
class Claims(ByFields):
    """What a workbook claims about itself. The real sender is known by the channel, never by this."""

    form: str  # forms.FORMS key: absence, closure, roster
    version: str = ""
    unit: str = ""  # code of the school (absence, closure) or division/organ (roster); "" when not readable
    campus: str = HOME_CAMPUS
    day: date | None = None
    token: str = ""
    returned: bool = False  # a return workbook (退回修正表): rows carry tickets
    ticket: str = ""  # of a file returned whole: this is that file, corrected


class Row(NamedTuple):
    """One table row, typed. `values` is aligned with the table's columns; None is blank (or was not understood).

    `raw` has the text as typed, by column name, only where `values` would show something else. A tuple, because a batch
    makes and sends tens of thousands.
    """

    number: int
    values: tuple[object, ...]
    raw: Mapping[str, str]
    ticket: str = ""
    void: bool = False  # 作废 in a return workbook
    mark: str = ""  # 续: carried by a prefilled row; proves only that we prefilled it


@dataclass(frozen=True, slots=True)
class TablePlace(ByFields):
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

    def __reduce__(self) -> tuple[type[Reading], tuple[object, ...], dict[str, _Sent]]:
        """Send tables by column: most columns are blank, and rows one by one are half the work of sending."""
        begin: tuple[object, ...] = (
            self.verdict,
            self.claims,
            self.header,
            {},
            self.issues,
            self.repairs,
            self.content_sha,
        )
        sent = {name: _sent(rows) for name, rows in self.tables.items()}
        return Reading, (*begin, self.places, self.secret, self.scan), sent

    def __setstate__(self, sent: dict[str, _Sent]) -> None:
        object.__setattr__(self, "tables", {name: _rows(*table) for name, table in sent.items()})


_Sent = tuple[list[int], int, dict[int, tuple[object, ...]], dict[int, tuple[Mapping[str, str], str, bool, str]]]
"""A table on its way: its rows' numbers; how many columns; by place the columns that have values; by position the rows
of which there is more to say.
"""
_NO_MORE = ("", False, "")


def _sent(rows: Sequence[Row]) -> _Sent:
    columns = enumerate(zip(*(row.values for row in rows), strict=True))
    more = {at: row[2:] for at, row in enumerate(rows) if row.raw or row[3:] != _NO_MORE}
    filled = {place: cells for place, cells in columns if any(cells) or cells.count(None) < len(rows)}
    return [row.number for row in rows], len(rows[0].values) if rows else 0, filled, more


def _rows(
    numbers: list[int],
    width: int,
    filled: dict[int, tuple[object, ...]],
    more: dict[int, tuple[Mapping[str, str], str, bool, str]],
) -> tuple[Row, ...]:
    blank = (None,) * len(numbers)
    values = zip(*(filled.get(place, blank) for place in range(width)), strict=True) if width else ((),) * len(numbers)
    rows = [Row(number, cells, {}) for number, cells in zip(numbers, values, strict=True)]
    for at, (raw, ticket, void, mark) in more.items():
        rows[at] = Row(*rows[at][:2], raw, ticket, void, mark)
    return tuple(rows)
