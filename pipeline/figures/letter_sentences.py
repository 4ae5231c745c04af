"""The sentences of receipts and of what a school is told of a warning: by the state of what was sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.alert_state import UNANSWERED, AlertState
from pipeline.figures.sentence import OTHERWISE, Place, Sentence, always
from pipeline.model import State

# --------------------------------------------------------------------------- the first line of a receipt


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a workbook that was sent.

    `missing`: classes of the day that are still to come; `back`: rows that went back before and are not mended;
    `silent`: other campuses that have not reported; `none`: all rows of a report went back; `beside`: what comes with
    the receipt; `sweeps`: what registry or calendar would lose by it.
    """

    state: State
    on_time: bool | None = None
    accepted: int = 0
    refused: int = 0
    missing: int = 0
    back: int = 0
    silent: str = ""
    none: bool = False
    beside: str = ""
    sweeps: str = ""


def _is(state: State, also: Callable[[Sent], object] = always) -> Callable[[Sent], bool]:
    return lambda one: one.state is state and bool(also(one))


WHEN: Place[Sent] = Place(
    "是否按时",
    "回执",
    (
        Sentence("日报的各行全部退回", lambda one: one.none, " · 退回待改"),
        Sentence("还差班级", lambda one: bool(one.missing), ""),
        Sentence("按时", lambda one: one.on_time is True, " · 按时"),
        Sentence("迟报", lambda one: one.on_time is False, " · 迟报"),
        Sentence(OTHERWISE, always, ""),
    ),
)

_MISSING = "还差 {missing} 个班，请补报"
_BACK = "先前退回的还有 {back} 行没有改好，请改好后发回"
_PART = "已收到{when} · 收下 {accepted} 行，退回 {refused} 行 · 请改好退回修正表后发回"
_COPY = "已收到 · 与先前收下的一份内容相同 · "
_COPY_BACK = "上次退回的 {refused} 行若还没有改，请改好退回修正表后发回"

FIRST: Place[Sent] = Place(
    "第一句",
    "回执",
    (
        Sentence("正在处理", _is(State.RECEIVED), "已收到 · 正在处理 · 请稍候"),
        Sentence(
            "全部收下，还差班级，另有先前退回未改的行",
            _is(State.ACCEPTED, lambda one: one.missing and one.back),
            "已收到{when} · " + _MISSING + " · " + _BACK + "{asked}",
        ),
        Sentence(
            "全部收下，还差班级",
            _is(State.ACCEPTED, lambda one: one.missing),
            "已收到{when} · " + _MISSING + "{asked}",
        ),
        Sentence(
            "全部收下，有先前退回未改的行",
            _is(State.ACCEPTED, lambda one: one.back),
            "已收到{when} · " + _BACK + "{asked}",
        ),
        Sentence(
            "全部收下，别的校区未报",
            _is(State.ACCEPTED, lambda one: one.silent),
            "已收到{when} · 本校区无需再发，{silent}还没有报{asked}",
        ),
        Sentence("全部收下", _is(State.ACCEPTED), "已收到{when} · 无需再发{asked}"),
        Sentence("部分收下，还差班级", _is(State.PARTIAL, lambda one: one.missing), _PART + " · 还差 {missing} 个班"),
        Sentence("部分收下", _is(State.PARTIAL), _PART),
        Sentence(
            "未能收下，附有退回修正表",
            _is(State.REJECTED, lambda one: one.beside in {"rows", "whole"}),
            "已收到 · 未能收下 · 请改好退回修正表后发回，或改原表后重发",
        ),
        Sentence("未能收下", _is(State.REJECTED), "已收到 · 未能收下 · 请按下面的说明改好后重发"),
        Sentence(
            "与先前相同，还差班级，有退回的行",
            _is(State.DUPLICATE, lambda one: one.missing and one.refused),
            _COPY + _MISSING + " · " + _COPY_BACK,
        ),
        Sentence("与先前相同，还差班级", _is(State.DUPLICATE, lambda one: one.missing), _COPY + _MISSING),
        Sentence("与先前相同，有退回的行", _is(State.DUPLICATE, lambda one: one.refused), _COPY + _COPY_BACK),
        Sentence(
            "与先前相同，别的校区未报",
            _is(State.DUPLICATE, lambda one: one.silent),
            _COPY + "本校区无需再发，{silent}还没有报",
        ),
        Sentence("与先前相同", _is(State.DUPLICATE), _COPY + "无需再发"),
        Sentence(
            "待核，名册或校历要去掉很多",
            _is(State.HELD, lambda one: one.sweeps),
            "已收到 · 待核，没有生效：要{sweeps} · 请核对并答复",
        ),
        Sentence("待核", _is(State.HELD), "已收到 · 待核，暂未计入 · 请看下面的问题并答复"),
        Sentence(
            "不安全或打不开",
            _is(State.QUARANTINED),
            "已收到 · 文件打不开或不安全，未能收下 · 请按下面的说明处理后重发",
        ),
        Sentence(OTHERWISE, always, "已收到 · 系统处理出错，是我们的问题 · 无需重发，处理好后另行回执"),
    ),
)


# --------------------------------------------------------------------------- a warning


@dataclass(frozen=True, slots=True)
class Warned:
    """The state of a warning, and the county's reason for sending its answer back."""

    state: str
    why: str = ""


def _in(*states: AlertState) -> Callable[[Warned], bool]:
    return lambda one: one.state in states


CARD: Place[Warned] = Place(
    "状态说明",
    "预警信息报告卡",
    (
        Sentence(
            "县级退回，写明理由",
            lambda one: one.state == AlertState.RETURNED and bool(one.why),
            "县级已退回答复：{why}。请重新核实，填好后发回。",
        ),
        Sentence("县级退回", _in(AlertState.RETURNED), "县级已退回答复。请重新核实，填好后发回。"),
        Sentence(
            "更正待收",
            _in(AlertState.CORRECTING),
            "县级已确认可排除（A1 报告信息有误）。请更正缺课日报中的 {named}，更正收到后本预警自动结案。",
        ),
        Sentence("待县确认", _in(AlertState.ANSWERED), "已答复，待县级确认。"),
        Sentence(OTHERWISE, always, ""),
    ),
)

# the time limit is named without 请于…前: the page may be read after it, and does not change because it has passed
NOTICE: Place[Warned] = Place(
    "在办预警",
    "学校台账",
    (
        Sentence(
            "县级退回",
            _in(AlertState.RETURNED),
            "县级已退回答复，请重新核实，填《预警信息报告卡》发回，时限 {until}。",
        ),
        Sentence("待核实", _in(*UNANSWERED), "请核实，填《预警信息报告卡》发回，时限 {until}。"),
        Sentence("待县确认", _in(AlertState.ANSWERED), "待县确认，暂不用再发。"),
        Sentence("更正待收", _in(AlertState.CORRECTING), "更正待收，请更正报告卡标出的缺课登记，收到后自动结案。"),
        Sentence(OTHERWISE, always, "{name}，请持续关注至预警结束，每个上课日在报告卡“后续关注”添一行发回。"),
    ),
)
