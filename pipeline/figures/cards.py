"""An alert's papers, as values: its card, the card as a workbook to be answered, the sheet to note on by hand.

Facts in (as `store.card_pages` loads them), values out, masked by the reader's scope: names for the school alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pipeline import life
from pipeline.figures import words
from pipeline.forms.card_words import CHECKED_HOW, MEASURES, REASON, REPORT_WAY, VERDICT
from pipeline.model import HOME_CAMPUS
from pipeline.rules.values import Stage
from pipeline.units import Scope, short_code

Value = str | int | date


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One pupil of an alert. `day`: of the report by which the case was counted."""

    code: str
    name: str
    class_name: str
    sex: str
    onset: date
    symptoms: tuple[str, ...]
    diagnosis: str
    day: date | None = None


@dataclass(frozen=True, slots=True)
class HitLine:
    """One rule that came true, in the rules' words."""

    rule: str
    version: str
    words: str
    scope: str  # class's name, "" for the whole campus
    window: str
    threshold: str
    n: int
    source: str


@dataclass(frozen=True, slots=True)
class DayLine:
    """What was told of one day of a followed alert; nothing yet where all is None and blank."""

    day: date
    fresh: int | None = None
    present: int | None = None
    progress: str = ""

    @property
    def told(self) -> bool:
        return self.fresh is not None or self.present is not None or bool(self.progress)


@dataclass(frozen=True, slots=True)
class CardFacts:
    scope: Scope
    id: str
    school_code: str
    school: str
    campus: str
    county: str
    city: str
    group: str
    stage: Stage
    issued_at: datetime
    due_at: datetime
    cases: int
    first_onset: date
    last_onset: date
    hits: tuple[HitLine, ...]
    cases_listed: tuple[CaseLine, ...]
    reporter: str = ""
    leader: str = ""
    made: int = 1  # how many times this card was issued: it grew
    closed_as: str = ""  # 已不成立 …, once the alert is closed
    closed_at: datetime | None = None
    close_reason: str = ""
    state: str = life.ISSUED
    why: str = ""  # with which the county sent the last answer back
    answer: Mapping[str, object] = field(default_factory=dict)  # the answer that counts, as it was kept
    by_county: bool = False  # it was filled in for the school
    late: bool = False
    days: tuple[DayLine, ...] = ()  # school days from the first to the last that is followed, and what was told
    ends_after: date | None = None


@dataclass(frozen=True, slots=True)
class CaseRow:
    pupil: str
    class_name: str
    sex: str
    onset: str
    symptoms: str
    diagnosis: str


@dataclass(frozen=True, slots=True)
class HitRow:
    rule: str
    words: str
    scope: str
    window: str
    threshold: str
    n: str
    source: str


@dataclass(frozen=True, slots=True)
class DayRow:
    day: str
    fresh: str
    present: str
    progress: str


@dataclass(frozen=True, slots=True)
class Card:
    kind: str
    id: str
    copy_for: str
    school_code: str
    school: str
    campus: str
    county: str
    city: str
    group: str
    stage: str
    issued: str
    due: str
    cases: str
    onsets: str
    hits: tuple[HitRow, ...]
    rows: tuple[CaseRow, ...]
    names: bool
    made: int
    closed: str  # 已不成立（11-20 15:40）; "" while it is open
    close_reason: str
    state: str
    notice: str  # what the reader must know of its state, "" for nothing
    answer: tuple[tuple[str, str], ...]  # label and text of what was answered; none before
    days: tuple[DayRow, ...]


def card(facts: CardFacts) -> Card:
    """An alert's card for one reader: names for the school alone, codes for the county, counts above it."""
    scope = facts.scope
    return Card(
        kind="card",
        id=facts.id,
        copy_for=copy_for(scope),
        school_code=facts.school_code,
        school=facts.school,
        campus=facts.campus,
        county=facts.county,
        city=facts.city,
        group=facts.group,
        stage=facts.stage.label,
        issued=f"{facts.issued_at:%Y-%m-%d %H:%M}",
        due=f"{facts.due_at:%m-%d %H:%M}",
        cases=scope.count(facts.cases),
        onsets=f"{words.month_day(facts.first_onset)} 至 {words.month_day(facts.last_onset)}",
        hits=tuple(_hit(h, scope) for h in facts.hits),
        rows=_rows(facts),
        names=scope.names,
        made=facts.made,
        closed=f"{facts.closed_as}（{facts.closed_at:%m-%d %H:%M}）" if facts.closed_at else "",
        close_reason=facts.close_reason,
        state=life.STATES[facts.state],
        notice=_notice(facts),
        answer=tuple(_answer(facts)) if scope.codes else (),
        days=tuple(_day(one) for one in facts.days if one.told) if scope.codes else (),
    )


def copy_for(scope: Scope) -> str:
    """Whose copy it is, as printed and in file names."""
    return "学校联" if scope.names else "县级联" if scope.codes else "上级联"


def _rows(facts: CardFacts) -> tuple[CaseRow, ...]:
    scope = facts.scope
    return tuple(
        CaseRow(
            scope.pupil(c.code, c.name),
            scope.class_name(c.class_name),
            c.sex,
            words.month_day(c.onset),
            "、".join(c.symptoms),
            c.diagnosis,
        )
        for c in (facts.cases_listed if scope.codes else ())
    )


def _hit(hit: HitLine, scope: Scope) -> HitRow:
    return HitRow(
        f"{hit.rule}（{hit.version}）",
        hit.words,
        scope.class_name(hit.scope),
        hit.window,
        hit.threshold,
        scope.count(hit.n),
        hit.source,
    )


def _notice(facts: CardFacts) -> str:
    if facts.state == life.RETURNED:
        return f"县级已退回答复{f'：{facts.why}' if facts.why else ''}。请重新核实，填好后发回。"
    if facts.state == life.CORRECTING:
        named = "、".join(f"{day[5:]} {pupil}" for day, pupil in _wrong(facts))
        return f"县级已确认可排除（A1 报告信息有误）。请更正缺课日报中的 {named}，更正收到后本预警自动结案。"
    if facts.state == life.ANSWERED:
        return "已答复，待县级确认。"
    return ""


def _wrong(facts: CardFacts) -> list[tuple[str, str]]:
    rows = facts.answer.get("rows") or ()
    called = {line.code: facts.scope.pupil(line.code, line.name) for line in facts.cases_listed}
    found = [(str(day), str(pupil)) for day, pupil in rows]  # type: ignore[attr-defined]  # kept as a list of pairs
    return [(day, called.get(pupil) or facts.scope.pupil(pupil)) for day, pupil in found]


_ASKED = (
    ("checked_cases", "核实后病例数"),
    ("checked_by", "核实人"),
    ("checked_at", "核实时间"),
    ("checked_how", "核实方式"),
    ("reason", "排除理由"),
    ("other_alert", "重复的预警编号"),
    ("agency", "处理机构"),
    ("handled_on", "处理完毕日期"),
    ("why", "理由简述"),
    ("measures", "采取的措施"),
    ("report_way", "报告方式"),
    ("reported_to", "报告对象"),
    ("reported_at", "报告时间"),
    ("document", "建议书"),
    ("document_number", "建议书文号"),
    ("document_sha", "建议书校验码"),
    ("reporter", "填报人"),
    ("reviewer", "审核人"),
    ("filled_by", "县级代填"),
    ("asked_whom", "联系对象"),
    ("asked_at", "联系时间"),
)


def _answer(facts: CardFacts) -> list[tuple[str, str]]:
    """What was answered, label by label; nothing while it is to be answered."""
    got = facts.answer
    if not got or facts.state in life.UNANSWERED:
        return []
    verdict = VERDICT.labels.get(str(got.get("verdict")), "")
    lines = [("核实结论", verdict + ("（答复逾期）" if facts.late else ""))]
    for name, label in _ASKED:
        if got.get(name) not in (None, ""):
            lines.append((label, in_words(name, got[name])))
        if name == "reason" and (wrong := _wrong(facts)):
            lines.append(("有误的行", "、".join(f"{day[5:]} {pupil}" for day, pupil in wrong)))
    return lines


def in_words(name: str, value: object) -> str:
    """One answered cell as it is read: labels for codes, moments without their zone."""
    text = str(value)
    if name == "reason":
        return REASON.labels.get(text, text)
    if name == "report_way":
        return REPORT_WAY.labels.get(text, text)
    if name == "verdict":
        return VERDICT.labels.get(text, text)
    return text[:16].replace("T", " ") if name.endswith("_at") else text


def _day(line: DayLine) -> DayRow:
    return DayRow(words.month_day(line.day), _number(line.fresh), _number(line.present), line.progress)


def _number(n: int | None) -> str:
    return "" if n is None else str(n)


# --------------------------------------------------------------------------- the workbook


@dataclass(frozen=True, slots=True)
class CardBook:
    """The card as a workbook, as its sender will see it: fields by name, rows by column name."""

    fields: Mapping[str, Value]
    answer: Mapping[str, Value]
    days: tuple[Mapping[str, Value], ...]
    cases: tuple[Mapping[str, Value], ...]
    lead: str  # what nobody may overlook, "" for nothing


def book(facts: CardFacts) -> CardBook:
    """An alert's card as a workbook for one reader: what is known is filled in, and what was answered before."""
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
        "stage": facts.stage.label,
        "count": f"{scope.count(facts.cases)} 人，发病 {facts.first_onset} 至 {facts.last_onset}",
        "met": met,
    }
    answer: dict[str, Value] = {"reporter": facts.reporter, "reviewer": facts.leader} if scope.names else {}
    answer |= {name: _typed(name, value) for name, value in facts.answer.items() if name in _CELLS and value not in (None, "")}
    wrong = {pupil for _, pupil in facts.answer.get("rows") or ()}  # type: ignore[attr-defined]  # a list of pairs
    return CardBook(
        fields={name: value for name, value in named.items() if value != ""},
        answer={name: value for name, value in answer.items() if value != ""},
        days=tuple(_day_row(one) for one in facts.days),
        cases=tuple(_case_row(one, facts, wrong=one.code in wrong) for one in facts.cases_listed),
        lead=_notice(facts) if facts.state in (life.RETURNED, life.CORRECTING) else "",
    )


_CELLS = frozenset({"verdict", *(name for name, _ in _ASKED)})


def _typed(name: str, value: object) -> Value:
    """A kept value as the cell it came from."""
    if name.endswith("_at"):
        return datetime.fromisoformat(str(value)).replace(tzinfo=None)
    if name == "handled_on":
        return date.fromisoformat(str(value))
    return value if isinstance(value, int) else in_words(name, value)


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
        "onset": words.month_day(line.onset),
        "symptoms": "、".join(line.symptoms),
        "diagnosis": line.diagnosis,
        "wrong": "是" if wrong else "",
    }
    return {name: value for name, value in row.items() if value not in (None, "")}


# --------------------------------------------------------------------------- the sheet to note on


@dataclass(frozen=True, slots=True)
class Worksheet:
    """核实工作单: one side to write on, in the classroom or at the telephone."""

    kind: str
    id: str
    copy_for: str
    school: str
    campus: str
    county: str
    group: str
    stage: str
    issued: str
    due: str
    cases: str
    met: tuple[str, ...]
    rows: tuple[CaseRow, ...]
    names: bool
    made: int
    how: tuple[str, ...]
    measures: tuple[str, ...]
    reasons: tuple[str, ...]
    phone: bool  # for whoever telephones the school


def worksheet(facts: CardFacts) -> Worksheet:
    """The sheet of an alert for one reader, to be written on by hand."""
    scope = facts.scope
    return Worksheet(
        kind="worksheet",
        id=facts.id,
        copy_for=copy_for(scope),
        school=facts.school,
        campus="" if facts.campus == HOME_CAMPUS else facts.campus,
        county=facts.county,
        group=facts.group,
        stage=facts.stage.label,
        issued=f"{facts.issued_at:%Y-%m-%d %H:%M}",
        due=f"{facts.due_at:%m-%d %H:%M}",
        cases=scope.count(facts.cases),
        met=tuple(_met(hit, scope) for hit in facts.hits),
        rows=_rows(facts),
        names=scope.names,
        made=facts.made,
        how=CHECKED_HOW,
        measures=MEASURES,
        reasons=tuple(REASON.labels.values()),
        phone=not scope.names,
    )


def _met(hit: HitLine, scope: Scope) -> str:
    where = f"（{hit.scope}）" if hit.scope and scope.classes else ""
    return f"{hit.words}{where}，{hit.window}，{scope.count(hit.n)} 人"


def followed(days: Sequence[date], told: Mapping[date, DayLine], most: int) -> tuple[DayLine, ...]:
    """The lines of the days that are followed: each school day, and whatever other day something was told of."""
    wanted = sorted({*days[:most], *told})
    return tuple(told.get(day) or DayLine(day) for day in wanted)
