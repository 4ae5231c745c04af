"""Only the fonts we carry: a page looks the same on every machine, or is not drawn at all.

WeasyPrint's text libraries crash the process if they find no usable font, so the fonts are checked first. They read the
system's font configuration unless another is set before they are loaded.
"""

from __future__ import annotations

import atexit
import html
import os
from contextlib import ExitStack
from pathlib import Path

from pipeline import resources, scratch
from pipeline.errors import ConfigError

FAMILY = "Noto Sans SC"
FILES = ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf")
_TRUETYPE = b"\x00\x01\x00\x00"
_LEAST = 100_000  # bytes; a font with Chinese in it is never smaller

_CONFIG = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <cachedir>{cache}</cachedir>
  <match target="pattern"><edit name="family" mode="append" binding="weak"><string>{family}</string></edit></match>
</fontconfig>
"""


def check() -> Path:
    """Return the folder of our fonts. Raises ConfigError, naming every font that cannot be used."""
    try:
        folder = resources.path("reports/fonts")
    except FileNotFoundError as missing:
        raise ConfigError(["字体文件夹 reports/fonts 不存在：安装不完整"]) from missing
    problems = [f"字体 {name} 缺失或损坏：安装不完整" for name in FILES if not _usable(folder / name)]
    if problems:
        raise ConfigError(problems)
    return folder


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
    text = _CONFIG.format(folder=html.escape(str(folder)), cache=html.escape(str(own / "cache")), family=FAMILY)
    config.write_text(text, encoding="utf-8")
    os.environ["FONTCONFIG_FILE"] = str(config)
    return config
