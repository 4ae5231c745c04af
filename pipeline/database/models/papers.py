"""Results: a county's day, issued editions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from pipeline.database.models.closed import choices, one_of
from pipeline.database.models.places import Division
from pipeline.model import EDITIONS


class CountyDay(models.Model):
    """The figures of one county's day, kept so that no digest reads history. Derived: computed again whenever
    `todo(figures, county, day)` says that records under it changed.
    """

    day = models.DateField()
    division = models.ForeignKey(Division, models.PROTECT, db_column="division", db_index=False, related_name="+")
    as_of_settled = models.BigIntegerField()
    figures = models.JSONField()
    schools = models.JSONField(default=dict)  # those that reported in full, and each school's new cases by group

    class Meta:
        db_table = "county_day"
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "division"], name="county_day_once")]


class Edition(models.Model):
    """One issued digest (or school page): its figures never change afterwards."""

    kind = models.CharField(max_length=12, choices=choices(EDITIONS))
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
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "place", "day", "n"], name="edition_once"),
            one_of("edition", "kind", EDITIONS),
        ]
