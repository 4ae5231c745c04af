"""Who kills processes of a service at random, and the service that is started anew each time."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.model import Site

PATIENCE = 400.0  # seconds in which a site must come to rest, on a crowded machine too
ROLES = ("watch", "forkserver", "reader", "renderer")
APPEARS = 12.0  # seconds in which a process of the chosen kind is waited for


@dataclass(slots=True)
class Killer:
    """Kills at random, by a seed: how often in each phase, when, and which process."""

    random: random.Random
    each: int = 0
    killed: Counter[str] = field(default_factory=Counter)

    def strike(self, watch: Watch, *, draws: bool = False) -> None:
        """Choose what to kill, wait a moment, and kill one of that kind; whatever there is, where none comes up.

        Where `draws`, it is a renderer, as soon as one is at work.
        """
        wanted = "renderer" if draws else self.random.choice(ROLES)
        if not draws:
            time.sleep(self.random.choice((0.05, 0.3, 0.8, 2.0, 4.0)) * self.random.random())
        until = time.monotonic() + (PATIENCE / 4 if draws else APPEARS)
        found = _of_kind(watch.tree(), wanted, at_work=draws)
        while not found and time.monotonic() < until:
            time.sleep(0.02)
            found = _of_kind(watch.tree(), wanted, at_work=draws)
        pid, role = self.random.choice(found or watch.tree())
        doing = "at work" if _is_at_work(pid) else "idle"
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.killed[f"{role} {doing}"] += 1


class Watch:
    """`queke watch` on a site, with its clock beginning at some moment."""

    def __init__(self, site: Site, clock: str) -> None:
        self._site, self._clock = site, clock
        self._log = (site.root / "watch.log").open("ab")
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        given = {"QUEKE_NOW": self._clock, "QUEKE_INTAKE__STABLE_SECONDS": "0", "QUEKE_INTAKE__SCAN_SECONDS": "1"}
        command = [sys.executable, "-m", "pipeline", "--site", str(self._site.root), "watch"]
        environment = os.environ | given | {"QUEKE_INTAKE__WORKERS": "2"}
        return subprocess.Popen(command, env=environment, stdout=self._log, stderr=self._log)

    def tree(self) -> list[tuple[int, str]]:
        """The processes, with what each is: the service itself first; started anew if it is gone."""
        self.mend()
        parents: dict[int, list[int]] = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError, IndexError, ValueError):
                words = path.read_text().rpartition(")")[2].split()
                parents.setdefault(int(words[1]), []).append(int(path.parent.name))
        found = [(self._process.pid, "watch")]
        for pid, role in found:  # grows as it is gone through
            found += [(child, _role(child, role)) for child in parents.get(pid, ())]
        return found

    def mend(self) -> None:
        """Start the service anew, as its unit would, if it has ended."""
        if self._process.poll() is not None:
            self._process = self._started()

    def end(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)
        self._log.close()


def _role(pid: int, parent: str) -> str:
    """What a process is, by its command and by what it is a child of."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return "gone"
    if b"forkserver" in line:
        return "forkserver" if parent == "watch" else "reader"
    if b"resource_tracker" in line:
        return "tracker"
    return "renderer" if b"spawn_main" in line else "other"


def _of_kind(tree: Sequence[tuple[int, str]], wanted: str, *, at_work: bool) -> list[tuple[int, str]]:
    return [(pid, role) for pid, role in tree if role == wanted and (_is_at_work(pid) or not at_work)]


def _is_at_work(pid: int) -> bool:
    """Whether a process uses the processor, waits for it, or for a disk."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "RD"
    return False
