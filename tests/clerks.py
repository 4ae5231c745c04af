"""A clerk who fills in the template of a day and drops it, and what stands in a template."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO

import openpyxl

from pipeline import issuing, run
from pipeline.model import Settled, Site
from tests.inprocess import InProcess
from tests.sites import SCHOOLS, ZONE

SCHOOL = next(iter(SCHOOLS))


@dataclass
class Clerk:
    """Fills the template of a day as a clerk does, and drops it."""

    site: Site

    def template(self, day: date) -> openpyxl.Workbook:
        return openpyxl.load_workbook(BytesIO(issuing.template(self.site, "absence", SCHOOL, day)))

    def drop(self, book: openpyxl.Workbook, day: date, *, after: timedelta = timedelta()) -> Settled:
        moment = datetime(day.year, day.month, day.day, 14, 0, tzinfo=ZONE) + after
        folder = self.site.inbox / SCHOOL
        folder.mkdir(exist_ok=True)
        book.save(folder / f"{moment:%d%H%M}.xlsx")
        found: list[Settled] = []
        with InProcess() as readers:
            run.drain(self.site, readers, lambda: moment, observe=lambda _arrival, settled: found.append(settled))
        [settled] = found
        return settled

    def receipt(self, day: date) -> str:
        papers = sorted(self.site.outbox.glob(f"学校/*/{day}/回执*.txt"), key=lambda path: path.name)
        return papers[-1].read_text(encoding="utf-8-sig")


def heading(book: openpyxl.Workbook) -> tuple[int, dict[str, int]]:
    """Row of the table's head, and the columns by header; 1-based."""
    sheet = book.worksheets[0]
    for row in sheet.iter_rows(min_row=1, max_row=20):
        named = {str(cell.value).rstrip("*"): cell.column for cell in row if cell.value is not None}
        if "班级" in named and "姓名" in named:
            return row[0].row, named
    raise AssertionError("no table")


def put(book: openpyxl.Workbook, row: int, values: Mapping[str, object]) -> None:
    """Type into the nth row below the head, by header."""
    head, columns = heading(book)
    for name, value in values.items():
        place = next(column for header, column in columns.items() if header.startswith(name))
        book.worksheets[0].cell(head + row, place, value)


def zero(book: openpyxl.Workbook, word: str = "是") -> None:
    sheet = book.worksheets[0]
    for row in sheet.iter_rows(min_row=1, max_row=12):
        for cell in row:
            if cell.value == "零报告":
                sheet.cell(cell.row, cell.column + 1, word)


def rows(book: openpyxl.Workbook) -> list[dict[str, object]]:
    head, columns = heading(book)
    found = []
    for line in range(head + 1, head + 30):
        values = {name: book.worksheets[0].cell(line, place).value for name, place in columns.items()}
        if values.get("姓名"):
            found.append({name: value for name, value in values.items() if value is not None})
    return found
