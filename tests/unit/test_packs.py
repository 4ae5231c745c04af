"""A pack holds what was put into it and not left out again, whatever the order."""

import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import packs
from tests.faults import Crash, CrashAt, using

NAMES = st.sampled_from(["2026-03-02/1-0123456789ab.xlsx", "2026-03-02/回执.txt", "2026-03-31/页.pdf"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.dictionaries(NAMES, st.binary(max_size=300), max_size=3)),
        st.tuples(st.just("leave out"), st.lists(NAMES, max_size=3)),
    ),
    max_size=6,
)


def put(folder: Path, files: dict[str, bytes]) -> dict[str, Path]:
    made = {}
    for name, content in files.items():
        made[name] = folder / name.replace("/", "-")
        made[name].write_bytes(content)
    return made


@settings(max_examples=60)
@given(STEPS)
def test_a_pack_holds_what_was_put_in_and_not_left_out(steps: list) -> None:
    with tempfile.TemporaryDirectory() as root:
        pack, held = Path(root) / "2026-03.zip", {}
        for what, of in steps:
            if what == "add":
                packs.add(pack, put(Path(root), of))
                held |= of
            else:
                packs.leave_out(pack, of)
                held = {name: content for name, content in held.items() if name not in of}
            assert {name: packs.read(pack, name) for name in packs.sizes(pack)} == held
            assert pack.exists() == bool(held)
            if held:
                assert zipfile.ZipFile(pack).testzip() is None


def test_what_is_in_the_pack_already_is_not_written_again(tmp_path: Path) -> None:
    pack, files = tmp_path / "a.zip", put(tmp_path, {"1.txt": b"one"})
    packs.add(pack, files)
    before = pack.stat().st_ino
    packs.add(pack, files)
    assert pack.stat().st_ino == before


def test_a_crash_leaves_the_old_pack_or_the_new_one(tmp_path: Path) -> None:
    pack, expected = tmp_path / "a.zip", [{"1.txt"}, {"1.txt", "2.txt"}]
    for n in range(1, 20):
        pack.unlink(missing_ok=True)
        packs.add(pack, put(tmp_path, {"1.txt": b"one"}))
        disk = CrashAt(n)
        try:
            with using(disk):
                packs.add(pack, put(tmp_path, {"2.txt": b"two"}))
        except Crash:
            assert set(packs.sizes(pack)) in expected
            packs.add(pack, put(tmp_path, {"2.txt": b"two"}))
        assert set(packs.sizes(pack)) == expected[1]
        if disk.steps < n:
            return
    pytest.fail("it never completed")
