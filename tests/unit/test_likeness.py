"""What looks like a 备案表 is known by its words, however the bytes are wrapped; honest reports are left alone."""

from __future__ import annotations

import io
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.forms import FORMS, form
from pipeline.xlsx.blank import blank
from pipeline.xlsx.likeness import looks_like_filing
from tests.filings import PASSWORD, filled, smuggled
from tests.reading import take

WORDS = f"用户名 初始密码 {PASSWORD}"
FILING = filled(blank(form("filing")))


def zipped(name: str, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as package:
        package.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        FILING,
        FILING[: len(FILING) * 2 // 3],  # torn on its way
        zipped("备案.xlsx", FILING),
        zipped("备案.xlsx", FILING, zipfile.ZIP_STORED),
        zipped("2.zip", zipped("备案.xlsx", FILING)),
        zipped("word/document.xml", f"<w:t>{WORDS}</w:t>".encode()),
        zipped("content.xml", WORDS.encode()),
        b"junk before " + zipped("x", WORDS.encode()),
        WORDS.encode(),
        WORDS.encode("gb18030"),
        b"\xff\xfe" + WORDS.encode("utf-16-le"),
        b"\xd0\xcf\x11\xe0" + bytes(512) + WORDS.encode("utf-16-le"),
        "省学生健康监测系统用户权限申请（备案）表".encode(),
        "".join(f"&#{ord(sign)};" for sign in WORDS).encode(),
        "".join(f"&#x{ord(sign):x};" for sign in WORDS).encode(),
        b"{\\rtf1 " + "".join(f"\\u{ord(sign)}?" for sign in WORDS).encode() + b"}",
        b"{\\rtf1 " + "".join(f"\\'{byte:02x}" for byte in WORDS.encode("gb18030")).encode() + b"}",
    ],
)
def test_a_filing_is_known_by_its_words(content: bytes) -> None:
    assert looks_like_filing(content)


def test_other_forms_are_no_filings() -> None:
    for each in FORMS:
        assert looks_like_filing(blank(each)) is (each.name == "filing")


def test_a_word_that_lies_across_two_pieces_is_found() -> None:
    filler = bytes(4 * 2**20 - 4)
    assert looks_like_filing(zipped("x", filler + WORDS.encode()))


def test_a_bomb_is_looked_at_no_longer_than_a_file() -> None:
    bomb = zipped("x", bytes(70 * 2**20))
    assert not looks_like_filing(bomb + WORDS.encode()[:3])


@given(st.binary(max_size=300), st.integers(0, 60))
def test_any_bytes_are_judged_without_an_error(content: bytes, at: int) -> None:
    looks_like_filing(content)
    looks_like_filing(b"PK\x03\x04" + content)
    looks_like_filing(FILING[:at] + content + FILING[at:])


def test_what_looks_like_a_filing_is_private_whatever_became_of_it() -> None:
    torn = FILING[: len(FILING) * 2 // 3]
    docx = zipped("word/document.xml", WORDS.encode())
    no_head = zipped("备案.xlsx", FILING)
    for content in (FILING, smuggled(FILING, PASSWORD), torn, docx, no_head, WORDS.encode("gb18030")):
        reading = take(content)
        assert reading.secret
        assert PASSWORD not in repr(reading)


def test_a_report_with_a_filing_hidden_in_it_is_not_taken_and_not_kept() -> None:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(blank(form("absence"))))
    hidden = book.create_sheet("草稿")
    for at, text in enumerate(("用户名", "初始密码", "GL_SL01", PASSWORD), start=1):
        hidden.cell(50, at, text)
    hidden.sheet_state = "hidden"
    saved = io.BytesIO()
    book.save(saved)
    reading = take(saved.getvalue())
    assert ([issue.code for issue in reading.issues], reading.secret) == (["filing-inside"], True)
    assert PASSWORD not in repr(reading)


def test_deflate_streams_need_not_be_whole() -> None:
    packed = zlib.compress(WORDS.encode() * 50)[2:-4]
    header = b"PK\x03\x04" + bytes(4) + b"\x08\x00" + bytes(16) + b"\x00\x00\x00\x00"
    assert looks_like_filing(header + packed[: len(packed) // 2 + 20])
