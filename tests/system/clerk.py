"""A clerk at LibreOffice: run by the system's Python, which has `uno` (see test_shown_by.py).

Reads one job a line from stdin, as JSON, and answers each with a line: {"open": path, "save": path,
"rows": {row: {header: text}}, "fields": {label: text}}. A row counts from 1 below the table's heading; texts are
entered as typed at a keyboard, into the cell right of a label or below a header that begins so.
"""

import json
import sys
from pathlib import Path

import uno  # noqa: F401  # com.sun.star is imported by it
from office import opened, option, sitting

FILTER = "Calc MS Excel 2007 XML"
WIDE, HIGH = 30, 30  # cells looked at for a label or a header


def cells(sheet):
    for row in range(HIGH):
        for column in range(WIDE):
            text = sheet.getCellByPosition(column, row).String
            if text:
                yield column, row, text


def places(sheet):
    """The table's heading row and its headers' columns; labels above it with their cells."""
    seen = list(cells(sheet))
    head = next(row for _, row, text in seen if text.startswith("班级"))
    headers = {text: column for column, row, text in seen if row == head}
    labels = {text: (column + 1, row) for column, row, text in seen if row < head}
    return head, headers, labels


def beginning(found, start):
    return next(place for text, place in found.items() if text.startswith(start))


def work(desktop, dispatcher, job):
    book = opened(desktop, job["open"])
    sheet = book.Sheets.getByIndex(0)
    head, headers, labels = places(sheet)
    typed = [(*beginning(labels, label), text) for label, text in job.get("fields", {}).items()]
    for row, texts in job.get("rows", {}).items():
        typed += [(beginning(headers, header), head + int(row), text) for header, text in texts.items()]
    for column, row, text in typed:
        book.CurrentController.select(sheet.getCellByPosition(column, row))
        entered = (option("StringName", text),)
        dispatcher.executeDispatch(book.CurrentController.Frame, ".uno:EnterString", "", 0, entered)
    if Path(job["save"]) == Path(job["open"]):
        book.store()
    else:
        book.storeToURL(Path(job["save"]).as_uri(), (option("FilterName", FILTER),))
    book.close(True)


def main():
    with sitting() as (desktop, dispatcher):
        for line in sys.stdin:
            work(desktop, dispatcher, json.loads(line))
            print("done", flush=True)


if __name__ == "__main__":
    main()
