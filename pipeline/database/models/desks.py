"""Counties' decisions on their 处理单."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from pipeline.database.models.closed import choices, one_of
from pipeline.database.models.intake import Submission
from pipeline.database.models.places import Division
from pipeline.model import DeskSheet, Opinion


class DeskToken(models.Model):
    """The token of a 处理单 that was used: it proves nothing more."""

    division = models.ForeignKey(Division, models.PROTECT, db_column="division", db_index=False, related_name="+")
    mark = models.CharField(max_length=40)  # what it was issued for: `units.desk_mark`
    submission = models.ForeignKey(Submission, models.PROTECT, db_column="submission", related_name="+")

    class Meta:
        db_table = "desk_token"
        constraints: ClassVar = [models.UniqueConstraint(fields=["division", "mark"], name="desk_token_once")]


class DeskLine(models.Model):
    """The outcome of one matter on one 处理单. Those carried out distinguish a matter sent again from one that moved
    on.
    """

    submission = models.ForeignKey(Submission, models.PROTECT, db_column="submission", db_index=False, related_name="+")
    row = models.PositiveIntegerField()
    division = models.ForeignKey(Division, models.PROTECT, db_column="division", db_index=False, related_name="+")
    board = models.CharField(max_length=12, choices=choices(DeskSheet))
    target = models.CharField(max_length=120)
    stamp = models.CharField(max_length=8)
    opinion = models.CharField(max_length=8, choices=choices(Opinion))
    done = models.BooleanField()

    class Meta:
        db_table = "desk_line"
        constraints: ClassVar = [one_of("desk_line", "board", DeskSheet), one_of("desk_line", "opinion", Opinion)]
        indexes: ClassVar = [
            models.Index(fields=["board", "target"], name="desk_line_target"),
            models.Index(fields=["submission"], name="desk_line_submission"),
        ]
