"""What goes wrong between a browser and the console: nobody is left without an answer, and nothing typed is lost."""

import html
import io
import re
import zipfile
from collections.abc import Iterator
from itertools import islice

import pytest

from pipeline import config, database
from pipeline.database.models import Account, Unit
from pipeline.forms import form
from pipeline.xlsx.fill import Template, fill
from tests import console_site
from tests.console_site import PASSWORD, Client, ConsoleSite
from tests.sites import DAY

MARKUP = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleSite]:
    """A site with its console only: nobody takes the inbox in."""
    root = tmp_path_factory.mktemp("alone") / "site"
    console_site.make(root)
    with console_site.served(root, watch=False) as made:
        yield made


@pytest.fixture(scope="module")
def both(alone: ConsoleSite) -> Iterator[ConsoleSite]:
    with console_site.watching(alone):
        yield alone


def report(client: Client, names: str, *, wrong: int = 0, **header: object) -> bytes:
    rows = [
        {
            "class_name": "三(3)班",
            "name": f"示例{name}",
            "sex": "男",
            "reason": "因病",
            "start": DAY,
            "symptom1": "咳嗽",
        }
        for name in names
    ]
    for row in rows[:wrong]:
        row |= {"reason": "因飞", "symptom1": None}
    blank = Template(client.get("/school/template/absence").body)
    return fill(blank, form("absence"), {"reporter": "示例甲", **header}, {"rows": rows})


def forget(client: Client) -> None:
    """The session ends; what else the browser has stays."""
    client.jar.clear(next(one.domain for one in client.jar), "/", "sessionid")


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {html.unescape(name): html.unescape(text) for name, text in found}


def test_what_is_put_in_while_nobody_takes_it_in_is_kept_and_said_so(alone: ConsoleSite) -> None:
    clerk = alone.client("xuexiao")
    place = clerk.upload("/school/upload", {"a.xlsx": report(clerk, "甲")}, on="/school").headers["Location"]
    page = clerk.get(place).text
    assert "已经存好" in page
    assert "不用重交" in page
    assert clerk.ask("/readyz").status == 503
    with console_site.watching(alone):
        assert "收下 1 行" in clerk.outcome(type(clerk.ask(place))(302, b"", {"Location": place}, "")).text


def test_a_session_that_ended_in_the_middle_of_a_form_keeps_what_was_typed(both: ConsoleSite) -> None:
    clerk, ours = both.client("linxiao"), {"Origin": both.base}
    typed = {"kind": "首报", "scope": "三(3)班", "reason": "手足口病", "ill": "3", "approved_by": "示例区 示例丙"}
    dates = {"start": "2026-11-20T13:00", "resume_planned": "2026-11-30", "approved_at": "2026-11-20T11:00"}
    token = clerk.token("/school/closure")
    forget(clerk)
    page = clerk.post("/school/closure", {**typed, **dates, "csrfmiddlewaretoken": token}, on="/login", headers=ours)
    assert page.status == 403
    assert "您填的还在" in page.text
    kept = hidden(page.text)["kept"]
    said = {"username": "linxiao", "password": PASSWORD, "kept": kept}
    assert both.client().post("/login", {**said, "username": "xuexiao"}).headers["Location"] == "/"
    stranger = both.client()
    stranger.post("/login", {**said, "username": "xuexiao"})
    assert stranger.ask("/").headers["Location"] == "/school", "not for whoever comes to the computer next"
    wrong = clerk.post("/login", {**said, "password": "x"})
    assert hidden(wrong.text)["kept"] == kept
    assert clerk.post("/login", said).headers["Location"] == "/"
    page = clerk.get("/")
    fields = hidden(page.text.partition("<main")[2])
    assert {name: fields[name] for name in typed} == typed
    assert "已收到" in clerk.outcome(clerk.post("/school/closure", fields, on="/school")).text
    assert clerk.get("/continue").url.endswith("/school")
    assert clerk.post("/login", {**said, "kept": kept[:-1] + "x"}).headers["Location"] == "/"
    assert clerk.ask("/").headers["Location"] == "/school", "a kept form that is not ours is none"


def test_a_page_that_is_older_than_the_login_keeps_what_was_typed_but_not_for_other_sites(both: ConsoleSite) -> None:
    clerk = both.client("linxiao")
    said = {"csrfmiddlewaretoken": "x" * 64, "campus": "本部"}
    page = clerk.post("/school/zero", said, headers={"Origin": both.base})
    assert page.status == 403
    assert hidden(page.text.partition("<main")[2])["campus"] == "本部"
    for headers in ({}, {"Origin": "https://elsewhere.example"}, {"Referer": f"{both.base}.elsewhere.example/"}):
        page = clerk.post("/school/zero", said, headers=headers)
        assert page.status == 403
        assert "本部" not in page.text
    page = clerk.post("/password", {**said, "old": PASSWORD, "new": "Qita!9876"}, headers={"Origin": both.base})
    assert "Qita" not in page.text


def test_names_with_markup_and_formulas_stay_text(both: ConsoleSite) -> None:
    database.open(config.load(both.root))
    Unit.objects.filter(code="2132010002").update(name=f"=1+1{MARKUP}", reporter=MARKUP, reporter_phone="=2+2")
    Account.objects.filter(username="xian").update(holder=MARKUP)
    database.close()
    clerk, county = both.client("xuexiao"), both.client("xian")
    page = clerk.outcome(clerk.upload("/school/upload", {f"{MARKUP}.xlsx".replace('"', "'"): b"x"}, on="/school")).text
    pages = [
        page,
        *(county.get(path).text for path in ("/office", "/office/people", "/office/excuses", "/office/registry")),
    ]
    pages += [county.get(f"/office/roster/{code}").text for code in ("2132010002", "320106")]
    pages.append(clerk.get("/school/files").text)
    assert all("<img" not in one for one in pages)
    assert any("&lt;img" in one for one in pages)
    book = county.get("/office/over/often?from=2026-11-18&to=2026-11-19&as=xlsx").body
    with zipfile.ZipFile(io.BytesIO(book)) as package:
        sheets = [package.read(name).decode() for name in package.namelist() if "worksheets/sheet" in name]
        texts = package.read("xl/sharedStrings.xml").decode()
    assert "=1+1" in texts
    assert all("<f" not in one.replace("<fo", "") for one in sheets)


def test_whatever_is_put_into_an_address_or_a_field_is_answered(both: ConsoleSite) -> None:
    county, clerk = both.client("xian"), both.client("xuexiao")
    odd = ["", "%00", "%27%22%3E", "..%2f..%2f", "9" * 30, "-1", "%F0%9F%98%80", "%ff", "%2500"]
    places = ["/office/{}", "/office/held/{}", "/office/roster/{}", "/office/calendar/{}", "/office/tickets?page={}",
              "/office/tickets?school={}", "/office?day={}", "/office/excuses?day={}", "/office/saved/{}", "/alerts/{}",
              "/sent/{}", "/office/over/days?from={}"]  # fmt: skip
    for place in places:
        for text in odd:
            assert county.ask(place.format(text)).status in {200, 302, 400, 404}, (place, text)
    forms = ["/office/tickets", "/office/excuse", "/office/called", "/office/people/issue", "/office/roster/2132010001"]
    for place in forms:
        for fields in islice(_odd_fields(), 8):
            assert county.post(place, fields, on="/office/excuses").status in {302, 400, 404, 409}, (place, fields)
    for fields in _odd_fields():
        assert clerk.post("/school/closure", fields, on="/school").status in {302, 400, 404}, fields
    assert "page_failed" not in (both.root / "console.log").read_text("utf-8")


def _odd_fields() -> Iterator[dict[str, object]]:
    names = (
        "line",
        "school",
        "username",
        "day",
        "version",
        "do",
        "opinion|tickets/x",
        "now|x",
        "pick",
        "scope",
        "start",
    )
    for text in (
        "",
        "\0",
        "\N{GRINNING FACE}",
        "'; DROP TABLE unit; --",
        "9" * 300,
        "2026-13-45",
        MARKUP,
        "tickets/T1-1/reason",
    ):
        yield dict.fromkeys(names, text)
