"""A county mends rejected rows in the grid: by itself, two at once, many at once; the grid of a bad day stays small."""

import json
import re
import time
from collections.abc import Mapping
from urllib.parse import quote

import pytest

from pipeline import config, database
from pipeline.database.models import Absence, Decision, Reject
from pipeline.forms import form
from pipeline.xlsx.fill import Template, fill
from tests.console_site import Answer, Client, ConsoleSite
from tests.sites import DAY

GOOD = 8


@pytest.fixture(scope="module")
def returned(served: ConsoleSite) -> ConsoleSite:
    """The site after a school sent eight right rows and four wrong ones."""
    clerk = served.client("xuexiao")
    blank = clerk.get("/school/template/absence").body
    rows = [
        {
            "class_name": "三(3)班",
            "name": f"示例{name}",
            "sex": "男",
            "reason": "因病",
            "start": DAY,
            "symptom1": "咳嗽",
        }
        for name in "甲乙丙丁戊己庚辛壬癸子丑"
    ]
    for row in rows[GOOD:]:
        row |= {"reason": "因飞", "symptom1": None}  # with a symptom it would tell itself
    rows[-1]["class_name"] = None
    book = fill(Template(blank), form("absence"), {"reporter": "示例甲"}, {"rows": rows})
    assert "退回 4 行" in clerk.outcome(clerk.upload("/school/upload", {"a.xlsx": book}, on="/school")).text
    return served


Line = Mapping[str, list[str]]


def lines(client: Client, path: str = "/office/tickets") -> dict[str, Line]:
    """The lines of a grid: what a browser would post of each that is left as it is."""
    page = client.get(path).text
    found = {}
    for row in page.split("<tr data-line=")[1:]:
        fields: dict[str, list[str]] = {}
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)"', row):
            fields.setdefault(name, []).append(value)
        found[fields["line"][0]] = fields
    return found


def key_of(line: Line) -> str:
    return line["line"][0]


def save(client: Client, line: Line, **typed: str) -> Answer:
    """Post one line, as the script does. `now`: into all of its cells; others by name."""
    key = key_of(line)
    said = {**line, **{f"{name}|{key}": text for name, text in typed.items() if name != "now"}}
    if "now" in typed:
        said |= {f"now|{cell}": typed["now"] for cell in line[f"cell|{key}"]}
    return client.post("/office/tickets", said, on="/office/tickets", headers={"X-Part": "1"})


def decided(client: Client, answer: Answer) -> Mapping[str, Mapping[str, str]]:
    """What became of the lines that were sent."""
    key = json.loads(answer.body)["sent"]
    for _ in range(300):
        found = json.loads(client.get(f"/office/saved/{key}").body)
        if not found["waiting"]:
            return found["lines"]
        time.sleep(0.2)
    raise AssertionError(found)


def test_the_reason_stands_in_the_line_with_what_may_be_meant_and_no_name(returned: ConsoleSite) -> None:
    page = returned.client("xian").get("/office/tickets").text
    assert "没看懂" in page
    assert page.index('data-put="因病"') < page.index('data-put="其他"')
    assert "因飞" not in page, "what a school typed may be a name"
    assert "示例壬" not in page
    assert '<option value="三(3)班">' in page
    assert returned.client("linxian").get("/office/tickets").text.count("data-line") == 0


def test_what_is_not_complete_is_said_at_once_and_stays_typed(returned: ConsoleSite) -> None:
    county = returned.client("xian")
    one = next(iter(lines(county).values()))
    answer = save(county, one, now="因病")
    assert answer.status == 400
    assert json.loads(answer.body) == {"sent": "", "lines": {key_of(one): {"state": "wrong", "text": "代改要写理由。"}}}
    (cell,) = one[f"cell|{key_of(one)}"]
    page = county.post("/office/tickets", {**one, f"now|{cell}": "因病"}, on="/office/tickets")
    assert page.status == 400
    assert 'value="因病"' in page.text


def test_of_two_editors_the_second_is_shown_both_versions(returned: ConsoleSite) -> None:
    first, second = returned.client("xian"), returned.client("xianer")
    one = next(iter(lines(first).values()))
    assert lines(second)[key_of(one)] == one
    mine = save(first, one, now="因病", why="电话问清")
    theirs = save(second, one, now="其他", why="也问了")
    assert (mine.status, theirs.status) == (200, 409)
    said = json.loads(theirs.body)["lines"][key_of(one)]
    assert "示例填报人" in said["text"]
    assert "因病" in said["typed"]
    assert decided(first, mine) == {key_of(one): {"state": "done", "text": ""}}
    page = second.post("/office/tickets", {**one, f"opinion|{key_of(one)}": "豁免", f"why|{key_of(one)}": "算了"})
    assert page.status == 409
    assert "示例填报人" in page.text
    assert "您填的：豁免" in page.text
    again = save(first, one, now="因病", why="电话问清")
    assert json.loads(again.body) == {"sent": json.loads(mine.body)["sent"], "lines": {}}, "a second click"
    tab = save(first, one, now="其他", why="另开的一页")
    assert (tab.status, "您自己刚刚" in json.loads(tab.body)["lines"][key_of(one)]["text"]) == (409, True)


def test_a_line_that_is_still_wrong_says_why_and_may_be_saved_again(returned: ConsoleSite) -> None:
    county = returned.client("xian")
    one = next(iter(lines(county).values()))
    sent = save(county, one, now="不知道什么", why="电话问清")
    back = decided(county, sent)[key_of(one)]
    assert back["state"] == "back"
    assert "缺课原因" in back["text"]
    assert decided(county, save(county, one, now="因病", why="电话问清"))[key_of(one)]["state"] == "done"


def test_several_lines_are_decided_with_one_click(returned: ConsoleSite) -> None:
    county = returned.client("xian")
    found = lines(county)
    assert len(found) == 2
    said = {name: text for one in found.values() for name, text in one.items() if name != "line"}
    idle = county.post("/office/tickets", {**said, "line": list(found), "pick": list(found)}, on="/office/tickets")
    assert (idle.status, idle.text.count("勾选了这一行，但没有它的意见")) == (400, 2)
    said |= {"line": list(found), "pick": list(found), "all_column": "reason", "all_now": "因病", "all_why": "问过了"}
    stopped = county.post("/office/tickets", said, on="/office/tickets")
    assert stopped.status == 400
    assert "1 件已经提交" in stopped.text
    assert "还没有写改成什么：班级" in stopped.text
    assert 'value="问过了"' in stopped.text
    county.outcome(Answer(0, b"", {"Location": re.findall(r'href="(/sent/[^"]+)"', stopped.text)[0]}, ""))
    (last,) = lines(county)
    picked = {**lines(county)[last], "pick": last, "all_opinion": "豁免", "all_why": "学校查无此人"}
    county.outcome(county.post("/office/tickets", picked, on="/office/tickets"))
    database.open(config.load(returned.root))
    made = list(Decision.objects.order_by("seq").values_list("what", "why"))
    stands = Absence.objects.filter(day=DAY).count()
    database.close()
    assert made == [("mend", "电话问清"), ("mend", "电话问清"), ("mend", "问过了"), ("waive", "学校查无此人")]
    assert stands == GOOD + 3


def test_of_thousands_of_lines_a_page_has_fifty(returned: ConsoleSite) -> None:
    database.open(config.load(returned.root))
    model = Reject.objects.exclude(form="desk").first()
    made = [
        Reject(
            ticket=f"T{n}", submission=model.submission, school=model.school, campus=model.campus, form=model.form,
            day=model.day, table=model.table, row=100 + n, raw=model.raw, issues=model.issues, key=f"{n}",
        )
        for n in range(10_001)
    ]  # fmt: skip
    Reject.objects.bulk_create(made, batch_size=100)
    database.close()
    county = returned.client("xian")
    page = county.get("/office/tickets?page=2")
    assert page.text.count("data-line") == 50
    assert "共 201 页" in page.text
    assert "10001 件" in page.text
    last = county.get(f"/office/tickets?page=99999&school=2132010001&column={quote('缺课原因')}")
    assert last.text.count("data-line") == 1
    assert county.get(f"/office/tickets?column={quote('体温')}").text.count("data-line") == 0
    assert len(page.body) < 200_000
