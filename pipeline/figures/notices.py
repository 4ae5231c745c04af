"""A county's decision, in the words its school reads: its subject, and its consequence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from pipeline.figures import deskwork
from pipeline.model import HOME_CAMPUS, DecisionKind

FOLLOWS: Mapping[DecisionKind, str] = {
    DecisionKind.WAIVE: "豁免，不用再改。",
    DecisionKind.MEND: "已按电话核实的内容代为改好并收下，不用再报。请在留存的表上照改。",
    DecisionKind.CLOSURE_CONFIRM: "已确认。",
    DecisionKind.CLOSURE_RETURN: "已退回，暂不算作停课。请按理由更正后重报，或补办手续。",
    DecisionKind.CLASS_CONFIRM: "已登记入册。",
    DecisionKind.CLASS_RETURN: "没有登记入册。请改用名册里的班级名称，选“整份更正”重报。",
    DecisionKind.CLASS_ALIAS: "是名册里已有班级的另一种写法，以后两种写法都认得。",
    DecisionKind.CLASS_UNDO: "先前的处理已撤回，等县（市、区）重新核定。",
    DecisionKind.CAMPUS_REMOVE: "名册里没有这个校区，已去掉。报在它名下的缺课日报按班级重新判定，请看新的回执。",
    DecisionKind.CAMPUS_UNDO: "先前去掉这个校区的处理已撤回，请看新的回执。",
    DecisionKind.ROLL_CONFIRM: "已确认，名册从那天起照日报改。",
    DecisionKind.ROLL_RETURN: "没有确认，仍以名册为准。日报填错了的，以后请照名册填。",
    DecisionKind.MAILBOX_CONFIRM: "已认定是本校的邮箱，以后从那里发来的就算本校的。若不是，请马上告诉县（市、区）。",
    DecisionKind.MAILBOX_RETURN: "没有认定是本校的邮箱。",
    DecisionKind.MAILBOX_UNDO: "先前的处理已撤回，等县（市、区）重新核实。",
    DecisionKind.EXCUSE: "免报，这一天不用报送。",
    DecisionKind.UNEXCUSE: "撤回免报，请照常报送。",
}
"""The consequence of a decision, by kind of decision."""


def reason(desk: int, row: int, why: str) -> str:
    """A decision's reason, with the line of the 处理单 that it came on, if it came on one."""
    where = f"处理单 {desk} 第 {row} 行" if desk else ""
    return "：".join(part for part in (where, why) if part)


def ticket(title: str, day: date | None, row: str) -> str:
    """A row that was returned; `row` as `deskwork.row_of` names it, "" for a whole file."""
    return f"{title}{f' {day}' if day else ''} 退回的{row or '整份文件'}"


def closure(campus: str, place: str, start: datetime) -> str:
    """A closure; `place`: 全校, or the name of the class."""
    where = ("" if campus == HOME_CAMPUS else f"{campus} ") + place
    return f"{where} {deskwork.moment(start)} 起的停课"


def report(day: date) -> str:
    """The report of a day."""
    return f"{day} 的缺课日报"


def campus(name: str) -> str:
    """A campus of the registry."""
    return f"校区“{name}”"


def roll(day: date, room: str) -> str:
    """The roll of a class in a report, which differs from the registry's."""
    return f"{day} 的缺课日报里 {room} 与名册不同的应到人数"


def new_class(name: str) -> str:
    """A class that only a report names."""
    return f"缺课日报里名册没有的班 {name}"


def mailbox(address: str) -> str:
    """A mailbox from which a school's template came."""
    return f"发来本校填报表的邮箱 {address}"


def reviewed(at: datetime, *, stands: bool) -> str:
    """That a school's 分管领导 approved a day's report by mail."""
    return f"分管领导 {at:%m-%d %H:%M} 已审核（邮件）" + ("" if stands else "，之后又有更正")
