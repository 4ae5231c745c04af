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

# GB 2312 is of 1980. These it lacks, and they stand in given names that parents choose, more often since computers can
# write them: nearly every school has such a pupil, for whose sake its page was drawn with the full font.
NAMES = (
    "偲叡喆垕垚堃堉堽壵奡妘姈婠婳媖嫄嫚嬿孖峣崟嵚帟弢彣彧忞慜憓旸旻旼昇昉昳昺晅晙晞晢晧晳晸暎暐暠暻曈曌杍杬枻栢梣棽椛楙橞"
    "橦沄沚沨泙洢洸洺浟浥浵淏淐渟湉湜湲溦澔澴濛瀞灥炆炑炘烜焜煃煐煕燊燏燚爔犇玗玘玙玚玠玥玹珒珣珪珮珹珺珽琀琇琋琎琤琭琯琲"
    "瑀瑃瑄瑆瑢瑧瑨瑮瑱瑸璆璘璟璠瓅甦畯皛皞皦睎矞祎祐祾禔禕禛禩秾穂穎竑筼絜綵纮缊翀翯翾脩芃苳莙萩蒨蓂虓袗詠諲谞贇赟赪辀鋆"
    "钘锜锽镕镠陞韡頔顒颋飏骃骎鹍龑龢"
)
PLACES = "甪栟氿滆圌溇堌"  # 甪直, 栟茶, 三氿, 滆湖, 圌山, 溇港, 堌堆: Jiangsu
_BLOCKS = ((0x20, 0x17F), (0x2000, 0x22FF), (0x2460, 0x25FF), (0x3000, 0x30FF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF))


def everyday() -> set[int]:
    """Return the code points: GB 2312, usual names, Latin letters, punctuation and figures of every width."""
    found = {ord(char) for char in NAMES + PLACES}
    found |= {code for first, last in _BLOCKS for code in range(first, last + 1)}
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
