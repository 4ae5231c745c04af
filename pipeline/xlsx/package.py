"""The zip container of a workbook, read strictly: the directory must agree with what the file contains.

Written by hand because every zip reader tolerates errors: a second directory, overlapping members, names that differ
only in case, false sizes. A tolerant guard and a tolerant reader may then see two different workbooks.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import NamedTuple

from pipeline.model import Issue

MAX_ENTRIES = 500
KNOWN_BYTES = 32 * 2**10  # largest member that is cached
MAX_RATIO = 250  # real sheets of empty styled cells reach about 100

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_END_MAGIC = b"PK\x05\x06"
_END_64_MAGIC = b"PK\x06\x06"
_LOCATOR_MAGIC = b"PK\x06\x07"
_SEE_64 = 0xFFFFFFFF  # the number is in the zip64 part: report generators use it even for the smallest file
_EXTRA_64 = 0x0001
_CENTRAL_MAGIC = b"PK\x01\x02"
_LOCAL_MAGIC = b"PK\x03\x04"
_COMMENT_ROOM = 65_535
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_HAS_DESCRIPTOR = 0x0008
_STORED, _DEFLATED = 0, 8
_SPELLED = {
    name.casefold(): name
    for name in (
        *("[Content_Types].xml", "_rels/.rels", "docProps/custom.xml", "xl/workbook.xml"),
        *("xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "xl/styles.xml"),
    )
}
"""Members that are looked up by name; readers find them in any spelling."""


class Unsound(Exception):  # noqa: N818  # a verdict, not an error of ours
    """The container cannot be trusted. `code`: the issue for the sender; `kind`: what the file is."""

    def __init__(self, code: str, kind: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.kind = kind

    @property
    def issue(self) -> Issue:
        """The issue for the sender."""
        return Issue(self.code, details=(("kind", self.kind),) if self.kind else ())


class ZipMember(NamedTuple):
    """One member. `start` is where its packed bytes begin in the file; sizes in bytes.

    `name` has forward slashes, and the usual spelling if the member is one of the usual ones.
    """

    name: str
    method: int
    crc: int
    packed: int
    size: int
    start: int


def directory(content: bytes) -> tuple[ZipMember, ...]:
    """List the members of a zip file in directory order.

    Raises Unsound: file-encrypted, file-bomb (impossible sizes), file-damaged (two readers could read it differently).
    """
    end, total, size, offset = _bounds(content)
    if offset + size != end:
        raise Unsound("file-damaged")
    if not 0 < total <= MAX_ENTRIES:
        raise Unsound("file-bomb" if total else "file-not-workbook")
    entries = []
    at = offset
    for _ in range(total):
        entry, at = _entry(content, at, end)
        entries.append(entry)
    if at != end:
        raise Unsound("file-damaged")
    _one_place_each(entries, offset)
    _one_name_each(entries)
    return tuple(entries)


def inflate(content: bytes, entry: ZipMember, limit: int) -> bytes:
    """Return a member's bytes; Unsound file-bomb above `limit` bytes, file-damaged if size or CRC are wrong.

    Never inflates more than the size in the directory.
    """
    if entry.size > limit:
        raise Unsound("file-bomb")
    packed = content[entry.start : entry.start + entry.packed]
    unpack = _known_part if entry.size <= KNOWN_BYTES else _part
    return unpack(packed, entry.method, entry.size, entry.crc)


def _part(packed: bytes, method: int, size: int, crc: int) -> bytes:
    if method == _STORED:
        part = packed
    else:
        inflater = zlib.decompressobj(-15)
        try:
            part = inflater.decompress(packed, size + 1)
        except zlib.error:
            raise Unsound("file-damaged") from None
        if not inflater.eof and len(part) <= size:
            part += inflater.decompress(inflater.unconsumed_tail, 1)
    if len(part) != size or zlib.crc32(part) != crc:
        raise Unsound("file-damaged")
    return part


# two thirds of a workbook's members (styles, lists, explanations, relations) are the same in every workbook
_known_part = lru_cache(maxsize=64)(_part)


def _find_end(content: bytes) -> int:
    end = len(content) - _END.size
    if end >= 0 and content.startswith(_END_MAGIC, end):
        return end
    end = content.rfind(_END_MAGIC, max(0, end - _COMMENT_ROOM))
    if end < 0 or end + _END.size > len(content):
        raise Unsound("file-damaged")
    comment: int = _END.unpack_from(content, end)[7]
    if end + _END.size + comment != len(content):
        raise Unsound("file-damaged")
    return end


def _bounds(content: bytes) -> tuple[int, int, int, int]:
    """Where the directory must end, how many members it lists, its size and where it begins."""
    end = _find_end(content)
    _, disk, first_disk, here, total, size, offset, _ = _END.unpack_from(content, end)
    if disk or first_disk or here != total:
        raise Unsound("file-damaged")
    locator = end - _LOCATOR.size
    if locator < 0 or not content.startswith(_LOCATOR_MAGIC, locator):
        return end, total, size, offset
    _, on_disk, record, disks = _LOCATOR.unpack_from(content, locator)
    if on_disk or disks != 1 or record + _END_64.size != locator or not content.startswith(_END_64_MAGIC, record):
        raise Unsound("file-damaged")
    _, length, _, _, disk, first_disk, here, *wide = _END_64.unpack_from(content, record)
    listed = ((total, 0xFFFF), (size, _SEE_64), (offset, _SEE_64))
    agree = all(given in (true, unsaid) for (given, unsaid), true in zip(listed, wide, strict=True))
    if length != _END_64.size - 12 or disk or first_disk or here != wide[0] or not agree:
        raise Unsound("file-damaged")
    return record, wide[0], wide[1], wide[2]


def _entry(content: bytes, at: int, end: int) -> tuple[ZipMember, int]:
    if at + _CENTRAL.size > end:
        raise Unsound("file-damaged")
    magic, _, _, flags, method, _, _, crc, packed, size, n, extra, comment, _, _, _, header = _CENTRAL.unpack_from(
        content, at
    )
    if magic != _CENTRAL_MAGIC:
        raise Unsound("file-damaged")
    if flags & _ENCRYPTED:
        raise Unsound("file-encrypted")
    if _SEE_64 in (packed, size, header):
        behind = content[at + _CENTRAL.size + n : at + _CENTRAL.size + n + extra]
        size, packed, header = _wide(behind, (size, packed, header))
    if method not in (_STORED, _DEFLATED) or (method == _STORED and packed != size):
        raise Unsound("file-damaged")
    if size > packed * MAX_RATIO + 4096:
        raise Unsound("file-bomb")
    raw = content[at + _CENTRAL.size : at + _CENTRAL.size + n]
    start = _local(content, header, raw, (flags, method, crc, packed, size))
    if start + packed > end:
        raise Unsound("file-damaged")
    entry = ZipMember(_name(raw, utf8=bool(flags & 0x0800)), method, crc, packed, size, start)
    return entry, at + _CENTRAL.size + n + extra + comment


def _wide(extra: bytes, given: tuple[int, int, int]) -> tuple[int, int, int]:
    """Size, packed size and offset of a member: those that do not fit are in its zip64 field, in this order."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == _EXTRA_64 and at + 4 + length <= len(extra) and length >= 8 * given.count(_SEE_64):
            there = iter(struct.unpack_from(f"<{length // 8}Q", extra, at + 4))
            size, packed, header = (next(there) if one == _SEE_64 else one for one in given)
            return size, packed, header
        at += 4 + length
    raise Unsound("file-damaged")


def _local(content: bytes, header: int, name: bytes, listed: tuple[int, int, int, int, int]) -> int:
    """Where the member's bytes begin; its own header must agree with the directory."""
    if header + LOCAL.size > len(content):
        raise Unsound("file-damaged")
    magic, _, flags, method, _, _, crc, packed, size, n, extra = LOCAL.unpack_from(content, header)
    start: int = header + LOCAL.size + n + extra
    if magic != _LOCAL_MAGIC or content[header + LOCAL.size : header + LOCAL.size + n] != name:
        raise Unsound("file-damaged")
    if flags & _ENCRYPTED:
        raise Unsound("file-encrypted")
    # streaming writers put the sizes after the bytes, or all ones for zip64: the directory has the right ones
    elsewhere = flags & _HAS_DESCRIPTOR or (packed, size) == (_SEE_64, _SEE_64)
    if method != listed[1] or (not elsewhere and (crc, packed, size) != listed[2:]):
        raise Unsound("file-damaged")
    return start


@lru_cache(maxsize=256)  # nearly all are those that every workbook has
def _name(raw: bytes, *, utf8: bool) -> str:
    try:
        name = raw.decode("utf-8" if utf8 else "ascii")
    except UnicodeDecodeError:
        name = raw.decode("cp437")  # the format's encoding unless UTF-8 is declared
    path = name.replace("\\", "/")
    if not name or "\0" in name or path.startswith("/") or ":" in path or ".." in path.split("/"):
        raise Unsound("file-damaged")
    return _SPELLED.get(path.casefold(), path)


def _one_place_each(entries: list[ZipMember], directory_start: int) -> None:
    """No two members share a byte, and none reaches into the directory."""
    reached = 0
    for entry in sorted(entries, key=lambda e: e.start):
        if entry.start - len(entry.name) - LOCAL.size < reached:
            raise Unsound("file-damaged")
        reached = entry.start + entry.packed
    if reached > directory_start:
        raise Unsound("file-damaged")


def _one_name_each(entries: list[ZipMember]) -> None:
    """No two members whose names differ only in case or in the slash."""
    if len({e.name.casefold() for e in entries}) != len(entries):
        raise Unsound("file-damaged")
