"""Passwords nobody asked for are known by their kind, and honest texts, sheets and names are left alone."""

from __future__ import annotations

import io
import string

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.workbook.defined_name import DefinedName

from pipeline.forms import FORMS, credentials
from pipeline.forms.credentials import heads, in_sheets, is_said, starred
from pipeline.model import Sheet
from pipeline.xlsx.blank import blank
from pipeline.xlsx.likeness import may_hold_password, says_password

SIGNS = "!#$%&*+=?@^~"
ONE = st.text(string.ascii_letters + string.digits + SIGNS, min_size=8, max_size=20).filter(
    lambda text: all(any(map(kind, text)) for kind in (str.isdigit, str.isalpha, SIGNS.__contains__))
)


@given(
    ONE,
    st.sampled_from(
        ["缺课日报 密码{}.xlsx", "口令：{}.csv", "初始密码是{}", "{}（密码）.xls", "甲/{}.xlsx", "备案 {}"]
    ),
)
def test_no_password_is_left_in_a_name(secret: str, name: str) -> None:
    kept = starred(name.format(secret))
    if "@" not in secret:  # an address of mail is none, where nothing says so
        assert secret not in kept
        assert starred(kept) == kept


@given(ONE, st.sampled_from(["密码：{}", "登录口令 是 {}", "Password: {}", "用户名 GL 密码\n{}", "密　码＝{}"]))
def test_a_password_that_is_said_is_known(secret: str, text: str) -> None:
    assert is_said(text.format(secret))


@pytest.mark.parametrize(
    "name",
    [
        "缺课日报 2026-11-20(1).xlsx",
        "2132000001-2026-11-20_v2.xlsx",
        "修改密码.xlsx",
        "IMG_20261120_101530.jpg",
        "三年级1+2班.xlsx",
        "2132000001 示例小学/缺课 (2).xlsx",
        "备案 000123 盖章.pdf",
        "office@example.org.xlsx",
    ],
)
def test_an_honest_name_stays(name: str) -> None:
    assert starred(name) == name


def test_the_code_of_a_folder_and_the_number_of_a_filing_stay() -> None:
    assert (
        starred("2132000001 示例 密码abc123/密码 备案000123.pdf")
        == "2132000001 示例 密码＊＊＊＊＊＊＊＊/密码 备案000123.pdf"
    )


@pytest.mark.parametrize(
    "text",
    [
        "忘记密码，电话100-0000-0001",
        "密码已改",
        "初始密码：",
        "密码 2026-11-20 改过",
        "密码锁坏了 12月3日",
        "password protected",
    ],
)
def test_a_text_that_says_none_is_left_alone(text: str) -> None:
    assert not is_said(text)


@pytest.mark.parametrize(
    ("row", "at"),
    [
        (["用户名", "密码"], [1]),
        (["口 令", None, "登录名"], [0]),
        (["账号", "初始密码（8位以上）*"], [1]),
        (["user name", "PWD"], [1]),
        (["User ID", "pass"], [1]),
        (["合格", "pass"], []),
        (["备注", "忘记密码的人"], []),
        (["姓名", "班级"], []),
    ],
)
def test_a_head_of_passwords_is_known_in_any_order(row: list[object], at: list[int]) -> None:
    assert heads(row) == at


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        ([["密码"], ["Abc12345"]], True),
        ([["密码"], [123456.0]], True),
        ([["密码", "Abc12345"]], True),
        ([["密码"], [None], ["abc1"]], True),
        ([["密码"], ["已改"], [None]], False),
        ([["密码", "2026-11-20"]], False),
        ([["班级", "备注"], ["三(1)班", "忘记密码"]], False),
    ],
)
def test_a_sheet_holds_one_only_where_something_stands_below_or_behind(rows: list[list[object]], held: bool) -> None:
    assert in_sheets([Sheet("表", tuple(map(tuple, rows)))]) is held


def test_no_blank_of_ours_holds_one() -> None:
    for form in FORMS:
        assert not says_password(blank(form))
        assert may_hold_password(blank(form)) is (form.name == "filing")


@pytest.mark.parametrize(
    "content",
    ["用户名,密码\nGL,x1", "登录名\t口令\nGL\tx1", "user;pwd\nGL;x1", '"Login","Password"\n"GL","x1"', "密码：abc123"],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_file_that_is_not_taken_is_known_by_less(content: str, encoding: str) -> None:
    assert may_hold_password(content.encode(encoding))


def test_a_file_without_any_is_kept() -> None:
    assert not may_hold_password("班级,姓名,缺课原因\n三(1)班,示例甲,因病\n".encode("gb18030"))
    assert not may_hold_password(b"%PDF-1.7 /Length 12 password")
    assert credentials.WORDS


@pytest.mark.parametrize("head", ["动态口令", "PIN码", "ＰＡＳＳＷＯＲＤ", "家长端查询密码", "校园网 Password"])
def test_whatever_it_is_a_password_of_its_head_is_known(head: str) -> None:
    assert in_sheets([Sheet("附", ((head,), ("Zx9kq7Rt",)))])


@pytest.mark.parametrize("part", ["title", "name"])
def test_what_a_part_of_a_workbook_is_called_is_searched(part: str) -> None:
    book = openpyxl.Workbook()
    if part == "title":
        book.create_sheet("密码Zx9kq7Rt")
    else:
        book.defined_names.add(DefinedName("密码", attr_text='"Zx9kq7Rt"'))
    file = io.BytesIO()
    book.save(file)
    assert says_password(file.getvalue())


@pytest.mark.parametrize("text", ["ＰＡＳＳＷＯＲＤ", "PIN码"])
def test_a_file_that_is_not_taken_is_known_by_rarer_words(text: str) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("附").append([text])
    file = io.BytesIO()
    book.save(file)
    assert may_hold_password(file.getvalue())
