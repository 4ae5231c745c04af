"""The receipt of one submission, for its sender.

The first sentence alone must be enough for a clerk in a hurry: it has arrived, it was on time or not, what is to be
done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import NamedTuple

from pipeline import forms, issues
from pipeline.figures.group_issues import issues_together, repairs_together
from pipeline.figures.letter_sentences import FIRST, WHEN, Sent
from pipeline.figures.words import assumed, chinese_date, joined
from pipeline.forms.base import returned_name
from pipeline.model import HOME_CAMPUS, TAKEN, Issue, LetterKind, Repair, Severity, State
from pipeline.schooldays import short_time
from pipeline.units import Scope, is_school

ISSUES_SHOWN = 40
REPAIRS_SHOWN = 30
_NO_PUPILS = frozenset(form.title for form in forms.FORMS if not form.pupils)  # their cells may be quoted
_DESK = "desk-counts"
_BECAME = frozenset({"card-became", "closure-became"})
_FIRST = _BECAME | {_DESK}  # already in the first sentence, not repeated among the advice
_SWEEPS = ("roster-sweeps", "calendar-sweeps")  # a registry that would lose much
_STILL = "rows-still-back"
_CLASSES = "classes-missing"  # classes due that were not reported
_SETTLED = "rows-settled"  # rows of an older return workbook: their errors are past


class Before(NamedTuple):
    """Receipts of the same submission before this one: how many; of the last, when and what outcome ("" if unknown)."""

    number: int
    sent_at: datetime
    outcome: str


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """One submission and its outcome. `scope` None: the reader is unknown, so nothing is quoted."""

    scope: Scope | None
    seq: int
    state: State
    form: str  # its title; "" when not recognised
    unit: str
    unit_name: str
    day: date | None
    campus: str
    received_at: datetime
    on_time: bool | None
    accepted: int
    refused: int
    withdrawn: int
    zero: bool
    issues: tuple[Issue, ...] = ()
    repairs: tuple[Repair, ...] = ()
    folder: str = ""
    name: str = ""  # the file, as its sender named it
    others: tuple[str, ...] = ()  # the school's other campuses, if each reports by itself
    silent: tuple[str, ...] = ()  # those of them from which a report is due that has not come
    counted: int = 0  # 其他缺课 of the report, without names
    assumed: int = 0  # the year, if the day is a school day, or none, by its weekday only
    before: Before | None = None
    reviewed: str = ""  # that the 分管领导 has approved the day
    beside: str = ""  # what comes with the receipt: "rows" or "whole" (a return workbook), "template", or nothing


@dataclass(frozen=True, slots=True)
class IssueText:
    """One issue in words. `place` is where to look: 缺课登记 C7."""

    place: str
    column: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Mended:
    place: str
    column: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Receipt:
    kind: LetterKind
    first: str
    nth: int  # of the receipts of this submission
    changed: str  # what changed since the last one, "" for the first
    seq: int
    form: str
    file: str
    whose: str  # the word for the unit: 学校, or 单位 for all others
    school: str
    campus: str
    date: str
    assumed: str  # said after the date, "" for nothing
    received: str
    counts: str
    reviewed: str
    errors: tuple[IssueText, ...]
    errors_rest: int
    queries: tuple[IssueText, ...]
    queries_rest: int
    advice: tuple[IssueText, ...]
    advice_rest: int
    repairs: tuple[Mended, ...]
    repairs_rest: int
    beside: str  # what comes with it, and what to do with it
    amend: str  # what to do if something accepted is wrong
    held: bool
    ours: bool  # the fault is ours: the sender need do nothing


_BESIDE = {
    "rows": "退回的行在同一文件夹的《{file}》里，红色的格子有说明；改好发回即可，已收下的行不用再报。",
    "none": "退回的内容在同一文件夹的《{file}》里，红色的格子有说明；改好发回即可。",
    "whole": "您填的内容已放进同一文件夹的《{file}》，不用重填：改好红色的格子发回即可；改原表后整份重发也行。",
    "template": "本单位现在用的模板已放在同一文件夹，请用它填报后再发。",
}


def receipt(facts: ReceiptFacts) -> Receipt:
    """Say the outcome of one submission, and what its sender must do."""
    quotes = facts.scope is not None and (facts.scope.names or facts.form in _NO_PUPILS)
    read = _to_read(facts)
    found = {grade: _asked_of(facts, grade, read) for grade in Severity}
    errors, queries, advice = (
        _texts(found[grade], quotes=quotes) for grade in (Severity.ERROR, Severity.QUERY, Severity.ADVICE)
    )
    repairs = _mended(facts.repairs if facts.state in TAKEN else (), quotes=quotes)
    return Receipt(
        kind=LetterKind.RECEIPT,
        first=first_sentence(facts, queries=len(found[Severity.QUERY])),
        nth=1 + (facts.before.number if facts.before else 0),
        changed=_changed(facts),
        seq=facts.seq,
        form=facts.form or "未能识别",
        file=_one_line(facts.name),
        whose="学校" if is_school(facts.unit) else "单位",
        school=_school(facts),
        campus=_campus(facts),
        date=chinese_date(facts.day) if facts.day and not _day_in_doubt(facts) else "",
        assumed=assumed(facts.assumed),
        received=f"{facts.received_at:%Y-%m-%d %H:%M}",
        counts=_counts(facts),
        reviewed=facts.reviewed,
        errors=errors[:ISSUES_SHOWN],
        errors_rest=max(0, len(errors) - ISSUES_SHOWN),
        queries=queries[:ISSUES_SHOWN],
        queries_rest=max(0, len(queries) - ISSUES_SHOWN),
        advice=advice[:ISSUES_SHOWN],
        advice_rest=max(0, len(advice) - ISSUES_SHOWN),
        repairs=repairs[:REPAIRS_SHOWN],
        repairs_rest=max(0, len(repairs) - REPAIRS_SHOWN),
        beside=_beside(facts),
        amend="整份更正" if facts.form == forms.form("absence").title else "改好再发",
        held=facts.state is State.HELD,
        ours=facts.state is State.FAILED,
    )


_OUTCOMES = {
    State.RECEIVED: "正在处理",
    State.DUPLICATE: "与先前收下的相同",
    State.HELD: "待核，暂未计入",
    State.REJECTED: "未能收下",
    State.QUARANTINED: "没有打开",
    State.FAILED: "系统出错",
}


def outcome(state: State, accepted: int, refused: int) -> str:
    """The outcome of a submission, short enough to stand beside another."""
    if state not in TAKEN:
        return _OUTCOMES[state]
    return f"收下 {accepted} 行" + (f"，退回 {refused} 行" if refused else "")


def _changed(facts: ReceiptFacts) -> str:
    if facts.before is None:
        return ""
    count, sent_at, was = facts.before
    now = outcome(facts.state, facts.accepted, facts.refused)
    words = f"这是同一份表的第 {count + 1} 次回执，以这次为准。"
    if was == now:
        return words + "结果没有变，变的是下面的说明。"
    return words + (f"{short_time(sent_at)} 的回执是“{was}”，现在是“{now}”。" if was else f"现在是“{now}”。")


def _beside(facts: ReceiptFacts) -> str:
    """What comes with the receipt: by its name, for there may be several of one day."""
    kind = "none" if facts.beside == "rows" and facts.state is State.REJECTED else facts.beside
    return _BESIDE.get(kind, "").format(file=returned_name(facts.form, facts.seq))


def _campus(facts: ReceiptFacts) -> str:
    """The campus, if the school has several: each is reported by itself."""
    if not facts.others:
        return "" if facts.campus in {"", HOME_CAMPUS} else facts.campus
    return f"{facts.campus or HOME_CAMPUS}（{'、'.join(facts.others)} 另报）"


def asked_of(facts: ReceiptFacts, grade: Severity) -> list[Issue]:
    """The issues of one severity that the sender should read: of rows that were not accepted, only the reasons.

    A copy needs nothing. For a file that is held the question comes first: it is about the file, or else about the rows
    it names.
    """
    return _asked_of(facts, grade, _to_read(facts))


def _to_read(facts: ReceiptFacts) -> list[Issue]:
    """The issues that may be asked: not those of rows that are settled, nor what the first sentence says."""
    settled = {row for issue in facts.issues if issue.code == _SETTLED for row in _numbers(issue)}
    return [issue for issue in facts.issues if not (issue.row and issue.row in settled) and issue.code not in _FIRST]


def _asked_of(facts: ReceiptFacts, grade: Severity, relevant: Sequence[Issue]) -> list[Issue]:
    if not relevant:
        return []
    found = [issue for issue in relevant if issues.severity(issue) is grade]
    if facts.state is State.DUPLICATE and grade is Severity.ADVICE:
        return [issue for issue in relevant if issue.code == _CLASSES]
    if facts.state in TAKEN or (grade is Severity.ERROR and facts.state is not State.DUPLICATE):
        sheets = list(dict.fromkeys(issue.sheet for issue in found))
        return sorted(found, key=lambda issue: (issue.row > 0, sheets.index(issue.sheet), issue.row))
    if facts.state is State.HELD and grade is Severity.QUERY:
        return [issue for issue in found if not issue.row] or found
    return []


def _numbers(issue: Issue) -> list[int]:
    return [int(text) for text in dict(issue.details).get("which", "").split("、") if text.isdigit()]


def _day_in_doubt(facts: ReceiptFacts) -> bool:
    """Whether it was returned for its date: the day in our records is then ours, not the sender's."""
    header = (i for i in facts.issues if not i.row and i.column == "报告日期")
    return facts.state is State.REJECTED and any(issues.severity(i) is Severity.ERROR for i in header)


def _school(facts: ReceiptFacts) -> str:
    if facts.unit:
        return f"{facts.unit_name}（{facts.unit}）"
    return f"{facts.folder}（按收件文件夹）" if facts.folder else "未能识别"


def _one_line(text: str) -> str:
    """Without line breaks: text from a sender must not look like a line of ours."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


def first_sentence(facts: ReceiptFacts, queries: int = 0) -> str:
    """The one sentence that must be correct even if read alone."""
    asked = f"（另有 {queries} 处请核对，见下）" if queries else ""
    if facts.state in TAKEN and (sentence := _of_filing(facts) or _of_what_became(facts)):
        return sentence + asked
    if sentence := _of_desk(facts):
        return sentence
    sent = Sent(
        state=facts.state,
        on_time=facts.on_time,
        accepted=facts.accepted,
        refused=facts.refused,
        missing=int(_detail(facts, _CLASSES, "count") or 0),
        back=int(_detail(facts, _STILL, "count") or 0),
        silent=joined(facts.silent),
        none=_all_back(facts),
        beside=facts.beside,
        sweeps=next(filter(None, (_detail(facts, code, "head") for code in _SWEEPS)), ""),
    )
    return FIRST.say(sent, when=WHEN.say(sent), asked=asked)


def _detail(facts: ReceiptFacts, code: str, name: str) -> str:
    return next((dict(one.details).get(name, "") for one in facts.issues if one.code == code), "")


def _all_back(facts: ReceiptFacts) -> bool:
    """Whether all rows of a report went back: it counts as returned, not as reported."""
    return facts.state is State.PARTIAL and not facts.accepted and facts.form == forms.form("absence").title


def _of_filing(facts: ReceiptFacts) -> str:
    """The first sentence for a 备案表, or for its signed paper; "" for all others."""
    found = {issue.code: dict(issue.details).get("number", "") for issue in facts.issues}
    if "scan-taken" in found:
        return f"已收到 · 备案 {found['scan-taken']} 的签字盖章件 · 无需再发"
    number = found.get("filing-number") or found.get("filing-rows-first")
    if not number:
        return ""
    back = f"，退回 {facts.refused} 行" if facts.refused else ""
    whole = "filing-number" in found
    then = "请发来签字盖章件（见下）" if whole else "请先改好退回修正表发回，全部收下后再打印、签字、盖章"
    return f"已收到 · 备案号 {number} · 申请账号 {facts.accepted} 个{back} · {then}"


def _of_what_became(facts: ReceiptFacts) -> str:
    """The first sentence for a form that counts no rows: the new state of its alert or closures; "" for all others."""
    if not (became := _became(facts)):
        return ""
    codes = {issue.code for issue in facts.issues}
    back = f"，退回 {facts.refused} 行 · 请改好退回修正表后发回" if facts.refused else ""
    then = [" · 请随即更正缺课日报（见下）"] * ("card-row-wrong" in codes)
    then += [" · 请尽快答复（见下）"] * ("card-unanswered" in codes)
    return f"已收到 · {became}{back}" + ("".join(then) or ("" if back else " · 无需再发"))


def _became(facts: ReceiptFacts) -> str:
    return next((dict(one.details).get("what", "") for one in facts.issues if one.code in _BECAME), "")


def _of_desk(facts: ReceiptFacts) -> str:
    """The first sentence for a 县级处理单: what was carried out; "" for all others."""
    done = _done(facts)
    if not done:
        return ""
    if facts.state is State.DUPLICATE:
        return f"已收到 · {done} · 没有再办一次，无需再发"
    return f"已收到 · {done} · " + ("没有办成的请看退回修正表" if facts.refused else "无需再发")


def _done(facts: ReceiptFacts) -> str:
    """What of a 县级处理单 was carried out, in numbers."""
    return next((dict(one.details).get("done", "") for one in facts.issues if one.code == _DESK), "")


def _counts(facts: ReceiptFacts) -> str:
    if done := _done(facts):
        return done
    if facts.state not in TAKEN or any(issue.code == "scan-taken" for issue in facts.issues):
        return ""
    taken = f"收下 {facts.accepted} 行" if facts.accepted or not (facts.zero or facts.counted) else ""
    parts = ["零报告"] * facts.zero + list(filter(None, [_became(facts) or taken]))
    parts += [f"其他缺课 {facts.counted} 人"] * bool(facts.counted)
    parts += [f"退回 {facts.refused} 行"] * bool(facts.refused)
    parts += [f"撤下原已收下的 {facts.withdrawn} 行"] * bool(facts.withdrawn)
    return "，".join(parts)


def _texts(found: Sequence[Issue], *, quotes: bool) -> tuple[IssueText, ...]:
    shown = found if quotes else [issues.without_cells(issue) for issue in found]
    return tuple(_in_words(place, issue) for place, issue in issues_together(shown))


def _in_words(place: str, issue: Issue) -> IssueText:
    message = _one_line(issues.message(issue))
    if not issue.row and not issue.cell and f"“{issue.sheet}”" in message:
        return IssueText("", "", message, issues.remedy(issue))  # the text itself names the place
    return IssueText(place, issue.column, message, issues.remedy(issue))


def _is_ours(text: str) -> bool:
    """Whether a cell was read as words of a list for divisions, of which none is about a pupil."""
    return bool(text) and _ours().issuperset(text.split("、"))


@cache
def _ours() -> frozenset[str]:
    columns = (
        column for form in forms.FORMS if form.of == "division" for table in form.tables for column in table.columns
    )
    return frozenset(label for one in columns if one.vocabulary for label in one.vocabulary.labels.values())


def _mended(found: Sequence[Repair], *, quotes: bool) -> tuple[Mended, ...]:
    shown = found if quotes else [replace(one, was="", now=one.now if _is_ours(one.now) else "") for one in found]
    return tuple(
        Mended(place, one.column, *(_one_line(text) or ("空白" if quotes else "") for text in (one.was, one.now)))
        for place, one in repairs_together(shown)
    )
