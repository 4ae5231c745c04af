"""What a county does on its pages besides the boards; what a school is told of a file that went back."""

import html
import io
import re
import time
from datetime import datetime

import openpyxl

from pipeline import config, database
from pipeline.accounts import holders
from pipeline.database.models import Decision
from pipeline.forms import form
from pipeline.schooldays import ZONE
from pipeline.xlsx.fill import Template, fill
from tests.console_site import Client, ConsoleSite
from tests.sites import DAY


def test_a_county_excuses_its_own_schools_with_a_reason_and_takes_it_back(served: ConsoleSite) -> None:
    county = served.client("xian")
    one, on = "2132010002", "/office/excuses"
    assert county.post("/office/excuse", {"school": one, "why": ""}, on=on).status == 400
    assert county.post("/office/excuse", {"why": "停电"}, on=on).status == 400
    assert county.post("/office/excuse", {"school": one, "why": "校舍检修"}, on=on).status == 302
    assert "校舍检修" in county.get(on).text
    assert "校舍检修" not in county.get(f"{on}?day=2026-11-23").text
    other = served.client("linxian")
    assert other.post("/office/excuse", {"school": one, "undo": "1"}, on=on).status == 404
    assert county.post("/office/excuse", {"school": one, "undo": "1"}, on=on).status == 302
    assert county.post("/office/excuse", {"school": one, "undo": "1"}, on=on).status == 409
    said = {"all": "1", "why": "台风停课", "day": "2026-11-23"}
    assert county.post("/office/excuse", said, on=on).status == 302
    assert county.post("/office/excuse", said, on=on).status == 400, "nobody is left"
    opened = [("excuse", one, "校舍检修"), ("unexcuse", one, "")]
    opened += [("excuse", code, "台风停课") for code in ("2132010001", one)]
    assert decisions(served) == opened


def decisions(site: ConsoleSite, *, since: int = 0) -> list[tuple[str, str, str]]:
    database.open(config.load(site.root))
    found = list(Decision.objects.order_by("seq").values_list("what", "target", "why"))
    assert set(Decision.objects.filter(place=0).values_list("who", flat=True)) <= {"示例填报人"}
    database.close()
    return found[since:]


def test_who_rang_a_silent_school_stands_beside_it(served: ConsoleSite) -> None:
    county, before = served.client("xian"), len(decisions(served))
    assert "已电话催报 1" not in county.get("/office").text
    assert county.post("/office/called", {"why": "没人接"}, on="/office").status == 400
    both = ["2132010001", "2132010002"]
    assert county.post("/office/called", {"school": both, "why": "没人接"}, on="/office").status == 302
    assert county.post("/office/called", {"school": both[:1], "why": "马上报"}, on="/office").status == 302
    page = county.get("/office").text
    assert page.count("已电话催报 14:1") == 2, page.partition('id="silent"')[2]
    assert "示例填报人：马上报" in page
    assert served.client("linxian").post("/office/called", {"school": both}, on="/office").status == 404
    assert decisions(served, since=before) == [
        ("called", one, why) for one, why in zip([*both, both[0]], ["没人接", "没人接", "马上报"], strict=True)
    ]


def test_a_first_password_is_shown_once_to_the_office_that_looks_after_the_account(served: ConsoleSite) -> None:
    county, said = served.client("xian"), {"username": "linxiao"}
    page = county.get("/office/people").text
    assert "linxiao" in page
    assert "xianer" not in page, "its own are the city's"
    assert served.client("linxian").post("/office/people/issue", said, on="/office/people").status == 404
    assert county.post("/office/people/issue", {"username": "shi"}, on="/office/people").status == 404
    issued = county.post("/office/people/issue", said, on="/office/people")
    password = html.unescape(issued.text.partition("<code>")[2].partition("</code>")[0])
    assert "初始密码还没有用" in county.get("/office/people").text
    assert password not in county.get("/office/people").text
    clerk = served.client()
    assert clerk.login("linxiao").status == 403, "the old one is void"
    assert clerk.login("linxiao", password).status == 302
    assert clerk.ask("/school").headers["Location"] == "/password"
    assert password not in (served.root / "console.log").read_text("utf-8")
    new = {"old": password, "new": "Qita!9876", "again": "Qita!9876"}
    assert clerk.post("/password", new).status == 302
    assert county.post("/office/people/leave", {**said, "why": ""}, on="/office/people").status == 400
    assert county.post("/office/people/leave", {**said, "why": "已调离"}, on="/office/people").status == 302
    assert county.post("/office/people/reconfirm", said, on="/office/people").status == 404
    assert clerk.ask("/school").headers["Location"].startswith("/login")


def test_an_office_looks_after_the_accounts_of_the_tier_below(served: ConsoleSite) -> None:
    database.open(config.load(served.root))
    now = datetime(2026, 11, 20, 15, tzinfo=ZONE)
    found = {code: {one.username for one in holders.below(code, now)} for code in ("320106", "320100", "320000")}
    database.close()
    assert found == {
        "320106": {"xuexiao"},
        "320100": {"xian", "xianer", "linxian", "guanli"},
        "320000": {"shi", "sheng"},
    }


def test_a_roster_is_previewed_then_sent_and_of_two_editors_the_second_is_told(served: ConsoleSite) -> None:
    county, second = served.client("xian"), served.client("xianer")
    place = "/office/roster/2132010001"
    typed = {
        "day": "2026-11-20",
        "version": version(county, place),
        "classes|0|roll": "43",
        "schools|0|reporter": "示例新人",
    }
    fresh = {"classes|2|class_name": "三(5)班", "classes|2|roll": "38"}
    shown = county.post(place, {**typed, **fresh, "do": "preview"}, on=place)
    assert shown.status == 200
    assert "三(3)班" in shown.text
    assert "40 → 43" in shown.text or "43" in shown.text.partition("会这样改")[2].partition("</section>")[0]
    assert "三(5)班" in shown.text.partition("会这样改")[2].partition("</section>")[0]
    wrong = county.post(place, {**typed, "classes|0|roll": "很多", "do": "preview"}, on=place)
    assert "“学生人数”" in wrong.text.partition('class="hot"')[2].partition("</section>")[0]
    assert 'value="很多"' in wrong.text
    sent = county.outcome(county.post(place, {**typed, **fresh, "do": "send"}, on=place))
    assert "已收到" in sent.text
    late = second.post(place, {**typed, "classes|0|roll": "44", "do": "send"}, on=place)
    assert late.status == 409
    assert 'value="44"' in late.text
    assert 'value="43"' not in late.text
    assert 'value="43"' in county.get(place).text
    assert "示例新人" in county.get(place).text
    assert served.client("linxian").get(place).status == 404
    assert county.post(place, {"version": version(county, place), "do": "send"}, on=place).status == 400


def test_a_roster_of_excel_is_previewed_then_sent_and_says_nothing_of_another_countys(served: ConsoleSite) -> None:
    county, other, on = served.client("xian"), served.client("linxian"), "/office/registry"
    book = openpyxl.load_workbook(io.BytesIO(county.get("/office/registry/roster.xlsx").body))
    cell = next(cell for row in book["班级"].iter_rows() for cell in row if cell.value == 40)
    cell.value = 47
    book.save(changed := io.BytesIO())
    files = {"r.xlsx": changed.getvalue()}
    shown = county.upload("/office/registry/preview", files, on=on)
    assert (shown.status, "40 → 47" in shown.text) == (200, True)
    assert 'value="47"' not in county.get("/office/roster/2132010001").text, "nothing yet"
    theirs = other.upload("/office/registry/preview", files, on=on).text
    assert "47" not in theirs.partition("<section")[2].partition("</section>")[0]
    sent = dict(re.findall(r'name="(name|content)" value="([^"]+)"', shown.text))
    assert "已收到" in county.outcome(county.post("/office/registry/send", sent, on=on)).text
    assert 'value="47"' in county.get("/office/roster/2132010001").text
    daily = served.client("xuexiao").get("/school/template/absence").body
    assert county.upload("/office/registry/preview", {"d.xlsx": daily}, on=on).status == 400
    assert county.upload("/office/registry/preview", {"x.xlsx": b"none"}, on=on).status == 400
    assert county.post("/office/registry/send", {"content": "-"}, on=on).status == 404
    assert county.get("/office/registry/absence.xlsx").status == 404


def test_a_calendar_is_previewed_then_sent(served: ConsoleSite) -> None:
    county, place = served.client("xian"), "/office/calendar/320106"
    typed = {
        "version": version(county, place),
        "spans|0|kind": "放假",
        "spans|0|first": "2026-12-24",
        "spans|0|note": "秋假",
    }
    shown = county.post(place, {**typed, "do": "preview"}, on=place)
    assert shown.status == 200, shown.text
    assert "秋假" in shown.text.partition("会这样改")[2].partition("</section>")[0]
    assert "2026-12-24" not in county.get(place).text, "nothing yet"
    assert "已收到" in county.outcome(county.post(place, {**typed, "do": "send"}, on=place)).text
    assert "2026-12-24" in county.get(place).text
    gone = {"version": version(county, place), "spans|0|withdraw": "是"}
    assert "已收到" in county.outcome(county.post(place, {**gone, "do": "send"}, on=place)).text
    assert "2026-12-24" not in county.get(place).text


def version(client: Client, place: str) -> str:
    return client.get(place).text.partition('name="version" value="')[2].partition('"')[0]


def test_a_held_file_is_shown_beside_what_stands_and_taken(served: ConsoleSite) -> None:
    clerk, county = served.client("xuexiao"), served.client("xian")
    blank = Template(clerk.get("/school/template/absence").body)
    row = {"class_name": "三(3)班", "sex": "男", "reason": "因病", "start": DAY, "symptom1": "咳嗽"}
    first = [{**row, "name": f"示例{name}"} for name in "甲乙丙"]
    second = [{**first[0], "symptom1": "呕吐"}, first[1], {**row, "name": "示例丁", "class_name": "三(4)班"}]
    books = [fill(blank, form("absence"), {"reporter": "示例甲"}, {"rows": rows}) for rows in (first, second)]
    for n, book in enumerate(books):
        page = clerk.outcome(clerk.upload("/school/upload", {f"{n}.xlsx": book}, on="/school")).text
    seq = int(page.partition("<dt>流水号</dt><dd>")[2][:6])
    page = county.get(f"/office/held/{seq}").text
    both = page.partition("<h2>缺课学生")[2].partition("</table>")[0]
    assert "现在 3 行 → 照这份收下 3 行；其中 1 行相同" in both
    assert [both.count(f">{word}<") for word in ("没有了", "新加", "有改动")] == [1, 1, 1]
    assert 'class="was">咳嗽' in both
    assert 'class="now">呕吐' in both
    assert "示例甲" not in page
    assert served.client("linxian").get(f"/office/held/{seq}").status == 404
    line = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)"', page.partition("<h2>意见")[2]))
    done = county.post("/office/held", {**line, f"opinion|{line['line']}": "确认"}, on="/office/held")
    assert "确认 1 件" in county.outcome(done).text
    assert county.get(f"/office/held/{seq}").status == 404


def test_a_new_class_is_mapped_to_the_likely_one(served: ConsoleSite) -> None:
    clerk, county = served.client("xuexiao"), served.client("xian")
    blank = Template(clerk.get("/school/template/absence").body)
    row = {"sex": "男", "reason": "因病", "start": DAY, "symptom1": "咳嗽", "name": "示例戊", "class_name": "山三班"}
    book = fill(blank, form("absence"), {"mode": "补充", "reporter": "示例甲"}, {"rows": [row]})
    clerk.outcome(clerk.upload("/school/upload", {"c.xlsx": book}, on="/school"))
    page = county.get("/office/classes").text
    assert 'data-put="三(3)班"' in page
    line = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)"', page.partition("<tr data-line")[2]))
    key = line["line"]
    said = {**line, f"now|{key}": "三(3)班", f"why|{key}": "问过学校"}
    page = county.outcome(county.post("/office/classes", said, on="/office/classes")).text
    assert "代改 1 件" in page, page.partition('class="receipt"')[2]
    assert county.get("/office/classes").text.count("data-line") == 0


def test_a_heap_has_one_page_with_a_line_for_each_file(served: ConsoleSite) -> None:
    county = served.client("xian")
    heap = {f"第{n}份.xlsx": b"PK no workbook %d" % n for n in range(24)}
    answer = county.upload("/office/heap", heap, on="/office/heap")
    page = county.outcome(answer).text
    assert page.count("<details>") == 24
    assert "共 24 个文件，已处理 24 个" in page
    clerk = served.client("xuexiao")
    assert clerk.upload("/school/upload", heap, on="/school").status == 400
    assert county.upload("/office/heap", {f"{n}": b"x" for n in range(301)}, on="/office/heap").status == 400


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
    for _ in range(100):  # it is written when all is settled
        if "退回修正表" in (papers := clerk.get("/papers").text):
            break
        time.sleep(0.3)
    assert "退回修正表" in papers
