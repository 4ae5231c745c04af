"""Fill a template the way a spreadsheet program saves it: same parts, same styles, new values in the cells.

For the demo, the bench and the tests, which need thousands of real workbooks. The sheet's XML is rewritten
rather than loaded and saved again, because openpyxl drops the extension dropdowns of a template it saves.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from html import escape, unescape
from typing import NamedTuple

from pipeline.errors import QuekeError
from pipeline.forms.base import Form, Table
from pipeline.forms.block import letters

Cells = Mapping[tuple[int, int], object]
"""(Excel row, 0-based column) → text, number, date, datetime; None empties the cell and keeps its style."""

_BODY = re.compile(r"<sheetData>(.*?)</sheetData>|<sheetData/>", re.DOTALL)
_COLUMN = re.compile(r"<col\b[^>]*>")
_ROW = re.compile(r"""<row(?=[^>]*?\sr="(\d+)")([^>]*?)(?:/>|>(.*?)</row>)""", re.DOTALL)
_CELL = re.compile(r"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)
_REFERENCE = re.compile(r'\br="([A-Z]+)(\d+)"')
_STYLE = re.compile(r'\bs="\d+"')
_TYPE = re.compile(r'\bt="(\w+)"')
_VALUE = re.compile(r"<v[^>]*>(.*?)</v>", re.DOTALL)
_STRING = re.compile(r"<si\b[^>]*?(?:/>|>(.*?)</si>)", re.DOTALL)
_TEXT = re.compile(r"<t\b[^>]*?(?:/>|>(.*?)</t>)", re.DOTALL)
_SHEET = re.compile(r"<sheet\b[^>]*>")
_RELATION = re.compile(r"<Relationship\b[^>]*>")
_COUNTS = re.compile(r'\s(?:count|uniqueCount)="\d+"')
SHARED_STRINGS = "xl/sharedStrings.xml"
_PROPERTIES = "docProps/custom.xml"
_WORKBOOK = "xl/workbook.xml"
_COMMENTS = "xl/comments"
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # Excel's days know no zone
_PROPERTY = re.compile(r'(name="([^"]*)"[^>]*>\s*<vt:\w+>)[^<]*')
_DECORATION = re.compile(r"[\s*＊:：]|（[^）]*）|\([^)]*\)")


class _Deflated(NamedTuple):
    """A part as it lies in a zip; `size` and `crc` are of what is packed."""

    crc: int
    size: int
    packed: bytes


class Template:
    """A workbook taken apart once, to be filled many times."""

    def __init__(self, content: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            self._parts = {entry.filename: package.read(entry) for entry in package.infolist()}
        if SHARED_STRINGS not in self._parts:
            raise QuekeError("fill: the template keeps its texts elsewhere than in shared strings")
        self._strings = self._parts[SHARED_STRINGS].decode()
        self._texts = [_plain(found) for found in _STRING.findall(self._strings)]
        self._as_it_was: dict[str, _Deflated] = {}
        self._paths = dict(self._sheets())
        self._comments = [path for path in self._parts if path.startswith(_COMMENTS)]
        self._xml = {name: self._parts[path].decode() for name, path in self._paths.items()}
        self._grids = {name: self._grid(xml) for name, xml in self._xml.items()}

    @property
    def sheets(self) -> tuple[str, ...]:
        """Names of the sheets, in the order of their tabs."""
        return tuple(self._paths)

    def cells(self, sheet: str) -> Mapping[tuple[int, int], str]:
        """Return a sheet's cells as text. Raises QuekeError if there is no such sheet."""
        if sheet not in self._grids:
            raise QuekeError(f"fill: no sheet {sheet} in this workbook")
        return self._grids[sheet]

    def put(
        self,
        values: Mapping[str, Cells],
        properties: Mapping[str, str] | None = None,
        *,
        texts: Mapping[str, str] | None = None,
        like: Mapping[str, Mapping[int, int]] | None = None,
    ) -> bytes:
        """Return the workbook with `values` put in by sheet, and custom document properties replaced.

        `texts`: text in the template → the text (as XML) that replaces it everywhere. `like`: by sheet, rows → the row
        whose style they take where they have none.
        """
        strings: list[str] = []
        parts = dict(self._parts)
        if properties and _PROPERTIES in parts:
            parts[_PROPERTIES] = _with_properties(parts[_PROPERTIES].decode(), properties).encode()
        for name, cells in values.items():
            parts[self._paths[name]] = self._written(
                self._xml[name], cells, strings, (like or {}).get(name, {})
            ).encode()
        added = "".join(f'<si><t xml:space="preserve">{_as_xml(text)}</t></si>' for text in strings)
        for path in (_WORKBOOK, _PROPERTIES, *self._paths.values(), *self._comments) if texts else ():
            parts[path] = _in_place_of(parts[path].decode(), texts or {}).encode()
        own = _in_place_of(_COUNTS.sub("", self._strings, count=2), texts or {})
        parts[SHARED_STRINGS] = own.replace("</sst>", added + "</sst>").encode()
        return _zipped(
            {
                name: self._deflated(name) if part is self._parts[name] else _deflated(part)
                for name, part in parts.items()
            }
        )

    def _deflated(self, name: str) -> _Deflated:
        """A part as the template has it: deflated once, for most are the same in every workbook that is filled."""
        if name not in self._as_it_was:
            self._as_it_was[name] = _deflated(self._parts[name])
        return self._as_it_was[name]

    def _sheets(self) -> Iterable[tuple[str, str]]:
        relations = {
            _attribute(found, "Id"): _attribute(found, "Target").removeprefix("/xl/")
            for found in _RELATION.findall(self._parts["xl/_rels/workbook.xml.rels"].decode())
        }
        for found in _SHEET.findall(self._parts[_WORKBOOK].decode()):
            yield unescape(_attribute(found, "name")), f"xl/{relations[_attribute(found, 'r:id')]}"

    def _grid(self, xml: str) -> dict[tuple[int, int], str]:
        grid = {}
        for attributes, inner in _CELL.findall(xml):
            where = _REFERENCE.search(attributes)
            text = self._shown(attributes, inner)
            if where and text:
                grid[int(where[2]), _number(where[1])] = text
        return grid

    def _shown(self, attributes: str, inner: str) -> str:
        kind, value = _TYPE.search(attributes), _VALUE.search(inner)
        if kind and kind[1] == "inlineStr":
            return _plain(inner)
        if not value:
            return ""
        return self._texts[int(value[1])] if kind and kind[1] == "s" else unescape(value[1])

    def _written(self, xml: str, cells: Cells, strings: list[str], like: Mapping[int, int]) -> str:
        by_row: dict[int, dict[int, object]] = {}
        for (row, column), value in cells.items():
            by_row.setdefault(row, {})[column] = value
        body = _BODY.search(xml)
        if body is None:
            raise QuekeError("fill: a sheet of the template has no table of cells")
        styles = _column_styles(xml)
        rows = {int(found[1]): found for found in _ROW.finditer(body[1] or "")}
        written = {row: found[0] for row, found in rows.items()}
        for row, values in by_row.items():
            model = rows.get(like[row]) if row in like else None
            written[row] = self._row(row, rows.get(row), values, strings, styles | _styles(model))
        sheet = "".join(written[row] for row in sorted(written))
        return f"{xml[: body.start()]}<sheetData>{sheet}</sheetData>{xml[body.end() :]}"

    def _row(
        self,
        row: int,
        found: re.Match[str] | None,
        values: Mapping[int, object],
        strings: list[str],
        styles: Mapping[int, str],
    ) -> str:
        kept: dict[int, tuple[str, str]] = {}
        for cell in _CELL.finditer(found[3] or "" if found else ""):
            where = _REFERENCE.search(cell[1])
            style = _STYLE.search(cell[1])
            if where:
                kept[_number(where[1])] = (cell[0], f" {style[0]}" if style else "")
        for column, value in values.items():
            style_of = kept[column][1] if column in kept else styles.get(column, "")
            kept[column] = (self._cell(f"{letters(column)}{row}", style_of, value, strings), style_of)
        start = f"<row{found[2]}>" if found else f'<row r="{row}">'
        return f"{start}{''.join(kept[column][0] for column in sorted(kept))}</row>"

    def _cell(self, where: str, style: str, value: object, strings: list[str]) -> str:
        if value is None:
            return f'<c r="{where}"{style}/>'
        if isinstance(value, str):
            strings.append(value)
            return f'<c r="{where}"{style} t="s"><v>{len(self._texts) + len(strings) - 1}</v></c>'
        if isinstance(value, date):
            value = _serial(value)
        return f'<c r="{where}"{style}><v>{value}</v></c>'


def fill(
    template: Template,
    form: Form,
    header: Mapping[str, object],
    tables: Mapping[str, Sequence[Mapping[str, object]]],
    properties: Mapping[str, str] | None = None,
) -> bytes:
    """Return the workbook of `form` with header fields and table rows filled in, by our names.

    A row goes into the first free rows. Where the template already has a row of the same key (a class), that row is
    completed. A row that is {"": first key} empties the row of that key.
    """
    values: dict[str, dict[tuple[int, int], object]] = {}
    first = form.tables[0].sheet
    values[first] = dict(_header(template.cells(first), form, header))
    for name, rows in tables.items():
        table = form.table(name)
        place = _beside if table.upright else _rows
        values.setdefault(table.sheet, {}).update(place(template.cells(table.sheet), table, rows))
    return template.put(values, properties)


def heads(cells: Mapping[tuple[int, int], str], table: Table) -> tuple[int, dict[str, int]]:
    """Return the Excel row of a table's headers, and the position of each column. Raises QuekeError if not found."""
    own = [column for column in table.columns if not column.beside]
    wanted = {_bare(name): c.name for c in own for name in (c.header, c.kindergarten, *c.aliases) if name}
    by_row: dict[int, dict[str, int]] = {}
    for (row, column), text in sorted(cells.items()):
        name = wanted.get(_bare(text))
        if name:
            by_row.setdefault(row, {}).setdefault(name, column)
    if not by_row:
        raise QuekeError(f"fill: no header of {table.sheet} in this workbook")
    row = max(by_row, key=lambda n: (len(by_row[n]), -n))
    return row, by_row[row]


def _header(
    cells: Mapping[tuple[int, int], str], form: Form, header: Mapping[str, object]
) -> Iterable[tuple[tuple[int, int], object]]:
    labels = {_bare(text): where for where, text in sorted(cells.items(), reverse=True)}
    for field in form.fields:
        if field.name in header:
            row, column = labels[_bare(field.label)]
            yield (row, column + 1), header[field.name]


def _rows(
    cells: Mapping[tuple[int, int], str], table: Table, rows: Sequence[Mapping[str, object]]
) -> Iterable[tuple[tuple[int, int], object]]:
    top, columns = heads(cells, table)
    keys = [column.name for column in table.columns if column.key and column.name in columns]
    there = {row for row, column in cells if row > top and column == columns[keys[0]]}
    taken = {tuple(cells.get((row, columns[key]), "") for key in keys): row for row in there}
    free = max(there, default=top) + 1
    for row in rows:
        key = (str(row[""]),) if "" in row else tuple(str(row.get(name) or "") for name in keys)
        if "" in row:
            yield from (((taken[key], column), None) for column in columns.values())
            continue
        at = taken.get(key, 0)
        if not at:
            at, free = free, free + 1
        yield from (((at, columns[name]), value) for name, value in row.items() if value is not None)


def _beside(
    cells: Mapping[tuple[int, int], str], table: Table, rows: Sequence[Mapping[str, object]]
) -> Iterable[tuple[tuple[int, int], object]]:
    """An upright table: each value is to the right of its label."""
    labels = {_bare(text): where for where, text in sorted(cells.items(), reverse=True)}
    headers = {column.name: _bare(column.header) for column in table.columns}
    for row in rows:
        for name, value in row.items():
            line, column = labels[headers[name]]
            yield (line, column + 1), value


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _styles(row: re.Match[str] | None) -> dict[int, str]:
    """The styles of a row's cells, by column."""
    found = {}
    for cell in _CELL.finditer(row[3] or "" if row else ""):
        where, style = _REFERENCE.search(cell[1]), _STYLE.search(cell[1])
        if where and style:
            found[_number(where[1])] = f" {style[0]}"
    return found


def _in_place_of(xml: str, texts: Mapping[str, str]) -> str:
    for old, new in texts.items():
        xml = xml.replace(old, new)
    return xml


def _column_styles(xml: str) -> dict[int, str]:
    """The style that a new cell takes from its column, as Excel does."""
    styles: dict[int, str] = {}
    for found in _COLUMN.findall(xml):
        style = _attribute(found, "style")
        if style:
            first, last = int(_attribute(found, "min")), int(_attribute(found, "max"))
            styles |= dict.fromkeys(range(first - 1, min(last, 200)), f' s="{style}"')
    return styles


def _bare(text: str) -> str:
    return _DECORATION.sub("", text)


def _with_properties(xml: str, properties: Mapping[str, str]) -> str:
    def otherwise(found: re.Match[str]) -> str:
        return found[1] + escape(properties[found[2]]) if found[2] in properties else found[0]

    return _PROPERTY.sub(otherwise, xml)


def _plain(inner: str) -> str:
    return unescape("".join(_TEXT.findall(inner)))


def _as_xml(text: str) -> str:
    """A text as its cell holds it: what looks like an escaped character (_x0041_) is none."""
    return escape(_LIKE_ESCAPED.sub("_x005F_", text), quote=False)


_LIKE_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else ""


def _serial(value: date) -> str:
    if isinstance(value, datetime):
        return f"{(value.replace(tzinfo=None) - _EPOCH).total_seconds() / 86400!r}"
    return str((datetime(value.year, value.month, value.day) - _EPOCH).days)  # noqa: DTZ001  # see _EPOCH


def _deflated(part: bytes) -> _Deflated:
    deflater = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
    return _Deflated(zlib.crc32(part), len(part), deflater.compress(part) + deflater.flush())


def _zipped(parts: Mapping[str, _Deflated]) -> bytes:
    """What `zipfile` would write of these parts: it takes none that is deflated already."""
    written, listed, at = [], [], 0
    for name, part in parts.items():
        path = name.encode()
        about = (_UTF8 * (not name.isascii()), zipfile.ZIP_DEFLATED, 0, _DAY, part.crc, len(part.packed), part.size)
        head = _LOCAL.pack(b"PK\x03\x04", _VERSION, 0, *about, len(path), 0) + path
        written += [head, part.packed]
        listed.append(_LISTED.pack(b"PK\x01\x02", _VERSION, _UNIX, _VERSION, 0, *about, len(path), *_PLAIN, at) + path)
        at += len(head) + len(part.packed)
    directory = b"".join(listed)
    end = _END.pack(b"PK\x05\x06", 0, 0, len(parts), len(parts), len(directory), at, 0)
    return b"".join((*written, directory, end))


_LOCAL, _LISTED, _END = struct.Struct("<4s2B4H3L2H"), struct.Struct("<4s4B4H3L5H2L"), struct.Struct("<4s4H2LH")
_VERSION, _UNIX, _UTF8 = 20, 3, 0x800
_DAY = (2026 - 1980) << 9 | 1 << 5 | 1  # the first of January
_PLAIN = (0, 0, 0, 0, 0o600 << 16)  # no field of its own, no comment, on the first disk, no text; for its owner
