"""Class names: as a school writes them, and their normal form."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, time
from enum import StrEnum
from functools import lru_cache

from pipeline.forms.base import Bad, Column, Fixed, Frame
from pipeline.forms.surnames import may_be_a_name
from pipeline.forms.text_normalise import DITTO, blank, fold, mask, shown, sweep

_CN = "零一二三四五六七八九"
_NUMERAL = {char: place for place, char in enumerate(_CN)}
_GRADE_CLASS = re.compile(
    r"(?P<level>小学|初中|高中|中职|职高|中专|初|高|职)?"
    r"(?P<grade>[一二三四五六七八九1-9])"
    r"(?P<word>年级|年)?"
    r"(?:(?P<mark>[(\-._·/])?(?P<class>[0-9]{1,2}|[一二三四五六七八九十]{1,3})\)?)?"
    r"(?P<end>班)?"
)
_NURSERY = re.compile(
    r"(?P<grade>[托小中大])(?P<word>班)?[(\-]?(?P<class>[0-9]{1,2}|[一二三四五六七八九十]{1,3})?\)?班?"
)
_DATE_LIKE = re.compile(r"[0-9]{1,2}月[0-9]{1,2}[日号]?|[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?.*")
_FIRST_SERIAL, _LAST_SERIAL = 36526, 73415  # 2000-01-01 … 2100-12-31 in the 1900 epoch


def names_class(column: Column) -> bool:
    """Whether the cells of a column are names of classes."""
    return column.parse is class_name


def class_name(cell: object, _: Frame) -> object:
    """A class as the school writes it. A date here is Excel's reading of 3-2: asked."""
    if type(cell) is str and class_key(cell) is not None and cell.isprintable() and " " not in cell:
        return cell
    if blank(cell):
        return None
    if isinstance(cell, date):
        return Bad("class-is-date")
    if isinstance(cell, bool | time) or (isinstance(cell, float) and not cell.is_integer()):
        return Bad("class-unreadable")
    if isinstance(cell, int | float) and _FIRST_SERIAL <= cell <= _LAST_SERIAL:
        return Bad("class-is-date")
    name = sweep(shown(cell)).replace(" ", "")
    if _DATE_LIKE.fullmatch(unicodedata.normalize("NFKC", name)):
        return Bad("class-is-date")
    if mask(name) != name or name in DITTO:
        return Bad("class-unreadable")
    if len(name) > 40:
        return Fixed(name[:40], "text-cut")
    return name if isinstance(cell, int | float) or name == cell else Fixed(name)


@lru_cache(maxsize=65536)
def class_key(text: str, kindergarten: bool = False) -> str | None:
    """The normal form of a class name, None if it is not clear which class is meant.

    三(3)班 → 三3, 1年级2班 → 一2, 初一(2)班 = 七年级2班 → 七2, 高一(12)班 → 高一12, 中职一3班 → 中职一3, kindergarten
    小1班 → 小一. A bare grade is itself: 三年级 → 三.
    """
    word = _plain(text)
    nursery = _NURSERY.fullmatch(word)
    if nursery and (kindergarten or nursery["grade"] != "中" or nursery["word"]):
        number = _small(nursery["class"])
        return nursery["grade"] + (_chinese(number) if number else "") if number is None or number > 0 else None
    found = _GRADE_CLASS.fullmatch(word)
    if not found or not _is_unambiguous(found):
        return None
    grade = _grade(found["level"] or "", _NUMERAL.get(found["grade"]) or int(found["grade"]))
    number = _small(found["class"])
    if grade is None or number == 0:
        return None
    return grade + ("" if number is None else str(number))


_MARKS = str.maketrans("[]{}〔〕【】<>《》「」—–―−~壹贰叁肆伍陆柒捌玖", "()()()()()()()-----一二三四五六七八九")
_OPENED = re.compile(r"^\(([一二三四五六七八九1-9])\)(?=[0-9(])")  # (3)1班
_ORDINAL = re.compile(r"第(?=[0-9一二三四五六七八九十(])")


def _plain(text: str) -> str:
    """A class's name folded, with one kind of bracket, dash and figure: 叁〔1〕班, 3—1, (3)1班, 三年级第1班."""
    plain = _ORDINAL.sub("", fold(text).translate(_MARKS))
    return _OPENED.sub(r"\1-", plain[:-2] + ")班" if plain.endswith("班)") else plain)


def in_brackets(text: str) -> tuple[str, ...]:
    """The two names of a class that has another in brackets: 小一（苹果班）; none of any other."""
    found = _BOTH.fullmatch(unicodedata.normalize("NFKC", sweep(text)).translate(_MARKS))
    return (found["name"], found["other"]) if found else ()


_BOTH = re.compile(r"(?P<name>[^()]{2,12})\((?P<other>[^()]{2,12})\)")


def key_or_name(text: str, *, kindergarten: bool = False) -> str:
    """The class's normal form; where there is none (苹果班) its name, at most 20 characters, is its key: its number in
    figures, so that 混龄一班 and 混龄(1)班 are 混龄1班; without 班 if it is a number only (301班).
    """
    key = class_key(text, kindergarten)
    if key is not None:
        return key
    name = unicodedata.normalize("NFKC", sweep(text)).replace(" ", "").translate(_MARKS)
    if found := _ONLY_NUMBER.fullmatch(name):
        return found[1]
    if _MIXED_CLASS.fullmatch(name) and not name.endswith("班"):
        name += "班"
    if (found := _NUMBERED.fullmatch(name)) and (number := _small(found["class"])):
        return f"{_MIXED.get(found['stem'], found['stem'])}{number}班"[:20]
    return name[:20]


_ONLY_NUMBER = re.compile(r"\(?([0-9]{3,4})\)?班")
_NUMBERED = re.compile(
    r"(?P<stem>[^0-9()一二三四五六七八九十第星期]{2,16}|混)"
    r"(?:[(\-]?(?P<class>[0-9]{1,2}|[一二三四五六七八九十]{1,3})\)?)班"
)
_MIXED = {"混": "混龄"}
_MIXED_CLASS = re.compile(r"混龄?[(\-]?[0-9一二三四五六七八九十]{1,3}\)?班?")  # without 班 it is still one: 混龄1, 混一


def by_number(key: str) -> str:
    """A class as its number alone: 三1 → 301; "" if it has none. The same class of a registry may be written so."""
    grade, rest = split_key(key)
    return f"{_NUMERAL[grade]}{int(rest):02d}" if grade in _NUMERAL and rest.isdigit() else ""


_SHAPED = re.compile(r"(?P<stem>[^\s、,;/·]{1,10}?)[(\-]?[0-9一二三四五六七八九十]{0,3}\)?(?:班|年级|级|部|组|队)")
_GRADE_FIRST = re.compile(r"(?:初|高|中职|职高|[0-9]{4}级)?[托小中大一二三四五六七八九0-9]{0,2}(?:年级)?")
# fmt: off
# fmt: off
_NO_NAMES = frozenset((
    "向日葵", "向阳", "向上", "阳光", "花朵", "花儿", "花园", "安琪儿", "安安", "康乃馨", "康康",
    "丁香", "金鱼", "金色", "金星", "金苹果", "金太阳", "金葵花", "金色童年", "柳树", "乐乐",
    "乐园", "乐学", "蓝天", "蓝猫", "米奇", "米老鼠", "米兰", "梅花", "龙龙", "熊猫", "熊熊",
    "石榴", "明珠", "明星", "明德", "明日", "国学", "国际", "宏志", "史迪仔", "马兰花", "白鸽",
    "白云", "白雪", "白杨", "白兔", "毛毛虫", "牛牛", "雷锋", "童话", "童年", "童心", "温馨",
    "温暖", "和平", "和美", "鲁班", "车厘子", "应届", "池塘", "宁静", "卓越", "成长", "平行",
    "强基", "方舟", "夏令营", "夏天", "高考", "单招", "钱学森", "严实", "云朵", "天使",
))
# fmt: on
"""What classes are called that begins like a family name."""


def like_class(text: str, *, kindergarten: bool = False) -> bool:
    """Tell whether a text that the registry does not have may be a class: 六(6)班, 301, 苹果班, 混龄1班; not 王小宝,
    中一班 王小宝 or 王小宝班. What is taken as a class is read by counties, so no name may be in it.
    """
    word = fold(text)
    if (
        class_key(text, kindergarten) is not None
        or re.fullmatch(r"[0-9]{1,4}班?|[a-z][0-9]{0,3}班?", word)
        or _MIXED_CLASS.fullmatch(word)
    ):
        return True
    found = _SHAPED.fullmatch(word)
    if not found or word.count("班") > 1 or "(" in found["stem"]:
        return False
    stem = found["stem"]
    rest = stem[_GRADE_FIRST.match(stem).end() :]  # type: ignore[union-attr]  # it matches nothing, too
    if stem in _NO_NAMES or rest in _NO_NAMES:
        return True
    starts = (part[:end] for part in (stem, rest) for end in range(2, 5))
    return not any(may_be_a_name(start) for start in starts if not _GRADE_FIRST.fullmatch(start[:2]))


def _is_unambiguous(found: re.Match[str]) -> bool:
    """Whether grade and class have only one reading: 302, 12班 and 二十班 have two."""
    number = found["class"]
    if number is None:
        return bool(found["word"]) or (found["level"] in ("初", "高", "中职", "职高") and not found["end"])
    if found["word"] or found["mark"]:
        return found["mark"] not in (".", "/") or (found["end"] is not None and number.isdigit())
    if found["grade"].isdigit():
        return False
    return number.isdigit() or (len(number) == 1 and number != "十")


def _grade(level: str, grade: int) -> str | None:
    if level in ("初", "初中"):
        return _CN[grade + 6] if grade <= 3 else (_CN[grade] if level == "初中" and grade >= 7 else None)
    if level in ("高", "高中"):
        return f"高{_CN[grade]}" if grade <= 3 else None
    if level in ("中职", "职高", "中专", "职"):
        return f"中职{_CN[grade]}" if grade <= 5 else None
    return _CN[grade] if not level or grade <= 6 else None


def _small(number: str | None) -> int | None:
    if number is None:
        return None
    if number.isdigit() and number.isascii():
        return int(number)
    tens, ten, ones = number.rpartition("十")
    if any(char not in _NUMERAL for char in tens + ones) or max(len(tens), len(ones)) > 1:
        return 0
    return (_NUMERAL.get(tens, 1) * 10 if ten else 0) + _NUMERAL.get(ones, 0)


def _chinese(number: int) -> str:
    if number < 10:
        return _CN[number]
    tens, ones = divmod(number, 10)
    return ("" if tens == 1 else _CN[tens]) + "十" + (_CN[ones] if ones else "")


# --------------------------------------------------------------------------- a grade up

_GRADES = (*"托小中大一二三四五六七八九", "高一", "高二", "高三", *(f"中职{char}" for char in "一二三四五"))
_LEAVE = frozenset(("大", "六", "九", "高三", "中职三"))
"""Last grades of a school: their pupils who stay on get new classes."""


class ClassLevel(StrEnum):
    """学段 as thresholds tell them apart; kindergartens, and classes without a grade in their name, have none."""

    MIDDLE = "middle"  # with 高中 and 中职
    PRIMARY = "primary"

    @property
    def label(self) -> str:
        return "中学" if self is ClassLevel.MIDDLE else "小学"


def level(key: str) -> ClassLevel | None:
    """Return the level of a class by its normal form."""
    grade = split_key(key)[0]
    if not grade or grade in "托小中大":
        return None
    return ClassLevel.PRIMARY if grade in "一二三四五六" else ClassLevel.MIDDLE


_NEXT = dict(zip("托小中一二三四五六七八1234567", "小中大二三四五六七八九2345678", strict=True))


@lru_cache(maxsize=65536)
def split_key(key: str) -> tuple[str, str]:
    """A class's normal form as grade and rest, 高一12 → 高一, 12; ("", key) if there is no grade."""
    grade = max((one for one in _GRADES if key.startswith(one)), key=len, default="")
    rest = key[len(grade) :]
    graded = bool(grade) and (not rest or class_key(key, kindergarten=grade in "托小中大") == key)
    return (grade, rest) if graded else ("", key)


def with_grade(grade: str, name: str) -> str:
    """Return a class told by its grade and its number apart: 三 and 1, 三年级 and 1班 are 三(1)班. A name that has its
    grade, or is no number, stays; a class in the place of the grade is it.
    """
    small = class_key(grade, kindergarten=True) or class_key(f"{grade}年级") or ""
    if not name:
        return grade if small and not is_grade(small) else name
    found = _NUMBER_ALONE.fullmatch(fold(name))
    if not found or not is_grade(small) or not (number := _small(found[1])):
        return name
    return f"{small}{number}班" if small in "托小中大" else f"{small}({number})班"


_NUMBER_ALONE = re.compile(r"第?\(?([0-9]{1,2}|[一二三四五六七八九十]{1,3})\)?班?")


def is_grade(key: str) -> bool:
    """Tell whether a class's normal form is a bare grade: 三年级, 大班."""
    return bool(key) and split_key(key) == (key, "")


def in_order(key: str) -> tuple[int, int, str]:
    """The sort key of a class: from the youngest up, numbers as numbers, names at the end."""
    grade, rest = split_key(key)
    if not grade:
        return len(_GRADES), 0, key
    return _GRADES.index(grade), _small(rest) or 0 if rest else 0, key


def promoted(name: str, *, kindergarten: bool = False) -> str:
    """A class's name a school year later, 三(3)班 → 四(3)班; "" for one that leaves (六年级, 九年级, 高三, 大班).

    A name without a grade (苹果班) stays as it is.
    """
    key = class_key(name, kindergarten)
    grade, rest = split_key(key or "")
    if key is None or not grade:
        return name
    if grade in _LEAVE or grade == _GRADES[-1]:
        return ""
    wanted = _GRADES[_GRADES.index(grade) + 1] + rest
    for at, char in enumerate(unicodedata.normalize("NFKC", name)):
        next_name = name[:at] + _NEXT.get(char, "") + name[at + 1 :]
        if char in _NEXT and class_key(next_name, kindergarten) == wanted:
            return next_name
    return f"{wanted[: len(wanted) - len(rest)]}({rest})班" if rest else f"{wanted}班"
