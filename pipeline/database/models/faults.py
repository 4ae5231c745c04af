"""Steps that failed and have not succeeded since."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class FaultRecord(models.Model):
    """The last fault of one step, or of one submission, letter or edition; removed once that succeeds."""

    step = models.CharField(max_length=12)  # intake | draw | calendar | templates | … : what is tried again as a whole
    about = models.CharField(max_length=80, blank=True)  # "submission 12", "letter 3 digest 320106", "2026-11-20"
    stage = models.CharField(max_length=12, blank=True)
    error = models.CharField(max_length=60)
    at = models.CharField(max_length=160, blank=True)
    inner = models.CharField(max_length=160, blank=True)
    text = models.CharField(max_length=200, blank=True)
    size = models.PositiveIntegerField(default=0)  # submissions in progress, the first and the last of them
    first = models.BigIntegerField(default=0)
    last = models.BigIntegerField(default=0)
    since = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        db_table = "fault"
        constraints: ClassVar = [models.UniqueConstraint(fields=["step", "about"], name="fault_once")]
