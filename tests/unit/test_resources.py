"""Carried files are found, whole and of our own."""

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from pipeline import resources
from pipeline.reports import fonts
from tools.everyday_fonts import everyday

FONTS = "reports/fonts"
# seldom in a font cut to GB 2312, often in the names of children
RARE = "喆堃垚玥昇璟甪鐄犨"
RAREST = "鐄犨"  # of them those that are in no usual name, nor in one of a place


def test_a_template_is_found_in_the_checkout(repo: Path) -> None:
    assert resources.path(FONTS) == repo / "templates" / "reports" / "fonts"


def test_what_is_not_carried_is_our_fault_and_said() -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.html"):
        resources.path("reports/nowhere.html")


@pytest.mark.parametrize(("file", "weight"), [("NotoSansSC-Regular.ttf", 400), ("NotoSansSC-Bold.ttf", 700)])
def test_the_fonts_are_static_and_hold_rare_names(file: str, weight: int) -> None:
    font = TTFont(resources.path(f"{FONTS}/{file}"))
    assert "glyf" in font
    assert "fvar" not in font
    assert font["OS/2"].usWeightClass == weight
    assert not [sign for sign in RARE + "，。（）≥▲●○" if ord(sign) not in font.getBestCmap()]


def test_the_fonts_come_with_their_licence() -> None:
    assert "SIL Open Font License" in resources.path(f"{FONTS}/LICENSE.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("whole", "part"), list(zip(fonts.FILES, fonts.SMALL_FILES, strict=True)))
def test_the_fonts_of_everyday_signs_are_the_full_ones_with_fewer_signs(whole: str, part: str) -> None:
    """Which of the two a sign is printed from is not to be seen."""
    full, small = (TTFont(resources.path(f"{FONTS}/{file}")) for file in (whole, part))
    there, here = full.getBestCmap(), small.getBestCmap()
    assert everyday() & there.keys() == here.keys()
    assert [sign for sign in RARE if ord(sign) not in here] == list(RAREST)
    for table in ("head", "hhea", "OS/2"):
        for name in ("unitsPerEm", "ascent", "descent", "lineGap", "usWeightClass", "sTypoAscender", "usWinAscent"):
            assert getattr(full[table], name, None) == getattr(small[table], name, None), name
    for code in sorted(here)[::41]:
        assert full["hmtx"][there[code]] == small["hmtx"][here[code]]
        assert (
            full["glyf"][there[code]].getCoordinates(full["glyf"])[0]
            == (small["glyf"][here[code]].getCoordinates(small["glyf"])[0])
        )
