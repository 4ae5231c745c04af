"""Backups made by a process of their own while `queke watch` takes in what comes: each of them comes back whole."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import cli, config, database
from pipeline.database.models import Submission

NOW = "2026-11-20T10:00"


def queke(site: Path, *arguments: object) -> subprocess.Popen[bytes]:
    environment = os.environ | {"QUEKE_SITE": str(site), "QUEKE_NOW": NOW, "QUEKE_INTAKE__STABLE_SECONDS": "0"}
    command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.slow
def test_backups_made_while_watch_runs_come_back_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "site"
    assert cli.run(["init", str(root)]) == 0
    site = config.load(root)
    watch = queke(root, "watch")
    made: list[Path] = []
    dropped = 0
    try:
        for n in range(3):
            copying = queke(root, "backup", tmp_path / str(n))
            while copying.poll() is None:
                for _ in range(10):
                    (root / "inbox" / f"{dropped}.xlsx").write_bytes(f"number {dropped}, no workbook".encode())
                    dropped += 1
                time.sleep(0.1)
            assert copying.returncode == 0
            made += (tmp_path / str(n)).glob("2*")
        patience = time.monotonic() + 60
        while any((root / "inbox").glob("*.xlsx")) and time.monotonic() < patience:
            time.sleep(0.2)
    finally:
        watch.send_signal(signal.SIGTERM)
        watch.wait(60)
    assert dropped > 30
    counts = []
    for n, folder in enumerate(made):
        assert cli.run(["restore", str(folder), str(tmp_path / f"again{n}")]) == 0, capsys.readouterr().err
        again = config.load(tmp_path / f"again{n}")
        database.open(again)
        rows = list(Submission.objects.values_list("received_seq", "state", "path"))
        assert sorted(seq for seq, *_ in rows) == list(range(1, len(rows) + 1))
        for seq, state, path in rows:
            if state == "received":
                assert (again.root / path).is_file(), seq
        counts.append(len(rows))
        # what the copy was made in the middle of is finished by the next cycle
        assert cli.run(["--site", str(again.root), "ingest"]) in (0, 1)
        assert not Submission.objects.filter(state="received").exists()
        assert all((again.root / path).is_file() for path in Submission.objects.values_list("path", flat=True))
        database.close()
    assert counts == sorted(counts)
    database.open(site)
    assert Submission.objects.count() == dropped
    database.close()
