"""Writes a workbook's XML as other programs write it: every habit that matters to a reader is a switch.

Our own libraries write one dialect each. WPS, Excel for Mac, online editors and report generators write others,
all of them legal; which program has which habit is in programs.py.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from itertools import groupby
from typing import Literal

from pipeline.forms.block import letters
from tests.people.pages import Page

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_STRICT_REL = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DATE, _TIME, _GENERAL = 1, 2, 0


@dataclass(frozen=True)
class Habit:
    """How a program writes. The default is the plainest file that is one."""

    strings: Literal["shared", "inline", "rich", "phonetic", "pieces", "str"] = "shared"
    dates: Literal["style", "general", "iso"] = "style"
    epoch1904: bool = False
    day_format: int = 14  # of a date; 27–36 and 50–58 are the Chinese ones
    time_format: int = 22
    styles: bool = True
    each_its_own_style: bool = False
    dimension: str = ""  # what it says the area is; "" says nothing
    places: bool = True  # cells say where they are
    spans: bool = False  # rows say more than their number
    type_first: bool = False  # attributes of a cell in another order
    typed_numbers: bool = False  # t="n"
    quote: str = '"'
    prefix: str = ""
    lines: str = ""  # between elements
    strict: bool = False
    bom: bool = False
    declaration: str = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    absolute: bool = False  # relations name parts from the root
    sheet_path: str = "worksheets/sheet{n}.xml"
    strings_path: str = "sharedStrings.xml"
    book_attributes: str = ""
    more: Mapping[str, str | bytes] = field(default_factory=dict)  # parts of its own
    packing: Literal["deflated", "stored", "descriptors", "zip64"] = "deflated"


def written(pages: Sequence[Page], habit: Habit, properties: Mapping[str, str] | None = None) -> bytes:
    """The workbook as a program of that habit saves it; the same input gives the same bytes."""
    return packed(parts(pages, habit, properties or {}), habit.packing)


def parts(pages: Sequence[Page], habit: Habit, properties: Mapping[str, str]) -> dict[str, bytes]:
    """Its members, in the order they are written."""
    scribe = _Scribe(habit)
    sheets = {f"xl/{habit.sheet_path.format(n=n)}": scribe.sheet(page) for n, page in enumerate(pages, 1)}
    texts = {
        "[Content_Types].xml": scribe.types(sheets, custom=bool(properties)),
        "_rels/.rels": scribe.relations({"rId1": ("officeDocument", "xl/workbook.xml")}, custom=bool(properties)),
        "xl/workbook.xml": scribe.book(pages),
        "xl/_rels/workbook.xml.rels": scribe.relations(scribe.targets(sheets)),
        **sheets,
    }
    if habit.styles:
        texts["xl/styles.xml"] = scribe.styles()
    if scribe.strings:
        texts[f"xl/{habit.strings_path}"] = scribe.shared()
    if properties:
        texts["docProps/custom.xml"] = scribe.custom(properties)
    made = {name: scribe.part(text) for name, text in texts.items()}
    return made | {name: part.encode() if isinstance(part, str) else part for name, part in habit.more.items()}


class _Scribe:
    """Writes the parts of one workbook."""

    def __init__(self, habit: Habit) -> None:
        self.habit = habit
        self.strings: dict[str, int] = {}
        self.used = 0  # references to shared strings
        self.formats: list[int] = [0, habit.day_format, habit.time_format]
        self.main = _STRICT_MAIN if habit.strict else _MAIN
        self.rel = _STRICT_REL if habit.strict else _REL

    def part(self, text: str) -> bytes:
        whole = self.habit.declaration + text
        if self.habit.quote != '"':
            whole = whole.replace('"', self.habit.quote)
        return (b"\xef\xbb\xbf" if self.habit.bom else b"") + whole.encode()

    def tag(self, name: str) -> str:
        return f"{self.habit.prefix}{name}"

    def root(self, name: str, inner: str) -> str:
        space = f"xmlns:{self.habit.prefix[:-1]}" if self.habit.prefix else "xmlns"
        return f'<{self.tag(name)} {space}="{self.main}" xmlns:r="{self.rel}">{inner}</{self.tag(name)}>'

    # ------------------------------------------------------------------- sheets

    def sheet(self, page: Page) -> str:
        line = self.habit.lines
        rows = [self.row(page, row, list(cells)) for row, cells in groupby(sorted(page.cells), lambda at: at[0])]
        area = f'<{self.tag("dimension")} ref="{self.habit.dimension}"/>' if self.habit.dimension else ""
        body = self.element("sheetData", line.join(("", *rows, "")))
        return self.root("worksheet", line.join((area + page.before, self.columns(page), body, self.behind(page))))

    def element(self, name: str, inner: str, attributes: str = "") -> str:
        return f"<{self.tag(name)}{attributes}>{inner}</{self.tag(name)}>"

    def columns(self, page: Page) -> str:
        hidden = "".join(
            f'<{self.tag("col")} min="{c + 1}" max="{c + 1}" width="9.5" hidden="1" customWidth="1"/>'
            for c in sorted(page.hidden_columns)
        )
        return self.element("cols", hidden) if hidden else ""

    def behind(self, page: Page) -> str:
        tail = f'<{self.tag("autoFilter")} ref="{page.filtered}"/>' if page.filtered else ""
        if page.merges:
            tail += self.element("mergeCells", "".join(f'<{self.tag("mergeCell")} ref="{a}"/>' for a in page.merges))
        return tail + page.tail

    def row(self, page: Page, row: int, places: list[tuple[int, int]]) -> str:
        said = f' r="{row}"' if self.habit.places else ""
        said += ' hidden="1"' if row in page.hidden_rows else ""
        said += ' spans="1:26" ht="19.5" customHeight="1" thickBot="1"' if self.habit.spans else ""
        inner: list[str] = []
        at = 0
        for place in places:
            if not self.habit.places:  # then the gaps have to be filled
                inner += [f"<{self.tag('c')}/>"] * (place[1] - at)
                at = place[1] + 1
            inner.append(self.cell(place, page.cells[place]))
        return self.element("row", "".join(inner), said)

    def cell(self, place: tuple[int, int], value: object) -> str:
        row, column = place
        where = f' r="{letters(column)}{row}"' if self.habit.places else ""
        style = self.style(value)
        kind, inner = self.value(value)
        typed = f' t="{kind}"' if kind else ""
        attributes = typed + style + where if self.habit.type_first else where + style + typed
        return f"<{self.tag('c')}{attributes}>{inner}</{self.tag('c')}>" if inner else f"<{self.tag('c')}{attributes}/>"

    def style(self, value: object) -> str:
        if not self.habit.styles or self.habit.dates != "style":
            return ""
        number = _TIME if isinstance(value, datetime) else _DATE if isinstance(value, date) else _GENERAL
        if self.habit.each_its_own_style:
            self.formats.append(self.formats[number])
            number = len(self.formats) - 1
        return f' s="{number}"'

    def value(self, value: object) -> tuple[str, str]:
        """(type, inner XML) of a cell."""
        v = self.tag("v")
        if value is None:
            return "", ""
        if isinstance(value, bool):
            return "b", f"<{v}>{int(value)}</{v}>"
        if isinstance(value, date) and self.habit.dates == "iso":
            return "d", f"<{v}>{value.isoformat()}</{v}>"
        if isinstance(value, date):
            return "", f"<{v}>{self.serial(value)}</{v}>"
        if isinstance(value, str):
            return self.text(value)
        return "n" if self.habit.typed_numbers else "", f"<{v}>{value!r}</{v}>"

    def serial(self, value: date) -> str:
        start = datetime(1904, 1, 1) if self.habit.epoch1904 else datetime(1899, 12, 30)
        moment = value if isinstance(value, datetime) else datetime.combine(value, datetime.min.time())
        gone = moment - start
        return f"{gone.days + gone.seconds / 86_400!r}" if gone.seconds else str(gone.days)

    # ------------------------------------------------------------------- texts

    def text(self, value: str) -> tuple[str, str]:
        if self.habit.strings == "inline":
            return "inlineStr", self.element("is", self.run(value))
        v = self.tag("v")
        if self.habit.strings == "str":
            return "str", f"<{v}>{escape(value, quote=False)}</{v}>"
        self.used += 1
        return "s", f"<{v}>{self.strings.setdefault(value, len(self.strings))}</{v}>"

    def run(self, value: str) -> str:
        kept = ' xml:space="preserve"' if value != value.strip() or "\n" in value else ""
        return self.element("t", escape(value, quote=False), kept)

    def shared(self) -> str:
        items = "".join(self.element("si", self.item(value)) for value in self.strings)
        space = f"xmlns:{self.habit.prefix[:-1]}" if self.habit.prefix else "xmlns"
        counts = f'count="{self.used}" uniqueCount="{len(self.strings)}"'
        return f'<{self.tag("sst")} {space}="{self.main}" {counts}>{items}</{self.tag("sst")}>'

    def item(self, value: str) -> str:
        """One shared string: whole, in pieces of several fonts, or with its reading beside it."""
        if self.habit.strings in ("rich", "pieces") and len(value) > 1:
            fonts = '<rPr><b/><sz val="11"/><color rgb="FFFF0000"/><rFont val="宋体"/><charset val="134"/></rPr>'
            middle = 1 if self.habit.strings == "rich" else len(value) // 2
            first, rest = value[:middle], value[middle:]
            return self.element("r", fonts + self.kept(first)) + self.element("r", self.kept(rest))
        if self.habit.strings == "phonetic":
            reading = f'<rPh sb="0" eb="{len(value)}"><t>ピンイン</t></rPh>'
            return self.run(value) + reading + '<phoneticPr fontId="1" type="noConversion"/>'
        return self.run(value)

    def kept(self, value: str) -> str:
        return self.element("t", escape(value, quote=False), ' xml:space="preserve"')

    # ------------------------------------------------------------------- what holds them together

    def book(self, pages: Sequence[Page]) -> str:
        sheets = "".join(
            f'<{self.tag("sheet")} name="{escape(page.name)}" sheetId="{n}"'
            + (f' state="{page.state}"' if page.state != "visible" else "")
            + f' r:id="rId{n}"/>'
            for n, page in enumerate(pages, 1)
        )
        epoch = ' date1904="1"' if self.habit.epoch1904 else ""
        begins = f"<{self.tag('workbookPr')}{epoch}{self.habit.book_attributes}/>"
        return self.root("workbook", begins + self.element("sheets", sheets))

    def targets(self, sheets: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        found = {f"rId{n}": ("worksheet", path) for n, path in enumerate(sheets, 1)}
        if self.habit.styles:
            found["rId901"] = ("styles", "xl/styles.xml")
        if self.strings:
            found["rId902"] = ("sharedStrings", f"xl/{self.habit.strings_path}")
        return found

    def relations(self, targets: Mapping[str, tuple[str, str]], *, custom: bool = False) -> str:
        top = "rId1" in targets and targets["rId1"][0] == "officeDocument"
        lines = ""
        for key, (kind, path) in targets.items():
            target = "/" + path if self.habit.absolute else path if top else path.removeprefix("xl/")
            lines += f'<Relationship Id="{key}" Type="{self.rel}/{kind}" Target="{target}"/>'
        if custom:
            slash = "/" if self.habit.absolute else ""
            lines += (
                f'<Relationship Id="rId9" Type="{self.rel}/custom-properties" Target="{slash}docProps/custom.xml"/>'
            )
        return f'<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'

    def types(self, sheets: Mapping[str, str], *, custom: bool) -> str:
        kinds = {"xl/workbook.xml": f"{_KIND}.sheet.main+xml", **dict.fromkeys(sheets, f"{_KIND}.worksheet+xml")}
        kinds |= {"xl/styles.xml": f"{_KIND}.styles+xml"} if self.habit.styles else {}
        if self.strings:
            kinds[f"xl/{self.habit.strings_path}"] = f"{_KIND}.sharedStrings+xml"
        if custom:
            kinds["docProps/custom.xml"] = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
        said = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in kinds.items())
        return (
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
            f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/><Default Extension="bin" '
            f'ContentType="application/octet-stream"/>{said}</Types>'
        )

    def styles(self) -> str:
        chinese = "yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@"
        formats = f'<numFmts count="1"><numFmt numFmtId="176" formatCode="{chinese}"/>'
        cells = "".join(f'<xf numFmtId="{n}" fontId="0" fillId="0" borderId="0" xfId="0"/>' for n in self.formats)
        inner = (
            f'{formats}</numFmts><fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts>'
            '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/>'
            '</fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
            '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
            f'<cellXfs count="{len(self.formats)}">{cells}</cellXfs>'
            '<cellStyles count="1"><cellStyle name="常规" xfId="0" builtinId="0"/></cellStyles>'
        )
        return f'<styleSheet xmlns="{self.main}">{inner}</styleSheet>'

    def custom(self, properties: Mapping[str, str]) -> str:
        shape = "http://schemas.openxmlformats.org/officeDocument/2006/"
        lines = "".join(
            f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{pid}" name="{name}">'
            f"<vt:lpwstr>{escape(value)}</vt:lpwstr></property>"
            for pid, (name, value) in enumerate(properties.items(), 2)
        )
        return f'<Properties xmlns="{shape}custom-properties" xmlns:vt="{shape}docPropsVTypes">{lines}</Properties>'


# --------------------------------------------------------------------------- the container

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_ALL = 0xFFFFFFFF


def packed(members: Mapping[str, bytes], how: str) -> bytes:
    """The members in a zip file; `how` as in `Habit.packing`. Written out here: the library decides for itself."""
    content, directory = bytearray(), bytearray()
    for name, part in members.items():
        method, body = (0, part) if how == "stored" else (8, _deflated(part))
        crc, sizes = zlib.crc32(part), (len(body), len(part))
        raw = name.encode()
        flags = 0x0800 | (0x0008 if how in ("descriptors", "zip64") else 0)
        wide = how == "zip64"
        here = len(content)
        said = (0, _ALL, _ALL) if wide else (0, 0, 0) if flags & 8 else (crc, *sizes)
        extra = struct.pack("<HHQQ", 1, 16, 0, 0) if wide else b""
        version = 45 if wide else 20
        content += _LOCAL.pack(b"PK\3\4", version, flags, method, 0, 0x5C21, *said, len(raw), len(extra)) + raw + extra
        content += body
        if flags & 8:
            content += b"PK\7\x08" + struct.pack("<LQQ" if wide else "<LLL", crc, *sizes)
        more = struct.pack("<HHQQQ", 1, 24, sizes[1], sizes[0], here) if wide else b""
        told = (_ALL, _ALL) if wide else sizes
        directory += _CENTRAL.pack(
            b"PK\1\2", version, version, flags, method, 0, 0x5C21, crc, *told, len(raw), len(more), 0, 0, 0, 0,
            _ALL if wide else here,
        ) + raw + more  # fmt: skip
    return bytes(content + directory) + _ended(len(members), len(directory), len(content), wide=how == "zip64")


def _deflated(part: bytes) -> bytes:
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
    return deflater.compress(part) + deflater.flush()


def _ended(count: int, size: int, start: int, *, wide: bool) -> bytes:
    if not wide:
        return _END.pack(b"PK\5\6", 0, 0, count, count, size, start, 0)
    record = struct.pack("<4sQHHLLQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, start + size, 1)
    return record + locator + _END.pack(b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, _ALL, _ALL, 0)
