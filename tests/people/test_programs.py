"""Workbooks as people's programs make them, and as people leave them: the same records from each.

Every program writes every form; every deed is done to every form and saved by one program or another. What is read is
what a right file says, by both libraries, at full speed where the program is a common one.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import cycle
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from pipeline.model import Reading
from pipeline.xlsx import guard, read
from tests.people import pages, said, samples, scribe
from tests.people.programs import PLAIN, PROGRAMS
from tests.people.scribe import Habit
from tests.reading import take

_PROGRAM_OF = dict(zip(pages.DEEDS, cycle(PROGRAMS), strict=False))
SAYS = {  # what a deed must be told of, by code; all else is done without a word
    "filter_on": {"rows-hidden"},
    "hidden_column": {"columns-hidden"},
}


@cache
def right(form: str) -> Reading:
    return take(samples.sample(form).content)


@cache
def sheets(form: str) -> tuple[pages.Page, ...]:
    return pages.pages(samples.sample(form).content)


def properties(form: str) -> dict[str, str]:
    """The template's own, and those a program adds."""
    return {**read.properties(said.unpacked(samples.sample(form).template)), "KSOProductBuildVer": "2052-12.1"}


def alike(content: bytes, form: str, *, told: set[str] | frozenset[str] = frozenset(), lost: bool = False) -> Reading:
    """Assert that the same is read as of the right file, by both libraries, and no more is said than `told`.

    `lost`: its properties are, and with them the unit where the form has no cell for it.
    """
    reading = take(content)
    assert said.said(reading) == said.said(right(form), lost=lost)
    assert reading.content_sha == right(form).content_sha
    assert {i.code for i in reading.issues} - {i.code for i in right(form).issues} == told
    other = said.by_openpyxl(content)
    assert (other.header, other.tables) == (reading.header, reading.tables)
    assert [(i.code, i.cell) for i in other.issues] == [(i.code, i.cell) for i in reading.issues]
    return reading


@pytest.mark.parametrize("form", samples.NAMES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_same_is_read_whoever_saved_it(form: str, program: str) -> None:
    content = scribe.written(sheets(form), PROGRAMS[program], properties(form))
    reading = alike(content, form)
    assert reading.claims is not None
    assert reading.claims.token == "t-1.ABC"
    if program in PLAIN:
        assert guard.look(content).verdict == "plain"


@pytest.mark.parametrize("form", samples.TABLES)
@pytest.mark.parametrize("deed", [name for name in pages.DEEDS if name != "full_width"])
def test_the_same_is_read_whatever_was_done_to_it(form: str, deed: str) -> None:
    book = pages.DEEDS[deed](sheets(form), samples.head(form)[1])
    alike(scribe.written(book, PROGRAMS[_PROGRAM_OF[deed]], properties(form)), form, told=SAYS.get(deed, set()))


@pytest.mark.parametrize("form", samples.TABLES)
def test_signs_of_an_input_method_left_on_make_no_other_record(form: str) -> None:
    """Texts people write are kept as written, in either width: the class, a remark."""
    book = pages.full_width(sheets(form), samples.head(form)[1])
    got = said.of(scribe.written(book, PROGRAMS["wps"]))
    assert [folded(rows) for rows in got.rows.values()] == [
        folded(rows) for rows in said.said(right(form)).rows.values()
    ]


def folded(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    def narrow(value: object) -> object:
        return unicodedata.normalize("NFKC", value) if isinstance(value, str) else value

    return [{name: narrow(value) for name, value in row.items()} for row in rows]


@pytest.mark.parametrize("form", samples.NAMES)
def test_a_copy_that_lost_its_properties_says_the_same(form: str) -> None:
    reading = alike(scribe.written(pages.alone(sheets(form), 0), PROGRAMS["tencent"]), form, lost=True)
    assert reading.claims is not None
    assert reading.claims.token == reading.header.get("token", "")


def test_coloured_columns_are_nothing_by_either_library() -> None:
    alike(scribe.written(pages.coloured_columns(sheets("absence"), 3_000), PROGRAMS["wps"]), "absence", lost=True)


def test_two_hundred_thousand_empty_cells_are_nothing() -> None:
    content = scribe.written(pages.coloured_columns(sheets("absence"), 12_500), PROGRAMS["wps"])
    assert guard.look(content).verdict == "odd"
    assert said.of(content) == said.said(right("absence"))


def copied(change: Callable[[pages.Page], pages.Page]) -> Reading:
    """The report filled in on a copy of our sheet, which itself was left empty; `change` what else was done to ours."""
    filled, *others = sheets("absence")
    head = samples.head("absence")[1]
    empty = replace(filled, cells={at: value for at, value in filled.cells.items() if at[0] <= head})
    return take(scribe.written((change(empty), *others, replace(filled, name="缺课登记 (2)")), Habit()))


def test_filled_in_on_a_copy_of_the_sheet_it_is_read_from_the_copy() -> None:
    assert said.said(copied(lambda ours: ours)) == said.said(right("absence"))


@pytest.mark.parametrize(("was", "now"), [("否", "是"), (samples.DAY, samples.BEFORE)])
def test_which_sheet_is_meant_is_asked_where_they_say_different_things(was: object, now: object) -> None:
    """A report of nobody today, and yesterday's sheet kept beside it."""
    reading = copied(lambda ours: replace(ours, cells={at: now if v == was else v for at, v in ours.cells.items()}))
    assert (reading.verdict, [issue.code for issue in reading.issues]) == ("rejected", ["sheet-several"])


@pytest.mark.parametrize("form", samples.NAMES)
def test_what_openpyxl_saves_keeps_whose_template_it_is(form: str) -> None:
    content = samples.sample(form).content
    assert read.properties(said.unpacked(content)) == read.properties(said.unpacked(samples.sample(form).template))
    assert "queke_token" in read.properties(said.unpacked(content))


@pytest.mark.parametrize("form", samples.NAMES)
def test_rules_cover_no_more_cells_than_an_editor_can_hold(form: str) -> None:
    """Web editors keep a rule for each cell it covers; ten times as many take a browser half a minute."""
    book = load_workbook(io.BytesIO(samples.sample(form).template))
    rules = [rule for sheet in book for rule in sheet.data_validations.dataValidation]
    cells = sum(area.size["rows"] * area.size["columns"] for rule in rules for area in rule.sqref.ranges)
    assert cells <= 90_000


# --------------------------------------------------------------------------- containers


def spelled(change: Callable[[str], str]) -> bytes:
    made = scribe.parts(sheets("closure"), Habit(), {})
    return scribe.packed({change(name): part for name, part in made.items()}, "deflated")


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda name: name.replace("/", "\\"),
        lambda name: name.replace("[Content_Types]", "[content_types]"),
        lambda name: name.replace("xl/workbook.xml", "xl/Workbook.xml"),
        lambda name: name.replace("sharedStrings", "SharedStrings"),
        lambda name: name.replace("sheet1", "Sheet1"),
    ],
)
def test_members_are_found_however_they_are_spelled(change: Callable[[str], str]) -> None:
    assert said.of(spelled(change)) == said.said(right("closure"))


def test_folders_and_other_files_in_the_package_do_no_harm() -> None:
    made = scribe.parts(sheets("closure"), Habit(), {})
    more = {"xl/": b"", "__MACOSX/._closure.xml": b"\0\5\x16\7", ".DS_Store": b"\0\0\0\1Bud1"}
    assert said.of(scribe.packed({**more, **made}, "deflated")) == said.said(right("closure"))


def test_texts_in_two_places_are_refused() -> None:
    """One reader would take these, the other those."""
    made = scribe.parts(sheets("closure"), Habit(strings_path="strings/texts.xml"), {})
    decoy = {"xl/sharedStrings.xml": made["xl/strings/texts.xml"].replace("三(3)班".encode(), "三(4)班".encode())}
    reading = take(scribe.packed(made | decoy, "deflated"))
    assert (reading.verdict, reading.issues[0].code) == ("quarantined", "file-damaged")


@pytest.mark.parametrize("quoted", ["date1904='1'", 'date1904 = "true"', 'date1904="on"'])
def test_days_counted_from_1904_are_known_however_it_is_written(quoted: str) -> None:
    made = scribe.parts(sheets("closure"), PROGRAMS["excel for mac, no formats"], {})
    made["xl/workbook.xml"] = made["xl/workbook.xml"].replace(b'date1904="1"', quoted.encode())
    assert said.of(scribe.packed(made, "deflated")) == said.said(right("closure"))


@pytest.mark.parametrize("at", range(-110, 0, 3))
def test_a_wide_directory_that_lies_is_refused(at: int) -> None:
    """The end of the zip64 directory, byte by byte: what it says must be what lies there."""
    content = bytearray(scribe.written(sheets("closure"), Habit(packing="zip64")))
    content[at] ^= 0x55
    reading = take(bytes(content))
    assert reading.verdict == "quarantined" or said.said(reading) == said.said(right("closure"))


PIECES = (
    b"",
    b"<",
    b'"',
    b"</row>",
    b"<!--",
    b"&#101;",
    b' t="e"',
    b' hidden="1"',
    b"<f>1</f>",
    b"99999999999",
    b"\xff",
)


@settings(max_examples=150)
@given(st.sampled_from(sorted(PROGRAMS)), st.randoms(use_true_random=False), st.integers(0, 9), st.sampled_from(PIECES))
def test_members_that_somebody_bit_get_a_verdict(program: str, luck: Random, cut: int, piece: bytes) -> None:
    """The package is sound, what is in it is not: a crooked report generator, an edit by hand."""
    made = scribe.parts(sheets("closure"), PROGRAMS[program], properties("closure"))
    name = luck.choice([name for name in made if name.endswith((".xml", ".rels"))])
    at = luck.randrange(len(made[name]))
    made[name] = made[name][:at] + piece + made[name][at + cut :]
    assert take(scribe.packed(made, "deflated")).verdict in {"quarantined", "rejected", "parsed"}


# --------------------------------------------------------------------------- what must not get lost


@pytest.mark.parametrize("word", ["示例医院", "例假", "说明：家长已电话告知", "备注: 在家", "合计三天"])
def test_a_remark_at_the_head_of_a_line_costs_no_child(word: str) -> None:
    """Columns dragged so that a remark comes first: it may begin as an example, a sum or a signature does."""
    _, head, columns = samples.head("absence")
    cells = dict(sheets("absence")[0].cells)
    cells[head + 1, columns["note"]] = word
    book = pages.dragged((replace(sheets("absence")[0], cells=cells), *sheets("absence")[1:]), head)
    reading = take(scribe.written(book, Habit()))
    note = [row.values[columns["note"]] for row in reading.tables["rows"]]
    assert (len(note), note[0]) == (4, word)
    assert "example-row" not in {issue.code for issue in reading.issues}


def test_an_example_line_is_left_out_and_said() -> None:
    _, head, columns = samples.head("absence")
    cells = dict(sheets("absence")[0].cells)
    cells[head + 1, columns["class_name"]] = "示例：三(3)班"
    reading = take(scribe.written((replace(sheets("absence")[0], cells=cells),), Habit()))
    assert len(reading.tables["rows"]) == 3
    assert ("example-row", head + 1) in [(issue.code, issue.row) for issue in reading.issues]
