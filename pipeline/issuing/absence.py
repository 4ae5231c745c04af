"""缺课日报 for one campus of a school, with the absences that its last report left open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pipeline import carry
from pipeline.facts import carried, unknown_years
from pipeline.forms.absence import ABSENCE
from pipeline.forms.classes import in_order
from pipeline.issuing.issuer import Asked, Issuer
from pipeline.issuing.school import asked_for, returned, template_facts
from pipeline.model import HOME_CAMPUS, SchoolFacts, Site
from pipeline.registry import lookup
from pipeline.turns import context
from pipeline.xlsx.blank import TemplateFacts, blank


def template(site: Site, asked: Asked) -> bytes:
    """Return the template of a campus and a day."""
    school, campus = asked_for(asked)
    places, closures = lookup.tree([school.code]).chain(school.code)[1:], context.closures([school.code])
    owed = context.calendar().of_facts(places, school, asked.day, closures.get(school.code, ()))
    if campus in owed.campuses:  # else nothing is due from it: who reports all the same names any class
        school = owed.of(school)
    facts = school_facts(site, school, asked.day, campus)
    brought = carried.carried_over([school], asked.day).get((school.code, campus))
    facts = replace(facts, notes=unknown_years.notes(school.code, asked.day))
    return blank(ABSENCE, carry_over(site, facts, school, asked.day, brought))


def school_facts(site: Site, school: SchoolFacts, day: date, campus: str = HOME_CAMPUS) -> TemplateFacts:
    """Return what is filled into a template beforehand: about the school, and a row for each class of the campus."""
    rows = tuple(
        {"class_name": room.name} | ({} if room.roll is None else {"roll": room.roll})
        for room in sorted(school.classes.values(), key=lambda one: in_order(one.key))
        if room.campus == campus
    )
    return template_facts(site, ABSENCE.name, school, day, campus, {"classes": rows})


def carry_over(
    site: Site, facts: TemplateFacts, school: SchoolFacts, day: date, brought: carry.CarriedOver | None
) -> TemplateFacts:
    """Return the facts with the rows that are carried over from the last reported day."""
    if brought is None:
        return facts
    campus = str(facts.fields["campus"])
    brought = replace(brought, open=tuple(one for one in brought.open if (campus, one.class_key) not in school.off))
    names = {room.key: room.name for room in school.classes.values() if room.campus == campus}
    room = carry.CampusClasses(names, facts.kindergarten)
    marks = carry.Marks(site.key, school.code, campus)
    rows = carry.prefilled(ABSENCE.table("rows"), brought, marks, room, day)
    return replace(facts, carried=rows, since=brought.since) if rows else facts


ISSUER = Issuer(ABSENCE, template, returned)
