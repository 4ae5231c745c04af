"""Columns and constraints of the store, nothing else: decisions are made in the pure core.

Words and keys are those of docs/glossary.md. Every `*_settled` is a settled_seq: a row was current "as of n" if
from_settled ≤ n < to_settled (rows of the current tables have no end yet).
"""

from pipeline.database.models.accounts import Account
from pipeline.database.models.alerts import (
    Alert,
    AlertCase,
    AlertEvent,
    AlertHit,
    AssessedMoment,
    RaisedAlert,
    RulesFile,
)
from pipeline.database.models.cards import Card, CardDay
from pipeline.database.models.desks import DeskLine, DeskToken
from pipeline.database.models.faults import FaultRecord
from pipeline.database.models.filings import Filing, FilingLine, FilingScan
from pipeline.database.models.intake import Audit, Counter, Decision, Letter, NotedAct, Submission, Todo
from pipeline.database.models.mail import AskedMailbox, Mail, Mailbox, Passphrase, Posting
from pipeline.database.models.matters import Matter
from pipeline.database.models.papers import CountyDay, Edition
from pipeline.database.models.places import CalendarDay, Campus, Division, SchoolClass, Unit
from pipeline.database.models.registry import Statement, UnitPlace
from pipeline.database.models.reported import (
    Absence,
    AbsencePast,
    CasePast,
    Closure,
    ClosurePast,
    Pupil,
    Reject,
    Report,
    ReportClass,
)

__all__ = [
    "Absence",
    "AbsencePast",
    "Account",
    "Alert",
    "AlertCase",
    "AlertEvent",
    "AlertHit",
    "AskedMailbox",
    "AssessedMoment",
    "Audit",
    "CalendarDay",
    "Campus",
    "Card",
    "CardDay",
    "CasePast",
    "Closure",
    "ClosurePast",
    "Counter",
    "CountyDay",
    "Decision",
    "DeskLine",
    "DeskToken",
    "Division",
    "Edition",
    "FaultRecord",
    "Filing",
    "FilingLine",
    "FilingScan",
    "Letter",
    "Mail",
    "Mailbox",
    "Matter",
    "NotedAct",
    "Passphrase",
    "Posting",
    "Pupil",
    "RaisedAlert",
    "Reject",
    "Report",
    "ReportClass",
    "RulesFile",
    "SchoolClass",
    "Statement",
    "Submission",
    "Todo",
    "Unit",
    "UnitPlace",
]
