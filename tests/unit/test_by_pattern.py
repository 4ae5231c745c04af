"""Plain sheets taken by pattern: the same as calamine reads, or nothing."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook as OpenpyxlWorkbook

from pipeline import task
from pipeline.forms import FORMS
from pipeline.xlsx import by_pattern as taken
from pipeline.xlsx import guard, read
from pipeline.xlsx.blank import blank
from pipeline.xlsx.guard import Look
from pipeline.xlsx.table import REACH
from tests.hostile import number, packed, parts, strings
from tools.programs import convert

GOLDENS = sorted((Path(__file__).parents[1] / "golden").glob("*/in.xlsx"))
SAVED = [path for path in GOLDENS if guard.look(path.read_bytes()).grids]


def by_calamine(content: bytes, look: Look) -> object:
    """What calamine reads; None if it does not take the file."""
    try:
        return read.plain(content, replace(look, grids={}))
    except read.Odd:
        return None


def alike(content: bytes) -> bool:
    """Whether it was read by pattern; then it must be what calamine reads."""
    look = guard.look(content)
    if look.grids:
        assert read.plain(content, look) == by_calamine(content, look)
    return bool(look.grids)


def test_every_golden_and_every_template_is_read_alike() -> None:
    plain = [path for path in GOLDENS if guard.look(path.read_bytes()).verdict == "plain"]
    others = {path.parent.name for path in plain if not alike(path.read_bytes())}
    assert others == {"closure", "two-forms", "epoch-1904", "identity-numbers"}  # a time of day; 1904; 1.2E+16
    assert all(alike(blank(form)) for form in FORMS)


texts = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=9)
cells = st.one_of(
    st.none(),
    texts,
    st.sampled_from([" 王", "王 ", "\t", "a\nb", "a\r\nb", "_x000D_", "_x5f20_", "<&>\"'", "&amp;", "=1", "  "]),
    st.integers(-(10**18), 10**18),
    st.booleans(),
    st.dates(date(1900, 1, 1), date(9999, 12, 31)),
    st.datetimes(datetime(1900, 3, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0)),
    st.timedeltas(timedelta(0), timedelta(days=3)),
    st.floats(allow_nan=False, allow_infinity=False),
)
tables = st.lists(st.lists(cells, max_size=40), max_size=8)


@settings(max_examples=60)
@given(tables)
def test_what_openpyxl_saves_is_read_alike(rows: list[list[object]]) -> None:
    book = OpenpyxlWorkbook()
    for r, row in enumerate(rows, start=1):
        for c, cell in enumerate(row, start=1):
            book.active.cell(r * 2, c).value = f" {cell}" if isinstance(cell, str) and cell.startswith("=") else cell
    buffer = io.BytesIO()
    book.save(buffer)
    alike(buffer.getvalue())


@settings(max_examples=60)
@given(tables)
def test_what_xlsxwriter_saves_is_read_alike(rows: list[list[object]]) -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"default_date_format": "yyyy-mm-dd", "strings_to_formulas": False})
    page = book.add_worksheet("甲")
    page.merge_range(20, 0, 21, 3, "并")
    page.set_row(3, None, None, {"hidden": True})
    for r, row in enumerate(rows):
        page.write_row(r, 0, row)
    book.close()
    alike(buffer.getvalue())


def test_what_libreoffice_saves_is_read_alike_though_it_fills_rows_below(tmp_path: Path) -> None:
    source = tmp_path / "in.xlsx"
    source.write_bytes(blank(FORMS[0]))
    convert([source], "xlsx", tmp_path / "out")
    saved = (tmp_path / "out" / "in.xlsx").read_bytes()
    assert alike(saved)
    with zipfile.ZipFile(io.BytesIO(saved)) as package:
        sheets = [package.read(name) for name in package.namelist() if "worksheets/sheet" in name]
    assert max(part.count(b"<row ") for part in sheets) < REACH + 100


entries = st.lists(st.sampled_from(["", "甲", "密码", "密", "码", "Pass", "w", "pwd1", "口 令"]), max_size=5)


@given(st.lists(entries, min_size=1, max_size=4))
def test_a_table_of_texts_is_read_alike_whichever_was_read_before(tables: list[list[str]]) -> None:
    for texts in tables:
        table = "<sst>" + "".join(f"<si><t>{text}</t></si>" for text in texts) + "</sst>"
        assert taken._texts(table.encode()) == [text or None for text in texts]
        assert task._is_suspect(table.encode()) == bool({"密码", "口 令", "pwd1"} & {*texts})


# --------------------------------------------------------------------------- torn at random

_PIECES = (
    *("<", ">", "/>", "</c>", "</row>", '<row r="9">', '<c r="A1"/>', '<c r="B2"><v>1</v></c>', ' t="s"', ' t="b"'),
    *(
        ' t="str"',
        ' s="3"',
        ' s="999"',
        "<v>",
        "</v>",
        "0",
        "9",
        "-1",
        "1E5",
        ".5",
        "&amp;",
        "&#65;",
        "&lt;",
        "_x0041_",
    ),
    *(" ", "\n", "\r\n", "\t", "<si><t>x</t></si>", "<si/>", "<t/>", 'state="hidden"', 'date1904="1"', "46346.5", "60"),
    *(
        '<t xml:space="preserve"> a </t>',
        "'",
        '"',
        "\ufeff",
        "<?x?>",
        "<f>1</f>",
        "1E400",
        "<is><t>q</t></is>",
        ' r="2"',
    ),
)
_TORN = (
    "xl/worksheets/sheet1.xml",
    "xl/worksheets/sheet2.xml",
    "xl/sharedStrings.xml",
    "xl/workbook.xml",
    "xl/styles.xml",
)


def torn(members: dict[str, bytes], random: Random) -> bytes:
    """A workbook in which a few places of a few members were cut, doubled, or written over."""
    members = dict(members)
    for _ in range(random.choice((1, 1, 2, 3))):
        name = random.choice([name for name in _TORN if name in members])
        part = members[name]
        at = random.randrange(len(part))
        if random.random() < 0.5:
            at = part.find(b">", at) + 1
        piece, cut = random.choice(_PIECES).encode(), random.choice((0, 0, 1, 4, 12))
        again = part[at : at + random.choice((0, 0, 60, 200))]
        members[name] = part[:at] + random.choice((piece, piece, b"", again)) + part[at + cut :]
    return packed(members)


@pytest.mark.parametrize("seed", range(4))
def test_a_workbook_torn_at_random_is_read_alike_or_not_by_pattern(seed: int) -> None:
    random = Random(seed)
    books = []
    for path in random.sample(SAVED, 5):
        with zipfile.ZipFile(path) as package:
            books.append({name: package.read(name) for name in package.namelist()})
    taken = [alike(torn(random.choice(books), random)) for _ in range(250)]
    assert 10 < sum(taken) < 240


@pytest.mark.parametrize(
    ("what", "rows"),
    [
        ("a row that was not closed", '<row r="1"><c r="A1"><v>1</v></c><row r="2"></row></row>'),
        ("a row that is closed twice", '<row r="1"/></row><row r="2"><c r="A2"/><row r="3"></row>'),
        ("a cell in no row", '<row r="1"></row><c r="A1"><v>1</v></c>'),
        ("a cell of another row", '<row r="1"><c r="A2"><v>1</v></c></row>'),
        ("a row again", '<row r="2"><c r="A2"><v>1</v></c></row><row r="2"/>'),
        ("columns that fall", '<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>'),
        ("a text that is not there", '<row r="1"><c r="A1" t="s"><v>7</v></c></row>'),
        ("a tag between cells", '<row r="1"><c r="A1"><v>1</v></c><x/></row>'),
        ("a tag with a number in it", '<row r="1"><c r="A1"><v></v1></c></row>'),
        ("a cell without its row's number", '<row r="1"><c1 r="A"><v>1</v></c></row>'),
        ("a number in two", '<row r="1"><c r="A1"><v>1.2.3</v></c></row>'),
        ("a row twice as said", '<row r="1" r="2"><c r="A1"><v>1</v></c></row>'),
        ("a truth", '<row r="1"><c r="A1" t="b"><v>1</v></c></row>'),
        ("a text in its cell", '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'),
    ],
)
def test_what_is_not_as_programs_write_it_is_not_read_by_pattern(what: str, rows: str) -> None:
    assert guard.look(packed(parts('<row r="1"><c r="A1"><v>1</v></c></row>'))).grids
    assert not guard.look(packed(parts(rows))).grids, what


def test_rows_without_a_value_are_looked_at_though_others_ended_alike() -> None:
    below = "".join(f'<row r="{n}"><c r="A{n}"/></row>' for n in range(3, 40))
    row = '<row r="{0}"><c r="A{0}"><v>1</v></c></row>'
    for first, rest, good in (
        (1, below, True),
        (2, below[below.find('<row r="9"') :], True),
        (3, below, False),
        (1, below[1:], False),
        (1, f"<x/>{below}", False),
        (2, below, True),
    ):
        assert bool(guard.look(packed(parts(row.format(first) + rest))).grids) is good


@pytest.mark.parametrize("text", [" x", "x\n", "_x0041_", "&#65;", "a\rb"])
def test_a_text_that_calamine_changes_is_not_read_by_pattern(text: str) -> None:
    row = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    assert guard.look(packed(parts(row, {"xl/sharedStrings.xml": strings("x")}))).grids
    assert not guard.look(packed(parts(row, {"xl/sharedStrings.xml": strings(text)}))).grids


def test_a_cell_far_away_makes_no_large_grid() -> None:
    assert guard.look(packed(parts(number("B9000")))).grids
    assert not guard.look(packed(parts(number("ZZ9000")))).grids
    assert not guard.look(packed(parts(number("B9000000")))).grids
