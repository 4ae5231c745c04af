"""Mails as people's programs write them: each shape of a file's name or a subject, with what a person means by it."""

from __future__ import annotations

import base64
import io
import quopri
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

NAME = "11月20日缺课日报（三年级）.xlsx"
RARE = "陈喆镕缺课日报.xlsx"  # 喆 and 镕 are in GBK, not in GB2312
SUBJECT = "11月20日缺课日报"
BOOK = b"PK\x03\x04 a workbook, as far as a mail can tell"
_BOUNDARY = "=_b"


@dataclass(frozen=True)
class Shape:
    """A mail; `names` of the files in it, `subject` and the body's first line as a person reads them."""

    called: str
    raw: bytes
    names: tuple[str, ...] = (NAME,)
    subject: str = SUBJECT
    line: str = "请查收"  # the first after the greeting
    issues: tuple[str, ...] = ()


def b(text: str, charset: str = "utf-8", label: str = "") -> str:
    """One encoded word."""
    return f"=?{label or charset}?B?{base64.b64encode(text.encode(charset)).decode()}?="


def q(text: str, charset: str = "utf-8") -> str:
    coded = "".join(f"={byte:02X}" for byte in text.encode(charset))
    return f"=?{charset}?Q?{coded}?="


def words(text: str, charset: str, size: int, label: str = "") -> str:
    """Encoded words cut after so many bytes, wherever in a character that is."""
    content = text.encode(charset)
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    return "\r\n ".join(f"=?{label or charset}?B?{base64.b64encode(piece).decode()}?=" for piece in pieces)


def head(subject: bytes = b(SUBJECT).encode(), extra: bytes = b"") -> bytes:
    return (
        b"From: =?utf-8?B?5byg5LiJ?= <clerk@school.example>\r\nTo: queke@office.example\r\n"
        b"Message-ID: <1@school.example>\r\n" + extra + b"Subject: " + subject + b"\r\nMIME-Version: 1.0\r\n"
    )


def part(heads: bytes, content: bytes = BOOK, coding: str = "base64") -> bytes:
    coded = base64.encodebytes(content) if coding == "base64" else content
    return heads + b"Content-Transfer-Encoding: " + coding.encode() + b"\r\n\r\n" + coded


def text_part(words_: bytes = "您好\r\n请查收".encode(), kind: bytes = b"text/plain; charset=utf-8") -> bytes:
    return b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + words_ + b"\r\n"


def mixed(*parts: bytes, top: bytes = b"", kind: bytes = b"mixed") -> bytes:
    line = f"--{_BOUNDARY}".encode()
    body = b"".join(line + b"\r\n" + one + b"\r\n" for one in parts)
    return (top or head()) + b'Content-Type: multipart/%s; boundary="=_b"\r\n\r\n' % kind + body + line + b"--\r\n"


def attached(disposition: bytes, kind: bytes = b"application/octet-stream") -> bytes:
    """A mail with a text and one file, whose heads are these bytes."""
    return mixed(text_part(), part(b"Content-Type: " + kind + b"\r\nContent-Disposition: " + disposition + b"\r\n"))


def packed(*files: tuple[str, bytes], gbk: bool = False) -> bytes:
    """A zip of files; with `gbk` names as Windows packs them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for name, content in files:
            info = zipfile.ZipInfo(name)
            box.writestr(info, content, zipfile.ZIP_DEFLATED)
    made = out.getvalue()
    if gbk:
        for name, _ in files:
            old, new = name.encode(), name.encode("gbk")
            made = made.replace(old, new + b"_" * (len(old) - len(new)))  # the same length: places stay right
        made = made.replace(b"\x14\x00\x00\x08", b"\x14\x00\x00\x00")
    return made


def _words() -> Iterator[Shape]:
    """A file's name as an encoded word."""
    utf8, gb = NAME.encode(), NAME.encode("gb18030")
    yield Shape("utf-8 word", attached(f'attachment; filename="{b(NAME)}"'.encode()))
    yield Shape("utf-8 quoted-printable word", attached(f'attachment; filename="{q(NAME)}"'.encode()))
    yield Shape("gb2312 word", attached(f'attachment; filename="{b(NAME, "gb2312")}"'.encode()))
    yield Shape("gbk word", attached(f'attachment; filename="{b(NAME, "gbk")}"'.encode()))
    yield Shape("gb18030 word", attached(f'attachment; filename="{b(NAME, "gb18030")}"'.encode()))
    yield Shape(
        "labelled gb2312, bytes GBK", attached(f'attachment; filename="{b(RARE, "gbk", "gb2312")}"'.encode()), (RARE,)
    )
    yield Shape(
        "quoted-printable GBK labelled GB2312",
        attached(f'attachment; filename="{q(RARE, "gbk").replace("gbk", "GB2312")}"'.encode()),
        (RARE,),
    )
    for label in ("x-gbk", "cp936", "MS936", "euc-cn", "hz-gb-2312"):
        yield Shape(f"labelled {label}", attached(f'attachment; filename="{b(NAME, "gbk", label)}"'.encode()))
    yield Shape(
        "labelled unknown-8bit", attached(f'attachment; filename="{b(NAME, "utf-8", "unknown-8bit")}"'.encode())
    )
    yield Shape(
        "labelled with a word nobody knows", attached(f'attachment; filename="{b(NAME, "gbk", "china")}"'.encode())
    )
    yield Shape(
        "labelled iso-8859-1, bytes GBK", attached(f'attachment; filename="{b(NAME, "gbk", "iso-8859-1")}"'.encode())
    )
    for size in (7, 10, 13):
        yield Shape(
            f"utf-8 words of {size} bytes", attached(f'attachment; filename="{words(NAME, "utf-8", size)}"'.encode())
        )
        yield Shape(
            f"gbk words of {size} bytes", attached(f'attachment; filename="{words(NAME, "gbk", size)}"'.encode())
        )
    yield Shape("words without padding", attached(f'attachment; filename="{b(NAME).replace("=?=", "?=")}"'.encode()))
    yield Shape(
        "words without quotes, folded", attached(f"attachment;\r\n filename={words(NAME, 'utf-8', 15)}".encode())
    )
    yield Shape("word without quotes", attached(f"attachment; filename={b(NAME)}".encode()))
    yield Shape(
        "no quotes and a blank", attached("attachment; filename=缺课 日报.xlsx; size=9".encode()), ("缺课 日报.xlsx",)
    )
    yield Shape("raw UTF-8", attached(b'attachment; filename="' + utf8 + b'"'))
    yield Shape("raw GBK", attached(b'attachment; filename="' + gb + b'"'))
    yield Shape("raw GBK without quotes", attached(b"attachment; filename=" + gb))


def _pieces() -> Iterator[Shape]:
    """A file's name after RFC 2231, or in another place."""
    gb = NAME.encode("gb18030")
    star = "attachment; filename*="
    yield Shape("RFC 2231", attached(f"{star}UTF-8''{quote(NAME)}".encode()))
    yield Shape("RFC 2231 with a language", attached(f"{star}utf-8'zh-cn'{quote(NAME)}".encode()))
    yield Shape(
        "RFC 2231 in GBK labelled gb2312", attached(f"{star}gb2312''{quote(RARE.encode('gbk'))}".encode()), (RARE,)
    )
    yield Shape("RFC 2231 without a charset", attached(f"{star}''{quote(NAME)}".encode()))
    yield Shape("RFC 2231 in quotes", attached(f"attachment; filename*=\"UTF-8''{quote(NAME)}\"".encode()))
    coded = quote(NAME.encode("gbk"))
    cut = [coded[at : at + 11] for at in range(0, len(coded), 11)]
    pieces = "; ".join(f"filename*{n}*={'gbk' + chr(39) * 2 if not n else ''}{one}" for n, one in enumerate(cut))
    yield Shape("RFC 2231 in pieces cut anywhere", attached(f"attachment; {pieces}".encode()))
    plain = "; ".join(f'filename*{n}="{NAME[n * 5 : n * 5 + 5]}"' for n in range(5))
    yield Shape("RFC 2231 in plain pieces", attached(f"attachment; {plain}".encode()))
    both = f"attachment; filename=\"{b(NAME)}\"; filename*=UTF-8''{quote(NAME)}"
    yield Shape("word and RFC 2231", attached(both.encode()))
    yield Shape(
        "ASCII and RFC 2231", attached(f"attachment; filename=\"x.xlsx\"; filename*=UTF-8''{quote(NAME)}".encode())
    )
    yield Shape(
        "only the type names it", attached(b"attachment", f'application/octet-stream; name="{b(NAME)}"'.encode())
    )
    yield Shape(
        "only the type names it, raw GBK", attached(b"attachment", b'application/vnd.ms-excel; name="' + gb + b'"')
    )
    yield Shape(
        "only the type names it, RFC 2231", attached(b"inline", f"application/x; name*=UTF-8''{quote(NAME)}".encode())
    )
    yield Shape("capital letters", attached(f'ATTACHMENT; FILENAME="{b(NAME)}"'.encode()))
    yield Shape("blanks around =", attached(f'attachment; filename = "{b(NAME)}"'.encode()))
    yield Shape("a semicolon in quotes", attached('attachment; filename="甲;乙.xlsx"'.encode()), ("甲;乙.xlsx",))
    yield Shape("quotes in quotes", attached('attachment; filename="甲\\"乙.xlsx"'.encode()), ('甲"乙.xlsx',))
    yield Shape("a path of Windows", attached('attachment; filename="C:\\桌面\\甲.xlsx"'.encode()), ("甲.xlsx",))
    yield Shape(
        "a path that climbs", attached(f'attachment; filename="{b("../../etc/甲.xlsx")}"'.encode()), ("甲.xlsx",)
    )
    yield Shape(
        "line ends in a word",
        attached(f'attachment; filename="{b("甲" + chr(13) + chr(10) + "乙.xlsx")}"'.encode()),
        ("甲乙.xlsx",),
    )
    yield Shape(
        "NUL and a turn of direction",
        attached(f'attachment; filename="{b("甲" + chr(0) + chr(0x202E) + "乙.xlsx")}"'.encode()),
        ("甲乙.xlsx",),
    )
    yield Shape("percent signs that are meant", attached(b'attachment; filename="100%20.xlsx"'), ("100%20.xlsx",))
    yield Shape("inline", attached(f'inline; filename="{b(NAME)}"'.encode()))
    yield Shape(
        "no disposition",
        mixed(text_part(), part(f'Content-Type: application/octet-stream; name="{b(NAME)}"\r\n'.encode())),
    )
    yield Shape(
        "no name at all", mixed(text_part(), part(b"Content-Type: application/octet-stream\r\n")), ("未命名.xlsx",)
    )
    yield Shape("called text", attached(f'attachment; filename="{b(NAME)}"'.encode(), b"text/plain"))
    yield Shape("called a picture", attached(f'attachment; filename="{b(NAME)}"'.encode(), b"image/jpeg"))
    yield Shape(
        "the mail is the file",
        head() + part(f'Content-Type: application/octet-stream; name="{b(NAME)}"\r\n'.encode()),
        line="",
    )


def _parts() -> Iterator[Shape]:
    """How a file lies in a mail."""
    named = f'Content-Type: application/octet-stream; name="{b(NAME)}"\r\nContent-Disposition: attachment\r\n'.encode()
    file = part(named)
    yield Shape(
        "base-64", mixed(text_part(), named + b"Content-Transfer-Encoding: base-64\r\n\r\n" + base64.encodebytes(BOOK))
    )
    yield Shape(
        "base64 that nobody said", mixed(text_part(), named + b"\r\n" + base64.encodebytes(b"PK\x03\x04\x14\x00 so"))
    )
    yield Shape("quoted-printable", mixed(text_part(), part(named, quopri.encodestring(BOOK), "quoted-printable")))
    yield Shape("line ends of Unix", mixed(text_part(), file).replace(b"\r\n", b"\n"))
    inner = b'Content-Type: multipart/mixed; boundary="=_i"\r\n\r\n--=_i\r\n' + file + b"\r\n--=_i--\r\n"
    yield Shape("a part of parts", mixed(text_part(), inner))
    related = (
        b'Content-Type: multipart/related; boundary="=_i"\r\n\r\n--=_i\r\n'
        + text_part("<p>请查收</p><img src='cid:1'>".encode(), b"text/html; charset=utf-8")
        + b"\r\n--=_i\r\n"
        + part(b"Content-Type: image/png; name=logo.png\r\nContent-ID: <1>\r\n", b"\x89PNG\r\n\x1a\n..")
        + b"\r\n--=_i--\r\n"
    )
    yield Shape("a picture in the signature", mixed(related, file))
    yield Shape(
        "a page only",
        mixed(text_part("<html><style>p{}</style><body><p>请查收</p>x".encode(), b"text/html; charset=utf-8"), file),
    )
    yield Shape("a page in GBK without a label", mixed(text_part("<p>请查收</p>".encode("gbk"), b"text/html"), file))
    yield Shape(
        "a text in GBK labelled gb2312",
        mixed(text_part("您好，喆".encode("gbk"), b"text/plain; charset=gb2312"), file),
        line="您好，喆",
    )
    yield Shape(
        "an invitation beside",
        mixed(text_part(), part(b"Content-Type: text/calendar; name=a.ics\r\n", b"BEGIN:VCALENDAR"), file),
    )
    forwarded = mixed(text_part("转来".encode()), file, top=head(b("转发的").encode()))
    yield Shape("forwarded as a part", mixed(text_part(), b"Content-Type: message/rfc822\r\n\r\n" + forwarded))
    coded = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(forwarded)
    yield Shape("forwarded as a part in base64", mixed(text_part(), coded))
    eml = part(b"Content-Type: application/octet-stream; name=x.eml\r\nContent-Disposition: attachment\r\n", forwarded)
    yield Shape("forwarded as a file", mixed(text_part(), eml))
    other = part(f'Content-Type: application/x; name="{b("乙.xlsx")}"\r\n'.encode())
    yield Shape("two files", mixed(text_part(), file, other), (NAME, "乙.xlsx"))
    yield Shape("two files of one name", mixed(text_part(), file, file), (NAME, NAME))
    box = packed(("甲.xlsx", BOOK), ("组/乙.xlsx", BOOK), ("__MACOSX/._甲.xlsx", b"x"), ("~$甲.xlsx", b"x"))
    yield Shape("a zip of files", mixed(text_part(), part(named, box)), ("甲.xlsx", "乙.xlsx"))
    scan = part(
        f'Content-Type: image/jpeg; name="{b("备案 000123.jpg")}"\r\nContent-Disposition: attachment\r\n'.encode(),
        b"\xff\xd8\xff scan",
    )
    yield Shape("a scan", mixed(text_part(), scan), ("备案 000123.jpg",))
    yield Shape(
        "winmail.dat",
        mixed(text_part(), part(b"Content-Type: application/ms-tnef; name=winmail.dat\r\n", b"\x78\x9f\x3e\x22")),
        (),
        issues=("mail-winmail",),
    )
    yield Shape(
        "a .msg",
        mixed(
            text_part(),
            part(
                b"Content-Type: application/octet-stream; name=x.msg\r\n",
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "__substg1.0_".encode("utf-16-le"),
            ),
        ),
        (),
        issues=("mail-outlook-item",),
    )
    link = "请查收\r\n从QQ邮箱发来的超大附件 https://wx.mail.qq.com/ftn/download?func=3".encode()
    yield Shape("a link to a cloud", mixed(text_part(link)), (), issues=("mail-cloud-link",))
    yield Shape("a locked zip", mixed(text_part(), part(named, _locked())), (), issues=("mail-zip-locked",))
    yield Shape("a damaged zip", mixed(text_part(), part(named, packed(("甲.xlsx", BOOK * 99))[:80])), (NAME,))


def _subjects() -> Iterator[Shape]:
    """How a subject is written."""
    for called, raw in (
        ("word", b("零缺课").encode()),
        ("raw UTF-8", "零缺课".encode()),
        ("raw GBK", "零缺课".encode("gbk")),
        ("labelled gb2312", b("零缺课", "gbk", "gb2312").encode()),
        ("words cut in a character", words("零缺课", "gbk", 3).encode()),
        ("folded", b("零").encode() + b"\r\n " + b("缺课").encode()),
        ("a word and plain signs", b("零缺课").encode() + b" "),
    ):
        yield Shape(f"subject: {called}", mixed(text_part(), top=head(raw)), (), "零缺课")
    yield Shape("subject: none", mixed(text_part(), top=head(b"")), (), "")
    yield Shape(
        "subject: with a line end in a word",
        mixed(text_part(), top=head(b("甲\r\nBcc: x@y").encode())),
        (),
        "甲 Bcc: x@y",
    )


def _locked() -> bytes:
    made = bytearray(packed(("甲.xlsx", BOOK)))
    made[6] |= 1
    at = made.index(b"PK\x01\x02")
    made[at + 8] |= 1
    return bytes(made)


SHAPES = [*_words(), *_pieces(), *_parts(), *_subjects()]
