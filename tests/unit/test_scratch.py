"""Temporary folders of a process that was killed are gone once another works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pipeline import scratch
from pipeline.reports.render import Renderer

DRAWING = """
import time
from pipeline.reports.render import Renderer
with Renderer(1):
    print("drawing", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_a_folder_is_there_for_its_block_and_no_other_is_touched(place: Path) -> None:
    (place / "queke-other").mkdir()
    with scratch.folder("queke-x-") as one, scratch.folder("queke-x-") as two:
        assert one.is_dir()
        assert two.is_dir()
    assert [path.name for path in place.iterdir()] == ["queke-other"]


def test_what_a_killed_process_left_goes_with_the_next(place: Path) -> None:
    dead = place / "queke-x-dead"
    (dead / "below").mkdir(parents=True)
    (dead / "below" / "page").write_bytes(b"x")
    (place / "queke-x-link").symlink_to(dead)
    with scratch.folder("queke-x-") as one:
        assert not dead.exists()
        assert one.is_dir()


def test_a_renderer_that_was_killed_leaves_nothing_once_another_draws(place: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", DRAWING], stdout=subprocess.PIPE) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == b"drawing\n"
        (left,) = place.glob("queke-pages-*")
        with Renderer(1):
            assert left.exists(), "while it draws, its folder is its own"
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    assert left.exists()
    with Renderer(1):
        assert not left.exists()
    assert list(place.iterdir()) == []
