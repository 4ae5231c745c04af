"""待对账: contradictions between the 停课报告表 and the 缺课日报 of a school."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from pipeline.database.models.closed import choices, one_of
from pipeline.database.models.places import Unit
from pipeline.model import MatterState
from pipeline.reconcile import MatterKind


class Matter(models.Model):
    """One thing to be reconciled. Its id is made from its subject, so that it is the same whatever came first."""

    id = models.CharField(max_length=16, primary_key=True)
    school = models.ForeignKey(Unit, models.PROTECT, db_column="school", db_index=False, related_name="+")
    campus = models.CharField(max_length=40)
    division = models.CharField(max_length=12)
    kind = models.CharField(max_length=12, choices=choices(MatterKind))
    subject = models.CharField(max_length=80)
    day = models.DateField()
    what = models.CharField(max_length=400)  # the sentence: it may name a class, no pupil
    ask = models.CharField(max_length=400)  # the question to the school
    stamp = models.CharField(max_length=16)  # changes whenever the records do
    state = models.CharField(max_length=10, choices=choices(MatterState), default=MatterState.OPEN.value)
    since = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=60, blank=True)  # who settled it
    why = models.CharField(max_length=400, blank=True)
    asked_on = models.DateField(null=True)  # day of the last letter that asks the school about it …
    asked_stamp = models.CharField(max_length=16, blank=True)  # … and its stamp then

    class Meta:
        db_table = "matter"
        constraints: ClassVar = [one_of("matter", "kind", MatterKind), one_of("matter", "state", MatterState)]
        indexes: ClassVar = [
            models.Index(fields=["division", "state"], name="matter_division"),
            models.Index(fields=["school"], name="matter_school"),
            models.Index(fields=["school"], condition=models.Q(state=MatterState.OPEN.value), name="matter_open"),
        ]
