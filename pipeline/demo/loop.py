"""What people do besides reporting, on the eve and on the last day: cards, a county's desk, accounts, registry.

Each scene finds what the system has sent, fills it in, and drops it into the inbox. They are listed in the table of
outcomes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from pipeline import issuing
from pipeline.demo import filings
from pipeline.demo.books import Shelf
from pipeline.demo.filings import DayPlan, DemoFiling
from pipeline.demo.province import COUNTIES, DemoSchool
from pipeline.demo.stage import DemoSite, SentFile, county_folder, county_of, folder_of
from pipeline.forms import form
from pipeline.issuing import desk
from pipeline.settling import reconciliation
from pipeline.xlsx import typed
from pipeline.xlsx.fill import Template, fill

FOLLOWED = "1132920001"  # its alert is answered 不可排除, confirmed, followed
PHONED = "2132930007"  # its county answers for it
FILES = "1132910001"  # asks for an account
WRONG_TIER = "1132920002"  # asks for one that is not a school's
PROPOSES = "3132910014"  # changes its own classes
COMPARED = "1132910004"  # a closure whose pupils are reported later
DOUBTED = "1132910005"  # a closure its county does not confirm
HELD = "2132910010"
WAIVED = "2132910011"
LEFT = "2132910007"
MISNAMED = "2132910006"

SCAN = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
STANDS: Mapping[str, object] = {
    "核实结论": "不可排除",
    "采取的措施": "通知家长、患病学生居家、消毒、加强晨午检",
    "报告方式": "电话",
    "报告对象": "示例区疾控中心 示例接报人",
}
_DESK_WHY = "电话核实"


@dataclass(frozen=True, slots=True)
class Scene:
    """The stage, the shelf of templates, and the day."""

    stage: DemoSite
    shelf: Shelf
    day: DayPlan

    def school(self, code: str) -> DemoSchool:
        return next(school for school in self.shelf.schools if school.code == code)

    def put(self, school: DemoSchool, name: str, content: bytes, note: str) -> None:
        """Drop a school's file where its clerk drops files."""
        self.stage.put(folder_of(school), f"{school.name}{name}", content, SentFile(note, school.name))

    def answer(self, school: DemoSchool, name: str, content: bytes, note: str) -> None:
        """Drop a school's card into the school's own folder: through the county's folder it would be the county's
        answer.
        """
        self.stage.put(school.code, f"{school.name}{name}", content, SentFile(note, school.name))

    def send(self, filing: DemoFiling) -> None:
        """Drop a workbook made from the school's template."""
        self.put(filing.school, filing.name.removeprefix(filing.school.name), self.shelf.fill(filing), filing.note)

    def papers(self, code: str, pattern: str) -> list[Path]:
        """Papers of that name in a reader's part of the outbox, oldest first."""
        found = self.stage.site.outbox.glob(f"*/*{code}/*/{pattern}")
        return sorted(found, key=lambda path: (path.parent.name, path.stat().st_mtime_ns))


# --------------------------------------------------------------------------- the eve


def extra(day: DayPlan, schools: Mapping[str, DemoSchool]) -> list[DemoFiling]:
    """The eve's reports that give the counties' desks something to do the next morning."""
    wrong = filings.spoilt(day, schools[WAIVED], "前一天：一行缺姓名、一行缺原因", filings.two_gaps)
    unclear = filings.spoilt(day, schools[LEFT], "前一天：起始日写成 11.2，没有改", filings.ambiguous)
    renamed = filings.spoilt(day, schools[MISNAMED], "前一天：班级不在名册", filings.new_class)
    return [wrong, unclear, renamed, filings.spoilt(day, schools[HELD], "前一天：三名学生", _as_is, at_least=3)]


def _as_is(_typed: list[dict[str, object]], _today: date) -> None:
    """Nothing wrong."""


def eve(scene: Scene) -> None:
    """The afternoon before: closures, a card answered, an account asked for, a calendar, a school's own classes."""
    stage, day = scene.stage, scene.day
    one = scene.school(HELD)
    fewer = filings.absence(day, one, note="前一天：只剩一行、未选整份更正")
    typed = {**fewer.tables, "rows": [filings.ill_row(one, day, 0)]}
    again = f"{one.name}缺课日报（又）.xlsx"
    scene.send(replace(fewer, header={**fewer.header, "zero": "否"}, tables=typed, name=again))
    for code, room, ill, note in (
        (COMPARED, "中二班", 3, "前一天：停课，患病学生还没有报"),
        (DOUBTED, "小一班", 2, "前一天：停课，县里未同意"),
    ):
        scene.send(filings.closure(day, scene.school(code), room, ("手足口病", ill, 0, 11), note))
    _answer(scene, FOLLOWED, "前一天答复预警：不可排除，已逾期")
    _file(scene)
    _calendar(scene)
    _propose(scene)
    stage.drain()
    stage.tick(day.date, "15:01")
    open_ones = _matters()
    _scan(scene)
    _pupils_of_the_closure(scene)
    stage.drain()
    for name in sorted(open_ones - _matters()):
        stage.seen.append(("前一天待对账：停课无缺课，补报后消解", name, "已消解", "", "", ""))


def _matters() -> set[str]:
    """Names of the schools with something to reconcile."""
    return {line.school_name for line in reconciliation.waiting("320000")}


def _answer(scene: Scene, code: str, note: str) -> None:
    school = scene.school(code)
    book = scene.papers(code, "预警信息报告卡*学校联（填报）.xlsx")[-1]
    answer = {**STANDS, "报告时间": _wall(scene.stage.now), "填报人": school.reporter, "审核人": school.leader}
    scene.answer(school, "报告卡.xlsx", typed.card(book.read_bytes(), answer), note)


def _file(scene: Scene) -> None:
    for code, ticked, note in (
        (FILES, "", "备案：申请一个学校账号"),
        (WRONG_TIER, "县（市、区）级", "备案：学校勾成了县级"),
    ):
        school = scene.school(code)
        content = issuing.template(scene.stage.site, "filing", code, scene.day.date)
        label = "县（市、区）级账号" if ticked else "学校账号"
        fields = {"申请人姓名": school.reporter, "联系电话": school.reporter_phone, "所在部门": "办公室", label: 1}
        account = {"username": f"SL_{code[-5:]}", "holder": school.reporter, "phone": school.reporter_phone}
        scene.put(school, "备案表.xlsx", typed.filing(content, fields, [account], ticked), note)


def _scan(scene: Scene) -> None:
    """The signed and stamped print: the number in the file's name is that of its receipt."""
    school = scene.school(FILES)
    receipt = scene.papers(FILES, "回执*备案*.txt")[-1].read_text(encoding="utf-8-sig")
    found = re.search(r"备案号 ([0-9]{6})", receipt)
    number = found[1] if found else ""
    scene.put(school, f" 备案 {number}.pdf", SCAN, "备案：签字盖章的扫描件")


def _calendar(scene: Scene) -> None:
    county = COUNTIES[3]
    content = issuing.template(scene.stage.site, "calendar", county.code, scene.day.date)
    off = scene.day.date + timedelta(days=7)
    rows = [{"kind": "放假", "stage": "小学", "first": off, "last": off, "note": "区小学生运动会"}]
    content = fill(Template(content), form("calendar"), {"reporter": "示例管理员"}, {"spans": rows})
    scene.stage.put(county_folder(county), "校历.xlsx", content, SentFile("校历：小学下周放一天假", county.name))


def _propose(scene: Scene) -> None:
    school = scene.school(PROPOSES)
    content = issuing.template(scene.stage.site, "roster", PROPOSES, scene.day.date)
    room = school.rooms[0]
    rows = [
        {"code": school.code, "class_name": room.name, "roll": room.roll + 2},
        {"code": school.code, "class_name": "一(3)班", "stage": "小学", "roll": 36},
    ]
    content = fill(Template(content), form("roster"), {"reporter": school.reporter}, {"classes": rows})
    scene.put(school, "名册.xlsx", content, "学校自报名册：一班添两人、新开一班")


def _pupils_of_the_closure(scene: Scene) -> None:
    school = scene.school(COMPARED)
    place = next(n for n, room in enumerate(school.rooms) if room.name == "中二班")
    late = filings.absence(scene.day, school, note="前一天：补报停课班级的学生")
    ill = [filings.ill_row(school, scene.day, n, room=place) | {"diagnosis": "手足口病"} for n in range(3)]
    header = {**late.header, "mode": "补充（只加不减）", "zero": "否"}
    scene.send(replace(late, header=header, tables={"rows": ill}, name=f"{school.name}缺课日报（补充）.xlsx"))


# --------------------------------------------------------------------------- the last day


def desks(scene: Scene) -> None:
    """At nine two counties send their 处理单 back: decided, or left for the next morning."""
    for county in COUNTIES[:2]:
        (book,) = scene.papers(county.code, f"县级处理单*{scene.day.date}.xlsx")
        content = typed.desk(book.read_bytes(), decided)
        note = "县级处理单：确认、退回、代改、豁免，也有留空" if county is COUNTIES[0] else "县级处理单：确认预警答复"
        scene.stage.put(county_folder(county), "县级处理单.xlsx", content, SentFile(note, county.name))
    _for_the_school(scene)
    scene.stage.drain()


def decided(sheet: str, line: Mapping[str, str]) -> Mapping[str, object]:
    """What a county decides of one line; nothing if it wants to see more."""
    code = line["标识码"]
    if sheet == "退回未改":
        return _of_ticket(line["列"]) if code == WAIVED else {}
    if sheet == "待核":
        return {"意见": "退回", "理由": "电话核实，是发错了的表"}
    if sheet == "待确认停课" and code == DOUBTED:
        return {"意见": "退回", "理由": "未达到停课评估标准，继续观察"}
    if sheet == "新增班级" and code == MISNAMED:
        return {"意见": "代改", "就是哪个班": "六(3)班", "理由": _DESK_WHY}
    if sheet == "待对账":
        return {}
    return {"意见": "确认"}


def _of_ticket(column: str) -> Mapping[str, object]:
    if column == "缺课原因":
        return {"意见": "代改", "改为": "因病", "理由": _DESK_WHY}
    return {"意见": "豁免", "理由": "电话核实，多写了一行"}


def _for_the_school(scene: Scene) -> None:
    """A county has telephoned and answers for the school, on its own copy of the card."""
    county = county_of(scene.school(PHONED))
    book = scene.papers(county.code, "预警信息报告卡*县级联（填报）.xlsx")[-1]
    now = _wall(scene.stage.now)
    asked = {"代填人": "示例县级值班员", "联系时间": now, "联系对象": "示例填报人（电话）"}
    content = typed.card(book.read_bytes(), {**STANDS, "报告时间": now, **asked})
    scene.stage.put(
        county_folder(county), "代填报告卡.xlsx", content, SentFile("答复预警：县级电话核实后代填", county.name)
    )


def confirmed(scene: Scene) -> None:
    """In the afternoon a county asks for its desk once more, and confirms the answers received since."""
    county = county_of(scene.school(PHONED))
    content = desk.workbook(scene.stage.site, county.code, scene.stage.now)
    content = typed.desk(content, lambda sheet, _: {"意见": "确认"} if sheet == "待确认预警" else {})
    scene.stage.put(
        county_folder(county),
        "县级处理单.xlsx",
        content,
        SentFile("县级处理单（下午再要一份）：确认学校的答复", county.name),
    )


def taken_for_wrong(scene: Scene) -> None:
    """The school that reported a rash by mistake answers its card; the correction itself comes in the afternoon."""
    school = scene.school(filings.TAKEN_BACK)
    book = scene.papers(school.code, "预警信息报告卡*学校联（填报）.xlsx")[-1]
    answer = {"核实结论": "可排除", "排除理由": "A1 报告信息有误", "填报人": school.reporter}
    content = typed.card(book.read_bytes(), answer, wrong=3)
    scene.answer(school, "报告卡.xlsx", content, "答复预警：可排除 A1，随后更正")
    scene.stage.drain()


def follow(scene: Scene) -> None:
    """The alert that could not be excluded is followed: a line of the day."""
    school = scene.school(FOLLOWED)
    book = scene.papers(FOLLOWED, "预警信息报告卡*学校联（填报）.xlsx")[-1]
    answer = {**STANDS, "报告时间": _wall(scene.stage.now - timedelta(days=1)), "填报人": school.reporter}
    today = {"day": scene.day.date, "fresh": 2, "present": 8, "progress": "两个班消毒，患病幼儿居家"}
    scene.answer(school, "报告卡（后续）.xlsx", typed.card(book.read_bytes(), answer, [today]), "后续关注：当日一行")


def reports(scene: Scene, planned: Sequence[DemoFiling], *, listed: bool = True) -> None:
    """Drop reports that are typed into the morning's templates; `listed`: in the table of outcomes."""
    counts: dict[str, int] = {}
    for filing in planned:
        school = filing.school
        content, brought, still = typed.morning(
            _template(scene, filing).read_bytes(), filing.header, filing.tables["rows"]
        )
        zero = filing.header.get("zero") == "是" and not brought and not filing.note
        if listed and zero and scene.stage.one_line(school, filing.day):
            continue
        words = _how(filing, brought, still)
        counts[words] = counts.get(words, 0) + 1
        sent = SentFile(words if counts[words] <= 2 else "", school.name) if listed else None
        scene.stage.hand_in(school, filing.name, content, sent)


def _how(filing: DemoFiling, brought: int, still: int) -> str:
    if filing.note or not brought:
        return filing.note
    if filing.header.get("zero") == "是":
        return "零报告，带入的行没有动：都算已返校"
    return "清晨模板带入：仍缺课、已返校各自选定" if still else ""


def _template(scene: Scene, filing: DemoFiling) -> Path:
    (path,) = scene.papers(filing.school.code, f"*日报模板 {filing.day}.xlsx")
    return path


def list_results(scene: Scene) -> None:
    """Add to the table what is not a file: templates made, matters that came up and were resolved."""
    stage, day = scene.stage, scene.day.date
    made = len(list(stage.site.outbox.glob(f"学校/*/{day}/*日报模板*.xlsx")))
    stage.seen.append(("清晨 06:00：带入昨日缺课的模板", f"{made} 份", "已放好", "", "", ""))
    stage.seen += stage.post.lines(day) if stage.post else ()
    for line in reconciliation.waiting("320000"):
        stage.seen.append((f"待对账：{line.what}", line.school_name, "待核对", "", "", ""))


def _wall(moment: datetime) -> datetime:
    """A moment as in a cell, which has no zone."""
    return datetime.combine(moment.date(), time(moment.hour, moment.minute))
