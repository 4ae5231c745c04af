"""What a submission changes in the current records: pure, one submission at a time, in received order.

Validation has found the errors in the workbook itself; merge decides what depends on the records: duplicate, older,
withdrawing too much, a ticket that was closed meanwhile. `absence` does it for the 缺课日报, `closure` for the
停课报告表; `standing` has the values.
"""

from pipeline.merge.absence import step, waive
from pipeline.merge.closure import ClosureStanding, ClosureStep, Declared, close_step, rule
from pipeline.merge.standing import (
    ClassCount,
    CurrentRow,
    Earlier,
    Event,
    ReportHead,
    ReportState,
    ReportStep,
    Ticket,
    pending,
    repeated,
    same,
    ticket_code,
)
from pipeline.merge.tickets import Sifted, carried, sift, turned

__all__ = [
    "ClassCount",
    "ClosureStanding",
    "ClosureStep",
    "CurrentRow",
    "Declared",
    "Earlier",
    "Event",
    "ReportHead",
    "ReportState",
    "ReportStep",
    "Sifted",
    "Ticket",
    "carried",
    "close_step",
    "pending",
    "repeated",
    "rule",
    "same",
    "sift",
    "step",
    "ticket_code",
    "turned",
    "waive",
]
