"""Places and units: divisions, units, campuses, classes, the calendar."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from pipeline.database.models.closed import choices, one_of
from pipeline.model import HOME_CAMPUS, ClassState, DivisionKind, Organ, SpanKind, UnitKind


class Division(models.Model):
    """Province, city, county or function zone, with the dates between which it exists."""

    code = models.CharField(max_length=12, primary_key=True)
    name = models.CharField(max_length=60)
    short = models.CharField(max_length=20)  # for tiles and file names: 雨花台
    kind = models.CharField(max_length=16, choices=choices(DivisionKind))
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)  # first day it no longer exists

    class Meta:
        db_table = "division"
        constraints: ClassVar = [one_of("division", "kind", DivisionKind)]


class Unit(models.Model):
    """Who acts: a school (10-digit 学校标识码) or an organ (教育局, 卫健委, 疾控) of a division."""

    code = models.CharField(max_length=20, primary_key=True)
    kind = models.CharField(max_length=8, choices=choices(UnitKind))
    organ = models.CharField(max_length=12, blank=True, choices=choices(Organ))
    division = models.ForeignKey(Division, on_delete=models.PROTECT)
    name = models.CharField(max_length=80)
    stages = models.CharField(max_length=60, blank=True)  # 小学 初中, separated by blanks
    boarding = models.BooleanField(default=False)
    reporter = models.CharField(max_length=40, blank=True)  # 填报人
    reporter_phone = models.CharField(max_length=30, blank=True)
    leader = models.CharField(max_length=40, blank=True)  # 分管领导
    leader_phone = models.CharField(max_length=30, blank=True)
    mailbox = models.CharField(max_length=254, blank=True)
    leader_mailbox = models.CharField(max_length=254, blank=True)
    mail_wishes = models.CharField(max_length=40, blank=True)  # as `forms.mail_wishes` reads them
    token_serial = models.PositiveIntegerField(default=1)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        db_table = "unit"
        constraints: ClassVar = [one_of("unit", "kind", UnitKind), one_of("unit", "organ", ("", *Organ))]
        indexes: ClassVar = [models.Index(fields=["division", "kind"], name="unit_division")]


class Campus(models.Model):
    school = models.ForeignKey(Unit, on_delete=models.PROTECT)
    name = models.CharField(max_length=40, default=HOME_CAMPUS)
    reporter = models.CharField(max_length=40, blank=True, default="")  # "": the school's
    reporter_phone = models.CharField(max_length=30, blank=True, default="")
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        db_table = "campus"
        constraints: ClassVar = [models.UniqueConstraint(fields=["school", "name"], name="campus_once")]


class SchoolClass(models.Model):
    """A class of one school year, as it was from `valid_from` to before `valid_to`: a changed roll makes a second row.
    `key` is its normal form (三3), `name` as the school writes it.
    """

    school = models.ForeignKey(Unit, on_delete=models.PROTECT)
    campus = models.CharField(max_length=40, default=HOME_CAMPUS)
    school_year = models.PositiveSmallIntegerField()  # 2026 for 2026-09 to 2027-08
    key = models.CharField(max_length=20)
    name = models.CharField(max_length=40)
    stage = models.CharField(max_length=8, blank=True)
    roll = models.PositiveIntegerField(null=True)
    state = models.CharField(max_length=10, choices=choices(ClassState), default=ClassState.CONFIRMED.value)
    alias_of = models.CharField(max_length=20, blank=True)
    valid_from = models.DateField(null=True)  # null: since the school year began
    valid_to = models.DateField(null=True)

    class Meta:
        db_table = "school_class"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "campus", "school_year", "key", "valid_from"], name="class_once"),
            models.UniqueConstraint(
                fields=["school", "campus", "school_year", "key"],
                condition=models.Q(valid_from__isnull=True),
                name="class_first_once",  # nulls are never equal
            ),
            one_of("school_class", "state", ClassState),
        ]
        indexes: ClassVar = [
            models.Index(fields=["valid_from"], condition=models.Q(state=ClassState.NEW.value), name="class_new"),
        ]


class CalendarDay(models.Model):
    """An override or a term of the school calendar. The more local place wins."""

    place = models.CharField(max_length=20)  # unit or division code
    stage = models.CharField(max_length=8, blank=True)
    first = models.DateField()
    last = models.DateField()
    kind = models.CharField(max_length=10, choices=choices(SpanKind))
    note = models.CharField(max_length=80, blank=True)
    ref = models.CharField(max_length=40, blank=True)  # 编号: by which a workbook refers to this line

    class Meta:
        db_table = "calendar_day"
        constraints: ClassVar = [one_of("calendar_day", "kind", SpanKind)]
        indexes: ClassVar = [models.Index(fields=["place", "first"], name="calendar_place")]
