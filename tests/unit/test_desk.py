"""县级处理单: how its lines are read and judged, what it shows of a matter, and that it is recognised whatever was
taken out of it.
"""

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from pipeline import forms, issues, units, validate
from pipeline.figures import deskwork
from pipeline.forms.desk import DESK, matter, matter_of
from pipeline.merge.desk import deeds
from pipeline.model import Arrival, Checked, Context, Issue, Policy
from pipeline.xlsx import guard
from pipeline.xlsx.deskbook import DeskFacts, DeskRow, deskbook
from pipeline.xlsx.likeness import looks_like_filing
from tests.reading import take

KEY = b"k" * 32
COUNTY, NEXT = "320106", "320105"
NOW = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
CONTEXT = Context(divisions={COUNTY: "示例区", NEXT: "邻区", "320100": "市"}, parents={COUNTY: "320100"})


def line(board: str, target: str, column: str = "", state: str = "s", of: str = COUNTY, **cells: str | date) -> DeskRow:
    key = matter(board, target, column)
    told = {"school_name": "示例第一小学", "school": "2132010001", "day": "11-20", "since": "11-20 14:00", "what": "事"}
    seal = units.seal(KEY, of, key, units.stamp(KEY, state))
    return DeskRow({**told, "key": key, "seal": seal, **cells})


def edited(**cells: str) -> DeskRow:
    row = line("held", "3", opinion="确认")
    return replace(row, cells={**row.cells, **cells})


def book(rows: Mapping[str, list[DeskRow]], token: str = "", *, back: bool = False) -> bytes:
    return deskbook(DeskFacts(COUNTY, "示例区", NOW, token, rows, back=back))


def checked(content: bytes, bound: str = COUNTY) -> Checked:
    reading = take(content)
    arrival = Arrival("0" * 64, len(content), "处理单.xlsx", "folder", bound, bound, NOW, NOW, Path("x.xlsx"), seq=5)
    [found] = validate.check([(arrival, reading)], CONTEXT, Policy(), KEY)
    return found


def refusals(found: Checked) -> list[str]:
    return [issue.code for row in found.refused for issue in row.issues]


FULL: Mapping[str, list[DeskRow]] = {
    "tickets": [
        line("tickets", "T1-9", "sex", opinion="代改", now="女", why="电话"),
        line("tickets", "T1-9", "start", now="2026-11-19"),
        line("tickets", "T2-3", "reason", opinion="豁免", why="已转学"),
    ],
    "held": [line("held", "3", opinion="退回", why="发错")],
    "closures": [line("closures", "C7K3QF2M9", opinion="同意")],
    "alerts": [line("alerts", "A1")],
    "accounts": [line("accounts", "7", opinion="确认", stamped_on=date(2026, 11, 18))],
    "classes": [line("classes", "x|y", opinion="确认")],
    "matters": [line("matters", "M1", opinion="确认")],
}


def test_a_filled_desk_is_read_as_what_it_asks_for() -> None:
    found = checked(book(FULL))
    assert (found.verdict, found.unit, refusals(found)) == ("merge", COUNTY, [])
    asked = {(deed.board, deed.id): deed for deed in deeds(found)}
    assert [(board, deed.opinion) for (board, _), deed in asked.items()] == [
        ("tickets", "mend"),
        ("tickets", "waive"),
        ("held", "return"),
        ("closures", "confirm"),
        ("accounts", "confirm"),
        ("classes", "confirm"),
        ("matters", "confirm"),
    ]
    mended = asked["tickets", "T1-9"]
    assert (mended.cells, mended.why, len(mended.rows)) == ({"sex": "女", "start": "2026-11-19"}, "电话", 2)
    assert asked["accounts", "7"].stamped_on == date(2026, 11, 18)
    assert ("classes", "x|y") in asked
    assert {deed.stamp for deed in asked.values()} == {units.stamp(KEY, "s")}


@pytest.mark.parametrize("board", FULL)
def test_any_single_sheet_alone_is_recognised(board: str) -> None:
    kept = openpyxl.load_workbook(io.BytesIO(book(FULL)))
    for sheet in [one for one in kept.worksheets if one.title != DESK.table(board).sheet]:
        kept.remove(sheet)
    kept.custom_doc_props.props.clear()
    content = io.BytesIO()
    kept.save(content)
    found = checked(content.getvalue())
    assert (found.verdict, found.unit) == ("merge", COUNTY)
    assert len(deeds(found)) == len({row.cells["key"].split("/")[1] for row in FULL[board]}) - (board == "alerts")


def test_a_sheet_renamed_says_what_it_said() -> None:
    kept = openpyxl.load_workbook(io.BytesIO(book({name: FULL[name] for name in ("held", "closures")})))
    kept["待核"].title = "待核（已办）"
    content = io.BytesIO()
    kept.save(content)
    assert [deed.board for deed in deeds(checked(content.getvalue()))] == ["held", "closures"]


def test_a_desk_is_plain_as_we_make_it_and_as_another_program_saves_it() -> None:
    content = book(FULL)
    again = io.BytesIO()
    openpyxl.load_workbook(io.BytesIO(content)).save(again)
    assert [guard.look(one).verdict for one in (content, again.getvalue())] == ["plain", "plain"]


def test_the_same_facts_make_the_same_bytes() -> None:
    assert book(FULL) == book(FULL)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (line("held", "3", opinion="退回"), "why-missing"),
        (line("held", "3", opinion="退回", why="同上"), "why-missing"),
        (line("held", "3", opinion="豁免", why="x"), "opinion-unfit"),
        (line("held", "3", opinion="随便", why="x"), "opinion-unknown"),
        (line("held", "3", why="x"), "opinion-missing"),
        (line("held", "3", of=NEXT, opinion="确认"), "desk-key-wrong"),
        (edited(key="held/4"), "desk-key-wrong"),
        (edited(key=""), "desk-key-missing"),
        (edited(seal=""), "desk-key-wrong"),
        (line("tickets", "T1-9", "sex", opinion="代改", why="x"), "mend-nothing"),
        (line("tickets", "T1-9", "sex", opinion="代改", now="女"), "why-missing"),
        (line("tickets", "T1-9", opinion="代改", now="女", why="x"), "mend-whole"),
        (line("accounts", "7", opinion="确认", stamped_on=date(2026, 12, 1)), "stamp-ahead"),
        (line("matters", "M1", opinion="豁免", why="x"), "opinion-unfit"),
    ],
)  # fmt: skip
def test_a_line_that_may_not_say_so_goes_back(row: DeskRow, code: str) -> None:
    board = str(row.cells["key"]).partition("/")[0] or "held"
    found = checked(book({board: [row]}))
    assert (found.records, refusals(found)) == ((), [code])


@pytest.mark.parametrize(
    ("board", "typed", "opinion"),
    [("closures", "批准", "confirm"), ("classes", "有此班", "confirm"), ("matters", "OK", "confirm"),
     ("classes", "不存在", "return"), ("held", "不行", "return")],
)  # fmt: skip
def test_an_opinion_is_understood_as_people_say_it(board: str, typed: str, opinion: str) -> None:
    found = checked(book({board: [line(board, "3", opinion=typed, why="电话问过")]}))
    assert [deed.opinion for deed in deeds(found)] == [opinion]


def test_who_is_not_understood_is_told_the_words_of_the_sheet() -> None:
    (issue,) = checked(book({"held": [line("held", "3", opinion="随便", why="x")]})).refused[0].issues
    assert dict(issue.details)["choices"] == "确认、退回"
    assert issues.message(issues.without_cells(issue)) == "“意见”列没看懂。"


def test_two_opinions_on_one_matter_undo_both() -> None:
    rows = [
        line("tickets", "T1-9", "sex", opinion="代改", now="女", why="x"),
        line("tickets", "T1-9", "start", opinion="豁免", why="x"),
    ]
    found = checked(book({"tickets": rows}))
    assert not found.records
    assert sorted(refusals(found)) == ["desk-with-another", "opinion-twice"]


@pytest.mark.parametrize("bound", [NEXT, "320100", "2132010001"])
def test_a_desk_in_anybody_elses_folder_is_turned_away_and_answered_there(bound: str) -> None:
    found = checked(book(FULL), bound)
    assert (found.verdict, found.unit, len(found.issues), found.records) == ("rejected", "", 1, ())


def test_a_desk_without_a_folder_needs_our_token() -> None:
    token = units.token(KEY, COUNTY, "desk", units.desk_mark(NOW), 1)
    assert checked(book(FULL, token), "").verdict == "merge"
    assert checked(book(FULL, units.token(KEY, NEXT, "desk", units.desk_mark(NOW), 1)), "").verdict == "rejected"
    assert checked(book(FULL), "").verdict == "rejected"


def test_a_desk_on_which_nothing_is_said_changes_nothing_and_says_so() -> None:
    found = checked(book({"held": [line("held", "3")]}))
    assert (found.verdict, found.records, [issue.code for issue in found.issues]) == ("merge", (), ["desk-nothing"])


def test_a_desk_on_which_nothing_waited_may_come_back_as_it_was() -> None:
    token = units.token(KEY, COUNTY, "desk", units.desk_mark(NOW), 1)
    found = checked(book({}, token))
    assert (found.verdict, found.unit, [i.code for i in found.issues]) == ("merge", COUNTY, ["desk-nothing"])
    assert checked(book({}, token), "").verdict == "merge", "whose it is, its token says"
    assert checked(book({}), NEXT).verdict == "rejected"


@pytest.mark.parametrize("text", ["held/3", "tickets/T1-9/sex", "classes/K7MQ3F2C9"])
def test_a_matter_is_told_by_its_number(text: str) -> None:
    board, target, column = matter_of(text)
    assert matter(board, target, column) == text
    assert (column == "sex") == (board == "tickets")


@pytest.mark.parametrize(
    ("column", "text", "shown"),
    [
        ("name", "示例甲", deskwork.NOT_SHOWN),
        ("note", "2026-11-20", deskwork.NOT_SHOWN),
        ("sex", "示例甲", deskwork.NOT_SHOWN),
        ("sex", "男生", "男生"),
        ("start", "11.2", "11.2"),
        ("start", "示例甲请假", deskwork.NOT_SHOWN),
        ("class_name", "三(3)班", "三(3)班"),
        ("temperature", "385", "385"),
        ("temperature", "13800000000", deskwork.NOT_SHOWN),
        ("reason", "", ""),
    ],
)
def test_what_was_typed_is_shown_only_where_it_cannot_be_a_name(column: str, text: str, shown: str) -> None:
    table = forms.form("absence").table("rows")
    assert deskwork.shareable(table.columns[table.index(column)], text) == shown


def test_a_wrong_cell_is_told_without_what_stood_in_it() -> None:
    issue = Issue("sex-unknown", "缺课登记", "D9", 9, "性别", "示例甲", (("choices", "男、女"),))
    [cell] = deskwork.wrong_cells(forms.form("absence"), "rows", {"sex": "示例甲"}, [issue])
    assert (cell.column, cell.header, cell.was) == ("sex", "性别", deskwork.NOT_SHOWN)
    assert "示例甲" not in cell.what
    assert "……" not in cell.what


def test_a_whole_file_says_once_what_is_wrong_with_many_of_its_rows() -> None:
    slipped = Issue("column-slipped", "缺课登记", column="性别", details=(("rows", "12"), ("bad", "9")))
    rows = [Issue("start-after-day", "缺课登记", "", row, "起始日", "x", (("day", "2026-11-20"),)) for row in (8, 9)]
    told = deskwork.in_words([slipped, *rows])
    assert "有 9 行不对" in told
    assert told.count("起始日晚于报告日期 2026-11-20") == 1


def test_a_desk_that_speaks_of_a_filing_does_not_look_like_one() -> None:
    """Else it would be taken for a 备案表 that hides in another form, and refused whole."""
    filing = forms.form("filing")
    codes = ("password-length", "password-mix", "password-name", "username-missing", "username-unreadable")
    found = [Issue(code, row=13, column="初始密码" if code.startswith("password") else "用户名") for code in codes]
    cells = deskwork.wrong_cells(filing, "accounts", {"username": "x"}, found)
    said = filing.short_title + "".join(f"{cell.header}{cell.was}{cell.what}" for cell in cells)
    assert "密码" in said
    assert not looks_like_filing(said.encode())
    assert {cell.column for cell in cells} == {"", "username"}, "a county types no password for a school"


# --------------------------------------------------------------------------- one opinion for many lines

OTHER = "2132010002"


def decided(found: Checked) -> dict[str, tuple[str, str]]:
    return {deed.id: (deed.opinion.value, deed.why) for deed in deeds(found)}


def told(found: Checked, code: str) -> list[dict[str, str]]:
    return [dict(issue.details) for issue in found.issues if issue.code == code]


def test_an_opinion_for_all_of_a_school_is_on_its_blank_lines_of_that_sheet_only() -> None:
    found = checked(book({
        "held": [
            line("held", "3", opinion="确认", range="本校全部"),
            line("held", "4"),
            line("held", "5", opinion="退回", why="重复"),
            line("held", "6", school=OTHER),
        ],
        "closures": [line("closures", "C1")],
    }))  # fmt: skip
    assert decided(found) == {"3": ("confirm", ""), "4": ("confirm", ""), "5": ("return", "重复")}
    assert told(found, "range-given") == [{"range": "本校全部", "count": "1"}]


def under(header: str, target: str, **cells: str) -> DeskRow:
    row = line("tickets", target, "sex", **cells)
    return replace(row, cells={**row.cells, "column": header})


def test_of_two_ranges_the_narrower_goes_before() -> None:
    found = checked(book({
        "tickets": [
            under("性别", "T1", opinion="豁免", why="不影响", range="同列全部"),
            under("性别", "T2", school=OTHER),
            under("起始日", "T3", school=OTHER),
            under("起始日", "T4", opinion="豁免", why="已转学", range="本表"),
            under("班级", "T5"),
        ],
    }))  # fmt: skip
    assert decided(found) == {
        "T1": ("waive", "不影响"), "T2": ("waive", "不影响"), "T3": ("waive", "已转学"), "T4": ("waive", "已转学"),
        "T5": ("waive", "已转学"),
    }  # fmt: skip


def test_lines_of_a_matter_that_is_answered_already_are_left_to_it() -> None:
    found = checked(book({
        "tickets": [
            line("tickets", "T1", "sex", opinion="代改", now="女", why="电话"),
            line("tickets", "T1", "start"),
            line("tickets", "T2", "sex", opinion="豁免", why="不影响", range="本校全部"),
        ],
    }))  # fmt: skip
    assert decided(found) == {"T1": ("mend", "电话"), "T2": ("waive", "不影响")}


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"opinion": "退回", "range": "本表全部"}, "why-missing"),
        ({"opinion": "豁免", "why": "电话", "range": "本表全部"}, "opinion-unfit"),
        ({"range": "本表全部"}, "opinion-missing"),
        ({"opinion": "确认", "range": "本镇"}, "range-unknown"),
    ],
)
def test_an_opinion_that_cannot_stand_is_for_no_other_line(first: dict[str, str], code: str) -> None:
    found = checked(book({"held": [line("held", "3", **first), line("held", "4")]}))
    assert decided(found) == {}
    assert refusals(found) == [code]
    assert [row.row for row in found.refused] == [next(iter(found.refused)).row]


def test_a_correction_is_for_no_other_line_and_two_opinions_for_all_contradict_each_other() -> None:
    mended = {"opinion": "代改", "now": "三(3)班", "range": "本表全部"}
    found = checked(book({"classes": [line("classes", "K1", why="电话", **mended), line("classes", "K2")]}))
    assert (decided(found), refusals(found)) == ({}, ["range-mend"])
    held = [line("held", "3", opinion="确认", range="本表全部"), line("held", "4")]
    found = checked(book({"held": [*held, line("held", "5", opinion="退回", why="重复", range="本表全部")]}))
    assert decided(found) == {"3": ("confirm", ""), "4": ("confirm", "")}
    assert refusals(found) == ["range-twice"]
