"""Whether bytes look like a 备案表, in any format and even if no reader opens them: such bytes are not kept.

A search, not a reading: zip members are inflated wherever a local header announces one, so that a damaged or forged
package is searched as well, for the form's own words in the usual encodings.
"""

from __future__ import annotations

import html
import re
import struct
import zlib
from collections.abc import Iterator

MOST_INFLATED = 64 * 2**20  # bytes searched in all
MOST_MEMBERS = 2_000
DEPTH = 4  # nested archives: a zip in a zip with a workbook in it
PIECE = 4 * 2**20  # bytes of one member that are searched together
FED = 2**18  # packed bytes that are inflated at a time
OVERLAP = 64

_LOCAL = struct.Struct("<4s5H3L2H")
_MAGIC = b"PK\x03\x04"
_DEFLATED = 8
_TITLE = "用户权限申请"
_PASSWORD = ("初始密码", "初始口令")
_BESIDE = ("用户名", "账号", "帐号", "备案")
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")
_REFERENCES = re.compile(rb"&#(?:[0-9]{4,6}|x[0-9a-fA-F]{4,5});")
_RTF = re.compile(rb"\\u-?[0-9]{4,6}|\\'[0-9a-fA-F]{2}\\'")


def looks_like_filing(content: bytes) -> bool:
    """Whether the bytes contain a filing's title, or the words of its table. Never raises."""
    return any(_says(piece) for piece in _pieces(content, [MOST_MEMBERS, MOST_INFLATED], DEPTH))


def _says(piece: bytes) -> bool:
    return any(_any(text, (_TITLE,)) or (_any(text, _PASSWORD) and _any(text, _BESIDE)) for text in _texts(piece))


def _any(text: bytes, words: tuple[str, ...]) -> bool:
    return any(word.encode(encoding) in text for word in words for encoding in _ENCODINGS)


def _texts(piece: bytes) -> Iterator[bytes]:
    """The bytes, and their decoded text if letters are escaped, as in web pages and RTF."""
    yield piece
    if _REFERENCES.search(piece):
        yield html.unescape(piece.decode("utf-8", "replace")).encode("utf-8", "replace")
    if _RTF.search(piece):
        yield _spelled(piece)


def _spelled(piece: bytes) -> bytes:
    r"""Decode the two escapes of RTF: \u21021? and \'b3\'f5 (GBK)."""
    by_number = re.sub(
        rb"\\u(-?[0-9]{4,6})\s?\??", lambda found: chr(int(found[1]) % 65536).encode("utf-8", "replace"), piece
    )
    by_bytes = re.sub(rb"\\'([0-9a-fA-F]{2})", lambda found: bytes.fromhex(found[1].decode()), piece)
    return by_number + b"\n" + by_bytes


def _pieces(content: bytes, left: list[int], depth: int) -> Iterator[bytes]:
    """The content, and what its zip members inflate to. `left`: members and bytes that may still be searched."""
    yield content
    at = content.find(_MAGIC) if depth else -1
    while at >= 0 and left[0] > 0 and left[1] > 0:
        left[0] -= 1
        if start := _member(content, at):
            for piece in _inflated(content, start, left):
                yield from _pieces(piece, left, depth - 1) if _MAGIC in piece else (piece,)
        at = content.find(_MAGIC, at + 4)


def _member(content: bytes, at: int) -> int:
    """Position of the packed bytes of the member whose local header is at `at`; 0 if nothing is packed: stored bytes
    are already plain in the content.
    """
    if at + _LOCAL.size > len(content):
        return 0
    method, name, extra = (_LOCAL.unpack_from(content, at)[index] for index in (3, 9, 10))
    return at + _LOCAL.size + int(name) + int(extra) if method == _DEFLATED else 0


def _inflated(content: bytes, start: int, left: list[int]) -> Iterator[bytes]:
    """What can be inflated from there, in pieces that overlap by some characters, so that no word is cut."""
    inflater = zlib.decompressobj(-15)
    before, fed = b"", b""
    while not inflater.eof and left[1] > 0 and (fed or start < len(content)):
        if not fed:
            fed, start = content[start : start + FED], start + FED
        try:
            piece = inflater.decompress(fed, PIECE)
        except zlib.error:
            return
        fed = inflater.unconsumed_tail
        if piece:
            left[1] -= len(piece)
            yield before + piece
            before = piece[-OVERLAP:]
