"""A card as a clerk fills it in: found by its labels in the workbook in the outbox, saved by another program."""

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from pipeline import run
from pipeline.database.models import Alert
from pipeline.model import DecidedBy, Site
from pipeline.run import sending
from pipeline.settling import card as settling_card
from tests.inprocess import InProcess
from tests.sites import NOW, Desk, pupil

SCHOOL, OTHER = "2132010001", "2132010002"
STANDS: Mapping[str, object] = {
    "核实结论": "不可排除",
    "采取的措施": "通知家长、患病学生居家、消毒",
    "报告方式": "电话",
    "报告时间": NOW + timedelta(hours=1),
    "报告对象": "示例区教育局 王某",
    "填报人": "示例甲",
}
HANDLED: Mapping[str, object] = {
    "核实结论": "可排除",
    "排除理由": "A2 已由专业机构处理完毕",
    "处理机构": "示例区疾控中心",
    "处理完毕日期": date(2026, 11, 19),
    "填报人": "示例甲",
}
WRONG: Mapping[str, object] = {"核实结论": "可排除", "排除理由": "A1 报告信息有误", "填报人": "示例甲"}
PHONED: Mapping[str, object] = {
    "代填人": "县级张某",
    "联系对象": "示例第一小学 李某（电话）",
    "联系时间": NOW + timedelta(hours=1),
}


def work(site: Site, now: datetime = NOW) -> None:
    """One turn of the service, pages left undrawn."""
    with InProcess() as readers, run.Coordinator(site, readers, lambda: now) as coordinator:
        coordinator.drain()
        while sending.books(site, now):
            pass


def drop(site: Site, content: bytes, folder: str = "", name: str = "预警信息报告卡.xlsx") -> None:
    place = site.inbox / folder
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_bytes(content)


def cluster(site: Site, desk: Desk, school: str = SCHOOL, **shows: object) -> str:
    """Three pupils of one class with a fever; return the number of the alert."""
    rows = [pupil(n, **{"symptom1": "发热", **shows}) for n in range(3)]
    drop(site, desk.absence(school, rows), name=f"缺课 {school}.xlsx")
    work(site)
    return str(Alert.objects.filter(school=school).order_by("id").values_list("id", flat=True).last())


def book_of(site: Site, alert: str, copy: str = "学校联") -> Path:
    """The workbook of an alert's card that was sent last."""
    found = site.outbox.rglob(f"预警信息报告卡 {alert} {copy}（填报）*.xlsx")
    return max(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


def answered(
    book: Path,
    answer: Mapping[str, object] | None = None,
    days: Sequence[tuple[object, ...]] = (),
    wrong: Sequence[int] = (),
    fields: Mapping[str, object] | None = None,
) -> bytes:
    """The workbook filled in: cells right of their labels, days below theirs, cases marked by their place."""
    made = openpyxl.load_workbook(book)
    card = made["报告卡"]
    for label, value in {**(answer or {}), **(fields or {})}.items():
        put(card, label, value)
    if days:
        _put_days(made["后续关注"], days)
    sheet = made["病例"] if wrong else None
    if sheet is not None:
        head, columns = heads(sheet, "信息有误")
        for place in wrong:
            sheet.cell(head + 1 + place, columns["信息有误"], "是")
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()


def put(sheet: Worksheet, label: str, value: object) -> None:
    """Type into the cell right of a label."""
    (cell,) = [c for row in sheet.iter_rows() for c in row if str(c.value or "").strip("*") == label]
    plain = value.replace(tzinfo=None) if isinstance(value, datetime) else value  # a cell has no zone
    sheet.cell(cell.row, cell.column + 1).value = plain  # type: ignore[assignment]  # or nothing, where there was something


def heads(sheet: Worksheet, one: str) -> tuple[int, dict[str, int]]:
    """The row of a table's heading, and each header's column."""
    (cell,) = [c for row in sheet.iter_rows() for c in row if str(c.value or "").strip("*") == one]
    return cell.row, {str(c.value).strip("*"): c.column for c in sheet[cell.row] if c.value}


def _put_days(sheet: Worksheet, days: Sequence[tuple[object, ...]]) -> None:
    """Each (day, 新增, 现有, 措施与进展): on the line of that day, else on a line of its own below."""
    head, columns = heads(sheet, "新增病例")
    lines = {}
    for row in range(head + 1, sheet.max_row + 1):
        value = sheet.cell(row, columns["日期"]).value
        if isinstance(value, datetime):
            lines[value.date()] = row
    last = max([head, *lines.values()])
    for day, *told in days:
        if day not in lines:
            last += 1
            lines[day] = last
            sheet.cell(last, columns["日期"], day)
        for name, value in zip(("新增病例", "现有病例", "措施与进展"), told, strict=True):
            if value is not None:
                sheet.cell(lines[day], columns[name], value)


def state_of(number: str) -> str:
    return Alert.objects.get(pk=number).state


def last_receipt(site: Site) -> str:
    found = site.outbox.rglob("回执 预警信息报告卡 *.txt")
    return max(found, key=lambda path: path.name).read_text(encoding="utf-8-sig")


def confirm(number: str, at: datetime = NOW + timedelta(hours=2)) -> str:
    return settling_card.confirm(number, DecidedBy("鼓楼区教育局", "", at))
