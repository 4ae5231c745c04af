"""An alert's card, as values; the workbook to be answered and the worksheet for notes are in `card_books`.

Facts in (as `facts.card_page_facts` loads them), values out, masked by the reader's scope: names only for the school.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pipeline import alert_state
from pipeline.alert_state import AlertState
from pipeline.figures import words
from pipeline.figures.letter_sentences import CARD, Warned
from pipeline.forms.base import Column, Goes
from pipeline.forms.card import ANSWER
from pipeline.model import WHOLE_SCHOOL, LetterKind
from pipeline.rules.values import Stage
from pipeline.units import Scope

_CURVE_DAYS = 10  # days of illness a card prints one by one


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One pupil of an alert. `day`: of the report by which the case was counted; `again`: further days of illness."""

    code: str
    name: str
    class_name: str
    sex: str
    onset: date
    symptoms: tuple[str, ...]
    diagnosis: str
    day: date | None = None
    again: tuple[date, ...] = ()

    @property
    def onsets(self) -> str:
        """11-18; of who fell ill again 11-18、11-20."""
        return "、".join(words.month_day(day) for day in (self.onset, *self.again))


@dataclass(frozen=True, slots=True)
class HitLine:
    """One rule that was met, in the rules' words."""

    rule: str
    version: str
    words: str
    scope: str  # class's name, "" for the whole campus
    window: str
    threshold: str
    n: int
    source: str
    least: int = 1  # pupils that the condition gives away
    raised: tuple[str, ...] = ()  # who raised it and why, if a person did


@dataclass(frozen=True, slots=True)
class DayLine:
    """What the school entered for one day of a followed alert; nothing yet if all is None and blank."""

    day: date
    fresh: int | None = None
    present: int | None = None
    progress: str = ""

    @property
    def filled(self) -> bool:
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
    where: str = ""  # the class or classes; "" for the whole campus
    reporter: str = ""
    leader: str = ""
    made: int = 1  # how many times this card was issued
    closed_as: str = ""  # 已不成立 …, once the alert is closed
    closed_at: datetime | None = None
    close_reason: str = ""
    event: bool = False  # 突发公共卫生事件报告标准 is met, whatever its stage is
    state: str = AlertState.ISSUED
    why: str = ""  # the county's reason for sending the last answer back
    answer: Mapping[str, object] = field(default_factory=dict)  # the answer in force, as it was kept
    late: bool = False
    assumed: int = 0  # the year, if some of `days` are by weekday only
    days: tuple[DayLine, ...] = ()  # school days from the first to the last that is followed, with their entries


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
    why: str  # 示例区疾控：疾控已到校核实


@dataclass(frozen=True, slots=True)
class DayRow:
    day: str
    fresh: str
    present: str
    progress: str


@dataclass(frozen=True, slots=True)
class CardPage:
    kind: LetterKind
    id: str
    copy_for: str
    school_code: str
    school: str
    campus: str
    county: str
    city: str
    group: str
    where: str
    stage: str
    issued: str
    due: str
    cases: str
    onsets: str  # the first and the last
    curve: str  # how many fell ill on which day; "" for one day only
    hits: tuple[HitRow, ...]
    rows: tuple[CaseRow, ...]
    names: bool
    made: int
    closed: str  # 已不成立（11-20 15:40）; "" while it is open
    close_reason: str
    state: str
    notice: str  # what the reader must know of its state; "" for nothing
    answer: tuple[tuple[str, str], ...]  # label and text of the answer; empty before there is one
    days: tuple[DayRow, ...]
    assumed: str


def card(facts: CardFacts) -> CardPage:
    """An alert's card for one reader: names only for the school, codes for the county, counts above it."""
    scope = facts.scope
    return CardPage(
        kind=LetterKind.CARD,
        id=facts.id,
        copy_for=copy_for(scope),
        school_code=facts.school_code,
        school=facts.school,
        campus=facts.campus,
        county=facts.county,
        city=facts.city,
        group=facts.group,
        where=place(facts),
        stage=level(facts),
        issued=f"{facts.issued_at:%Y-%m-%d %H:%M}",
        due=f"{facts.due_at:%m-%d %H:%M}",
        cases=cases_said(facts),
        onsets=onsets(facts),
        curve=_curve(facts.cases_listed if scope.codes else ()),
        hits=tuple(_hit(h, scope) for h in facts.hits),
        rows=case_rows(facts),
        names=scope.names,
        made=facts.made,
        closed=f"{facts.closed_as}（{facts.closed_at:%m-%d %H:%M}）" if facts.closed_at else "",
        close_reason=facts.close_reason,
        state=alert_state.STATES[facts.state],
        notice=notice(facts),
        answer=tuple(_answer(facts)) if scope.codes else (),
        days=tuple(_day(one) for one in facts.days if one.filled) if scope.codes else (),
        assumed=words.assumed(facts.assumed),
    )


def place(facts: CardFacts) -> str:
    """Where the cases are: the class or classes, by name if the reader may know it, or the whole school (campus)."""
    return (facts.scope.class_name(facts.where) or words.A_CLASS) if facts.where else WHOLE_SCHOOL


def level(facts: CardFacts) -> str:
    """The stage as printed: 班级停课 beside a class, 全校停课 beside the whole school. An event, to be reported within
    two hours, is said beside a closure that stands above it.
    """
    shown = words.SCHOOL_CLOSURE if facts.stage is Stage.CLOSURE and not facts.where else facts.stage.label
    return f"{shown}，并{Stage.EVENT.label}" if facts.event and facts.stage is not Stage.EVENT else shown


def cases_said(facts: CardFacts) -> str:
    """How many cases, as the reader may know it beside the conditions that are met."""
    return facts.scope.count(facts.cases, max((hit.least for hit in facts.hits), default=1))


def onsets(facts: CardFacts) -> str:
    """首例 11-18，末例 11-20: first days of illness of the first case and the last. Where their number is not said,
    only the first: two days would mean two.
    """
    first, last = words.month_day(facts.first_onset), words.month_day(facts.last_onset)
    masked = cases_said(facts) != str(facts.cases)
    return f"首例 {first}" + (f"，末例 {last}" if first != last and not masked else "")


def _curve(cases: Sequence[CaseLine]) -> str:
    """11-18 1 人，11-20 4 人. Who fell ill again is of both days."""
    ill = Counter(day for case in cases for day in (case.onset, *case.again))
    again = sum(bool(case.again) for case in cases)
    shown = sorted(ill)[-_CURVE_DAYS:]
    earlier = sum(n for day, n in ill.items() if day not in shown)
    parts = [f"此前 {earlier} 人"] * bool(earlier) + [f"{words.month_day(day)} {ill[day]} 人" for day in shown]
    twice = f"（{again} 人返校后又发病，两天都计）" if again else ""
    return "，".join(parts) + twice if len(ill) > 1 else ""


def copy_for(scope: Scope) -> str:
    """The reader of this copy, as printed and in file names."""
    return "学校联" if scope.names else "县级联" if scope.codes else "上级联"


def case_rows(facts: CardFacts) -> tuple[CaseRow, ...]:
    """The cases as a reader may see them; none above county."""
    scope = facts.scope
    return tuple(
        CaseRow(
            scope.pupil(c.code, c.name),
            scope.class_name(c.class_name),
            c.sex,
            c.onsets,
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
        scope.count(hit.n, hit.least),
        hit.source,
        "：".join(hit.raised) if scope.codes else "",
    )


def notice(facts: CardFacts) -> str:
    """What the reader must know of the state of the alert; "" for nothing."""
    named = "、".join(f"{day[5:]} {pupil}" for day, pupil in _wrong(facts))
    return CARD.say(Warned(facts.state, facts.why), named=named)


def _wrong(facts: CardFacts) -> list[tuple[str, str]]:
    rows = facts.answer.get("rows") or ()
    called = {line.code: facts.scope.pupil(line.code, line.name) for line in facts.cases_listed}
    found = [(str(day), str(pupil)) for day, pupil in rows]  # type: ignore[attr-defined]  # kept as a list of pairs
    return [(day, called.get(pupil) or facts.scope.pupil(pupil)) for day, pupil in found]


_AFTER = {"reported_at": "reported_to", "asked_at": "asked_whom"}  # on paper whom comes before when


def _place(column: Column) -> float:
    return ANSWER.index(_AFTER[column.name]) + 0.5 if column.name in _AFTER else ANSWER.index(column.name)


VERDICT, *ASKED = sorted(ANSWER.going(Goes.PAGE), key=_place)
"""The parts of an answer on a card, in their order: the verdict, then all else."""


def _answer(facts: CardFacts) -> list[tuple[str, str]]:
    """The answer, label by label; nothing while it is still to be given."""
    got = facts.answer
    if not got or facts.state in alert_state.UNANSWERED:
        return []
    verdict = in_words(VERDICT, got.get(VERDICT.name) or "")
    lines = [(VERDICT.title, verdict + ("（答复逾期）" if facts.late else ""))]
    for column in ASKED:
        if got.get(column.name) not in (None, ""):
            lines.append((column.title, in_words(column, got[column.name])))
        if column.name == "reason" and (wrong := _wrong(facts)):
            lines.append(("有误的行", "、".join(f"{day[5:]} {pupil}" for day, pupil in wrong)))
    return lines


def in_words(column: Column, value: object) -> str:
    """One answered cell as text: labels for codes, moments without their zone."""
    text = str(value)
    if column.vocabulary is not None:
        return column.vocabulary.labels.get(text, text)
    return text[:16].replace("T", " ") if column.dtype == "datetime" else text


def _day(line: DayLine) -> DayRow:
    return DayRow(words.month_day(line.day), _number(line.fresh), _number(line.present), line.progress)


def _number(n: int | None) -> str:
    return "" if n is None else str(n)
