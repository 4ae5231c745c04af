"""What a county does on its pages besides the boards; what a school is told of a file that went back."""

from pipeline import config, database
from pipeline.database.models import Decision
from pipeline.forms import form
from pipeline.xlsx.fill import Template, fill
from tests.console_site import ConsoleSite
from tests.sites import DAY


def test_a_county_excuses_its_own_school_with_a_reason_and_takes_it_back(served: ConsoleSite) -> None:
    county = served.client("xian")
    assert county.post("/office/excuse", {"school": "2132010002", "why": ""}, on="/office/excuses").status == 400
    assert (
        county.post("/office/excuse", {"school": "2132010002", "why": "全校外出"}, on="/office/excuses").status == 302
    )
    assert "全校外出" in county.get("/office/excuses").text
    other = served.client("linxian")
    assert other.post("/office/excuse", {"school": "2132010002", "undo": "1"}, on="/office/excuses").status == 404
    assert county.post("/office/excuse", {"school": "2132010002", "undo": "1"}, on="/office/excuses").status == 302
    assert county.post("/office/excuse", {"school": "2132010002", "undo": "1"}, on="/office/excuses").status == 409
    database.open(config.load(served.root))
    said = list(Decision.objects.order_by("seq").values_list("what", "who", "why"))
    database.close()
    assert said == [("excuse", "示例填报人", "全校外出"), ("unexcuse", "示例填报人", "")]


def test_days_are_summed_up_and_given_as_a_workbook(served: ConsoleSite) -> None:
    county = served.client("xian")
    page = county.get("/office/over/days?from=2026-11-18&to=2026-11-19")
    assert page.status == 200
    assert "示例第一小学" in page.text
    book = county.get("/office/over/often?from=2026-11-18&to=2026-11-19&as=xlsx")
    assert book.body[:2] == b"PK"
    assert county.get("/office/over/days?from=2026-12-18&to=2026-12-19").status == 400


def test_a_file_that_goes_back_whole_says_where_its_workbook_lies(served: ConsoleSite) -> None:
    clerk = served.client("xuexiao")
    blank = clerk.get("/school/template/absence").body
    rows = [
        {"class_name": "三(3)班", "name": "示例甲", "sex": "男", "reason": "因病", "start": DAY, "symptom1": "咳嗽"}
    ]
    wrong = fill(Template(blank), form("absence"), {"day": "看不懂的日子"}, {"rows": rows})
    page = clerk.outcome(clerk.upload("/school/upload", {"a.xlsx": wrong}, on="/school")).text
    assert "在这里改" not in page
    assert 'href="/papers"' in page.partition('class="receipt"')[2]
    assert "退回修正表" in clerk.get("/papers").text
