"""Golden cases: a workbook beside what is read of it, what is said, what stands, what goes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.forms.identify import identify
from pipeline.forms.parse import parse
from pipeline.model import Claims, Reading, Workbook
from pipeline.xlsx import precheck, read
from tests.golden import answer
from tests.reading import take

GOLDEN = Path(__file__).parent.parent / "golden"
CASES = sorted(path.parent for path in GOLDEN.glob("*/in.xlsx"))


def named(case: Path) -> str:
    return case.name


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_golden_workbook_is_answered_as_written_down(case: Path) -> None:
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    assert answer.answer((case / "in.xlsx").read_bytes()) == expected


@pytest.mark.parametrize("case", CASES, ids=named)
def test_another_reader_reads_the_same(case: Path) -> None:
    content = (case / "in.xlsx").read_bytes()
    got = take(content)
    found = precheck.inspect(content)
    book = Workbook(read.by_openpyxl(content, found), {}, date1904=case.name == "epoch-1904", facts=found.facts)
    claims = identify(book)
    if not isinstance(claims, Claims):
        assert got.issues[-1] == claims
        return
    assert answer.cells(parse(book, claims)) == answer.cells(got)


def test_no_golden_answer_holds_an_identity_number() -> None:
    for case in CASES:
        assert "20150101" not in (case / "expected.json").read_text(encoding="utf-8"), case.name


def test_there_are_goldens_and_each_has_its_answer() -> None:
    assert len(CASES) >= 19
    assert all((case / "expected.json").exists() for case in CASES)


def test_the_same_cells_saved_again_have_the_same_content_hash() -> None:
    first: Reading = take((GOLDEN / "right-day" / "in.xlsx").read_bytes())
    again = take((GOLDEN / "right-day" / "in.xlsx").read_bytes())
    other = take((GOLDEN / "twins" / "in.xlsx").read_bytes())
    assert first.content_sha == again.content_sha != other.content_sha
