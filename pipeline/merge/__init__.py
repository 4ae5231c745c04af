"""What a submission does to what stands: pure, one submission at a time, in received order.

Validation has said what is wrong in the workbook itself; here is decided what depends on what is there
already: duplicate, older, withdrawing too much, a ticket that was closed meanwhile. `report` does it for
the 缺课日报, `closure` for the 停课报告表; `standing` has the values.
"""

from pipeline.merge.absence import step, waive
from pipeline.merge.closure import ClosureStanding, ClosureStep, Declared, close_step, rule
from pipeline.merge.standing import (
    ClassCount,
    Earlier,
    Event,
    ReportHead,
    ReportState,
    ReportStep,
    Stood,
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
    "Declared",
    "Earlier",
    "Event",
    "ReportHead",
    "ReportState",
    "ReportStep",
    "Sifted",
    "Stood",
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
