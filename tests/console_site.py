"""A small site with its console and its watch as real processes, and browsers without a screen or a script."""

from __future__ import annotations

import atexit
import base64
import html
import http.cookiejar
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from django_otp.oath import TOTP

from pipeline import config, database
from pipeline.cli import run
from pipeline.database.models import Account
from pipeline.model import Level
from tests.sites import enter_schools

PASSWORD = "Shili#2026"
NOW = "2026-11-20T14:10:00"
ACCOUNTS: Mapping[str, tuple[str, Level]] = {
    "xuexiao": ("2132010001", Level.SCHOOL),
    "linxiao": ("2132010002", Level.SCHOOL),
    "xian": ("320106JY", Level.COUNTY),
    "xianer": ("320106WJ", Level.COUNTY),
    "linxian": ("320102JK", Level.COUNTY),
    "shi": ("320100WJ", Level.CITY),
    "sheng": ("320000JY", Level.PROVINCE),
    "guanli": ("320106WJ", Level.COUNTY),
}
HOLDERS = {"xianer": "示例另一人"}
ADMINS = frozenset({"guanli"})
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Answer:
    """What a page answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    url: str

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def bare(answer: Answer) -> str:
    """The page without what is new each time: its token, and the minute at its foot."""
    return re.sub(r'value="[A-Za-z0-9]{64}"|[0-9: -]{16}(?=</footer>)', "", answer.text)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


@dataclass
class Client:
    """A browser with its cookies; it follows a redirect only when told."""

    base: str
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def ask(self, path: str, data: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar), _Stay)
        request = urllib.request.Request(self.base + path, data=data, headers=dict(headers or {}))
        try:
            with opener.open(request, timeout=60) as found:
                return Answer(found.status, found.read(), dict(found.headers), found.url)
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read(), dict(error.headers), self.base + path)

    def get(self, path: str, **headers: str) -> Answer:
        """Follow redirects, as a browser does."""
        answer = self.ask(path, headers=headers)
        for _ in range(5):
            if answer.status not in (301, 302):
                return answer
            answer = self.ask(answer.headers["Location"], headers=headers)
        return answer

    def token(self, path: str) -> str:
        found = _TOKEN.search(self.get(path).text)
        return html.unescape(found[1]) if found else ""

    def post(
        self, path: str, said: Mapping[str, object], on: str = "", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Post a form, with the token of the page it stands on."""
        pairs = {"csrfmiddlewaretoken": self.token(on or path), **said}
        return self.ask(path, urllib.parse.urlencode(pairs, doseq=True).encode(), headers)

    def upload(self, path: str, files: Mapping[str, bytes], on: str) -> Answer:
        edge = "----edge-of-a-part"
        token = f'--{edge}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{self.token(on)}\r\n'
        parts = [token.encode()]
        for name, content in files.items():
            head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
            parts += [head.encode(), content, b"\r\n"]
        body = b"".join([*parts, f"--{edge}--\r\n".encode()])
        return self.ask(path, body, {"Content-Type": f"multipart/form-data; boundary={edge}"})

    def login(self, name: str, password: str = PASSWORD) -> Answer:
        return self.post("/login", {"username": name, "password": password})

    def outcome(self, answer: Answer, seconds: float = 60) -> Answer:
        """The page of a drop, once all of it is settled."""
        path = answer.headers["Location"]
        until = time.monotonic() + seconds
        while "data-waits" in (found := self.get(path)).text and time.monotonic() < until:
            time.sleep(0.2)
        return found


@dataclass
class ConsoleSite:
    """The site's folder, and where its pages are."""

    root: Path
    base: str
    spares: dict[str, list[str]] = field(default_factory=dict)  # codes in place of a second factor, by name

    def client(self, name: str = "") -> Client:
        """A browser, logged in if a name is given."""
        made = Client(self.base)
        if name:
            assert made.login(name).status == 302
        return made

    def verified(self, name: str) -> Client:
        """Likewise, past the second factor."""
        made = self.client(name)
        if name not in self.spares:
            secret = made.get("/factor").text.partition("<code>")[2].partition("</code>")[0]
            page = made.post("/factor", {"code": totp(secret)}).text
            self.spares[name] = re.findall(r"<code>(\w+)</code>", page)
        else:
            assert made.post("/factor", {"code": self.spares[name].pop()}).status == 302
        return made


def totp(secret: str) -> str:
    """What a telephone shows now that has scanned a secret."""
    secret = secret.replace(" ", "")
    made = TOTP(base64.b32decode(secret + "=" * (-len(secret) % 8)))
    made.time = time.time()
    return f"{made.token():06d}"


def make(root: Path) -> None:
    """Make the site with two schools, and an account for each level: a copy of the first one of this process."""
    shutil.copytree(_first(), root)


@cache
def _first() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="queke-console-")
    atexit.register(folder.cleanup)
    root = Path(folder.name) / "site"
    assert run(["--site", str(root), "init", str(root)]) == 0
    database.open(config.load(root))
    enter_schools()
    for name, (unit, level) in ACCOUNTS.items():
        holder = HOLDERS.get(name, "示例填报人")
        Account.objects.create_user(
            name, PASSWORD, unit_id=unit, level=level, holder=holder, is_active=True, must_change=False,
            confirmed_on=date(2026, 11, 2), is_staff=name in ADMINS,
        )  # fmt: skip
    database.close()
    return root


def environment() -> dict[str, str]:
    """What the site's processes are given: its clock among it."""
    return {name: text for name, text in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"} | {"QUEKE_NOW": NOW}


@contextmanager
def served(root: Path, *, watch: bool = True, proxies: int = 0) -> Iterator[ConsoleSite]:
    """The console of a site, and its watch, as processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    queke = [sys.executable, "-m", "pipeline", "--site", str(root)]
    log = (root / "console.log").open("wb")
    serve = [*queke, "serve", "--bind", f"127.0.0.1:{port}", "--proxies", str(proxies)]
    commands = [serve] + [[*queke, "watch"]] * watch
    running = [subprocess.Popen(one, env=environment(), stdout=log, stderr=log) for one in commands]
    made = ConsoleSite(root, f"http://127.0.0.1:{port}")
    try:
        _wait(made, watch=watch)
        yield made
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait(60)
        log.close()


@contextmanager
def watching(site: ConsoleSite) -> Iterator[None]:
    """The watch of a site that is served without one."""
    queke = [sys.executable, "-m", "pipeline", "--site", str(site.root), "watch"]
    with (site.root / "watch.log").open("wb") as log:
        running = subprocess.Popen(queke, env={**os.environ, "QUEKE_NOW": NOW}, stdout=log, stderr=log)
        try:
            _wait(site, watch=True)
            yield
        finally:
            running.terminate()
            running.wait(60)


def _wait(site: ConsoleSite, *, watch: bool) -> None:
    for _ in range(600):
        try:
            if Client(site.base).ask("/readyz" if watch else "/healthz").status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise AssertionError((site.root / "console.log").read_text(errors="replace"))
