"""The first look and the full pre-check: each hostile file ends in its named verdict."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msoffcrypto.format.ooxml import OOXMLFile

from pipeline import issues
from pipeline.forms import FORMS, form
from pipeline.xlsx import guard, precheck, read
from pipeline.xlsx.blank import blank
from tests.hostile import hostile, number, packed, parts, sheet
from tests.reading import take

HOSTILE = {name: (content, code) for name, content, code in hostile()}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_in_its_named_verdict(name: str) -> None:
    content, code = HOSTILE[name]
    reading = take(content)
    if code:
        assert (reading.verdict, [i.code for i in reading.issues]) == ("quarantined", [code])
    else:
        assert "quarantined" not in reading.verdict
        assert reading.issues[-1].code == "form-unknown"


@pytest.mark.parametrize("name", HOSTILE)
def test_every_refusal_has_words_for_the_clerk(name: str) -> None:
    for issue in take(HOSTILE[name][0]).issues:
        assert issues.message(issue)
        assert "{" not in issues.message(issue) + issues.remedy(issue)


@pytest.mark.parametrize("form", FORMS, ids=lambda f: f.name)
def test_our_templates_are_plain(form) -> None:
    assert guard.look(blank(form)).verdict == "plain"


@pytest.mark.parametrize(
    ("what", "rows"),
    [
        ("an error cell", '<row r="1"><c r="A1" t="e"><v>#N/A</v></c></row>'),
        ("an error cell in other quotes", '<row r="1"><c r="A1" t=\'e\'><v>#N/A</v></c></row>'),
        ("an error cell by character reference", '<row r="1"><c r="A1" t="&#101;"><v>#N/A</v></c></row>'),
        ("a formula", '<row r="1"><c r="A1"><f>1+1</f></c></row>'),
        ("an empty formula", '<row r="1"><c r="A1"><f/><v>2</v></c></row>'),
        ("a shared formula", '<row r="1"><c r="A1"><f t="shared" si="0"/><v>2</v></c></row>'),
        ("a cell that does not say where it is", '<row r="1"><c><v>1</v></c></row>'),
        ("attributes in another order", '<row r="1"><c s="0" r="A1"><v>1</v></c></row>'),
        ("single quotes", "<row r='1'><c r='A1'><v>1</v></c></row>"),
        ("a tab in a tag", '<row r="1"><c\tr="A1"><v>1</v></c></row>'),
        ("a comment", '<row r="1"><!-- --><c r="A1"><v>1</v></c></row>'),
        ("a far column", number("AAA1")),
        ("a far row", number("A100000")),
        ("a big box", number("A1") + number("ZZ9000")),
    ],
)
def test_what_calamine_could_misread_is_odd(what: str, rows: str) -> None:
    assert guard.look(packed(parts(rows))).verdict == "odd", what


def test_dropdowns_and_prompts_do_not_make_a_sheet_odd() -> None:
    rules = (
        '<dataValidations count="1"><dataValidation type="date" error="2026-11-20" sqref="A1">'
        "<formula1>'甲'!$A$1</formula1></dataValidation></dataValidations>"
    )
    assert guard.look(packed(parts(sheet=sheet(number("A1"), after=rules)))).verdict == "plain"


def test_a_prefixed_sheet_is_odd_and_read_all_the_same() -> None:
    prefixed = sheet('<row r="1"><c r="B1"><v>7</v></c></row>')
    for name in ("worksheet", "sheetData", "row", "c ", "v"):
        prefixed = prefixed.replace(f"<{name}", f"<x:{name}").replace(f"</{name.strip()}>", f"</x:{name.strip()}>")
    content = packed(parts(sheet=prefixed.replace("xmlns=", "xmlns:x=")))
    assert guard.look(content).verdict == "odd"
    assert read.careful(content).sheets[0].rows == [[None, 7]]


def test_a_worksheet_kept_elsewhere_is_odd() -> None:
    members = parts(more={"xl/other.xml": sheet(number("XFD1048576"))})
    members["xl/_rels/workbook.xml.rels"] = str(members["xl/_rels/workbook.xml.rels"]).replace(
        "worksheets/sheet1.xml", "other.xml"
    )
    assert guard.look(packed(members)).verdict == "odd"
    assert take(packed(members)).issues[0].code == "file-far-cells"


def test_a_zip_comment_and_folders_do_no_harm() -> None:
    buffer = io.BytesIO(packed(parts(number("A1"))))
    with zipfile.ZipFile(buffer, "a") as package:
        package.comment = "整理".encode()
        package.mkdir("xl/worksheets/")
    assert guard.look(buffer.getvalue()).verdict == "plain"


def test_a_file_beyond_the_size_limit_is_refused_unread() -> None:
    content = b"PK\x03\x04" + bytes(guard.MAX_FILE)
    assert guard.look(content).issue is not None
    assert guard.look(content).issue.code == "file-too-large"


def test_the_full_check_lists_what_readers_hide() -> None:
    rows = (
        '<row r="2" hidden="1"><c r="A2" t="e"><v>#N/A</v></c><c r="B2"><f>1+1</f></c>'
        '<c r="C2"><f>1+1</f><v>2</v></c></row>'
    )
    columns = '<cols><col min="4" max="5" width="9" hidden="1"/></cols>'
    found = precheck.inspect(packed(parts(sheet=sheet(rows, before=columns))))
    notes = found.notes["xl/worksheets/sheet1.xml"]
    assert notes.errors == {(2, 0): "#N/A"}
    assert notes.formulas == {(2, 1): False, (2, 2): True}
    assert notes.hidden_rows == {2}
    assert notes.hidden_columns == {3, 4}


@settings(max_examples=150)
@given(st.binary(max_size=400))
def test_any_bytes_get_a_verdict(content: bytes) -> None:
    assert take(content).verdict == "quarantined"


GOOD = blank(form("absence"))


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_bitten_workbook_gets_a_verdict(bites: list[tuple[int, int]]) -> None:
    content = bytearray(GOOD)
    for at, value in bites:
        content[at] = value
    assert take(bytes(content)).verdict in {"quarantined", "rejected", "parsed"}


def test_a_workbook_with_a_password_is_refused_as_such() -> None:
    locked = io.BytesIO()
    OOXMLFile(io.BytesIO(GOOD)).encrypt("Abc12345!", locked)
    assert [issue.code for issue in take(locked.getvalue()).issues] == ["file-encrypted"]


@pytest.mark.parametrize(
    "kind", ["ms-excel.sheet.binary.macroEnabled.main", "ms-office.vbaProject", "ms-office.activeX"]
)
@pytest.mark.parametrize("more", [{}, {"xl/printerSettings/printerSettings1.bin": b"\0"}])
def test_a_type_for_an_extension_that_no_member_has_is_nothing(kind: str, more: dict[str, str | bytes]) -> None:
    """Script libraries announce every type they could write."""
    made = parts(number("A1"), more=more)
    types = str(made["[Content_Types].xml"]).replace(
        "<Override", f'<Default Extension="bin" ContentType="application/vnd.{kind}"/><Override', 1
    )
    assert guard.look(packed({**made, "[Content_Types].xml": types})).verdict == "plain"
