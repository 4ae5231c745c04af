"""A mail's bytes opened: its files by what they are, not by what they are called. Runs in a process that may die.

Only the standard library's old parser takes it apart (the new one costs three times as much, loses names, and meets
its own faults on hostile mails); names and charsets are read by `headers`. What is too deep, too many or too large is
an issue, and the rest is taken.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.utils import getaddresses
from html.parser import HTMLParser
from itertools import islice

from pipeline.mail import automatic, headers, zips
from pipeline.model import Bounce, Issue, MailPart, OpenedMail

MOST_PARTS = 200
MOST_DEPTH = 8
MOST_HEADER = 65_536  # bytes
MOST_FILES = 50
MOST_HEADS = 1_000  # headers of parts: more are not even taken apart
LINES, LINE = 4, 200  # of the body, and letters of each

_ZIP, _OLE, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-"
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"BM")
_OUTLOOK_ITEM = "__substg1.0_".encode("utf-16-le")
_MESSAGE_ID = re.compile(rb"<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>")
_CLOUD = re.compile(
    r"ftn/download|ftnExs_download|超大附件|中转站|largeattachment|large-attachment|u\.163\.com"
    r"|pan\.(baidu|quark)\.|weiyun\.com|kdocs\.cn|docs\.qq\.com|docs\.feishu|feishu\.cn/(file|sheets)"
    r"|ali(yundrive|pan)\.com|123pan|lanzou|cowtransfer|sharepoint\.com|1drv\.ms",
    re.IGNORECASE,
)
_SECRET = re.compile(r"密\s*码|口\s*令|授权码|pass\s*word|passwd|\bpwd\b", re.IGNORECASE)
_NOT_FILES = frozenset({"text/calendar", "text/vcard", "text/x-vcard", "application/pgp-signature"})
_QUOTES = re.compile(
    r"^(?:>|-{5}|_{8}|发件人[:：]|From:|-{2,}\s*(?:原始|原邮件|回复|转发|Original|Replied|Forwarded))"
    r"|(?:写道|wrote)\s*[:：]?$",
    re.IGNORECASE,
)
"""Where what is answered or passed on begins."""
_GREETING = re.compile(
    r"(?:尊敬的|敬爱的|各位)?\w{0,6}?(?:(?:老师|领导|主任|校长|园长|科长|局长|同志)们?(?:[,，:：\s]*(?:您|你|大家)?好|[,，:：])|[您你]好|大家好"
    r"|(?:上|下|中)午好|早上好|hi|hello|dear all)[\s!！,，。.:：~～]*",
    re.IGNORECASE,
)
_SIGNATURES = ("application/pkcs7", "application/x-pkcs7")


@dataclass(slots=True)
class _Found:
    """What the parts of a mail hold, as they are gone through."""

    files: list[MailPart] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    parts: int = 0

    def tell(self, code: str, name: str = "") -> None:
        issue = Issue(code, value=name)
        if issue not in self.issues:
            self.issues.append(issue)


def opened(content: bytes, *, whole: bool = True) -> OpenedMail:
    """Open a mail; with `whole` False only its head is there. It may end the process: run it in a disposable child."""
    head = head_of(content)[:-4]
    why = "" if whole else "mail-too-large"
    if len(head) == MOST_HEADER:
        why = "mail-broken"
    elif content.count(b"\nContent-") + content.count(b"\ncontent-") > MOST_HEADS:
        why = "mail-too-nested"
    message = email.message_from_bytes(head[:MOST_HEADER] + b"\r\n\r\n" if why else content)
    found = _Found()
    if why:
        found.tell(why)
    else:
        _walk(message, found, 0)
    body = _body(found)
    if not found.files and _CLOUD.search("\n".join((*found.plain, *found.html))):
        found.tell("mail-cloud-link")
    return OpenedMail(
        senders=senders(message),
        subject=_first(message, "Subject"),
        lines=tuple(line[:LINE] for line in islice(_own_lines(body), LINES)),
        message_id=next(iter(_ids(message, "Message-ID")), ""),
        references=(*_ids(message, "References"), *_ids(message, "In-Reply-To")),
        results=tuple(value.decode("utf-8", "replace") for value in headers.raw(message, "Authentication-Results")),
        automatic=automatic.why(message),
        bounce=_bounce(message, content),
        parts=tuple(found.files),
        issues=tuple(found.issues),
        secret=_SECRET.search("\n".join((*found.plain, *found.html))) is not None,
    )


def head_of(content: bytes) -> bytes:
    """The head of a mail alone: what is kept of one whose words and files are not."""
    head = content[: MOST_HEADER + 4].partition(b"\r\n\r\n")[0].partition(b"\n\n")[0]
    return head[:MOST_HEADER] + b"\r\n\r\n"


def senders(message: Message) -> tuple[str, ...]:
    """The addresses of all From headers, lower case, each once. A mail of one person has exactly one."""
    values = [value.decode("latin-1") for value in headers.raw(message, "From")]
    found = [address.strip().lower() for _, address in getaddresses(values) if "@" in address]
    return tuple(dict.fromkeys(found))


def _first(message: Message, name: str) -> str:
    return next((headers.text(value) for value in headers.raw(message, name)), "")[:998]


def _ids(message: Message, name: str) -> tuple[str, ...]:
    """Message-IDs of a header, with nothing else in them: they are sent back."""
    found = [one.decode("ascii") for value in headers.raw(message, name) for one in _MESSAGE_ID.findall(value)]
    return tuple(found[:50])


# --------------------------------------------------------------------------- parts


def _walk(message: Message, found: _Found, depth: int) -> None:
    found.parts += 1
    if depth > MOST_DEPTH or found.parts > MOST_PARTS:
        found.tell("mail-too-nested")
        return
    kind, payload = message.get_content_type(), message.get_payload()
    if kind == "message/rfc822" or (isinstance(payload, list) and message.get_content_maintype() == "message"):
        for inner in _nested(message):
            _walk(inner, found, depth + 1)
    elif isinstance(payload, list):
        for part in _messages(payload):
            _walk(part, found, depth + 1)
    elif kind == "text/rfc822-headers" or message.get_content_maintype() in {"message", "multipart"}:
        return  # a server's report; or a part that says of itself what it is not
    else:
        _leaf(message, kind, found)


def _nested(message: Message) -> Sequence[Message]:
    """The mail that was forwarded as a part; one in base64 is what no parser expects."""
    payload = _messages(message.get_payload())
    if not payload:
        return [email.message_from_bytes(_content(message))]
    coded = str(message.get("Content-Transfer-Encoding", "")).strip().lower()
    if coded == "base64" and not payload[0].keys():
        return [email.message_from_bytes(headers.unbased(str(payload[0].get_payload()).encode("ascii", "replace")))]
    return payload


def _messages(payload: object) -> list[Message]:
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


def _leaf(message: Message, kind: str, found: _Found) -> None:
    name, content = headers.file_name(message), _content(message)
    disposition = str(message.get("Content-Disposition", "")).strip().lower()
    is_text = kind in {"text/plain", "text/html"} and not disposition.startswith("attachment")
    if is_text and not name and not _is_file(content):
        words = headers.decoded(content, message.get_content_charset("") or "")
        (found.plain if kind == "text/plain" else found.html).append(words)
    else:
        _file(name, content, kind, disposition, found)


def _file(name: str, content: bytes, kind: str, disposition: str, found: _Found) -> None:
    lower = name.lower()
    if lower == "winmail.dat" or kind in {"application/ms-tnef", "application/vnd.ms-tnef"}:
        found.tell("mail-winmail")
    elif lower.endswith(".msg") or kind == "application/vnd.ms-outlook" or _is_outlook_item(content):
        found.tell("mail-outlook-item", name)
    elif lower.endswith(".eml") and not content.startswith((_ZIP, _OLE)):
        _walk(email.message_from_bytes(content), found, MOST_DEPTH - 1)
    elif _is_ornament(name, content, kind, disposition):
        return
    elif content.startswith(_ZIP) and zips.is_folder(content):
        _unpack(name, content, found)
    else:
        _keep(MailPart(name or _called(content), content), found)


def _unpack(name: str, content: bytes, found: _Found) -> None:
    try:
        files = list(zips.files(content))
    except zips.ZipError as error:
        found.tell(error.code, name)
        return
    if not files:
        found.tell("mail-zip-empty", name)
    for one in files:
        _keep(one, found)


def _keep(part: MailPart, found: _Found) -> None:
    if len(found.files) >= MOST_FILES:
        found.tell("mail-too-many")
    else:
        found.files.append(part)


def _is_file(content: bytes) -> bool:
    return content.startswith((_ZIP, _OLE, _PDF))


def _is_outlook_item(content: bytes) -> bool:
    return content.startswith(_OLE) and _OUTLOOK_ITEM in content


def _is_ornament(name: str, content: bytes, kind: str, disposition: str) -> bool:
    """A signature's picture, a calendar's line, an empty part: nothing that anybody meant to hand in."""
    if kind in _NOT_FILES or kind.startswith(_SIGNATURES) or not content.strip():
        return not content.startswith((_ZIP, _OLE)) and not (name and disposition.startswith("attachment"))
    picture = content.startswith(_PICTURES) or kind.startswith("image/")
    return picture and not disposition.startswith("attachment")


def _called(content: bytes) -> str:
    """A name for a file that has none."""
    if content.startswith(_ZIP):
        return "未命名.xlsx"
    return "未命名.xls" if content.startswith(_OLE) else "未命名.pdf" if content.startswith(_PDF) else "未命名"


def _content(message: Message) -> bytes:
    """The bytes of a part, also where its encoding is named wrongly."""
    content = message.get_payload(decode=True)
    plain = content if isinstance(content, bytes) else b""
    coded = str(message.get("Content-Transfer-Encoding", "")).strip().lower()
    if coded not in {"", "7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "uuencode", "uue"}:
        guess = headers.unbased(plain)
        return guess if _is_file(guess) or coded.startswith(("base", "b64", "x-base")) else plain
    if coded in {"", "7bit", "8bit", "binary"} and plain[:8] in {b"UEsDBBQA", b"0M8R4KGx"}:
        return headers.unbased(plain)  # base64 that nobody said
    return plain


# --------------------------------------------------------------------------- words


def _body(found: _Found) -> str:
    plain = "\n".join(found.plain)
    if plain.strip():
        return plain
    reader = _Words()
    for page in found.html:
        reader.feed(page[:200_000])
    return "".join(reader.words)


def _own_lines(body: str) -> Iterator[str]:
    """The lines that the sender wrote: up to what he answers or passes on."""
    for line in body.splitlines():
        said = " ".join(line.split())
        if _QUOTES.search(said):
            return
        if said and not _GREETING.fullmatch(said):
            yield said


class _Words(HTMLParser):
    """The text of a page, a line for each block."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._hidden += tag in {"style", "script", "title"}
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self._break(tag)
        self._hidden -= tag in {"style", "script", "title"} and self._hidden > 0

    def _break(self, tag: str) -> None:
        if tag in {"br", "p", "div", "tr", "li", "blockquote"}:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


# --------------------------------------------------------------------------- bounces


def _bounce(message: Message, content: bytes) -> Bounce | None:
    """What a server says of a letter it could not deliver: in fields (RFC 3464), or in prose that names our letter."""
    report = message.get_content_type() == "multipart/report"
    if not report and automatic.why(message) not in {automatic.DAEMON, automatic.NO_SENDER}:
        return None
    said = content[:200_000]
    ids = tuple(dict.fromkeys(one.decode("ascii") for one in _MESSAGE_ID.findall(said)))[:50]
    readers = re.findall(rb"(?im)^(?:Final|Original)-Recipient:\s*[^;\r\n]*;\s*<?([^\s<>;]+@[^\s<>;]+)", said)
    status = re.search(rb"(?im)^Status:\s*([245]\.[0-9]{1,3}\.[0-9]{1,3})", said)
    action = re.search(rb"(?im)^Action:\s*([a-z]+)", said)
    if not report and not ids:
        return None
    return Bounce(
        message_ids=ids,
        readers=tuple(dict.fromkeys(one.decode("utf-8", "replace").lower() for one in readers)),
        status=status[1].decode() if status else "",
        final=action is None or action[1].lower() == b"failed",
    )
