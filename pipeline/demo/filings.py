"""Which workbooks the invented schools send on a day, and what may be wrong with each: values, no files yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from pipeline.demo.province import DemoSchool
from pipeline.demo.story import StorySpell, returned, rows

Rows = Sequence[Mapping[str, object]]
Typed = list[dict[str, object]]
Spoil = Callable[[Typed, date], None]


@dataclass(frozen=True, slots=True)
class DemoFiling:
    """One workbook that is sent. `header` and `tables` go by our names, as typed.

    `damage` names what is done to the bytes afterwards (a function of `mistakes`); `note` says in words what is special
    about it, for the table of outcomes; `folder`: the inbox's sub-folder, "" for the inbox itself.
    """

    school: DemoSchool
    form: str
    day: date
    header: Mapping[str, object]
    tables: Mapping[str, Rows]
    name: str
    folder: str = ""
    damage: str = ""
    note: str = ""
    wave: int = 1  # 1 on time, 2 on time and again, 3 after the deadline, 4 corrected


@dataclass(frozen=True, slots=True)
class DayPlan:
    """The values that the plan of one day is made from."""

    n: int
    days: Sequence[date]
    spells: Mapping[str, Sequence[StorySpell]] = field(repr=False)

    @property
    def date(self) -> date:
        return self.days[self.n]


SILENT_ALWAYS = frozenset({"2132910009"})
SILENT_LAST = frozenset({"3132940012"})
LATE_LAST = frozenset({"1132910002", "2132920006", "3132930013"})
HALF_LAST = frozenset({"2132910006", "2132940006"})
FILLED_UP = "2132940006"  # of those two, the one that sends its other classes after a reminder
LATE_BEFORE = frozenset({"2132930007"})  # the evening before: their alert's 24 hours end after the last edition
COPY = "副本"  # the prefix that programs give a second copy
TAKEN_BACK = "2132930006"  # reported one class's pupils with a rash by mistake; its alert closes with the correction


def ordinary(day: DayPlan, schools: Sequence[DemoSchool]) -> Iterator[DemoFiling]:
    """Every school's correct 缺课日报, without those of the schools that stay silent that day (one in forty)."""
    for position, school in enumerate(schools):
        if not _silent(position, school, day.n):
            yield absence(day, school)


def history(day: DayPlan, schools: Sequence[DemoSchool]) -> Iterator[DemoFiling]:
    """The same, typed into bare templates: pupils who came back are reported, except by a few who forget (one in
    twenty).
    """
    for position, school in enumerate(schools):
        if _silent(position, school, day.n):
            continue
        filing = absence(day, school)
        sent = [n for n in range(day.n) if not _silent(position, school, n)]
        if sent and filing.tables["rows"] and (position + day.n) % 20:
            back = returned(day.spells[school.code], sent[-1], day.n, day.days)
            filing = replace(filing, tables={"rows": [*filing.tables["rows"], *back]})
        yield filing


def _silent(position: int, school: DemoSchool, n: int) -> bool:
    return school.code in SILENT_ALWAYS or (position * 7 + n * 11) % 40 == 0


def last(day: DayPlan, schools: Sequence[DemoSchool]) -> list[DemoFiling]:
    """Return those of the last day: most of them correct, then late ones, halves, mistakes, closures."""
    found: list[DemoFiling] = []
    by_code = {school.code: school for school in schools}
    mistaken = {filing.school.code: filing for filing in mistakes(day, by_code)}
    for school in schools:
        if school.code in SILENT_ALWAYS | SILENT_LAST:
            continue
        filing = mistaken.get(school.code) or absence(day, school)
        if school.code in LATE_LAST:
            filing = replace(filing, wave=3, note="15:00 以后才到")
        if school.code in HALF_LAST:
            half = [{"": room.name} for room in school.rooms[-3:]]
            filing = replace(filing, tables={**filing.tables, "classes": half}, note="班级表少三个班")
        if school.code == TAKEN_BACK:
            wrong = [ill_row(school, day, n, room=4) | {"symptom1": "皮疹"} for n in range(3)]
            typed = {**filing.tables, "rows": [*filing.tables["rows"], *wrong]}
            filing = replace(
                filing, header={**filing.header, "zero": "否"}, tables=typed, note="误填三名皮疹学生，触发预警"
            )
        found.append(filing)
    return [*found, *again(day, by_code), *closures(day, by_code), *sent_again(day, by_code)]


def absence(day: DayPlan, school: DemoSchool, *, damage: str = "", note: str = "") -> DemoFiling:
    """Return a school's 缺课日报 of a day, correct in every cell."""
    typed = rows(day.spells[school.code], day.n, day.days)
    header = {"zero": "否" if typed else "是", "reporter": school.reporter, "reviewer": school.leader}
    name = f"{school.name}缺课日报{day.date:%m%d}.xlsx"
    return DemoFiling(school, "absence", day.date, header, {"rows": typed}, name, damage=damage, note=note)


def mistakes(day: DayPlan, schools: Mapping[str, DemoSchool]) -> Iterator[DemoFiling]:
    """Mistakes of every day, one school each."""
    yield spoilt(day, schools["2132910007"], "全角数字、文字日期、口语症状", _casual)
    yield spoilt(day, schools["2132910008"], "一行缺姓名、一行缺原因", two_gaps)
    yield spoilt(day, schools["2132920007"], "起始日在将来", _future)
    yield spoilt(day, schools["2132920008"], "起始日写成 11.2，读不准", ambiguous)
    yield spoilt(day, schools["2132930008"], "粘贴时错了一列", _slipped, at_least=12)
    yield spoilt(day, schools["2132940007"], "班级不在名册", new_class)
    yield absence(day, schools["1132930003"], damage="as_csv", note="CSV 改名为 .xlsx")
    yield absence(day, schools["2132930009"], damage="empty", note="空文件")
    yield absence(day, schools["2132940008"], damage="without_properties", note="在线编辑器另存，属性丢失")
    yield absence(day, schools["3132920013"], damage="cut", note="传了一半")
    yield absence(day, schools["1132940003"], damage="as_pdf", note="PDF 改名为 .xlsx")
    yield absence(day, schools["3432910015"], damage="bomb", note="压缩炸弹（恶意文件）")


def sent_again(day: DayPlan, schools: Mapping[str, DemoSchool]) -> Iterator[DemoFiling]:
    """Correct files from schools whose first one could not be opened, one of them too late;
    and the rest of a half one.
    """
    for code in ("1132930003", "3432910015", "2132930009", "1132940003"):
        yield _renamed(absence(day, schools[code], note="打不开的表，重发后收下"), "重发", wave=2)
    yield _renamed(absence(day, schools["3132920013"], note="打不开的表，15:00 后重发"), "重发", wave=3)
    rest = absence(day, schools[FILLED_UP], note="补充：其余各班")
    yield _renamed(replace(rest, header={**rest.header, "mode": "补充（只加不减）"}), "补充", wave=3)


def _renamed(filing: DemoFiling, word: str, wave: int) -> DemoFiling:
    return replace(filing, name=filing.name.replace(".xlsx", f"（{word}）.xlsx"), wave=wave)


def again(day: DayPlan, schools: Mapping[str, DemoSchool]) -> Iterator[DemoFiling]:
    """Files beside the day's own report: copies, corrections, yesterday's file, a foreign folder."""
    twice = absence(day, schools["1132910001"], note="同一文件又发一次")
    yield replace(twice, name=f"{COPY}缺课日报(1).xlsx")
    corrected = absence(day, schools[TAKEN_BACK], note="整份更正，预警随之撤销")
    more = [*corrected.tables["rows"], ill_row(schools[TAKEN_BACK], day, 1)]
    header = {**corrected.header, "mode": "整份更正", "zero": "否"}
    yield _renamed(replace(corrected, header=header, tables={"rows": more}), "更正", wave=3)
    yesterday = absence(replace_day(day), schools["2132940010"], note="忘改日期：昨天的表、今天的学生")
    typed = [ill_row(schools["2132940010"], day, 2)]
    yield replace(yesterday, header={**yesterday.header, "zero": "否"}, tables={"rows": typed})
    foreign = absence(day, schools["1132920002"], note="放进了别校的文件夹")
    yield replace(foreign, folder="1132920003")


def replace_day(day: DayPlan) -> DayPlan:
    """Return the school day before."""
    return replace(day, n=day.n - 1)


def closures(day: DayPlan, schools: Mapping[str, DemoSchool]) -> Iterator[DemoFiling]:
    """Three closures: with its absences, after an outbreak, and without any absence."""
    yield closure(day, schools["1132920001"], "小一班", ("手足口病", 6, 0, 10), "停课，缺课齐全")
    yield closure(day, schools["2132930007"], "三(2)班", ("流行性感冒", 12, 1, 4), "停课，明日起")
    yield closure(day, schools["1132910003"], "中一班", ("手足口病", 3, 0, 10), "停课，却无缺课记录")


def closure(day: DayPlan, school: DemoSchool, room: str, what: tuple[str, int, int, int], note: str) -> DemoFiling:
    """Return a 停课报告表 of one class. `what`: why, how many are ill, days until it begins (0 or 1), its length."""
    reason, ill, after, length = what
    start = datetime.combine(day.date + timedelta(days=3 * after), time(8))  # a Friday's tomorrow is Monday
    row: dict[str, object] = {
        "kind": "首报",
        "scope": room,
        "start": start,
        "reason": reason,
        "ill": ill,
        "pupils": next(one.roll for one in school.rooms if one.name == room),
        "resume_planned": day.date + timedelta(days=length + 3 * after),
        "first_onset": day.date - timedelta(days=3),
        "approved_at": datetime.combine(day.date, time(7, 30)),
        "approved_how": "电话",
        "approved_by": "示例审批人",
    }
    header = {"reporter": school.reporter, "reviewer": school.leader}
    name = f"{school.name}停课报告{day.date:%m%d}.xlsx"
    return DemoFiling(school, "closure", day.date, header, {"rows": [row]}, name, note=note)


def spoilt(day: DayPlan, school: DemoSchool, note: str, spoil: Spoil, at_least: int = 5) -> DemoFiling:
    """Return a school's report of the day with at least so many rows, changed by `spoil`."""
    filing = absence(day, school, note=note)
    typed = [dict(row) for row in filing.tables["rows"]]
    typed += [ill_row(school, day, n) for n in range(at_least - len(typed))]
    spoil(typed, day.date)
    return replace(filing, header={**filing.header, "zero": "否"}, tables={"rows": typed})


def ill_row(school: DemoSchool, day: DayPlan, n: int, room: int | None = None) -> dict[str, object]:
    """One more child, a simple correct row; `n` selects the child, each of another class unless `room` is given."""
    place = school.rooms[n % len(school.rooms) if room is None else room]
    name, sex = place.pupils[-1 - n]
    row = {"class_name": place.name, "name": name, "sex": sex, "reason": "因病", "start": day.date}
    return row | {"symptom1": "发热", "temperature": 38.2, "visited": "是"}


def _casual(typed: Typed, today: date) -> None:
    typed[0] |= {"start": f"{today.year}年{today.month}月{today.day}日", "symptom1": "发烧，拉肚子"}
    typed[1] |= {"temperature": "３８．５", "name": f" {typed[1]['name']} ", "reason": "病假"}
    typed[2] |= {"start": f"{today.month}月{today.day}日", "symptom1": "咳嗽、流鼻涕", "diagnosis": "感冒"}


def two_gaps(typed: Typed, _today: date) -> None:
    typed[1] |= {"name": None}
    typed[3] |= {"reason": None}


def _future(typed: Typed, today: date) -> None:
    typed[0] |= {"start": today + timedelta(days=12)}


def ambiguous(typed: Typed, _today: date) -> None:
    typed[2] |= {"start": "11.2"}


def _slipped(typed: Typed, _today: date) -> None:
    names = ("class_name", "name", "sex", "reason", "start", "symptom1")
    for row in typed[2:]:
        moved = [row.get(name) for name in names]
        row |= dict(zip(names, (None, *moved[:-1]), strict=True))


def new_class(typed: Typed, _today: date) -> None:
    typed[0] |= {"class_name": "六(9)班"}
