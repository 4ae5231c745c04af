"""Real libraries and programs that save workbooks: each opens one of ours, types cells into it, and saves it.

Those that only write (XlsxWriter, pyexcelerate, pandas) put the same cells, values without looks, into a workbook of
their own, as a school's own system does.
"""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import xlsxwriter
from openpyxl import load_workbook
from pyexcelerate import Workbook as PyexcelerateWorkbook

from pipeline.forms.block import address
from tests.people import samples
from tools.programs import program

NPM = Path(__file__).parent / "npm"
Grids = Mapping[str, list[list[object]]]
"""By sheet, the values of its cells from A1 on."""


def grids(sample: samples.Sample) -> Grids:
    """The filled sample's visible sheets."""
    book = load_workbook(io.BytesIO(sample.content))
    return {s.title: [list(row) for row in s.values] for s in book if s.sheet_state == "visible"}


def by_xlsxwriter(sample: samples.Sample) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd", "strings_to_formulas": False})
    for name, rows in grids(sample).items():
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    book.close()
    return out.getvalue()


def by_pandas(sample: samples.Sample) -> bytes:
    """Every sheet as a frame without header, written again."""
    frames = pd.read_excel(io.BytesIO(sample.content), sheet_name=None, header=None, dtype=object, engine="openpyxl")
    out = io.BytesIO()
    with pd.ExcelWriter(out, engine="xlsxwriter", engine_kwargs={"options": {"strings_to_formulas": False}}) as book:
        for name, frame in frames.items():
            frame.to_excel(book, sheet_name=name, header=False, index=False)
    return out.getvalue()


def by_pyexcelerate(sample: samples.Sample) -> bytes:
    out = io.BytesIO()
    book = PyexcelerateWorkbook()
    for name, rows in grids(sample).items():
        book.new_sheet(name, data=[[_no_formula(cell) for cell in row] for row in rows])
    book._save(out)
    return out.getvalue()


def _no_formula(cell: object) -> object:
    """For pyexcelerate a text that begins with = is a formula, which it writes as it stands."""
    return f" {cell}" if isinstance(cell, str) and cell.startswith("=") else "" if cell is None else cell


def by_gnumeric(names: list[str], folder: Path) -> dict[str, bytes]:
    """The filled samples opened and saved by Gnumeric's own converter."""
    saved = {}
    for n, name in enumerate(names):
        came, goes = folder / f"{n}.xlsx", folder / f"{n} saved.xlsx"
        came.write_bytes(samples.sample(name).content)
        command = [program("ssconvert"), "--export-type=Gnumeric_Excel:xlsx2", came, goes]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        saved[name] = goes.read_bytes()
    return saved


def by_javascript(library: str, names: list[str], folder: Path) -> dict[str, bytes]:
    """The templates opened, filled and saved by a library of npm, all in one process."""
    jobs = []
    for n, name in enumerate(names):
        came, goes = folder / f"{n}.xlsx", folder / f"{n} saved.xlsx"
        came.write_bytes(samples.sample(name).template)
        jobs.append({"from": str(came), "to": str(goes), "cells": _cells(samples.sample(name))})
    told = json.dumps({"program": library, "jobs": jobs})
    command = [program("node"), "write.js"]
    done = subprocess.run(command, cwd=NPM, input=told, text=True, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return {name: Path(job["to"]).read_bytes() for name, job in zip(names, jobs, strict=True)}


def _cells(sample: samples.Sample) -> list[tuple[str, str, str, object]]:
    return [
        (sheet, address(row - 1, column), *_value(value))
        for sheet, cells in sample.typed.items()
        for (row, column), value in cells.items()
    ]


def _value(value: object) -> tuple[str, object]:
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime.combine(value, datetime.min.time())
        return "date", moment.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    return ("text", value) if isinstance(value, str) else ("number", value)


VALUES: Mapping[str, Callable[[samples.Sample], bytes]] = {
    "XlsxWriter": by_xlsxwriter,
    "pandas": by_pandas,
    "pyexcelerate": by_pyexcelerate,
}
JAVASCRIPT = ("exceljs", "sheetjs", "xlsx-populate")
