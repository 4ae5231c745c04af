"""What every writer of letters is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pipeline import forms, units
from pipeline.letters.queue import Facts
from pipeline.model import Issue, Level, Site
from pipeline.outbox.folder import OutPlace, Shelf
from pipeline.units import Tree

SHELVES: Mapping[Level, Shelf] = {
    Level.PROVINCE: "省",
    Level.CITY: "设区市",
    Level.COUNTY: "县(市、区)",
    Level.SCHOOL: "学校",
}
NOBODY = OutPlace("未识别", "未识别")


@dataclass(frozen=True, slots=True)
class LetterBatch:
    """What writing a batch of letters needs, loaded once."""

    site: Site
    tree: Tree
    names: Mapping[str, str]
    facts: Mapping[str, Facts]  # of the submissions of the letters, by ref
    unmentioned: Mapping[int, tuple[int, date]] = field(default_factory=dict)  # by submission: carried.unmentioned
    asked: Mapping[int, tuple[Issue, ...]] = field(default_factory=dict)  # by submission: case_questions.asked
    campuses: Mapping[str, Sequence[str]] = field(default_factory=dict)  # of the schools that have several

    def place(self, reader: str) -> OutPlace:
        """The reader's folder: 未识别 for an unknown reader."""
        if not reader or not self.knows(reader):
            return NOBODY
        return OutPlace(SHELVES[units.level(reader, self.tree)], f"{self.names[reader]} {reader}")

    def knows(self, reader: str) -> bool:
        return reader in self.tree.units or reader in self.tree.places


def title(form: str) -> str:
    """The Chinese title of a form, "" for none."""
    return forms.form(form).title if form else ""
