"""备案表 for a school or an organ."""

from __future__ import annotations

from datetime import date
from gettext import gettext as say

from pipeline import schooldays, units
from pipeline.errors import UsageError
from pipeline.forms.filing import FILING
from pipeline.forms.words import yes_no
from pipeline.issuing.issuer import Asked, GoingBack, Issuer
from pipeline.model import Level, Site
from pipeline.registry import lookup
from pipeline.turns import context
from pipeline.xlsx.blank import TemplateFacts, blank
from pipeline.xlsx.giveback import GivebackFacts, giveback

_NO_PASSWORDS = "初始密码不随表退回：请重填，或空着由系统发放。"


def template(site: Site, asked: Asked) -> bytes:
    """Return the template of a unit. UsageError if there is no such unit."""
    return blank(FILING, _facts(site, asked.unit, asked.day))


def returned(site: Site, back: GoingBack) -> bytes:
    """Return the lines that go back, without the passwords they came with."""
    facts = back.facts
    day = facts.day or schooldays.today(facts.received_at)
    token = _facts(site, facts.unit, day).token
    fields: dict[str, str | int | date] = {"unit": facts.unit, "school": facts.unit_name, "day": day, "token": token}
    return giveback(FILING, GivebackFacts(fields=fields, rows=back.refused, token=token, notes=(_NO_PASSWORDS,)))


def _facts(site: Site, code: str, day: date) -> TemplateFacts:
    school, organ = context.schools([code], [day]).get(code), context.organs([code]).get(code)
    if school is not None:
        name, home, level, serial = school.name, school.county, Level.SCHOOL.value, school.token_serial
    elif organ is not None:
        name, home, level, serial = organ.name, organ.division, organ.level, organ.token_serial
    else:
        raise UsageError(
            say("{code}: no such unit; a filing is of a school, or of an organ such as 320106JY").format(code=code)
        )
    region = lookup.division_names().get(home, "")
    return TemplateFacts(
        fields={"unit": code, "school": name, "level": level, "system": yes_no(True)},
        rows={"accounts": ({"region": region},)},
        token=units.token(site.key, code, FILING.name, schooldays.term(day), serial),
    )


ISSUER = Issuer(FILING, template, returned)
