"""Drives LibreOffice as a clerk would: run by the system's Python, which has `uno` (see test_office.py).

Usage: office.py TEMPLATE FOREIGN OUT — opens the template, types, pastes rows of the foreign workbook over
it, filters, inserts and deletes rows, saves as .xlsx, and tells as JSON what it saw.
"""

import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException


def option(name, value):
    return PropertyValue(name, 0, value, 0)


def connect(profile):
    pipe = f"queke-{Path(profile).name}"
    address = f"pipe,name={pipe};urp;StarOffice.ComponentContext"
    office = subprocess.Popen(
        ["soffice", f"-env:UserInstallation={Path(profile).as_uri()}", "--headless", "--norestore", "--nologo",
         f"--accept=pipe,name={pipe};urp;"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(240):
        try:
            return office, resolver.resolve("uno:" + address)
        except NoConnectException:
            time.sleep(0.25)
    office.kill()
    raise SystemExit("LibreOffice does not answer")


@contextmanager
def sitting():
    """LibreOffice with a profile of its own, as its desktop and dispatcher; it is gone afterwards."""
    with tempfile.TemporaryDirectory() as profile:
        office, context = connect(profile)
        try:
            service = context.ServiceManager.createInstanceWithContext
            desktop = service("com.sun.star.frame.Desktop", context)
            yield desktop, service("com.sun.star.frame.DispatchHelper", context)
            desktop.terminate()
            office.wait(20)
        finally:
            office.kill()


def opened(desktop, path):
    return desktop.loadComponentFromURL(Path(path).as_uri(), "_blank", 0, (option("Hidden", True),))


def heading(sheet):
    for row in range(20):
        if sheet.getCellByPosition(0, row).String.startswith("班级"):
            return row
    raise SystemExit("no heading")


def validation(sheet, column, row):
    rule = sheet.getCellByPosition(column, row).Validation
    return {
        "type": rule.Type.value,
        "source": rule.getFormula1(),
        "stops": rule.ShowErrorMessage and rule.ErrorAlertStyle.value == "STOP",
        "hint": rule.InputMessage,
    }


def paste(desktop, book, foreign, row):
    """Copy the foreign sheet's cells, borders, colours and merges, and paste them into the table."""
    source = opened(desktop, foreign)
    page = source.Sheets.getByIndex(0)
    cursor = page.createCursor()
    cursor.gotoEndOfUsedArea(False)
    area = page.getCellRangeByPosition(0, 0, cursor.RangeAddress.EndColumn, cursor.RangeAddress.EndRow)
    source.CurrentController.select(area)
    copied = source.CurrentController.getTransferable()
    sheet = book.Sheets.getByIndex(0)
    book.CurrentController.setActiveSheet(sheet)
    book.CurrentController.select(sheet.getCellByPosition(0, row))
    book.CurrentController.insertTransferable(copied)
    source.close(True)


def filtered(sheet, head, column, value):
    """How many of the first ten rows stay in view when one column is filtered; the filter is then let go."""
    area = sheet.getCellRangeByPosition(0, head, 15, head + 10)
    wish = area.createFilterDescriptor(True)
    wish.ContainsHeader = True
    field = uno.createUnoStruct("com.sun.star.sheet.TableFilterField")
    field.Field, field.StringValue, field.IsNumeric = column, value, False
    field.Operator = uno.Enum("com.sun.star.sheet.FilterOperator", "EQUAL")
    wish.setFilterFields((field,))
    area.filter(wish)
    seen = sum(sheet.Rows.getByIndex(head + 1 + n).IsVisible for n in range(10))
    area.filter(area.createFilterDescriptor(True))
    return seen


def work(desktop, dispatcher, template, foreign, out):
    book = opened(desktop, template)
    sheet = book.Sheets.getByIndex(0)
    head = heading(sheet)
    typed = ["三(3)班", "某甲", "0012", "男", "因病", "2026-11-20", "", "发热"]
    for column, text in enumerate(typed):
        if text:
            book.CurrentController.select(sheet.getCellByPosition(column, head + 1))
            dispatcher.executeDispatch(
                book.CurrentController.Frame, ".uno:EnterString", "", 0, (option("StringName", text),)
            )
    paste(desktop, book, foreign, head + 2)
    seen = {
        "heading": head,
        "protected": [book.Sheets.getByIndex(n).isProtected() for n in range(book.Sheets.Count)],
        "merged_in_table": sheet.getCellRangeByPosition(0, head, 15, head + 1).IsMerged,
        "rules": {name: validation(sheet, column, head + 9) for name, column in
                  {"sex": 3, "symptom": 7, "class": 0}.items()},
        "lists": {n: [c[0] for c in book.NamedRanges.getByName(n).ReferredCells.DataArray]
                  for n in ("L_Sex", "L_Symptom")},
        "number": sheet.getCellByPosition(2, head + 1).String,
        "day": sheet.getCellByPosition(5, head + 1).String,
        "frozen": book.CurrentController.hasFrozenPanes(),
        "folded": [not sheet.Columns.getByIndex(n).IsVisible for n in range(18)],
        "boys": filtered(sheet, head, 3, "男"),
    }  # fmt: skip
    sheet.Rows.insertByIndex(head + 1, 2)
    sheet.Rows.removeByIndex(head + 1, 1)
    sheet.Columns.getByIndex(1).Width = 4000
    book.storeToURL(Path(out).as_uri(), (option("FilterName", "Calc MS Excel 2007 XML"),))
    book.close(True)
    return seen


def main(template, foreign, out):
    with sitting() as (desktop, dispatcher):
        print(json.dumps(work(desktop, dispatcher, template, foreign, out), ensure_ascii=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
