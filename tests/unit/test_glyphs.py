"""Names that our own fonts have no signs for: each is printed as it is written, or marked, never as a box."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest
from pypdf.generic import ByteStringObject, ContentStream, TextStringObject

from pipeline.figures import papers
from pipeline.figures.paper_values import values_of
from pipeline.reports import fonts, letters, render
from tests.page_samples import page

NAMES = (
    "𠮷示例",  # CJK Ext B
    "㛃示例",  # A
    "𪜶𫠝示例",  # C, E
    "𬺰𰻝示例",  # F, G
    "ئابدۇللا مەمەت",
    "བཀྲ་ཤིས་བདེ་ལེགས",
    "김민수",
    "ᠮᠣᠩᠭᠣᠯ",
    "ꆈꌠ示例",
    "古丽·Ömer",
)
NOWHERE = "𱍐示例"  # CJK Ext H, of 2022: in none of our fonts


def drawn(*names: str) -> pypdf.PageObject:
    facts = page(len(names))
    pupils = tuple(replace(one, name=name) for one, name in zip(facts.pupils, names, strict=True))
    values = letters.checked(values_of(papers.page(replace(facts, pupils=pupils))))
    (only,) = pypdf.PdfReader(io.BytesIO(render.draw(values))).pages
    return only


def glyphs(one: pypdf.PageObject) -> list[int]:
    """Every glyph that is printed, by its number in its font; 0 is the box."""
    found = []
    for operands, operator in ContentStream(one.get_contents(), one.pdf).operations:
        if operator in (b"Tj", b"TJ"):
            shown = operands[0] if operator == b"TJ" else operands
            for part in shown:
                if isinstance(part, ByteStringObject | TextStringObject):
                    raw = part if isinstance(part, bytes) else part.original_bytes
                    found += [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
    return found


def test_each_script_prints_its_own_signs() -> None:
    assert fonts.absent() == []
    paper = drawn(*NAMES)

    printed = glyphs(paper)
    assert len(printed) > 300
    assert 0 not in printed
    assert fonts.MISSING not in paper.extract_text()
    assert "김민수" in paper.extract_text()


def test_a_sign_that_no_font_has_is_marked() -> None:
    paper = drawn(NOWHERE)

    assert 0 not in glyphs(paper)
    assert f"{fonts.MISSING}示例" in paper.extract_text()


def test_without_the_packages_a_name_is_marked_and_the_doctor_can_say_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fonts, "SYSTEM", tmp_path)
    fonts._covered.cache_clear()
    try:
        assert fonts.drawable("김민수 𠮷示例 王小明") == "〓〓〓 〓示例 王小明"
        assert fonts.absent() == list(fonts.MORE)
    finally:
        fonts._covered.cache_clear()
