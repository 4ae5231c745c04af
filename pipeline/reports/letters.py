"""Papers from facts. `compose` is the only place that knows the files of each kind of letter, and their names.

File names never hold a pupil, a class or the contents of a cell: they are outputs like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from pipeline.figures.paper_values import Values, check_code
from pipeline.model import LetterKind, Paper
from pipeline.reports import pages
from pipeline.reports.render import Renderer
from pipeline.xlsx import lists

BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter before its pages are drawn: the PDF's name ("" for none), and the files that need no drawing."""

    pdf: str
    values: Values
    files: tuple[Paper, ...]


def compose(kind: str, values: Values, renderer: Renderer | None = None) -> list[Paper]:
    """Make the papers of one letter from its values (`figures.paper_values.values_of`).

    The kinds with a page need a renderer. KeyError for an unknown kind.
    """
    return next(compose_all([(kind, values)], renderer))


def compose_all(letters: Iterable[tuple[str, Values]], renderer: Renderer | None = None) -> Iterator[list[Paper]]:
    """Make the papers of many letters, in order; pages are drawn in parallel while the next letters are read."""
    drafts: list[Draft] = []

    def sheets() -> Iterator[Values]:
        for kind, values in letters:
            drafts.append(_DRAFTS[kind](values))
            if drafts[-1].pdf:
                yield drafts[-1].values

    drawn = renderer.stream(sheets()) if renderer else _undrawable(sheets())
    drawn = chain(list(islice(drawn, 1)), drawn)  # all letters are read before the first is returned
    for draft in drafts:
        pdf = [Paper(draft.pdf, next(drawn))] if draft.pdf else []
        yield [*pdf, *draft.files]


def _undrawable(sheets: Iterator[Values]) -> Iterator[bytes]:
    for _ in sheets:
        raise ValueError("a letter with a page needs a renderer")
    yield from ()


def checked(values: Values) -> dict[str, Any]:
    """Return the values with the 校验 code printed on the page, unless an edition has given one."""
    return {"check": check_code(values)[1], **values}


def text(template: str, values: Values) -> bytes:
    """Return a text as Notepad and WPS open it: UTF-8 with BOM, CRLF."""
    return (BOM + pages.text(template, values)).encode()


def _digest(values: Values) -> Draft:
    name = f"学生缺课监测每日简报 {values['place']} {values['number']}"
    long = pages.alerts_left(values) > 0
    files = (Paper(f"在办预警 {values['place']}.xlsx", alerts_workbook(values)),) if long else ()
    return Draft(f"{name}.pdf", checked(values), files)


def _page(values: Values) -> Draft:
    return Draft(f"学生缺课日报台账 {values['number']}.pdf", checked(values), ())


def _rules(values: Values) -> Draft:
    return Draft(f"预警规则评分周报 {values['place']} {values['number']}.pdf", checked(values), ())


def _card(values: Values) -> Draft:
    name = f"预警信息报告卡 {values['id']} {values['copy_for']}"
    return Draft(f"{name}.pdf", checked(values), ())


def _worksheet(values: Values) -> Draft:
    name = f"核实工作单 {values['id']} {values['copy_for']}"
    return Draft(f"{name}.pdf", checked(values), ())


def _missing(values: Values) -> Draft:
    name = f"未报名单 {values['place']}"
    files = (Paper(f"{name}.xlsx", missing_workbook(values)), Paper("群通知.txt", text("group.txt", values)))
    return Draft(f"{name}.pdf", checked(values), files)


def _receipt(values: Values) -> Draft:
    again = f" 第{values['nth']}次" if values["nth"] > 1 else ""
    name = f"回执 {values['form']} {values['seq']:06d}{again}.txt"
    return Draft("", values, (Paper(name, text("receipt.txt", values)),))


def _query(values: Values) -> Draft:
    return Draft("", values, (Paper(f"对账询问 {values['day']}.txt", text("query.txt", values)),))


def _summary(values: Values) -> Draft:
    workbook = Paper("收件汇总.xlsx", summary_workbook(values))
    return Draft("", values, (Paper("收件汇总.txt", text("summary.txt", values)), workbook))


def _decided(values: Values) -> Draft:
    return Draft("", values, (Paper(f"县级处理通知 {values['ref']}.txt", text("decided.txt", values)),))


_DRAFTS: Mapping[str, Callable[[Values], Draft]] = {
    LetterKind.CARD: _card,
    LetterKind.DECIDED: _decided,
    LetterKind.DIGEST: _digest,
    LetterKind.MISSING: _missing,
    LetterKind.PAGE: _page,
    LetterKind.QUERY: _query,
    LetterKind.RECEIPT: _receipt,
    LetterKind.RULES: _rules,
    LetterKind.SUMMARY: _summary,
    LetterKind.WORKSHEET: _worksheet,
}


def missing_workbook(values: Values) -> bytes:
    """The complete missing list as a workbook."""
    rows = values["silence"]["rows"]
    columns: list[lists.ListColumn | str] = [
        lists.ListColumn("序号", 6, "number"),
        *("县（市、区）", "学校（机构）标识码", "学校", "类别", "状态", "在办预警未报"),
        lists.ListColumn("连续未报（日）", 12, "number"),
        *("填报人", "电话", "未报班级"),
    ]
    cells: list[Sequence[lists.Value]] = [
        (
            i, row["county"], row["code"], row["school"], row["kind"], row["state"], row["warned"],
            row["days"], row["holder"], row["phone"], row["classes"],
        )
        for i, row in enumerate(rows, 1)
    ]  # fmt: skip
    notes = (
        f"{values['date']}，{values['made']} 截取，时限 {values['deadline']}。",
        *_years(values),
        f"应报 {values['due']} 所，已报 {values['reported']} 所，免报 {values['excused']} 所，未报 {len(rows)} 所。",
    )
    return lists.build(f"学生缺课日报未报名单 {values['place']}", columns, cells, notes, sheet="未报名单")


def alerts_workbook(values: Values) -> bytes:
    """All open alerts as a workbook, if a digest's annex cannot hold them."""
    named = ("id", "county", "school", "reason", "class_name", "cases", "first_onset", "state", "left")
    columns = ("编号", "县（市、区）", "学校", "事由", "班级", "人数", "首例", "状态", "剩余时限")
    rows = [tuple(row[name] for name in named) for row in values["alerts"]["rows"]]
    notes = (f"{values['date']}，{values['edition']}，{len(rows)} 条。", *_years(values))
    return lists.build(f"在办预警 {values['place']}", columns, rows, notes, sheet="在办预警")


def _years(values: Values) -> list[str]:
    """That the day is by weekday only, for the list beside a paper that says so too."""
    return [f"{values['assumed']}。"] if values["assumed"] else []


def summary_workbook(values: Values) -> bytes:
    """收件汇总 as a workbook: one line a file."""
    columns: list[lists.ListColumn | str] = [
        lists.ListColumn("流水号", 9, "number"),
        *("文件", "代码", "单位", "报表", "报告日期", "结果"),
        lists.ListColumn("收下行数", 9, "number"),
        lists.ListColumn("退回行数", 9, "number"),
        lists.ListColumn("要做什么", 60),
    ]
    cells: list[Sequence[lists.Value]] = [
        (
            row["seq"], row["name"], row["code"], row["school"], row["form"], row["date"], row["outcome"],
            row["accepted"], row["refused"], row["todo"],
        )
        for row in values["rows"]
    ]  # fmt: skip
    counted = "，".join(f"{name} {n}" for name, n in values["counts"])
    notes = (f"{values['made']}，本批 {values['files']} 份：{counted}。", *_years(values))
    return lists.build(f"{values['place']} 收件汇总", columns, cells, notes, sheet="收件汇总")
