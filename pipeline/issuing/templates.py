"""Workbooks made out to a unit: what the registry knows is filled in, and a token shows that we issued them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from pipeline import carry, schooldays, units
from pipeline.county import build_desk
from pipeline.errors import UsageError
from pipeline.facts import card_page_facts, carried
from pipeline.figures import card_books
from pipeline.figures.cards import CardFacts
from pipeline.forms import FORMS, form
from pipeline.forms.classes import in_order
from pipeline.forms.words import MODE, yes_no
from pipeline.model import HOME_CAMPUS, KINDERGARTEN, Level, Mode, Refused, SchoolFacts, Site
from pipeline.registry import lookup, prefill
from pipeline.settling import held_files
from pipeline.turns import context
from pipeline.xlsx.blank import TemplateFacts, blank
from pipeline.xlsx.deskbook import deskbook
from pipeline.xlsx.giveback import GivebackFacts, giveback

_KINDERGARTEN = (KINDERGARTEN,)
_SEPTEMBER = 9  # a school year's first month


def template(site: Site, name: str, unit: str, day: date, campus: str = "", year: int = 0) -> bytes:
    """Return the template of form `name` for one unit and day; the store must be open.

    `year`: of a roster, the school year for which it is made out, every class a grade up (升班). Raises UsageError
    for a form or a unit that is not known, or a campus the school has not.
    """
    known = [one.name for one in FORMS]
    if name not in known:
        raise UsageError(f"{name}: no such form; choose one of {', '.join(known)}")
    if name == "card":
        raise UsageError("card: name the alert it is to answer, --alert 2026-0001; see `queke alerts list`")
    if name == "desk":
        return desk(site, unit, schooldays.deadline(day, site.policy.desk_at))
    if name == "filing":
        return blank(form(name), unit_facts(site, unit, day))
    if name == "roster":
        return blank(form(name), roster_facts(site, unit, day, year))
    if name == "calendar":
        return blank(form(name), _calendar_facts(site, unit, day))
    return blank(form(name), _of_school(site, name, unit, day, campus))


def desk(site: Site, division: str, now: datetime) -> bytes:
    """Return a county's 县级处理单: all that waits for it. Raises UsageError for a division that is not known."""
    return deskbook(build_desk.desk(site, division, now))


def unit_facts(site: Site, code: str, day: date) -> TemplateFacts:
    """Return what goes into a 备案表 beforehand, of a school or an organ. UsageError if there is no such unit."""
    school, organ = context.schools([code], [day]).get(code), context.organs([code]).get(code)
    if school is not None:
        name, home, level, serial = school.name, school.county, Level.SCHOOL.value, school.token_serial
    elif organ is not None:
        name, home, level, serial = organ.name, organ.division, organ.level, organ.token_serial
    else:
        raise UsageError(f"{code}: no such unit; a filing is of a school, or of an organ such as 320106JY")
    region = lookup.division_names().get(home, "")
    return TemplateFacts(
        fields={"unit": code, "school": name, "level": level, "system": yes_no(True)},
        rows={"accounts": ({"region": region},)},
        token=units.token(site.key, code, "filing", schooldays.term(day), serial),
    )


def _of_school(site: Site, name: str, code: str, day: date, campus: str) -> TemplateFacts:
    school = context.schools([code], [day]).get(code)
    if school is None:
        raise UsageError(f"{code}: no such school in the registry; import its roster first (`queke units import`)")
    place = campus or (HOME_CAMPUS if HOME_CAMPUS in school.campuses else school.campuses[0])
    if place not in school.campuses:
        raise UsageError(f"{code}: no campus {place}; it has {', '.join(school.campuses)}")
    facts = school_facts(site, name, school, day, place)
    if name != "absence":
        return facts
    return bring_along(site, facts, school, day, carried.brought([school], day).get((code, place)))


def bring_along(
    site: Site, facts: TemplateFacts, school: SchoolFacts, day: date, brought: carry.Brought | None
) -> TemplateFacts:
    """Return a 缺课日报's facts with the rows that it brings along from the last reported day."""
    if brought is None:
        return facts
    campus = str(facts.fields["campus"])
    names = {room.key: room.name for room in school.classes.values() if room.campus == campus}
    room = carry.CampusClasses(names, facts.kindergarten)
    marks = carry.Marks(site.key, school.code, campus)
    rows = carry.prefilled(form("absence").table("rows"), brought, marks, room, day)
    return replace(facts, carried=rows, since=brought.since)


def school_facts(site: Site, name: str, school: SchoolFacts, day: date, campus: str = HOME_CAMPUS) -> TemplateFacts:
    """Return what goes into a school's template beforehand: what we know, and what is nearly always so."""
    rows: dict[str, tuple[Mapping[str, str | int | float | date], ...]] = {}
    if name == "absence":
        rows["classes"] = tuple(
            {"class_name": room.name} | ({} if room.roll is None else {"roll": room.roll})
            for room in sorted(school.classes.values(), key=lambda one: in_order(one.key))
            if room.campus == campus
        )
    return TemplateFacts(
        fields={
            "unit": school.code,
            "school": school.name,
            "campus": campus,
            "day": day,
            "mode": MODE.labels[Mode.FIRST.value],  # where a form asks for it
            "reporter": school.reporter,
        },
        rows=rows,
        token=units.token(site.key, school.code, name, schooldays.term(day), school.token_serial),
        kindergarten=school.stages == _KINDERGARTEN,
        boarding=school.boarding,
    )


def open_rows(site: Site, unit: str, day: date) -> bytes | None:
    """Return a return workbook of all rows of a school's day that still are with it; None if there are none.

    The form is that of the first such row; the store must be open. Raises UsageError for a school that is not known.
    """
    found = held_files.rejects(school=unit, day=day)
    school = context.schools([unit], [day]).get(unit)
    if school is None:
        raise UsageError(f"{unit}: no such school in the registry")
    mine = [row for row in found if (row.form, row.campus) == (found[0].form, found[0].campus)]
    if not mine:
        return None
    facts = school_facts(site, mine[0].form, school, day, mine[0].campus)
    back = [one.returned for one in mine]
    rows = [Refused(one.table, one.row, one.raw, one.issues, one.ticket) for one in back]
    classes = [room.name for room in school.classes.values() if room.campus == mine[0].campus]
    given = GivebackFacts(facts.fields, rows, classes, facts.token, facts.kindergarten, facts.boarding)
    return giveback(form(mine[0].form), given)


def card(site: Site, unit: str, number: str, day: date) -> bytes:
    """Return an alert's card as a workbook, for its school or for a division above it (then without names).

    Raises UsageError for an alert that the unit may not answer, or that needs no answer any more.
    """
    ref = card_page_facts.number_of(site, unit, number)
    return card_book(site, card_page_facts.card(site, ref, unit), day)


def card_book(site: Site, facts: CardFacts, day: date) -> bytes:
    """Return the workbook of a card, with what is known filled in; the store must be open."""
    school = context.schools([facts.school_code], [day])[facts.school_code]
    made = card_books.book(facts)
    token = units.token(site.key, school.code, "card", schooldays.term(day), school.token_serial)
    rows = {"answer": (made.answer,), "days": made.days, "cases": made.cases}
    return blank(form("card"), TemplateFacts(fields=made.fields, rows=rows, token=token, lead=made.lead))


_NEXT_YEAR = "{year} 学年名册：各班已升一级，毕业班已去掉。请核对人数，把新生班写在“班级”表的空行里，送回。"


def roster_facts(site: Site, code: str, day: date, year: int = 0) -> TemplateFacts:
    """Return what goes into a 学校名册 beforehand: all that stands of a division's schools, or of one school.

    `year`: as `template`. Raises UsageError for a code that is neither.
    """
    since = date(year, _SEPTEMBER, 1) if year else day
    name = lookup.division_names().get(code)
    school = prefill.school(code)
    if name is not None:
        codes = [one.code for one in prefill.schools(code, since)]
        rows = {**prefill.roster(codes, since, up=bool(year)), "organs": prefill.organs(code)}
        serial, without = 1, frozenset[str]()
    elif school is not None:
        name, serial, without = school.name, school.token_serial, frozenset({"organs"})
        rows = prefill.roster([code], since, up=bool(year))
    else:
        raise UsageError(f"{code}: no such division or school; a roster is of a county, such as --unit 320106")
    return TemplateFacts(
        fields={"unit": code, "school": name, "day": since},
        rows=rows,
        token=units.token(site.key, code, "roster", schooldays.term(day), serial),
        lead=_NEXT_YEAR.format(year=year) if year else "",
        without=without,
    )


def _calendar_facts(site: Site, code: str, day: date) -> TemplateFacts:
    school = prefill.school(code)
    name = lookup.division_names().get(code) or (school.name if school else "")
    if not name:
        raise UsageError(f"{code}: no such division or school; a calendar is of a county, a city, or one school")
    serial = school.token_serial if school else 1
    return TemplateFacts(
        fields={"unit": code, "school": name},
        rows={"spans": prefill.calendar(code)},
        token=units.token(site.key, code, "calendar", schooldays.term(day), serial),
    )
