"""What workbooks of a school have in common: the school's own values, and usual ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from gettext import gettext as say

from pipeline import schooldays, units
from pipeline.errors import UsageError
from pipeline.facts import unknown_years
from pipeline.forms import form
from pipeline.forms.words import MODE
from pipeline.issuing.issuer import Asked, GoingBack
from pipeline.model import HOME_CAMPUS, KINDERGARTEN, Mode, Refused, SchoolFacts, Site
from pipeline.registry import lookup
from pipeline.settling import held_files
from pipeline.turns import context
from pipeline.xlsx.blank import TemplateFacts
from pipeline.xlsx.giveback import GivebackFacts, giveback

Cells = Mapping[str, str | int | float | date]

_KINDERGARTEN = (KINDERGARTEN,)


def asked_for(asked: Asked) -> tuple[SchoolFacts, str]:
    """Return the school that a template is for, and its campus. UsageError for one that is not known."""
    code = asked.unit
    school = context.schools([code], [asked.day]).get(code)
    if school is None:
        raise UsageError(
            say("{code}: no such school in the registry; import its roster first (`queke units import`)").format(
                code=code
            )
        )
    campus = asked.campus or (HOME_CAMPUS if HOME_CAMPUS in school.campuses else school.campuses[0])
    if campus not in school.campuses:
        raise UsageError(
            say("{code}: no campus {campus}; it has {campuses}").format(
                code=code, campus=campus, campuses=", ".join(school.campuses)
            )
        )
    return school, campus


def template_facts(
    site: Site, name: str, school: SchoolFacts, day: date, campus: str, rows: Mapping[str, tuple[Cells, ...]]
) -> TemplateFacts:
    """Return what is filled into a school's template of form `name` beforehand: known values, and usual ones.

    `rows` by table. What is to be said of a day nobody knows is for the caller to add (`unknown_years.notes`).
    """
    return TemplateFacts(
        fields={
            "unit": school.code,
            "school": school.name,
            "campus": campus,
            "day": day,
            "mode": MODE.labels[Mode.FIRST.value],  # if the form has it
            "reporter": school.reporters.get(campus, school.reporter),
        },
        rows=rows,
        token=units.token(site.key, school.code, name, schooldays.term(day), school.token_serial),
        kindergarten=school.stages == _KINDERGARTEN,
        boarding=school.boarding,
    )


def returned(site: Site, back: GoingBack) -> bytes:
    """Return a school's returned rows, with the classes of its campus; of another unit, only the rows."""
    facts = back.facts
    day = facts.day or schooldays.today(facts.received_at)
    fields: dict[str, str | date] = {"unit": facts.unit, "school": facts.unit_name, "day": day}
    notes = unknown_years.notes(facts.unit, day)
    school = context.schools([facts.unit], [day]).get(facts.unit)
    if school is None:
        unit, term = facts.unit, schooldays.term(day)
        known = units.is_division(unit)
        mark = units.token(site.key, unit, facts.form, term, lookup.token_serial(unit)) if known else ""
        return giveback(form(facts.form), GivebackFacts(fields=fields, rows=back.refused, token=mark, notes=notes))
    campus = facts.campus or HOME_CAMPUS
    made = GivebackFacts(
        fields={**fields, "campus": campus},
        rows=back.refused,
        classes=_classes(school, campus),
        token=units.token(site.key, facts.unit, facts.form, schooldays.term(day), school.token_serial),
        kindergarten=school.stages == _KINDERGARTEN,
        boarding=school.boarding,
        notes=notes,
    )
    return giveback(form(facts.form), made)


def open_rows(site: Site, unit: str, day: date) -> bytes | None:
    """Return a return workbook of all open rows of a school's day; None if there are none.

    The form is that of the first such row; the store must be open. Raises UsageError for a school that is not known.
    """
    found = held_files.rejects(school=unit, day=day)
    school = context.schools([unit], [day]).get(unit)
    if school is None:
        raise UsageError(say("{unit}: no such school in the registry").format(unit=unit))
    mine = [row for row in found if (row.form, row.campus) == (found[0].form, found[0].campus)]
    if not mine:
        return None
    name, campus = mine[0].form, mine[0].campus
    facts = template_facts(site, name, school, day, campus, {})
    back = [one.returned for one in mine]
    rows = [Refused(one.table, one.row, one.raw, one.issues, one.ticket) for one in back]
    classes = _classes(school, campus)
    notes = unknown_years.notes(unit, day)
    given = GivebackFacts(facts.fields, rows, classes, facts.token, facts.kindergarten, facts.boarding, notes)
    return giveback(form(name), given)


def _classes(school: SchoolFacts, campus: str) -> list[str]:
    return [room.name for room in school.classes.values() if room.campus == campus]
