"""What was not meant to be done to pages: sent twice, too late, too large, forged, with words that are code."""

import html
import http.client
import io
import itertools
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import openpyxl

from pipeline import config, database
from pipeline.database.models import Audit, Decision, Submission, Unit
from pipeline.forms import form
from pipeline.xlsx.fill import Template, fill
from tests import console_site, hostile
from tests.console_site import Answer, Client, ConsoleSite
from tests.sites import pupil

SCHOOL, OTHER = "2132010001", "2132010002"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
HTML = "<img src=x onerror=alert(1)>"


def filled(client: Client, rows: list[dict[str, object]]) -> bytes:
    blank = Template(client.get("/school/template/absence").body)
    return fill(blank, form("absence"), {"reporter": "示例甲"}, {"rows": rows})


@contextmanager
def store(served: ConsoleSite) -> Iterator[None]:
    database.open(config.load(served.root))
    try:
        yield
    finally:
        database.close()


def fields(page: Answer) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in HIDDEN.findall(page.text)}


def test_one_decision_sent_twice_is_decided_once(served: ConsoleSite) -> None:
    clerk, county = served.client("xuexiao"), served.client("xian")
    said = {
        "campus": "本部", "kind": "首报", "scope": "三(4)班", "reason": "手足口病", "ill": "3",
        "start": "2026-11-20T13:00", "resume_planned": "2026-11-30", "approved_at": "2026-11-20T11:00",
        "approved_by": "示例区教育局 示例丙",
    }  # fmt: skip
    clerk.outcome(clerk.post("/school/closure", said, on="/school/closure"))
    page = fields(county.get("/office/closures"))
    word = {**page, f"opinion|{page['line']}": "确认"}
    assert {county.post("/office/closures", word).status for _ in range(2)} <= {302, 409}
    until = time.monotonic() + 60
    while "line" in fields(county.get("/office/closures")) and time.monotonic() < until:
        time.sleep(0.5)
    late = county.post("/office/closures", word)
    assert late.status == 409 or "data-waits" not in county.outcome(late).text
    with store(served):
        assert Decision.objects.filter(what="closure-confirm").count() == 1


def test_too_large_is_said_at_once_and_kept_nowhere(served: ConsoleSite) -> None:
    clerk = served.client("xuexiao")
    with store(served):
        before = Submission.objects.count()
    page = clerk.upload("/school/upload", {"大.xlsx": bytes(50 * 2**20)}, on="/school")
    assert (page.status, "超过 20 MB" in page.text) == (413, True)
    with closing(http.client.HTTPConnection(served.base.removeprefix("http://"))) as asked:
        asked.putrequest("POST", "/school/upload")
        asked.putheader("Content-Length", str(2**31))
        asked.endheaders(b"x")
        assert asked.getresponse().status == 413, "nobody is asked first who sends it"
    assert clerk.upload("/school/upload", {"空.xlsx": b""}, on="/school").status == 400, "it would wait for ever"
    with store(served):
        assert Submission.objects.count() == before


def test_a_hostile_workbook_gets_its_receipt_and_the_next_one_is_taken(served: ConsoleSite) -> None:
    clerk = served.client("xuexiao")
    made = itertools.islice(hostile.hostile(), 1, 40, 13)
    bombs = {f"{name}.xlsx": content for name, content, _ in made}
    page = clerk.outcome(clerk.upload("/school/upload", bombs, on="/school"))
    assert page.text.count('class="receipt"') == len(bombs)
    taken = clerk.outcome(clerk.upload("/school/upload", {"日报.xlsx": filled(clerk, [pupil(0)])}, on="/school"))
    assert "收下 1 行" in taken.text


def test_words_that_are_code_are_shown_and_not_obeyed(served: ConsoleSite) -> None:
    clerk = served.client("xuexiao")
    rows = [pupil(0, name=HTML, reason=HTML, symptom1=None), pupil(1, symptom1="=1+1", reason="@SUM(1)")]
    page = clerk.outcome(clerk.upload("/school/upload", {f"{HTML}.xlsx": filled(clerk, rows)}, on="/school"))
    place = re.search(r'href="(/school/files/[0-9]+)"', page.text)
    shown = page.text + (clerk.get(place[1]).text if place else "") + clerk.get("/school/files").text
    assert HTML not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown
    with store(served):
        Unit.objects.filter(code=OTHER).update(name="=HYPERLINK(1)")
    book = served.client("xian").get("/office/over/days?from=2026-11-18&to=2026-11-19&as=xlsx").body
    with store(served):
        Unit.objects.filter(code=OTHER).update(name="示例第二小学")
    cells = [cell for row in openpyxl.load_workbook(io.BytesIO(book)).active.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if "HYPERLINK" in str(cell.value)] == ["s"], "a word, no formula"


def test_what_was_typed_wrong_into_a_form_is_mended_where_it_came_back(served: ConsoleSite) -> None:
    clerk, on = served.client("linxiao"), "/school/closure"
    said = {
        "campus": "本部", "kind": "首报", "scope": "三(4)班", "reason": "手足口病", "ill": "3",
        "start": "2026-11-20T13:00", "resume_planned": "2026-11-30", "approved_by": "示例区教育局 示例丙",
    }  # fmt: skip
    page = clerk.outcome(clerk.post(on, said, on=on)).text
    place = re.findall(r'href="(/school/files/[0-9]+)#mend"', page)[0]
    shown = clerk.get(place).text
    assert 'value="示例区教育局 示例丙"' in shown.partition("这一行的其他格")[2], "nothing is typed twice"
    missing = re.findall(r'name="([^"]+/approved_at)"', shown)[0]
    assert missing not in shown.partition("这一行的其他格")[2]
    clerk.outcome(clerk.post(f"{place}/mend", {missing: "2026-11-20 11:00"}, on=place))
    assert "不用再改" in clerk.get(place).text
    assert "未能收下，已改好" in clerk.get("/school/files").text
    assert "退回待改" not in clerk.get("/school").text
    month = clerk.get("/school/month").text
    assert "11-20" in month
    assert "11-21 " not in month
    assert [clerk.get(f"/school/month?month={text}").status for text in ("2026-10", "9999-01", "x")] == [200] * 3


def test_a_browser_behind_a_proxy_is_locked_out_by_its_own_address(tmp_path: Path) -> None:
    root = tmp_path / "site"
    console_site.make(root)
    with console_site.served(root, watch=False, proxies=1) as site:

        def attempt(address: str, password: str) -> int:
            said = {"username": "xuexiao", "password": password}
            return Client(site.base).post("/login", said, headers={"X-Forwarded-For": address}).status

        assert [attempt("203.0.113.9", "wrong") for _ in range(5)][-1] == 429
        assert attempt("203.0.113.9", console_site.PASSWORD) == 429
        assert attempt("198.51.100.7, 203.0.113.9", console_site.PASSWORD) == 429, "what it claims beside is nothing"
        assert attempt("203.0.113.10", console_site.PASSWORD) == 302
        _besieged(root, "xuexiao")
        assert attempt("192.0.2.202", console_site.PASSWORD) == 429, "a siege from many addresses"
        clerk = site.client("linxiao")
        page = clerk.outcome(clerk.upload("/school/upload", {"日报.xlsx": filled(clerk, [pupil(0)])}, on="/school"), 1)
        assert "没有运行" in page.text, "the coordinator is down"
        assert "不用重交" in page.text
        drained = [sys.executable, "-m", "pipeline", "--site", str(root), "ingest"]
        subprocess.run(drained, check=True, capture_output=True, env=console_site.environment())
        assert "收下 1 行" in clerk.get(page.url.removeprefix(site.base)).text


def _besieged(root: Path, name: str) -> None:
    """As if fifty wrong passwords had come from as many addresses."""
    named = ("username", "attempt_time", "failures_since_start")
    empty = ("user_agent", "http_accept", "path_info", "get_data", "post_data")
    columns = ", ".join(("ip_address", *named, *empty))
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    with closing(sqlite3.connect(root / "console.sqlite3")) as own, own:
        for n in range(50):
            row = (f"192.0.2.{n}", name, now, 1, *[""] * len(empty))
            own.execute(f"INSERT INTO axes_accessattempt ({columns}) VALUES ({', '.join('?' * len(row))})", row)


def test_a_name_that_a_browser_claims_is_not_in_any_answer(served: ConsoleSite) -> None:
    client = served.client("xuexiao")
    for name in ("X-Forwarded-Host", "X-Original-URL", "X-Rewrite-URL", "Forwarded"):
        page = client.ask("/school", headers={name: "elsewhere.example"})
        assert (page.status, "elsewhere" in page.text) == (200, False)
    with store(served):
        assert not Audit.objects.filter(target__contains="elsewhere").exists()
