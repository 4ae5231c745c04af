"""No page asks the store once for each of its rows, nor writes into it."""

import json
import subprocess
import sys
from pathlib import Path

from tests import console_site

MORE = 6  # queries that a page may take more with many rows: of what is only there then


def test_a_page_takes_as_many_queries_with_many_rows_as_with_few(tmp_path: Path) -> None:
    console_site.make(tmp_path / "site")
    command = [sys.executable, "-m", "tests.console_queries", str(tmp_path / "site")]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    few, many = json.loads(said).values()
    assert len(many) > 60, "pages of every reader"
    assert sum(length > 1.5 * few[page][1] for page, (_, length, _) in many.items()) > 15, "and the rows are on them"
    asked = {page: (few[page][0], n) for page, (n, *_) in many.items()}
    assert {page: counts for page, counts in asked.items() if counts[1] > counts[0] + MORE} == {}
    written = {table for *_, tables in many.values() for table in tables}
    assert written <= {"audit", "act", "counter"}, "who looks writes down that he looked, and nothing else"
