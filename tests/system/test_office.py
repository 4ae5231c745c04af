"""Our workbooks in a real spreadsheet program. Needs LibreOffice (the test set-up installs it)."""

from __future__ import annotations

import io
import json
import re
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Border, PatternFill, Side

from pipeline.forms import FORMS, form
from pipeline.model import Issue, Refused
from pipeline.xlsx import guard
from pipeline.xlsx.blank import TemplateFacts, blank
from pipeline.xlsx.giveback import GivebackFacts, giveback
from pipeline.xlsx.template_cache import from_cache
from tests.reading import take
from tools.programs import convert, office_python

DAY = date(2026, 11, 20)
FACTS = TemplateFacts(
    fields={"unit": "2132000001", "school": "示例小学", "campus": "本部", "day": DAY},
    rows={"classes": ({"class_name": "三(3)班", "roll": 45}, {"class_name": "三(4)班", "roll": 44})},
    token="t",
)


def foreign(path: Path) -> Path:
    """A clerk's own sheet, with its own borders and fills."""
    book = Workbook()
    sheet = book.active
    sheet.append(["三(4)班", "某乙", None, "女", "因病", "2026-11-19", None, "咳嗽、发热"])
    sheet.append(["三(4)班", "某丙", None, "男", "其他", "2026-11-20"])
    for row in sheet.iter_rows():
        for cell in row:
            cell.fill = PatternFill("solid", fgColor="FFFF00")
            cell.border = Border(left=Side("thick"))
    book.save(path)
    return path


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("office")
    template, out = folder / "模板.xlsx", folder / "填好.xlsx"
    template.write_bytes(blank(form("absence"), FACTS))
    script = Path(__file__).with_name("office.py")
    done = subprocess.run(
        [office_python(), script, template, foreign(folder / "外来.xlsx"), out],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "content": out.read_bytes()}


def test_no_sheet_is_protected_and_the_table_is_not_merged(seen: dict) -> None:
    assert not any(seen["protected"])
    assert not seen["merged_in_table"]


def test_the_dropdowns_offer_our_words(seen: dict) -> None:
    assert seen["rules"]["sex"]["type"] == "LIST"
    assert seen["rules"]["sex"]["stops"]
    assert seen["lists"]["L_Sex"] == ["男", "女"]
    assert seen["lists"]["L_Symptom"][0] == "发热"


def test_a_symptom_or_a_class_outside_the_list_is_questioned_not_stopped(seen: dict) -> None:
    assert not seen["rules"]["symptom"]["stops"]
    assert not seen["rules"]["class"]["stops"]
    assert seen["rules"]["class"]["type"] == "LIST"


def test_numbers_keep_their_zeros_and_days_their_order(seen: dict) -> None:
    assert (seen["number"], seen["day"]) == ("0012", "2026-11-20")


def test_sixteen_columns_are_in_view_and_the_rest_is_folded(seen: dict) -> None:
    assert seen["frozen"]
    assert seen["folded"] == [False] * 16 + [True] * 2


def test_the_table_filters(seen: dict) -> None:
    assert seen["boys"] == 2


def test_what_was_typed_and_pasted_is_read(seen: dict) -> None:
    assert guard.look(seen["content"]).verdict == "plain"
    reading = take(seen["content"])
    table = form("absence").table("rows")
    name, start = table.index("name"), table.index("start")
    assert [(row.values[name], row.values[start]) for row in reading.tables["rows"]] == [
        ("某甲", DAY),
        ("某乙", date(2026, 11, 19)),
        ("某丙", DAY),
    ]
    assert reading.claims is not None
    assert (reading.claims.unit, reading.claims.token, reading.claims.day) == ("2132000001", "t", DAY)


NAMES = (
    *('示例"第二"小学', '"', '示例""', "示例'甲'小学", "示例&乙<丙>小学", "=示例+1小学", "示例[3]!小学", "@示例;小学"),
    *("示例_x0041_小学", "示例，丁小学", "示例,戊小学", "#REF!小学", "示例{1}小学", "'示例", "长" * 120 + '"'),
)
ROOMS = ("三&<b>班", "三'甲'班", '三"乙"班', "=三(9)班", "三[2]!班", "三,四班", "三_x0042_班", "'五班", "@六班", "-1班")


@pytest.fixture(scope="module")
def quoted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bytes]]:
    """Workbooks of schools whose names have signs of formulas and XML, as drawn and as LibreOffice saves them."""
    folder = tmp_path_factory.mktemp("quoted")
    absence, rows = form("absence"), {"classes": tuple({"class_name": name, "roll": 40} for name in ROOMS)}
    for n, name in enumerate(NAMES):
        fields = {**FACTS.fields, "school": name, "campus": name[-40:]}
        facts = TemplateFacts(fields=fields, rows=rows, token="t")
        back = Refused("rows", 9, {"class_name": ROOMS[0], "name": name[:20]}, (Issue("reason-missing"),), "K7MQ3F")
        made = {
            "drawn": blank(absence, facts),
            "mould": from_cache(absence, facts),
            "back": giveback(absence, GivebackFacts(fields, [back], token="t", classes=ROOMS)),
            "closure": blank(form("closure"), TemplateFacts(fields=fields, token="t")),
        }
        for kind, content in made.items():
            (folder / f"{kind}{n:02}.xlsx").write_bytes(content)
    saved = converted("xlsx", [*folder.glob("*.xlsx")], folder)
    paths = [path for place in (folder, saved) for path in sorted(place.glob("*.xlsx"))]
    return {kind: [path.read_bytes() for path in paths if path.name.startswith(kind)] for kind in made}


@pytest.mark.parametrize("kind", ["drawn", "mould", "back", "closure"])
def test_names_with_signs_of_formulas_stay_what_they_are(kind: str, quoted: dict[str, list[bytes]]) -> None:
    books = [load_workbook(io.BytesIO(content)) for content in quoted[kind]]
    assert len(books) == 2 * len(NAMES)
    for at, (book, name) in enumerate(zip(books, [*NAMES, *NAMES], strict=True)):
        sheet = book.worksheets[0]
        cells = {cell.coordinate: cell for row in sheet.iter_rows() for cell in row if cell.value == name}
        assert cells, name
        assert all(cell.data_type == "s" for cell in cells.values())
        rules = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
        held = [formula for place, formula in rules.items() if place.split(":")[0].split()[0] in cells and formula]
        if "," not in name:  # which a list in a rule cannot hold
            assert held, name
        if at < len(NAMES):  # LibreOffice understands doubled quotes, and does not write them
            assert [one for one in held if not re.fullmatch(r'"(?:[^"]|"")*"', one)] == []
            assert {one[1:-1].replace('""', '"').replace("_x005F_", "_") for one in held} <= {name}
        if kind != "closure":
            assert _offered(book) == list(ROOMS)


def _offered(book: Workbook) -> list[object]:
    """What the dropdown of classes offers."""
    sheet, area = next(iter(book.defined_names["L_ClassNames"].destinations))
    return [row[0].value for row in book[sheet][area.replace("$", "")] if row[0].value is not None]


def converted(kind: str, files: list[Path], folder: Path) -> Path:
    """The files as LibreOffice saves them in another format."""
    convert(files, kind, folder / kind)
    return folder / kind


@pytest.fixture(scope="module")
def saved_again(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], bytes]:
    """Every template as three programs save it, by (form, program)."""
    folder = tmp_path_factory.mktemp("again")
    contents = {}
    for each in FORMS:
        content = blank(each, FACTS)
        contents[each.name, "xlsxwriter"] = content
        buffer = io.BytesIO()
        load_workbook(io.BytesIO(content)).save(buffer)
        contents[each.name, "openpyxl"] = buffer.getvalue()
        (folder / f"{each.name}.xlsx").write_bytes(content)
    saved = converted("xlsx", [*folder.glob("*.xlsx")], folder)
    return contents | {(each.name, "libreoffice"): (saved / f"{each.name}.xlsx").read_bytes() for each in FORMS}


@pytest.mark.parametrize("program", ["xlsxwriter", "openpyxl", "libreoffice"])
@pytest.mark.parametrize("name", [each.name for each in FORMS])
def test_a_template_stays_plain_and_says_the_same_whoever_saves_it(
    name: str, program: str, saved_again: dict[tuple[str, str], bytes]
) -> None:
    content = saved_again[name, program]
    assert guard.look(content).verdict == "plain"
    ours, theirs = take(saved_again[name, "xlsxwriter"]), take(content)
    assert theirs.content_sha == ours.content_sha
    assert theirs.claims == ours.claims


@pytest.fixture(scope="module")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled template with a formula, an error cell and a hidden row, to be saved in old formats."""
    folder = tmp_path_factory.mktemp("old")
    row = {"class_name": "三(3)班", "name": "某甲", "sex": "男", "reason": "因病", "start": DAY, "symptom1": "发热"}
    rows = ({**row, "name": f"某{n}"} for n in "甲乙丙")
    book = load_workbook(io.BytesIO(blank(form("absence"), replace(FACTS, rows={**FACTS.rows, "rows": tuple(rows)}))))
    sheet = book["缺课登记"]
    head = next(r[0].row for r in sheet.iter_rows() if r[0].value == "班级*")
    sheet.cell(head + 1, 12, "=37+1.5")
    sheet.cell(head + 2, 12, "=1/0")
    sheet.row_dimensions[head + 3].hidden = True
    book.save(folder / "x.xlsx")
    return folder


def test_an_old_xls_is_read_with_its_formulas_errors_and_hidden_rows_and_asked_to_change(awkward: Path) -> None:
    content = (converted("xls", [awkward / "x.xlsx"], awkward) / "x.xls").read_bytes()
    assert guard.look(content).verdict == "odd"
    reading = take(content)
    assert [issue.code for issue in reading.issues] == ["file-xls", "formula-value", "error-cell-left", "rows-hidden"]
    table = form("absence").table("rows")
    assert [row.values[table.index("temperature")] for row in reading.tables["rows"]] == [38.5, None, None]
    assert reading.claims is not None
    assert reading.claims.day == DAY


def test_a_sheet_of_another_format_is_refused_by_its_name(awkward: Path) -> None:
    content = (converted("ods", [awkward / "x.xlsx"], awkward) / "x.ods").read_bytes()
    assert [issue.code for issue in take(content).issues] == ["file-ods"]
