"""What only tests call is found."""

from pathlib import Path

from tools.unused import unused

ROOM = """
def passed_on(): ...
def take(): take()
LIMIT = 1
class Kept: ...
@app.command()
def go(): ...
"""
TEXTS = {
    Path("pipeline/room/__init__.py"): "from pipeline.room.a import passed_on\n",
    Path("pipeline/room/a.py"): ROOM,
    Path("pipeline/b.py"): "from pipeline import room\nx = room.passed_on\nx = other.take\n",
}


def test_what_only_tests_call_is_found_though_another_has_its_name() -> None:
    def names(*more: str) -> set[str]:
        callers = {Path(f"benchmarks/{n}.py"): text for n, text in enumerate(more)}
        return {one.what.partition(" ")[0] for one in unused(TEXTS, callers)}

    assert names() == {"take", "LIMIT", "Kept", "x"}
    assert names("from pipeline.room.a import LIMIT\nprint(LIMIT)\n") == {"take", "Kept", "x"}
    assert names("from pipeline.room import a\na.take()\n", "y = 'pipeline.room.a.Kept'\n") == {"LIMIT", "x"}
