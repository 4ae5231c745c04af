"""The afternoon's program: openpyxl or calamine reads, pandas shapes, pandera checks, sqlite3 keeps; file by file.

It validates every cell and stores rows and reports, nothing else: no archive, no journal, no duplicates, no receipt, no
return workbook, no history, no scope. It has every advantage that does not change what it is: one schema built once,
one connection, prepared statements.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import openpyxl
import pandas as pd
import pandera.pandas as pa

from pipeline.forms import words
from pipeline.forms.base import Vocabulary

SHEET = "缺课登记"
COLUMNS = ("班级", "姓名", "性别", "缺课原因", "起始日", "症状1", "症状2", "症状3", "体温", "就诊", "诊断")
SYMPTOMS = ("症状1", "症状2", "症状3")


def _codes(vocabulary: Vocabulary) -> dict[str, str]:
    return {label: code for code, label in vocabulary.labels.items()}


SEX, REASON, SYMPTOM, DISEASE = map(_codes, (words.SEX, words.REASON, words.SYMPTOM, words.DISEASE))

SCHEMA = pa.DataFrameSchema(
    {
        "school": pa.Column(str, pa.Check.str_matches(r"^[0-9]{10}$")),
        "day": pa.Column("datetime64[us]"),
        "班级": pa.Column(str),
        "姓名": pa.Column(str, pa.Check.str_length(1, 60)),
        "性别": pa.Column(str, pa.Check.isin(SEX), nullable=True),
        "缺课原因": pa.Column(str, pa.Check.isin(REASON)),
        "起始日": pa.Column("datetime64[us]"),
        "症状1": pa.Column(object, pa.Check.isin(SYMPTOM), nullable=True),
        "症状2": pa.Column(object, pa.Check.isin(SYMPTOM), nullable=True),
        "症状3": pa.Column(object, pa.Check.isin(SYMPTOM), nullable=True),
        "体温": pa.Column(float, pa.Check.in_range(35, 42), nullable=True),
        "诊断": pa.Column(object, pa.Check.isin(DISEASE), nullable=True),
    },
    checks=pa.Check(lambda frame: frame["起始日"] <= frame["day"]),
    strict=False,
)

TABLE = """
CREATE TABLE IF NOT EXISTS absence (
    day TEXT, school TEXT, class TEXT, name TEXT, sex TEXT, reason TEXT, start TEXT,
    symptoms TEXT, temperature REAL, diagnosis TEXT,
    PRIMARY KEY (day, school, class, name)
)
"""
REPORTS = "CREATE TABLE IF NOT EXISTS report (day TEXT, school TEXT, rows INTEGER, PRIMARY KEY (day, school))"
INSERT = "INSERT OR REPLACE INTO absence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


Grid = list[list[object]]
Read = Callable[[Path], Grid]


def by_openpyxl(path: Path) -> Grid:
    """The cells as openpyxl reads them: what most people write first."""
    return [list(row) for row in openpyxl.load_workbook(path, data_only=True)[SHEET].iter_rows(values_only=True)]


def by_calamine(path: Path) -> Grid:
    """The cells as pandas reads them with calamine: what one writes who looks for speed."""
    frame = pd.read_excel(path, sheet_name=SHEET, header=None, dtype=object, engine="calamine")
    return frame.where(frame.notna(), None).to_numpy().tolist()


READERS: Mapping[str, Read] = {"openpyxl": by_openpyxl, "pandas+calamine": by_calamine}


def run(paths: Iterable[Path], database: Path, read: Read) -> int:
    """Take every workbook in; return the number of rows stored."""
    stored = 0
    connection = sqlite3.connect(database)
    connection.execute(TABLE)
    connection.execute(REPORTS)
    for path in paths:
        stored += _take(read(path), connection)
        connection.commit()
    connection.close()
    return stored


def _take(grid: Grid, connection: sqlite3.Connection) -> int:
    frame = _frame(grid)
    try:
        frame = SCHEMA.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        bad = error.failure_cases["index"].dropna().astype(int)
        frame = frame.drop(index=list(set(bad)))
    connection.executemany(INSERT, [_record(row) for row in frame.to_dict("records")])
    day, school = _beside(grid, "报告日期"), _beside(grid, "学校标识码")
    connection.execute("INSERT OR REPLACE INTO report VALUES (?, ?, ?)", (str(day)[:10], school, len(frame)))
    return len(frame)


def _frame(grid: Grid) -> pd.DataFrame:
    top = next(i for i, row in enumerate(grid) if _bare(row[0]) in {"班级", "班级名称"})
    names = [_bare(cell) for cell in grid[top]]
    body = [row for row in grid[top + 1 :] if any(cell not in {None, ""} for cell in row[:2])]
    frame = pd.DataFrame(body, columns=names)
    frame = frame.loc[:, [name for name in COLUMNS if name in frame]]
    for name in ("班级", "姓名", "性别", "缺课原因", *SYMPTOMS, "诊断"):
        frame[name] = frame[name].map(lambda cell: cell.strip() if isinstance(cell, str) else None).astype(object)
    frame["性别"] = frame["性别"].astype(str)
    frame["体温"] = pd.to_numeric(frame["体温"], errors="coerce").astype(float)
    frame["起始日"] = pd.to_datetime(frame["起始日"]).astype("datetime64[us]")
    frame.insert(0, "school", pd.Series(_beside(grid[:top], "学校标识码"), index=frame.index, dtype=str))
    day = pd.Timestamp(_beside(grid[:top], "报告日期"))
    frame.insert(1, "day", pd.Series(day, index=frame.index, dtype="datetime64[us]"))
    return frame


def _record(row: dict[str, object]) -> tuple[object, ...]:
    symptoms = sorted(SYMPTOM[str(row[name])] for name in SYMPTOMS if isinstance(row[name], str))
    heat, diagnosis = row["体温"], row["诊断"]
    return (
        row["day"].date().isoformat(),
        row["school"],
        row["班级"],
        row["姓名"],
        SEX[str(row["性别"])],
        REASON[str(row["缺课原因"])],
        row["起始日"].date().isoformat(),
        " ".join(symptoms),
        None if pd.isna(heat) else heat,
        DISEASE[diagnosis] if isinstance(diagnosis, str) else "",
    )


def _beside(rows: list[list[object]], label: str) -> object:
    for row in rows:
        for left, right in itertools.pairwise(row):
            if _bare(left) == label:
                return right
    raise ValueError(f"no {label} in the header")


def _bare(cell: object) -> str:
    return str(cell or "").strip(" *＊:：")
