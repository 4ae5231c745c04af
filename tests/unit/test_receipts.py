"""Receipts: the first sentence must do for a clerk in a hurry, the rest for one who must mend something.

Goldens lie in tests/golden/receipts; `QUEKE_GOLDEN=new` writes those that do not exist yet.
"""

import io
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from pipeline import issues
from pipeline.figures import batch_summary, receipts
from pipeline.figures.batch_summary import SummaryFacts, SummaryLine
from pipeline.figures.paper_values import values_of
from pipeline.figures.receipts import ReceiptFacts
from pipeline.model import FileRows, Issue, Level, Repair, State
from pipeline.reports import letters
from pipeline.schooldays import ZONE
from pipeline.units import Scope
from tests.paper_samples import DAY, NOW

SCHOOL = Scope(Level.SCHOOL, "2132000001")
COUNTY = Scope(Level.COUNTY, "320114", frozenset(["320114"]))
NAME = "示例童甲"

WELL = ReceiptFacts(
    scope=SCHOOL,
    seq=15482,
    state=State.ACCEPTED,
    form="学生缺课日报",
    unit="2132000001",
    unit_name="南京市示例第一小学",
    day=DAY,
    campus="本部",
    received_at=datetime(2026, 11, 20, 14, 12, tzinfo=ZONE),
    on_time=True,
    accepted=5,
    refused=0,
    withdrawn=0,
    zero=False,
)
BAD_NAME = Issue("name-missing", sheet="缺课登记", cell="B12", row=12, column="姓名")
PARTIAL = replace(
    WELL,
    state=State.PARTIAL,
    accepted=3,
    refused=2,
    withdrawn=1,
    on_time=False,
    beside="rows",
    issues=(BAD_NAME, Issue("reason-missing", sheet="缺课登记", cell="E13", row=13, column="缺课原因")),
    repairs=(Repair("缺课登记", "G9", "症状1", "发烧", "发热", 9),),
)
CASES = {
    "accepted": WELL,
    "zero": replace(WELL, accepted=0, zero=True),
    "partial": PARTIAL,
    "duplicate": replace(WELL, state=State.DUPLICATE, on_time=None),
    "held": replace(
        WELL,
        state=State.HELD,
        on_time=None,
        issues=(Issue("past-day-reported", details=(("day", "2026-11-19"), ("which", "昨天"))),),
    ),
    "nobody": replace(
        WELL, state=State.QUARANTINED, scope=None, unit="", unit_name="", day=None, form="", on_time=None
    ),
}


def said(facts: ReceiptFacts) -> str:
    found = letters.compose("receipt", values_of(receipts.receipt(facts)))
    assert [one.name for one in found] == [f"回执 {facts.form or '未能识别'} {facts.seq:06d}.txt"]
    return found[0].content.decode("utf-8")


@pytest.mark.parametrize("case", CASES)
def test_a_receipt_reads_as_its_golden(case: str, repo: Path) -> None:
    golden = repo / "tests" / "golden" / "receipts" / f"{case}.txt"
    found = said(CASES[case])
    if os.environ.get("QUEKE_GOLDEN") == "new" and not golden.exists():
        golden.write_bytes(found.encode())
    assert found.encode() == golden.read_bytes()


def test_the_first_line_is_the_whole_answer() -> None:
    assert said(WELL).splitlines()[0] == "\ufeff已收到 · 按时 · 无需再发"
    left = Issue("rows-still-back", details=(("count", "2"), ("where", "退回修正表 000001")))
    assert receipts.first_sentence(replace(WELL, issues=(left,))) == (
        "已收到 · 按时 · 先前退回的还有 2 行没有改好，请改好后发回"
    )
    assert said(PARTIAL).splitlines()[0].endswith("收下 3 行，退回 2 行 · 请改好退回修正表后发回")


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_first_sentence(state: State) -> None:
    assert receipts.first_sentence(replace(WELL, state=state)).startswith("已收到")


def became(code: str, what: str, *more: Issue, **other: object) -> ReceiptFacts:
    told = (Issue(code, details=(("what", what),)), *more)
    return replace(WELL, on_time=None, issues=told, form="预警信息报告卡", **other)  # type: ignore[arg-type]  # a builder


def test_a_card_or_a_closure_is_told_what_became_of_it_and_counts_no_rows() -> None:
    lines = said(became("card-became", "已答复（不可排除），待县级确认")).splitlines()
    assert lines[0] == "\ufeff已收到 · 已答复（不可排除），待县级确认 · 无需再发"
    assert "结果：已答复（不可排除），待县级确认" in lines
    assert "提醒：" not in lines, "it is not said twice"
    closed = receipts.first_sentence(became("closure-became", "学校申报，待县级确认"))
    assert closed == "已收到 · 学校申报，待县级确认 · 无需再发"
    part = became("card-became", "后续关注收下 1 天", state=State.PARTIAL, refused=2)
    assert receipts.first_sentence(part).endswith("后续关注收下 1 天，退回 2 行 · 请改好退回修正表后发回")


def test_wrong_information_reminds_of_the_correction_and_of_which_row() -> None:
    row = Issue("card-row-wrong", "病例", "", 6, value="三2-A7K3", details=(("day", "2026-11-19"),))
    facts = became("card-became", "已答复（可排除，A1 报告信息有误），待县级确认；有误的 1 行已标明", row)
    found = said(facts)
    assert found.splitlines()[0].endswith("· 请随即更正缺课日报（见下）")
    assert "病例 第 6 行：这一行标了有误：2026-11-19 的缺课日报，三2-A7K3。" in found
    assert "三2" not in said(replace(facts, scope=COUNTY))


def test_an_account_request_with_rows_back_asks_for_them_before_its_paper() -> None:
    number = (("number", "000524"), ("opener", "示例区疾控"), ("rows", "1"))
    facts = replace(PARTIAL, form="备案表", issues=(Issue("filing-rows-first", details=number),))
    first = "已收到 · 备案号 000524 · 申请账号 3 个，退回 2 行 · 请先改好退回修正表发回，全部收下后再打印、签字、盖章"
    assert receipts.first_sentence(facts) == first
    assert "先不要打印" in said(facts)


def test_a_receipt_opens_in_notepad() -> None:
    found = said(PARTIAL)
    assert found.startswith("\ufeff")
    assert "\n" not in found.replace("\r\n", "")


def test_hundreds_of_issues_are_capped_and_counted() -> None:
    twice = Issue("pupil-twice", sheet="缺课登记", column="学号")
    rows = range(8, 208)
    many = replace(
        PARTIAL, issues=tuple(replace(twice, cell=f"B{n}", row=n, details=(("first", f"{n}"),)) for n in rows)
    )
    found = said(many)
    assert found.count("缺课登记 B") == receipts.ISSUES_SHOWN
    assert f"另有 {200 - receipts.ISSUES_SHOWN} 处未列" in found


def at(code: str, column: str, letters: str, *rows: int, value: str = "") -> tuple[Issue, ...]:
    return tuple(Issue(code, "缺课登记", f"{letters}{row}" if letters else "", row, column, value) for row in rows)


def test_what_is_alike_in_a_column_is_said_once_with_its_cells() -> None:
    facts = replace(
        PARTIAL,
        issues=(*at("name-missing", "姓名", "B", 8, 9, 10, 14), *at("reason-missing", "缺课原因", "E", 8, 9)),
        repairs=tuple(Repair("缺课登记", f"G{n}", "症状1", "发烧", "发热", n) for n in (9, 10, 11)),
    )
    found = said(facts).splitlines()
    assert "1. 缺课登记 B8–B10、B14（4 处）【姓名】：没有填姓名。请填上学生姓名。" in found
    assert sum("缺课登记 E" in line for line in found) == 2, "two are told apart"
    assert "1. 缺课登记 G9–G11（3 处）【症状1】“发烧”→“发热”" in found


def test_alike_ones_quote_a_few_of_their_cells() -> None:
    names = [Issue("temperature-unreadable-left", "缺课登记", f"L{n}", n, "体温", f"童{n}") for n in range(8, 13)]
    assert "“体温”的“童8、童9、童10等”没看懂" in said(replace(WELL, issues=tuple(names)))
    assert "童8" not in said(replace(WELL, issues=tuple(names), scope=None))


def test_a_row_without_a_cell_is_told_by_its_number() -> None:
    assert "缺课登记 第 8–10 行（3 处）【性别】" in said(replace(WELL, issues=at("sex-missing", "性别", "", 8, 9, 10)))


def test_of_a_file_not_taken_only_the_reason_is_said() -> None:
    """Queries, advice and repairs speak of what was taken; here they would hide what is to be done."""
    slipped = Issue("column-slipped", "缺课登记", column="姓名", details=(("rows", "12"), ("bad", "12")))
    facts = replace(
        PARTIAL,
        state=State.REJECTED,
        beside="",
        on_time=None,
        issues=(
            *at("name-is-number", "姓名", "B", *range(8, 20), value="38.5"),
            *at("temperature-unreadable-left", "体温", "L", *range(8, 20), value=NAME),
            Issue("file-external-links"),
            slipped,
        ),
    )
    found = said(facts).splitlines()
    assert len(found) == 9
    assert found[7].startswith("1. “缺课登记”共 12 行，有 12 行不对")
    assert found[8].startswith("2. 缺课登记 B8–B19（12 处）【姓名】")


def test_a_held_file_asks_first_and_says_then_what_else_is_wrong() -> None:
    held = Issue("past-day-reported", details=(("day", "2026-11-19"),))
    facts = replace(
        PARTIAL, state=State.HELD, on_time=None, issues=(BAD_NAME, *at("sex-missing", "性别", "D", 9), held)
    )
    found = said(facts)
    assert found.index("请答复：") < found.index("若要采用这份，还须改正：")
    assert "性别" not in found
    assert "已代为规范" not in found


def test_a_fault_of_ours_asks_nothing_of_the_sender() -> None:
    found = said(replace(WELL, state=State.FAILED, on_time=None, issues=(Issue("failed"),)))
    assert "需要改正" not in found


def test_a_receipt_names_the_file_and_the_folder_it_came_by() -> None:
    found = said(replace(CASES["nobody"], scope=SCHOOL, name="缺课\n日报.xlsx", folder="示例小学"))
    assert "文件：缺课 日报.xlsx" in found.splitlines()
    assert "单位：示例小学（按收件文件夹）" in found.splitlines()


def test_a_division_is_no_school() -> None:
    lines = said(replace(WELL, unit="320106", unit_name="鼓楼区")).splitlines()
    assert "单位：鼓楼区（320106）" in lines
    assert not any(line.startswith("学校：") for line in lines)


def test_what_was_typed_over_several_lines_is_quoted_on_one() -> None:
    told = Issue("symptom-in-own-words", sheet="缺课登记", cell="H9", row=9, column="症状1", value="没精神\n好累")
    typed = Repair("缺课登记", "B9", "姓名", "张\n小明\r\n", "张小明", 9)
    found = said(replace(WELL, issues=(told,), repairs=(typed,)))
    assert "没精神 好累" in found
    assert "“张 小明" in found


def test_cells_are_quoted_to_the_school_alone() -> None:
    told = Issue("date-unreadable", sheet="缺课登记", cell="F9", row=9, column="起始日", value=NAME)
    facts = replace(PARTIAL, issues=(told,), repairs=(Repair("缺课登记", "B9", "姓名", NAME, NAME, 9),))
    assert NAME in said(facts)
    assert NAME not in said(replace(facts, scope=COUNTY))
    assert NAME not in said(replace(facts, scope=None))


def test_how_a_listed_word_was_read_is_told_to_who_reads_no_cells() -> None:
    read = (Repair("待核", "H7", "意见", "退", "退回", 7), Repair("上报预警", "C7", "班级", NAME, NAME, 7))
    found = said(replace(PARTIAL, scope=COUNTY, repairs=read))
    assert "待核 H7【意见】→“退回”" in found
    assert NAME not in found


def test_a_county_s_own_roster_is_quoted_to_it() -> None:
    told = Issue("date-unreadable", sheet="学校", cell="K9", row=9, column="启用日期", value="去年")
    facts = replace(PARTIAL, form="学校名册", issues=(told,))
    assert "去年" in said(replace(facts, scope=COUNTY))
    assert "去年" not in said(replace(facts, scope=None))


def test_the_summary_lists_every_file_and_what_needs_somebody_first() -> None:
    lines = tuple(SummaryLine(f"{name}.xlsx", replace(facts, seq=n)) for n, (name, facts) in enumerate(CASES.items()))
    made = batch_summary.summary(SummaryFacts(COUNTY, "320114", "雨花台区", NOW, lines))
    assert made.files == sum(n for _, n in made.counts) == len(made.rows) == len(CASES)
    assert {row.name for row in made.asked} == {"partial.xlsx", "held.xlsx", "nobody.xlsx"}
    found = {one.name: one.content for one in letters.compose("summary", values_of(made))}
    assert "本批 6 份" in found["收件汇总.txt"].decode("utf-8-sig")
    sheet = openpyxl.load_workbook(io.BytesIO(found["收件汇总.xlsx"])).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    assert all(f"{name}.xlsx" in cells for name in CASES)


def test_a_question_about_a_row_is_asked_where_none_is_about_the_file() -> None:
    closed = Issue("ticket-closed", "缺课登记", "", 7)
    made = receipts.receipt(replace(WELL, state=State.HELD, issues=(closed,)))
    assert [one.place for one in made.queries] == ["缺课登记 第 7 行"]
    whole = Issue(
        "would-withdraw", details=(("rows", "1"), ("before", "5")), rows_of=(FileRows(1, (("三3-2222", 9),)),)
    )
    made = receipts.receipt(replace(WELL, state=State.HELD, issues=(closed, whole)))
    assert [one.place for one in made.queries] == [""]


def test_a_copy_of_a_file_with_rows_back_does_not_say_that_all_is_done() -> None:
    copy = replace(WELL, state=State.DUPLICATE)
    assert receipts.first_sentence(copy).endswith("无需再发")
    assert "上次退回的 2 行若还没有改" in receipts.first_sentence(replace(copy, refused=2))


def test_what_is_wrong_is_told_from_the_top_of_the_sheet_down() -> None:
    found = [Issue("name-missing", "缺课登记", f"B{row}", row, "姓名") for row in (12, 9)]
    made = receipts.receipt(replace(WELL, state=State.PARTIAL, refused=2, issues=tuple(found)))
    assert [one.place for one in made.errors] == ["缺课登记 B9", "缺课登记 B12"]


def test_the_receipt_of_one_campus_names_the_others_that_report_by_themselves() -> None:
    assert receipts.receipt(WELL).campus == ""
    made = receipts.receipt(replace(WELL, campus="本部", others=("东校区",)))
    assert made.campus == "本部（东校区 另报）"


def test_the_return_workbook_is_named_and_nothing_taken_is_claimed_of_a_file_that_was_not() -> None:
    back = replace(WELL, state=State.PARTIAL, refused=1, beside="rows")
    assert f"《退回修正表 {WELL.form} {WELL.seq:06d}》" in receipts.receipt(back).beside
    assert "已收下的行" not in receipts.receipt(replace(back, state=State.REJECTED)).beside


def test_a_zero_report_says_so_whatever_rows_it_has() -> None:
    assert receipts.receipt(replace(WELL, zero=True, accepted=0)).counts == "零报告"
    assert receipts.receipt(replace(WELL, zero=True, accepted=1)).counts == "零报告，收下 1 行"


def test_who_is_only_counted_is_said_as_a_count() -> None:
    assert receipts.receipt(replace(WELL, accepted=0, counted=3)).counts == "其他缺课 3 人"
    assert receipts.receipt(replace(WELL, accepted=2, counted=3)).counts == "收下 2 行，其他缺课 3 人"


def test_what_to_do_about_a_doubt_is_said_in_words_of_the_form() -> None:
    assert receipts.receipt(WELL).amend == "整份更正"
    assert receipts.receipt(replace(WELL, form="预警信息报告卡")).amend == "改好再发"


def test_a_county_reads_which_cell_of_ours_was_left_blank() -> None:
    told = issues.without_cells(
        Issue("filled-by-missing", "报告卡", "B30", 30, "联系对象", details=(("label", "联系对象"),))
    )
    assert dict(told.details)["label"] == "联系对象"


def test_a_bureau_reads_which_level_it_ticked_and_which_it_has() -> None:
    told = issues.without_cells(Issue("level-differs", details=(("ticked", "学校"), ("registered", "县（市、区）级"))))
    assert "勾的是学校，而本单位登记的是县（市、区）级" in issues.message(told)


def test_a_new_verdict_is_a_new_receipt_that_says_what_changed() -> None:
    before = receipts.Before(1, datetime(2026, 11, 20, 14, 5, tzinfo=ZONE), "待核，暂未计入")
    released = replace(WELL, before=before)

    (paper,) = letters.compose("receipt", values_of(receipts.receipt(released)))
    text = paper.content.decode("utf-8-sig")

    assert paper.name == f"回执 {WELL.form} {WELL.seq:06d} 第2次.txt"
    assert text.splitlines()[2] == (
        "这是同一份表的第 2 次回执，以这次为准。"
        f"11-20 14:05 的回执是“待核，暂未计入”，现在是“收下 {WELL.accepted} 行”。"
    )
    same = replace(released, before=before._replace(outcome=f"收下 {WELL.accepted} 行"))
    assert "结果没有变" in receipts.receipt(same).changed


def test_a_repair_that_is_not_shown_names_its_cell_alone() -> None:
    told = replace(WELL, scope=None, repairs=(Repair("缺课登记", "C7", "班级", "3-2", "三(2)班", 7),))
    blank = replace(WELL, repairs=(Repair("缺课登记", "C7", "班级", "", "三(2)班", 7),))

    assert "1. 缺课登记 C7【班级】\r\n" in said(told)
    assert "→" not in said(told)
    assert "“空白”→“三(2)班”" in said(blank)
