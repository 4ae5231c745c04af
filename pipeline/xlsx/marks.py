"""What all return workbooks share: the reasons, in words and in colour, and the cells as they were typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pipeline import issues
from pipeline.forms.base import Column
from pipeline.forms.block import label, labels_of
from pipeline.forms.cells import typed
from pipeline.model import Issue, Refused, Severity
from pipeline.xlsx import writer as ink

__all__ = [
    "ORIGINAL", "REASON", "TICKET", "TWO_WAYS", "VOID", "GivebackFacts", "colour", "issues_of", "reason", "typed",
]  # fmt: skip

REASON, ORIGINAL, VOID, TICKET = "退回原因", "原行号", "作废", "凭单号"
TWO_WAYS = "两法任选：只改本表发回；或改原表后整份重发"


@dataclass(frozen=True, slots=True)
class GivebackFacts:
    """What goes back: `fields` by field name of the form (unit, school, campus, day), the refused rows, the names of
    the unit's classes for the dropdown, and details of the unit.
    """

    fields: Mapping[str, str | int | date]
    rows: Sequence[Refused]
    classes: Sequence[str] = ()
    token: str = ""
    kindergarten: bool = False
    boarding: bool = True
    notes: Sequence[str] = field(default=())  # further lines under the title
    beside: Mapping[str, tuple[Mapping[str, str | int | float | date], ...]] = field(default_factory=dict)
    """Rows by table that do not go back, and are drawn as in the template, because one that does needs them."""


def reason(issue: Issue) -> str:
    """What we saw, and what to do now, as one text."""
    return issues.message(issue) + issues.remedy(issue)


def issues_of(column: Column, found: Sequence[Issue]) -> list[Issue]:
    """The issues at cells of a column, by its label as the sender wrote it."""
    names = labels_of(column)
    return [issue for issue in found if label(issue.column) in names]


def colour(found: Sequence[Issue]) -> dict[str, object]:
    """Red for what must be corrected, yellow for what is only asked about."""
    if not found:
        return {}
    return {"bg_color": ink.BAD if any(issues.severity(i) is Severity.ERROR for i in found) else ink.REASON}
