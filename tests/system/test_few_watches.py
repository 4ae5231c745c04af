"""A system that lets a process listen to fewer folders than the inbox has: it says so, and files are taken anyway."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import cli

LIMIT, FOLDERS = 20, 60
WATCH = f"echo {LIMIT} > /proc/sys/user/max_inotify_watches && exec {sys.executable} -m pipeline watch"
ALONE = ["unshare", "--user", "--map-root-user"]  # a limit of its own; nobody else feels it


def test_folders_that_send_no_events_are_told_and_looked_at_by_the_clock(tmp_path: Path) -> None:
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody have a limit of his own")
    root = tmp_path / "site"
    assert cli.run(["init", str(root)]) == 0
    for n in range(FOLDERS):
        (root / "inbox" / f"2132010{n:03}").mkdir(mode=0o700)
    given = {"QUEKE_SITE": str(root), "QUEKE_INTAKE__SCAN_SECONDS": "1", "QUEKE_INTAKE__STABLE_SECONDS": "0"}
    told = tmp_path / "log"
    with told.open("wb") as log:
        watch = subprocess.Popen([*ALONE, "sh", "-c", WATCH], env=os.environ | given, stderr=log)
        try:
            dropped = root / "inbox" / f"2132010{FOLDERS - 1:03}" / "a.xlsx"
            dropped.write_bytes(b"no workbook")
            patience = time.monotonic() + 60
            while (dropped.exists() or b"not_listening" not in told.read_bytes()) and time.monotonic() < patience:
                time.sleep(0.2)
        finally:
            watch.terminate()
            watch.wait(60)
    (line,) = [line for line in told.read_text("utf-8").splitlines() if "not_listening" in line]
    assert "folders=" in line
    assert not dropped.exists()
