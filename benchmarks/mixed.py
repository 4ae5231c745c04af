"""`python -m benchmarks --mixed 1000`: many files of every form, right and wrong, in one inbox.

A table of outcomes is printed. Only the total time is measured; what is shown is that every file gets its one expected
outcome, and that corrected files give the same records as correct ones.
"""

from __future__ import annotations

import time
from pathlib import Path

from tests import mixed

SEED = 2026


def measure(folder: Path, count: int) -> dict[str, object]:
    """Run it in an empty folder, print the table, and return it; unexpected outcomes are printed too."""
    folder.mkdir()
    site = mixed.new_site(folder / "new")
    began = time.monotonic()
    done = mixed.run(site, folder, count, SEED)
    seconds = time.monotonic() - began
    print(f"{'form':10}{'file':44}{'became':12}{'files':>6}{'rows accepted':>15}{'refused':>9}")
    for form, kind, state, files, accepted, refused in done.table():
        print(f"{form:10}{kind:44}{state:12}{files:>6}{accepted:>15}{refused:>9}")
    print(f"{len(done.files)} files in, {len(done.files)} outcomes; mended by {dict(done.mending)}; {seconds:.0f} s")
    for one in done.complaints:
        print(f"NOT SO: {one}")
    print("every outcome as foretold, the stores are the same" if not done.complaints else "see above")
    return {"files": len(done.files), "table": done.table(), "complaints": len(done.complaints)}
