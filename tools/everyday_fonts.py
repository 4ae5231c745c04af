"""Makes the fonts of everyday signs from the full ones: `python -m tools.everyday_fonts`.

A paper puts the signs it uses into its PDF, and who cuts them out of a font of 30,000 signs reads all of it first. So
papers ask for these first, and for the full ones only where a sign is rare. Outlines, widths and features are those of
the full fonts; the name is another, since a font configuration tells fonts apart by it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from pipeline.reports.fonts import EVERYDAY, FAMILY, FILES, SMALL_FILES

FOLDER = Path(__file__).parent.parent / "templates" / "reports" / "fonts"
_BLOCKS = ((0x20, 0x17F), (0x2000, 0x22FF), (0x2460, 0x25FF), (0x3000, 0x30FF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF))


def everyday() -> set[int]:
    """Return the code points: GB 2312, Latin letters, punctuation and figures of every width."""
    found = {code for first, last in _BLOCKS for code in range(first, last + 1)}
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            found |= {ord(char) for char in bytes((row, cell)).decode("gb2312", "ignore")}
    return found


def cut(source: Path, target: Path) -> None:
    """Write the everyday signs of a font as a font of its own."""
    options = subset.Options(layout_features=["*"], name_IDs=["*"], notdef_outline=True, drop_tables=["STAT"])
    font = TTFont(source, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=everyday())
    cutter.subset(font)
    for name in font["name"].names:
        text = name.toUnicode().replace(FAMILY, EVERYDAY)
        short, long = FAMILY.replace(" ", ""), EVERYDAY.replace(" ", "")
        name.string = text if long in text else text.replace(short, long)
    font.save(target)


if __name__ == "__main__":
    for whole, part in zip(FILES, SMALL_FILES, strict=True):
        cut(FOLDER / whole, FOLDER / part)
        sys.stdout.write(f"{part}: {(FOLDER / part).stat().st_size:,} bytes\n")
