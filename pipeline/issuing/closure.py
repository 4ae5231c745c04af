"""停课报告表 for one campus of a school."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pipeline.facts import unknown_years
from pipeline.forms.closure import CLOSURE
from pipeline.issuing.issuer import Asked, Issuer
from pipeline.issuing.school import asked_for, returned, template_facts
from pipeline.model import HOME_CAMPUS, SchoolFacts, Site
from pipeline.xlsx.blank import TemplateFacts, blank


def template(site: Site, asked: Asked) -> bytes:
    """Return the template of a campus and a day."""
    school, campus = asked_for(asked)
    facts = school_facts(site, school, asked.day, campus)
    return blank(CLOSURE, replace(facts, notes=unknown_years.notes(school.code, asked.day)))


def school_facts(site: Site, school: SchoolFacts, day: date, campus: str = HOME_CAMPUS) -> TemplateFacts:
    """Return what is filled into a template beforehand."""
    return template_facts(site, CLOSURE.name, school, day, campus, {})


ISSUER = Issuer(CLOSURE, template, returned)
