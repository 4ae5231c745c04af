"""What is noted while a workbook is read: issues, repairs, and cells that say more than their own column can hold."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.model import Issue, Repair

READABLE = frozenset(("column-missing", "header-twice"))
"""Issues that return a whole file though its rows can be read: they need not be typed again."""


@dataclass
class ReadingNotes:
    """Issues and repairs, collected while reading. `refused`: an issue that concerns the whole file; `unread`: one that
    leaves it unclear which rows are meant.
    """

    issues: list[Issue] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    refused: bool = False
    unread: bool = False

    def refuse(self, issue: Issue) -> None:
        self.issues.append(issue)
        self.refused = True
        self.unread = self.unread or issue.code not in READABLE

    def forget(self, sheet: str, row: int) -> None:
        """Drop what was noted of a row that shall not count: nothing in it is to be mended."""
        self.issues = [one for one in self.issues if (one.sheet, one.row) != (sheet, row)]
        self.repairs = [one for one in self.repairs if (one.sheet, one.row) != (sheet, row)]


@dataclass(frozen=True, slots=True)
class FixedCell:
    """A cell that was understood though it was not typed as asked, until its row is read. `now`: its value in words."""

    index: int
    was: str
    now: str
    spills: tuple[tuple[str, str], ...]
