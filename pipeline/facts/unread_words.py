"""What schools wrote of illnesses that was not understood, counted, so that the words people use become known.

Only words out of cells for symptoms, diagnoses and reasons, and never a name: a word with a name of its school in it is
not shown to anybody, and who may not see names gets only words that several schools wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from pipeline.database import serialise
from pipeline.database.models import Pupil, Report, Submission
from pipeline.facts.exports import DayRange
from pipeline.forms import clinical
from pipeline.forms.absence import ABSENCE
from pipeline.model import Issue
from pipeline.registry import lookup
from pipeline.units import Scope

_WHOLE = "reason-unknown"  # nothing of the cell was understood
_CODES = ("words-unread", _WHOLE)
_LEAST_SCHOOLS = 2
_GIVEN_NAME = 2


@dataclass(slots=True)
class UnreadWord:
    """One word: how often it was written, in which columns, by how many schools, from which day to which."""

    word: str
    columns: set[str] = field(default_factory=set)
    times: int = 0
    schools: set[str] = field(default_factory=set)
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class UnreadWords:
    """The words a reader may see, most frequent first; how many more one school alone wrote, or have a name in them."""

    words: tuple[UnreadWord, ...]
    lone: int = 0
    named: int = 0


def unread_words(scope: Scope, span: DayRange, within: Scope | None = None) -> UnreadWords:
    """Return what was not understood in the reports of the days; `within`: only of this school or division."""
    found: dict[str, UnreadWord] = {}
    names: dict[str, frozenset[str]] = {}
    named: set[str] = set()
    for unit, day, issue in _asked(scope, span, within):
        if unit not in names:
            names[unit] = _names(unit)
        text = issue.value if issue.code == _WHOLE else dict(issue.details).get("words", "")
        for part in text.split(clinical.BETWEEN):
            word = part.strip()
            if any(name in word for name in names[unit]):
                named.add(word)
            elif word:
                _count(found.setdefault(word, UnreadWord(word)), unit, day, issue.column)
    shown = [one for one in found.values() if scope.names or len(one.schools) >= _LEAST_SCHOOLS]
    shown.sort(key=lambda one: (-one.times, one.word))
    return UnreadWords(tuple(shown), len(found) - len(shown), len(named))


def _asked(scope: Scope, span: DayRange, within: Scope | None) -> Iterator[tuple[str, date, Issue]]:
    text = Q()
    for code in _CODES:
        text |= Q(text__contains=code)
    rows = Submission.objects.filter(span.within("day"), form=ABSENCE.name, day__isnull=False)
    rows = rows.annotate(text=Cast("issues", TextField())).filter(text).order_by("received_seq")
    tree = lookup.tree()
    for unit, day, issues in rows.values_list("unit", "day", "issues").iterator():
        county = tree.units.get(unit, "")
        if day is None or not scope.covers(unit, county) or (within is not None and not within.covers(unit, county)):
            continue
        for kept in issues:
            if kept["code"] in _CODES:
                yield unit, day, serialise.as_issue(kept)


def _count(one: UnreadWord, unit: str, day: date, column: str) -> None:
    one.times += 1
    one.columns.add(column)
    one.schools.add(unit)
    one.first = min(one.first or day, day)
    one.last = max(one.last or day, day)


def _names(unit: str) -> frozenset[str]:
    """All names a school's cells may hold: its pupils', and of who reports; given names alone, too."""
    people = set(Pupil.objects.filter(school=unit).values_list("name", flat=True))
    for pair in Report.objects.filter(school=unit).values_list("reporter", "reviewer").distinct():
        people.update(pair)
    given = {name[1:] for name in people if len(name) > _GIVEN_NAME}
    return frozenset(name for name in people | given if len(name) >= _GIVEN_NAME)
