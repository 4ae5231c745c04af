"""What every writer of letters is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from pipeline import forms, units
from pipeline.facts import receipt_facts
from pipeline.facts.receipt_facts import StillMissing
from pipeline.figures.cards import CardFacts
from pipeline.figures.words import assumed
from pipeline.letters.queue import Facts, Queued
from pipeline.model import TAKEN, Issue, Level, Site, State
from pipeline.outbox.folder import OutPlace, Shelf
from pipeline.settling.reviews import Review
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
    missing: Mapping[int, StillMissing] = field(default_factory=dict)  # by submission: receipt_facts.missing
    reviews: Mapping[tuple[str, date], Review] = field(default_factory=dict)  # of schools' days
    assumed: Mapping[tuple[str, date], int] = field(default_factory=dict)  # (unit, day) → unknown_years.assumed
    cards: dict[tuple[str, str], CardFacts] = field(default_factory=dict)  # (ref, reader) →, as they are first needed

    def year_note(self, letter: Queued) -> str:
        """That the letter's day is by weekday only, "" if it is not."""
        return assumed(self.assumed.get((letter.reader, letter.about), 0))

    def place(self, reader: str) -> OutPlace:
        """The reader's folder: 未识别 for an unknown reader."""
        if not reader or not self.knows(reader):
            return NOBODY
        return OutPlace(SHELVES[units.level(reader, self.tree)], f"{self.names[reader]} {reader}")

    def knows(self, reader: str) -> bool:
        return reader in self.tree.units or reader in self.tree.places


def judged(facts: Iterable[Facts]) -> list[Facts]:
    """Return the facts of submissions with 迟报 only where the digest has it: not of a day, a campus or a class that
    nobody asked about.
    """
    found = list(facts)
    late = {one.seq: (one.unit, one.campus, one.day) for one in found if one.on_time is False and one.day is not None}
    stands = receipt_facts.lateness(late.values())
    forgiven = {seq for seq, report in late.items() if stands.get(report, False) is not False}
    return [_not_late(one) if one.seq in forgiven else one for one in found]


def _not_late(facts: Facts) -> Facts:
    issues = tuple(one for one in facts.issues if one.code != "classes-came-late")
    return replace(facts, on_time=None, issues=issues)


def reports(facts: Iterable[Facts]) -> dict[int, tuple[str, str, date]]:
    """Return the reports whose receipts say what is still missing: school, campus and day of those that were taken,
    now or before.
    """
    done = {*TAKEN, State.DUPLICATE}
    mine = [one for one in facts if one.form == "absence" and one.state in done]
    return {one.seq: (one.unit, one.campus, one.day) for one in mine if one.day is not None}


def title(form: str) -> str:
    """The Chinese title of a form, "" for none."""
    return forms.form(form).title if form else ""
