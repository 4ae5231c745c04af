"""Only the fonts we carry: a page looks the same on every machine, or is not drawn at all.

WeasyPrint's text libraries crash the process if they find no usable font, so the fonts are checked first. They read the
system's font configuration unless another is set before they are loaded.
"""

from __future__ import annotations

import html
import os
import tempfile
from pathlib import Path

from pipeline import resources
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


def pin(scratch: Path | None = None) -> Path:
    """Write a font configuration that has only our fonts, and make this process use it.

    Call before weasyprint is imported. `scratch` is a writable folder for the configuration and the font cache; by
    default a new temporary one, which is not removed. Returns the file.
    """
    folder = check()
    scratch = scratch or Path(tempfile.mkdtemp(prefix="queke-fonts-"))
    config = scratch / "fonts.conf"
    text = _CONFIG.format(folder=html.escape(str(folder)), cache=html.escape(str(scratch / "cache")), family=FAMILY)
    config.write_text(text, encoding="utf-8")
    os.environ["FONTCONFIG_FILE"] = str(config)
    return config
