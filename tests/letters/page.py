"""docs/letters.md: how each of our mails looks, from the examples of `cases.py`; and the pictures in it.

`python -m tests.letters.page docs` writes the page, with `--draw` the pictures too, by Debian's Chromium.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

from PIL import Image, ImageChops

from pipeline.reports import fonts
from tests.letters.cases import CASES, PICTURE, LetterCase
from tools.programs import program

NAME = "letters.md"
PICTURES = "img/letters"  # below docs
PAPER = "img/digest.png"  # what stands for the first page of a paper
PHONE, DESK, GAP = 390, 760, 24  # widths, in points of a screen
TALL = 2400
SHARE = 0.6  # of its size is a picture kept
HEAD = """# Our mails

Written by `make templates`, from the examples in `tests/letters/`; the pictures, at the width of a telephone and of a
desk, by `make letters`. Every mail has a text that stands alone and a page; neither loads anything from elsewhere, and
neither says anything of a pupil's health: of a cell only its place is named. What else a mail is made of:
[mail out](adr/mail-out.md).
"""


def page() -> str:
    """The page as it must be."""
    return "\n".join([HEAD, *(_section(name, case) for name, case in CASES.items())])


def _section(name: str, case: LetterCase) -> str:
    made, (text, _) = case.made(), case.words()
    return "\n".join(
        (
            f"## {case.title}\n",
            f"`{case.template}`, {case.goes}.\n",
            f"![{case.title}]({PICTURES}/{name}.png)\n",
            f"```text\n主题：{made.subject}\n\n{text.rstrip()}\n```\n",
        )
    )


def draw(docs: Path) -> None:
    """Draw every letter at both widths, beside each other in one picture."""
    folder = docs / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        fonts.pin(Path(scratch))
        for name, case in CASES.items():
            source = Path(scratch) / "letter.html"
            source.write_text(case.words()[1].replace(f"cid:{PICTURE}", (docs / PAPER).resolve().as_uri()), "utf-8")
            shots = list(_shots(source, Path(scratch)))
            both = Image.new("RGB", (PHONE + GAP + DESK, max(one.height for one in shots)), "white")
            both.paste(shots[0], (0, 0))
            both.paste(shots[1], (PHONE + GAP, 0))
            small = both.resize((int(both.width * SHARE), int(both.height * SHARE)), Image.Resampling.LANCZOS)
            small.quantize(64, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)


def _shots(source: Path, scratch: Path) -> Iterator[Image.Image]:
    """The letter as a browser shows it, in a frame as wide as a telephone and as a desk: it makes no narrow window."""
    for width in (PHONE, DESK):
        frame = scratch / "frame.html"
        style = f"border:0;width:{width}px;height:{TALL}px"
        frame.write_text(
            f'<body style="margin:0"><iframe scrolling="no" style="{style}" src="{escape(source.name)}"></iframe>',
            "utf-8",
        )
        shot = scratch / f"{width}.png"
        command = [
            *(program("chromium"), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *("--hide-scrollbars", "--allow-file-access-from-files", f"--user-data-dir={scratch / 'profile'}"),
            *(f"--window-size={DESK},{TALL}", f"--screenshot={shot}", frame.as_uri()),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
        with Image.open(shot) as whole:
            yield _cut(whole.convert("RGB").crop((0, 0, width, TALL)))


def _cut(drawn: Image.Image) -> Image.Image:
    """A picture down to the end of what is in it."""
    ground = Image.new("RGB", drawn.size, drawn.getpixel((2, drawn.height - 2)))
    box = ImageChops.difference(drawn, ground).getbbox() or (0, 0, *drawn.size)
    return drawn.crop((0, 0, drawn.width, min(drawn.height, box[3] + 10)))


def main(arguments: list[str]) -> int:
    """Write the page into a folder; with --draw its pictures too."""
    docs = Path(arguments[0])
    (docs / NAME).write_text(page(), "utf-8")
    if "--draw" in arguments:
        draw(docs)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
