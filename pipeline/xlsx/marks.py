"""What every return workbook has: why something goes back, in words and in colour, and cells as they were typed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pipeline import issues
from pipeline.forms import layout
from pipeline.forms.base import Column, Dtype
from pipeline.model import Issue, Refused, Severity
from pipeline.xlsx import pen as ink

REASON, ORIGINAL, VOID, TICKET = "退回原因", "原行号", "作废", "凭单号"
TWO_WAYS = "两法任选：只改本表发回；或改原表后整份重发"


@dataclass(frozen=True, slots=True)
class GivebackFacts:
    """What goes back: `fields` by field name of the form (unit, school, campus, day), the refused rows, the
    names of the unit's classes for the dropdown, and who the unit is.
    """

    fields: Mapping[str, str | date]
    rows: Sequence[Refused]
    classes: Sequence[str] = ()
    token: str = ""
    kindergarten: bool = False
    boarding: bool = True
    notes: Sequence[str] = field(default=())  # further lines under the title


def reason(issue: Issue) -> str:
    return issues.message(issue) + issues.remedy(issue)


def issues_of(column: Column, found: Sequence[Issue]) -> list[Issue]:
    names = {layout.label(name) for name in (column.header, column.kindergarten, *column.aliases)} - {""}
    return [issue for issue in found if layout.label(issue.column) in names]


def colour(found: Sequence[Issue]) -> dict[str, object]:
    """Red for what must be mended, yellow for what is only asked."""
    if not found:
        return {}
    return {"bg_color": ink.BAD if any(issues.severity(i) is Severity.ERROR for i in found) else ink.REASON}


_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")


def typed(column: Column, text: str) -> str | int | float | date:
    """A raw text as the cell its column expects, where that is certain: else the text, as it was typed."""
    try:
        if column.dtype == "date" and _DAY.fullmatch(text):
            return date.fromisoformat(text)
        if column.dtype == "datetime" and _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        return text  # 2026-02-30
    if column.dtype in ("number", "integer") and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text
