"""Durable operations, and the disks that fail them: a guard nobody has seen fail guards nothing."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import durable
from tests.faults import Crash, CrashAt, FailAt, PowerLoss, using


def cut_off(root: Path, *steps: Callable[[], None]) -> None:
    """Do the steps, then lose the power."""
    disk = PowerLoss(len(steps) + 1, root, [path.name for path in root.iterdir()])
    with using(disk):
        for step in steps:
            step()
        with pytest.raises(Crash):
            durable.sync_many((), ())
    disk.revert()


def test_what_is_written_through_is_old_or_new_at_every_crash(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for n in range(1, 5):
        path.write_bytes(b"old")
        with pytest.raises(Crash), using(CrashAt(n)):
            durable.write_through(path, b"newer")
        assert path.read_bytes() == (b"newer" if n > 3 else b"old")


def test_a_torn_line_is_closed_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b'{"seq": 1}\n{"se')
    durable.append_lines(path, ['{"seq": 2}'])
    assert path.read_bytes() == b'{"seq": 1}\n{"se\n{"seq": 2}\n'


def test_power_loss_forgets_a_name_that_was_not_synced(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "a"
    cut_off(tmp_path, lambda: durable.write(path, (b"x",)), lambda: durable.sync_many([path], ()))
    assert list((tmp_path / "in").iterdir()) == []


def test_power_loss_empties_contents_that_were_not_synced(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "a"
    cut_off(tmp_path, lambda: durable.write(path, (b"x",)), lambda: durable.sync_many((), [path.parent]))
    assert (tmp_path / "in" / "a").read_bytes() == b""


def test_power_loss_loses_a_file_whose_old_folder_alone_was_synced(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    (tmp_path / "old" / "a").write_bytes(b"x")
    old, new = tmp_path / "old" / "a", tmp_path / "new" / "a"
    cut_off(tmp_path, lambda: durable.rename(old, new), lambda: durable.sync_many((), [old.parent]))
    assert [*(tmp_path / "old").iterdir(), *(tmp_path / "new").iterdir()] == []


def test_a_failing_sync_is_raised_not_retried(tmp_path: Path) -> None:
    disk = FailAt(1, errno.EIO)
    with using(disk), pytest.raises(OSError, match="Input/output"):
        durable.sync_many([tmp_path], ())
    assert disk.steps == 1


@pytest.mark.parametrize("count", [1, 50])
def test_many_files_become_durable_together(tmp_path: Path, count: int) -> None:
    paths = [tmp_path / str(i) for i in range(count)]
    for path in paths:
        durable.write(path, (b"a", b"b"))
    durable.sync_many(paths, [tmp_path])
    assert {path.read_bytes() for path in paths} == {b"ab"}


def test_without_syncfs_every_file_is_synced_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(durable, "_syncfs", None)
    monkeypatch.setattr(os, "fsync", note)
    paths = [tmp_path / str(i) for i in range(9)]
    for path in paths:
        durable.write(path, (b"x",))
    durable.sync_many(paths, [tmp_path])
    assert synced == [*map(str, paths), str(tmp_path)]


def test_a_write_never_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        durable.write(tmp_path / "link", (b"x",))
    assert not (tmp_path / "elsewhere").exists()
