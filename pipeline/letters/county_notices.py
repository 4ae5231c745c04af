"""A county's decisions, as letters for their schools: in words, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from pipeline import forms, short_ids
from pipeline.database.models import AskedMailbox, Closure, ClosurePast, Decision, Matter, Reject, SchoolClass
from pipeline.figures import deskwork, notices
from pipeline.forms.whole import FILE
from pipeline.model import DecisionKind
from pipeline.reconcile import REPORTED_ROLL
from pipeline.schooldays import ZONE


@dataclass(frozen=True, slots=True)
class DecisionNotice:
    """One decision: its subject, its consequence, and the reason. `asks`: the school has something to do."""

    about: str
    follows: str
    why: str
    asks: bool = False


def notices_of(ref: str, school: str) -> list[DecisionNotice]:
    """Return the decisions at one place of the sequence (a decision's own, or a 处理单's) that concern a school."""
    at = Q(place=int(ref)) | Q(place=0, seq=int(ref))
    rows = Decision.objects.filter(at, what__in=list(_ABOUT)).order_by("seq")
    found = []
    for row in rows:
        what = DecisionKind(row.what)
        about = _ABOUT[what](row, school)
        if about is not None:
            found.append(DecisionNotice(about, notices.FOLLOWS[what], row.why, asks=what in _ASKS))
    return found


def _ticket(row: Decision, school: str) -> str | None:
    back = Reject.objects.filter(ticket=row.target, school=school).first()
    if back is None:
        return None
    where = "" if back.table == FILE else deskwork.row_of(back.table, back.row, "")
    return notices.ticket(forms.form(back.form).short_title, back.day, where)


def _closure(row: Decision, school: str) -> str | None:
    about = ("campus", "scope", "start")
    found = {*Closure.objects.filter(school=school).values_list(*about)}
    found |= {*ClosurePast.objects.filter(school=school).values_list(*about)}
    for campus, scope, start in found:
        if short_ids.closure(school, campus, scope, start) == row.target:
            room = SchoolClass.objects.filter(school=school, campus=campus, key=scope).order_by("school_year").last()
            return notices.closure(campus, room.name if room else scope, start.astimezone(ZONE))
    return None


def _day(row: Decision, school: str) -> str | None:
    return notices.report(row.day) if row.day is not None and row.target == school else None


def _class(row: Decision, school: str) -> str | None:
    for room in SchoolClass.objects.filter(school=school).order_by("pk"):
        if short_ids.new_class(school, room.campus, room.school_year, room.key) == row.target:
            return notices.new_class(room.name)
    return None


def _campus(row: Decision, school: str) -> str | None:
    code, _, campus = row.target.partition(" ")
    return notices.campus(campus) if code == school else None


def _roll(row: Decision, school: str) -> str | None:
    matter = Matter.objects.filter(pk=row.target, school=school).first()
    if matter is None:
        return None
    key = matter.subject.removeprefix(REPORTED_ROLL)
    room = SchoolClass.objects.filter(school=school, campus=matter.campus, key=key).order_by("school_year").last()
    return notices.roll(matter.day, room.name if room else key)


def _mailbox(row: Decision, school: str) -> str | None:
    asked = AskedMailbox.objects.filter(pk=int(row.target[1:]), unit=school).first()
    return notices.mailbox(asked.address) if asked else None


_ABOUT: Mapping[DecisionKind, Callable[[Decision, str], str | None]] = {
    DecisionKind.WAIVE: _ticket,
    DecisionKind.MEND: _ticket,
    DecisionKind.CLOSURE_CONFIRM: _closure,
    DecisionKind.CLOSURE_RETURN: _closure,
    DecisionKind.CLASS_CONFIRM: _class,
    DecisionKind.CLASS_RETURN: _class,
    DecisionKind.CLASS_ALIAS: _class,
    DecisionKind.CLASS_UNDO: _class,
    DecisionKind.CAMPUS_REMOVE: _campus,
    DecisionKind.CAMPUS_UNDO: _campus,
    DecisionKind.ROLL_CONFIRM: _roll,
    DecisionKind.ROLL_RETURN: _roll,
    DecisionKind.MAILBOX_CONFIRM: _mailbox,
    DecisionKind.MAILBOX_RETURN: _mailbox,
    DecisionKind.MAILBOX_UNDO: _mailbox,
    DecisionKind.EXCUSE: _day,
    DecisionKind.UNEXCUSE: _day,
}
"""By kind of decision, its subject; None if it concerns another school. Other decisions have letters of their own."""
_ASKS = frozenset({DecisionKind.CLOSURE_RETURN, DecisionKind.CLASS_RETURN, DecisionKind.UNEXCUSE})
