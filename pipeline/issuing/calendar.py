"""校历登记表 for a county, a city or one school, with its present lines."""

from __future__ import annotations

from gettext import gettext as say

from pipeline import schooldays, units
from pipeline.errors import UsageError
from pipeline.facts import unknown_years
from pipeline.forms.calendar import CALENDAR
from pipeline.issuing.issuer import Asked, Issuer
from pipeline.issuing.school import returned
from pipeline.model import Site
from pipeline.registry import lookup, prefill
from pipeline.xlsx.blank import TemplateFacts, blank


def template(site: Site, asked: Asked) -> bytes:
    """Return the template with the place's calendar. UsageError for a code that is neither division nor school."""
    code = asked.unit
    school = prefill.school(code)
    name = lookup.division_names().get(code) or (school.name if school else "")
    if not name:
        raise UsageError(
            say("{code}: no such division or school; a calendar is of a county, a city, or one school").format(
                code=code
            )
        )
    serial = school.token_serial if school else lookup.token_serial(code)
    facts = TemplateFacts(
        fields={"unit": code, "school": name},
        rows={"spans": prefill.calendar(code)},
        token=units.token(site.key, code, CALENDAR.name, schooldays.term(asked.day), serial),
        notes=unknown_years.notes(code, asked.day),
    )
    return blank(CALENDAR, facts)


ISSUER = Issuer(CALENDAR, template, returned)
