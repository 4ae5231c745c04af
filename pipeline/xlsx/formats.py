"""What a file that is no .xlsx is, by its bytes: each kind has its own remedy."""

from __future__ import annotations

import re

from pipeline.model import Issue

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_KINDS = (
    (b"%PDF", "PDF"),
    (b"Rar!", "RAR 压缩包"),
    (b"7z\xbc\xaf", "7z 压缩包"),
    (b"\x1f\x8b", "压缩包"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"BM", "图片"),
    (b"{\\rtf", "RTF 文档"),
)
_CODES = {"PDF": "file-picture", "图片": "file-picture"}  # the formats in which signed papers are scanned
_PHOTOS = (
    (re.compile(rb"....ftyp(?:heic|heix|hevc|heim|heis|mif1|msf1)", re.DOTALL), "手机照片（HEIC）"),
    (re.compile(rb"....ftypavif", re.DOTALL), "图片（AVIF）"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "图片（WebP）"),
    (re.compile(rb"II\*\0|MM\0\*"), "图片（TIFF）"),
)
"""Formats of photographs and scans that nobody here opens."""
_MAIL = re.compile(
    rb"(?:From|To|Subject|Date|Received|Return-Path|Delivered-To|MIME-Version|Message-ID|X-[A-Za-z0-9-]{1,40})\s?:[^\n]*"
    rb"(?:\n[ \t][^\n]*)*\n[A-Za-z0-9-]{2,40}\s?:",
    re.IGNORECASE,
)


def foreign(content: bytes) -> Issue | None:
    """Why bytes that are no zip package are not opened; None for an .xls."""
    if not content.strip(b"\0 \t\r\n"):
        return _refused("file-hollow" if b"\0" in content else "file-empty")
    photo = next((kind for magic, kind in _PHOTOS if magic.match(content)), "")
    if photo:
        return _refused("file-photo", kind=photo)
    if _MAIL.match(content[:4096].replace(b"\r", b"").lstrip(b"\xef\xbb\xbf\n")):
        return _refused("file-mail")
    if content.startswith(_OLE):
        return _old_office(content)
    if content.startswith((b"PK\x05\x06", b"PK\x07\x08")):
        return _refused("file-archive", kind="ZIP 压缩包")
    for magic, kind in _KINDS:
        if content.startswith(magic):
            return _refused(_CODES.get(kind, "file-archive" if "压缩" in kind else "file-not-workbook"), kind=kind)
    return _refused("file-not-workbook", kind=_text_kind(content[:2048]))


def _text_kind(start: bytes) -> str:
    lower = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if lower.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<head")) or b"<html" in lower:
        return "网页"
    if lower.startswith(b"<?xml"):
        return "XML 文档"
    if b"\0" in start:
        return "未知格式"
    return "文本（CSV）"


def _old_office(content: bytes) -> Issue | None:
    """OLE: an encrypted .xlsx, an .xls (odd: read in the child), or a file of Word or WPS (refused)."""
    if _utf16("EncryptedPackage") in content:
        return _refused("file-encrypted")
    if _utf16("__substg1.0_") in content:
        return _refused("file-mail")  # Outlook's .msg
    if _utf16("_VBA_PROJECT") in content:
        return _refused("file-macro")
    if _utf16("Ole10Native") in content or _utf16("MBD0") in content:
        return _refused("file-embedded")
    if _utf16("Workbook") in content or _utf16("Book") in content:
        return None
    return _refused("file-old-format")


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-le")


def _refused(code: str, **details: str) -> Issue:
    return Issue(code, details=tuple(details.items()))
