"""The console's pages as pictures in docs/img/console/, by Chromium with our own fonts, from a copy of a demo's site.

Run by `make pictures` after `make demo`.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline.forms import form
from pipeline.reports import fonts
from pipeline.xlsx.fill import Template, fill
from tools.programs import program
from tools.serve import ACCOUNTS, PASSWORD, served
from tools.totp import totp

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "img" / "console"
BIND = "127.0.0.1:8765"
DESK, PHONE = 1200, 390
COLOURS = 48
SCHOOL, COUNTY, CITY = (name for name, *_ in ACCOUNTS[:3])
ILL: dict[str, object] = {"class_name": "三(1)班", "sex": "男", "reason": "因病", "start": date(2026, 11, 20)}
ROWS: list[dict[str, object]] = [
    {**ILL, "name": "示例甲", "symptom1": "发热"},
    {**ILL, "name": "示例乙", "symptom1": "咳嗽", "class_name": None},
]


def main(arguments: list[str]) -> int:
    """Draw the pictures of the demo's site named."""
    fonts.pin()
    os.environ["LANGUAGE"] = "zh_CN"  # of the browser's own buttons
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        site = Path(scratch) / "site"
        shutil.copytree(arguments[0], site)
        with served(site, BIND) as base, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=program("chromium"),
                args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=zh-CN"],
            )
            _school(browser, base, Path(scratch))
            _county(browser, base)
            _city(browser, base)
            browser.close()
    return 0


def _school(browser: Browser, base: str, scratch: Path) -> None:
    page = _person(browser, base, SCHOOL, PHONE, picture="login")
    _take(page, "school")
    with page.expect_download() as given:
        page.get_by_role("link", name="下载今天的模板").first.click()
    given.value.save_as(scratch / "模板.xlsx")
    filled = scratch / "缺课日报.xlsx"
    blank = Template((scratch / "模板.xlsx").read_bytes())
    filled.write_bytes(fill(blank, form("absence"), {"reporter": "示例填报人"}, {"rows": ROWS}))
    page.set_input_files("#files", filled)
    page.get_by_role("button", name="提交").click()
    page.get_by_role("link", name="在这里改退回的行").click()
    page.get_by_role("heading", name="在这里改").scroll_into_view_if_needed()
    _take(page, "mending")


def _county(browser: Browser, base: str) -> None:
    page = _person(browser, base, COUNTY, DESK)
    page.goto(f"{base}/office")
    _take(page, "county")
    page.goto(f"{base}/office/tickets")
    _take(page, "board")
    page.goto(f"{base}/papers")
    _take(page, "papers")


def _city(browser: Browser, base: str) -> None:
    page = _person(browser, base, CITY, DESK)
    secret = page.locator("code").inner_text()
    page.get_by_label("验证码").fill(totp(secret))
    page.get_by_role("button", name="确定").click()
    page.goto(f"{base}/office")
    _take(page, "city")
    page.goto(f"{base}/office/ranking")
    _take(page, "ranking")


def _person(browser: Browser, base: str, name: str, width: int, picture: str = "") -> Page:
    context = browser.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": width, "height": 844 if width < 600 else 800}
    )
    page = context.new_page()
    page.goto(f"{base}/login")
    if picture:
        _take(page, picture)
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(re.compile("/(school|office|factor)"))
    return page


def _take(page: Page, name: str) -> None:
    """What is in view first: a picture of few colours is small."""
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path)
    with Image.open(path) as drawn:
        drawn.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
