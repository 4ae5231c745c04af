"""A county raises on its 处理单 what no record can show: food poisoning, an unexplained disease, another emergency."""

import io
from collections.abc import Mapping, Sequence

import openpyxl
import pytest

from pipeline.county import build_desk
from pipeline.database.models import Alert, Decision, Letter, RaisedAlert, Reject, Submission
from pipeline.model import Site
from pipeline.xlsx.deskbook import deskbook
from tests.sites import COUNTY, DAY, NOW, SCHOOLS
from tests.system.desks import FIRST, SECOND, made, papers, sent

SHEET = "上报预警"
WHY = "午饭后一小时内七名学生呕吐，区疾控已到校"
POISONED: Mapping[str, object] = {"学校": SCHOOLS[FIRST], "事件": "食物中毒", "人数": 7, "理由": WHY}


def filled(content: bytes, lines: Sequence[Mapping[str, object]]) -> bytes:
    """The 处理单 with warnings raised on its last sheet, by another program."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book[SHEET]
    heads = next(row for row in sheet.iter_rows() if any(cell.value == "序号" for cell in row))
    columns = {str(cell.value).rstrip("*"): cell.column for cell in heads if cell.value}
    for number, line in enumerate(lines, heads[0].row + 1):
        for name, value in line.items():
            sheet.cell(number, columns[name]).value = value
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def raising(site: Site, *lines: Mapping[str, object], **more: str) -> Submission:
    return sent(site, filled(made(site), lines), **more)


def receipt(site: Site, one: Submission) -> str:
    (path,) = papers(site, f"回执 县级处理单 {one.received_seq:06d}.txt")
    return path.read_text(encoding="utf-8-sig")


def test_a_line_becomes_an_alert_with_its_card_and_the_county_is_told(site: Site) -> None:
    one = raising(site, POISONED)
    assert (one.state, one.accepted, one.refused) == ("accepted", 1, 0)
    assert "上报预警 1 件" in receipt(site, one)
    (alert,) = Alert.objects.all()
    assert (alert.school_id, alert.group, alert.stage, alert.cases, alert.opened_at) == (
        FIRST, "FOOD", "event", 7, NOW,
    )  # fmt: skip
    decision = Decision.objects.get(what="alert-raise")
    assert (decision.why, COUNTY in decision.who, decision.place) == (WHY, True, one.received_seq)
    readers = set(Letter.objects.filter(kind="card").values_list("reader", flat=True))
    assert {FIRST, COUNTY} <= readers
    assert papers(site, f"预警信息报告卡 {alert.id} 学校联（填报）.xlsx")


def test_of_a_class_and_of_an_earlier_day_by_code(site: Site) -> None:
    line = {
        "学校": int(SECOND),
        "班级": "3（4）班",
        "事件": "P12",
        "自哪天起": DAY.replace(day=18),
        "人数": "3人",
        "理由": "x",
    }
    assert raising(site, line).state == "accepted"
    (raised,) = RaisedAlert.objects.all()
    assert (raised.school_id, raised.rule, raised.scope, raised.day, raised.n) == (
        SECOND, "P12", "三4", DAY.replace(day=18), 3,
    )  # fmt: skip


def test_the_same_line_again_raises_nothing_more(site: Site) -> None:
    content = filled(made(site), [POISONED])
    sent(site, content)
    again = sent(site, filled(made(site), [POISONED]), name="又一份.xlsx")
    assert (again.state, Alert.objects.count(), RaisedAlert.objects.count()) == ("duplicate", 1, 1)
    assert "此前已处理 1 件" in receipt(site, again)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"校区": "东校区"}, "没有校区“东校区”；这所学校的校区是 本部"),
        ({"事件": "流感"}, "没看懂。请从 食物中毒、群体性不明原因疾病、其他突发公共卫生事件 中选一项"),
        ({"学校": "示例外县小学"}, "本县（市、区）的名册里没有“示例外县小学”"),
        ({"学校": "2132099999"}, "本县（市、区）的名册里没有“2132099999”"),
        ({"人数": 4}, "4 人不到规则 P10 的标准（≥5 或 死亡≥1）"),
        ({"班级": "九(9)班"}, "名册里没有这个班"),
        ({"理由": None, "人数": None}, "这一行还差 人数、理由"),
        ({"自哪天起": DAY.replace(month=12)}, "还没到"),
    ],
)
def test_what_cannot_be_raised_comes_back_with_the_reason_and_can_be_mended(
    site: Site, line: Mapping[str, object], says: str
) -> None:
    one = raising(site, {**POISONED, **line})
    assert (one.state, one.refused, Alert.objects.count()) == ("rejected", 1, 0)
    assert says in receipt(site, one)
    (path,) = papers(site, f"退回修正表 县级处理单 {one.received_seq:06d}.xlsx")
    mended = sent(
        site, filled(path.read_bytes(), [POISONED | {"校区": "", "班级": "", "自哪天起": None}]), name="改.xlsx"
    )
    assert (mended.state, Alert.objects.get().group) == ("accepted", "FOOD")


def test_a_county_raises_nothing_of_a_school_that_is_not_its_own(site: Site) -> None:
    other = "320102"
    content = filled(deskbook(build_desk.desk(site, other, NOW)), [{**POISONED, "学校": FIRST}])
    one = sent(site, content, folder=f"{other} 示例另一区")
    assert (one.state, RaisedAlert.objects.count()) == ("rejected", 0)
    assert Reject.objects.filter(form="desk", school=other).count() == 1
    assert "本县（市、区）的名册里没有" in receipt(site, one)


def test_deaths_alone_may_meet_it(site: Site) -> None:
    assert raising(site, {**POISONED, "人数": 1, "死亡人数": 1}).state == "accepted"
    assert Alert.objects.get().group == "FOOD"
