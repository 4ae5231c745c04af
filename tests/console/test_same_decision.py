"""A decision of the console and the same one in the 处理单 leave equal stores: each opinion of each board."""

import json
import subprocess
import sys
from pathlib import Path

from pipeline.county.boards import BOARDS
from tests import console_site


def test_what_a_county_decides_on_a_page_is_what_it_decides_in_its_workbook(tmp_path: Path) -> None:
    console_site.make(tmp_path / "site")
    command = [sys.executable, "-m", "tests.console_decisions", str(tmp_path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = json.loads(said[said.index('{"') :])
    assert {name.partition(" ")[0] for name in found} == {name for name, board in BOARDS.items() if not board.begins}
    assert {name: one["differs"] for name, one in found.items() if one["differs"]} == {}
    assert [name for name, one in found.items() if not one["made"]] == ["matters 退回"], "only a roll can be sent back"
