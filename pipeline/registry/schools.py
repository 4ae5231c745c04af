"""The schools that validation uses: from the registry's rows or, for a late file, as of its place in the sequence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from pipeline.database import sql
from pipeline.database.models import Unit
from pipeline.forms.text_normalise import fold
from pipeline.merge.registry import Registered
from pipeline.merge.successors import NOTHING_CHANGED, Lineage, Taught, lineage
from pipeline.model import HOME_CAMPUS, ClassFacts, ClassState, SchoolFacts, UnitKind
from pipeline.registry import statements
from pipeline.schooldays import school_year

Rooms = Mapping[tuple[str, str], ClassFacts]  # (campus, class key) →


@dataclass(frozen=True, slots=True)
class Known:
    """Schools with their classes on the latest of some days, and their classes on days when they differ."""

    schools: Mapping[str, SchoolFacts]
    rooms: Mapping[tuple[str, date], Rooms] = field(default_factory=dict)


def load(codes: Sequence[str], days: Sequence[date], lies: Mapping[str, str]) -> Known:
    """Return the schools of these codes from the registry's rows. `lies`: divisions of those that moved."""
    ordered = sorted(days)
    campuses, classes = _campuses(codes), _Classes(codes, ordered)
    found = {
        unit.code: SchoolFacts(
            code=unit.code,
            name=unit.name,
            county=lies.get(unit.code, unit.division_id),
            stages=tuple(unit.stages.split()),
            boarding=unit.boarding,
            campuses=tuple(campuses.get(unit.code, {HOME_CAMPUS: ""})),
            classes=classes.on(unit.code, ordered[-1]),
            token_serial=unit.token_serial,
            aliases=classes.aliases.get(unit.code, {}),
            former=(changed := classes.changed(unit.code, ordered[-1])).former,
            sources=changed.sources,
            reporter=unit.reporter,
            reporters={name: own for name, own in campuses.get(unit.code, {}).items() if own},
            until=unit.valid_to,
        )
        for unit in Unit.objects.filter(code__in=codes, kind=UnitKind.SCHOOL)
    }
    return Known(found, {(code, day): classes.on(code, day) for code, day in classes.others() if code in found})


def load_as_of(codes: Sequence[str], days: Sequence[date], upto: int, day: date) -> Known:
    """Return the schools as they were by the statements up to a place of the sequence, and as of a day."""
    ordered = sorted(days)
    serials = dict(Unit.objects.filter(code__in=codes, kind=UnitKind.SCHOOL).values_list("code", "token_serial"))
    found: dict[str, SchoolFacts] = {}
    rooms: dict[tuple[str, date], Rooms] = {}
    for code, one in statements.units(serials, day, upto).items():
        found[code] = _of(code, one, ordered[-1], day, serials[code])
        rooms |= {(code, other): _rooms(one, other) for other in ordered[:-1]}
    return Known(found, rooms)


def _of(code: str, one: Registered, last: date, day: date, serial: int) -> SchoolFacts:
    def text(name: str) -> str:
        return str(one.values.get(name) or "")

    year = [Taught(r.campus, r.key, r.roll, r.first, r.until) for r in one.rooms if r.year == school_year(last)]
    changed = lineage(year)
    return SchoolFacts(
        code=code,
        name=text("name"),
        county=one.division_on(day),
        stages=tuple(text("stages").split()),
        boarding=bool(one.values.get("boarding")),
        campuses=one.campuses or (HOME_CAMPUS,),
        classes=_rooms(one, last),
        token_serial=serial,
        aliases=_aliases(((r.year, r.key, r.name, r.of) for r in one.rulings), {school_year(last)}),
        former=changed.former,
        sources=changed.sources,
        reporter=text("reporter"),
        reporters={campus: own["reporter"] for campus, own in one.contacts.items() if own.get("reporter")},
        until=closes if isinstance(closes := one.values.get("closes"), date) else None,
    )


def _rooms(one: Registered, day: date) -> Rooms:
    return {
        (room.campus, room.key): ClassFacts(room.campus, room.key, room.name, room.roll, stage=room.stage)
        for room in one.rooms_on(day)
    }


def _aliases(found: Iterable[tuple[int, str, str, str]], years: Iterable[int]) -> dict[str, str]:
    """Other spellings of a class, names and keys, → its key."""
    wanted = set(years)
    rows = [(key, name, of) for year, key, name, of in found if of and year in wanted]
    return {spelling: of for key, name, of in rows for spelling in (key, fold(name))}


class _Row(NamedTuple):
    """A row of school_class."""

    year: int
    facts: ClassFacts
    first: date | None
    until: date | None

    def taught(self, day: date, year: int) -> bool:
        return (
            self.year == year and (self.first is None or self.first <= day) and (self.until is None or day < self.until)
        )


class _Classes:
    """The classes of some schools in the school years of some days."""

    def __init__(self, codes: Sequence[str], days: Sequence[date]) -> None:
        self._days = days
        self._rows: dict[str, list[_Row]] = defaultdict(list)
        self._dated: set[str] = set()  # schools whose classes change during the year
        self._years = sorted({school_year(day) for day in days})
        self.aliases: dict[str, dict[str, str]] = defaultdict(dict)
        text = (
            "SELECT school_id, campus, key, name, stage, roll, state, school_year, valid_from, valid_to, alias_of "
            "FROM school_class WHERE school_id IN ? AND school_year IN ? ORDER BY id"
        )
        for school, campus, key, name, stage, roll, state, year, first, until, of in sql.fetch_in(
            text, codes, self._years
        ):
            if state in (ClassState.ALIAS, ClassState.REFUSED):
                self.aliases[school] |= _aliases([(year, key, name, of)], self._years[-1:])
                continue
            facts = ClassFacts(campus, key, name, roll, confirmed=state == ClassState.CONFIRMED, stage=stage)
            self._rows[school].append(_Row(year, facts, first, until))
            if first is not None or until is not None:
                self._dated.add(school)

    def on(self, code: str, day: date) -> Rooms:
        """The classes of a school that are taught on a day."""
        rows = self._rows.get(code, ())
        if code not in self._dated and len(self._years) == 1:
            return {(row.facts.campus, row.facts.key): row.facts for row in rows}
        year = school_year(day)
        return {(row.facts.campus, row.facts.key): row.facts for row in rows if row.taught(day, year)}

    def changed(self, code: str, day: date) -> Lineage:
        """What became of the classes of a school in the school year of a day."""
        if code not in self._dated:
            return NOTHING_CHANGED
        rows = [row for row in self._rows.get(code, ()) if row.year == school_year(day)]
        return lineage(Taught(row.facts.campus, row.facts.key, row.facts.roll, row.first, row.until) for row in rows)

    def others(self) -> list[tuple[str, date]]:
        """Schools and days, without the latest, on which the classes may differ from those of the latest day."""
        codes = self._dated if len(self._years) == 1 else self._rows
        return [(code, day) for code in codes for day in self._days[:-1]]


def _campuses(codes: Sequence[str]) -> dict[str, dict[str, str]]:
    """By school its campuses, in order, each with its own 填报人 or ""."""
    text = "SELECT school_id, name, reporter FROM campus WHERE school_id IN ? ORDER BY id"
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for school, name, reporter in sql.fetch_in(text, codes):
        found[school][name] = reporter
    return found
