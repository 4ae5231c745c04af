"""`make golden`: write the workbook and the expected answer of each golden case that has none yet.

What is there is never overwritten: remove a file to have it written again, and read the difference.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.golden import answer, cases

HERE = Path(__file__).parent


def main() -> int:
    for name, content in cases.cases().items():
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        book = folder / "in.xlsx"
        if not book.exists():
            book.write_bytes(content)
        expected = folder / "expected.json"
        if not expected.exists():
            got = answer.answer(book.read_bytes())
            expected.write_text(json.dumps(got, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            print(f"written: {expected.relative_to(HERE)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
