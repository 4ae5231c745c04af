"""缺课日报: rows that the template brought along (续), and what is meant by leaving them as they are.

The clerk says of each whether the pupil is still absent or has come back; a row left as it was says neither, and
invents no absence: in a zero report all have come back, else the row goes back to be answered. A row that was
changed says what its cells say, mark or no mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline import carry
from pipeline.carry import Marks, PrefillKind
from pipeline.model import Issue
from pipeline.validate.case import RowCase, SubmissionCase
from pipeline.validate.classes import Classes

UNANSWERED = "carried-unanswered"


@dataclass(slots=True)
class Sorted:
    """The rows of one file by what they are. `spoken` are those a person wrote or answered, in their order."""

    spoken: list[RowCase] = field(default_factory=list)
    untouched: list[RowCase] = field(default_factory=list)  # absences brought along, neither answered nor changed
    unmended: list[RowCase] = field(default_factory=list)  # rows of an earlier day that went back, still as they were
    rows: list[RowCase] = field(default_factory=list)  # those to be judged: spoken and untouched, in their order

    @property
    def absent(self) -> int:
        """How many rows say that somebody is absent."""
        return sum(not _is_back(line) for line in self.spoken)


def sort(case: SubmissionCase, lines: Sequence[RowCase], classes: Classes, key: bytes) -> Sorted:
    """Tell the rows of a file apart, and say at each what its sender must know."""
    found = Sorted()
    if not any(line.row.mark for line in lines):
        found.spoken, found.rows = list(lines), list(lines)
        return found
    marks = Marks(key, case.unit, case.campus)
    for line in lines:
        kind = _kind(line, marks, classes)
        if kind is PrefillKind.BACK:
            found.unmended.append(line)
        elif kind is PrefillKind.OPEN:
            found.untouched.append(line)
        else:
            found.spoken.append(line)
    _say_absent_again(found, classes)
    _say_again(found, classes)
    kept = {id(line) for line in (*found.spoken, *found.untouched)}
    found.rows = [line for line in lines if id(line) in kept]
    _answer(case, found)
    _say_mended(case, [line for line in found.spoken if _was_back(line, marks, classes)])
    return found


def _was_back(line: RowCase, marks: Marks, classes: Classes) -> bool:
    """A row that went back on an earlier day, mended: its pupil may have had no class there, or no name."""
    mark = carry.read(line.row.mark) if line.row.mark else None
    if mark is None or line.case.day is None or mark.kind is not PrefillKind.BACK or mark.since >= line.case.day:
        return False
    place, name = _pupil(line, classes)
    return any(marks.about(mark, pupil) for pupil in ((place, name), ("", name), (place, "")))


def _say_mended(case: SubmissionCase, mended: Sequence[RowCase]) -> None:
    """Today's report is no word on an earlier day: its ticket stays open, which nobody would guess."""
    if mended:
        since = min(mark.since for line in mended if (mark := carry.read(line.row.mark)))
        told = (("count", str(len(mended))), ("day", f"{since:%m-%d}"))
        case.issues.append(Issue("carried-mended", details=told))


def _kind(line: RowCase, marks: Marks, classes: Classes) -> PrefillKind | None:
    """What a row is: brought along and as it was, or a row of its sender's (None)."""
    mark = carry.read(line.row.mark) if line.row.mark else None
    if mark is None or line.case.day is None or mark.since >= line.case.day:
        return None
    same = marks.unchanged(mark, carry.content_of(line.table, line.row))
    state = line.values[carry.ANSWER]
    if mark.kind is PrefillKind.BACK:
        return PrefillKind.BACK if same and state in {None, "returned"} else None
    if not marks.about(mark, _pupil(line, classes)) or state is not None or line.values["returned"] is not None:
        return None
    if same and carry.ANSWER not in line.row.raw:
        return PrefillKind.OPEN
    line.say("carried-changed", carry.ANSWER)
    return None


def _pupil(line: RowCase, classes: Classes) -> tuple[str, str]:
    return classes.key(line.values["class_name"]), str(line.values["name"] or "")


def _say_again(found: Sorted, classes: Classes) -> None:
    """A pupil of whom the file speaks in a row of its own needs no answer in the row brought along."""
    written: dict[tuple[str, str], list[RowCase]] = {}
    for line in found.spoken:
        written.setdefault(_pupil(line, classes), []).append(line)
    kept = []
    for line in found.untouched:
        again = next((one for one in written.get(_pupil(line, classes), ()) if _same_number(one, line)), None)
        if again is None:
            kept.append(line)
        else:
            line.issues, line.read = [], 0
            line.say("carried-again", "name", first=str(again.row.number))
            line.case.issues.extend(line.said)
    found.untouched = kept


def _say_absent_again(found: Sorted, classes: Classes) -> None:
    """A pupil brought along, said to be back and yet written below as absent, is one pupil, absent: many a clerk
    answers all rows alike and types the day's list as ever.
    """
    written = {_pupil(line, classes): line for line in found.spoken if not line.row.mark and not _is_back(line)}
    kept = []
    for line in found.spoken:
        again = written.get(_pupil(line, classes)) if line.row.mark and _is_back(line) else None
        if again is None or not _same_number(line, again):
            kept.append(line)
        else:
            line.issues, line.read = [], 0
            line.say("carried-absent-again", "name", first=str(again.row.number))
            line.case.issues.extend(line.said)
    found.spoken = kept


def _is_back(line: RowCase) -> bool:
    return line.values[carry.ANSWER] == "returned" or line.values["returned"] is not None


def _same_number(one: RowCase, other: RowCase) -> bool:
    numbers = {one.values["number"], other.values["number"]} - {None}
    return len(numbers) < 2


def _answer(case: SubmissionCase, found: Sorted) -> None:
    """Take untouched rows for what the whole file says of them."""
    zero = case.reading.header.get("zero") is True and not found.absent and not case.claims.returned
    for line in found.untouched:
        line.issues, line.read = [], 0  # what else it says was judged on the day it was written
        if zero:
            line.values[carry.ANSWER] = "returned"
        else:
            line.say(UNANSWERED, carry.ANSWER)
    if zero and found.untouched:
        case.issues.append(Issue("carried-returned", details=(("count", str(len(found.untouched))),)))
    if found.unmended:
        case.issues.append(Issue("carried-unmended", details=(("count", str(len(found.unmended))),)))
