"""Workbooks that were packed together: a zip's files under caps, one level deep, with the names people gave them."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from pipeline.mail import headers
from pipeline.model import MailPart

MOST_FILES = 50
MOST_BYTES = 100 * 2**20  # of all files unpacked
MOST_OF_ONE = 30 * 2**20

_UTF8_NAME = 0x800
_LOCKED = 0x1
_WORKBOOK = ("[content_types].xml", "mimetype", "index/document.iwa")
_LEFT_OUT = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")


class ZipError(Exception):
    """A zip that is not unpacked; `code` is the issue's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def is_folder(content: bytes) -> bool:
    """Whether a zip is one of files, not a workbook (which is a zip, too) and not one that cannot be opened."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as box:
            return not any(info.filename.lower() in _WORKBOOK for info in box.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError, OSError):
        return False


def files(content: bytes) -> Iterator[MailPart]:
    """The files of a zip. Raises ZipError if it is locked, damaged, or more than anybody packs for this."""
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as box:
            infos = [info for info in box.infolist() if not info.is_dir() and not _is_left_out(info.filename)]
            if len(infos) > MOST_FILES or sum(info.file_size for info in infos) > MOST_BYTES:
                raise ZipError("mail-zip-too-much")
            for info in infos:
                if info.flag_bits & _LOCKED:
                    raise ZipError("mail-zip-locked")
                with box.open(info) as file:
                    inside = file.read(min(left, MOST_OF_ONE) + 1)  # what a zip says of its sizes may be a lie
                if len(inside) > min(left, MOST_OF_ONE):
                    raise ZipError("mail-zip-too-much")
                left -= len(inside)
                yield MailPart(_name(info), inside)
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError, OSError) as error:
        raise ZipError("mail-zip-damaged") from error


def _is_left_out(name: str) -> bool:
    lower = name.lower()
    return lower.startswith(_LEFT_OUT) or lower.rpartition("/")[2] in _LEFT_OUT or lower.rpartition("/")[2][:2] == "~$"


def _name(info: zipfile.ZipInfo) -> str:
    """A file's name: UTF-8 where the zip says so, else what its bytes look like (GBK, mostly)."""
    if info.flag_bits & _UTF8_NAME:
        raw = info.filename.encode("utf-8", "replace")
    else:
        raw = info.filename.encode("cp437", "replace")
    return headers.shown_name(headers.decoded(raw, "")) or "未命名"
