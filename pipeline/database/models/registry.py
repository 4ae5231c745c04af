"""Statements about the registry and the calendar, with author and first day: rows of places.py are folded from them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from pipeline.database.models.closed import choices, one_of
from pipeline.database.models.places import Division, Unit
from pipeline.model import StatementState


class Statement(models.Model):
    """The statement of one workbook, or one decision, about one unit's registry or one place's calendar.

    `order` is its place in the received sequence; 0 for the state before any statement.
    """

    order = models.BigIntegerField()
    unit = models.CharField(max_length=20)  # school, organ or, of a calendar, division
    form = models.CharField(max_length=12)  # roster | calendar
    day = models.DateField()  # in force from
    content = models.JSONField()
    state = models.CharField(max_length=10, choices=choices(StatementState), default=StatementState.STANDING.value)
    submission = models.BigIntegerField(default=0)  # received_seq of its workbook; 0 for none

    class Meta:
        db_table = "statement"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "unit", "form"], name="statement_once"),
            one_of("statement", "state", StatementState),
        ]
        indexes: ClassVar = [
            models.Index(fields=["unit", "form", "order"], name="statement_unit"),
            models.Index(fields=["day"], name="statement_day"),
            models.Index(
                fields=["submission"],
                condition=models.Q(state=StatementState.PROPOSED.value),
                name="statement_proposed",
            ),
            models.Index(fields=["submission"], name="statement_submission"),
        ]


class UnitPlace(models.Model):
    """The division on each day of a unit that has moved, or will move; others have no rows here."""

    unit = models.ForeignKey(Unit, models.PROTECT, db_column="unit", db_index=False, related_name="+")
    division = models.ForeignKey(Division, models.PROTECT, db_column="division", db_index=False, related_name="+")
    first = models.DateField(null=True)
    until = models.DateField(null=True)  # first day it is no longer there

    class Meta:
        db_table = "unit_place"
        indexes: ClassVar = [models.Index(fields=["unit"], name="unit_place_unit")]
