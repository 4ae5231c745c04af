"""缺课日报: a row that says of itself whose it is, or of which day, in a column its sender has added.

A file is of one school, campus and day, by its head and its channel. A row that says the same says nothing new; one
that says otherwise goes back, whatever else it says: taken, another school's child would be in this school's papers.
"""

from __future__ import annotations

from datetime import date
from operator import itemgetter

from pipeline.forms.text_normalise import fold
from pipeline.model import Issue
from pipeline.validate import campuses
from pipeline.validate.case import RowCase, SubmissionCase

CODES = frozenset(("row-other-school", "row-other-campus", "row-other-day", "class-of-other-campus"))
"""Why such rows go back: not a column that has slipped, however many they are."""

_COLUMNS = ("row_unit", "row_school", "row_campus", "row_day")
_said = itemgetter(*_COLUMNS)
_NOTHING = (None,) * len(_COLUMNS)


def ask(line: RowCase) -> bool:
    """Add the error about a row of another school, campus or day; tell whether there is one."""
    said = _said(line.values)
    if said == _NOTHING:
        return False
    before = len(line.issues)
    unit, school, campus, day = said
    case = line.case
    if unit and unit != case.unit:
        line.add_issue("row-other-school", "row_unit")
    elif school and not unit and not _of_this_school(line, str(school)):
        line.add_issue("row-other-school", "row_school")
    ours = case.school if case.school and case.campus in case.school.campuses else None
    if campus and ours and campuses.named(str(campus), ours) != case.campus:
        line.add_issue("row-other-campus", "row_campus", campus=case.campus)
    if isinstance(day, date) and case.day and day != case.day:
        line.add_issue("row-other-day", "row_day", day=case.day.isoformat())
    return len(line.issues) > before


def ask_of_all(case: SubmissionCase) -> None:
    """Say once, beside the rows that go back, which campuses a file of one campus names, and what to do."""
    mixed = campuses.several(case, case.school) if case.school else ""
    if mixed:
        case.issues.append(Issue("campus-mixed", details=(("which", mixed), ("campus", case.campus))))


def _of_this_school(line: RowCase, written: str) -> bool:
    """Whether a school's name is that of the registry, or that of the file's own head; a part of it will do."""
    header = line.case.reading.header.get("school")
    known = {fold(str(name)) for name in (line.case.school and line.case.school.name, header) if name}
    name = fold(written)
    return any(name in one or one in name for one in known) or not known
