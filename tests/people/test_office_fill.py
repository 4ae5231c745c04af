"""LibreOffice as a clerk uses it: our templates filled, worked on and saved in every format say the same.

One LibreOffice for the module. It fills each form by typing and pasting, saves it as .xlsx, as .xls and as .ods, opens
the .ods again and saves that as .xlsx; it opens and saves what nobody filled; and it does what people do besides.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.styles import Border, PatternFill, Side

from pipeline.model import Reading
from pipeline.xlsx import guard
from tests.people import said, samples
from tests.people.said import Said
from tests.reading import take
from tools.programs import office_python

SCRIPT = Path(__file__).parent.parent / "system" / "office_jobs.py"
XLSX, XLS, ODS = "Calc MS Excel 2007 XML", "MS Excel 97", "calc8"
WAYS = ("xlsx", "xls", "ods and xlsx")
PASTED_FROM = 1  # rows of a table from here on are pasted as a block, the others typed

Job = Callable[..., Mapping[str, list[int]]]


@pytest.fixture(scope="module")
def office() -> Iterator[Job]:
    """Do a job in the one LibreOffice; return what was seen."""
    command = [office_python(), SCRIPT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout

        def job(opened: Path, moves: Sequence[Sequence[object]], saved: Mapping[Path, str]) -> dict[str, list[int]]:
            told = {"open": str(opened), "moves": moves, "save": {str(path): kind for path, kind in saved.items()}}
            process.stdin.write(json.dumps(told) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            assert answer, "LibreOffice gave up"
            return dict(json.loads(answer))

        yield job
        process.stdin.close()
        process.wait(30)


@dataclass(frozen=True)
class Kept:
    """What LibreOffice saved, by (form, whether filled, way)."""

    contents: Mapping[tuple[str, bool, str], bytes]
    ods: bytes


@pytest.fixture(scope="module")
def kept(office: Job, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    contents = {}
    for form in samples.NAMES:
        template = folder / f"{form}.xlsx"
        template.write_bytes(samples.sample(form).template)
        by_way = {way: folder / f"{form}-{n}.{way[-4:].strip()}" for n, way in enumerate(WAYS)}
        ods = folder / f"{form}.ods"
        office(template, filling(form, folder), {by_way["xlsx"]: XLSX, by_way["xls"]: XLS, ods: ODS})
        office(ods, [], {by_way["ods and xlsx"]: XLSX})
        contents |= {(form, True, way): path.read_bytes() for way, path in by_way.items()}
        untouched = {"xlsx": folder / f"{form}-untouched.xlsx", "xls": folder / f"{form}-untouched.xls"}
        office(template, [], {untouched["xlsx"]: XLSX, untouched["xls"]: XLS})
        contents |= {(form, False, way): path.read_bytes() for way, path in untouched.items()}
    return Kept(contents, ods.read_bytes())


def filling(form: str, folder: Path) -> list[list[object]]:
    """Type the sample's cells; where rows are free, all but the first of the first table come as one pasted block."""
    sheet, head = samples.head(form)[:2] if form in samples.FREE else ("", 0)
    moves: list[list[object]] = []
    for name, cells in samples.sample(form).typed.items():
        block = {at: value for at, value in cells.items() if name == sheet and at[0] > head + PASTED_FROM}
        moves += [["type", name, *at, typed(value)] for at, value in cells.items() if at not in block]
        if block:
            foreign = folder / f"{form}-block.xlsx"
            foreign.write_bytes(pasted(block))
            moves.append(["paste", name, min(row for row, _ in block), 0, str(foreign)])
    return moves


def typed(value: object) -> str:
    """A value as the keys that are pressed."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}" if value.hour else f"{value:%Y-%m-%d}"
    return str(value)


def pasted(block: samples.Cells) -> bytes:
    """Somebody's own sheet with these cells: dates are dates, every cell has borders and a colour."""
    book = Workbook()
    sheet = book.active
    top = min(row for row, _ in block)
    for (row, column), value in block.items():
        cell = sheet.cell(row - top + 1, column + 1, value)
        cell.data_type = "s" if isinstance(value, str) else cell.data_type
        cell.fill = PatternFill("solid", fgColor="FFFF00")
        cell.border = Border(left=Side("thick"))
        if isinstance(value, date):
            cell.number_format = "yyyy/m/d h:mm" if isinstance(value, datetime) else "m月d日"
    return samples.saved(book)


def right(form: str, *, filled: bool) -> Reading:
    return take(samples.sample(form).content if filled else samples.sample(form).template)


# --------------------------------------------------------------------------- claims


@pytest.mark.parametrize(
    ("filled", "way"), [(True, "xlsx"), (True, "xls"), (True, "ods and xlsx"), (False, "xlsx"), (False, "xls")]
)
@pytest.mark.parametrize("form", samples.NAMES)
def test_what_libreoffice_saves_says_the_same(form: str, filled: bool, way: str, kept: Kept) -> None:
    content = kept.contents[form, filled, way]
    reading = take(content)
    want = right(form, filled=filled)
    assert said.said(reading) == said.said(want, lost=way == "xls")
    assert reading.content_sha == want.content_sha
    told = {i.code for i in reading.issues} - {i.code for i in want.issues}
    assert told == ({"file-xls"} if way == "xls" else set())
    if way != "xls":
        assert guard.look(content).verdict == "plain"
        other = said.by_openpyxl(content)
        assert (other.header, other.tables) == (reading.header, reading.tables)
        assert reading.claims == want.claims, "the token came through"


def test_an_ods_itself_goes_back_with_its_reason(kept: Kept) -> None:
    reading = take(kept.ods)
    assert (reading.verdict, [issue.code for issue in reading.issues]) == ("quarantined", ["file-ods"])


@pytest.fixture(scope="module")
def worked(office: Job, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Said, list[str]]]:
    """The filled form as .xlsx and .xls after all that people do: what each says, and is told."""
    folder = tmp_path_factory.mktemp("worked")
    sheet, head, columns = samples.head("absence")
    book, wide, last = folder / "absence.xlsx", max(columns.values()), head + 9
    book.write_bytes(samples.sample("absence").content)
    moves = [
        ["insert", sheet, head + 2, 2],
        ["delete", sheet, head + 2, 1],
        ["sort", sheet, head + 1, last, wide, columns["name"]],
        ["swap", sheet, head, last, columns["number"], columns["note"], wide + 2],
        ["hide", sheet, columns["part"]],
        ["add", "备忘", 0],
        ["rename", sheet, "20日"],
        ["filter", "20日", head, last, wide, columns["reason"], "因病"],
    ]
    ways = {folder / "worked.xlsx": XLSX, folder / "worked.xls": XLS}
    seen = office(book, moves, ways)
    assert len(seen["in view"]) == 2
    readings = {path.suffix: take(path.read_bytes()) for path in ways}
    return {kind: (said.said(one), [issue.code for issue in one.issues]) for kind, one in readings.items()}


@pytest.mark.parametrize("kind", [".xlsx", ".xls"])
def test_sorted_filtered_dragged_and_renamed_it_holds_the_same_children(
    kind: str, worked: dict[str, tuple[Said, list[str]]]
) -> None:
    got, codes = worked[kind]
    want = said.said(right("absence", filled=True))
    assert got.header == want.header
    assert by_name(got.rows["rows"]) == by_name(want.rows["rows"])
    assert got.rows["classes"] == want.rows["classes"]
    assert {"rows-hidden", "columns-hidden"} <= set(codes)


def by_name(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(rows, key=lambda row: str(row["name"]))
