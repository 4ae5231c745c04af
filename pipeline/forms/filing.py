"""省学生健康监测系统用户权限申请（备案）表: annex 3 of 苏教办体艺函〔2023〕6号, title and cells verbatim.

A filing asks for accounts; it opens none. The password's cell is a `Secret` from here on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.filed import Secret
from pipeline.forms import cells
from pipeline.forms.base import Bad, Column, Field, Fixed, Form, Frame, Table, Vocabulary
from pipeline.forms.columns import text
from pipeline.forms.text_normalise import blank, fold, shown, sweep

LEVEL = Vocabulary(
    "UnitLevel",
    {"province": "省级", "city": "设区市级", "county": "县（市、区）级", "school": "学校"},
    {
        "省": "province",
        "市级": "city",
        "设区市": "city",
        "地市级": "city",
        "县级": "county",
        "区级": "county",
        "区县级": "county",
        "县区级": "county",
        "县(市区)级": "county",
        "县市区级": "county",
        "幼儿园": "school",
        "校级": "school",
        "学校级": "school",
    },
)
SYSTEM = "江苏省学生健康监测系统"
EMPTY, TICKED = "☐", "☑"
COUNT_FIELDS = {"province": "n_province", "city": "n_city", "county": "n_county", "school": "n_school"}
BLANK_COUNT = "__个"

_TICKS = "☑☒✅✓✔✗✘√■◼▣●◉\uf0fe\uf052\uf0fd勾þ"
_BOXES = "☐□▢◻○◯\uf0a8\uf06f口"
_LATIN_TICKS = re.compile(r"(?<![a-z])[vxr](?![a-z])")
_NAMES = (
    ("province", "省级"),
    ("city", "设区市级|(?<!区)市级|地市级"),
    ("county", r"县\(市[、,]?区\)级|县市区级|区县级|县区级|县级|区级"),
    ("school", "学校|幼儿园"),
)
_NAME = re.compile("|".join(f"(?P<{code}>{words})" for code, words in _NAMES))
_KIND = re.compile("|".join(f"(?P<{code}>(?:{words})账号)" for code, words in _NAMES))
_NO_PASSWORD = re.compile(
    r"无|空|没有|暂无|不填|待定|随机|默认|(由|请)?(系统|后台|疾控(中心)?|管理员|县级|上级)?(自动|统一|随机)?(发放|下发|生成|分配|设置|设定|给定)(密码)?"
)  # a wish, and no password: those have no Chinese
_AMOUNT = re.compile(r"[_＿]*([0-9]{1,3})?[_＿]*个?")

Grid = Sequence[Sequence[object]]
Cell = tuple[int, int, object]


# --------------------------------------------------------------------------- boxes to tick


@dataclass(frozen=True, slots=True)
class _Box:
    level: str
    marked: bool  # whether a box before or after it is ticked
    ticked: bool


def levels(rows: Grid) -> Iterator[Cell]:
    """The levels ticked in the line 单位级别, as labels joined by 、; nothing if none is ticked."""
    for r, c, cells_ in _lines(rows, "单位级别"):
        boxes = [box for text in cells_ for box in _boxes(text)]
        lone = [text for text in cells_ if _has_tick(fold(text)) and not _boxes(text)]
        chosen = _chosen(boxes, lone=bool(lone))
        if chosen:
            yield r, c, "、".join(LEVEL.labels[level] for level in LEVEL.labels if level in chosen)


def _chosen(boxes: Sequence[_Box], *, lone: bool) -> set[str]:
    ticked = {box.level for box in boxes if box.ticked}
    if ticked:
        return ticked
    left = set(LEVEL.labels) - {box.level for box in boxes}
    if lone and len(left) == 1:
        return left  # a tick typed over box and word: the level is the missing one
    typed = {box.level for box in boxes if not box.marked}
    return typed if len(typed) == 1 else set()  # 学校, typed in place of a box, or alone


def _boxes(text: str) -> list[_Box]:
    """The levels that a cell names, with the marks beside each."""
    flat = fold(text)
    found = list(_NAME.finditer(flat))
    before = bool(found) and _marks(flat[: found[0].start()]) != ""
    boxes = []
    for at, name in enumerate(found):
        left = flat[found[at - 1].end() if at else 0 : name.start()]
        right = flat[name.end() : found[at + 1].start() if at + 1 < len(found) else len(flat)]
        mine = _ahead(left, first=at == 0) + _behind(right, last=at + 1 == len(found)) if before else right
        boxes.append(_Box(str(name.lastgroup), bool(_marks(mine)), _has_tick(mine)))
    return boxes


def _ahead(marks: str, *, first: bool) -> str:
    """Of the marks between two names those of the second: from the last empty box on, if there is one."""
    empty = max((marks.rfind(box) for box in _BOXES), default=-1)
    return marks if first or empty < 0 else marks[empty:]


def _behind(marks: str, *, last: bool) -> str:
    """Of the marks between two names those of the first: up to the empty box of the second."""
    if last:
        return marks
    empty = max((marks.rfind(box) for box in _BOXES), default=-1)
    return marks[:empty] if empty > 0 else ""


def _marks(text: str) -> str:
    return "".join(char for char in text if char in _TICKS or char in _BOXES) or _latin(text)


def _has_tick(text: str) -> bool:
    return any(char in _TICKS for char in text) or bool(_latin(text))


def _latin(text: str) -> str:
    return "".join(_LATIN_TICKS.findall(text))


def system(rows: Grid) -> Iterator[Cell]:
    """Whether the system's box is ticked; a system named without any box counts as ticked."""
    for r, c, cells_ in _lines(rows, "申请系统"):
        text = fold(" ".join(cells_))
        marks = _marks(text)
        if _has_tick(text) or (not marks and fold(SYSTEM) in text):
            yield r, c, "是"


def amounts(level: str, rows: Grid) -> Iterator[Cell]:
    """How many accounts of a level are asked for: after its words, or in the cell to the right."""
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            if type(cell) is not str or "账号" not in cell:
                continue
            text = fold(cell)
            for found in _KIND.finditer(text):
                if found.lastgroup != level:
                    continue
                found_amount = _AMOUNT.match(text, found.end())
                if found_amount and found_amount[1]:
                    yield r, c, int(found_amount[1])
                elif text[found.end() :].strip("_:" + _TICKS + _BOXES) in ("", "个"):
                    yield from _right_of(row, r, c)


def _right_of(row: Sequence[object], r: int, c: int) -> Iterator[Cell]:
    for place in range(c + 1, min(c + 4, len(row))):
        value = row[place]
        if blank(value):
            continue
        if not (isinstance(value, str) and fold(value) in ("个", "__个", "_个", "__", "＿＿个")):
            known = isinstance(value, str) and _KIND.search(fold(value))
            if not known:
                yield r, place, value
        return


def _lines(rows: Grid, label: str) -> Iterator[tuple[int, int, list[str]]]:
    """The texts of the line that begins with a label, its own rest first: (0-based row, column, texts)."""
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            if type(cell) is str and fold(cell).startswith(label):
                _, _, rest = unicodedata.normalize("NFKC", cell).partition(":")
                others = [shown(one) for one in row[c + 1 :] if not blank(one)]
                yield r, c, [rest, *others] if rest.strip() else others
                break


# --------------------------------------------------------------------------- cells


def unit_code(cell: object, frame: Frame) -> object:
    """A school's ten digits, or an organ's code: six digits and two letters (320106JY)."""
    if isinstance(cell, str) and (found := re.fullmatch(r"([0-9]{6})(jy|wj|jk)(?![a-z0-9]).*", fold(cell))):
        code = found[1] + found[2].upper()
        return code if code == cell else Fixed(code)
    return cells.digits(10, "unit-code-unreadable")(cell, frame)


def one_level(cell: object, frame: Frame) -> object:
    """The one level that is ticked."""
    if blank(cell):
        return None
    chosen = shown(cell).split("、")
    if len(chosen) > 1 and all(one in LEVEL.labels.values() for one in chosen):
        return Bad("level-several")
    return cells.choice(LEVEL, "level-unknown")(cell, frame)


_USERNAME = re.compile(r"[A-Za-z0-9_.@-]{3,40}")


def username(cell: object, _: Frame) -> object:
    """A user name: NFKC, without blanks around; Latin letters, digits and _ . @ - (no look-alikes of other scripts)."""
    if blank(cell):
        return None
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return Bad("username-unreadable")
    if isinstance(cell, float) and not cell.is_integer():
        return Bad("username-unreadable")
    if not isinstance(cell, str) and abs(cell) >= 10**15:
        return Bad("number-lost-digits")
    typed = shown(cell)
    name = unicodedata.normalize("NFKC", sweep(typed))
    if not _USERNAME.fullmatch(name):
        return Bad("username-unreadable")
    return name if name == typed or not isinstance(cell, str) else Fixed(name)


def password(cell: object, _: Frame) -> object:
    """The raw text, sealed. Its rule is checked with the user name beside it; stars come from a copy we kept."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    text = shown(cell)
    if fold(text).strip("*＊") == "":
        return Secret("")
    if _NO_PASSWORD.fullmatch(fold(text)):
        return None
    return Secret(text)


# a column a line, its words for people below it
# fmt: off
_COLUMNS = (
    text("region", "地区", 60, width=18, also="所属地区 单位", example="示例区",
         help="本单位所在的地区；空着就是本单位的。"),
    text("username", "用户名", 40, username, key=True, must="username-missing", width=20, also="账号 用户名称 登录名",
         example="SLXX_01", help="字母、数字和 _ . @ - ，3 到 40 位；不分大小写，不能与别的用户名相同。"),
    Column("password", "初始密码", "secret", password, length=160, aliases=("密码",), width=18,
           help="可以空着，由系统发放。自己定的：8 到 20 位，数字、字母和符号都要有，不含用户名；打印时不显示。"),
    text("holder", "使用人姓名", 60, cells.person, must="holder-missing", width=14, also="使用人 姓名",
         example="李老师"),
    text("phone", "联系电话", 30, cells.telephone, width=18, also="电话 手机 使用人电话", example="100-0000-0001"),
)
# fmt: on


def _count_field(level: str) -> Field:
    label = f"{LEVEL.labels[level]}账号"
    return Field(COUNT_FIELDS[level], label, cells.count, "integer", find=lambda rows: amounts(level, rows))


ACCOUNTS = Table("accounts", "备案表", _COLUMNS, store="filing_line")

FILING = Form(
    name="filing",
    title="省学生健康监测系统用户权限申请（备案）表",
    alone=True,
    short="账号备案",
    secret=True,
    signed=True,
    fields=(
        Field("unit", "单位代码", unit_code, required=True, known=True, aliases=("学校标识码", "标识码", "单位编码")),
        Field("token", "防伪编号", cells.text(40), known=True, help="系统发表时填好，证明这份表是发给本单位的。"),
        Field("school", "单位名称", cells.text(80), known=True, aliases=("单位",)),
        Field("applicant", "申请人姓名", cells.text(40), kept=True, aliases=("申请人",)),
        Field("department", "所在部门", cells.text(60), kept=True, aliases=("部门",)),
        Field("phone", "联系电话", cells.telephone, kept=True, aliases=("电话",)),
        Field("email", "电子邮箱", cells.email, kept=True, aliases=("邮箱", "电子邮件")),
        Field("level", "单位级别", one_level, "choice", kept=True, find=levels, vocabulary=LEVEL, help="只勾一项。"),
        Field("system", "申请系统", cells.text(20), find=system),
        *(_count_field(level) for level in LEVEL.labels),
    ),
    tables=(ACCOUNTS,),
    of="unit",
    dated=False,
    notes=(
        "学校账号由县（市、区）疾控中心开户，县（市、区）教育局账号由设区市疾控中心开户，设区市教育局账号由省疾控中心开户。",
        "初始密码可以空着，由系统发放；填了的，打印时显示为＊号，收到后即清除，不存入档案。",
        "回执上有备案号；全部收下以后打印、签字、盖章、扫描，文件名写上“备案 000123”（用自己的号），放进同一文件夹。",
    ),
)
