"""Letters as bytes that Outlook, QQ, 163 and telephones show as they are meant. The same letter gives the same bytes.

The standard library folds a long References into encoded words, which ends a thread in Outlook, and knows one way only
to name a file, of which some programs make ATT0001.dat: such headers are written here, word by word.
"""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.utils import format_datetime, formataddr
from hashlib import sha256
from urllib.parse import quote

from pipeline.mail.automatic import OURS
from pipeline.model import MailAccount, MailLetter, MailPart

NAME = "学生缺课监测"  # of the sender, as mail programs show it
_LINE = "\r\n"
_WORD_BYTES = 45  # of UTF-8 in one encoded word: 60 signs of base64
_KINDS = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".zip": "application/zip",
}
_CHARSET = "utf-8''"  # how RFC 2231 begins
_SIGNS = re.compile(r"[\x00-\x1f\x7f]+")


def message_id(about: str, account: MailAccount) -> str:
    """A Message-ID of ours, the same for the same letter."""
    return f"<{sha256(about.encode()).hexdigest()[:32]}.queke@{account.address.rpartition('@')[2]}>"


def compose(letter: MailLetter, account: MailAccount, *, number: str, at: datetime) -> bytes:
    """Return a letter as it is given to a server. `number`: its Message-ID; `at`: its Date.

    Text and page are alternatives; the page's pictures lie beside it; files come last.
    """
    boundary = sha256(number.encode()).hexdigest()[:24]
    heads = [
        _head("From", formataddr((_words(NAME), account.address))),
        _head("To", letter.to),
        f"Subject: {_words(letter.subject)}",
        _head("Date", format_datetime(at)),
        _head("Message-ID", number),
        *_thread(letter),
        _head("Auto-Submitted", "auto-replied" if letter.answer else "auto-generated"),
        _head("X-Auto-Response-Suppress", "All"),
        _head(OURS, boundary),
        "MIME-Version: 1.0",
    ]
    body = _body(letter, boundary)
    if letter.attachments:
        body = _multipart("mixed", f"m{boundary}", [body, *map(_file, letter.attachments)])
    return (_LINE.join(heads) + _LINE + body).encode("ascii")


def _body(letter: MailLetter, boundary: str) -> str:
    plain = _text("text/plain", letter.text)
    if not letter.html:
        return plain
    page = _text("text/html", letter.html)
    if letter.pictures:
        page = _multipart("related", f"r{boundary}", [page, *map(_picture, letter.pictures)])
    return _multipart("alternative", f"a{boundary}", [plain, page])


def _multipart(kind: str, boundary: str, parts: Sequence[str]) -> str:
    inner = "".join(f"--{boundary}{_LINE}{part}{_LINE}" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"{_LINE}{_LINE}{inner}--{boundary}--{_LINE}'


def _text(kind: str, words: str) -> str:
    content = words.replace("\r\n", "\n").replace("\n", "\r\n").encode()
    return f"Content-Type: {kind}; charset=utf-8{_LINE}Content-Transfer-Encoding: base64{_LINE}{_LINE}{_based(content)}"


def _file(part: MailPart) -> str:
    """A file, named both ways: some programs know only the one, some only the other."""
    kind = _KINDS.get(part.name[part.name.rfind(".") :].lower()) or mimetypes.guess_type(part.name)[0]
    kind = kind or "application/octet-stream"
    named = f'name="{_words(part.name)}"'
    return (
        f"Content-Type: {kind};{_LINE} {named}{_LINE}"
        f"Content-Disposition: attachment;{_LINE} file{named};{_LINE} {_pieces(part.name)}{_LINE}"
        f"Content-Transfer-Encoding: base64{_LINE}{_LINE}{_based(part.content)}"
    )


def _picture(part: MailPart) -> str:
    return (
        f"Content-Type: image/png{_LINE}Content-ID: <{part.name}>{_LINE}Content-Disposition: inline{_LINE}"
        f"Content-Transfer-Encoding: base64{_LINE}{_LINE}{_based(part.content)}"
    )


def _thread(letter: MailLetter) -> Iterator[str]:
    if letter.in_reply_to:
        yield f"In-Reply-To: {letter.in_reply_to}"
        known = dict.fromkeys((*letter.references, letter.in_reply_to))
        yield "References: " + f"{_LINE} ".join(known)


def _head(name: str, value: str) -> str:
    """A header of our own words and addresses; nothing in it can begin another."""
    return f"{name}: {_SIGNS.sub(' ', value)}"


def _words(text: str) -> str:
    """Text as encoded words, each of whole characters, folded; plain text as it is."""
    shown = " ".join(_SIGNS.sub(" ", text).split())
    if shown.isascii() and '"' not in shown and len(shown) < 60:
        return shown
    return f"{_LINE} ".join(f"=?utf-8?B?{base64.b64encode(piece).decode()}?=" for piece in _cut(shown))


def _cut(text: str) -> Iterator[bytes]:
    piece = b""
    for char in text:
        coded = char.encode("utf-8", "replace")
        if len(piece) + len(coded) > _WORD_BYTES:
            yield piece
            piece = b""
        piece += coded
    yield piece


def _pieces(name: str) -> str:
    """A file's name after RFC 2231, in pieces where it is long."""
    coded = quote(name, safe="")
    if len(coded) <= 60:
        return f"filename*=utf-8''{coded}"
    pieces = re.findall(r"(?:%..|[^%]){1,20}", coded)
    return f";{_LINE} ".join(f"filename*{n}*={_CHARSET if n == 0 else ''}{piece}" for n, piece in enumerate(pieces))


def _based(content: bytes) -> str:
    return base64.encodebytes(content).decode("ascii").replace("\n", _LINE)
