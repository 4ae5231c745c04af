"""备案表: what a clerk may type is understood; what may not be is refused by reason; no password is said anywhere."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import units, validate
from pipeline.filed import FilingFacts, OrganFacts, Secret
from pipeline.forms import form, secrets
from pipeline.forms.base import Frame
from pipeline.forms.filing import levels, password, system
from pipeline.model import Checked, Policy, Reading
from pipeline.validate import scans
from pipeline.validate.filing import password_fault
from pipeline.xlsx.blank import TemplateFacts, blank
from tests import formbooks
from tests.filings import PASSWORD, ROW, filled, place, typed
from tests.formbooks import KEY, SCHOOL, arrival, context
from tests.reading import take

BUREAU, CITY_BUREAU = "320106JY", "320100JY"
ORGANS = {
    BUREAU: OrganFacts(BUREAU, "鼓楼区教育局", "320106", "county"),
    CITY_BUREAU: OrganFacts(CITY_BUREAU, "南京市教育局", "320100", "city"),
}


def template(unit: str = SCHOOL, name: str = "示例小学", level: str = "school", *, token: str = "") -> bytes:
    token = token or units.token(KEY, unit, "filing", "2026-1", 1)
    return blank(
        form("filing"), TemplateFacts({"unit": unit, "school": name, "level": level, "system": "是"}, {}, token)
    )


def judged(content: bytes, bound: str = SCHOOL, name: str = "备案.xlsx") -> Checked:
    known = context(organs=ORGANS)
    return validate.check([(arrival(bound=bound, name=name), take(content))], known, Policy(), KEY)[0]


def said(checked: Checked) -> list[str]:
    return [issue.code for issue in checked.issues]


# --------------------------------------------------------------------------- whole


def test_a_filled_filing_asks_for_its_accounts() -> None:
    checked = judged(filled(template()))
    assert (checked.verdict, checked.unit, said(checked)) == ("merge", SCHOOL, [])
    (record,) = checked.records
    assert record.identity == "gl_sl01"
    assert (record.values["username"], record.values["holder"]) == ("GL_SL01", "李老师")
    assert isinstance(record.values["password"], Secret)


def test_an_organ_files_by_its_code() -> None:
    content = template(BUREAU, "鼓楼区教育局", "county")
    changes: dict[str, object] = {"县（市、区）级账号": 1}
    for door in ("320106", "320100"):
        assert judged(filled(content, **changes), bound=door).unit == BUREAU


def test_a_file_that_lost_its_properties_is_known_by_what_is_printed_on_it() -> None:
    reading = take(filled(template()))
    assert reading.claims is not None
    bare = filled(blank(form("filing"), TemplateFacts({"unit": SCHOOL, "school": "示例小学", "level": "school"}, {})))
    token = units.token(KEY, SCHOOL, "filing", "2026-1", 1)
    where = place(template(), token)
    printed = typed(bare, {where: token})
    assert take(printed).claims == replace(reading.claims, token=token)


def test_the_form_is_annex_3_word_for_word() -> None:
    """The words of the notice, in its order; the table is the only part that is not merged."""
    from openpyxl import load_workbook

    sheet = load_workbook(io.BytesIO(blank(form("filing")))).worksheets[0]
    words = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]
    annex = """省学生健康监测系统用户权限申请（备案）表 单位名称： 申请人姓名： 所在部门： 联系电话： 电子邮箱：
    单位级别： ☐省级 ☐设区市级 ☐县（市、区）级 ☐学校 申请系统： ☐江苏省学生健康监测系统
    申请账号类别： ☐省级账号 __个 ☐设区市级账号 __个 ☐县（市、区）级账号 __个 ☐学校账号 __个
    账号明细： 地区 用户名 初始密码 使用人姓名 联系电话""".split()  # noqa: SIM905  # as the notice has it, line by line
    ours = [word for word in words if word not in ("单位代码：", "防伪编号：")]
    assert ours[: len(annex)] == annex
    signed, stamped = ours[len(annex) :]
    assert [part for part in signed.split() if part] == ["本人签字：", "年", "月", "日"]
    assert [part for part in stamped.split() if part] == ["单位领导签字：", "（盖章处）", "年", "月", "日"]
    head = next(cell.row for row in sheet.iter_rows() for cell in row if cell.value == "用户名")
    last = next(cell.row for row in sheet.iter_rows() for cell in row if str(cell.value).startswith("本人签字"))
    assert not any(head <= area.max_row and area.min_row < last for area in sheet.merged_cells.ranges)
    assert not sheet.protection.sheet
    assert sheet.page_setup.paperSize == 9


def test_a_password_is_stars_on_the_screen_and_on_paper_and_its_cell_stays_text() -> None:
    from openpyxl import load_workbook

    sheet = load_workbook(io.BytesIO(blank(form("filing")))).worksheets[0]
    head = next(cell for row in sheet.iter_rows() for cell in row if cell.value == "初始密码")
    (area,) = (area for area in sheet.conditional_formatting if head.column_letter in str(area.sqref))
    assert area.rules[0].dxf.numFmt.formatCode == ';;;"＊＊＊＊＊＊＊＊"'
    assert sheet.cell(head.row + 1, head.column).number_format == "@"


# --------------------------------------------------------------------------- the door


@pytest.mark.parametrize(
    ("unit", "name", "level", "bound", "code"),
    [
        (SCHOOL, "示例小学", "school", "320100", "filing-wrong-door"),
        (SCHOOL, "示例小学", "school", "320000", "filing-wrong-door"),
        (SCHOOL, "示例小学", "school", "320302", "unit-not-yours"),
        (BUREAU, "鼓楼区教育局", "county", "320000", "filing-wrong-door"),
        (BUREAU, "鼓楼区教育局", "county", SCHOOL, "unit-not-yours"),
        (CITY_BUREAU, "南京市教育局", "city", "320106", "unit-not-yours"),
    ],
)
def test_a_filing_by_the_wrong_tier_goes_back(unit: str, name: str, level: str, bound: str, code: str) -> None:
    kind = {"school": "学校账号", "county": "县（市、区）级账号", "city": "设区市级账号"}[level]
    checked = judged(filled(template(unit, name, level), **{kind: 1}), bound=bound)
    assert (checked.verdict, said(checked)) == ("rejected", [code])


def test_every_filing_needs_the_token_of_its_unit() -> None:
    for bound in ("", SCHOOL, "320106"):
        assert said(judged(filled(template(token="2026-1.AAAABBBBCCCCDDDD")), bound=bound)) == ["token-wrong"]
    bare = filled(blank(form("filing"), TemplateFacts({"unit": SCHOOL, "level": "school"}, {})))
    assert "filing-token-missing" in said(judged(bare))
    other = units.token(KEY, SCHOOL, "absence", "2026-1", 1)
    assert said(judged(filled(template(token=other)))) == ["token-wrong"]


# --------------------------------------------------------------------------- the header


def test_the_level_ticked_must_be_the_units() -> None:
    content = filled(template(level="county"), **{"县（市、区）级账号": 1})
    assert {"level-differs", "filing-kind-differs"} <= set(said(judged(content)))
    none = filled(template(level=""), 学校账号=1)
    assert said(judged(none)) == ["level-missing"]
    both = typed(filled(template()), {place(template(), "☐省级"): "☑省级"})
    assert said(judged(both)) == ["level-several"]


def test_counts_must_be_those_of_the_rows() -> None:
    assert said(judged(filled(template(), 学校账号=2))) == ["filing-count-differs"]
    assert said(judged(filled(template(), 学校账号="1个"))) == []
    computed = judged(filled(template(), 学校账号=None))
    assert (computed.verdict, said(computed)) == ("merge", ["filing-count-computed"])


def test_a_count_kept_as_text_is_no_repair_worth_telling() -> None:
    told = judged(filled(template(), [ROW], 学校账号="1")).reading.repairs
    assert [repair for repair in told if repair.was == repair.now] == []


def test_nobody_asks_without_a_name() -> None:
    assert said(judged(filled(template(), 申请人姓名=None))) == ["applicant-missing"]


LINE = ["单位级别：", "☐省级", "☐设区市级", "☐县（市、区）级", "☐学校"]


@pytest.mark.parametrize(
    "line",
    [
        ["单位级别：", "☐省级", "☐设区市级", "☐县（市、区）级", "☑学校"],
        ["单位级别：", "☐省级", "☐设区市级", "☐县（市、区）级", "√学校"],
        ["单位级别：", "☐省级", "☐设区市级", "☐县（市、区）级", "☐√学校"],
        ["单位级别：", "☐省级", "☐设区市级", "☐县（市、区）级", "学校√"],
        ["单位级别：", "☐省级", "☐设区市级", "☐县（市、区）级", "■学校"],
        ["单位级别：", "☐省级", "☐设区市级", "☐县（市、区）级", "学校"],
        ["单位级别：", "☐省级", "☐设区市级", "☐县（市、区）级", "√"],
        ["单位级别：", "☐省级", "☐设区市级", "☐县（市、区）级", "勾学校"],
        ["单位级别：", "☐省级", "☐设区市级", "☐县（市、区）级", "[√]学校"],
        ["单位级别：", "学校"],
        ["单位级别", None, None, "学校 "],
        ["单位级别：学校"],
        ["单位级别： ☐省级 ☐设区市级 ☐县（市、区）级 ☑学校"],
        ["单位级别： □省级 □设区市级 □县（市、区）级 √学校"],
        ["单位级别：", "☐ 省级 ☐ 设区市级 ☐ 县(市、区)级 ☐√ 学校"],
        ["单位级别：", "省级☐ 设区市级☐ 县（市、区）级☐ 学校☑"],
        ["单位级别：", "口省级", "口设区市级", "口县（市、区）级", "v学校"],
        ["单位级别：", "☐省级", "☐市级", "☐县级", "✓学校"],
    ],
)
def test_a_box_is_ticked_in_many_ways(line: list[object]) -> None:
    assert [value for *_, value in levels([[], line])] == ["学校"]


@pytest.mark.parametrize("line", [LINE, ["单位级别："], ["单位级别： ☐省级 ☐设区市级 ☐县（市、区）级 ☐学校"]])
def test_what_nobody_ticked_is_not_ticked(line: list[object]) -> None:
    assert list(levels([line])) == []


def test_the_system_is_asked_for_by_its_box() -> None:
    for line, ticked in (
        (["申请系统：", "☑江苏省学生健康监测系统"], True),
        (["申请系统：", "☐江苏省学生健康监测系统"], False),
    ):
        assert bool(list(system([line]))) is ticked


# --------------------------------------------------------------------------- rows


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"username": None}, "username-missing"),
        ({"username": "李老师"}, "username-unreadable"),
        ({"username": "a b c"}, "username-unreadable"),
        ({"holder": None}, "holder-missing"),
        ({"password": "Ab1!"}, "password-length"),
        ({"password": "Ab1!" * 6}, "password-length"),
        ({"password": "abcdefg1"}, "password-mix"),
        ({"password": "12345678"}, "password-mix"),
        ({"password": 12345678}, "password-mix"),
        ({"password": "Ａbcdef1!"}, "password-signs"),
        ({"password": "Abc def1!"}, "password-signs"),
        ({"password": "密码Abcde1!"}, "password-signs"),
        ({"password": "xGl_SL01!9"}, "password-name"),
        ({"region": "徐州市"}, "region-elsewhere"),
        ({"region": "新华小学"}, "region-elsewhere"),
    ],
)
def test_a_row_goes_back_for_its_own_mistake(row: Mapping[str, object], code: str) -> None:
    good = {**ROW, "username": "GL_SL02", "password": None}
    checked = judged(filled(template(), [{**ROW, **row}, good]))
    assert (checked.verdict, len(checked.records), len(checked.refused)) == ("merge", 1, 1)
    assert code in [issue.code for issue in checked.refused[0].issues]


def test_names_that_look_alike_are_one_name() -> None:
    for other in ("gl_sl01", "ＧＬ_ＳＬ０１", " GL_SL01 "):
        checked = judged(filled(template(), [ROW, {**ROW, "username": other}]))
        assert [one.issues[-1].code for one in checked.refused] == ["username-repeated"]


@pytest.mark.parametrize("region", ["鼓楼区", "南京市鼓楼区", "江苏省南京市鼓楼区", "示例小学", "南京市", "同上", None])
def test_a_region_may_be_told_in_many_ways(region: str | None) -> None:
    assert judged(filled(template(), [{**ROW, "region": region}])).refused == ()


def test_a_region_filled_in_beforehand_asks_for_nothing() -> None:
    checked = judged(filled(template(), [ROW, {"region": "鼓楼区"}], 学校账号=1))
    assert (len(checked.records), checked.refused, said(checked)) == (1, (), [])


def test_a_form_nobody_filled_goes_back() -> None:
    assert "rows-none" in said(judged(filled(template(), [{"region": "鼓楼区"}])))


# --------------------------------------------------------------------------- passwords


@given(st.text(max_size=24))
def test_a_password_keeps_the_rule_exactly(text: str) -> None:
    ascii_only = all(0x21 <= ord(sign) <= 0x7E for sign in text)
    kinds = (
        any(s in "0123456789" for s in text),
        any(s.isascii() and s.isalpha() for s in text),
        any(not (s.isascii() and s.isalnum()) for s in text),
    )
    assert (password_fault(Secret(text)) == "") == (8 <= len(text) <= 20 and ascii_only and all(kinds))


@pytest.mark.parametrize("typed", ["无", "由系统发放", "系统自动生成", "默认", "待定"])
def test_a_wish_is_no_password(typed: str) -> None:
    assert password(typed, Frame()) is None


def test_a_secret_is_shown_as_stars_wherever_it_is_printed() -> None:
    secret = Secret(PASSWORD)
    shown = (repr(secret), str(secret), f"{secret}", f"{secret!r:>30}", json.dumps([secret], default=str))
    assert not any(PASSWORD in text for text in shown)
    assert PASSWORD not in repr(judged(filled(template())))
    assert pickle.loads(pickle.dumps(secret)) == secret


def bad_rows() -> list[Mapping[str, object]]:
    return [
        {**ROW, "username": f"x{PASSWORD}"},
        {**ROW, "username": "GL_SL03", "holder": PASSWORD},
        {**ROW, "username": "GL_SL04", "phone": PASSWORD, "password": None},
        {**ROW, "username": "GL_SL05", "password": None, "region": PASSWORD},
        {**ROW, "username": "GL SL06"},
        {**ROW, "username": PASSWORD},
        {**ROW, "username": PASSWORD, "password": None},
    ]


def texts(checked: Checked) -> str:
    """All that is kept or said of a submission."""
    kept = [(one.raw, one.issues) for one in checked.refused]
    names = [{name: value for name, value in one.values.items() if name != "password"} for one in checked.records]
    return repr((kept, names, checked.issues, checked.repairs, checked.reading.header))


def test_no_password_is_said_or_sent_back_wherever_it_was_typed() -> None:
    checked = judged(filled(template(), bad_rows(), 所在部门=PASSWORD))
    assert checked.refused
    assert PASSWORD not in texts(checked)


def test_content_with_another_password_has_the_same_hash() -> None:
    one, other = (take(filled(template(), [{**ROW, "password": text}])) for text in (PASSWORD, "Other1!pass"))
    assert one.content_sha == other.content_sha
    assert one.content_sha != take(filled(template(), [{**ROW, "password": None}])).content_sha


def test_a_copy_with_stars_reads_as_what_came() -> None:
    came = take(filled(template()))
    kept = take(filled(template(), [{**ROW, "password": "＊＊＊＊＊＊＊＊"}]))
    assert kept.content_sha == came.content_sha


def test_what_is_no_password_stays() -> None:
    reading = Reading("parsed", header={"email": "a1.b@example.org", "department": "办公室"})
    assert secrets.without(reading).header == reading.header


# --------------------------------------------------------------------------- scans


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("备案 000123.pdf", 123),
        ("备案000123 盖章.jpg", 123),
        ("示例小学备案号：000123.png", 123),
        ("备案表_123.pdf", 123),
        ("备案（000123）.pdf", 123),
        ("备案　０００１２３.pdf", 123),
        ("000123.pdf", 123),
        ("示例小学备案表盖章.pdf", None),
        ("320106 盖章.pdf", None),
        ("IMG_20261120.jpg", None),
    ],
)
def test_a_scan_is_known_by_the_number_in_its_name(name: str, number: int | None) -> None:
    assert scans.named(name) == number


PDF = b"%PDF-1.7\n...\n%%EOF\n"
FILED = {123: FilingFacts(123, SCHOOL, "320106", "320106")}


def scanned(name: str, bound: str = SCHOOL, content: bytes = PDF) -> Checked:
    came = replace(arrival(bound=bound, name=name), size=len(content))
    return validate.check([(came, take(content))], context(filings=FILED), Policy(), KEY)[0]


def test_a_scan_is_taken_for_its_number() -> None:
    for bound in (SCHOOL, "320106", ""):
        checked = scanned("备案 000123.pdf", bound)
        assert (checked.verdict, checked.unit, checked.reading.header["filing"]) == ("merge", SCHOOL, 123)


@pytest.mark.parametrize(
    ("name", "bound", "content", "code"),
    [
        ("备案表盖章.pdf", SCHOOL, PDF, "scan-number-missing"),
        ("备案 000124.pdf", SCHOOL, PDF, "scan-unknown"),
        ("备案 000123.pdf", formbooks.OTHER, PDF, "scan-unknown"),
        ("备案 000123.pdf", "320302", PDF, "scan-unknown"),
        ("备案 000123.pdf", SCHOOL, PDF[:-8], "scan-damaged"),
        ("备案 000123.jpg", SCHOOL, b"\xff\xd8\xff\xe0 torn", "scan-damaged"),
    ],
)
def test_a_scan_that_cannot_be_taken_is_answered_and_not_kept(name: str, bound: str, content: bytes, code: str) -> None:
    checked = scanned(name, bound, content)
    assert (checked.verdict, said(checked), checked.reading.secret) == ("rejected", [code], True)


def test_a_picture_that_is_nothing_to_do_with_a_filing_is_answered_as_ever() -> None:
    checked = scanned("通知.pdf")
    assert (checked.verdict, said(checked), checked.reading.secret) == ("quarantined", ["file-picture"], False)
