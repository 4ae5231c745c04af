"""States and kinds: each closed set of words once, for core and database.

A column with such words has a CHECK made from the enumeration (`database.models.closed`). Sets that belong to one
subject of the core are there: `schooldays`, `rules`, `reconcile`, `alert_state`, `terms`.
"""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """By which way a workbook came in."""

    FOLDER = "folder"
    CLI = "cli"
    MAIL = "mail"


class WorkbookKind(StrEnum):
    """The kind of a workbook of ours; it is in the file's properties."""

    BLANK = "blank"
    GIVEBACK = "giveback"
    WHOLE = "whole"


class ReadVerdict(StrEnum):
    """What a worker made of a file's bytes."""

    PARSED = "parsed"  # there are rows to validate
    REJECTED = "rejected"  # it goes back whole
    QUARANTINED = "quarantined"  # refused as dangerous or unreadable


class CheckVerdict(StrEnum):
    """What validation made of a submission: its rows may be applied, or its outcome is decided already."""

    MERGE = "merge"
    REJECTED = "rejected"
    HELD = "held"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


class TicketState(StrEnum):
    """The state of a row, or a whole file, that was returned. All but `open` and `waived` are final."""

    OPEN = "open"
    MENDED = "mended"
    SUPERSEDED = "superseded"
    WAIVED = "waived"
    VOID = "void"


class DecisionKind(StrEnum):
    """What was decided."""

    RELEASE = "release"
    DISMISS = "dismiss"
    WAIVE = "waive"
    MEND = "mend"
    CLOSURE_CONFIRM = "closure-confirm"
    CLOSURE_RETURN = "closure-return"
    CARD_CONFIRM = "card-confirm"
    CARD_RETURN = "card-return"
    ALERT_RAISE = "alert-raise"
    ROSTER_CONFIRM = "roster-confirm"
    ROSTER_RETURN = "roster-return"
    CLASS_CONFIRM = "class-confirm"
    CLASS_RETURN = "class-return"
    CLASS_ALIAS = "class-alias"
    CLASS_UNDO = "class-undo"
    CAMPUS_REMOVE = "campus-remove"
    CAMPUS_UNDO = "campus-undo"
    ROSTER_UNDO = "roster-undo"
    CALENDAR_UNDO = "calendar-undo"
    EXCUSE = "excuse"
    UNEXCUSE = "unexcuse"
    CALLED = "called"
    RECONCILE = "reconcile"
    ROLL_CONFIRM = "roll-confirm"
    ROLL_RETURN = "roll-return"
    ACCOUNT_OPEN = "account-open"
    ACCOUNT_REFUSE = "account-refuse"
    ACCOUNT_ISSUE = "account-issue"
    ACCOUNT_CLOSE = "account-close"
    ACCOUNT_RECONFIRM = "account-reconfirm"
    ACCOUNT_ADMIN = "account-admin"
    ACCOUNT_NO_ADMIN = "account-no-admin"
    TOKENS_REVOKE = "tokens-revoke"
    MAILBOX_CONFIRM = "mailbox-confirm"
    MAILBOX_RETURN = "mailbox-return"
    MAILBOX_UNDO = "mailbox-undo"
    DAY_REVIEW = "day-review"
    DAY_UNREVIEW = "day-unreview"


class Opinion(StrEnum):
    """意见: a county's opinion on a matter on its desk, or on a card's answer."""

    CONFIRM = "confirm"
    RETURN = "return"
    MEND = "mend"
    WAIVE = "waive"


class Reach(StrEnum):
    """范围: which lines of a sheet of the 县级处理单 one line's opinion is for; the narrower one goes before."""

    SCHOOL = "school"
    COLUMN = "column"
    SHEET = "sheet"


class DeskSheet(StrEnum):
    """The boards of a county's desk: a sheet of the 县级处理单 each."""

    TICKETS = "tickets"
    HELD = "held"
    CLOSURES = "closures"
    ALERTS = "alerts"
    ACCOUNTS = "accounts"
    CLASSES = "classes"
    MATTERS = "matters"
    MAILBOXES = "mailboxes"
    RAISED = "raised"  # no matter waits there: the county begins one


class LetterKind(StrEnum):
    """Anything we send; `run.writers` has a writer for each but the template, which has a run of its own."""

    RECEIPT = "receipt"
    GIVEBACK = "giveback"
    SUMMARY = "summary"
    ACCOUNT = "account"
    QUERY = "query"
    DESK = "desk"
    DECIDED = "decided"
    CARD = "card"
    CARDBOOK = "cardbook"
    WORKSHEET = "worksheet"
    DIGEST = "digest"
    MISSING = "missing"
    PAGE = "page"
    RULES = "rules"
    TEMPLATE = "template"


EDITIONS = (LetterKind.DIGEST, LetterKind.MISSING, LetterKind.PAGE, LetterKind.RULES)
"""Letters that are editions: their figures are kept as they were printed."""


class LetterState(StrEnum):
    """Whether a letter has been delivered. `failed`: it could not be written, which is our fault."""

    QUEUED = "queued"
    DONE = "done"
    FAILED = "failed"


class TodoKind(StrEnum):
    """Work that a transaction leaves for the next step."""

    WARN = "warn"
    FIGURES = "figures"
    RECONCILE = "reconcile"
    PAGES = "pages"


class ActKind(StrEnum):
    """What a transaction did that changes what stands; noted for whoever makes the store again."""

    RECEIVE = "receive"
    SETTLE = "settle"
    FAIL = "fail"
    DECIDE = "decide"
    COMPARE = "compare"  # some schools, for 待对账
    ROUND = "round"  # the day's round of 待对账 begins
    WARN = "warn"
    SWEEP = "sweep"  # alerts that were followed to the end
    RULES = "rules"  # a changed rules.toml
    EFFECT = "effect"  # statements whose day has come
    DESKS = "desks"
    EDITION = "edition"
    PAGES = "pages"
    RULE_PAPERS = "rule-papers"
    SUMMARY = "summary"
    TEMPLATES = "templates"
    ALL_TEMPLATES = "all-templates"
    SENT = "sent"
    GIVEN_UP = "given-up"
    MAILS = "mails"
    MAIL_DECIDED = "mail-decided"
    MAILBOX = "mailbox"
    MAILBOX_ENDED = "mailbox-ended"
    MAILBOX_WISH = "mailbox-wish"
    POSTED = "posted"  # mails queued
    MAILING = "mailing"  # they are about to be given to a server
    MAILED = "mailed"  # what became of them
    PASSPHRASE = "passphrase"  # nosec B105  # of a unit, sealed
    MAILED_AGAIN = "mailed-again"  # those that waited for an admin may go out again
    REMINDED = "reminded"  # what was due by the clock is queued
    ANSWERED = "answered"  # a mail that came has its answer queued, or gets none
    BEGIN = "begin"  # anew, after a number
    VISIT = "visit"  # what somebody did or looked at in the console
    RETAIN = "retain"  # a part of what is kept no longer was removed


class RowState(StrEnum):
    """How a row of a report relates to the days before. A returned pupil is not absent."""

    NEW = "new"
    ONGOING = "ongoing"
    RETURNED = "returned"


class Reason(StrEnum):
    """Why a pupil is absent."""

    ILL = "ill"
    INJURED = "injured"
    OTHER = "other"


class DayPart(StrEnum):
    """时段 of an absence; the whole day is stored as ""."""

    DAY = "day"
    AM = "am"
    PM = "pm"


class Degree(StrEnum):
    """病例分类: how sure a diagnosis is; "" if nobody said."""

    SUSPECTED = "suspected"
    CLINICAL = "clinical"
    CONFIRMED = "confirmed"


class TestResult(StrEnum):
    """What a laboratory found of the disease that the diagnosis names."""

    __test__ = False  # not a test, whatever its name

    POSITIVE = "positive"
    NEGATIVE = "negative"
    PENDING = "pending"


class PastReason(StrEnum):
    """Why a row is no longer current."""

    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"


class ClosureState(StrEnum):
    """Whether a closure is in force, and the county's decision about it."""

    DECLARED = "declared"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


class ClosureKind(StrEnum):
    """报告类别 of a 停课报告表."""

    FIRST = "first"
    EXTEND = "extend"
    RESUME = "resume"
    AMEND = "amend"
    WITHDRAW = "withdraw"


class ApprovedHow(StrEnum):
    """How a closure was approved."""

    PHONE = "phone"
    GROUP = "group"
    MEETING = "meeting"
    WRITTEN = "written"


class MatterState(StrEnum):
    """A matter to be reconciled. `agreed`: the records agree now; `settled`: the county settled it."""

    OPEN = "open"
    AGREED = "agreed"
    SETTLED = "settled"


class StatementState(StrEnum):
    """The state of a statement about the registry. `proposed`: it waits for the county; `undone`: taken back, as if its
    workbook had not come.
    """

    STANDING = "standing"
    PROPOSED = "proposed"
    REFUSED = "refused"
    UNDONE = "undone"


class ClassState(StrEnum):
    """`new`: found in a report, waits for the county; `refused`: no such class; `alias`: another name of one."""

    CONFIRMED = "confirmed"
    NEW = "new"
    REFUSED = "refused"
    ALIAS = "alias"


class FilingLineState(StrEnum):
    """The state of one account that was asked for."""

    WAITING = "waiting"
    HELD = "held"
    SUPERSEDED = "superseded"
    OPENED = "opened"
    REFUSED = "refused"


class ScanKind(StrEnum):
    """A signed paper that came as a picture, by its first bytes. `torn`: its end is missing."""

    PDF = "pdf"
    JPG = "jpg"
    PNG = "png"
    TORN = "torn"


SCANS = (ScanKind.PDF, ScanKind.JPG, ScanKind.PNG)


class ChangeKind(StrEnum):
    """What of the registry a change is about."""

    SCHOOL = "school"
    CAMPUS = "campus"
    CLASS = "class"


class DivisionKind(StrEnum):
    """A function zone has its own bureau and reports like a county."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    FUNCTION_ZONE = "function_zone"


class UnitKind(StrEnum):
    """Who acts."""

    SCHOOL = "school"
    ORGAN = "organ"


class Organ(StrEnum):
    """The organs of a division: 教育局, 卫健委, 疾控."""

    EDUCATION = "education"
    HEALTH = "health"
    CDC = "cdc"


class SpanKind(StrEnum):
    """A line of a calendar. Days between terms are vacation; on a schoolday a report is due in any case."""

    TERM = "term"
    HOLIDAY = "holiday"
    SCHOOLDAY = "schoolday"
