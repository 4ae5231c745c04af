"""A clerk at LibreOffice, told each move: run by the system's Python, which has `uno` (see tests/people/).

Reads one job a line from stdin, as JSON, and answers each with a line of JSON, what was seen: {"open": path,
"moves": [[move, …], …], "save": {path: filter}}. Rows are Excel's, columns 0-based, sheets by name; texts are entered
as typed at a keyboard. LibreOffice starts once.
"""

import json
import sys
from pathlib import Path

import uno
from office import opened, option, sitting


class Clerk:
    """Works in one open book. Each method is a move."""

    def __init__(self, desktop, dispatcher, book):
        self.desktop, self.dispatcher, self.book = desktop, dispatcher, book
        self.seen = {}

    def sheet(self, name):
        return self.book.Sheets.getByName(name)

    def select(self, name, area):
        self.book.CurrentController.setActiveSheet(self.sheet(name))
        self.book.CurrentController.select(area)

    def type(self, name, row, column, text):
        self.select(name, self.sheet(name).getCellByPosition(column, row - 1))
        entered = (option("StringName", text),)
        self.dispatcher.executeDispatch(self.book.CurrentController.Frame, ".uno:EnterString", "", 0, entered)

    def paste(self, name, row, column, foreign):
        """All that the first sheet of another workbook holds, with its borders and colours."""
        source = opened(self.desktop, foreign)
        cursor = source.Sheets.getByIndex(0).createCursor()
        cursor.gotoEndOfUsedArea(False)
        end = cursor.RangeAddress
        source.CurrentController.select(
            source.Sheets.getByIndex(0).getCellRangeByPosition(0, 0, end.EndColumn, end.EndRow)
        )
        copied = source.CurrentController.getTransferable()
        self.select(name, self.sheet(name).getCellByPosition(column, row - 1))
        self.book.CurrentController.insertTransferable(copied)
        source.close(True)

    def insert(self, name, row, count):
        self.sheet(name).Rows.insertByIndex(row - 1, count)

    def delete(self, name, row, count):
        self.sheet(name).Rows.removeByIndex(row - 1, count)

    def swap(self, name, row, last, one, other, spare):
        """Drag two columns of a table to each other's place, from a row down."""
        sheet = self.sheet(name)
        for source, target in ((one, spare), (other, one), (spare, other)):
            area = sheet.getCellRangeByPosition(source, row - 1, source, last - 1).RangeAddress
            sheet.moveRange(sheet.getCellByPosition(target, row - 1).CellAddress, area)

    def sort(self, name, first, last, wide, column):
        """Rows of a table by one column, downwards."""
        field = uno.createUnoStruct("com.sun.star.table.TableSortField")
        field.Field, field.IsAscending = column, False
        fields = uno.Any("[]com.sun.star.table.TableSortField", (field,))
        area = self.sheet(name).getCellRangeByPosition(0, first - 1, wide, last - 1)
        area.sort((option("SortFields", fields), option("ContainsHeader", False)))

    def filter(self, name, head, last, wide, column, text):
        """Leave in view the rows that say `text`; the filter stays on."""
        area = self.sheet(name).getCellRangeByPosition(0, head - 1, wide, last - 1)
        wish = area.createFilterDescriptor(True)
        wish.ContainsHeader = True
        field = uno.createUnoStruct("com.sun.star.sheet.TableFilterField")
        field.Field, field.StringValue, field.IsNumeric = column, text, False
        field.Operator = uno.Enum("com.sun.star.sheet.FilterOperator", "EQUAL")
        wish.setFilterFields((field,))
        area.filter(wish)
        rows = self.sheet(name).Rows
        self.seen["in view"] = [row for row in range(head + 1, last + 1) if rows.getByIndex(row - 1).IsVisible]

    def hide(self, name, column):
        self.sheet(name).Columns.getByIndex(column).IsVisible = False

    def rename(self, name, other):
        self.sheet(name).Name = other

    def add(self, name, place):
        """A sheet of somebody's own, at a place among the tabs."""
        self.book.Sheets.insertNewByName(name, place)
        self.sheet(name).getCellByPosition(1, 1).String = "备忘"


def work(desktop, dispatcher, job):
    book = opened(desktop, job["open"])
    clerk = Clerk(desktop, dispatcher, book)
    for move, *told in job.get("moves", ()):
        getattr(clerk, move)(*told)
    for path, kind in job["save"].items():
        book.storeToURL(Path(path).as_uri(), (option("FilterName", kind),))
    book.close(True)
    return clerk.seen


def main():
    with sitting() as (desktop, dispatcher):
        for line in sys.stdin:
            print(json.dumps(work(desktop, dispatcher, json.loads(line)), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
