"""Every sentence that papers choose by their figures, in one table; docs/sentences.md is made from it.

`python -m pipeline.figures.sentence_table docs` writes the page; a test holds it equal to the table.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pipeline.figures import digest_sentences as digest
from pipeline.figures import letter_sentences as letters
from pipeline.figures import page_sentences as pages
from pipeline.figures.sentence import Place

PLACES: tuple[Place[Any], ...] = (
    digest.DAY,
    digest.ILL,
    digest.COMPARED,
    digest.COMMON,
    digest.ALERTS,
    digest.CLOCK,
    digest.SILENCE,
    digest.UNHEARD,
    digest.SYMPTOMS,
    digest.TILE,
    digest.SUM,
    digest.SCHOOLS,
    digest.HINTS,
    digest.STATISTICS,
    digest.METHODS,
    pages.MISSING,
    pages.UNHEARD,
    pages.GROUP,
    pages.LISTED,
    pages.PUPILS,
    pages.REST,
    letters.NOTICE,
    letters.CARD,
    letters.WHEN,
    letters.FIRST,
)

_NOTE = "<!-- 由 pipeline/figures/sentence_table.py 生成，请勿手改 -->"
_HEAD = "每处从上往下，印第一句条件成立的。花括号里是同一张纸上的数，星号之间的加粗；空白为不印。"


def page() -> str:
    """docs/sentences.md: of every place on a paper, which sentence is printed when."""
    lines = [_NOTE, "# 各纸上的句子", _HEAD]
    for place in PLACES:
        rows = [f"| {one.when} | {one.text.replace('*', '**')} |" for one in place.sentences]
        lines += [f"## {place.paper} · {place.name}", "\n".join(["| 条件 | 句子 |", "| --- | --- |", *rows])]
    return "\n\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page into the folder named."""
    folder = Path(arguments[0] if arguments else "docs")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sentences.md").write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
