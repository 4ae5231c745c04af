"""What may happen to a workbook's bytes on its way: each function takes good bytes and returns what arrives."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

BOMB_BYTES = 300 * 2**20


def as_csv(content: bytes) -> bytes:
    """A comma-separated text under a workbook's name."""
    del content
    return "班级,姓名,性别,缺课原因\r\n小一班,示例甲,男,因病\r\n".encode("gb18030")


def as_pdf(content: bytes) -> bytes:
    """A printed page under a workbook's name."""
    del content
    return b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def empty(content: bytes) -> bytes:
    """Nothing: the disk was full where it came from."""
    del content
    return b""


def cut(content: bytes) -> bytes:
    """The first half of an upload."""
    return content[: len(content) // 2]


def without_properties(content: bytes) -> bytes:
    """Saved again by an online editor: document properties and hidden names are gone."""
    return _without(content, "docProps/custom.xml")


def bomb(content: bytes) -> bytes:
    """A sheet that swells to 300 MB when it is unpacked."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as good, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bad:
        for name in good.namelist():
            if name != "xl/worksheets/sheet1.xml":
                bad.writestr(name, good.read(name))
        with bad.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            for _ in range(BOMB_BYTES // 2**20):
                sheet.write(b" " * 2**20)
            sheet.write(b"</sheetData></worksheet>")
    return buffer.getvalue()


DAMAGES: Mapping[str, Callable[[bytes], bytes]] = {
    function.__name__: function for function in (as_csv, as_pdf, empty, cut, without_properties, bomb)
}


def _without(content: bytes, part: str) -> bytes:
    """Leave out one part, with what points to it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as good, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bad:
        for name in good.namelist():
            if name == part:
                continue
            text = good.read(name)
            if name in {"[Content_Types].xml", "_rels/.rels"}:
                text = _unmentioned(text, part)
            bad.writestr(name, text)
    return buffer.getvalue()


def _unmentioned(text: bytes, part: str) -> bytes:
    pieces = text.decode().replace("/>", "/>\0").split("\0")
    return "".join(piece for piece in pieces if part not in piece).encode()
