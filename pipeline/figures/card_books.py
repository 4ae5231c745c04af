"""An alert's card as a workbook to be answered, and the worksheet for notes by hand, as values for one reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.alert_state import AlertState
from pipeline.figures import words
from pipeline.figures.cards import (
    ASKED,
    VERDICT,
    CardFacts,
    CaseLine,
    CaseRow,
    DayLine,
    HitLine,
    case_rows,
    cases_said,
    copy_for,
    in_words,
    level,
    notice,
    onsets,
    place,
)
from pipeline.forms.base import Column
from pipeline.forms.card_words import CHECKED_HOW, MEASURES, REASON
from pipeline.model import HOME_CAMPUS, LetterKind
from pipeline.units import Scope, short_code

Value = str | int | date


@dataclass(frozen=True, slots=True)
class CardBook:
    """The card as a workbook, as its sender will see it: fields by name, rows by column name."""

    fields: Mapping[str, Value]
    answer: Mapping[str, Value]
    days: tuple[Mapping[str, Value], ...]
    cases: tuple[Mapping[str, Value], ...]
    lead: str  # a warning above the title; "" for none


def book(facts: CardFacts) -> CardBook:
    """An alert's card as a workbook for one reader, filled in with what is known and what was answered before."""
    scope = facts.scope
    met = "；".join(_met(hit, scope) for hit in facts.hits)
    named: dict[str, Value] = {
        "alert": facts.id,
        "revision": facts.made,
        "unit": facts.school_code,
        "school": facts.school,
        "campus": facts.campus,
        "county": f"{facts.city}{facts.county}",
        "issued": facts.issued_at.replace(tzinfo=None),
        "due": facts.due_at.replace(tzinfo=None),
        "group": facts.group,
        "stage": level(facts),
        "count": f"{place(facts)} {scope.count(facts.cases)} 人，{onsets(facts)}",
        "met": met,
    }
    answer: dict[str, Value] = {"reporter": facts.reporter, "reviewer": facts.leader} if scope.names else {}
    answer |= {
        column.name: _typed(column, value)
        for column in (VERDICT, *ASKED)
        if (value := facts.answer.get(column.name)) not in (None, "")
    }
    wrong = {pupil for _, pupil in facts.answer.get("rows") or ()}  # type: ignore[attr-defined]  # a list of pairs
    return CardBook(
        fields={name: value for name, value in named.items() if value != ""},
        answer={name: value for name, value in answer.items() if value != ""},
        days=tuple(_day_row(one) for one in facts.days),
        cases=tuple(_case_row(one, facts, wrong=one.code in wrong) for one in facts.cases_listed),
        lead=notice(facts) if facts.state in (AlertState.RETURNED, AlertState.CORRECTING) else "",
    )


def _typed(column: Column, value: object) -> Value:
    """A kept value, as it was in its cell."""
    if column.dtype == "datetime":
        return datetime.fromisoformat(str(value)).replace(tzinfo=None)
    if column.dtype == "date":
        return date.fromisoformat(str(value))
    return value if isinstance(value, int) else in_words(column, value)


def _day_row(line: DayLine) -> Mapping[str, Value]:
    row: dict[str, Value | None] = {
        "day": line.day, "fresh": line.fresh, "present": line.present, "progress": line.progress or None,
    }  # fmt: skip
    return {name: value for name, value in row.items() if value is not None}


def _case_row(line: CaseLine, facts: CardFacts, *, wrong: bool) -> Mapping[str, Value]:
    row: dict[str, Value | None] = {
        "day": line.day,
        "class_name": line.class_name,
        "name": line.name if facts.scope.names else "",
        "code": short_code(line.code),
        "sex": line.sex,
        "onset": line.onsets,
        "symptoms": "、".join(line.symptoms),
        "diagnosis": line.diagnosis,
        "wrong": "是" if wrong else "",
    }
    return {name: value for name, value in row.items() if value not in (None, "")}


# --------------------------------------------------------------------------- the sheet to note on


@dataclass(frozen=True, slots=True)
class Worksheet:
    """核实工作单: one side for notes, in the classroom or at the telephone."""

    kind: LetterKind
    id: str
    copy_for: str
    school: str
    campus: str
    county: str
    group: str
    where: str
    stage: str
    issued: str
    due: str
    cases: str
    onsets: str
    met: tuple[str, ...]
    rows: tuple[CaseRow, ...]
    names: bool
    made: int
    how: tuple[str, ...]
    measures: tuple[str, ...]
    reasons: tuple[str, ...]
    phone: bool  # for somebody who telephones the school
    assumed: str


def worksheet(facts: CardFacts) -> Worksheet:
    """The worksheet of an alert for one reader, for notes by hand."""
    scope = facts.scope
    return Worksheet(
        kind=LetterKind.WORKSHEET,
        id=facts.id,
        copy_for=copy_for(scope),
        school=facts.school,
        campus="" if facts.campus == HOME_CAMPUS else facts.campus,
        county=facts.county,
        group=facts.group,
        where=place(facts),
        stage=level(facts),
        issued=f"{facts.issued_at:%Y-%m-%d %H:%M}",
        due=f"{facts.due_at:%m-%d %H:%M}",
        cases=cases_said(facts),
        onsets=onsets(facts),
        met=tuple(_met(hit, scope) for hit in facts.hits),
        rows=case_rows(facts),
        names=scope.names,
        made=facts.made,
        how=CHECKED_HOW,
        measures=MEASURES,
        reasons=tuple(REASON.labels.values()),
        phone=not scope.names,
        assumed=words.assumed(facts.assumed),
    )


def _met(hit: HitLine, scope: Scope) -> str:
    where = f"（{hit.scope}）" if hit.scope and scope.classes else ""
    return f"{hit.words}{where}，{hit.window}，{scope.count(hit.n, hit.least)} 人"


def followed(days: Sequence[date], entries: Mapping[date, DayLine], most: int) -> tuple[DayLine, ...]:
    """One line for each day that is followed: every school day, and other days with an entry."""
    wanted = sorted({*days[:most], *entries})
    return tuple(entries.get(day) or DayLine(day) for day in wanted)
