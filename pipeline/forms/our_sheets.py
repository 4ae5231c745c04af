"""The sheets that we add to our templates beside what is filled in: never read, whatever a program makes of them."""

from __future__ import annotations

from pipeline.model import Sheet

LISTS_SHEET = "选项"  # values of dropdowns, hidden; some programs show it
HELP_SHEET = "填表说明"


def explains(sheet: Sheet) -> bool:
    """Whether it is our page of explanation, by its title: some programs call sheets otherwise."""
    title = sheet.rows[0][0] if sheet.rows and sheet.rows[0] else None
    return type(title) is str and title.endswith(HELP_SHEET)
