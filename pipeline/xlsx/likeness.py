"""Whether bytes look like a 备案表, or may hold a password, in any format and even if no reader opens them: such bytes
are not kept.

A search, not a reading: zip members are inflated wherever a local header announces one, so that a damaged or forged
package is searched as well, for words in the usual encodings.
"""

from __future__ import annotations

import html
import re
import struct
import zlib
from collections.abc import Iterator

from pipeline.forms import credentials

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


def says_password(content: bytes) -> bool:
    """Whether the bytes say anywhere what a password is: in a cell, a comment, a property, a name. Never raises."""
    return any(map(_says_password, _pieces(content, [MOST_MEMBERS, MOST_INFLATED], DEPTH)))


def may_hold_password(content: bytes) -> bool:
    """Whether bytes that are not taken speak of passwords at all, or have a column for them. Never raises.

    More than `says_password`: nothing is lost but the original of what went back anyway.
    """
    pieces = _pieces(content, [MOST_MEMBERS, MOST_INFLATED], DEPTH)
    return looks_like_filing(content) or any(map(_speaks_of_passwords, pieces))


def _speaks(text: bytes) -> bool:
    """Whether a word for a password is in it, besides what our own forms say of them."""
    if not _any(text, credentials.WORDS):
        return False
    for encoding in _ENCODINGS:
        text = text.replace(credentials.OURS.encode(encoding), b"")
    return _any(text, credentials.WORDS)


def _speaks_of_passwords(piece: bytes) -> bool:
    for text in _texts(piece):
        low = text.lower()
        if _speaks(text) or (_any(low, credentials.ENGLISH) and _any(low, credentials.BESIDE)):
            return True
    return _says_password(piece) or credentials.in_lines(_head(piece))


def _says_password(piece: bytes) -> bool:
    return any(map(credentials.is_said, _decoded(piece)))


def _decoded(piece: bytes) -> Iterator[str]:
    """The text of a piece in each encoding in which a word for a password is in it, without its tags."""
    low = piece.lower()
    for encoding in _ENCODINGS:
        for word in (*credentials.WORDS, *credentials.ENGLISH, *_SHORT):
            at = low.find(word.encode(encoding))
            if at >= 0:
                text = piece[at % 2 if encoding.startswith("utf-16") else 0 :].decode(encoding, "ignore")
                yield html.unescape(_TAG.sub("\n", _NAMED.sub(r"\1:", _RUN.sub("", text)))) if "<" in text else text
                break


def _head(piece: bytes) -> str:
    """The first lines of a text file; "" of anything else."""
    start = piece[:_HEAD]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return start.decode("utf-16", "ignore")
    if b"\0" in start:
        return ""
    try:
        return start.decode("utf-8-sig")
    except UnicodeDecodeError:
        return start.decode("gb18030", "ignore")


_SHORT = ("pwd", "mima", "密 码", "口 令", "密　码", "口　令")
_RUN = re.compile(r"</?(?:\w+:)?(?:r|t|rPr|b|i|u|sz|color|rFont|family|charset|scheme|text|span|font)(?:\s[^<>]*)?/?>")
"""What parts the letters of one text: a comment is often half bold."""
_TAG = re.compile(r"<[^<>]*>")
_NAMED = re.compile(
    r"<(?:\w+:)?(?:sheet|definedName|table|tableColumn|cNvPr)\s[^<>]*?\b(?:name|descr)=\"([^\"<>]*)\"[^<>]*>"
)
"""What somebody called a part of the workbook."""
_HEAD = 65_536


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
