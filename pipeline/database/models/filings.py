"""备案: who asked for which accounts, on which paper. No password is stored here, only its hash."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from pipeline.database.models.closed import choices, one_of
from pipeline.database.models.intake import Submission
from pipeline.database.models.places import Division, Unit
from pipeline.model import SCANS, FilingLineState, Level


class Filing(models.Model):
    """One 备案表 that was accepted. Its number (备案号) is the received_seq of the workbook."""

    number = models.BigIntegerField(primary_key=True)
    unit = models.ForeignKey(Unit, models.PROTECT, db_column="unit", db_index=False, related_name="+")
    level = models.CharField(max_length=10, choices=choices(Level))  # of the unit
    # the unit's division, and the one whose CDC opens the account
    home = models.ForeignKey(Division, models.PROTECT, db_column="home", db_index=False, related_name="+")
    opener = models.ForeignKey(Division, models.PROTECT, db_column="opener", db_index=False, related_name="+")
    applicant = models.CharField(max_length=40, blank=True)
    department = models.CharField(max_length=60, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    email = models.CharField(max_length=254, blank=True)
    received_at = models.DateTimeField()
    stamped_on = models.DateField(null=True)  # date on the paper, from whoever saw it

    class Meta:
        db_table = "filing"
        constraints: ClassVar = [one_of("filing", "level", Level)]
        indexes: ClassVar = [
            models.Index(fields=["opener"], name="filing_opener"),
            models.Index(fields=["unit"], name="filing_unit"),
        ]


class FilingLine(models.Model):
    """One account asked for. `seq` is of the last workbook with it: for a corrected row that is not its filing's."""

    filing = models.ForeignKey(Filing, on_delete=models.CASCADE, related_name="lines")
    seq = models.BigIntegerField()
    row = models.PositiveIntegerField()
    username = models.CharField(max_length=40)
    folded = models.CharField(max_length=60)
    region = models.CharField(max_length=60, blank=True)
    holder = models.CharField(max_length=60, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    ticket = models.CharField(max_length=24, blank=True)  # with which it came, corrected
    password = models.CharField(max_length=160, blank=True)  # argon2id; "" if we are to issue one
    state = models.CharField(max_length=12, choices=choices(FilingLineState))
    takeover = models.BooleanField(default=False)  # the name belonged to an account when it was asked for
    decided = models.BigIntegerField(null=True)  # the decision that opened or refused it
    why = models.CharField(max_length=400, blank=True)

    class Meta:
        db_table = "filing_line"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["filing", "folded"], name="filing_line_once"),
            one_of("filing_line", "state", FilingLineState),
        ]
        indexes: ClassVar = [
            models.Index(fields=["folded", "state"], name="filing_line_name"),
            models.Index(fields=["state"], name="filing_line_state"),
        ]


class FilingScan(models.Model):
    """A signed and stamped paper that came as a picture; number and hash give its path."""

    submission = models.OneToOneField(
        Submission, models.PROTECT, primary_key=True, db_column="submission", related_name="+"
    )
    filing = models.ForeignKey(Filing, on_delete=models.CASCADE, related_name="scans")
    sha256 = models.CharField(max_length=64)
    ending = models.CharField(max_length=4, choices=choices(SCANS))
    received_at = models.DateTimeField()

    class Meta:
        db_table = "filing_scan"
        constraints: ClassVar = [one_of("filing_scan", "ending", SCANS)]
