"""学校名册: possible codes, schools within the sender's division, nothing twice. A blank changes nothing.

A school may send its own: then every row is of that school, with or without its code.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from pipeline.forms.classes import class_key, key_or_name
from pipeline.forms.roster import OF_CAMPUS, OF_UNIT, ROSTER, SCHOOLS
from pipeline.forms.words import STAGE
from pipeline.model import HOME_CAMPUS, KINDERGARTEN, Context, Row, SchoolFacts, identity_of
from pipeline.validate import channel
from pipeline.validate.case import RowCase, SubmissionCase
from pipeline.validate.channel import chain
from pipeline.validate.checks import RowCheck
from pipeline.validate.judge import Extras, Judge, Judgement, Lines

PROVINCE = "32"
CATEGORIES = (
    *("11", "21", "22", "31", "32", "33", "34", "35", "36", "37", "41", "42", "51"),
    *("91", "92", "93"),
)
"""学校类别: the first two digits of a 学校标识码 (教育部《学校(机构)代码管理办法》2011)."""

_STAGES = {"11": KINDERGARTEN, "21": "小学", "31": "初中", "32": "初中", "34": "高中", "36": "中职", "51": "特教"}

_OF_WHOLE = tuple(
    name for name, column in OF_UNIT.items() if name == column.name and name not in ("stages", *OF_CAMPUS)
)
"""Values of a school in the row of its 本部; each campus may name its own 学段, and have its own 填报人."""

LARGE_CLASS = 150
"""More pupils than a class has; such a roll would make every rate of its school small."""

_NUMBER = re.compile(r"[0-9]+")
_POINTED = re.compile(r"[0-9]{1,2}[.．。·][0-9]{1,2}")
"""For a class: what Excel, or hurried typing, makes of 11-2; in the registry it would stay for a year."""

_CODE_AT, _NAME_AT = SCHOOLS.index("code"), SCHOOLS.index("name")

_DATES = RowCheck("until-before-from", "until", lambda pl: pl.col("until") > pl.col("from"))
SCHOOL_RULES = (
    RowCheck("unit-code-category", "code", lambda pl: pl.col("code").str.slice(0, 2).is_in(list(CATEGORIES))),
    RowCheck("unit-code-province", "code", lambda pl: pl.col("code").str.slice(2, 2) == PROVINCE),
    RowCheck("division-not-yours", "division", lambda pl: pl.col("_mine")),
    RowCheck("school-elsewhere", "code", lambda pl: pl.col("_known")),
    _DATES,
)
CLASS_RULES = (
    RowCheck("school-elsewhere", "code", lambda pl: pl.col("_mine")),
    RowCheck("class-without-school", "code", lambda pl: pl.col("_known")),
    _DATES,
)
ORGAN_RULES = (RowCheck("division-not-yours", "division", lambda pl: pl.col("_mine")),)


def division_is_mine(case: SubmissionCase, line: RowCase, context: Context) -> bool:
    """Whether the row's division is the roster's own or below it; a school may name only its own."""
    division = line.values["division"]
    if division is None or case.school is not None:
        return division is None or (case.school is not None and division == case.school.county)
    return division in context.divisions and case.unit in chain(str(division), context)


def school_is_mine(case: SubmissionCase, code: object, context: Context) -> bool:
    """Whether a school is new to the registry, or registered within the roster's division; a school is its own."""
    if case.school is not None:
        return code == case.unit
    school = context.schools.get(str(code))
    return school is None or case.unit in chain(school.county, context)


def class_has_school(case: SubmissionCase, line: RowCase, listed: frozenset[str], context: Context) -> bool:
    """The school of a class must be in the roster or in the registry; a school elsewhere is reported as such only."""
    code = str(line.values["code"])
    return code in listed or code in context.schools or not school_is_mine(case, code, context)


def judge_schools(case: SubmissionCase, lines: Sequence[RowCase], context: Context) -> None:
    """Accept or refuse every school; identity `code|campus`. For a known school a blank changes nothing."""
    seen: dict[str, int] = {}
    homes = {line.values["code"]: line for line in lines if (line.values["campus"] or HOME_CAMPUS) == HOME_CAMPUS}
    together = _stages_together(lines, homes, context)
    for line in lines:
        code = str(line.values["code"] or "")
        campus = str(line.values["campus"] or HOME_CAMPUS)
        identity = identity_of(code, campus)
        left = {} if campus == HOME_CAMPUS else _left_to_home(line, homes.get(code), context.schools.get(code))
        if code and identity in seen:
            line.add_issue("school-repeated", "code", first=str(seen[identity]))
        seen.setdefault(identity, line.row.number)
        stages, division = together.get(code), line.values["division"]
        if code not in context.schools:
            stages, division = stages or _STAGES.get(code[:2], ""), division or case.unit
        values = {**line.values, "campus": campus, "stages": stages, "division": division, **left}
        _end(case, line, identity if code else "", values)


def _stages_together(lines: Sequence[RowCase], homes: Container[object], context: Context) -> dict[str, str]:
    """School code → the 学段s of all its campuses: each row may name only its own. No entry if none is typed."""
    by_code: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        code, stages = str(line.values["code"] or ""), str(line.values["stages"] or "").split()
        by_code[code].update(stages)
        if stages and line.values["code"] not in homes and code in context.schools:
            by_code[code].update(context.schools[code].stages)
    return {code: " ".join(one for one in STAGE.labels if one in named) for code, named in by_code.items() if named}


def _left_to_home(line: RowCase, home: RowCase | None, school: SchoolFacts | None) -> dict[str, None]:
    """Columns that the row of a further campus may not fill: a 停办日期 there would close the whole school; its
    leader and the school's name are those of the row of its 本部.
    """
    if home is None and (school is None or HOME_CAMPUS not in school.campuses):
        return {}
    filled = [name for name in ("from", "until") if line.values[name] is not None]
    whole = home.values if home is not None else {"name": school.name if school is not None else ""}
    filled += [name for name in _OF_WHOLE if line.values[name] and whole.get(name) not in (None, "", line.values[name])]
    for name in filled:
        line.add_issue("campus-row-whole", name)
    return dict.fromkeys(filled)


def judge_classes(case: SubmissionCase, lines: Sequence[RowCase], context: Context) -> None:
    """Accept or refuse every class; identity `code|campus|class key`."""
    case.refuse_if_blank()
    stages = _stages(case, context)
    seen: dict[str, int] = {}
    entered = {str(record.values["code"]) for record in case.records if record.table == "schools"}
    for line in lines:
        code, name = str(line.values["code"] or ""), str(line.values["class_name"] or "")
        if code and code not in context.schools and code not in entered and not line.bad:
            line.add_issue("class-without-school", "code")  # the school is listed, but its row goes back
        campus = str(line.values["campus"] or HOME_CAMPUS)
        of_school = stages.get(code, "").split()
        key = key_or_name(name, kindergarten=KINDERGARTEN in of_school)
        stage = line.values["stage"] or stage_of(key, of_school)
        identity = identity_of(code, campus, key)
        if code and name and identity in seen:
            line.add_issue("class-repeated", "class_name", first=str(seen[identity]))
        seen.setdefault(identity, line.row.number)
        _look_at_name(line, name, key)
        if line.values["roll"] is not None and not 0 < int(str(line.values["roll"])) <= LARGE_CLASS:
            line.add_issue("class-roll-unlikely", "roll")
        if name and not stage:
            line.add_issue("class-stage-unclear", "class_name")
        values = {**line.values, "campus": campus, "class_key": key, "stage": stage}
        _end(case, line, identity if code and name else "", values)


def _look_at_name(line: RowCase, name: str, key: str) -> None:
    if class_key(name) is None and _POINTED.fullmatch(name):
        line.add_issue("class-unreadable", "class_name")
    elif class_key(name) is None and _NUMBER.fullmatch(key):
        line.add_issue("class-number-unclear", "class_name")


def judge_organs(case: SubmissionCase, lines: Sequence[RowCase]) -> None:
    """Accept or refuse every organ; identity `division|organ`."""
    seen: dict[str, int] = {}
    for line in lines:
        organ, division = str(line.values["organ"] or ""), str(line.values["division"] or case.unit)
        identity = identity_of(division, organ)
        if organ and case.school is not None:
            line.add_issue("organ-not-schools", "organ")
        if organ and identity in seen:
            line.add_issue("organ-repeated", "organ", first=str(seen[identity]))
        seen.setdefault(identity, line.row.number)
        _end(case, line, identity if organ else "", {**line.values, "division": division})


def stage_of(key: str, of_school: Sequence[str]) -> str:
    """The 学段 that follows from a class key, else the school's if it has only one; "" if neither is known."""
    if len(of_school) == 1:
        return of_school[0]
    of_kindergarten = class_key(key, kindergarten=True) is not None
    if of_kindergarten and key.startswith("中职"):
        return "中职"
    return _BY_SIGN.get(key[:1], "") if of_kindergarten else ""


_BY_SIGN = {
    **dict.fromkeys("托小中大", KINDERGARTEN),
    **dict.fromkeys("一二三四五六", "小学"),
    **dict.fromkeys("七八九", "初中"),
    "高": "高中",
}


def _stages(case: SubmissionCase, context: Context) -> dict[str, str]:
    """School code → its 学段s, from this roster first, then the registry."""
    known = {code: " ".join(school.stages) for code, school in context.schools.items()}
    listed = {str(r.values["code"]): str(r.values["stages"]) for r in case.records if r.values.get("stages")}
    return {**known, **listed}


def _end(case: SubmissionCase, line: RowCase, identity: str, values: dict[str, object]) -> None:
    if line.bad:
        line.refuse(identity)
    else:
        line.accept(identity, values)
    case.issues.extend(line.new_issues)


def _extras(table: str, lines: Sequence[RowCase], by: Judgement) -> Extras:
    context = by.context
    if table == "organs":
        return {"_mine": [division_is_mine(line.case, line, context) for line in lines]}
    if table == "schools":
        return {
            "_mine": [division_is_mine(line.case, line, context) for line in lines],
            "_known": [school_is_mine(line.case, line.values["code"], context) for line in lines],
        }
    listed: dict[int, set[str]] = defaultdict(set)
    for case in {id(line.case): line.case for line in lines}.values():
        listed[id(case)] = {str(row.values[0]) for row in case.rows("schools") if row.values[0]}
    return {
        "_mine": [school_is_mine(line.case, line.values["code"], context) for line in lines],
        "_known": [class_has_school(line.case, line, frozenset(listed[id(line.case)]), context) for line in lines],
    }


def _settle(case: SubmissionCase, context: Context) -> None:
    """In a school's own roster a row without a code is of that school. A school that has a name need not be named
    again: in the row of a further campus, or to change a telephone.
    """
    tables = dict(case.reading.tables)
    if case.school is not None:
        tables |= {
            name: tuple(_of_school(row, case.unit) for row in rows) for name, rows in tables.items() if name != "organs"
        }
    rows = tables.get("schools", ())
    names = {code: one.name for code, one in context.schools.items()} | {
        row.values[_CODE_AT]: row.values[_NAME_AT] for row in rows if row.values[_NAME_AT]
    }
    tables["schools"] = tuple(_named(row, names) for row in rows)
    case.reading = replace(case.reading, tables=tables)


def _named(row: Row, names: Mapping[object, object]) -> Row:
    name = names.get(row.values[_CODE_AT])
    if row.values[_NAME_AT] is not None or "name" in row.raw or not name:
        return row
    return row._replace(values=(*row.values[:_NAME_AT], name, *row.values[_NAME_AT + 1 :]))


def _of_school(row: Row, code: str) -> Row:
    if row.values[0] is not None or "code" in row.raw:
        return row
    return row._replace(values=(code, *row.values[1:]))


def _judge(case: SubmissionCase, lines: Lines, by: Judgement) -> None:
    judge_schools(case, lines["schools"], by.context)
    judge_classes(case, lines["classes"], by.context)
    judge_organs(case, lines["organs"])


JUDGE = Judge(
    ROSTER,
    {"schools": SCHOOL_RULES, "classes": CLASS_RULES, "organs": ORGAN_RULES},
    _judge,
    _settle,
    _extras,
    channel.settle_place,
)
