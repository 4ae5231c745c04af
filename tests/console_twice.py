"""One decision by workbook and by page, on two copies of one site: see `tests.console_decisions`."""

import io
import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from html import unescape
from pathlib import Path

import openpyxl
from django.conf import settings
from django.db import connections
from django.test import Client

from pipeline import config, database, issuing
from pipeline.console import grid, open_site, urls  # noqa: F401  # fills the table of pages
from pipeline.console.own_tables import ALIAS
from pipeline.county.boards import BOARDS
from pipeline.database.models import Account, Alert, AskedMailbox, Submission
from pipeline.forms import form
from pipeline.forms.desk import DESK
from pipeline.issuing import card as cards
from pipeline.issuing import desk as desks
from pipeline.model import Site
from pipeline.run import folders
from pipeline.run.coordinator import Coordinator
from pipeline.settling import reconciliation
from pipeline.xlsx import typed
from pipeline.xlsx.fill import Template, fill
from tests.inprocess import InProcess
from tests.sites import COUNTY, DAY, NOW, pupil
from tests.system.desks import rows
from tests.whole_store import differences, whole

SCHOOL = "2132010001"
WHO, WHY = "示例填报人", "示例理由"
LATER = NOW + timedelta(minutes=31)
MENDED = {"tickets": "三(3)班", "classes": "三(3)班"}
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
APART = {
    "submission": {"name", "sha256", "content_sha", "size", "path", "claim", "folder", "first_seen", "kept_sha256"},
    "letter": {"path", "sha256"},
    "audit": {"seq", "chain", "at"},
    "desk_token": {"mark"},
}
"""What a workbook is called and weighs: that of the page has another name, and only the lines that were typed."""
VISITS = {"login", "factor", "board", "decide"}


def main(folder: Path) -> None:
    first = folder / "site"
    _prepare(first)
    found = {}
    for board, opinion in _decisions(first):
        stores = []
        for way in (_by_workbook, _by_page):
            root = folder / f"{board} {opinion} {way.__name__}"
            shutil.copytree(first, root)
            with _opened(root) as site:
                way(site, board, opinion)
                _work(site, LATER)
                stores.append(_told(whole()))
        found[f"{board} {opinion}"] = {"made": len(stores[0]["decision"]), "differs": differences(*stores)}
    sys.stdout.write(json.dumps(found, ensure_ascii=False))


@contextmanager
def _opened(root: Path) -> Iterator[Site]:
    loaded = config.load(root)
    site = replace(loaded, policy=replace(loaded.policy, stable_seconds=0))
    open_site.open_console(site, ["testserver"])
    try:
        yield site
    finally:
        connections[ALIAS].close()
        database.close()


def _work(site: Site, at: datetime) -> None:
    with InProcess() as readers, Coordinator(site, readers, lambda: at) as coordinator:
        coordinator.drain_patiently(())


def _prepare(root: Path) -> None:
    """A site that `tests.console_site` made, and on whose every board something waits."""
    with _opened(root) as site:
        open_site.make_tables()
        connections[ALIAS].close()  # migrating left it asking for foreign keys
        ill = {"diagnosis": "手足口病", "symptom1": "皮疹"}
        many = [pupil(n % 8, **ill, name=f"示例{'甲乙丙丁戊己庚辛壬癸'[n]}") for n in range(10)]
        wrong = [pupil(0, name="示例子", class_name=None), pupil(1, name="示例丑", class_name=None)]
        fresh = [pupil(2, name="示例寅", class_name="三(9)班")]
        _put(site, SCHOOL, "日报.xlsx", _filled(site, "absence", SCHOOL, many + wrong + fresh))
        closed = {
            "kind": "首报", "scope": "三(4)班", "reason": "流行性感冒", "ill": 9, "pupils": 40,
            "start": datetime(2026, 11, 20, 8), "resume_planned": date(2026, 11, 24), "approved_by": "示例区教育局",
            "approved_at": datetime(2026, 11, 19, 16), "approved_how": "电话",
        }  # fmt: skip
        _put(site, SCHOOL, "停课.xlsx", _filled(site, "closure", SCHOOL, [closed]))
        asked = {"username": "XL_01", "holder": "示例丙", "phone": "100-0000-0001"}
        told = {"申请人姓名": "示例甲", "所在部门": "教务", "学校账号": 1, "联系电话": "100-0000-0001"}
        _put(site, SCHOOL, "备案.xlsx", typed.filing(issuing.template(site, "filing", SCHOOL, DAY), told, [asked]))
        _work(site, NOW)
        fewer = _filled(site, "absence", SCHOOL, many[:2], mode="整份更正")  # would undo most of what stands: held
        _put(site, SCHOOL, "更正.xlsx", fewer)
        alert = Alert.objects.get()
        answer = {
            "核实结论": "不可排除", "采取的措施": "已通知家长、消毒", "报告方式": "电话",
            "报告时间": datetime(2026, 11, 20, 14, 10), "报告对象": "示例疾控", "填报人": "示例甲", "审核人": "示例乙",
        }  # fmt: skip
        _put(site, SCHOOL, "报告卡.xlsx", typed.card(cards.workbook(site, SCHOOL, alert.pk, DAY), answer))
        _work(site, NOW + timedelta(minutes=10))
        proved = Submission.objects.earliest("received_seq").received_seq
        AskedMailbox.objects.create(id=proved, address="clerk@school1.example", unit=SCHOOL, asked_at=NOW)
        reconciliation.begin_round(NOW)
        reconciliation.compare(site.policy, NOW)


def _filled(site: Site, name: str, school: str, rows_: list[dict[str, object]], **more: object) -> bytes:
    head = {"reporter": "示例甲", **more}
    return fill(Template(issuing.template(site, name, school, DAY)), form(name), head, {"rows": rows_})


def _put(site: Site, unit: str, name: str, content: bytes) -> None:
    place = site.inbox / folders.names(unit, NOW)[unit]
    place.mkdir(exist_ok=True, mode=0o700)
    (place / name).write_bytes(content)


def _decisions(root: Path) -> list[tuple[str, str]]:
    with _opened(root):
        waiting = [name for name, board in BOARDS.items() if not board.begins and board.count(COUNTY)]
        return [(name, opinion) for name in waiting for opinion in grid.opinions(name)]


def _said(board: str, opinion: str) -> Mapping[str, str]:
    """What the county types, by column."""
    said = {"opinion": opinion, "why": WHY}
    said |= {"now": MENDED[board]} if opinion == "代改" else {}
    return said | ({"stamped_on": "2026-11-19"} if board == "accounts" and opinion == "确认" else {})


def _by_workbook(site: Site, board: str, opinion: str) -> None:
    """As an office fills in its 处理单, in another program."""
    named = {column.name: column.header for column in DESK.table(board).columns}
    book = openpyxl.load_workbook(io.BytesIO(desks.workbook(site, COUNTY, LATER)))
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if str(cell.value or "").startswith("经办人"):
                    sheet.cell(cell.row, cell.column + 1).value = WHO
    for _, heads, row in rows(book):
        if str(row[heads.index("事项号")].value).startswith(f"{board}/"):
            for column, value in _said(board, opinion).items():
                row[heads.index(named[column])].value = value
    kept = io.BytesIO()
    book.save(kept)
    _put(site, COUNTY, "处理单.xlsx", kept.getvalue())


def _by_page(site: Site, board: str, opinion: str) -> None:
    """As an office does on the page of the board."""
    client, account = Client(), Account.objects.get(username="xian")
    client.force_login(account, settings.AUTHENTICATION_BACKENDS[1])
    page = client.get(f"/office/{board}").content.decode()
    fields: dict[str, list[str]] = {}
    for name, value in HIDDEN.findall(page):
        fields.setdefault(unescape(name), []).append(unescape(value))
    said = _said(board, opinion)
    for line in fields["line"]:
        fields |= {f"{name}|{line}": [text] for name, text in said.items() if name != "now"}
        fields |= {f"now|{cell}": [said["now"]] for cell in fields.get(f"cell|{line}", ()) if "now" in said}
    answer = client.post(f"/office/{board}", fields)
    if answer.status_code != 302:
        raise AssertionError(f"{board} {opinion}: {answer.status_code}")


def _told(store: Mapping[str, list[str]]) -> Mapping[str, list[str]]:
    """A store without what only one of the two ways has."""
    found = {}
    for table, lines in store.items():
        kept = [{k: v for k, v in json.loads(line).items() if k not in APART.get(table, ())} for line in lines]
        kept = [row for row in kept if not (table == "audit" and row["what"] in VISITS)]
        kept = [row for row in kept if not (table == "counter" and row["name"] in {"audit", "act"})]
        found[table] = sorted(json.dumps(row, ensure_ascii=False, sort_keys=True) for row in kept)
    return found
