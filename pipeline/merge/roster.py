"""A checked 学校名册 as statements about each unit: in the registry's terms, blanks left out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from pipeline import units
from pipeline.forms.roster import OF_CAMPUS, OF_ORGAN, OF_UNIT
from pipeline.merge.registry import ClassStatement, Registered, RegistryStatement
from pipeline.model import HOME_CAMPUS, Checked, Record
from pipeline.schooldays import school_year, today


def in_force(checked: Checked) -> date:
    """The day from which a roster is in force: the date in its head, else the day it came."""
    day = checked.reading.header.get("day")
    return day if isinstance(day, date) else today(checked.arrival.first_seen)


def statements_of(checked: Checked, order: int, known: Mapping[str, Registered]) -> dict[str, RegistryStatement]:
    """Return a roster's statements, by unit. `known`: existing units; a new one begins when the roster is in force.

    Clerk and telephone of a further campus are its own; a school without 本部 has those of its first campus.
    """
    day = in_force(checked)
    begins = day if day > today(checked.arrival.first_seen) else None
    unit: dict[str, dict[str, object]] = defaultdict(dict)
    campuses: dict[str, dict[str, None]] = defaultdict(dict)
    rooms: dict[str, list[ClassStatement]] = defaultdict(list)
    contacts: dict[str, dict[str, Mapping[str, str]]] = defaultdict(dict)
    homes = {str(r.values["code"]) for r in checked.records if r.table == "schools" and _campus(r) == HOME_CAMPUS}
    homes |= {code for code, one in known.items() if HOME_CAMPUS in one.campuses}
    for record in checked.records:
        if record.table == "organs":
            unit[_organ(checked, record)].update(_of_organ(record.values))
            continue
        code = str(record.values["code"])
        campuses[code][_campus(record)] = None
        if record.table == "schools":
            opens = {"opens": begins} if begins and code not in known else {}
            said = opens | _of_school(record.values, checked.unit if code not in known else "")
            if _campus(record) != HOME_CAMPUS:
                own = {name: str(said.pop(name)) for name in OF_CAMPUS if name in said}
                contacts[code] |= {_campus(record): own} if own else {}
                said = said if code in homes else {**own, **said, **_first(unit[code])}
            unit[code].update(said)
        elif record.table == "classes":
            rooms[code].append(_room(record, day))
    codes = sorted({*unit, *campuses, *rooms})
    return {
        code: RegistryStatement(
            order, day, unit.get(code, {}), tuple(campuses[code]), tuple(rooms[code]), contacts=contacts[code]
        )
        for code in codes
    }


def _campus(record: Record) -> str:
    return str(record.values.get("campus") or HOME_CAMPUS)


def _first(said: Mapping[str, object]) -> dict[str, object]:
    """What an earlier row has said of the contacts of a school without 本部."""
    return {name: said[name] for name in OF_CAMPUS if name in said}


def _of_school(values: Mapping[str, object], owner: str) -> dict[str, object]:
    of_unit = {name: values.get(column.name) for name, column in OF_UNIT.items()}
    of_unit["division_id"] = of_unit["division_id"] or owner
    return {name: value for name, value in of_unit.items() if value not in (None, "")}


def _organ(checked: Checked, record: Record) -> str:
    return units.organ_code(str(record.values.get("division") or checked.unit), str(record.values["organ"]))


def _of_organ(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name in OF_ORGAN if (value := values.get(name)) not in (None, "")}


def _room(record: Record, day: date) -> ClassStatement:
    values = record.values
    first, until, roll = (values.get(name) for name in ("from", "until", "roll"))
    begin = first if isinstance(first, date) else None
    return ClassStatement(
        campus=str(values.get("campus") or HOME_CAMPUS),
        year=school_year(max(begin or day, day)),
        key=str(values["class_key"]),
        name=str(values.get("class_name") or ""),
        stage=str(values.get("stage") or ""),
        roll=roll if isinstance(roll, int) else None,
        first=begin,
        until=until if isinstance(until, date) else None,
    )
