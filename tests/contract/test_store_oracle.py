"""The store against an oracle: whatever came when and was mended how, open conditions are those of the final records.

A school of two campuses, one class of which is renamed, over a week with a 调休 Saturday. The final reports are drawn;
then two ways to come to them: late, class by class, corrected, added to, rows sent back and mended or withdrawn, copies
and older versions again. What `tests.norms` says of the final reports (by `tests.told`, which share no code with
the product) must stand after either. `QUEKE_HISTORIES=300` plays so many.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TypeVar

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipeline.alerts import assess
from pipeline.database import journal
from pipeline.database.models import Absence, AlertHit, Campus, Pupil, Reject, SchoolClass, Unit
from pipeline.database.transactions import undone
from pipeline.model import Reading, Site
from pipeline.run.settling import Settling
from pipeline.schooldays import ZONE
from tests import formbooks as books
from tests.inprocess import InProcess
from tests.norms import History
from tests.rulebook import with_on
from tests.submissions import COUNTY, SCHOOL
from tests.told import Look, Report, Said, counted

HISTORIES = int(os.environ.get("QUEKE_HISTORIES", "8"))
AS_EVER = "QUEKE_HISTORIES" not in os.environ  # the same histories each time: what they meet is counted
RULES = with_on()
DAYS = [date(2026, 10, day) for day in (8, 9, 10, 12, 13, 14)]  # the 10th is a Saturday of school (调休)
RENAMED = date(2026, 10, 12)
OVER = datetime(2026, 10, 19, 12, tzinfo=ZONE)
HOME, EAST = "本部", "东校区"
NAMES = {"三3": "三(3)班", "三7": "三(7)班", "四1": "四(1)班", "三5": "三(5)班", "四2": "四(2)班"}
ROOMS = {HOME: ("三3", "四1"), EAST: ("三5", "四2")}
ROLLS = {"三3": 12, "四1": 40, "三5": 13, "四2": 30}
ONCE = {"三7": "三3"}
CHILDREN = {
    room: [f"{'张李王赵'[n]}{a}{b}" for a in "一二三" for b in "甲乙丙丁"] for n, room in enumerate(ROLLS)
}  # fmt: skip


def room_on(room: str, day: date) -> str:
    return "三7" if room == "三3" and day >= RENAMED else room


def first_name(room: str, day: date) -> str:
    """As conditions name a class, whatever the day."""
    return ONCE.get(room, room)


# --------------------------------------------------------------------------- the final reports

LOOKS = [
    Look(("发热",)), Look(("发热", "咳嗽"), 38.0), Look(("咽痛",), 38.6), Look(("发热", "咳嗽"), 37.9), Look(("皮疹",)),
    Look(("皮疹",), diagnosis="手足口病"), Look(("呕吐",)), Look(("呕吐",), diagnosis="诺如病毒感染", tested=True),
    Look(("皮疹",), diagnosis="水痘"), Look(("发热",), diagnosis="流行性感冒", tested=True, admitted=True),
    Look(("红眼",), diagnosis="急性出血性结膜炎"), Look(("发热",), 39.1, diagnosis="原因不明"), Look(meal=True),
    Look(("发热",), diagnosis="麻疹"), Look(("皮疹",), diagnosis="猴痘"), Look(("咳嗽",), diagnosis="肺结核"),
    Look(("呼吸急促或困难",)), Look(severe=True), Look(("受伤",)), Look(), Look(diagnosis="其他感染性腹泻病"),
]  # fmt: skip


@dataclass(frozen=True)
class Illness:
    """A child at home from one school day on; what is written of it."""

    first: int
    length: int
    look: Look
    onset: int | None = None  # days before
    back: bool = False
    retyped: bool = False  # 起始日 is each day that day
    shown: int = 0  # by which of its rows the look is known
    ill: bool = True
    dorm: str = ""

    def row(self, child: str, room: str, at: int) -> Said | None:
        """What the report of a day has of it."""
        n = at - self.first
        if not 0 <= n < self.length + self.back:
            return None
        start = DAYS[at] if self.retyped and n < self.length else DAYS[self.first]
        onset = None if self.onset is None else DAYS[self.first] - timedelta(days=self.onset)
        look = self.look if n >= self.shown else Look()
        back = self.length in {n, 0}
        return Said(child, room_on(room, DAYS[at]), start, onset, back, look, self.ill or n > 0, self.dorm)


illnesses = st.builds(
    Illness,
    first=st.integers(0, len(DAYS) - 1),
    length=st.sampled_from([0, 1, 1, 2, 3, 4]),
    look=st.sampled_from(LOOKS),
    onset=st.sampled_from([None, None, None, 0, 1, 5]),
    back=st.booleans(),
    retyped=st.integers(0, 5).map(lambda n: n == 0),
    shown=st.sampled_from([0, 0, 0, 1]),
    ill=st.integers(0, 9).map(lambda n: n > 0),
    dorm=st.sampled_from(["", "", "东101"]),
)


@st.composite
def finals(draw: st.DrawFn) -> dict[str, dict[date, Report]]:
    """The final reports, by campus and day: some missing, some of one class only, some without anybody."""
    ill: dict[str, list[Illness]] = {}
    for _ in range(draw(st.integers(1, 4))):
        campus, like = draw(st.sampled_from([HOME, HOME, EAST])), draw(illnesses)
        rooms = draw(st.sampled_from([ROOMS[campus][:1], ROOMS[campus]]))
        among = [child for room in rooms for child in CHILDREN[room]]
        for child in draw(st.lists(st.sampled_from(among), min_size=1, max_size=12, unique=True)):
            one = draw(st.one_of(st.just(like), illnesses))
            moved = {
                "first": min(len(DAYS) - 1, like.first + draw(st.sampled_from([0, 0, 0, 1, 2]))),
                "look": like.look,
            }
            ill.setdefault(child, []).append(replace(one, **moved))
    found: dict[str, dict[date, Report]] = {campus: {} for campus in ROOMS}
    for campus, rooms in ROOMS.items():
        for at, day in enumerate(DAYS):
            spoken = draw(st.sampled_from([rooms, rooms, rooms, rooms, rooms[:1], rooms[1:], ()]))
            rows = []
            for room in spoken:
                for child in CHILDREN[room]:
                    said = [row for one in ill.get(child, ()) if (row := one.row(child, room, at))]
                    if said and draw(st.integers(0, 7)) > 0:
                        rows.append(said[0])
            if spoken:
                found[campus][day] = Report(frozenset(room_on(room, day) for room in spoken), tuple(rows))
    return found


# --------------------------------------------------------------------------- ways to come to them

FIRST, FULL, ADD, LATE = "", "整份更正（以本表为准）", "补充（只加不减）", "逾期补报（往日）"
WAYS = ("straight", "straight", "corrected", "added", "room by room", "voided", "mended", "again", "older again")


@dataclass(frozen=True)
class Sent:
    """One workbook: `wrong`, the children whose rows go back; `back`: a return workbook, `void` or mended."""

    campus: str
    day: date
    rooms: frozenset[str]
    rows: tuple[Said, ...]
    mode: str = FIRST
    wrong: frozenset[str] = frozenset()
    back: bool = False
    void: bool = False
    content: int = 0  # of a copy: the same as that of the first
    at: datetime = OVER

    @property
    def in_time(self) -> bool:
        return self.at.date() == self.day

    def reading(self, ticket: str = "") -> Reading:
        classes = [(NAMES[room], float(ROLLS[ONCE.get(room, room)])) for room in sorted(self.rooms)]
        cells = [row.cells(NAMES) for row in self.rows]
        for row in cells:
            row["起始日"] = "记不清" if row["姓名"] in self.wrong else row["起始日"]
        day = datetime.combine(self.day, time())
        head = {"校区": self.campus, "报送方式": self.mode or None}
        if self.back:
            top = books.head("学生缺课日报 · 退回修正表", {"学校标识码": SCHOOL, "报告日期": day, "校区": self.campus})
            row = cells[0] | {"凭单号": ticket, "作废": "作废" if self.void else None}
            return books.reading(
                books.book(("缺课登记", [*top, *books.grid([*books.headers(), "作废", "凭单号"], [row])]))
            )
        zero = "否" if cells else "是"
        return books.reading(books.absence(*cells, classes=classes, day=day, 零报告=zero, **head))


def other(draw: st.DrawFn, campus: str, day: date, report: Report) -> tuple[Said, ...]:
    """The rows of a report that is to be corrected: some left out, some of others, some other illnesses."""
    rows = [replace(row, look=draw(st.sampled_from(LOOKS))) if draw(st.booleans()) else row for row in report.rows]
    kept = [row for row in rows if draw(st.integers(0, 3)) > 0]
    return (*kept, *strangers(draw, day, report, draw(st.integers(0, 6))))


def strangers(draw: st.DrawFn, day: date, report: Report, many: int) -> list[Said]:
    """Rows of children who are not in the report."""
    known = {row.child for row in report.rows}
    free = [(room, child) for room in sorted(report.rooms) for child in CHILDREN[ONCE.get(room, room)]]
    look = draw(st.sampled_from(LOOKS))
    return [Said(child, room, day, look=look) for room, child in free if child not in known][:many]


def steps(draw: st.DrawFn, campus: str, day: date, report: Report, number: int) -> list[Sent]:
    """The workbooks of one report, in the order in which they come."""
    final = Sent(campus, day, report.rooms, report.rows, content=number)
    full = replace(final, mode=FULL, content=number + 1)
    match draw(st.sampled_from(WAYS)):
        case "corrected":
            return [replace(final, rows=other(draw, campus, day, report)), full]
        case "added" if report.rows:
            cut = draw(st.integers(0, len(report.rows) - 1))
            more = report.rows[cut:]
            late = replace(full, mode=ADD, rows=more, rooms=frozenset(row.room for row in more))
            return [replace(final, rows=report.rows[:cut]), late]
        case "room by room" if len(report.rooms) > 1:
            parts = [(frozenset({room}), tuple(r for r in report.rows if r.room == room)) for room in report.rooms]
            return [replace(final, rooms=rooms, rows=rows, content=number + n) for n, (rooms, rows) in enumerate(parts)]
        case "voided":
            (one,) = strangers(draw, day, report, 1) or [None]
            if one is not None:
                many = (*report.rows, one)
                wrong = replace(full, rows=many, wrong=frozenset({one.child}))
                return [
                    replace(final, rows=many),
                    wrong,
                    replace(full, rows=(one,), back=True, void=True, content=number + 2),
                ]
        case "mended" if report.rows:
            one = draw(st.sampled_from(report.rows))
            return [replace(final, wrong=frozenset({one.child})), replace(full, rows=(one,), back=True)]
        case "again":
            return [final, final]
        case "older again":
            old = replace(final, rows=other(draw, campus, day, report))
            return [old, full, old]
    return [final]


@st.composite
def histories(draw: st.DrawFn, final: Mapping[str, Mapping[date, Report]]) -> list[Sent]:
    """All workbooks in the order of their arrival."""
    found, shuffled = list[Sent](), draw(st.booleans())
    for campus, reports in final.items():
        for day, report in reports.items():
            at = datetime.combine(day, time(8), ZONE)
            for one in steps(draw, campus, day, report, 10 * (len(found) + 1)):
                wait = timedelta(days=draw(st.sampled_from([0, 1, 3, 5] if shuffled else [0, 0, 0, 0, 1, 3])))
                at = (at + wait if at + wait < OVER else at) + timedelta(minutes=draw(st.integers(1, 50)))
                found.append(_in_words_of(replace(one, at=at), report))
    return sorted(found, key=lambda one: one.at)


def _in_words_of(one: Sent, report: Report) -> Sent:
    """What comes a day and more later says so: 逾期补报 for further classes, 整份更正 in place of 补充."""
    if one.in_time or one.back:
        return one
    if one.mode == ADD:
        return replace(one, mode=FULL, rows=report.rows, rooms=report.rooms)
    return replace(one, mode=LATE) if one.mode == FIRST and one.rooms != report.rooms else one


# --------------------------------------------------------------------------- what stands after them


@pytest.fixture
def two_campuses(site: Site) -> Site:
    Unit.objects.create(code=SCHOOL, kind="school", division_id=COUNTY, name="示例小学", stages="小学", boarding=True)
    for campus, rooms in ROOMS.items():
        Campus.objects.create(school_id=SCHOOL, name=campus)
        for room in rooms:
            _open(campus, room, ROLLS[room], valid_to=RENAMED if room == "三3" else None)
    _open(HOME, "三7", ROLLS["三3"], valid_from=RENAMED)
    return replace(site, policy=replace(site.policy, withdraw_share=1.0))


def _open(campus: str, key: str, roll: int, **days: date | None) -> None:
    SchoolClass.objects.create(
        school_id=SCHOOL, campus=campus, school_year=2026, key=key, name=NAMES[key], stage="小学", roll=roll, **days
    )


def play(site: Site, history: Sequence[Sent], assessed: Sequence[bool]) -> None:
    """Let the workbooks come, one by one; warnings are assessed after some of them."""
    last: dict[tuple[str, date], int] = {}
    seen = set[int]()
    for number, one in enumerate(history):
        reading = one.reading(_ticket(last[one.campus, one.day]) if one.back else "")
        seq, state = _take(site, number, one, replace(reading, content_sha=f"{one.content:064d}"))
        assert state in ({"duplicate", "held"} if one.content in seen else {"accepted", "partial"}), one
        last[one.campus, one.day] = seq
        seen.add(one.content)
        if assessed[number % len(assessed)]:
            assess.warn(site, RULES, one.at)
    assess.warn(site, RULES, OVER)


def _take(site: Site, number: int, one: Sent, reading: Reading) -> tuple[int, str]:
    came = replace(
        books.arrival(bound=SCHOOL),
        seq=0,
        sha256=f"{number:064d}",
        first_seen=one.at,
        received_at=one.at,
        path=site.root / "spool" / f"{number}.xlsx",
    )
    (arrival,) = journal.receive(site, [came])
    (done,) = [done for part in Settling(site, InProcess(), one.at).settle([(arrival, reading)]) for done in part]
    return arrival.seq, done.state.value


def _ticket(seq: int) -> str:
    return Reject.objects.get(submission_id=seq, state="open").ticket


T = TypeVar("T")
Stands = tuple[str, str, str, date, frozenset[str]]


def conditions() -> dict[str, set[Stands]]:
    """The open conditions by campus: rule, group, place, day, children."""
    names = dict(Pupil.objects.values_list("code", "name"))
    found: dict[str, set[Stands]] = {campus: set() for campus in ROOMS}
    for hit in AlertHit.objects.filter(to_settled__isnull=True).select_related("alert"):
        who = frozenset(names[code] for code, *_ in hit.members)
        found[hit.alert.campus].add((hit.rule, hit.group, hit.scope, hit.day, who))
    return found


def cases() -> dict[str, set[tuple[date, str, date]]]:
    """The rows that stand, by campus: day, child, day of the case."""
    names = dict(Pupil.objects.values_list("code", "name"))
    found: dict[str, set[tuple[date, str, date]]] = {campus: set() for campus in ROOMS}
    for row in Absence.objects.all():
        found[row.campus].add((row.day, names[row.pupil], row.began))
    return found


def apart(stands: Mapping[str, set[T]], right: Mapping[str, set[T]]) -> dict[str, tuple[set[T], set[T]]]:
    """By campus: what only the store has, and what only the oracle has."""
    return {campus: (stands[campus] - right[campus], right[campus] - stands[campus])
            for campus in ROOMS if stands[campus] != right[campus]}  # fmt: skip


def test_whatever_came_when_what_stands_is_what_the_norms_say_of_the_final_records(two_campuses: Site) -> None:
    ways = st.lists(st.booleans(), min_size=1, max_size=5)
    rules_met = set[str]()

    # a history is made smaller for minutes, and hardly gets smaller
    @settings(max_examples=HISTORIES, derandomize=AS_EVER, phases=[Phase.explicit, Phase.generate])
    @given(st.data())
    def same(data: st.DataObject) -> None:
        final = data.draw(finals())
        rows = {campus: counted(reports, ONCE) for campus, reports in final.items()}
        said = {campus: {(row.day, row.pupil, row.spell) for row in mine} for campus, mine in rows.items()}
        met = {campus: History(mine, ROLLS, first_name).met() for campus, mine in rows.items()}
        rules_met.update(rule for found in met.values() for rule, *_ in found)
        for _ in range(2):
            with undone():
                play(two_campuses, data.draw(histories(final)), data.draw(ways))
                assert apart(cases(), said) == {}
                assert apart(conditions(), met) == {}

    same()
    assert len(rules_met) > 4, rules_met
