"""Workbooks that were made to harm, and what must become of each: (bytes, code of the issue).

Built here, byte by byte where no library would; code "" means it must pass.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping

from pipeline.forms import form
from pipeline.xlsx.blank import blank

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
REL = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
XML = '<?xml version="1.0" encoding="UTF-8"?>'
_TYPES = (
    f'{XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>{more}</Types>'
)
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def sheet(rows: str, *, before: str = "", after: str = "") -> str:
    return f"{XML}<worksheet {MAIN} {REL}>{before}<sheetData>{rows}</sheetData>{after}</worksheet>"


def parts(rows: str = "", more: Mapping[str, str | bytes] | None = None, **texts: str) -> dict[str, str | bytes]:
    """The members of the smallest workbook; `texts`: types, book, sheet in place of the usual."""
    return {
        "[Content_Types].xml": texts.get("types", _TYPES.format(more="")),
        "_rels/.rels": f'{XML}<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" '
        f'Type="{_KIND}officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": texts.get(
            "book",
            f'{XML}<workbook {MAIN} {REL}><sheets><sheet name="甲" sheetId="1" r:id="rId1"/></sheets></workbook>',
        ),
        "xl/_rels/workbook.xml.rels": f'{XML}<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" '
        f'Type="{_KIND}worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
        f'Type="{_KIND}sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": texts.get("sheet", sheet(rows)),
        **(more or {}),
    }


def packed(members: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in members.items():
            package.writestr(name, part)
    return buffer.getvalue()


def strings(*texts: str) -> str:
    return f"{XML}<sst {MAIN}>" + "".join(f"<si><t>{text}</t></si>" for text in texts) + "</sst>"


def number(ref: str) -> str:
    row = "".join(sign for sign in ref if sign.isdigit())
    return f'<row r="{row}"><c r="{ref}"><v>1</v></c></row>'


def ole(*names: str) -> bytes:
    """An old Office container as far as anybody looks: the magic and the names of its streams."""
    body = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in names)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + body.ljust(4096, b"\0")


def hostile() -> Iterator[tuple[str, bytes, str]]:
    """(what it is, its bytes, the issue it must end in) one after the other."""
    yield from _not_workbooks()
    yield from _containers()
    yield from _active()
    yield from _swollen()
    yield from _crooked()


def _not_workbooks() -> Iterator[tuple[str, bytes, str]]:
    good = blank(form("absence"))
    yield "zero bytes", b"", "file-empty"
    yield "only blanks", b" \r\n" * 400, "file-empty"
    yield "only NUL", b"\0" * 4096, "file-hollow"
    yield "numbers", packed({"Index/Document.iwa": b"\0", "Metadata/Properties.plist": b"x"}), "file-numbers"
    yield "old numbers", packed({"Index.zip": b"PK", "Metadata/Properties.plist": b"x"}), "file-numbers"
    yield "heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), "file-photo"
    yield "webp", b"RIFF\x24\0\0\0WEBPVP8 " + bytes(200), "file-photo"
    yield "tiff", b"II*\0\x08\0\0\0" + bytes(200), "file-photo"
    mail = b"Received: from a\r\n\tby b; Fri\r\nSubject: =?utf-8?B?57y66K++?=\r\n\r\nx"
    yield "eml", mail, "file-mail"
    yield "outlook", ole("Root Entry", "__substg1.0_001A001E"), "file-mail"
    yield "csv that begins with a colon", "日期：11月20日\n班级,姓名\n".encode(), "file-not-workbook"
    yield "pdf", b"%PDF-1.7\n%...", "file-picture"
    yield "html", b"<html><body><table><tr><td>1</td></tr></table></body></html>", "file-not-workbook"
    yield "csv", "班级,姓名\n三(3)班,某\n".encode("gb18030"), "file-not-workbook"
    yield "text", "今天没有人缺课".encode(), "file-not-workbook"
    yield "old xml spreadsheet", b'<?xml version="1.0"?><Workbook/>', "file-not-workbook"
    yield "rar", b"Rar!\x1a\x07\x01\x00" + bytes(100), "file-archive"
    yield "zip of a workbook", packed({"缺课日报.xlsx": good}), "file-archive"
    yield "word document", packed({"[Content_Types].xml": "<Types/>", "word/document.xml": "<d/>"}), "file-not-workbook"
    yield (
        "ods",
        packed({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<a/>"}),
        "file-ods",
    )
    yield "xlsb", packed({"[Content_Types].xml": "<Types/>", "xl/workbook.bin": b"\x83\x01"}), "file-xlsb"
    yield "encrypted xlsx", ole("Root Entry", "EncryptionInfo", "EncryptedPackage"), "file-encrypted"
    yield "xls with macros", ole("Root Entry", "Workbook", "_VBA_PROJECT_CUR"), "file-macro"
    yield "xls with an object", ole("Root Entry", "Workbook", "MBD00012345"), "file-embedded"
    yield "word, wps, et", ole("Root Entry", "WordDocument"), "file-old-format"
    yield "torn xls", ole("Root Entry", "Workbook"), "file-old-format"


def _containers() -> Iterator[tuple[str, bytes, str]]:
    good = blank(form("absence"))
    yield "truncated", good[: len(good) * 2 // 3], "file-damaged"
    yield "flipped bit", good[:3000] + bytes([good[3000] ^ 0xFF]) + good[3001:], "file-damaged"
    yield "two names by case", packed(parts(more={"XL/worksheets/SHEET1.xml": sheet("")})), "file-damaged"
    yield "two names by slash", packed(parts(more={"xl\\worksheets\\sheet1.xml": sheet("")})), "file-damaged"
    yield "traversal", packed(parts(more={"../../etc/cron.d/x.xml": "<x/>"})), "file-damaged"
    yield "absolute name", packed(parts(more={"/etc/x.xml": "<x/>"})), "file-damaged"
    yield "overlap", _overlapping(), "file-damaged"
    yield "other size in the directory", _lying_size(), "file-damaged"
    yield "too many members", packed(parts(more={f"xl/m{n}.xml": "<x/>" for n in range(600)})), "file-bomb"
    yield "password zip", _flagged(), "file-encrypted"


def _active() -> Iterator[tuple[str, bytes, str]]:
    types = _TYPES.replace("sheet.main+xml", "sheet.macroEnabled.main+xml").format(more="")
    link = f'{XML}<externalLink {MAIN} {REL}><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>'
    honest = f'{XML}<externalLink {MAIN} {REL}><externalBook r:id="rId1"/></externalLink>'
    yield "xlsm", packed(parts(types=types)), "file-macro"
    yield "vba project", packed(parts(more={"xl/vbaProject.bin": b"\0" * 100})), "file-macro"
    yield "excel 4 macros", packed(parts(more={"xl/macrosheets/sheet1.xml": "<x/>"})), "file-macro"
    more = '<Default Extension="{}" ContentType="application/vnd.ms-office.vbaProject"/>'
    for called in ("bin", "b&#105;n"):
        members = parts(types=_TYPES.format(more=more.format(called)), more={"xl/other.bin": b"\0"})
        yield f"vba project under another name, {called}", packed(members), "file-macro"
    main = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    by_extension = _TYPES.replace('"application/xml"', f'"{main}"').format(more="")
    yield "xlsm by its extension", packed(parts(types=by_extension)), "file-macro"
    related = str(parts()["xl/_rels/workbook.xml.rels"]).replace(
        "</Relationships>",
        '<Relationship Id="rId9" Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" '
        'Target="printerSettings/p.bin"/></Relationships>',
    )
    hidden = {"xl/printerSettings/p.bin": b"\0", "xl/_rels/workbook.xml.rels": related}
    yield "vba project among printer settings", packed(parts(types=_TYPES.format(more=""), more=hidden)), "file-macro"
    yield "activex", packed(parts(more={"xl/activeX/activeX1.xml": "<x/>"})), "file-embedded"
    yield "embedded object", packed(parts(more={"xl/embeddings/oleObject1.bin": b"\0"})), "file-embedded"
    yield (
        "object in a sheet",
        packed(parts(sheet=sheet("", after="<oleObjects><oleObject/></oleObjects>"))),
        "file-embedded",
    )
    yield "dde", packed(parts(more={"xl/externalLinks/externalLink1.xml": link})), "file-embedded"
    yield "external link", packed(parts(number("A1"), more={"xl/externalLinks/externalLink1.xml": honest})), ""


def _swollen() -> Iterator[tuple[str, bytes, str]]:
    bomb = sheet('<row r="1"><c r="A1"><v>' + "1" * 30_000_000 + "</v></c></row>")
    entity = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    styled = "".join(
        f'<row r="{row}">' + "".join(f'<c r="{column}{row}" s="0"/>' for column in "ABCDEFGHIJ") + "</row>"
        for row in range(1, 20_001)
    )
    many = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 5001))
    wide = "".join(f'<mergeCell ref="A{n}:XFD{n}"/>' for n in range(1, 1000))
    yield "zip bomb", packed(parts(sheet=bomb)), "file-bomb"
    yield "entity bomb", packed(parts(sheet=sheet("").replace(XML, XML + entity))), "file-damaged"
    yield (
        "doctype in the strings",
        packed(parts(more={"xl/sharedStrings.xml": XML + entity + "<sst/>"})),
        "file-damaged",
    )
    yield "value at XFD1048576", packed(parts(number("A1") + number("XFD1048576"))), "file-far-cells"
    yield "value in the last row", packed(parts(number("A1") + number("A1048576"))), "file-far-cells"
    yield "value in the last column", packed(parts(number("XFD1"))), "file-far-cells"
    yield "value in row 90000", packed(parts(number("A1") + number("ZZ90000"))), "file-far-cells"
    fan = {"xl/sharedStrings.xml": strings("x" * 32_000)}
    yield "fan-out of one string", packed(parts(many, more=fan)), "file-bomb"
    for said in ('uniqueCount="4294967295"', 'count="4294967295"', "uniqueCount = '99999999999999'"):
        lies = {"xl/sharedStrings.xml": f"{XML}<sst {MAIN} {said}><si><t>x</t></si></sst>"}
        yield f"a table of texts that says {said}", packed(parts(number("A1"), more=lies)), "file-bomb"
    merged = sheet('<row r="1"><c r="A1"><f>1+1</f></c></row>', after=f"<mergeCells>{wide}</mergeCells>")
    yield "merges without end", packed(parts(sheet=merged)), "file-far-cells"
    yield "200,000 empty styled cells", packed(parts(styled)), ""


def _crooked() -> Iterator[tuple[str, bytes, str]]:
    utf16 = sheet(number("A1")).replace("UTF-8", "UTF-16").encode("utf-16")
    gbk = sheet("").replace("UTF-8", "GB18030").encode("gb18030")
    yield "utf-16", packed(parts(more={"xl/worksheets/sheet1.xml": utf16})), "file-damaged"
    yield "gb18030", packed(parts(more={"xl/worksheets/sheet1.xml": gbk})), "file-damaged"
    yield "not utf-8", packed(parts(sheet=sheet("").replace(">", ">\udcff", 1)) | {
        "xl/worksheets/sheet1.xml": sheet("").encode().replace(b"<sheetData>", b"<sheetData>\xff")
    }), "file-damaged"  # fmt: skip
    yield "broken xml", packed(parts(sheet=sheet("<row")[:-20])), "file-damaged"
    yield "rows going back", packed(parts(number("A5") + number("A3"))), "file-damaged"
    yield (
        "cells going back",
        packed(parts('<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>2</v></c></row>')),
        "file-damaged",
    )
    yield "cell of another row", packed(parts('<row r="1"><c r="A7"><v>1</v></c></row>')), "file-damaged"
    yield "string that is not there", packed(parts('<row r="1"><c r="A1" t="s"><v>999</v></c></row>')), "file-damaged"
    yield "sheet that is not there", packed({k: v for k, v in parts().items() if "sheet1" not in k}), "file-damaged"
    yield "no sheets", packed(parts(book=f"{XML}<workbook {MAIN}><sheets/></workbook>")), ""


# --------------------------------------------------------------------------- containers no library writes


def _overlapping() -> bytes:
    """Two directory entries over the same bytes."""
    content = bytearray(packed(parts()))
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    third = content.index(b"PK\x01\x02", second + 4)
    entry = content[first:second]
    content[third:third] = entry
    end = content.rindex(b"PK\x05\x06")
    counts = struct.unpack_from("<HHL", content, end + 8)
    struct.pack_into("<HHL", content, end + 8, counts[0] + 1, counts[1] + 1, counts[2] + len(entry))
    return bytes(content)


def _lying_size() -> bytes:
    """A member that inflates to far more than both headers say."""
    members = parts()
    part = zlib.compress(sheet("<!-- " + "x" * 2_000_000 + " -->").encode(), 9)[2:-4]
    content = bytearray(packed(members | {"xl/worksheets/sheet1.xml": b"\0" * len(part)}))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, text in members.items():
            package.writestr(name, part if name.endswith("sheet1.xml") else text)
    content = bytearray(buffer.getvalue())
    for magic, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = -1
        while (place := content.find(magic, place + 1)) >= 0:
            name = content[place + (30 if at == 8 else 46) :][:40]
            if name.startswith(b"xl/worksheets/sheet1.xml"):
                struct.pack_into("<H", content, place + at, 8)
    return bytes(content)


def _flagged() -> bytes:
    content = bytearray(packed(parts()))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + at] |= 1
    return bytes(content)
