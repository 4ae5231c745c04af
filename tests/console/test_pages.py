"""The console in a browser: a school's day and a county's, with a script and without; axe looks at every page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pipeline.forms import form
from pipeline.xlsx.fill import Template, fill
from tests.console_site import PASSWORD, ConsoleSite
from tools.programs import program

START = date(2026, 11, 20)
SECONDS = 60_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=quiet)
        yield browser
        browser.close()


class Person:
    """Somebody at a browser; whatever a page complains of is kept."""

    def __init__(
        self, browser: Browser, site: ConsoleSite, name: str, *, width: int = 1200, script: bool = True
    ) -> None:
        self.site, self.name, self.complaints = site, name, []
        context = browser.new_context(
            locale="zh-CN", timezone_id="Asia/Shanghai", java_script_enabled=script,
            viewport={"width": width, "height": 900},
        )  # fmt: skip
        self.page: Page = context.new_page()
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.go("/login")
        self.page.get_by_label("用户名").fill(name)
        self.page.get_by_label("密码").fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        self.page.wait_for_url("**/*")

    def prove(self) -> None:
        """Past the second factor, by a spare code."""
        self.site.verified(self.name)
        self.go("/factor")
        self.page.get_by_label("验证码").fill(self.site.spares[self.name].pop())
        self.page.get_by_role("button", name="确定").click()
        self.page.wait_for_url("**/office")

    def go(self, path: str) -> None:
        self.page.goto(self.site.base + path)

    def receipt(self) -> str:
        """The first sentence of the receipt, as soon as it is there."""
        first = self.page.locator(".receipt .first").first
        expect(first).to_be_visible(timeout=SECONDS)
        return first.inner_text()

    def faults(self) -> list[str]:
        """What axe finds on the page, and whatever is wider than it."""
        found = [f"{one['id']}: {one['nodes'][0]['target']}" for one in Axe().run(self.page).response["violations"]]
        return found + ["wider than the page"] * self.is_wide()

    def is_wide(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))


def absent(n: int, **more: object) -> dict[str, object]:
    row = {"class_name": "三(3)班", "name": f"示例{'甲乙丙丁'[n]}", "sex": "男", "reason": "因病", "start": START}
    return {**row, "symptom1": "咳嗽", **more}


def test_a_citys_page_follows_by_itself_and_a_chart_has_its_numbers(served: ConsoleSite, chromium: Browser) -> None:
    city, county = Person(chromium, served, "shi"), served.client("xian")
    city.page.clock.install()
    city.prove()
    charts = city.page.locator("figure:has(svg)")
    assert charts.filter(has=city.page.locator("details table")).count() == charts.count() - 1, "a map's are 各地情况"
    expect(city.page.locator("table", has_text="鼓楼区").last).to_be_visible()
    for undo, said in (("", "免报 1"), ("1", "免报 0")):
        county.post("/office/excuse", {"school": "2132010002", "why": "停电", "undo": undo}, on="/office/excuses")
        for _ in range(60):  # a day that is slow to count is shown as it was meanwhile
            city.page.clock.fast_forward("01:01")
            city.page.wait_for_timeout(300)
            if said in city.page.locator("main").inner_text():
                break
        expect(city.page.locator("main")).to_contain_text(said)
    assert city.complaints == []


def test_a_school_puts_in_a_workbook_and_mends_its_rows_on_the_page(
    served: ConsoleSite, chromium: Browser, tmp_path: Path
) -> None:
    clerk = Person(chromium, served, "xuexiao", width=412)
    page = clerk.page
    with page.expect_download() as given:
        page.get_by_role("link", name="下载今天的模板").click()
    blank = tmp_path / "模板.xlsx"
    given.value.save_as(blank)
    rows = [absent(0), absent(1, reason="因飞", symptom1=None), absent(2, start="11.2")]
    filled = tmp_path / "缺课日报.xlsx"
    filled.write_bytes(fill(Template(blank.read_bytes()), form("absence"), {"reporter": "示例甲"}, {"rows": rows}))
    page.set_input_files("#files", filled)
    page.get_by_role("button", name="提交").click()
    assert "收下 1 行，退回 2 行" in clerk.receipt()
    page.get_by_role("link", name="在这里改退回的行").click()
    assert page.locator(".wrong :is(input, select)").count() == 2
    assert page.get_by_label("体温").first.is_hidden(), "only what is wrong stands open"
    assert clerk.faults() == []
    page.locator("fieldset").nth(0).locator(".wrong select").select_option("因病")
    page.locator("fieldset").nth(1).locator(".wrong input").fill("2026-11-20")
    page.get_by_role("button", name="提交修改").click()
    assert "无需再发" in clerk.receipt()
    page.go_back()
    expect(page.get_by_text("不用再改")).to_be_visible()
    clerk.go("/school")
    expect(page.get_by_text("3 人缺课")).to_be_visible()
    assert clerk.complaints == []


def test_without_a_script_a_school_can_do_its_work(served: ConsoleSite, chromium: Browser) -> None:
    clerk = Person(chromium, served, "linxiao", script=False)
    clerk.page.get_by_role("button", name="零报告").click()
    assert "零报告" in clerk.receipt() or "已收到" in clerk.receipt()
    clerk.go("/school")
    expect(clerk.page.get_by_text("已收到：零报告")).to_be_visible()


def test_a_county_confirms_a_closure_and_who_was_slower_is_shown_the_line_as_it_is(
    served: ConsoleSite, chromium: Browser
) -> None:
    clerk = Person(chromium, served, "xuexiao")
    clerk.go("/school/closure")
    assert clerk.faults() == []
    page = clerk.page
    page.get_by_label("报告类别").select_option("首报")
    page.get_by_label("停课范围").fill("三(3)班")
    page.get_by_label("停课原因").select_option("手足口病")
    page.get_by_label("患病学生数").fill("3")
    page.get_by_label("停课开始时间").fill("2026-11-20T13:00")
    page.get_by_label("拟复课日期").fill("2026-11-30")
    page.get_by_label("批准时间").fill("2026-11-20T11:00")
    page.get_by_label("批准人及单位").fill("示例区教育局 示例丙")
    page.get_by_role("button", name="提交").click()
    assert "已收到" in clerk.receipt()
    first, second = (Person(chromium, served, name) for name in ("xian", "xianer"))
    for one in (first, second):
        one.go("/office/closures")
        one.page.get_by_label("示例第一小学 意见").select_option("确认")
    assert first.faults() == []
    first.page.get_by_role("button", name="提交").click()
    assert "确认 1 件" in first.receipt()
    second.page.get_by_role("button", name="提交").click()
    expect(second.page.get_by_text("示例填报人刚刚已经提交：确认")).to_be_visible()
    assert second.faults() == []
    first.go("/office/closures")
    expect(first.page.get_by_text("没有待办的事项")).to_be_visible()


def test_two_people_mend_a_grid_at_once_by_keyboard(served: ConsoleSite, chromium: Browser) -> None:
    clerk = served.client("linxiao")
    blank = Template(clerk.get("/school/template/absence").body)
    rows = [absent(n, class_name="三(4)班") for n in range(2)]
    rows += [absent(n, class_name="三(4)班", reason="因飞", symptom1=None) for n in (2, 3)]
    book = fill(blank, form("absence"), {"reporter": "示例乙"}, {"rows": rows})
    assert "退回 2 行" in clerk.outcome(clerk.upload("/school/upload", {"b.xlsx": book}, on="/school")).text
    first, second = (Person(chromium, served, name) for name in ("xian", "xianer"))
    for one in (first, second):
        one.go("/office/tickets")
    assert first.faults() == []
    page = first.page
    page.locator("[data-put=因病]").first.click()
    page.locator("[name^='why|']").first.fill("电话问清")
    page.locator("[name^='why|']").first.press("Enter")
    expect(page.locator("[name^='why|']").nth(1)).to_be_focused()
    expect(page.get_by_text("已办", exact=False).first).to_be_visible(timeout=SECONDS)
    theirs = second.page
    theirs.locator("[data-cell]").first.fill("其他")
    theirs.locator("[name^='why|']").first.fill("也问了")
    theirs.get_by_role("button", name="保存").first.click()
    expect(theirs.get_by_text("示例填报人刚刚已经提交：代改：因病，电话问清")).to_be_visible()
    expect(theirs.locator("[data-cell]").first).to_have_value("其他")
    second.complaints = [one for one in second.complaints if "409" not in one]
    assert first.complaints == second.complaints == []


PAGES = {
    "xianer": ("/office/registry", "/office/roster/2132010001", "/office/calendar/320106", "/office/people"),
    "xuexiao": ("/school", "/school/month", "/school/files", "/papers", "/password", "/no-such-page"),
    "xian": ("/office", "/office/tickets", "/office/held", "/office/alerts", "/office/heap", "/papers"),
    "linxian": ("/office/over/often", "/office/excuses"),
    "sheng": ("/factor",),
    "shi": (
        *("/office", "/office/warnings", "/office/closed", "/office/ranking", "/office/places/320106", "/history"),
        *("/search?q=示例", "/papers"),
    ),
    "guanli": ("/admin", "/admin/quarantine", "/admin/failed", "/admin/mailboxes", "/admin/settings"),
}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    served: ConsoleSite, chromium: Browser, name: str
) -> None:
    """Of a telephone and of a desk: each page's width on both, axe on one of them in turn."""
    person = Person(chromium, served, name)
    if name in {"shi", "guanli"}:
        person.prove()
    for n, path in enumerate(PAGES[name]):
        person.go(path)
        for width in (412, 1200) if n % 2 else (1200, 412):
            person.page.set_viewport_size({"width": width, "height": 900})
            assert not person.is_wide(), (path, width)
        assert person.faults() == [], path
