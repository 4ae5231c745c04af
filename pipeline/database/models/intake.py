"""Submissions, decisions, and the work and letters that are left."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from pipeline.database.models.closed import choices, one_of
from pipeline.model import ActKind, Channel, DecisionKind, LetterKind, LetterState, Mode, State, TodoKind


class Counter(models.Model):
    """Sequences given out inside the transaction that uses them (received, settled, alert-2026, …)."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.BigIntegerField()

    class Meta:
        db_table = "counter"


class Submission(models.Model):
    """One workbook that arrived once."""

    received_seq = models.BigIntegerField(primary_key=True)
    # a claim found again is journalled once; null, not "", if there is none: only nulls may repeat
    claim = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001  # see above
    settled_seq = models.BigIntegerField(null=True, unique=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    content_sha = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    channel = models.CharField(max_length=8, choices=choices(Channel))
    folder = models.CharField(max_length=255, blank=True)
    bound_unit = models.CharField(max_length=20, blank=True)
    sent_by = models.CharField(max_length=254, blank=True)
    first_seen = models.DateTimeField()
    received_at = models.DateTimeField()
    path = models.CharField(max_length=255)  # below the site: spool/… until settled, then archive/…
    attempts = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=12, choices=choices(State), default=State.RECEIVED.value)
    form = models.CharField(max_length=12, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    campus = models.CharField(max_length=40, blank=True)
    day = models.DateField(null=True)
    mode = models.CharField(max_length=8, blank=True, choices=choices(Mode))
    accepted = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    withdrawn = models.PositiveIntegerField(default=0)
    on_time = models.BooleanField(null=True)
    effective = models.BooleanField(default=False)  # it changed, or confirmed, its report
    issues = models.JSONField(default=list)
    repairs = models.JSONField(default=list)
    versions = models.CharField(max_length=60, blank=True)  # "queke 0.1 absence 1"
    mends = models.CharField(max_length=24, blank=True)  # the ticket of the file that this one corrects
    journalled = models.BooleanField(default=False)  # its line is in journal.jsonl
    spooled = models.BooleanField(default=False)  # `path` is in the spool
    secret = models.BooleanField(default=False)  # it holds, or may hold, a password: the original is never archived
    kept_sha256 = models.CharField(max_length=64, blank=True)  # of the copy kept instead; "" for the original itself
    mail = models.BigIntegerField(null=True)  # the mail it came in

    class Meta:
        db_table = "submission"
        constraints: ClassVar = [
            one_of("submission", "channel", Channel),
            one_of("submission", "state", State),
            one_of("submission", "mode", ("", *Mode)),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "received_seq"], name="submission_state"),
            models.Index(fields=["content_sha", "unit"], name="submission_content"),
            models.Index(fields=["unit", "day", "form"], name="submission_unit_day"),
            models.Index(fields=["day", "state"], name="submission_day"),
            # lines not yet in journal.jsonl are few: they are searched in every cycle
            models.Index(fields=["received_seq"], condition=models.Q(journalled=False), name="submission_line"),
            models.Index(fields=["received_seq"], condition=models.Q(spooled=True), name="submission_spooled"),
            models.Index(fields=["mail"], condition=models.Q(mail__isnull=False), name="submission_mail"),
        ]


class Decision(models.Model):
    """A person's decision; `seq` is of the same sequence as received_seq."""

    seq = models.BigIntegerField(primary_key=True)
    settled_seq = models.BigIntegerField(null=True, unique=True)
    at = models.DateTimeField()
    who = models.CharField(max_length=60)
    what = models.CharField(max_length=40, choices=choices(DecisionKind))
    target = models.CharField(max_length=120)
    why = models.CharField(max_length=400, blank=True)
    day = models.DateField(null=True)  # of a school's day: which
    submission = models.BigIntegerField(null=True)  # of a held file, or an alert's answer: which
    place = models.BigIntegerField(default=0)  # of the 处理单 it came in, where it counts; 0: at its own seq …
    row = models.PositiveIntegerField(default=0)  # … and its row there
    journalled = models.BooleanField(default=False)

    class Meta:
        db_table = "decision"
        constraints: ClassVar = [one_of("decision", "what", DecisionKind)]
        indexes: ClassVar = [
            models.Index(fields=["what", "target"], name="decision_what"),
            models.Index(fields=["day"], condition=models.Q(day__isnull=False), name="decision_day"),
            models.Index(fields=["seq"], condition=models.Q(journalled=False), name="decision_line"),
        ]


class Letter(models.Model):
    """Anything we send, queued in the transaction that made it true, rendered and delivered after it."""

    kind = models.CharField(max_length=12, choices=choices(LetterKind))
    ref = models.CharField(max_length=60)
    reader = models.CharField(max_length=20)  # unit or division code; "" if unknown
    state = models.CharField(max_length=8, choices=choices(LetterState), default=LetterState.QUEUED.value)
    day = models.DateField(null=True)
    queued_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    path = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(
        max_length=80, blank=True, db_default=""
    )  # a receipt's, in words: the next one says what changed

    class Meta:
        db_table = "letter"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "ref", "reader"], name="letter_once"),
            one_of("letter", "kind", LetterKind),
            one_of("letter", "state", LetterState),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "id"], name="letter_state"),
            models.Index(fields=["queued_at"], name="letter_queued"),  # old ones are removed by day
        ]


class Todo(models.Model):
    """Work that a transaction left for the next step: warn (a school's day), figures (a county's day), reconcile (a
    school), pages (of a county's schools, of a day whose final digest was cut).
    """

    kind = models.CharField(max_length=10, choices=choices(TodoKind))
    code = models.CharField(max_length=20)  # of the school or county
    day = models.DateField(null=True)
    settled = models.BigIntegerField()

    class Meta:
        db_table = "todo"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "code", "day"], name="todo_once"),
            models.UniqueConstraint(
                fields=["kind", "code"],
                condition=models.Q(day__isnull=True),
                name="todo_dateless_once",  # nulls are never equal
            ),
            one_of("todo", "kind", TodoKind),
        ]


class NotedAct(models.Model):
    """A transaction that changed what stands, in the order of the commits; until its line is in the journal."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    what = models.CharField(max_length=16, choices=choices(ActKind))
    said = models.JSONField()
    settled = models.BigIntegerField()
    audit = models.CharField(max_length=40)

    class Meta:
        db_table = "act"
        constraints: ClassVar = [one_of("act", "what", ActKind)]


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
