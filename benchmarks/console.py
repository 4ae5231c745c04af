"""`python -m benchmarks --console [3000]`: two hundred people at the console while watch takes in a heap of so many.

They read what is theirs (a school's day and files; a county's day and boards; a city's day, warnings and ranking), wait
as people do, and some put a workbook in. Measured at the browser: what a page takes, and what each process costs.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from threading import Event, Lock, Thread

from benchmarks import ours, workbooks
from benchmarks.measure import ticks
from pipeline import database
from pipeline.database.models import Submission
from pipeline.model import State

USERS, HEAP = 200, 3_000
GOAL = 0.5  # seconds: the median page
WAITS = (5.0, 15.0)  # seconds between two pages of one person
LASTS, WARM = 90, 20  # seconds that are measured; before them
PAGES = {
    "school": ("/school", "/school", "/school/files", "/papers"),
    "county": ("/office", "/office", "/office/tickets", "/office/closures", "/office/warnings"),
    "city": ("/office", "/office/warnings", "/office/ranking"),
}
DROPS = 12  # one of so many pages of a school is a workbook put in
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def measure(folder: Path, count: int) -> dict[str, object]:
    """Serve so many schools' site, drop their heap, let people read meanwhile."""
    schools = workbooks.everywhere(count)
    site = ours.new_site(folder / "site", schools)
    template = workbooks.master(site, schools[0])
    made = [drop.path for drop in workbooks.write(site, template, schools, "province", folder / "made")]
    database.close()
    command = [sys.executable, "-m", "benchmarks.console_sessions", str(site.root), str(USERS)]
    people = json.loads(subprocess.run(command, check=True, capture_output=True, env=_environment()).stdout)
    with _served(site.root) as (port, processes):
        crowd = _Crowd(port, people, {path.stem: path.read_bytes() for path in made[:USERS]})
        crowd.start()
        time.sleep(WARM)
        for path in made[USERS:]:
            shutil.move(path, site.inbox / path.name)
        before = {name: ticks(pid) for name, pid in processes.items()}
        crowd.measure(LASTS)
        hertz = os.sysconf("SC_CLK_TCK")
        cpu = {name: round((ticks(pid) - before[name]) / hertz, 1) for name, pid in processes.items()}
    database.open(site)
    settled = Submission.objects.exclude(state=State.RECEIVED).count()
    found = {"heap": count, "users": USERS, "settled": settled, "cpu_seconds": cpu, "pages": crowd.told()}
    _show(found)
    return found


def _environment() -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return {**kept, "QUEKE_NOW": f"{workbooks.DAY}T14:50:00"}


@contextmanager
def _served(root: Path) -> Iterator[tuple[int, Mapping[str, int]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    queke = [sys.executable, "-m", "pipeline", "--site", str(root)]
    said = {"serve": ["serve", "--bind", f"127.0.0.1:{port}"], "watch": ["watch"]}
    log = (root / "bench.log").open("wb")
    running = {
        name: subprocess.Popen([*queke, *more], env=_environment(), stdout=log, stderr=log)
        for name, more in said.items()
    }
    try:
        for _ in range(600):
            try:
                if _asked(port, "GET", "/readyz")[0] == 200:  # HTTP's
                    break
            except OSError:
                pass
            time.sleep(0.3)
        yield port, {name: one.pid for name, one in running.items()}
    finally:
        for one in running.values():
            one.terminate()
        for one in running.values():
            one.wait(60)
        log.close()


def _asked(
    port: int, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """The status, the cookies and the page."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        asked.request(method, path, body, dict(headers or {}))
        answer = asked.getresponse()
        return answer.status, answer.headers.get("Set-Cookie", ""), answer.read().decode("utf-8", "replace")
    finally:
        asked.close()


class _Crowd:
    """People at browsers, a thread each."""

    def __init__(self, port: int, people: list[dict[str, str]], books: Mapping[str, bytes]) -> None:
        self._port, self._books = port, books
        self._ended, self._counts = Event(), Event()
        self._lock = Lock()
        self._took: dict[str, list[float]] = defaultdict(list)
        self._threads = [Thread(target=self._sit, args=(one,), daemon=True) for one in people]

    def start(self) -> None:
        for one in self._threads:
            one.start()

    def measure(self, seconds: float) -> None:
        self._counts.set()
        time.sleep(seconds)
        self._ended.set()
        for one in self._threads:
            one.join(60)

    def told(self) -> dict[str, dict[str, float]]:
        every = {"all": [one for took in self._took.values() for one in took], **self._took}
        return {
            name: {
                "pages": len(took),
                "median": round(statistics.median(took), 3),
                "p95": round(sorted(took)[int(0.95 * (len(took) - 1))], 3),
                "most": round(max(took), 3),
            }
            for name, took in sorted(every.items())
            if took
        }

    def _sit(self, person: Mapping[str, str]) -> None:
        chance = Random(person["session"])
        cookie = {"Cookie": f"sessionid={person['session']}"}
        while not self._ended.wait(chance.uniform(*WAITS)):
            path = chance.choice(PAGES[person["level"]])
            if person["level"] == "school" and chance.randrange(DROPS) == 0:
                self._timed("drop", partial(self._drop, person, cookie))
            else:
                self._timed(f"{person['level']} {path}", partial(self._read, path, cookie))

    def _read(self, path: str, cookie: Mapping[str, str]) -> int:
        return _asked(self._port, "GET", path, None, cookie)[0]

    def _timed(self, name: str, ask: Callable[[], int]) -> None:
        begin = time.perf_counter()
        try:
            status = ask()
        except OSError:
            status = 0
        took = time.perf_counter() - begin
        if self._counts.is_set():
            with self._lock:
                self._took[name if status in {200, 302} else f"{name} FAILED {status}"].append(took)

    def _drop(self, person: Mapping[str, str], cookie: Mapping[str, str]) -> int:
        _, given, page = _asked(self._port, "GET", "/school", None, cookie)
        found = _TOKEN.search(page)
        edge = "edge-of-a-part"
        fields = f'--{edge}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n'
        fields += f"{found[1] if found else ''}\r\n"
        fields += f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="a.xlsx"\r\n\r\n'
        body = fields.encode() + self._books[person["unit"]] + f"\r\n--{edge}--\r\n".encode()
        crumb = given.partition(";")[0]
        headers = {"Cookie": f"{cookie['Cookie']}; {crumb}", "Content-Type": f"multipart/form-data; boundary={edge}"}
        return _asked(self._port, "POST", "/school/upload", body, headers)[0]


def _show(found: dict[str, object]) -> None:
    print(f"{'':28}{'pages':>7}{'median s':>10}{'p95':>8}{'most':>8}")
    pages: dict[str, dict[str, float]] = found["pages"]  # type: ignore[assignment]  # as told
    for name, one in pages.items():
        print(f"{name:28}{one['pages']:>7}{one['median']:>10}{one['p95']:>8}{one['most']:>8}")
    print(f"goal: median {GOAL} s; CPU {found['cpu_seconds']} s; {found['settled']} workbooks settled")
