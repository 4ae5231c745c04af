"""待对账: what the 停课报告表 and the 缺课日报 of a school say differently of the same thing."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from pipeline.database.models.closed import choices, one_of
from pipeline.model import MatterState
from pipeline.reconcile import MatterKind


class Matter(models.Model):
    """One thing to be reconciled. Its id is made of what it is about, so that it is the same whatever came first."""

    id = models.CharField(max_length=16, primary_key=True)
    school = models.CharField(max_length=20)
    campus = models.CharField(max_length=40)
    division = models.CharField(max_length=12)
    kind = models.CharField(max_length=12, choices=choices(MatterKind))
    subject = models.CharField(max_length=80)
    day = models.DateField()
    what = models.CharField(max_length=400)  # the sentence: a class may be in it, no pupil
    ask = models.CharField(max_length=400)  # what the school is asked to do
    stamp = models.CharField(max_length=16)  # another one as soon as the records say something else
    state = models.CharField(max_length=10, choices=choices(MatterState), default=MatterState.OPEN.value)
    since = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=60, blank=True)  # who settled it
    why = models.CharField(max_length=400, blank=True)
    asked_on = models.DateField(null=True)  # of the last letter that asks the school about it …
    asked_stamp = models.CharField(max_length=16, blank=True)  # … as it stood then

    class Meta:
        db_table = "matter"
        constraints: ClassVar = [one_of("matter", "kind", MatterKind), one_of("matter", "state", MatterState)]
        indexes: ClassVar = [
            models.Index(fields=["division", "state"], name="matter_division"),
            models.Index(fields=["school"], name="matter_school"),
            models.Index(fields=["school"], condition=models.Q(state=MatterState.OPEN.value), name="matter_open"),
        ]
