"""Rosters, calendars and reports settle in any order to the store that the order of their arrival makes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.database import journal, models
from pipeline.database.transactions import undone
from pipeline.errors import UsageError
from pipeline.model import Arrival, DecidedBy, Reading, Settled, Site, Workbook
from pipeline.run.parts import Read
from pipeline.run.settling import Settling
from pipeline.settling import undo
from tests import formbooks as books
from tests.contract.settling import differences
from tests.formbooks import calendar
from tests.inprocess import InProcess
from tests.submissions import NOON, SCHOOL

OTHER = "2132000009"
TakenBack = Callable[[int, DecidedBy], Settled]
DAY = datetime(2026, 11, 23)


def absence(
    unit: str = SCHOOL,
    room: str = "三(3)班",
    name: str = "张小明",
    started: int = 23,
    classes: Sequence[tuple[str, object]] = (("三(3)班", 40.0), ("四(1)班", 38.0)),
    **fields: object,
) -> Workbook:
    row = {**books.GOOD, "班级": room, "姓名": name, "起始日": datetime(2026, 11, started), "发病日期": None}
    return books.absence(row, classes=classes, day=DAY, unit=unit, **fields)


def closed(room: str) -> Workbook:
    return books.closure({**books.CLOSURE_GOOD, "停课范围": room}, day=DAY)


def roster(*rooms: tuple[str, object], day: datetime = DAY, **of_school: object) -> Workbook:
    rows = [{"学校标识码": of_school.get("学校标识码", SCHOOL), "班级": name, "学生人数": roll} for name, roll in rooms]
    book = books.roster(*([of_school] if of_school else []), classes=rows)
    return books.book(*((one.name, _dated(one.rows, day)) for one in book.sheets))


def campus_of(*rooms: str) -> Workbook:
    """A roster that gives a school a further campus with classes of its own."""
    of = {"学校标识码": SCHOOL, "校区": "东校区"}
    lines = [{**of, "班级": room, "学生人数": 38.0} for room in rooms]
    return books.roster({**of, "校区": "本部"}, *[of] * bool(rooms), classes=lines)


def _dated(rows: list[list[object]], day: datetime) -> list[list[object]]:
    return [[day if cell == datetime(2026, 9, 1) else cell for cell in row] for row in rows]


EAST = [("四(1)班", 38.0)]
NEW = {"学校标识码": OTHER, "学校名称": "示例新小学", "学段": "小学"}
SENT: Sequence[Workbook] = (
    absence(),
    absence(room="五(1)班"),
    absence(name="李小红", 报送方式="补充（只加不减）"),
    absence(name="王五一", started=20),  # a Friday: new or ongoing on Monday by the calendar alone
    absence(unit=OTHER),
    roster(("五(1)班", 30.0)),
    roster(("五(1)班", 31.0), ("三(3)班", 44.0), day=datetime(2026, 11, 20)),
    roster(("三(3)班", 40.0), **NEW),
    roster(("一(1)班", 20.0), 学校标识码=OTHER, 学校名称="示例新小"),
    calendar({"类别": "上课", "开始日期": datetime(2026, 11, 21)}),
    calendar({"类别": "放假", "开始日期": datetime(2026, 11, 21), "结束日期": datetime(2026, 11, 23)}),
    calendar({"类别": "上课", "开始日期": datetime(2026, 11, 21)}, unit=SCHOOL),
    closed("五(1)班"),
    absence(name="赵六一", 报送方式="整份更正"),
    closed("三(3)班"),
    closed("四(1)班"),
    campus_of("四(1)班"),
    absence(room="四(1)班", name="钱东一", classes=EAST),  # of 本部, or of the campus that has the class
    absence(name="孙东二", 校区="东"),
    absence(room="四(1)班", name="周东三", classes=EAST, 校区="东", 报送方式="补充（只加不减）"),
)


WAYS: Mapping[int, TakenBack] = {
    **dict.fromkeys((5, 6, 7, 8, 16), undo.take_back_roster),
    **dict.fromkeys((9, 10, 11), undo.take_back_calendar),
}
PUPILS_AND_ROOMS = (0, 1, 2, 3, 12, 13, 14, 15)  # reports and closures, of which copies may come, too


def stands() -> dict[str, list[str]]:
    drop = {"id", "from_settled", "settled_seq", "as_of_settled"}
    tables = (
        *(models.Absence, models.Report, models.ReportClass, models.Campus, models.SchoolClass),
        *(models.CalendarDay, models.UnitPlace, models.Closure),
    )
    found = {}
    for table in tables:
        names = [f.attname for f in table._meta.concrete_fields if f.name not in drop]
        found[table.__name__] = sorted(map(str, table.objects.values_list(*names)))
    said_ = models.Statement.objects.values_list("order", "unit", "day", "state", "content")
    found["Statement"] = sorted(str(row) for row in said_ if any(row[-1].values()))
    found["Unit"] = sorted(map(str, models.Unit.objects.filter(kind="school").values_list()))
    said = ("received_seq", "form", "unit", "state", "accepted", "refused", "effective", "issues")
    found["Submission"] = sorted(map(str, models.Submission.objects.values_list(*said)))
    found["Reject"] = sorted(
        map(str, models.Reject.objects.filter(state="open").values_list("ticket", "raw", "issues"))
    )
    return found


def taken(
    site: Site, sent: Sequence[Reading], *batches: Sequence[int], back: Mapping[int, TakenBack] = {}
) -> dict[str, list[str]]:
    """Journal all, judge and settle batch by batch in an order of its own, take some back, undo it; return what then
    stood.
    """
    with undone():
        came = [_arrival(site, number, one) for number, one in enumerate(sent)]
        read = dict(enumerate(zip(journal.receive(site, came), sent, strict=True)))
        by_seq = {arrival.seq: (arrival, reading) for arrival, reading in read.values()}
        settling = Kept(site, InProcess(), NOON, by_seq)
        for batch in batches:
            done = [one.seq for part in settling.settle([read[place] for place in batch]) for one in part]
            assert sorted(done) == sorted(read[place][0].seq for place in batch), "each is settled, once"
        for number, take_back in back.items():
            settling.judge_later(take_back(number, DecidedBy("示例区", "填错了", NOON)))
        found = stands()
        assert not any("sender-unproved" in one for one in found["Submission"]), "what is held tries nothing"
        return found


@dataclass(frozen=True)
class Kept(Settling):
    """Settles what has no bytes: how it reads is known."""

    readings: Mapping[int, Read]

    def read(self, seqs: Sequence[int]) -> list[Read]:
        return [self.readings[seq] for seq in sorted(seqs)]


def _arrival(site: Site, number: int, reading: Reading) -> Arrival:
    """From the folder of its own unit: what nothing proves would be held, and nothing be tried."""
    one = books.arrival(bound=reading.claims.unit if reading.claims else "")
    path = site.root / "spool" / f"{number}.xlsx"
    return replace(one, seq=0, sha256=f"{number:064d}", first_seen=NOON, received_at=NOON, path=path)


BLANK = replace(books.reading(absence(unit="2132099999")), content_sha=f"{99:064d}")  # of a school nobody knows
READ = [replace(books.reading(book), content_sha=f"{number:064d}") for number, book in enumerate(SENT)]


@example([7, 4], [1, 0])  # a report of a school that only a roster read late makes known
@example([9, 3, 10], [1, 2, 0])
@example([5, 12], [1, 0])  # a closure of a class that only a roster read late makes known
@example([0, 5, 2], [1, 2, 0])
@example([8, 7, 4, 6], [3, 2, 1, 0])
@example([5, 5], [1, 0])  # copies of a roster, the second settled first
@example([5, 6, 5], [2, 1, 0])
@example([7, 7, 4], [2, 1, 0])
@example([10, 10], [1, 0])  # of a calendar
@example([9, 10, 9], [2, 0, 1])
@example([9, 9, 10], [2, 1, 0])  # what went back because of the copy goes back because of the first
@example([12, 12], [1, 0])  # of a closure
@example([0, 0], [1, 0])  # of a report
@example([16, 17], [1, 0])  # a report of another campus than it seemed to be, before a roster read late made it known
@example([16, 19, 17, 18], [3, 2, 1, 0])
@settings(max_examples=5)
@given(
    st.lists(st.integers(0, len(SENT) - 1), min_size=2, max_size=4),
    st.permutations(range(4)),
)
def test_it_does_not_matter_which_file_kept_its_reader_busy(
    school: Site,
    chosen: list[int],
    shuffled: list[int],
) -> None:
    sent = [READ[number] for number in chosen]
    order = [[place] for place in shuffled if place < len(sent)]
    assert differences(one_by_one(school, sent), taken(school, sent, *order)) == {}


@example([0, 0, 2], 2)  # slow, slow, quick: a report and its copy behind a later one
@example([0, 1, 13], 2)
@example([12, 12, 14], 2)  # closures
@example([0, 12, 2, 14], 3)
@example([12, 12], 1)  # the second copy settles first
@example([12, 14, 12], 2)
@settings(max_examples=3)
@given(st.lists(st.sampled_from(PUPILS_AND_ROOMS), min_size=2, max_size=5), st.integers(1, 4))
def test_it_does_not_matter_how_many_of_a_batch_kept_their_readers_busy(
    school: Site, chosen: list[int], slow: int
) -> None:
    sent = [READ[number] for number in chosen]
    last = range(min(slow, len(sent) - 1))
    first = range(len(last), len(sent))
    assert differences(one_by_one(school, sent), taken(school, sent, first, last)) == {}


@example([0, 16, 17], [1])  # the campus it made is no campus
@example([16, 19, 17, 18], [0])
@example([5, 5, 1], [0])  # its copy counts
@settings(max_examples=2)
@given(
    st.lists(st.integers(0, len(SENT) - 1), min_size=2, max_size=5),
    st.lists(st.integers(0, 4), min_size=1, max_size=2, unique=True),
)
def test_what_is_taken_back_might_never_have_come(school: Site, chosen: list[int], places: list[int]) -> None:
    sent = [READ[number] for number in chosen]
    gone = {place + 1: way for place in places if place < len(chosen) and (way := WAYS.get(chosen[place]))}
    try:
        found = one_by_one(school, sent, gone)
    except UsageError:
        return  # it changed nothing, or a school that only it knows has sent something
    never = one_by_one(school, [BLANK if number in gone else one for number, one in enumerate(sent, 1)])
    assert differences(*(_others(one, gone) for one in (never, found))) == {}


@pytest.mark.parametrize("chosen", [[0, 16, 17, 18], [16, 18, 5, 1]])
def test_a_campus_removed_might_never_have_been_and_comes_back(school: Site, chosen: list[int]) -> None:
    sent = [READ[number] for number in chosen]
    at = chosen.index(16)
    only_home = replace(books.reading(campus_of()), content_sha=f"{98:064d}")

    def remove(_: int, by: DecidedBy) -> Settled:
        return undo.remove_campus(SCHOOL, "东校区", by)

    removed = one_by_one(school, sent, {0: remove})
    never = one_by_one(school, [only_home if place == at else one for place, one in enumerate(sent)])
    assert differences(*(_but_roster(one, at + 1) for one in (never, removed))) == {}
    again = one_by_one(school, sent, {0: remove, len(sent) + 1: undo.take_back})
    assert differences(*(_but_roster(one, at + 1) for one in (one_by_one(school, sent), again))) == {}


def _but_roster(found: Mapping[str, list[str]], number: int) -> dict[str, list[str]]:
    return {**_others(found, [number]), "Statement": []}


def _others(found: Mapping[str, list[str]], gone: Iterable[int]) -> dict[str, list[str]]:
    """All but what was taken back itself, and what was noted of the registry before it."""
    own = tuple(f"({number}, " for number in gone)
    left = {
        name: [row for row in rows if not (name == "Submission" and row.startswith(own))]
        for name, rows in found.items()
    }
    return {
        **left,
        "Statement": [row for row in found["Statement"] if not ("'undone'" in row or row.startswith("(0, "))],
    }


def one_by_one(site: Site, sent: Sequence[Reading], back: Mapping[int, TakenBack] = {}) -> dict[str, list[str]]:
    return taken(site, sent, *([place] for place in range(len(sent))), back=back)
