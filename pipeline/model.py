"""The values that travel along the path: an arrival, what a worker read of it, what validation made of it.

Plain frozen values, cheap to import and to send between processes. Nothing here does any I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from pipeline.filed import FilingFacts, OrganFacts
from pipeline.life import AlertFacts

HOME_CAMPUS = "本部"


class State(StrEnum):
    """Where a submission stands. All but `received` are outcomes."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    PARTIAL = "partial"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    HELD = "held"
    QUARANTINED = "quarantined"
    FAILED = "failed"


class Mode(StrEnum):
    """报送方式 of a 缺课日报."""

    FIRST = "首次报送"
    FULL = "整份更正"
    ADD = "补充"
    LATE = "逾期补报"


class Level(StrEnum):
    """The levels of a reader, top down."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    SCHOOL = "school"


class Severity(StrEnum):
    """error: the row (or file) goes back; advice: taken as it is, said; query: taken, the sender is asked."""

    ERROR = "error"
    ADVICE = "advice"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing the sender must know. `code` is a key of `issues.CATALOGUE`, which has the words.

    `value` is the cell as typed (at most 60 characters); it is personal data and never logged.
    """

    code: str
    sheet: str = ""
    cell: str = ""  # "C7"; "" for the whole file
    row: int = 0  # Excel row, 1-based; 0 for the header block or the whole file
    column: str = ""  # header text the sender sees
    value: str = ""
    details: tuple[tuple[str, str], ...] = ()  # filled into the catalogue's message by name


@dataclass(frozen=True, slots=True)
class Repair:
    """A cell we understood though it was not typed as asked; listed in the receipt."""

    sheet: str
    cell: str
    column: str
    was: str
    now: str
    row: int = 0


# --------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class Sheet:
    """One worksheet: `rows[i]` is Excel row i + 1, each a list of str | float | int | bool | date | datetime | None."""

    name: str
    rows: list[list[object]]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()  # Excel row numbers
    hidden_columns: frozenset[int] = frozenset()  # 0-based
    errors: Mapping[tuple[int, int], str] = field(default_factory=dict)  # (Excel row, 0-based column) → "#N/A"
    formulas: Mapping[tuple[int, int], bool] = field(default_factory=dict)  # → True when it had a cached value


@dataclass(frozen=True, slots=True)
class Workbook:
    """What the spreadsheets' room hands over. `facts` are issue codes about the whole file (external links …)."""

    sheets: tuple[Sheet, ...]
    properties: Mapping[str, str]  # custom document properties: queke_form, queke_version, queke_token …
    date1904: bool = False
    plain: bool = True
    facts: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Claims:
    """What a workbook says of itself. Who sent it is told by the channel, never by this."""

    form: str  # forms.FORMS key: absence, closure, roster
    version: str = ""
    unit: str = ""  # code of the school (absence, closure) or division/organ (roster); "" when not readable
    campus: str = HOME_CAMPUS
    day: date | None = None
    token: str = ""
    returned: bool = False  # a return workbook (退回修正表): rows carry tickets
    ticket: str = ""  # of a file that went back whole: this is that file, mended


@dataclass(frozen=True, slots=True)
class Row:
    """One table row, typed. `values` is aligned with the table's columns; None is blank (or was not understood).

    `raw` holds the text as typed, by column name, only where it differs from what `values` would show.
    """

    number: int
    values: tuple[object, ...]
    raw: Mapping[str, str] = field(default_factory=dict)
    ticket: str = ""
    void: bool = False  # 作废 in a return workbook
    mark: str = ""  # 续: what a prefilled row carries, proves nothing but that we prefilled it

    def __reduce__(self) -> tuple[type[Row], tuple[object, ...]]:
        # rows are most of what a reader sends: by themselves, slots are pickled field by field in Python
        return Row, (self.number, self.values, self.raw, self.ticket, self.void, self.mark)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table was found: its sheet, and by column its 0-based place (-1: not there) and the sender's label."""

    sheet: str
    columns: tuple[int, ...]
    labels: tuple[str, ...]
    cells: tuple[str, ...] = ()  # of an upright table: by column, the cell itself


@dataclass(frozen=True, slots=True)
class Reading:
    """What a worker made of one workbook's bytes, before anything is known of the store.

    `verdict`: "parsed" (rows to validate), "rejected" (goes back whole) or "quarantined" (refused as
    dangerous or unreadable); in the last two `issues` says why. `content_sha` is over canonical
    cells, so a re-zipped or renamed copy has the same.
    """

    verdict: str
    claims: Claims | None = None
    header: Mapping[str, object] = field(default_factory=dict)  # parsed header block by field name
    tables: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)  # table name → rows
    issues: tuple[Issue, ...] = ()
    repairs: tuple[Repair, ...] = ()
    content_sha: str = ""
    plain: bool = True
    places: Mapping[str, Place] = field(default_factory=dict)  # table name →
    private: bool = False  # its bytes hold, or may hold, a password: they are never archived as they came
    scan: str = ""  # pdf, jpg or png, by its first bytes: perhaps the signed paper of a 备案


# --------------------------------------------------------------------------- arrivals


@dataclass(frozen=True, slots=True)
class Arrival:
    """A workbook that came in and is kept. `seq` is its received_seq (0 until journalled)."""

    sha256: str
    size: int
    name: str  # as the sender named it: display only, never trusted
    channel: str  # "folder" | "mail" | "cli"
    folder: str  # the inbox sub-folder it lay in, "" for flat
    bound: str  # unit or division code proved by the channel, "" for flat
    first_seen: datetime  # aware
    received_at: datetime  # aware
    path: Path  # where its bytes lie now (spool, later archive)
    seq: int = 0
    attempts: int = 0
    claim: str = ""  # names the claim for good: one found again after a crash is journalled once


# --------------------------------------------------------------------------- what validation knows of the store


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """One class of a school's registry in the school year of the day. `key` is the normal form, e.g. 三3."""

    campus: str
    key: str
    name: str  # as the school writes it, e.g. 三(3)班
    roll: int | None
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class SchoolFacts:
    code: str
    name: str
    county: str  # division code
    stages: tuple[str, ...]  # 幼儿园 小学 初中 高中 中职 特教
    boarding: bool
    campuses: tuple[str, ...]
    classes: Mapping[tuple[str, str], ClassFacts]  # (campus, key) →
    token_serial: int = 1
    aliases: Mapping[str, str] = field(default_factory=dict)  # other spellings of a class → key
    reporter: str = ""  # 填报人, as the registry has it


@dataclass(frozen=True, slots=True)
class HeadFacts:
    """The report that stands for one (day, school, campus)."""

    seq: int  # received_seq of the submission that stands
    rows: int  # absence rows that stand
    zero: bool
    seqs: tuple[int, ...] = ()  # all settled, effective submissions of this report, in received order


@dataclass(frozen=True, slots=True)
class TicketFacts:
    ticket: str
    school: str
    form: str
    day: date | None
    campus: str
    state: str  # open | mended | superseded | waived | void
    table: str  # "rows" | "classes" | …
    record: str = ""  # identity of the old record that stands behind it (待改), if any


@dataclass(frozen=True, slots=True)
class KnownContent:
    """An earlier submission with the same canonical cells."""

    seq: int
    state: State
    current: bool  # it still is what stands for its report


@dataclass(frozen=True, slots=True)
class Context:
    """All that validation must know of the store for one batch, as one value."""

    now: datetime  # aware, Asia/Shanghai
    schools: Mapping[str, SchoolFacts] = field(default_factory=dict)
    # (school, day) → its classes on that day, where they are, or may be, others than on the batch's latest day
    rooms: Mapping[tuple[str, date], Mapping[tuple[str, str], ClassFacts]] = field(default_factory=dict)
    divisions: Mapping[str, str] = field(default_factory=dict)  # code → name
    parents: Mapping[str, str] = field(default_factory=dict)  # division code → parent code
    heads: Mapping[tuple[date, str, str], HeadFacts] = field(default_factory=dict)
    tickets: Mapping[str, TicketFacts] = field(default_factory=dict)
    known: Mapping[tuple[str, str], tuple[KnownContent, ...]] = field(default_factory=dict)  # (unit, content_sha) →
    closures: Mapping[str, tuple[ClosureFacts, ...]] = field(default_factory=dict)  # school →
    namesakes: frozenset[tuple[str, str, str]] = frozenset()  # (school, class key, name) borne by several pupils
    organs: Mapping[str, OrganFacts] = field(default_factory=dict)
    filings: Mapping[int, FilingFacts] = field(default_factory=dict)  # number → those that scans name
    alerts: Mapping[str, AlertFacts] = field(default_factory=dict)  # number → those that cards name
    calendar: object = None  # a schooldays.Calendar: an object here, because this module lies below it


@dataclass(frozen=True, slots=True)
class ClosureFacts:
    campus: str
    scope: str  # "全校" or a class key
    start: date
    until: date  # planned or actual resumption (first day back)
    state: str  # declared | confirmed | ended | withdrawn


# --------------------------------------------------------------------------- what validation says


@dataclass(frozen=True, slots=True)
class Record:
    """One accepted row, typed and complete: `values` by the form's column name, derived ones included.

    `identity` is the form's key within its report (absence: the pupil's key).
    """

    table: str
    identity: str
    values: Mapping[str, object]
    row: int
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """One row that goes back: its raw texts by column name and the issues that say why."""

    table: str
    row: int
    raw: Mapping[str, str]
    issues: tuple[Issue, ...]
    ticket: str = ""  # the ticket it came with, if it came in a return workbook
    identity: str = ""  # when it could be told (keeps an old record standing as 待改)
    key: str = ""  # what the row can be known by when it comes again without its ticket; "" for the identity


@dataclass(frozen=True, slots=True)
class Checked:
    """One submission after validation, before the store has the last word.

    `verdict` is "merge" (rows may be applied) or an outcome decided already: "rejected", "held",
    "duplicate", "quarantined".
    """

    arrival: Arrival
    reading: Reading
    verdict: str
    unit: str = ""
    day: date | None = None
    campus: str = HOME_CAMPUS
    mode: Mode = Mode.FIRST
    records: tuple[Record, ...] = ()
    refused: tuple[Refused, ...] = ()
    voided: tuple[str, ...] = ()  # tickets the sender marked 作废
    back: Refused | None = None  # the whole file, when it goes back for a mistake above its table
    issues: tuple[Issue, ...] = ()  # all of them: file, header, rows; errors, advice, queries
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one submission, as the store has it now."""

    seq: int
    settled_seq: int
    state: State
    form: str
    unit: str
    day: date | None
    campus: str
    accepted: int
    refused: int
    withdrawn: int
    issues: tuple[Issue, ...]
    repairs: tuple[Repair, ...]
    on_time: bool | None = None
    tickets: tuple[str, ...] = ()


# --------------------------------------------------------------------------- the site, as a value


@dataclass(frozen=True, slots=True)
class Policy:
    """What an office may set in queke.toml that the core needs to know. Times are Asia/Shanghai, HH:MM."""

    deadline: str = "15:00"
    first_edition: str = "15:10"
    final_edition: str = "17:30"
    templates_at: str = "06:00"  # the day's templates are made from then on
    desk_at: str = "07:30"  # counties get their 处理单 from then on
    reconcile_at: str = "15:00"  # closures and absences are compared as a whole, and schools asked, from then on
    slipped_share: float = 0.5  # above this share of bad rows …
    slipped_rows: int = 10  # … in a table of at least so many, the whole file goes back
    withdraw_share: float = 0.5  # a later full file that drops more than this share of accepted rows is held
    small_count: int = 3  # counts below are "<3" above county
    answer_hours: int = 24  # an alert is answered within
    workers: int = 0  # reader processes; 0: one a core
    batch: int = 500  # submissions settled together at most
    scan_seconds: float = 30.0  # a full scan of the inbox at least so often
    stable_seconds: float = 1.0  # a file is taken when its size and time have not changed so long
    free_mb: int = 500  # doctor warns below so much free disk


@dataclass(frozen=True, slots=True)
class Site:
    """A working folder: where everything lies, and the secret by which codes and tokens are derived."""

    root: Path
    database: str  # sqlite:///relative-or-absolute or postgresql://…
    key: bytes
    policy: Policy = field(default_factory=Policy)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def archive(self) -> Path:
        return self.root / "archive"
