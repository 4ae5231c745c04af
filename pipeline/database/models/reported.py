"""Schools' reports: the current records, and earlier ones."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from pipeline.database.models.closed import choices, one_of
from pipeline.database.models.declared import keeps
from pipeline.database.models.intake import Submission
from pipeline.database.models.places import Unit
from pipeline.forms import absence, closure
from pipeline.model import (
    ApprovedHow,
    ClosureKind,
    ClosureState,
    DayPart,
    Degree,
    PastReason,
    Reason,
    RowState,
    TestResult,
    TicketState,
)

_HALVES = (DayPart.AM, DayPart.PM)


class Report(models.Model):
    """The report of one school campus for one day. `division` is the county as of that day."""

    day = models.DateField()
    school = models.CharField(max_length=20)
    campus = models.CharField(max_length=40)
    division = models.CharField(max_length=12)
    current_seq = models.BigIntegerField()  # the current submission
    seqs = models.JSONField(default=list)  # all effective submissions, in received order
    zero = models.BooleanField(
        default=False
    )  # names nobody, and no row is still back; 零报告 if nobody is counted either
    first_seen = models.DateTimeField()  # of the earliest accepted arrival
    on_time = models.BooleanField()
    late_classes = models.JSONField(default=list)  # keys of those that alone make it late
    covered = models.PositiveIntegerField(default=0)  # classes it covers
    rows = models.PositiveIntegerField(default=0)
    other_absent = models.PositiveIntegerField(default=0)
    reporter = models.CharField(max_length=40, blank=True)
    reviewer = models.CharField(max_length=40, blank=True)
    from_settled = models.BigIntegerField()

    class Meta:
        db_table = "report"
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "school", "campus"], name="report_once")]
        indexes: ClassVar = [models.Index(fields=["day", "division"], name="report_day_division")]


@keeps(absence.CLASSES)
class ReportClass(models.Model):
    """A class that a report covers, with its counts; a report that covers all its classes as they are in the registry,
    with no counts of its own, has no rows here (`report.covered` counts them).
    """

    day = models.DateField()
    school = models.CharField(max_length=20)
    campus = models.CharField(max_length=40)
    key = models.CharField(max_length=20)
    roll = models.PositiveIntegerField(null=True)
    present = models.PositiveIntegerField(null=True)
    other_absent = models.PositiveIntegerField(default=0)
    silent = models.BooleanField(default=False)  # a class of the registry that this report does NOT mention

    class Meta:
        db_table = "report_class"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "school", "campus", "key"], name="report_class_once")
        ]


class Pupil(models.Model):
    """The only table with names. `code` is derived with the site's key: 三2-A7K3…"""

    school = models.CharField(max_length=20)
    code = models.CharField(max_length=40)
    class_key = models.CharField(max_length=20)
    name = models.CharField(max_length=60)
    number = models.CharField(max_length=30, blank=True)
    namesake = models.BooleanField(default=False)  # another of the class has the name: one file had both

    class Meta:
        db_table = "pupil"
        constraints: ClassVar = [models.UniqueConstraint(fields=["school", "code"], name="pupil_once")]
        indexes: ClassVar = [
            models.Index(fields=["school"], condition=models.Q(namesake=True), name="pupil_namesake"),
        ]


@keeps(absence.ROWS)
class AbsenceColumns(models.Model):
    """Columns shared by current and earlier rows; columns of the form that no query names follow from it."""

    day = models.DateField()
    school = models.CharField(max_length=20)
    campus = models.CharField(max_length=40)
    division = models.CharField(max_length=12)  # county as of the day
    pupil = models.CharField(max_length=40)
    class_key = models.CharField(max_length=20)
    sex = models.CharField(max_length=1)
    reason = models.CharField(max_length=8, choices=choices(Reason))
    row_state = models.CharField(max_length=8, choices=choices(RowState))
    start = models.DateField()
    part = models.CharField(max_length=4, blank=True, choices=choices(_HALVES))  # "" for the whole day
    symptoms = models.CharField(max_length=60, blank=True)  # "S01 S02", ascending
    other_symptom = models.CharField(max_length=200, blank=True)
    temperature = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    visited = models.BooleanField(null=True)
    diagnosis = models.CharField(max_length=20, blank=True)  # D code
    degree = models.CharField(max_length=9, blank=True, choices=choices(Degree))  # how sure the diagnosis is
    admitted = models.BooleanField(null=True)
    test_result = models.CharField(max_length=10, blank=True, choices=choices(TestResult))
    severe = models.BooleanField(null=True)
    shared_meal = models.BooleanField(null=True)
    returned = models.DateField(null=True)
    note = models.CharField(max_length=200, blank=True)
    pending = models.BooleanField(default=False)  # 待改: its newest version was returned, this one is kept meanwhile
    from_settled = models.BigIntegerField()
    origin = models.CharField(max_length=40)  # model.Origin: "123:8"

    class Meta:
        abstract = True


def _closed_row(table: str) -> list[models.BaseConstraint]:
    return [
        one_of(table, "reason", Reason),
        one_of(table, "row_state", RowState),
        one_of(table, "part", ("", *_HALVES)),
        one_of(table, "degree", ("", *Degree)),
        one_of(table, "test_result", ("", *TestResult)),
    ]


class Absence(AbsenceColumns):
    began = models.DateField()  # the day of the case: derived from this row and earlier reports

    class Meta:
        db_table = "absence"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "school", "campus", "pupil"], name="absence_once"),
            *_closed_row("absence"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["day", "division", "reason"], name="absence_day_division"),
            # rules that look back a term read the rows of their diseases alone; most rows have no diagnosis
            models.Index(
                fields=["school", "diagnosis", "day"], condition=models.Q(diagnosis__gt=""), name="absence_ill_of"
            ),
        ]


class AbsencePast(AbsenceColumns):
    began = models.DateField(null=True)  # null: replaced within the batch that brought it, before its case was found
    to_settled = models.BigIntegerField()
    closed_by = models.CharField(max_length=40)
    why = models.CharField(max_length=12, choices=choices(PastReason))

    class Meta:
        db_table = "absence_past"
        constraints: ClassVar = [*_closed_row("absence_past"), one_of("absence_past", "why", PastReason)]
        indexes: ClassVar = [models.Index(fields=["day", "school"], name="absence_past_day")]


class CasePast(models.Model):
    """What the case of a standing row was, until another report than its own changed it."""

    day = models.DateField()
    school = models.CharField(max_length=20)
    campus = models.CharField(max_length=40)
    pupil = models.CharField(max_length=40)
    began = models.DateField()
    row_state = models.CharField(max_length=8, choices=choices(RowState))
    to_settled = models.BigIntegerField()

    class Meta:
        db_table = "case_past"
        constraints: ClassVar = [one_of("case_past", "row_state", RowState)]
        indexes: ClassVar = [models.Index(fields=["day", "school"], name="case_past_day")]


class Reject(models.Model):
    """A returned row, with the ticket by which it may come back."""

    ticket = models.CharField(max_length=24, primary_key=True)
    submission = models.ForeignKey(Submission, models.PROTECT, db_column="submission", db_index=False, related_name="+")
    school = models.CharField(max_length=20)
    campus = models.CharField(max_length=40)
    form = models.CharField(max_length=12)
    day = models.DateField(null=True)
    table = models.CharField(max_length=12)
    row = models.PositiveIntegerField()
    raw = models.JSONField()
    issues = models.JSONField()
    identity = models.CharField(max_length=60, blank=True)
    key = models.CharField(max_length=120, blank=True)  # by which the row is recognised without its ticket
    state = models.CharField(max_length=12, choices=choices(TicketState), default=TicketState.OPEN.value)
    closed_by = models.CharField(max_length=40, blank=True)

    class Meta:
        db_table = "reject"
        constraints: ClassVar = [one_of("reject", "state", TicketState)]
        indexes: ClassVar = [
            models.Index(fields=["school", "day", "state"], name="reject_school_day"),
            models.Index(fields=["submission"], name="reject_submission"),
            models.Index(fields=["day", "state"], name="reject_day"),
            # open ones are few, of years of tickets
            models.Index(
                fields=["submission", "form"],
                condition=models.Q(state=TicketState.OPEN.value),
                name="reject_open",
            ),
        ]


@keeps(closure.ROWS)
class ClosureColumns(models.Model):
    """The same of closures."""

    school = models.ForeignKey(Unit, models.PROTECT, db_column="school", db_index=False, related_name="+")
    campus = models.CharField(max_length=40)
    division = models.CharField(max_length=12)
    scope = models.CharField(max_length=20)  # 全校 or a class key
    start = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=choices(ClosureKind))  # of the latest report on it
    reason = models.CharField(max_length=20)  # D code, or a syndrome
    ill = models.PositiveIntegerField()
    pupils = models.PositiveIntegerField(null=True)
    resume_planned = models.DateField()
    resume_actual = models.DateField(null=True)
    approved_at = models.DateTimeField()
    approved_how = models.CharField(max_length=8, blank=True, choices=choices(ApprovedHow))
    approved_by = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=choices(ClosureState), default=ClosureState.DECLARED.value)
    from_settled = models.BigIntegerField()
    origin = models.CharField(max_length=40)

    class Meta:
        abstract = True


def _closed_closure(table: str) -> list[models.BaseConstraint]:
    return [
        one_of(table, "kind", ClosureKind),
        one_of(table, "approved_how", ("", *ApprovedHow)),  # "" until its first report has come
        one_of(table, "state", ClosureState),
    ]


class Closure(ClosureColumns):
    class Meta:
        db_table = "closure"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "campus", "scope", "start"], name="closure_once"),
            *_closed_closure("closure"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["division", "resume_planned"], name="closure_division"),
            models.Index(fields=["resume_actual", "resume_planned"], name="closure_end"),
            models.Index(
                fields=["start"], condition=models.Q(state=ClosureState.DECLARED.value), name="closure_declared"
            ),
        ]


class ClosurePast(ClosureColumns):
    to_settled = models.BigIntegerField()
    closed_by = models.CharField(max_length=40)

    class Meta:
        db_table = "closure_past"
        constraints: ClassVar = _closed_closure("closure_past")
