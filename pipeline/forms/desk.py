"""县级处理单: what waits for a county's decision, one sheet a kind of matter. The county chooses an 意见 and gives its
理由; a line left blank stays. The line is identified by two hidden columns, never by what is shown. On the last sheet
it raises warnings that no record can show.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Unpack

from pipeline.forms import card_words, cells, dates, desk_words
from pipeline.forms.base import Bad, Column, Field, Fixed, Form, Frame, Table, Vocabulary
from pipeline.forms.columns import ColumnWords, choice, count, day, text
from pipeline.forms.text_normalise import DITTO, mask, shown, sweep
from pipeline.model import DeskSheet

KEY, SEAL = "事项号", "校验码"  # the hidden columns

_LONGEST = 200


def as_typed(cell: object, _: Frame) -> object:
    """The new value of another cell, which is read later as that cell is: only blanks around it are removed."""
    if cell is None or cell == "":
        return None
    typed = sweep(shown(cell))
    kept = mask(typed)[:_LONGEST]
    return kept or None if kept == shown(cell) else Fixed(kept)


def _ours(cell: object, _: Frame) -> object:
    """Our own text comes back: none of it is the county's, so it causes no issue."""
    return mask(sweep(shown(cell)))[:2000] or None


def _shown(name: str, header: str, **more: Unpack[ColumnWords]) -> Column:
    """A column that is only shown: whatever is typed over it is ignored."""
    more["kept"] = False
    return text(name, header, 2000, _ours, **more)


def answered(table: Table) -> tuple[str, ...]:
    """The columns in which a county answers, by name; all others are ours."""
    return tuple(column.name for column in table.columns if column.parse is not _ours)


_WHO = (
    _shown("school_name", "学校", width=20),
    _shown("school", "标识码", width=11),
    _shown("day", "日期", width=7),
    _shown("since", "等待自", width=11),
    _shown("call", "电话找谁", width=18, help="名册里的填报人和电话；有几个校区的，都列出来。"),
)
_WHAT = _shown("what", "事项", width=46)
_HIDDEN = (
    _shown("key", KEY, width=18, asked="desk-key-missing", key=True, folded=True),
    _shown("seal", SEAL, width=18, asked="desk-key-missing", folded=True),
)


_RANGE = (
    "空着只办这一行。选“本校全部”“本表全部”，本表里没有另写意见的行照此办理，筛选后看不见的行也在内；不能用于代改。"
)
_any_opinion = cells.choice(desk_words.OPINIONS, "opinion-unknown")
_any_text = cells.text(200)


def _why(cell: object, frame: Frame) -> object:
    """A reason. A school reads it by itself, so 同上 is none."""
    return None if cell in DITTO else _any_text(cell, frame)


def _opinion(vocabulary: Vocabulary, hint: str) -> Column:
    """What a county decides. What is allowed depends on the matter; who is not understood is told the sheet's words."""
    own = (("choices", "、".join(vocabulary.labels.values())),)

    def parse(cell: object, frame: Frame) -> object:
        got = _any_opinion(cell, frame)
        return replace(got, details=own) if isinstance(got, Bad) else got

    more: ColumnWords = {"also": "处理意见 县级意见", "help": hint, "required": True, "decides": True, "width": 7}
    return choice("opinion", "意见", vocabulary, parse, **more)


_WHY = text("why", "理由", 200, _why, also="原因说明 处理理由", width=24, help="退回、豁免、代改都要写理由。")


def _range(vocabulary: Vocabulary) -> Column:
    more: ColumnWords = {"also": "适用范围 意见范围", "help": _RANGE, "decides": True, "width": 10}
    return choice("range", "范围", vocabulary, "range-unknown", **more)


def _table(board: DeskSheet, sheet: str, vocabulary: Vocabulary, hint: str, *more: Column) -> Table:
    reach = desk_words.REACH_TICKET if board is DeskSheet.TICKETS else desk_words.REACH
    columns = (*_WHO, _WHAT, *more, _opinion(vocabulary, hint), _range(reach), _WHY, *_HIDDEN)
    return Table(board.value, sheet, columns, needed=False)


_TICKETS = _table(
    DeskSheet.TICKETS,  # the only one with one line a cell
    "退回未改",
    desk_words.OPINION_TICKET,
    "代改：电话问清学校后，把对的写在“改为”。豁免：这一行不再催报。空着就留待学校自己改。",
    _shown("column", "列", width=9),
    _shown("was", "原填", width=12),
    text("now", "改为", 200, as_typed, width=14, help="学校电话里说的对的内容。要改成空白就写“无”。"),
)
_HELD = _table(DeskSheet.HELD, "待核", desk_words.OPINION, "确认：照这份收下。退回：不采用，写明理由，学校会收到。")
_CLOSURES = _table(DeskSheet.CLOSURES, "待确认停课", desk_words.OPINION, "确认：核实无误。退回：写明理由，学校会收到。")
_ALERTS = _table(
    DeskSheet.ALERTS, "待确认预警", desk_words.OPINION, "确认：学校的核实结果属实。退回：写明理由，请学校重报。"
)
_ACCOUNTS = _table(
    DeskSheet.ACCOUNTS,
    "待开户",
    desk_words.OPINION,
    "确认：纸质件已签字盖章，同意开户。退回：写明理由。",
    day(
        "stamped_on",
        "盖章日期",
        decides=True,
        width=12,
        also="盖章日",
        help="没有上传扫描件的，请填纸质备案表的盖章日期。",
    ),
)
_CLASSES = _table(
    DeskSheet.CLASSES,
    "新增班级",
    desk_words.OPINION_CLASS,
    "确认：登记入册。退回：没有此班，写明理由。代改：其实是名册里的另一个班，在“就是哪个班”写班名。",
    text(
        "now", "就是哪个班", 200, as_typed, width=12, help="名册里的班级名称，如 三(3)班。以后学校这样写，就算那个班。"
    ),
)
_MATTERS = _table(
    DeskSheet.MATTERS,
    "待对账",
    desk_words.OPINION_MATTER,
    "确认：已经核实，不用再问；日报应到与名册不同的，名册照日报改。退回：只用于应到，仍以名册为准。理由写核实的结果。",
)
_MAILBOXES = _table(
    DeskSheet.MAILBOXES,
    "待认邮箱",
    desk_words.OPINION,
    "确认：向学校核实过，是它的邮箱，以后从那里来的邮件就算学校的。退回：不是，写明理由，以后不再问。",
)

WAITING = (_TICKETS, _HELD, _CLOSURES, _ALERTS, _ACCOUNTS, _CLASSES, _MATTERS, _MAILBOXES)
"""The sheets of what waits for the county."""

_RAISED = Table(  # no line waits here: each that is filled in is a warning the county raises
    DeskSheet.RAISED.value,
    "上报预警",
    (
        text("at_school", "学校", 40, also="学校名称 学校标识码 标识码", width=24, required=True, decides=True,
             help="本县（市、区）的学校：名册里的全称，或标识码。"),
        text("at_campus", "校区", 20, width=10, decides=True, help="有几个校区的填哪个校区；只有一个的空着。"),
        text("room", "班级", 20, width=11, decides=True, help="都在一个班的填哪个班；不止一个班的空着。"),
        choice("rule", "事件", card_words.RAISED, "raise-unknown", required=True, decides=True, width=20,
               also="规则 事件性质",
               help="报表看不出来的三种事；有症状、诊断的由系统自己预警，不用在这里报。"),
        day("from_day", "自哪天起", decides=True, width=12, also="日期 发生日期", help="空着就是今天。"),
        count("ill", "人数", required=True, decides=True, width=8, also="病例数 发病人数", help="有关的学生几人。"),
        count("deaths", "死亡人数", decides=True, width=9, also="死亡", help="其中死亡几人，没有就空着。"),
        text("why", "理由", 200, _why, also="原因说明 处理理由 情况", width=40, required=True, decides=True,
             help="什么情况、谁核实的，写在预警卡上；请不要写学生姓名。"),
    ),
    needed=False,
)  # fmt: skip

DESK = Form(
    name="desk",
    title="县级处理单",
    alone=True,
    fields=(
        Field(
            "unit",
            "区划代码",
            cells.digits(6, "division-unreadable"),
            required=True,
            known=True,
            aliases=("县(市、区)代码", "行政区划代码"),
        ),
        Field("school", "县(市、区)", cells.text(60), known=True, aliases=("区划名称",)),
        Field("day", "制表日期", dates.day(), "date", known=True, aliases=("日期",)),
        Field("reporter", "经办人", cells.text(40), aliases=("处理人", "填报人")),
    ),
    tables=(*WAITING, _RAISED),
    of="division",
    dated=False,
    notes=(
        "在“意见”一列选一项；退回、豁免、代改要写“理由”。空着的行留着不动。改好存盘，放回本县（市、区）的文件夹。",
        "一样的意见不用一行行填：填好一行，在“范围”选“本校全部”或“本表全部”，其余没有填的行照此办理（代改除外）。",
        "本表只有班级和代号，没有学生姓名。请不要改动灰色的列；可以筛选、排序、只交回其中几行或几张表。",
    ),
)


def matter(board: str, target: str, column: str = "") -> str:
    """Return the 事项号 of a line: its board, its id there and, of a ticket, the column of the wrong cell."""
    return "/".join(part for part in (board, target, column) if part)


def matter_of(text: str) -> tuple[str, str, str]:
    """Return board, id and column of a 事项号; ("", "", "") if it is none."""
    board, _, rest = text.partition("/")
    if not rest or board not in {table.name for table in DESK.tables}:
        return "", "", ""
    target, _, column = rest.partition("/") if board == DeskSheet.TICKETS else (rest, "", "")
    return board, target, column
