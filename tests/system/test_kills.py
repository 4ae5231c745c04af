"""`tools.faults` in small: a short day with a kill in each of its parts, on SQLite. At length by its arguments."""

import random
from pathlib import Path

import pytest

from tools import faults
from tools.killing import Killer


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_day_with_kills_ends_as_one_without(tmp_path: Path) -> None:
    killer = Killer(random.Random(2026), each=1)
    assert faults.try_out(tmp_path, killer, short=True) == []
    assert sum(killer.killed.values()) == 2


def test_what_is_missing_or_twice_is_told() -> None:
    calm = {"letters": ["receipt", "receipt", "card"]}
    assert faults.differences(calm, {"letters": ["receipt", "card"]}) == ["- letters: receipt"]
    assert faults.differences(calm, {"letters": [*calm["letters"], "card"]}) == ["+ letters: card"]
    assert faults.differences(calm, {"letters": sorted(calm["letters"])}) == []
