"""The store against an oracle: whatever came when and was mended how, open conditions are those of the final records.

A school of two campuses, one class of which is renamed, over a week with a 调休 Saturday. The final reports are drawn:
clusters of `DECK`, of about the size at which a rule is met, among single cases; then two ways to come to them: late,
class by class, corrected, added to, rows sent back and mended or withdrawn, copies and older versions again. What
`tests.norms` says of the final reports (by `tests.told`, which share no code with the product) must stand after
either. `QUEKE_HISTORIES=300` plays so many, `QUEKE_SEED=100` from another on; a failure names its history.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TypeVar

import pytest

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

HISTORIES, SEED = int(os.environ.get("QUEKE_HISTORIES", "8")), int(os.environ.get("QUEKE_SEED", "0"))
RULES = with_on()
MOST = 40  # rules that the default histories meet, of those that records alone can meet
DAYS = [date(2026, 10, day) for day in (8, 9, 10, 12, 13, 14)]  # the 10th is a Saturday of school (调休)
RENAMED = date(2026, 10, 12)
OVER = datetime(2026, 10, 19, 12, tzinfo=ZONE)
HOME, EAST = "本部", "东校区"
NAMES = {"三3": "三(3)班", "三7": "三(7)班", "四1": "四(1)班", "五6": "五(6)班", "三5": "三(5)班", "四2": "四(2)班"}
ROOMS = {HOME: ("三3", "四1", "五6"), EAST: ("三5", "四2")}
ROLLS = {"三3": 12, "四1": 40, "五6": 20, "三5": 13, "四2": 30}
ONCE = {"三7": "三3"}
CHILDREN = {
    room: [f"{'张李王赵钱'[n]}{a}{b}" for a in "一二三" for b in "甲乙丙丁"] for n, room in enumerate(ROLLS)
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
ILI, FLU = Look(("发热", "咳嗽"), 38.6), Look(("发热",), diagnosis="流行性感冒", tested=True, admitted=True)
NORO = Look(("呕吐",), diagnosis="诺如病毒感染", tested=True)
DECK = [
    (Look(("皮疹",), diagnosis="水痘"), 13), (NORO, 25), (ILI, 36), (Look(("皮疹",), diagnosis="手足口病"), 13),
    (FLU, 6), (Look(("咳嗽",), diagnosis="肺结核"), 13), (Look(("发热", "皮疹"), diagnosis="麻疹"), 13),
    (Look(diagnosis="其他感染性腹泻病"), 25), (Look(("发热",)), 5), (Look(diagnosis="流行性腮腺炎"), 13),
    (Look(("皮疹",), diagnosis="风疹"), 13), (Look(diagnosis="登革热"), 4), (Look(diagnosis="猩红热"), 13),
    (Look(diagnosis="流行性脑脊髓膜炎"), 4), (Look(("皮疹",), diagnosis="手足口病"), 7),
    (Look(diagnosis="细菌性痢疾"), 13),
    (Look(("红眼",), diagnosis="急性出血性结膜炎"), 10), (Look(diagnosis="霍乱"), 2), (Look(diagnosis="甲肝/戊肝"), 6),
    (Look(diagnosis="伤寒副伤寒"), 6), (ILI, 14), (Look(meal=True), 5), (NORO, 6), (Look(("呼吸急促或困难",)), 2),
]  # fmt: skip
"""Clusters, each with about the number of children at which it meets most of its rules; three a history, in turn."""


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


def illness(rng: Random, look: Look) -> Illness:
    return Illness(
        first=rng.randrange(len(DAYS)),
        length=rng.choice([0, 1, 1, 2, 3, 4]),
        look=look,
        onset=rng.choice([None, None, None, 0, 1, 5]),
        back=rng.random() < 1 / 2,
        retyped=rng.random() < 1 / 6,
        shown=rng.choice([0, 0, 0, 1]),
        ill=rng.random() < 9 / 10,
        dorm=rng.choice(["", "", "东101"]),
    )


def clusters(rng: Random, number: int) -> list[tuple[Look, int]]:
    """Three of the deck, in turn; and of any illness a few."""
    planted = [DECK[(3 * number + n) % len(DECK)] for n in range(3)]
    return [*planted, *((rng.choice(LOOKS), rng.randint(1, 8)) for _ in range(rng.randint(0, 2)))]


def finals(rng: Random, number: int) -> dict[str, dict[date, Report]]:
    """The final reports, by campus and day: some missing, some of one class only, some without anybody."""
    ill: dict[str, list[Illness]] = {}
    for look, size in clusters(rng, number):
        campus = HOME if size > 24 else rng.choice([HOME, HOME, EAST])
        rooms = ROOMS[campus][:1] if size <= 14 and rng.random() < 1 / 3 else ROOMS[campus]
        among = [child for room in rooms for child in CHILDREN[room]]
        like = replace(illness(rng, look), ill=rng.random() < 19 / 20, first=rng.randrange(4))
        for child in rng.sample(among, min(len(among), size + rng.choice([-1, 0, 0, 1]))):
            one = rng.choice([like, like, illness(rng, look)])
            first = min(len(DAYS) - 1, like.first + rng.choice([0, 0, 0, 1, 2]))
            ill.setdefault(child, []).append(replace(one, first=first))
    found: dict[str, dict[date, Report]] = {campus: {} for campus in ROOMS}
    for campus, rooms in ROOMS.items():
        for at, day in enumerate(DAYS):
            spoken = rng.choice([*[rooms] * 7, rooms[:1], rooms[1:], ()])
            rows = []
            for room in spoken:
                for child in CHILDREN[room]:
                    said = [row for one in ill.get(child, ()) if (row := one.row(child, room, at))]
                    if said and rng.random() < 15 / 16:
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


def other(rng: Random, campus: str, day: date, report: Report) -> tuple[Said, ...]:
    """The rows of a report that is to be corrected: some left out, some of others, some other illnesses."""
    rows = [replace(row, look=rng.choice(LOOKS)) if rng.random() < 1 / 2 else row for row in report.rows]
    kept = [row for row in rows if rng.random() < 3 / 4]
    return (*kept, *strangers(rng, day, report, rng.randint(0, 6)))


def strangers(rng: Random, day: date, report: Report, many: int) -> list[Said]:
    """Rows of children who are not in the report."""
    known = {row.child for row in report.rows}
    free = [(room, child) for room in sorted(report.rooms) for child in CHILDREN[ONCE.get(room, room)]]
    look = rng.choice(LOOKS)
    return [Said(child, room, day, look=look) for room, child in free if child not in known][:many]


def steps(rng: Random, campus: str, day: date, report: Report, number: int) -> list[Sent]:
    """The workbooks of one report, in the order in which they come."""
    final = Sent(campus, day, report.rooms, report.rows, content=number)
    full = replace(final, mode=FULL, content=number + 1)
    match rng.choice(WAYS):
        case "corrected":
            return [replace(final, rows=other(rng, campus, day, report)), full]
        case "added" if report.rows:
            cut = rng.randrange(len(report.rows))
            more = report.rows[cut:]
            late = replace(full, mode=ADD, rows=more, rooms=frozenset(row.room for row in more))
            return [replace(final, rows=report.rows[:cut]), late]
        case "room by room" if len(report.rooms) > 1:
            parts = [(frozenset({room}), tuple(r for r in report.rows if r.room == room)) for room in report.rooms]
            return [replace(final, rooms=rooms, rows=rows, content=number + n) for n, (rooms, rows) in enumerate(parts)]
        case "voided":
            (one,) = strangers(rng, day, report, 1) or [None]
            if one is not None:
                many = (*report.rows, one)
                wrong = replace(full, rows=many, wrong=frozenset({one.child}))
                return [
                    replace(final, rows=many),
                    wrong,
                    replace(full, rows=(one,), back=True, void=True, content=number + 2),
                ]
        case "mended" if report.rows:
            one = rng.choice(report.rows)
            return [replace(final, wrong=frozenset({one.child})), replace(full, rows=(one,), back=True)]
        case "again":
            return [final, final]
        case "older again":
            old = replace(final, rows=other(rng, campus, day, report))
            return [old, full, old]
    return [final]


def histories(rng: Random, final: Mapping[str, Mapping[date, Report]]) -> list[Sent]:
    """All workbooks in the order of their arrival."""
    found, shuffled = list[Sent](), rng.random() < 1 / 2
    for campus, reports in final.items():
        for day, report in reports.items():
            at = datetime.combine(day, time(8), ZONE)
            for one in steps(rng, campus, day, report, 10 * (len(found) + 1)):
                wait = timedelta(days=rng.choice([0, 1, 3, 5] if shuffled else [0, 0, 0, 0, 1, 3]))
                at = (at + wait if at + wait < OVER else at) + timedelta(minutes=rng.randint(1, 50))
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
    rules_met = Counter[str]()
    for number in range(SEED, SEED + HISTORIES):
        rng = Random(number)
        final = finals(rng, number)
        rows = {campus: counted(reports, ONCE) for campus, reports in final.items()}
        said = {campus: {(row.day, row.pupil, row.spell) for row in mine} for campus, mine in rows.items()}
        met = {campus: History(mine, ROLLS, first_name).met() for campus, mine in rows.items()}
        rules_met.update({rule for found in met.values() for rule, *_ in found})
        for _ in range(2):
            with undone():
                play(two_campuses, histories(rng, final), [rng.random() < 1 / 2 for _ in range(rng.randint(1, 5))])
                assert apart(cases(), said) == {}, number
                assert apart(conditions(), met) == {}, number
    assert len(rules_met) >= MOST or HISTORIES < 8, rules_met
