"""Lines of a table that are not rows: our example, a sum, a signature line, a class of which nothing is told.

People write them in whatever column they like. A line is left out only where every cell of it is one of these; what may
name a child is a row, and goes back if it is not understood.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from pipeline.forms.base import Bad, Fixed, Frame
from pipeline.forms.cells import flag
from pipeline.forms.classes import class_key
from pipeline.forms.text_normalise import blank, fold, shown
from pipeline.forms.words import YES_NO

_EXAMPLE = re.compile(r"[(\[【]?(?:示例|样例|例)[)\]】]?(?:$|[\s:,、.0-9-])|例如")  # but not 例假 and 示例路小学
_SUMS = ("合计", "总计", "小计", "共计")
_SIGNATURES = (
    *("填报人", "审核人", "填表人", "单位负责人", "制表", "盖章", "签字", "本人签字", "单位领导签字", "报送单位"),
    *("说明:", "注:", "备注:", "填表说明", "以下空白", "以下为空白", "以下无正文", "此处以下空白"),
)
_SUM_OF_PEOPLE = re.compile(r"(?:一共|总共|共计?|计)[0-9]{1,5}(?:人|名|个)?(?:次|人次|学生|幼儿)?")  # 共3人
_SUM_END = re.compile(r".{0,12}(?:合计|总计|小计|共计):?")  # 三(3)班小计
_SIGNED_FOR = (
    "(?:填报|填表|填写|制表|报送|报告|上报|审核|审批|经办|联系|负责|分管|主管|单位|学校|幼儿园"
    "|校长|园长|校医|保健|领导|日期|时间|电话)"
)
_SEAL = r"\(?(?:盖章|公章|签章|签字|签名)\)?"
_LABEL = re.compile(
    rf"{_SIGNED_FOR}[^:]{{0,10}}:|{_SIGNED_FOR}.{{0,6}}{_SEAL}"
    r"|(?:填报|填表|制表|报送|上报|审核|审批|经办|联系|单位)?(?:人|单位|日期|时间|电话|负责人|校长|园长)"
)
_FILLED_LABEL = re.compile(rf"{_SIGNED_FOR}[^:]{{0,10}}:.*")  # 审核人：李老师
_SEALED = re.compile(rf"[^:]{{0,12}}{_SEAL}:?")
_PEOPLE = re.compile(r"[0-9]{1,5}(?:人|名|个)?(?:次|人次)?")
_DAY = re.compile(
    r"20[0-9]{2}[年/.-][0-9]{1,2}[月/.-][0-9]{1,2}日?|(?:20[0-9]{2})?年[0-9]{0,2}月[0-9]{0,2}日|[0-9]{1,2}月[0-9]{1,2}日"
)
_WHOLE = "全员|全校|全园|各班|[我本][校园]|今日|今天|本日|当日|当天|本班|全班|全体|全部|学生|幼儿|人员|师生|均|都|已|全"
_NOBODY = re.compile(
    rf"(?:{_WHOLE})*(?:(?:无|没有|没|未|零|0)(?:人|名|个|学生|幼儿)*(?:因病|因事)?(?:缺课|缺勤|缺席|缺|请假|病假|异常|情况)"
    r"(?:的|学生|幼儿|人员|情况|人|现象|者)*|全勤|满勤|到齐|全到|零报告|无人|(?:0|零|〇)(?:人|名|个))[。!]?"
    r"|(?:今日|今天|本日|本班|学生|幼儿|一切|出勤|考勤)*正常(?:出勤|上课|到校|到园)?[。!]?"
    r"|(?:今日|今天|本日|当日|当天)(?:无|零)|零[。!]?|(?:缺课|缺勤)(?:人数|学生)?[:为是]?(?:0|零|无)(?:人|名)?[。!]?"
    r"|(?:全员|全校|全园|今日|今天|本日|本班|学生|幼儿|师生)*(?:全部|全体|均|都|全|(?<=全员))(?:已|正常)*(?:到校|到园|在校|在园|出勤|正常|到齐|到)[。!]?"
)
_NOBODY_IN_WORDS = re.compile("(?:无|没有|没|未|零|0).*(?:缺课|缺勤|缺席)|零报告|全勤|到齐|全到|到校|到园")
_MOST_RUNS = 8
_CLASS = re.compile(r".{1,12}(?:班|年级)|[0-9一二三四五六七八九十初高]{1,4}(?:[-.·—][0-9一二三四五六七八九十]{1,3})?")


@lru_cache(maxsize=4096)
def line_kind(first: str) -> str:
    """The kind of a line by its first word: "example", "sum", "signature"; "" for a row."""
    if _EXAMPLE.match(unicodedata.normalize("NFKC", first).strip()):
        return "example"
    word = fold(first)
    return "sum" if word.startswith(_SUMS) else "signature" if word.startswith(_SIGNATURES) else ""


def kind_of_all(cells: Sequence[object]) -> str:
    """The kind of a line of which every cell is a word of a sum or signature, a number or a day: "sum", "signature" or
    "date"; "" for a row.
    """
    kinds, labelled = set(), False
    for cell in cells:
        if blank(cell):
            continue
        kind = _kind(cell)
        if not kind and not labelled:
            return ""
        labelled = kind == "label"
        kinds.add(kind)
    for kind in ("sum", "signature", "label"):
        if kind in kinds:
            return "sum" if kind == "sum" else "signature"
    return "date" if kinds == {"date"} else ""


def may_be_word(cell: object) -> bool:
    """Whether a cell is blank, a word of a sum or signature, or a day."""
    return _is_word(cell) if type(cell) is str else blank(cell) or bool(kind_of_all((cell,)))


@lru_cache(maxsize=4096)
def _is_word(cell: str) -> bool:
    return blank(cell) or bool(kind_of_all((cell,)))


def _kind(cell: object) -> str:
    if isinstance(cell, str):
        return _kind_of_text(cell) if len(cell) <= 60 else ""
    return "date" if isinstance(cell, date) else "number"


@lru_cache(maxsize=4096)
def _kind_of_text(cell: str) -> str:
    """One word's kind; the value of a "label" stands in the next cell."""
    word = fold(cell)
    if word.startswith(_SUMS) or _SUM_END.fullmatch(word) or _SUM_OF_PEOPLE.fullmatch(word):
        return "sum"
    if _LABEL.fullmatch(word):
        return "label"
    if word.startswith(_SIGNATURES) or _FILLED_LABEL.fullmatch(word) or _SEALED.fullmatch(word):
        return "signature"
    if _PEOPLE.fullmatch(word):
        return "number"
    return "date" if _DAY.fullmatch(word) else ""


def says_nobody(cell: object) -> bool:
    """Whether a cell says that nobody is absent: 全勤, 今日无缺课, 0; a blank does."""
    if blank(cell):
        return True
    if isinstance(cell, str):
        return _says_nobody(cell)
    return not isinstance(cell, bool) and cell == 0


@lru_cache(maxsize=4096, typed=True)
def surely_of_a_pupil(first: object, room: object, told: object) -> bool:
    """Whether a line that has a name is a row whatever else is in it: by its first cell, its class, and what it tells
    of the pupil. Cached: these are few words in a table.
    """
    return type(first) is str and not line_kind(first) and not may_be_word(room) and not says_nobody(told)


def says_all_are_there(text: str) -> bool:
    """Whether a text says so of the whole school, in words: 今日全校无缺课, 本日零报告; not 无, 0 or 正常."""
    word = fold(text)
    return _says_nobody(word) and _NOBODY_IN_WORDS.search(word) is not None


@lru_cache(maxsize=4096)
def _says_nobody(cell: str) -> bool:
    word = fold(cell)
    return word == "0" or _NOBODY.fullmatch(word) is not None


@lru_cache(maxsize=4096)
def _looks_like_class(cell: str) -> bool:
    return class_key(cell) is not None or _CLASS.fullmatch(fold(cell)) is not None


def only_a_class(room: object, others: Sequence[object]) -> str:
    """Of a line that names a class at most: "nobody" if it says so, or has no class but a stroke, "bare" if it says
    nothing; else "".

    A text that does not look like a class may be a child's name in the wrong column.
    """
    if not all(map(says_nobody, others)):
        return ""
    said = not all(map(blank, others))
    if not blank(room) and isinstance(room, str):
        if _says_nobody(room):
            return "nobody"
        return ("nobody" if said else "bare") if _looks_like_class(room) else ""
    return "nobody" if said or blank(room) else "bare" if isinstance(room, date | int | float) else ""


def runs_in_words(rows: Sequence[int]) -> str:
    """Excel rows, in order, as a clerk reads them: 8–10、12; the first runs of them."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][-1] + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    named = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs[:_MOST_RUNS]]
    return "、".join(named) + ("等" if len(runs) > _MOST_RUNS else "")


_zero = flag(YES_NO)
_ANSWER = re.compile(r"(是的?|否|不是)[(,、;:。/-]*(.*?)[)。!/-]*")


def zero_report(cell: object, frame: Frame) -> object:
    """零报告: 是 or 否, or in words: 是（今日全勤）, 今日无缺课, 否（2人缺课）."""
    got = _zero(cell, frame)
    if not isinstance(got, Bad):
        return got
    word = fold(shown(cell))
    if _says_nobody(word):
        return Fixed(True)
    answer = _ANSWER.fullmatch(word)
    if answer is None:
        return got
    yes = answer[1][0] == "是"
    return Fixed(yes) if not answer[2] or _says_nobody(answer[2]) is yes else got
