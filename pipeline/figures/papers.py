"""The other papers, as values: a school's page, the missing list. An alert's are in `cards`.

Facts in (as `facts.digest_facts` loads them), values out, masked by the reader's scope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pipeline import alert_state
from pipeline.figures import words
from pipeline.figures.duty import DAY_OFF, LABELS, StatusCounts
from pipeline.figures.facts import SilentLine
from pipeline.figures.letter_sentences import NOTICE, Warned
from pipeline.figures.lines import SilentSchool, silence, states_of
from pipeline.figures.page_sentences import GROUP, LISTED, MISSING, PUPILS, REST, UNHEARD, ListCounts, SchoolSeen
from pipeline.figures.sentence import Phrase, phrases
from pipeline.model import WHOLE_SCHOOL, DayPart, LetterKind, Reason, RowState
from pipeline.units import Scope

STATE_WORDS: Mapping[str, str] = {RowState.NEW: "新发", RowState.ONGOING: "续", RowState.RETURNED: "已返校"}
REASON_WORDS: Mapping[str, str] = {Reason.ILL: "因病", Reason.INJURED: "因伤", Reason.OTHER: "其他"}
PART_WORDS = {"": "全天", DayPart.AM: "上午", DayPart.PM: "下午"}


# --------------------------------------------------------------------------- the school's page


@dataclass(frozen=True, slots=True)
class PupilLine:
    """One absent pupil. Symptoms, diagnosis are labels; temperature as text."""

    class_name: str
    name: str
    code: str
    sex: str
    reason: str
    row_state: str
    start: date
    part: str
    symptoms: tuple[str, ...]
    temperature: str
    visited: bool | None
    diagnosis: str
    note: str = ""
    pending: bool = False
    days: str = ""  # 缺课天数 of the spell so far, with half days; "" if not known
    more: tuple[str, ...] = ()  # what has no place of its own: 宿舍 3-201


@dataclass(frozen=True, slots=True)
class ClassLine:
    class_name: str
    roll: int | None
    ill: int
    injured: int
    other: int
    closed: bool
    silent: bool
    counted: int = 0  # of `other`: those without names
    closed_from: str = ""  # 13:00, on the day on which it closed in the course of lessons
    off: bool = False  # its 学段 has a day off


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert or closure that concerns the school: what it is, and what to do until when."""

    what: str
    todo: str


def alert_notice(number: str, group: str, where: str, cases: int, due: tuple[str, datetime]) -> Notice:
    """The notice of an open alert for its school. `where`: "" for the whole school; `due`: the alert's state, and until
    when it must be answered.
    """
    state, until = due
    what = f"预警 {number} {group}（{where or WHOLE_SCHOOL}，{cases} 人）"
    name = alert_state.STATES.get(state, state)
    return Notice(what, NOTICE.say(Warned(state), until=f"{until:%m-%d %H:%M}", name=name))


def further_alerts(numbers: Sequence[str]) -> Notice:
    """The notice of open alerts that a page has no room to tell each by itself."""
    return Notice(f"另有 {len(numbers)} 条预警：{'、'.join(numbers)}", "各见其《预警信息报告卡》，请一并办理。")


@dataclass(frozen=True, slots=True)
class PageFacts:
    scope: Scope
    code: str
    school: str
    county: str
    day: date
    n: int
    final: bool
    now: datetime
    as_of: int
    standing: StatusCounts
    reported_at: datetime | None
    reporter: str
    reviewer: str
    zero: bool
    pupils: tuple[PupilLine, ...]
    classes: tuple[ClassLine, ...]
    notices: tuple[Notice, ...] = ()
    open_tickets: int = 0
    assumed: int = 0
    reviewed: str = ""  # that the 分管领导 has approved the day


@dataclass(frozen=True, slots=True)
class PupilRow:
    class_name: str
    pupil: str
    code: str
    sex: str
    reason: str
    state: str
    start: str
    days: str
    part: str
    symptoms: str
    seen: str
    note: str


@dataclass(frozen=True, slots=True)
class Page:
    kind: LetterKind
    code: str
    school: str
    county: str
    date: str
    edition: str
    number: str
    made: str
    standing: str
    reported: str
    reporter: str
    reviewer: str
    reviewed: str
    zero: bool
    counts: tuple[tuple[str, str], ...]
    rows: tuple[PupilRow, ...]
    listed: str  # how many pupils the list has
    nobody: str  # in place of an empty list
    classes: tuple[ClassLine, ...]
    classes_rest: str
    notices: tuple[Notice, ...]
    open_tickets: int
    assumed: str
    as_of: int


def page(facts: PageFacts) -> Page:
    """A school's page of the day: its 台账 once printed and signed. Classes without entries are not listed."""
    absent = [p for p in facts.pupils if p.row_state != RowState.RETURNED]
    rows = tuple(_pupil(p, facts.scope) for p in _in_order(facts.pupils))
    free = facts.standing in DAY_OFF  # then no class has school, and none is listed for that
    saying = tuple(
        c for c in facts.classes if c.ill or c.injured or c.other or c.closed or c.silent or (c.off and not free)
    )
    seen = SchoolSeen(
        standing=facts.standing,
        zero=facts.zero,
        absent=len(absent),
        returned=len(facts.pupils) - len(absent),
        counted=sum(c.counted for c in facts.classes),
        quiet=len(facts.classes) - len(saying),
        named=len(saying),
    )
    expected = sum(c.roll or 0 for c in facts.classes if not c.closed and not c.off)
    return Page(
        kind=LetterKind.PAGE,
        code=facts.code,
        school=facts.school,
        county=facts.county,
        date=words.chinese_date(facts.day),
        edition=f"第 {facts.n} 版" + ("（日终版）" if facts.final else ""),
        number=f"P-{facts.code}-{facts.day:%Y%m%d}-{facts.n}",
        made=f"{facts.now:%m-%d %H:%M}",
        standing=LABELS[facts.standing],
        reported=f"{facts.reported_at:%m-%d %H:%M}" if facts.reported_at else "",
        reporter=facts.reporter,
        reviewer=facts.reviewer,
        reviewed=facts.reviewed,
        zero=facts.zero,
        counts=_page_counts(facts, absent, expected),
        rows=rows,
        classes=saying,
        listed=LISTED.say(seen),
        nobody=PUPILS.say(seen),
        classes_rest=REST.say(seen),
        notices=facts.notices,
        open_tickets=facts.open_tickets,
        assumed=words.assumed(facts.assumed),
        as_of=facts.as_of,
    )


def _page_counts(facts: PageFacts, absent: Sequence[PupilLine], expected: int) -> tuple[tuple[str, str], ...]:
    by_reason = {reason: sum(p.reason == reason for p in absent) for reason in REASON_WORDS}
    other = sum(c.other for c in facts.classes)
    ill = [p for p in absent if p.reason == Reason.ILL]
    return (
        ("应到", words.number(expected) if expected else words.NOTHING),
        ("因病", words.number(by_reason[Reason.ILL])),
        ("其中新发", words.number(sum(p.row_state == RowState.NEW for p in ill))),
        ("因伤", words.number(by_reason[Reason.INJURED])),
        ("其他缺课", words.number(other)),
        ("已返校", words.number(len(facts.pupils) - len(absent))),
    )


def _in_order(pupils: Sequence[PupilLine]) -> list[PupilLine]:
    """In the sheet's order: absent before returned, then by class as listed."""
    return sorted(pupils, key=lambda p: p.row_state == RowState.RETURNED)


def _pupil(line: PupilLine, scope: Scope) -> PupilRow:
    seen = {None: "", True: "已就诊", False: "未就诊"}[line.visited]
    detail = "、".join(line.symptoms) + (f" {line.temperature}" if line.temperature else "")
    notes = [line.note, *line.more, "待改" if line.pending else ""]
    return PupilRow(
        class_name=scope.class_name(line.class_name),
        pupil=line.name if scope.names else "",
        code=scope.pupil(line.code),
        sex=line.sex,
        reason=REASON_WORDS[line.reason],
        state=STATE_WORDS[line.row_state],
        start=words.month_day(line.start),
        days=line.days,
        part=PART_WORDS[line.part],
        symptoms=detail,
        seen="，".join(part for part in (line.diagnosis, seen) if part),
        note="；".join(note for note in notes if note),
    )


# --------------------------------------------------------------------------- the missing list


@dataclass(frozen=True, slots=True)
class MissingFacts:
    scope: Scope
    code: str
    place: str
    day: date
    now: datetime
    deadline: str
    due: int
    reported: int
    excused: int
    silent: tuple[SilentLine, ...]
    below: tuple[tuple[str, frozenset[str]], ...] = ()  # (name, counties)
    assumed: int = 0


@dataclass(frozen=True, slots=True)
class Missing:
    kind: LetterKind
    code: str
    place: str
    level: str
    county: bool
    date: str
    made: str
    deadline: str
    due: int
    reported: int
    excused: int
    assumed: str
    silence: SilentSchool
    sentence: tuple[Phrase, ...]
    thanks: str  # for the group, if nobody is silent


def missing(facts: MissingFacts) -> Missing:
    """The schools that still owe the day's report. Telephone numbers are the registry's, of the 填报人."""
    told = ListCounts(
        facts.due,
        facts.reported,
        facts.excused,
        silent=len(facts.silent),
        repeated=sum(s.days > 1 for s in facts.silent),
        warned=sum(bool(s.warned) for s in facts.silent),
    )
    excusing = f"，免报 {words.number(facts.excused)} 所" if facts.excused else ""
    below = facts.below or ((facts.place, frozenset(s.county for s in facts.silent)),)
    return Missing(
        kind=LetterKind.MISSING,
        code=facts.code,
        place=facts.place,
        level=facts.scope.level.value,
        county=not facts.below,
        date=words.chinese_date(facts.day),
        made=f"{facts.now:%m-%d %H:%M}",
        deadline=facts.deadline,
        due=facts.due,
        reported=facts.reported,
        excused=facts.excused,
        assumed=words.assumed(facts.assumed),
        silence=silence(facts.silent, facts.scope, below),
        sentence=phrases(MISSING.say(told, excusing=excusing, states=states_of(facts.silent)) + UNHEARD.say(told)),
        thanks=GROUP.say(told),
    )
