"""`make serve`: a site's watch, and its console in a browser; a demo's with accounts to try it by.

A demo's clock goes on from the end of its day, so that the day is today's on every page.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from pipeline import config, database
from pipeline.database.models import Account
from pipeline.demo.play import LAST_DAY, MARK
from pipeline.model import Level
from pipeline.schooldays import ZONE

BIND = "127.0.0.1:8080"
PASSWORD = "Yanshi#2026"  # of the demo's accounts, whose site is thrown away
AFTERNOON = "17:35"
FACTOR = "，登录时再要手机验证码"
ACCOUNTS = (
    ("yanshi-xuexiao", "2132930008", Level.SCHOOL, "学校"),
    ("yanshi-xian", "320302JK", Level.COUNTY, "县（市、区）"),
    ("yanshi-shi", "320300WJ", Level.CITY, f"设区市{FACTOR}"),
    ("yanshi-sheng", "320000JK", Level.PROVINCE, f"省{FACTOR}"),
    ("yanshi-guanli", "320300JK", Level.CITY, f"管理员{FACTOR}"),
    ("yanshi-tongshi", "320302JY", Level.COUNTY, "同一个县的第二个人"),
    ("yanshi-xinren", "2132930007", Level.SCHOOL, "另一所学校，有预警要答复；第一次登录，先改密码"),
)
ADMIN, NEWCOMER = "yanshi-guanli", "yanshi-xinren"
SECONDS = 180


def main(arguments: list[str]) -> int:
    """Serve the site named until somebody ends it."""
    root = Path(arguments[0])
    if not (root / config.FILE).exists():
        sys.stdout.write(f"{root}: no site yet; `make demo` makes one to try, or `queke init {root}` an empty one\n")
        return 1
    with served(root, BIND) as base:
        sys.stdout.write(f"{base}\n")
        for name, _, _, what in ACCOUNTS if is_demo(root) else ():
            sys.stdout.write(f"  {what}: {name}  {PASSWORD}\n")
        sys.stdout.write("Ctrl-C ends it\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return 0


def is_demo(root: Path) -> bool:
    """Whether it is a site that the demo made."""
    return (root / MARK).exists()


@contextmanager
def served(root: Path, bind: str) -> Iterator[str]:
    """A site's watch and console as processes; its address, as soon as it answers."""
    environment = {name: text for name, text in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    if is_demo(root):
        _open_accounts(root)
        environment["QUEKE_NOW"] = f"{LAST_DAY}T{AFTERNOON}"
    queke = [sys.executable, "-m", "pipeline", "--site", str(root)]
    running = [subprocess.Popen([*queke, *said], env=environment) for said in (("serve", "--bind", bind), ("watch",))]
    try:
        _wait(f"http://{bind}/healthz")
        yield f"http://{bind}"
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait(SECONDS)


def _open_accounts(root: Path) -> None:
    """The accounts to try it by, which no 备案 asked for: they are in the demo's store only."""
    database.open(config.load(root))
    for name, unit, level, _ in ACCOUNTS:
        if not Account.objects.filter(username=name).exists():
            Account.objects.create_user(
                name, PASSWORD, unit_id=unit, level=level, holder="示例填报人", is_active=True,
                must_change=name == NEWCOMER, confirmed_on=date(2026, 11, 2), is_staff=name == ADMIN,
                expires_at=datetime(2026, 12, 2, tzinfo=ZONE) if name == NEWCOMER else None,
            )  # fmt: skip
    database.close()


def _wait(address: str) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise SystemExit(f"{address}: no answer within {SECONDS} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
