"""Names and subjects as they really come: labelled wrongly, cut inside a character, not labelled at all.

No library reads what Chinese mail programs write: of 49 shapes seen, the best one loses nine. So: the raw bytes are
UTF-8 or else GB18030; encoded words of one charset are joined before they are decoded; a label of the GB family means
GB18030; an unknown label is a guess between the two.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import quopri
import re
from collections.abc import Iterator, Sequence
from email.message import Message
from itertools import groupby
from urllib.parse import unquote_to_bytes

MOST_NAME = 200  # letters of a file's name
MOST_ENCODED = 65_536  # bytes of one header that are looked at

_WORD = re.compile(r"=\?([^?\s]{1,40})\?([BbQq])\?([^?]*)\?=")
_BETWEEN = re.compile(r"[ \t\r\n]*")
_GB = frozenset(
    {"gb2312", "gb_2312-80", "gbk", "x-gbk", "cp936", "ms936", "windows-936", "euc-cn", "gb18030", "x-mac-chinesesimp"}
)
# signs that are no part of a name: control, direction, zero width, line and paragraph ends
_NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")
_PARAMETER = re.compile(r"\s*([^\s=;]+)\s*=\s*")
_CONTINUED = re.compile(r"(.+?)\*(?:([0-9]{1,3})(\*)?)?")


def raw(message: Message, name: str) -> list[bytes]:
    """The values of all headers of a name, as bytes, unfolded; longer ones are cut."""
    wanted = name.lower()
    return [
        _unfolded(str(value).encode("utf-8", "surrogateescape"))[:MOST_ENCODED]
        for key, value in message.raw_items()
        if key.lower() == wanted
    ]


def text(value: bytes) -> str:
    """A header's words, with encoded words decoded, on one line, without control signs."""
    return " ".join(_NOT_SHOWN.sub(" ", _decoded(_plain(value))).split())


def file_name(message: Message) -> str:
    """The name that a part gives itself, without any path; "" if it has none. Display only."""
    for header, parameter in (("Content-Disposition", "filename"), ("Content-Type", "name")):
        for value in raw(message, header):
            if name := shown_name(_decoded(_parameter(_plain(value), parameter))):
                return name
    return ""


def decoded(content: bytes, charset: str) -> str:
    """Bytes as text by a label that may be wrong."""
    for codec in (*_codecs(charset), "utf-8", "gb18030"):
        try:
            return content.decode(codec)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("gb18030", "replace")


def _codecs(charset: str) -> Iterator[str]:
    """What a label means. Nothing for one that is unknown: then it is a guess."""
    label = charset.strip().strip("\"'").lower().partition("*")[0]  # RFC 2231 allows a language after a star
    if label in _GB:
        yield "gb18030"
    elif label in {"hz", "hz-gb-2312"}:
        yield "hz"
        yield "gb18030"
    elif label == "big5":
        yield "big5hkscs"
    elif label and label not in {"us-ascii", "ascii", "unknown-8bit", "x-unknown", "binary", "default"}:
        try:
            name = codecs.lookup(label).name
        except (LookupError, ValueError):
            return
        if label not in {"iso-8859-1", "latin1"}:  # what some programs write where they do not know
            yield name


def _plain(value: bytes) -> str:
    """A raw header as text: UTF-8, else GB18030."""
    return decoded(value, "")


def _unfolded(value: bytes) -> bytes:
    return re.sub(rb"\r?\n(?=[ \t])", b"", value).replace(b"\r", b" ").replace(b"\n", b" ")


def _decoded(value: str) -> str:
    """Decode encoded words; neighbours of one charset are decoded together, for they may be cut inside a character."""
    out: list[str] = []
    run: list[tuple[str, bytes]] = []
    at = 0
    for word in _WORD.finditer(value):
        gap = value[at : word.start()]
        if not (run and _BETWEEN.fullmatch(gap)):
            out += _joined(run)
            out.append(gap)
            run = []
        run.append((word[1], _bytes(word[2], word[3])))
        at = word.end()
    return "".join([*out, *_joined(run), value[at:]])


def _joined(run: Sequence[tuple[str, bytes]]) -> Iterator[str]:
    for charset, words in groupby(run, key=lambda word: word[0].lower()):
        yield decoded(b"".join(content for _, content in words), charset)


def _bytes(encoding: str, word: str) -> bytes:
    content = word.encode("utf-8", "surrogatepass")
    if encoding in "Qq":
        return quopri.decodestring(content, header=True)
    return unbased(content)


def unbased(content: bytes) -> bytes:
    """Base64 without its padding, or with signs that do not belong; b"" if it is none at all."""
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    try:
        return base64.b64decode(kept + b"=" * (-len(kept) % 4))
    except binascii.Error:
        return b""


def shown_name(name: str) -> str:
    """A file's name without path, control and direction signs; "" if nothing is left."""
    shown = _NOT_SHOWN.sub("", name).replace("\\", "/").rstrip("/ ").rpartition("/")[2]
    shown = " ".join(shown.split()).strip("\"' ")
    return "" if not shown.strip(". ") else shown[-MOST_NAME:]


def _parameter(value: str, wanted: str) -> str:
    """The value of a parameter of a header, whole, or told in pieces (RFC 2231); "" if it is not there."""
    whole, pieces = "", {}
    for name, said in _parameters(value):
        if name == wanted and not whole:
            whole = said
        elif (found := _CONTINUED.fullmatch(name)) and found[1] == wanted:
            pieces[int(found[2] or 0)] = said, bool(found[3]) or found[2] is None
    return _together([pieces[n] for n in sorted(pieces)]) or whole


def _together(pieces: Sequence[tuple[str, bool]]) -> str:
    """The pieces of a value, each with whether it is percent-encoded: decoded together, for the same reason."""
    if not pieces:
        return ""
    first, encoded = pieces[0]
    charset = ""
    if encoded and first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
    content = b""
    for coded, run in groupby([(first, encoded), *pieces[1:]], key=lambda piece: piece[1]):
        said = "".join(said for said, _ in run)  # some programs cut inside a percent sign's pair
        content += unquote_to_bytes(said) if coded else said.encode("utf-8", "replace")
    return decoded(content, charset)


def _parameters(value: str) -> Iterator[tuple[str, str]]:
    """Name and value of each parameter; one without quotes ends at the next semicolon, blanks and all."""
    at = value.find(";")
    while 0 <= at < len(value):
        name = _PARAMETER.match(value, at + 1)
        if name is None:
            at = value.find(";", at + 1)
            continue
        said, at = _value(value, name.end())
        yield name[1].lower(), said


def _value(text_: str, start: int) -> tuple[str, int]:
    """The value that starts here, and where the next semicolon is (or the end)."""
    if text_[start : start + 1] == '"':
        out, at = [], start + 1
        while at < len(text_) and text_[at] != '"':
            at += text_[at] == "\\" and text_[at + 1 : at + 2] in {'"', "\\"}
            out.append(text_[at : at + 1])
            at += 1
        end = text_.find(";", at)
        return "".join(out), end if end >= 0 else len(text_)
    end = text_.find(";", start)
    end = end if end >= 0 else len(text_)
    return text_[start:end].strip(), end
