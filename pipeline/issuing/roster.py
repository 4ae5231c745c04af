"""学校名册 for a division, with all its schools, or for one school."""

from __future__ import annotations

from datetime import date
from gettext import gettext as say

from pipeline import schooldays, units
from pipeline.errors import UsageError
from pipeline.facts import unknown_years
from pipeline.forms.roster import ROSTER
from pipeline.issuing.issuer import Asked, Issuer
from pipeline.issuing.school import returned
from pipeline.model import Site
from pipeline.registry import lookup, prefill
from pipeline.xlsx.blank import TemplateFacts, blank

_SEPTEMBER = 9  # a school year's first month
_NEXT_YEAR = "{year} 学年名册：各班已升一级，毕业班已去掉。请核对人数，把新生班写在“班级”表的空行里，送回。"


def template(site: Site, asked: Asked) -> bytes:
    """Return the template with a division's schools, or one school; with a school year, every class a grade up.

    Raises UsageError for a code that is neither.
    """
    code, year = asked.unit, asked.year
    since = date(year, _SEPTEMBER, 1) if year else asked.day
    name = lookup.division_names().get(code)
    school = prefill.school(code)
    if name is not None:
        codes = [one.code for one in prefill.schools(code, since)]
        rows = {**prefill.roster(codes, since, up=bool(year)), "organs": prefill.organs(code)}
        serial, without = lookup.token_serial(code), frozenset[str]()
    elif school is not None:
        name, serial, without = school.name, school.token_serial, frozenset({"organs"})
        rows = prefill.roster([code], since, up=bool(year))
    else:
        raise UsageError(
            say("{code}: no such division or school; a roster is of a county, such as --unit 320106").format(code=code)
        )
    facts = TemplateFacts(
        fields={"unit": code, "school": name, "day": since},
        rows=rows,
        token=units.token(site.key, code, ROSTER.name, schooldays.term(asked.day), serial),
        notes=unknown_years.notes(code, since),
        lead=_NEXT_YEAR.format(year=year) if year else "",
        without=without,
    )
    return blank(ROSTER, facts)


ISSUER = Issuer(ROSTER, template, returned)
