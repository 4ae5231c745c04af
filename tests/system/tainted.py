"""The loop of every form in schools whose every word bears their sign: reports, answers, requests, what is decided.

Reports first, from two counties of two cities; after them cards, filings, rosters and calendars, a bad row in each;
then the next morning's desks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from pipeline import issuing
from pipeline.database.models import Absence, Campus, Report, SchoolClass, Unit
from pipeline.facts import county_day
from pipeline.forms import form
from pipeline.model import Site
from pipeline.schooldays import ZONE
from pipeline.xlsx import typed
from pipeline.xlsx.fill import Template, fill
from tests.formbooks import CLOSURE_GOOD, GOOD, grid, head, headers
from tests.golden.cases import Rows, absence, saved

DAY, NEXT = date(2026, 11, 20), date(2026, 11, 23)
PDF = b"%PDF-1.7\n%%EOF\n"
# sign → (code, county, city): the sign stands in every word of the school, and nowhere in our own words
SCHOOLS = {
    "靛": ("2132019001", "320106", "320100"),
    "赭": ("2132019002", "320106", "320100"),
    "麝": ("2132039003", "320302", "320300"),
    "罍": ("2132039004", "320302", "320300"),
}


def school_name(sign: str) -> str:
    return f"示例{sign}小学"


def rows(sign: str) -> list[dict[str, object]]:
    """A cluster that opens an alert, rows that go back, and words in every column that takes some."""
    ill = {**GOOD, "班级": f"{sign}星班", "起始日": DAY, "诊断": "手足口病", "症状1": "皮疹"}
    words = {"备注": f"{sign}备注语", "其他症状": f"{sign}症状语", "就诊医院": f"{sign}医院", "学号": f"{sign}学号"}
    cases = [{**ill, **words, "姓名": f"{sign}童{n}"} for n in "甲乙丙丁戊己庚辛壬癸"]
    return [
        *cases,
        {**ill, "姓名": f"{sign}童子", "缺课原因": f"{sign}原因语", "诊断": None, "症状1": None, "体温": None},
        {**ill, "姓名": f"{sign}童丑", "起始日": f"{sign}日期语"},
        {**ill, "姓名": f"{sign}童寅", "诊断": f"{sign}病名语", "体温": f"{sign}体温语", "性别": f"{sign}性别语"},
    ]


def workbook(sign: str, **header: object) -> bytes:
    code = SCHOOLS[sign][0]
    told = {"学校标识码": code, "学校名称": school_name(sign), "填报人": f"{sign}填报", "审核人": f"{sign}审核"}
    made: dict[str, Rows] = absence(rows(sign), {**told, **header})
    return saved({**made, "班级": [headers(table="classes"), [f"{sign}星班", 40], [f"{sign}月班", 41]]})


def closure(sign: str) -> bytes:
    top = head("停课报告表", {"学校标识码": SCHOOLS[sign][0], "学校名称": school_name(sign), "报告日期": DAY})
    row = {**CLOSURE_GOOD, "停课范围": f"{sign}星班", "拟复课日期": date(2026, 11, 24), "批准人及单位": f"{sign}批准"}
    wrong = {**row, "停课范围": f"{sign}月班", "停课原因": f"{sign}停因", "停课开始时间": f"{sign}何时"}
    return saved({"停课报告": [*top, *grid(headers("closure"), [row, wrong])]})


def dropped() -> dict[str, bytes]:
    """By path in the inbox. Every school reports by its folder; then what goes to the wrong door."""
    files: dict[str, bytes] = {}
    for sign, (code, _, _) in SCHOOLS.items():
        folder = f"{code} {school_name(sign)}"
        files |= {f"{folder}/缺课日报.xlsx": workbook(sign), f"{folder}/停课.xlsx": closure(sign)}
        files |= {f"{folder}/坏.xlsx": b"%PDF-1.7", f"{folder}/明天.xlsx": workbook(sign, 报告日期=date(2026, 11, 21))}
    return {
        **files,
        "2132019001 示例靛小学/别校.xlsx": workbook("麝"),
        "2132019001 示例靛小学/同县别校.xlsx": workbook("赭"),
        "320106 鼓楼区/别县.xlsx": workbook("罍", 报送方式="整份更正"),
        "320106 鼓楼区/本县.xlsx": workbook("赭", 报送方式="整份更正"),
        "320106 鼓楼区/坏.xlsx": b"Rar!\x1a\x07\x01\x00",
        "没有人.xlsx": workbook("麝", 学校标识码="2132099999"),
        "无码.xlsx": workbook("罍", 学校标识码=None),
    }


def register() -> None:
    for sign, (code, county, _) in SCHOOLS.items():
        school = Unit.objects.create(
            code=code, kind="school", division_id=county, name=school_name(sign), stages="小学",
            reporter=f"{sign}填报", leader=f"{sign}领导",
        )  # fmt: skip
        Campus.objects.create(school=school)
        SchoolClass.objects.create(
            school=school, school_year=2026, key=f"{sign}星班", name=f"{sign}星班", stage="小学", roll=40
        )


STEADY = (0, 1, 2, 1, 0, 1, 1, 2, 1, 0, 1, 0)  # new rashes on each school day before


def weeks_before() -> None:
    """Put two weeks and more of steady reports into the store and count them, so that the day is unusual everywhere.

    The counties' other schools report nobody: a county's day counts when nine of ten of its schools have reported.
    """
    counties = sorted({county for _, county, _ in SCHOOLS.values()})
    others = Unit.objects.filter(kind="school", division__in=counties).exclude(
        code__in=[s[0] for s in SCHOOLS.values()]
    )
    quiet = list(others.values_list("code", "division"))
    back = (DAY - timedelta(days=n) for n in range(1, 3 * len(STEADY)))
    days = [day for day in back if day.weekday() < 5][: len(STEADY)]
    for day, new in zip(reversed(days), STEADY, strict=True):
        for sign, (code, county, _) in SCHOOLS.items():
            place = _reported(day, code, county, new)
            case = {"sex": "1", "reason": "ill", "row_state": "new", "start": day, "began": day, "symptoms": "S09"}
            room = f"{sign}月班"
            for n in range(new):
                pupil = f"{room}-{day:%m%d}{n:06d}"
                Absence.objects.create(**place, **case, class_key=room, pupil=pupil, origin="1:8")
        for code, county in quiet:
            _reported(day, code, county, 0)
        county_day.keep(county_day.count(day, counties).values())


def _reported(day: date, code: str, county: str, rows: int) -> dict[str, object]:
    place = {"day": day, "school": code, "campus": "本部", "division": county, "from_settled": 1}
    Report.objects.create(
        **place, current_seq=1, rows=rows, zero=not rows, first_seen=at(day, "14:00"), on_time=True, covered=2
    )
    return place


def afternoon(site: Site, schools: Mapping[str, tuple[str, str, str]]) -> None:
    """Drop what the schools answer and ask for on the day itself, a row of each wrong."""
    for sign, (code, _, _) in schools.items():
        _drop(site, code, "报告卡", _card(site, sign, code))
        _drop(site, code, "备案表", _filing(site, sign, code))
        _drop(site, code, "名册", _roster(site, sign, code))
        _drop(site, code, "校历", _calendar(site, sign, code))


def scans(site: Site, schools: Mapping[str, tuple[str, str, str]]) -> None:
    """The papers of the filings, by the number on their receipts; one number is another school's."""
    numbers = {}
    for sign, (code, _, _) in schools.items():
        said = "".join(path.read_text("utf-8-sig") for path in site.outbox.glob(f"学校/*{code}/*/回执*备案*.txt"))
        numbers[sign] = re.findall(r"备案号 ([0-9]{6})", said)[0]
        _drop(site, code, f"备案 {numbers[sign]}", PDF, "pdf")
    first, *_, last = schools
    _drop(site, schools[first][0], f"备案 {numbers[last]} 别校", PDF, "pdf")


def decided(site: Site, counties: set[str]) -> None:
    """The morning's 处理单 of each county: confirmed, sent back for a reason in its own words, one line wrong."""
    for county in sorted(counties):
        (book,) = site.outbox.glob(f"县(市、区)/*{county}/{NEXT}/县级处理单*.xlsx")
        content = typed.desk(book.read_bytes(), _opinion)
        place = site.inbox / f"{county} 县"
        place.mkdir(exist_ok=True)
        (place / "县级处理单.xlsx").write_bytes(content)


def _opinion(sheet: str, line: Mapping[str, str]) -> Mapping[str, object]:
    school = line["标识码"]
    if sheet == "退回未改":
        return {"意见": "豁免", "理由": f"县里对{school}的话"}
    if sheet == "待确认停课":
        return {"意见": "退回"}  # a reason is missing: the line comes back
    return {"意见": "退回", "理由": f"县里对{school}的话"} if sheet == "待核" else {"意见": "确认"}


def _drop(site: Site, code: str, name: str, content: bytes, ending: str = "xlsx") -> None:
    (place,) = [one for one in site.inbox.iterdir() if one.name.startswith(code)]
    (place / f"{name}.{ending}").write_bytes(content)


def _card(site: Site, sign: str, code: str) -> bytes:
    book = _latest(site, f"学校/*{code}/*/预警信息报告卡*学校联（填报）.xlsx")
    told = {
        "核实结论": "不可排除",
        "采取的措施": f"已通知{sign}童甲家长、消毒",
        "报告方式": "电话",
        "报告时间": datetime(2026, 11, 20, 14, 10),
        "报告对象": f"{sign}接报",
        "填报人": f"{sign}填报",
        "审核人": f"{sign}审核",
    }
    ahead = {"day": NEXT, "fresh": 1, "present": 1, "progress": f"{sign}进展"}  # has not come: goes back
    today = {"day": DAY, "fresh": 0, "present": 9, "progress": f"{sign}童乙在家"}
    return typed.card(book.read_bytes(), told, [today, ahead])


def _filing(site: Site, sign: str, code: str) -> bytes:
    told = {"申请人姓名": f"{sign}申请", "所在部门": f"{sign}部门", "学校账号": 2, "联系电话": "100-0000-0001"}
    rows = [
        {"username": f"SL_{code}", "holder": f"{sign}持有", "phone": "100-0000-0001", "password": "Qw7!silence"},
        {"username": f"SL_{code}_2", "holder": f"{sign}次", "password": "short1!"},  # too short: goes back
    ]
    return typed.filing(issuing.template(site, "filing", code, DAY), told, rows)


def _roster(site: Site, sign: str, code: str) -> bytes:
    rows = [
        {"code": code, "class_name": f"{sign}日班", "stage": "小学", "roll": 40},
        {"code": code, "stage": "小学", "roll": 41},  # no class: goes back
    ]
    blank = Template(issuing.template(site, "roster", code, DAY))
    return fill(blank, form("roster"), {"reporter": f"{sign}填报"}, {"classes": rows})


def _calendar(site: Site, sign: str, code: str) -> bytes:
    off = NEXT + timedelta(days=1)
    rows = [
        {"kind": "放假", "first": off, "last": off, "note": f"{sign}校庆"},
        {"kind": "放假", "stage": f"{sign}学段", "first": off + timedelta(days=1), "note": f"{sign}校庆"},  # goes back
    ]
    blank = Template(issuing.template(site, "calendar", code, DAY))
    return fill(blank, form("calendar"), {"reporter": f"{sign}填报"}, {"spans": rows})


def _latest(site: Site, pattern: str) -> Path:
    return max(site.outbox.glob(pattern), key=lambda path: (path.stat().st_mtime_ns, path.name))


def at(day: date, clock: str) -> datetime:
    return datetime.combine(day, datetime.strptime(clock, "%H:%M").time(), ZONE)  # noqa: DTZ007  # a time of day
