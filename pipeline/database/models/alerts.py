"""Warnings: alerts as episodes, with their hits, cases, events and cards."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from pipeline.alert_state import AlertState, AlertStep
from pipeline.database.models.closed import choices, one_of
from pipeline.database.models.places import Unit
from pipeline.rules.values import Stage


class Alert(models.Model):
    """One episode: the hits of one cluster of a campus, collected; one card."""

    id = models.CharField(max_length=16, primary_key=True)  # 2026-0482
    school = models.ForeignKey(Unit, models.PROTECT, db_column="school", db_index=False, related_name="+")
    campus = models.CharField(max_length=40)
    division = models.CharField(max_length=12)
    scope = models.CharField(max_length=40)  # the class key or dorm, if it is one; else "" (`alert_labels`)
    group = models.CharField(max_length=20)  # the first of its names
    also = models.CharField(max_length=80, blank=True)  # the groups it is named by besides: "RES GI"
    stage = models.CharField(max_length=12, choices=choices(Stage))  # highest so far
    state = models.CharField(max_length=12, choices=choices(AlertState), default=AlertState.ISSUED.value)
    opened_day = models.DateField()
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    hours = models.PositiveSmallIntegerField(default=24)  # hours in which it must be answered, as of its opening
    first_onset = models.DateField()
    last_onset = models.DateField()
    cases = models.PositiveIntegerField()
    deaths = models.PositiveIntegerField(default=0)  # by the answer that told of them last
    ends_after = models.DateField()  # without a linked case by then it may end
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=40, blank=True)
    revision = models.PositiveIntegerField(default=1)  # of the card: raised when its readers must receive it again

    class Meta:
        db_table = "alert"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["school", "campus", "group"],
                condition=models.Q(closed_at__isnull=True),
                name="alert_one_open",
            ),
            one_of("alert", "state", AlertState),
            one_of("alert", "stage", Stage),
        ]
        indexes: ClassVar = [
            models.Index(fields=["division", "closed_at"], name="alert_division"),
            models.Index(fields=["opened_day"], name="alert_opened"),
            models.Index(fields=["opened_at"], name="alert_opened_at"),
            models.Index(fields=["school", "closed_at"], name="alert_school"),
            # few alerts may end; the ended ones grow in number
            models.Index(fields=["ends_after"], condition=models.Q(closed_at__isnull=True), name="alert_open_end"),
            models.Index(fields=["closed_at"], name="alert_closed_at"),  # for those that ended in the future
        ]


class RaisedAlert(models.Model):
    """What a person raised, because records cannot show it; who and why are with the decision."""

    school = models.ForeignKey(Unit, models.PROTECT, db_column="school", db_index=False, related_name="+")
    campus = models.CharField(max_length=40)
    rule = models.CharField(max_length=8)
    group = models.CharField(max_length=20)
    scope = models.CharField(max_length=40, blank=True)  # as of a hit
    day = models.DateField()
    n = models.PositiveIntegerField()  # pupils concerned
    decision = models.BigIntegerField()  # the place in the sequence of the decision, or of the card that said so
    settled = models.BigIntegerField()
    alert = models.CharField(max_length=16, blank=True)  # whose card said so

    class Meta:
        db_table = "raised_alert"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "campus", "rule", "scope", "day", "alert"], name="raised_once")
        ]


class RulesFile(models.Model):
    """The site's rules.toml as it was found changed; the last good one is in force."""

    seen_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)
    text = models.TextField()
    good = models.BooleanField()
    problems = models.JSONField(default=list)

    class Meta:
        db_table = "rules_file"


class AlertHit(models.Model):
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE)
    rule = models.CharField(max_length=8)
    rule_version = models.CharField(max_length=12)
    scope = models.CharField(max_length=40)
    group = models.CharField(max_length=20)
    stage = models.CharField(max_length=12, choices=choices(Stage))
    day = models.DateField()
    n = models.PositiveIntegerField()
    threshold = models.CharField(max_length=24)
    members = models.JSONField(default=list)  # [[pupil code, class key, onset], …]: the n pupils counted
    from_settled = models.BigIntegerField()
    to_settled = models.BigIntegerField(null=True)  # the records no longer meet it

    class Meta:
        db_table = "alert_hit"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alert", "rule", "group", "scope", "day", "from_settled"], name="hit_once"),
            one_of("alert_hit", "stage", Stage),
        ]


class AlertCase(models.Model):
    """A pupil an alert lists: who met a rule, and every other case that counts (`warn.linking`)."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE)
    pupil = models.CharField(max_length=40)
    class_key = models.CharField(max_length=20)
    onset = models.DateField()
    diagnosis = models.CharField(max_length=8, blank=True)
    from_settled = models.BigIntegerField()
    to_settled = models.BigIntegerField(null=True)

    class Meta:
        db_table = "alert_case"
        indexes: ClassVar = [models.Index(fields=["alert", "pupil"], name="case_alert")]


class AssessedMoment(models.Model):
    """A moment at which all that had settled by then was assessed: what a rehearsal goes through again."""

    school = models.CharField(max_length=20, blank=True)  # "" for all; else the one an answer waited for
    settled = models.BigIntegerField()  # the last settled_seq then
    at = models.DateTimeField()
    events = models.BigIntegerField()  # id of the last event of any alert before

    class Meta:
        db_table = "assessment"
        constraints: ClassVar = [models.UniqueConstraint(fields=["school", "settled"], name="assessment_once")]
        indexes: ClassVar = [models.Index(fields=["at"], name="assessment_at")]


class AlertEvent(models.Model):
    """One step of an alert's history, in order: issued, raised, answered, confirmed, returned, ended …"""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE)
    at = models.DateTimeField()
    what = models.CharField(max_length=16, choices=choices(AlertStep))
    origin = models.BigIntegerField()  # settled_seq, or the place of the card or ruling, that caused it
    details = models.JSONField(default=dict)
    # of the alert after a step that did not follow from records (a card, a ruling, a correction, its end); else ""
    state = models.CharField(max_length=12, blank=True, choices=choices(AlertState))

    class Meta:
        db_table = "alert_event"
        constraints: ClassVar = [
            one_of("alert_event", "what", AlertStep),
            one_of("alert_event", "state", ("", *AlertState)),
        ]
