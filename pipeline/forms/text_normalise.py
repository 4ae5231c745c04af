"""Text as people paste it: invisible characters, full-width forms, identity numbers that must not stay."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, time
from functools import lru_cache

_INVISIBLE = dict.fromkeys(
    [*range(0x20), 0x7F, 0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF]
)
_BREAKS = {ord(char): " " for char in "\t\n\r\v\f\x85\u2028\u2029"}
SWEEP = {**_INVISIBLE, **_BREAKS}
BLANKS = frozenset(
    (
        *("", "/", "//", "／", "／／", "-", "--", "－", "—", "——", "———", "─", "\\", "＼", "…", "……"),
        *(
            "无",
            "空",
            "(空白)",
            "（空）",
            "N/A",
            "n/a",
            "NA",
            "#N/A",
            "NULL",
            "null",
            "None",
            "nan",
            "NaN",
        ),  # of programs
    )
)
DITTO = frozenset(("同上", "同前", "上同", "同左", "〃", "″", "''", '"', "”", "〞"))
""""As above": it means nothing by itself, because rows are sorted and filtered."""


def is_ditto(cell: object) -> bool:
    """Whether a cell says that it is as the one above."""
    return isinstance(cell, str) and cell.strip() in DITTO and cell.strip() != "同左"


ID = re.compile(r"(?<![0-9])[GJL]?[1-9][0-9]{16}[0-9Xx](?![0-9])")
ID_SPACED = re.compile(r"(?<![0-9])[1-9][0-9]{5}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{3}[0-9Xx](?![0-9])")
_MASKED = "证件号已隐去"
MASK = f"［{_MASKED}］"
MAX_EXACT_DIGITS = 15  # Excel keeps no more of a number


def sweep(text: str) -> str:
    """Without control and direction characters; line breaks and runs of blanks become one blank; NFC."""
    if text.isprintable() and "  " not in text and unicodedata.is_normalized("NFC", text):
        return text.strip()
    return " ".join(unicodedata.normalize("NFC", text.translate(SWEEP)).split())


def fold(text: str) -> str:
    """For comparing: NFKC (full-width forms become half-width), no blanks at all, small letters."""
    flat = "".join(unicodedata.normalize("NFKC", text.translate(SWEEP)).split()).casefold()
    # removing a blank, or lower case, may leave text that NFKC changes once more
    return flat if flat.isascii() else "".join(unicodedata.normalize("NFKC", flat).split())


def shown(cell: object) -> str:
    """A cell as its sender sees it. Numbers without a trailing .0, dates as 2026-11-20."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() and abs(cell) < 1e21 else repr(cell)
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d") if cell.time() == time() else cell.strftime("%Y-%m-%d %H:%M")
    return str(cell)


def mask(text: str) -> str:
    """Without anything that looks like an identity number (18 digits, also inside a 学籍号)."""
    if len(text) < 18:
        return text
    if not text.isascii():
        flat = unicodedata.normalize("NFKC", text)
        text = flat if ID.search(flat) or ID_SPACED.search(flat) else text
    return ID_SPACED.sub(MASK, ID.sub(MASK, text))


def masked(text: str) -> bool:
    """Whether an identity number was removed here before (the row comes back in a return workbook)."""
    return _MASKED in text


def blank(cell: object) -> bool:
    """Whether people mean nothing by it: empty, blanks, a dash, 无."""
    if cell is None:
        return True
    if not isinstance(cell, str):
        return False
    return cell in BLANKS or (not cell.isalnum() and _swept_blank(cell))


@lru_cache(maxsize=8192)
def _swept_blank(text: str) -> bool:
    return sweep(text) in BLANKS
