"""Only the fonts we carry: a page looks the same on every machine, or is not drawn at all. For signs that they have not
(rare Chinese ones, Hangul, Uyghur, Tibetan, Mongolian, Yi), fonts of Debian packages, each named: `MORE`. A sign that
none of them has is printed as 〓, never as a box or as nothing.

WeasyPrint's text libraries crash the process if they find no usable font, so the fonts are checked first. They read the
system's font configuration unless another is set before they are loaded.
"""

from __future__ import annotations

import atexit
import html
import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path

from pipeline import resources, scratch
from pipeline.errors import ConfigError

FAMILY = "Noto Sans SC"
FILES = ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf")
EVERYDAY = "Noto Sans SC Everyday"  # GB 2312 and usual names of the same: `tools/everyday_fonts.py`
SMALL_FILES = ("NotoSansSCEveryday-Regular.ttf", "NotoSansSCEveryday-Bold.ttf")
MISSING = "〓"  # the printers' sign for one they have not
SYSTEM = Path("/usr/share/fonts/truetype")
MORE: Mapping[str, tuple[str, ...]] = {
    "fonts-noto-core": (
        "noto/NotoSansArabic-Regular.ttf",
        "noto/NotoSerifTibetan-Regular.ttf",
        "noto/NotoSansMongolian-Regular.ttf",
        "noto/NotoSansYi-Regular.ttf",
    ),
    "fonts-nanum": ("nanum/NanumGothic.ttf",),
    "fonts-hanazono": ("hanazono/HanaMinA.ttf", "hanazono/HanaMinB.ttf"),
}
"""Debian package → files below `SYSTEM`."""
_TRUETYPE = b"\x00\x01\x00\x00"
_LEAST = 100_000  # bytes; a font with Chinese in it is never smaller

_CONFIG = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
{more}
  <cachedir>{cache}</cachedir>
  <match target="pattern"><edit name="family" mode="append" binding="weak">
    <string>{everyday}</string><string>{family}</string>
  </edit></match>
</fontconfig>
"""


def check() -> Path:
    """Return the folder of our fonts. Raises ConfigError, naming every font that cannot be used."""
    try:
        folder = resources.path("reports/fonts")
    except FileNotFoundError as missing:
        raise ConfigError(["字体文件夹 reports/fonts 不存在：安装不完整"]) from missing
    problems = [f"字体 {name} 缺失或损坏：安装不完整" for name in (*FILES, *SMALL_FILES) if not _usable(folder / name)]
    if problems:
        raise ConfigError(problems)
    return folder


def further() -> list[Path]:
    """Return the fonts of other packages that are installed, in the order of `MORE`."""
    return [SYSTEM / name for names in MORE.values() for name in names if (SYSTEM / name).is_file()]


def absent() -> list[str]:
    """Return the packages of which a font is missing."""
    return [package for package, names in MORE.items() if not all((SYSTEM / name).is_file() for name in names)]


def drawable(text: str) -> str:
    """Return a text with 〓 for each sign that no font has, or that is none. Everyday Chinese costs nothing."""
    text = _NO_SIGN.sub(MISSING, text)
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        lost = {char for char in set(text) if not _everyday(char) and ord(char) not in _covered()}
        return text.translate({ord(char): MISSING for char in lost}) if lost else text
    return text


_NO_SIGN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what no markup may hold, escaped or not


def _everyday(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return char in _UNSEEN
    return True


_UNSEEN = frozenset("\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufe0f\u2028\xad\ufeff")


@lru_cache(maxsize=1)
def _covered() -> frozenset[int]:
    from fontTools.ttLib import TTFont  # slow to import, and few pages need it

    found: set[int] = set()
    for font in (check() / FILES[0], *further()):
        with TTFont(font, lazy=True) as opened:
            found |= opened.getBestCmap().keys()
    return frozenset(found)


def _usable(font: Path) -> bool:
    if not font.is_file() or font.stat().st_size < _LEAST:
        return False
    with font.open("rb") as opened:
        return opened.read(4) == _TRUETYPE


def pin(own: Path | None = None) -> Path:
    """Write a font configuration that has only our fonts, and make this process use it.

    Call before weasyprint is imported. `own` is a writable folder for the configuration and the font cache; by
    default a temporary one, until this process ends. Returns the file.
    """
    folder = check()
    if own is None:
        held = ExitStack()
        own = held.enter_context(scratch.folder("queke-fonts-"))
        atexit.register(held.close)
    config = own / "fonts.conf"
    beside = own / "further"
    beside.mkdir(exist_ok=True)
    for font in further():
        (beside / font.name).symlink_to(font)
    more = f"  <dir>{html.escape(str(beside))}</dir>"
    cache = html.escape(str(own / "cache"))
    text = _CONFIG.format(folder=html.escape(str(folder)), more=more, cache=cache, everyday=EVERYDAY, family=FAMILY)
    config.write_text(text, encoding="utf-8")
    os.environ["FONTCONFIG_FILE"] = str(config)
    return config
