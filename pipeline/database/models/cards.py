"""The answers to an alert's card, and the days that were followed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from pipeline.alert_state import CardReason, CardState, CardVerdict
from pipeline.database.models.alerts import Alert
from pipeline.database.models.closed import choices, one_of


class Card(models.Model):
    """One 预警信息报告卡 that was accepted."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE)
    submission = models.BigIntegerField(default=0)
    settled = models.BigIntegerField(default=0)  # settled_seq by which it has its state
    at = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1)
    by = models.CharField(max_length=12, blank=True)  # the division that filled it in; "" the school itself
    verdict = models.CharField(max_length=12, blank=True, choices=choices(CardVerdict))
    reason = models.CharField(max_length=4, blank=True, choices=choices(CardReason))
    answer = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=choices(CardState), default=CardState.ANSWERED.value)
    late = models.BooleanField(default=False)
    report_late = models.BooleanField(default=False)

    class Meta:
        db_table = "card"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alert", "submission"], name="card_once"),
            one_of("card", "verdict", ("", *CardVerdict)),
            one_of("card", "reason", ("", *CardReason)),
            one_of("card", "state", CardState),
        ]


class CardDay(models.Model):
    """The latest entry for one day of an alert that is followed."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE)
    day = models.DateField()
    fresh = models.PositiveIntegerField(null=True)
    present = models.PositiveIntegerField(null=True)
    progress = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=40)

    class Meta:
        db_table = "card_day"
        constraints: ClassVar = [models.UniqueConstraint(fields=["alert", "day"], name="card_day_once")]
