"""Workbooks of old Excel and WPS (.xls), read in a process that may die; the sender is asked for .xlsx.

calamine shows error cells and formulas of an .xls as values or blanks, so the records of the Workbook stream are walked
once ([MS-XLS] 2.4) to find them, and hidden rows and columns.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO

from msoffcrypto import OfficeFile
from msoffcrypto.exceptions import FileFormatError
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from pipeline.model import Issue, Workbook
from pipeline.xlsx.package import Unsound
from pipeline.xlsx.precheck import MAX_COLUMNS, MAX_ROWS
from pipeline.xlsx.sheets import HiddenParts, sheets_in

_BOF, _FORMULA, _BOOLERR, _ROW, _COLINFO, _DATEMODE = 0x0809, 0x0006, 0x0205, 0x0208, 0x007D, 0x0022
_MERGED, _REF8 = 0x00E5, struct.Struct("<4H")
_WORKSHEET = 0x0010
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


def read(content: bytes) -> Workbook:
    """Read an .xls. Raises Unsound: file-encrypted, file-old-format (Word, .et …), file-damaged."""
    stream = _stream(content)
    notes, date1904 = _notes(stream)
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        names = [m.name for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
        by_name = dict(zip(names, notes, strict=False))
        sheets = sheets_in(book, by_name)
    except (CalamineError, OSError):
        raise Unsound("file-damaged") from None
    return Workbook(sheets, {}, date1904, facts=(Issue("file-xls"),))


def _stream(content: bytes) -> bytes:
    try:
        office = OfficeFile(BytesIO(content))
        if office.format != "xls97":
            raise Unsound("file-old-format")
        if office.is_encrypted():
            raise Unsound("file-encrypted")
        stream: bytes = office.ole.openstream("Workbook").read()
    except (FileFormatError, OSError, ValueError, struct.error, IndexError):
        raise Unsound("file-old-format") from None
    return stream


def _records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _notes(stream: bytes) -> tuple[list[HiddenParts], bool]:
    """What the worksheets hide, in the order of their substreams, and whether dates count from 1904."""
    sheets: list[HiddenParts] = []
    here = HiddenParts()
    date1904 = False
    for kind, record in _records(stream):
        if kind == _BOF and len(record) >= 4:
            here = HiddenParts()
            if struct.unpack_from("<H", record, 2)[0] == _WORKSHEET:
                sheets.append(here)
        elif kind == _DATEMODE:
            date1904 = record[:1] == b"\x01"
        elif kind in (_FORMULA, _BOOLERR) and len(record) >= 8:
            _note_cell(here, kind, record)
        elif kind == _ROW and len(record) >= 16 and record[12] & 0x20:
            here.hidden_rows.add(struct.unpack_from("<H", record)[0] + 1)
        elif kind == _COLINFO and len(record) >= 10 and record[8] & 0x01:
            first, last = struct.unpack_from("<HH", record)
            here.hidden_columns.update(range(first, min(last + 1, MAX_COLUMNS)))
        elif kind == _MERGED:
            refs = (_REF8.unpack_from(record, at) for at in range(2, len(record) - _REF8.size + 1, _REF8.size))
            here.merged.extend((top + 1, bottom + 1, left) for top, bottom, left, _ in refs if bottom > top)
    return sheets, date1904


def _note_cell(here: HiddenParts, kind: int, record: bytes) -> None:
    row, column = struct.unpack_from("<HH", record)
    if row >= MAX_ROWS or column >= MAX_COLUMNS:
        raise Unsound("file-far-cells")
    place = (row + 1, column)
    if kind == _BOOLERR:
        if record[7]:
            here.errors[place] = _ERRORS.get(record[6], "#N/A")
        return
    here.formulas[place] = True
    if len(record) >= 14 and record[12:14] == b"\xff\xff" and record[6] == 2:
        here.errors[place] = _ERRORS.get(record[8], "#N/A")
