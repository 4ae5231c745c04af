"""Columns and constraints of the store, nothing else: decisions are made in the pure core.

Words and keys are those of docs/glossary.md. Every `*_settled` is a settled_seq: a row stood "as of n"
when from_settled ≤ n < to_settled (rows of the current tables have no end yet).
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models


class Division(models.Model):
    """Province, city, county or function zone, with the dates between which it exists."""

    code = models.CharField(max_length=12, primary_key=True)
    name = models.CharField(max_length=60)
    short = models.CharField(max_length=20)  # for tiles and file names: 雨花台
    kind = models.CharField(max_length=16)  # province | city | county | function_zone
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)  # first day it no longer exists

    class Meta:
        db_table = "division"


class Unit(models.Model):
    """Who acts: a school (10-digit 学校标识码) or an organ (教育局, 卫健委, 疾控) of a division."""

    code = models.CharField(max_length=20, primary_key=True)
    kind = models.CharField(max_length=8)  # school | organ
    organ = models.CharField(max_length=12, blank=True)  # education | health | cdc
    division = models.ForeignKey(Division, on_delete=models.PROTECT)
    name = models.CharField(max_length=80)
    stages = models.CharField(max_length=60, blank=True)  # 小学 初中, separated by blanks
    boarding = models.BooleanField(default=False)
    reporter = models.CharField(max_length=40, blank=True)  # 填报人
    reporter_phone = models.CharField(max_length=30, blank=True)
    leader = models.CharField(max_length=40, blank=True)  # 分管领导
    leader_phone = models.CharField(max_length=30, blank=True)
    token_serial = models.PositiveIntegerField(default=1)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        db_table = "unit"
        indexes: ClassVar = [models.Index(fields=["division", "kind"], name="unit_division")]


class Campus(models.Model):
    school = models.ForeignKey(Unit, on_delete=models.PROTECT)
    name = models.CharField(max_length=40, default="本部")
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        db_table = "campus"
        constraints: ClassVar = [models.UniqueConstraint(fields=["school", "name"], name="campus_once")]


class SchoolClass(models.Model):
    """A class of one school year; `key` is its normal form (三3), `name` as the school writes it."""

    school = models.ForeignKey(Unit, on_delete=models.PROTECT)
    campus = models.CharField(max_length=40, default="本部")
    school_year = models.PositiveSmallIntegerField()  # 2026 for 2026-09 to 2027-08
    key = models.CharField(max_length=20)
    name = models.CharField(max_length=40)
    stage = models.CharField(max_length=8, blank=True)
    roll = models.PositiveIntegerField(null=True)
    state = models.CharField(max_length=10, default="confirmed")  # confirmed | new
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        db_table = "school_class"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "campus", "school_year", "key"], name="class_once")
        ]


class Mailbox(models.Model):
    """A registered address of a unit: the only places a letter may go."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE)
    address = models.CharField(max_length=254)

    class Meta:
        db_table = "mailbox"
        constraints: ClassVar = [models.UniqueConstraint(fields=["address"], name="mailbox_once")]


class CalendarDay(models.Model):
    """An override or a term of the school calendar. The narrower place wins (design: school days)."""

    place = models.CharField(max_length=20)  # unit or division code
    stage = models.CharField(max_length=8, blank=True)
    first = models.DateField()
    last = models.DateField()
    kind = models.CharField(max_length=10)  # term | holiday | schoolday
    note = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "calendar_day"
        indexes: ClassVar = [models.Index(fields=["place", "first"], name="calendar_place")]


class Counter(models.Model):
    """Sequences given out inside the transaction that uses them (received, settled, alert-2026, …)."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.BigIntegerField()

    class Meta:
        db_table = "counter"


class Submission(models.Model):
    """One workbook that arrived once."""

    received_seq = models.BigIntegerField(primary_key=True)
    # a claim found again is journalled once; null, not "", where there is none: only nulls may repeat
    claim = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001  # see above
    settled_seq = models.BigIntegerField(null=True, unique=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    content_sha = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    channel = models.CharField(max_length=8)
    folder = models.CharField(max_length=255, blank=True)
    bound_unit = models.CharField(max_length=20, blank=True)
    sent_by = models.CharField(max_length=254, blank=True)
    first_seen = models.DateTimeField()
    received_at = models.DateTimeField()
    path = models.CharField(max_length=255)  # below the site: spool/… until settled, then archive/…
    attempts = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=12, default="received")
    form = models.CharField(max_length=12, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    campus = models.CharField(max_length=40, blank=True)
    day = models.DateField(null=True)
    mode = models.CharField(max_length=8, blank=True)
    accepted = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    withdrawn = models.PositiveIntegerField(default=0)
    on_time = models.BooleanField(null=True)
    effective = models.BooleanField(default=False)  # it changed, or confirmed, what stands for its report
    issues = models.JSONField(default=list)
    repairs = models.JSONField(default=list)
    versions = models.CharField(max_length=60, blank=True)  # "queke 0.1 absence 1"
    journalled = models.BooleanField(default=False)  # its line is in journal.jsonl

    class Meta:
        db_table = "submission"
        indexes: ClassVar = [
            models.Index(fields=["state", "received_seq"], name="submission_state"),
            models.Index(fields=["content_sha", "unit"], name="submission_content"),
            models.Index(fields=["unit", "day", "form"], name="submission_unit_day"),
            models.Index(fields=["day", "state"], name="submission_day"),
        ]


class Decision(models.Model):
    """What a person decided; `seq` is of the same sequence as received_seq."""

    seq = models.BigIntegerField(primary_key=True)
    settled_seq = models.BigIntegerField(null=True, unique=True)
    at = models.DateTimeField()
    who = models.CharField(max_length=60)
    what = models.CharField(max_length=40)
    target = models.CharField(max_length=120)
    why = models.CharField(max_length=400, blank=True)
    journalled = models.BooleanField(default=False)

    class Meta:
        db_table = "decision"
        indexes: ClassVar = [models.Index(fields=["target", "what"], name="decision_target")]


class Report(models.Model):
    """What one school campus said of one day. `division` is the county as of that day."""

    day = models.DateField()
    school = models.CharField(max_length=20)
    campus = models.CharField(max_length=40)
    division = models.CharField(max_length=12)
    current_seq = models.BigIntegerField()  # submission that stands
    seqs = models.JSONField(default=list)  # all effective submissions, in received order
    zero = models.BooleanField(default=False)
    first_seen = models.DateTimeField()  # of the earliest accepted arrival
    on_time = models.BooleanField()
    spoken = models.PositiveIntegerField(default=0)  # classes it speaks for
    rows = models.PositiveIntegerField(default=0)
    other_absent = models.PositiveIntegerField(default=0)
    reporter = models.CharField(max_length=40, blank=True)
    reviewer = models.CharField(max_length=40, blank=True)
    from_settled = models.BigIntegerField()

    class Meta:
        db_table = "report"
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "school", "campus"], name="report_once")]
        indexes: ClassVar = [models.Index(fields=["day", "division"], name="report_day_division")]


class ReportClass(models.Model):
    """A class a report speaks for, with its counts; a report that speaks for all its classes as the
    registry has them, with nothing else to say, has no rows here (`report.spoken` counts them).
    """

    day = models.DateField()
    school = models.CharField(max_length=20)
    campus = models.CharField(max_length=40)
    key = models.CharField(max_length=20)
    roll = models.PositiveIntegerField(null=True)
    present = models.PositiveIntegerField(null=True)
    other_absent = models.PositiveIntegerField(default=0)
    silent = models.BooleanField(default=False)  # a class of the registry this report does NOT speak for

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

    class Meta:
        db_table = "pupil"
        constraints: ClassVar = [models.UniqueConstraint(fields=["school", "code"], name="pupil_once")]


class AbsenceColumns(models.Model):
    """Columns shared by what stands and what stood."""

    day = models.DateField()
    school = models.CharField(max_length=20)
    campus = models.CharField(max_length=40)
    division = models.CharField(max_length=12)  # county as of the day
    pupil = models.CharField(max_length=40)
    class_key = models.CharField(max_length=20)
    sex = models.CharField(max_length=1)
    reason = models.CharField(max_length=8)  # ill | injured | other
    row_state = models.CharField(max_length=8)  # new | ongoing | returned
    start = models.DateField()
    part = models.CharField(max_length=4, blank=True)  # "" whole day | am | pm
    symptoms = models.CharField(max_length=60, blank=True)  # "S01 S02", ascending
    other_symptom = models.CharField(max_length=200, blank=True)
    temperature = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    onset = models.DateField(null=True)
    visited = models.BooleanField(null=True)
    diagnosis = models.CharField(max_length=20, blank=True)  # D code
    hospital = models.CharField(max_length=80, blank=True)
    isolated = models.BooleanField(null=True)
    admitted = models.BooleanField(null=True)
    returned = models.DateField(null=True)
    injury_cause = models.CharField(max_length=8, blank=True)
    injury_place = models.CharField(max_length=8, blank=True)
    injury_activity = models.CharField(max_length=8, blank=True)
    injury_part = models.CharField(max_length=8, blank=True)
    dorm = models.CharField(max_length=30, blank=True)
    note = models.CharField(max_length=200, blank=True)
    pending = models.BooleanField(default=False)  # 待改: its newest version went back, this one stands meanwhile
    from_settled = models.BigIntegerField()
    origin = models.CharField(max_length=40)  # "123:8" submission:Excel row, or "d45" decision

    class Meta:
        abstract = True


class Absence(AbsenceColumns):
    class Meta:
        db_table = "absence"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "school", "campus", "pupil"], name="absence_once")
        ]
        indexes: ClassVar = [models.Index(fields=["day", "division", "reason"], name="absence_day_division")]


class AbsencePast(AbsenceColumns):
    to_settled = models.BigIntegerField()
    closed_by = models.CharField(max_length=40)
    why = models.CharField(max_length=12)  # changed | withdrawn | voided

    class Meta:
        db_table = "absence_past"
        indexes: ClassVar = [models.Index(fields=["day", "school"], name="absence_past_day")]


class Reject(models.Model):
    """A row that went back, with the ticket by which it may come home."""

    ticket = models.CharField(max_length=24, primary_key=True)
    submission = models.BigIntegerField()
    school = models.CharField(max_length=20)
    campus = models.CharField(max_length=40)
    form = models.CharField(max_length=12)
    day = models.DateField(null=True)
    table = models.CharField(max_length=12)
    row = models.PositiveIntegerField()
    raw = models.JSONField()
    issues = models.JSONField()
    identity = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=12, default="open")  # open | mended | superseded | waived | void
    closed_by = models.CharField(max_length=40, blank=True)

    class Meta:
        db_table = "reject"
        indexes: ClassVar = [
            models.Index(fields=["school", "day", "state"], name="reject_school_day"),
            models.Index(fields=["submission"], name="reject_submission"),
            models.Index(fields=["day", "state"], name="reject_day"),
        ]


class ClosureColumns(models.Model):
    school = models.CharField(max_length=20)
    campus = models.CharField(max_length=40)
    division = models.CharField(max_length=12)
    scope = models.CharField(max_length=20)  # 全校 or a class key
    start = models.DateTimeField()
    kind = models.CharField(max_length=8)  # first | extend | resume | amend | withdraw: the last word on it
    reason = models.CharField(max_length=20)  # D code, or a syndrome
    ill = models.PositiveIntegerField()
    pupils = models.PositiveIntegerField(null=True)
    resume_planned = models.DateField()
    resume_actual = models.DateField(null=True)
    first_onset = models.DateField(null=True)
    approved_at = models.DateTimeField()
    approved_how = models.CharField(max_length=8)  # phone | group | meeting | written
    approved_by = models.CharField(max_length=80)
    document = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=10, default="declared")  # declared | confirmed | ended | withdrawn
    note = models.CharField(max_length=200, blank=True)
    from_settled = models.BigIntegerField()
    origin = models.CharField(max_length=40)

    class Meta:
        abstract = True


class Closure(ClosureColumns):
    class Meta:
        db_table = "closure"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "campus", "scope", "start"], name="closure_once")
        ]
        indexes: ClassVar = [models.Index(fields=["division", "resume_planned"], name="closure_division")]


class ClosurePast(ClosureColumns):
    to_settled = models.BigIntegerField()
    closed_by = models.CharField(max_length=40)

    class Meta:
        db_table = "closure_past"


class Alert(models.Model):
    """One episode: hits of one place and group family, gathered; one card."""

    id = models.CharField(max_length=16, primary_key=True)  # 2026-0482
    school = models.CharField(max_length=20)
    campus = models.CharField(max_length=40)
    division = models.CharField(max_length=12)
    scope = models.CharField(max_length=40)  # "" whole campus, else class key or dorm of the highest hit
    group = models.CharField(max_length=20)  # group family
    stage = models.CharField(max_length=12)  # highest so far
    state = models.CharField(max_length=12, default="issued")
    opened_day = models.DateField()
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    first_onset = models.DateField()
    last_onset = models.DateField()
    cases = models.PositiveIntegerField()
    ends_after = models.DateField()  # no linked case by then: may end
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=40, blank=True)
    revision = models.PositiveIntegerField(default=1)  # of the card: raised when its readers must get it anew

    class Meta:
        db_table = "alert"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["school", "campus", "group"],
                condition=models.Q(closed_at__isnull=True),
                name="alert_one_open",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["division", "closed_at"], name="alert_division"),
            models.Index(fields=["opened_day"], name="alert_opened"),
            models.Index(fields=["school", "closed_at"], name="alert_school"),
        ]


class AlertHit(models.Model):
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE)
    rule = models.CharField(max_length=8)
    rule_version = models.CharField(max_length=12)
    scope = models.CharField(max_length=40)
    group = models.CharField(max_length=20)
    stage = models.CharField(max_length=12)
    day = models.DateField()
    n = models.PositiveIntegerField()
    threshold = models.CharField(max_length=12)
    members = models.JSONField(default=list)  # [[pupil code, class key, onset], …]: the n pupils counted
    from_settled = models.BigIntegerField()
    to_settled = models.BigIntegerField(null=True)  # the records no longer meet it

    class Meta:
        db_table = "alert_hit"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alert", "rule", "group", "scope", "day", "from_settled"], name="hit_once")
        ]


class AlertCase(models.Model):
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE)
    pupil = models.CharField(max_length=40)
    class_key = models.CharField(max_length=20)
    onset = models.DateField()
    from_settled = models.BigIntegerField()
    to_settled = models.BigIntegerField(null=True)

    class Meta:
        db_table = "alert_case"
        indexes: ClassVar = [models.Index(fields=["alert", "pupil"], name="case_alert")]


class AlertEvent(models.Model):
    """One step of an alert's life, in order: issued, raised, answered, confirmed, returned, ended …"""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE)
    at = models.DateTimeField()
    what = models.CharField(max_length=16)
    origin = models.CharField(max_length=40)
    details = models.JSONField(default=dict)

    class Meta:
        db_table = "alert_event"


class Card(models.Model):
    """The answer on a 预警信息报告卡."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE)
    submission = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    verdict = models.CharField(max_length=12)  # excluded | confirmed
    reason = models.CharField(max_length=4, blank=True)  # A1 A2 A3 A9
    answer = models.JSONField(default=dict)
    state = models.CharField(max_length=12, default="answered")
    late = models.BooleanField(default=False)

    class Meta:
        db_table = "card"


class CountyDay(models.Model):
    """The figures of one county's day, kept so that no digest works on history. Derived: recomputed
    whenever `todo(figures, county|day)` says that something under it changed.
    """

    day = models.DateField()
    division = models.CharField(max_length=12)
    as_of_settled = models.BigIntegerField()
    figures = models.JSONField()

    class Meta:
        db_table = "county_day"
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "division"], name="county_day_once")]


class Edition(models.Model):
    """One issued digest (or school page): its figures never change afterwards."""

    kind = models.CharField(max_length=12, default="digest")
    place = models.CharField(max_length=20)  # division or school code
    day = models.DateField()
    n = models.PositiveSmallIntegerField()
    as_of_settled = models.BigIntegerField()
    made_at = models.DateTimeField()
    final = models.BooleanField(default=False)
    figures = models.JSONField()
    digest_sha = models.CharField(max_length=64)

    class Meta:
        db_table = "edition"
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "place", "day", "n"], name="edition_once")]


class Letter(models.Model):
    """Anything we send, queued in the transaction that made it true, rendered and delivered after it."""

    kind = models.CharField(max_length=12)  # receipt | giveback | card | digest | page | missing | summary
    ref = models.CharField(max_length=60)
    reader = models.CharField(max_length=20)  # unit or division code; "" when nobody is known
    state = models.CharField(max_length=8, default="queued")  # queued | done
    day = models.DateField(null=True)
    queued_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    path = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "letter"
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "ref", "reader"], name="letter_once")]
        indexes: ClassVar = [models.Index(fields=["state", "id"], name="letter_state")]


class Todo(models.Model):
    """Work that a transaction left for the next step: warn (school|day), figures (county|day)."""

    kind = models.CharField(max_length=10)
    ref = models.CharField(max_length=60)
    settled = models.BigIntegerField()

    class Meta:
        db_table = "todo"
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "ref"], name="todo_once")]


class Audit(models.Model):
    """Hash-chained: who did what to which fields, never values."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    who = models.CharField(max_length=60)
    what = models.CharField(max_length=40)
    target = models.CharField(max_length=120)
    fields = models.JSONField(default=list)
    chain = models.CharField(max_length=64)

    class Meta:
        db_table = "audit"


class AccountManager(BaseUserManager["Account"]):
    def create_user(self, username: str, password: str | None = None, **fields: object) -> Account:
        account = self.model(username=self.model.normalize_username(username), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username=username)


class Account(AbstractBaseUser, PermissionsMixin):
    """AUTH_USER_MODEL. A school's account is opened by its county's CDC, and so up (notice, three)."""

    username = models.CharField(max_length=60, unique=True)
    folded = models.CharField(max_length=60, unique=True)  # NFKC, casefolded: no two may look alike
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT)
    division = models.ForeignKey(Division, null=True, on_delete=models.PROTECT)
    level = models.CharField(max_length=10, blank=True)
    holder = models.CharField(max_length=40, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    email = models.CharField(max_length=254, blank=True)
    is_active = models.BooleanField(default=False)
    is_staff = models.BooleanField(default=False)
    must_change = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True)
    confirmed_on = models.DateField(null=True)
    opened_at = models.DateTimeField(null=True)

    USERNAME_FIELD = "username"
    objects = AccountManager()

    class Meta:
        db_table = "account"
