"""About a 停课报告表: missing or contradictory values of a row, and the new state of its closures."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, advice, error, query

ROWS: Mapping[str, Message] = {
    "closure-kind-missing": error("没有填报告类别。", "请选 首报、延长、复课、更正 或 撤销。"),
    "scope-missing": error("没有填停课范围。", "请填班级名称；全校（园）停课填“全校”。"),
    "scope-several": error("停课范围里写了几个班（{value}）。", "请一行写一个班。"),
    "closure-reason-missing": error("没有填停课原因。", "请选停课的病种或症状。"),
    "ill-missing": error("没有填患病学生数。", "请填患病学生数；没有就填 0。"),
    "closure-start-missing": error("没有填停课开始时间。", "请填日期和时间，如 2026-11-20 13:00。"),
    "resume-missing": error("没有填拟复课日期。", "请填拟复课日期。"),
    "resumed-missing": error("报的是复课，没有填实际复课日期。", "请填实际复课日期。"),
    "approval-missing": error("没有填批准时间。", "请填县（市、区）批准的日期和时间。"),
    "approver-missing": error("没有填批准人及单位。", "停课须经县（市、区）批准，请填批准人和单位。"),
    "approval-after-start": query(
        "批准时间 {value} 晚于停课开始时间。", "停课须先经批准。填错的请更正；确是先停后批的，由县级核对，不必再发。"
    ),
    "approval-after-now": error("批准时间 {value} 还没到。", "请核对批准时间。"),
    "approval-far": error("批准时间 {value} 比停课开始早了 90 天以上。", "请核对年份和月份。"),
    "closure-start-far": error("停课开始时间 {value} 离报告日期太远。", "请核对年份和月份。"),
    "resume-before-start": error("复课日期 {value} 不晚于停课开始日。", "请核对复课日期。"),
    "closure-long": query("停课到复课超过 60 天。", "请核对复课日期。"),
    "ill-over-pupils": error("患病学生数 {value} 比涉及学生数 {pupils} 还多。", "请核对两个人数。", public=("pupils",)),
    "first-onset-after-start": query("首例发病日期 {value} 晚于停课开始。", "请核对首例发病日期。"),
    "first-onset-far": query("首例发病日期 {value} 比停课开始早了 90 天以上。", "请核对年份和月份。"),
    "closure-repeated": error(
        "同一停课范围和开始时间出现了两次（另一处在第 {first} 行）。", "请只留一行。", public=("first",)
    ),
}

BECAME: Mapping[str, Message] = {
    "closure-became": advice("{what}。", public=("what",)),
    "closure-not-known": query(
        "没有找到与这一行对应的停课首报，已按这一行登记。",
        "请核对停课范围和开始时间；若还没有首报，请补发。",
    ),
    "closure-first-again": query(
        "这次停课已有首报，已按这一行改过。",
        "以后修改请在“报告类别”选“更正”或“延长”。",
    ),
}
