"""What a county decided, as its school is told: in words, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from pipeline import forms
from pipeline.database.decision_log import typed
from pipeline.database.models import Decision, Reject, SchoolClass
from pipeline.figures import deskwork
from pipeline.forms.whole import FILE
from pipeline.model import HOME_CAMPUS
from pipeline.schooldays import ZONE

TELL = "decided"
"""Kind of the letter by which a school learns what its county decided; its ref is the decision's place."""


@dataclass(frozen=True, slots=True)
class DecisionNotice:
    """One decision: what it is about, what follows of it, and why. `asks`: the school has something to do."""

    about: str
    follows: str
    why: str
    asks: bool = False


def told(ref: str, school: str) -> list[DecisionNotice]:
    """Return what was decided at one place of the sequence (a decision's own, or a 处理单's) that concerns a school."""
    rows = Decision.objects.filter(Q(place=int(ref)) | Q(place=0, seq=int(ref)), what__in=list(_SAYS)).order_by("seq")
    found = [(row, _SAYS[row.what](row, school)) for row in rows]
    return [replace(one, why=typed(one.why), asks=row.what in _ASKS) for row, one in found if one is not None]


def _of_ticket(follows: str) -> Callable[[Decision, str], DecisionNotice | None]:
    def say(row: Decision, school: str) -> DecisionNotice | None:
        back = Reject.objects.filter(ticket=row.target, school=school).first()
        if back is None:
            return None
        day = f" {back.day}" if back.day else ""
        where = "整份文件" if back.table == FILE else deskwork.row_of(back.table, back.row, "")
        return DecisionNotice(f"{deskwork.short(forms.form(back.form))}{day} 退回的{where}", follows, row.why)

    return say


def _of_closure(follows: str) -> Callable[[Decision, str], DecisionNotice | None]:
    def say(row: Decision, school: str) -> DecisionNotice | None:
        code, _, rest = row.target.partition("/")
        place, _, start = rest.rpartition("/")
        if code != school:
            return None
        campus, _, scope = place.partition("/")
        room = SchoolClass.objects.filter(school=code, campus=campus, key=scope).order_by("school_year").last()
        where = ("" if campus == HOME_CAMPUS else f"{campus} ") + (room.name if room else scope)
        begins = deskwork.moment(datetime.fromisoformat(start).replace(tzinfo=ZONE))
        return DecisionNotice(f"{where} {begins} 起的停课", follows, row.why)

    return say


def _of_day(follows: str) -> Callable[[Decision, str], DecisionNotice | None]:
    def say(row: Decision, school: str) -> DecisionNotice | None:
        code, _, day = row.target.partition("|")
        return DecisionNotice(f"{day} 的缺课日报", follows, row.why) if code == school else None

    return say


def _of_class(follows: str) -> Callable[[Decision, str], DecisionNotice | None]:
    def say(row: Decision, school: str) -> DecisionNotice | None:
        code, campus, year, key = row.target.removeprefix("C").split("|")
        if code != school:
            return None
        name = SchoolClass.objects.filter(school=code, campus=campus, school_year=year, key=key).first()
        return DecisionNotice(f"缺课日报里名册没有的班 {name.name if name else key}", follows, row.why)

    return say


_SAYS: Mapping[str, Callable[[Decision, str], DecisionNotice | None]] = {
    "waive": _of_ticket("豁免，不用再改。"),
    "mend": _of_ticket("已按电话核实的内容代为改好并收下，不用再报。请在留存的表上照改。"),
    "closure-confirm": _of_closure("已确认。"),
    "closure-return": _of_closure("已退回，暂不算作停课。请按理由更正后重报，或补办手续。"),
    "class-confirm": _of_class("已登记入册。"),
    "class-return": _of_class("没有登记入册。请改用名册里的班级名称，选“整份更正”重报。"),
    "class-alias": _of_class("是名册里已有班级的另一种写法，以后两种写法都认得。"),
    "excuse": _of_day("免报，这一天不用报送。"),
    "unexcuse": _of_day("撤回免报，请照常报送。"),
}
"""By what was decided. Other decisions have letters of their own."""
_ASKS = frozenset({"closure-return", "class-return", "unexcuse"})
