"""缺课日报: rows that the template carried over (续), and what it means to leave them as they are.

The clerk marks for each whether the pupil is still absent or has come back. A row left as it was says neither, and adds
no absence: in a zero report all have come back, else the row goes back to be answered. A row that was changed counts by
its cells, with or without a mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline import carry
from pipeline.carry import Marks, PrefillKind
from pipeline.model import DayPart, Issue, RowState
from pipeline.validate.case import RowCase, SubmissionCase
from pipeline.validate.classes import Classes

UNANSWERED = "carried-unanswered"
HALVES = frozenset({DayPart.AM, DayPart.PM})


@dataclass(slots=True)
class Sorted:
    """The rows of one file by kind. `written`: those a person wrote or answered, in their order."""

    written: list[RowCase] = field(default_factory=list)
    untouched: list[RowCase] = field(default_factory=list)  # absences carried over, neither answered nor changed
    unmended: list[RowCase] = field(default_factory=list)  # returned rows of an earlier day, not changed
    rows: list[RowCase] = field(default_factory=list)  # rows to be checked: written and untouched, in their order

    @property
    def absent(self) -> int:
        """How many rows report an absence."""
        return sum(not is_back(line) for line in self.written)


def sort(case: SubmissionCase, lines: Sequence[RowCase], classes: Classes, key: bytes) -> Sorted:
    """Sort the rows of a file by kind, and add to each the issues its sender must know."""
    found = Sorted()
    if not any(line.row.mark for line in lines):
        found.written, found.rows = list(lines), list(lines)
        return found
    marks = Marks(key, case.unit, case.campus)
    for line in lines:
        kind = _kind(line, marks, classes)
        if kind is PrefillKind.BACK:
            found.unmended.append(line)
        elif kind is PrefillKind.OPEN:
            found.untouched.append(line)
        else:
            found.written.append(line)
    _report_absent_again(found, classes)
    _report_again(found, classes)
    kept = {id(line) for line in (*found.written, *found.untouched)}
    found.rows = [line for line in lines if id(line) in kept]
    _answer(case, found)
    _report_corrected(case, [line for line in found.written if _was_back(line, marks, classes)])
    return found


def _was_back(line: RowCase, marks: Marks, classes: Classes) -> bool:
    """A returned row of an earlier day, corrected: its pupil may have had no class there, or no name."""
    mark = carry.read(line.row.mark) if line.row.mark else None
    if mark is None or line.case.day is None or mark.kind is not PrefillKind.BACK or mark.since >= line.case.day:
        return False
    place, name = _pupil(line, classes)
    return any(marks.about(mark, pupil) for pupil in ((place, name), ("", name), (place, "")))


def _report_corrected(case: SubmissionCase, mended: Sequence[RowCase]) -> None:
    """Today's report does not answer for an earlier day: its ticket stays open, and the sender must know."""
    if mended:
        since = min(mark.since for line in mended if (mark := carry.read(line.row.mark)))
        details = (("count", str(len(mended))), ("day", f"{since:%m-%d}"))
        case.issues.append(Issue("carried-mended", details=details))


def _kind(line: RowCase, marks: Marks, classes: Classes) -> PrefillKind | None:
    """The kind of a row: carried over and unchanged, or the sender's own (None)."""
    mark = carry.read(line.row.mark) if line.row.mark else None
    if mark is None or line.case.day is None or mark.since >= line.case.day:
        return None
    same = marks.unchanged(mark, carry.content_of(line.table, line.row))
    state = line.values[carry.ANSWER]
    if mark.kind is PrefillKind.BACK:
        return PrefillKind.BACK if same and state in {None, RowState.RETURNED} else None
    if not marks.about(mark, _pupil(line, classes)) or state is not None or line.values["returned"] is not None:
        return None
    if same and carry.ANSWER not in line.row.raw:
        return PrefillKind.OPEN
    line.add_issue("carried-changed", carry.ANSWER)
    return None


def _pupil(line: RowCase, classes: Classes) -> tuple[str, str]:
    return classes.key(line.values["class_name"]), str(line.values["name"] or "")


def _report_again(found: Sorted, classes: Classes) -> None:
    """A pupil with a row of its own in the file needs no answer in the row carried over."""
    written: dict[tuple[str, str], list[RowCase]] = {}
    for line in found.written:
        written.setdefault(_pupil(line, classes), []).append(line)
    kept = []
    for line in found.untouched:
        again = next((one for one in written.get(_pupil(line, classes), ()) if _same_number(one, line)), None)
        if again is None:
            kept.append(line)
        else:
            line.issues, line.read = [], 0
            line.add_issue("carried-again", "name", first=str(again.row.number))
            line.case.issues.extend(line.new_issues)
    found.untouched = kept


def _report_absent_again(found: Sorted, classes: Classes) -> None:
    """A pupil marked as back in the row carried over but absent in a row below is one absent pupil: many clerks answer
    all rows alike and then type the day's list as usual.
    """
    written = {_pupil(line, classes): line for line in found.written if not line.row.mark and not is_back(line)}
    kept = []
    for line in found.written:
        again = written.get(_pupil(line, classes)) if line.row.mark and is_back(line) else None
        if again is None or not _same_number(line, again):
            kept.append(line)
        else:
            line.issues, line.read = [], 0
            line.add_issue("carried-absent-again", "name", first=str(again.row.number))
            line.case.issues.extend(line.new_issues)
    found.written = kept


def is_back(line: RowCase) -> bool:
    """Tell whether a row says that its pupil is back; a pupil who missed half the day itself was absent, too."""
    values = line.values
    back = values[carry.ANSWER] == RowState.RETURNED or values["returned"] is not None
    half = values["part"] in HALVES and values["returned"] in (None, line.case.day)
    return back and not half


def _same_number(one: RowCase, other: RowCase) -> bool:
    numbers = {one.values["number"], other.values["number"]} - {None}
    return len(numbers) < 2


def _answer(case: SubmissionCase, found: Sorted) -> None:
    """Answer untouched rows by the file as a whole."""
    zero = case.reading.header.get("zero") is True and not found.absent and not case.claims.returned
    for line in found.untouched:
        line.issues, line.read = [], 0  # its other cells were checked on the day they were written
        if zero:
            line.values[carry.ANSWER] = RowState.RETURNED.value
        else:
            line.add_issue(UNANSWERED, carry.ANSWER)
    if zero and found.untouched:
        case.issues.append(Issue("carried-returned", details=(("count", str(len(found.untouched))),)))
    if found.unmended:
        case.issues.append(Issue("carried-unmended", details=(("count", str(len(found.unmended))),)))
