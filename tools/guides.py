"""The guides for clerks and county admins, with pictures of our own workbooks: docs/guides/*.pdf; and the READMEs'
picture of a digest.

Run by `make guides` after `make demo`: the pictures are of workbooks that the demo's site gives out, drawn by
LibreOffice, so that no guide shows a template that is not ours any more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageChops

from pipeline.reports import fonts
from tools.programs import convert, program

ROOT = Path(__file__).parent.parent
GUIDES = ROOT / "docs" / "guides"
DIGEST = ROOT / "docs" / "img" / "digest.png"
CITY = "320100"
COUNTY = "320102"
WITH_CALENDAR = "320303"
NEXT_DAY = "2026-11-23"
DOTS = 130  # an inch: sharp on paper, small in the repository
SCREEN_DOTS = 88
MARGIN = 12
FAINT = 24  # shades so near to white are not visible
GAP = 0.05  # of a page's height: after so much white, the part to be shown has ended
PAGES = {"desk": 1, "lines": 2}  # the printed page that is shown, if not the first


def main(arguments: list[str]) -> int:
    """Draw the pictures from the site named, then the guides."""
    site = Path(arguments[0])
    pictures = GUIDES / "img"
    pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name, workbook in _workbooks(site, Path(scratch)).items():
            _picture(workbook, Path(scratch), pictures / f"{name}.png")
        digest = max(site.glob(f"outbox/设区市/* {CITY}/*/学生缺课监测每日简报*.pdf"))
        with _page(digest, Path(scratch) / "digest", SCREEN_DOTS) as drawn:
            drawn.convert("RGB").quantize(32, dither=Image.Dither.NONE).save(DIGEST, optimize=True)
    fonts.pin()
    from weasyprint import CSS, HTML  # after the fonts are set

    for page in sorted(GUIDES.glob("*.html")):
        HTML(filename=str(page)).write_pdf(
            page.with_suffix(".pdf"), stylesheets=[CSS(filename=str(GUIDES / "guide.css"))]
        )
        sys.stdout.write(f"{page.with_suffix('.pdf').relative_to(ROOT)}\n")
    return 0


def _workbooks(site: Path, scratch: Path) -> dict[str, Path]:
    """The workbooks that are shown: as the site gives them out now."""
    back = sorted(site.glob("outbox/学校/*/*/退回修正表 学生缺课日报*.xlsx"))
    school = back[-1].parent.parent.name.rpartition(" ")[2]
    made = {name: scratch / f"{name}.xlsx" for name in ("absence", "roster", "calendar", "desk")}
    _queke(site, "template", "absence", "--unit", school, "--day", NEXT_DAY, "-o", str(made["absence"]))
    _queke(site, "template", "roster", "--unit", COUNTY, "-o", str(made["roster"]))
    _queke(site, "template", "calendar", "--unit", WITH_CALENDAR, "-o", str(made["calendar"]))
    _queke(site, "desk", "--unit", COUNTY, "-o", str(made["desk"]))
    return {**made, "lines": made["desk"], "giveback": back[-1]}


def _queke(site: Path, *words: str) -> None:
    # our own command with fixed words, always at the same minute: a picture changes only when the workbook does
    command = [sys.executable, "-m", "pipeline", "--site", str(site), *words]
    clock = os.environ | {"QUEKE_NOW": f"{NEXT_DAY}T07:30"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=clock)


def _picture(workbook: Path, scratch: Path, target: Path) -> None:
    """The first printed page of a workbook, its white margins and its empty end cut off."""
    copy = scratch / f"{target.stem}-shown.xlsx"
    copy.write_bytes(workbook.read_bytes())
    convert([copy], "pdf", scratch)
    with _page(copy.with_suffix(".pdf"), scratch / target.stem, DOTS, PAGES.get(target.stem, 1)) as drawn:
        _trimmed(drawn.convert("RGB")).quantize(64).save(target, optimize=True)


def _page(pdf: Path, page: Path, dots: int, number: int = 1) -> Image.Image:
    """One page of a PDF as a picture, drawn beside `page`."""
    wanted = ["-r", str(dots), "-png", "-singlefile", "-f", str(number), "-l", str(number)]
    subprocess.run([program("pdftoppm"), *wanted, str(pdf), str(page)], check=True)
    return Image.open(page.with_suffix(".png"))


def _trimmed(drawn: Image.Image) -> Image.Image:
    """The picture without its margins, down to the first wide gap: below it is the foot for signatures."""
    ink = ImageChops.difference(drawn, Image.new("RGB", drawn.size, "white")).convert("L").point(_black)
    left, top, right, _ = ink.getbbox() or (0, 0, *drawn.size)
    marked = [y for y in range(top, drawn.height) if ink.crop((0, y, drawn.width, y + 1)).getbbox()]
    after = zip(marked, [*marked[1:], drawn.height * 2], strict=True)
    end = next(y for y, following in after if following - y > GAP * drawn.height)
    return drawn.crop(
        (max(left - MARGIN, 0), max(top - MARGIN, 0), min(right + MARGIN, drawn.width), min(end + MARGIN, drawn.height))
    )


def _black(shade: int) -> int:
    return 255 if shade > FAINT else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
