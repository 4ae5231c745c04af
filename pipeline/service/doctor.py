"""The check of a machine and a site: each finding says what is the case, and how to repair it. `queke doctor` prints
them.

A check never raises because of what it looks at: a failed check is a finding of its own.
"""

from __future__ import annotations

import ctypes.util
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from gettext import gettext as say
from pathlib import Path
from urllib.parse import urlsplit

from pipeline import config, database, fault_log, resources
from pipeline.alerts import site_rules
from pipeline.database import audit, sqlite
from pipeline.errors import ConfigError, QuekeError
from pipeline.fault_log import StandingFault
from pipeline.inbox import rights
from pipeline.model import Site
from pipeline.registry import calendar_spans, holidays
from pipeline.reports import fonts
from pipeline.rules import switches
from pipeline.run import agreement
from pipeline.schooldays import ZONE, Calendar, short_time
from pipeline.service import doctor_cluster, doctor_mail, growth, timetable
from pipeline.service.finding import Finding

LIBRARIES = (
    ("pango-1.0", "libpango-1.0-0"),
    ("pangoft2-1.0", "libpangoft2-1.0-0"),
    ("harfbuzz-subset", "libharfbuzz-subset0"),
)
FONTS = tuple(f"reports/fonts/{name}" for name in (*fonts.FILES, *fonts.SMALL_FILES))
SHOWN = 5  # folders named in one finding
_MEND = {
    rights.Doubt.INBOX: "`queke inbox prepare`, or `chmod go-w inbox`, or at least `chmod +t inbox`",
    rights.Doubt.OWNER: "look who made them; move their files away, remove them, `queke inbox prepare`",
    rights.Doubt.OTHERS: "`queke inbox prepare`",
    rights.Doubt.GROUP: "`queke inbox prepare`",
}
OLDEST_SANE = date(2026, 1, 1)
AHEAD = timedelta(hours=1)  # by which the machine's clock may have been set back and nothing is said


def examine(root: Path, now: datetime) -> list[Finding]:
    """Check the machine and the site in `root`; a site that cannot be loaded is itself a finding."""
    found = [*_libraries(), *_fonts(), *_clock(now)]
    try:
        site = config.load(root)
    except QuekeError as error:
        faults = (Finding("problem", say("site"), line) for line in str(error).splitlines())
        return [*found, *_holidays(Calendar(), now), *faults]
    store = list(_store(site, now))
    known = calendar_spans.calendar() if store[0].grade == "ok" else Calendar()
    return [
        *found,
        *_holidays(known, now),
        Finding("ok", say("site"), str(site.root)),
        *_folders(site),
        *_settings(site),
        *_proof(site),
        *_disk(site),
        *growth.examine(site, now),
        *_library(site),
        *doctor_cluster.examine(site),
        *store,
        *(doctor_mail.examine(site, now) if store[0].grade == "ok" else ()),
    ]


def _libraries() -> Iterator[Finding]:
    for name, package in LIBRARIES:
        if ctypes.util.find_library(name):
            yield Finding("ok", name, say("found"))
        else:
            otherwise = say("no PDF can be made")
            if name == "harfbuzz-subset":
                otherwise = say("each PDF takes fifteen times as long")
            said = say("missing, so {otherwise}: install {package}")
            yield Finding("problem", name, said.format(otherwise=otherwise, package=package))


def _fonts() -> Iterator[Finding]:
    for name in FONTS:
        try:
            resources.path(name)
        except FileNotFoundError:
            yield Finding(
                "problem",
                say("fonts"),
                say("{name} is missing from this installation: install queke again").format(name=name),
            )
        else:
            yield Finding("ok", say("fonts"), name.rsplit("/", 1)[-1])
    if packages := fonts.absent():
        said = say(
            "names in rare signs, Hangul, Uyghur, Tibetan, Mongolian or Yi are printed as {sign}: install {packages}"
        )
        yield Finding("warning", say("fonts"), said.format(sign=fonts.MISSING, packages=" ".join(packages)))
    else:
        yield Finding("ok", say("fonts"), say("also for rare signs, Hangul, Uyghur, Tibetan, Mongolian and Yi"))


def _clock(now: datetime) -> Iterator[Finding]:
    if now.date() < OLDEST_SANE:
        yield Finding(
            "problem", say("clock"), say("it says {now:%Y-%m-%d %H:%M}: set the machine's clock").format(now=now)
        )
    elif now.utcoffset() != timedelta(hours=8):
        yield Finding("problem", say("clock"), say("the zone Asia/Shanghai is not known here: install tzdata"))
    else:
        yield Finding("ok", say("clock"), say("{now:%Y-%m-%d %H:%M} Asia/Shanghai").format(now=now))


def _holidays(calendar: Calendar, now: datetime) -> Iterator[Finding]:
    """The years of the coming months whose statutory days neither the table of this version nor the province knows."""
    found = holidays.unknown(calendar, now)
    if found:
        years = ", ".join(say("{year} from {first} on").format(year=year, first=first) for year, first in found.items())
        yield Finding(
            "warning",
            say("holidays"),
            say("not known: {years}; days go by weekday, and papers say so: {mend}").format(
                years=years, mend=holidays.mend()
            ),
        )
    else:
        yield Finding("ok", say("holidays"), say("the coming {ahead} months are known").format(ahead=holidays.AHEAD))


def _folders(site: Site) -> Iterator[Finding]:
    for name in config.FOLDERS:
        folder = site.root / name
        try:
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
                yield Finding("ok", f"{name}/", say("can be written"))
        except FileNotFoundError:
            yield Finding(
                "problem", f"{name}/", say("missing: make it, or run `queke init {root}`").format(root=site.root)
            )
        except OSError as error:
            yield Finding(
                "problem",
                f"{name}/",
                say("cannot be written ({strerror}): let this user write there").format(strerror=error.strerror),
            )
    if site.inbox.is_dir() and site.spool.is_dir() and site.inbox.stat().st_dev != site.spool.stat().st_dev:
        yield Finding("ok", "inbox/", say("on a file system of its own: its files are copied, not moved"))
    if site.archive.is_dir() and site.spool.is_dir() and site.archive.stat().st_dev != site.spool.stat().st_dev:
        yield Finding(
            "ok", "archive/", say("on another file system than spool/: files are copied there, one sync each")
        )


def _settings(site: Site) -> Iterator[Finding]:
    """Whether others may read queke.toml, which names the store's password. The secret's mode is `config.load`'s."""
    path = site.root / config.FILE
    address = urlsplit(site.database)
    named = bool(address.password) or "password=" in address.query
    if named and path.stat().st_mode & 0o077:
        said = say("others may read the store's password in it; mend it with `chmod 600 {path}`")
        yield Finding("problem", config.FILE, said.format(path=path))
    else:
        yield Finding(
            "ok", config.FILE, say("names a password, for this user only") if named else say("names no password")
        )


def _proof(site: Site) -> Iterator[Finding]:
    """Whether reports are taken from anybody: docs/proof.md."""
    if site.policy.takes_unproved:
        said = say(
            'intake.unproved_reports = "take": ANYBODY who can drop a file into inbox/ can report for any school, and '
            'take its sick children away; set it to "hold" when schools use their folders or templates'
        )
        yield Finding("warning", say("proof"), said)
    else:
        yield Finding("ok", say("proof"), say("what nothing proves is held: nobody speaks for another"))
    yield from _rights(site)


def _rights(site: Site) -> Iterator[Finding]:
    """Whether the folders by which units are known are theirs alone: one look, however many there are."""
    if site.policy.folders == "any":
        said = say(
            'intake.folders = "any": every sub-folder with a unit\'s code proves that unit; whoever shares inbox/ must '
            "let nobody make or rename one (docs/operations.md)"
        )
        yield Finding("warning", say("inbox rights"), said)
        return
    try:
        found = rights.doubted(site.inbox, site.policy)
    except OSError:
        return  # `_folders` says so
    for doubt in rights.Doubt:
        mine = [one for one in found if one.doubt is doubt]
        if mine:
            listed = ", ".join(Path(one.path).name for one in mine[:SHOWN]) + (", …" if len(mine) > SHOWN else "")
            said = say("{count} folders prove nothing, their files are held: {doubt} ({listed}): {mend}").format(
                count=len(mine), doubt=say(doubt), listed=listed, mend=say(_MEND[doubt])
            )
            yield Finding("problem", say("inbox rights"), said)
    if not found:
        yield Finding("ok", say("inbox rights"), say("each unit's folder is closed to others"))


def _disk(site: Site) -> Iterator[Finding]:
    free = shutil.disk_usage(site.root).free // 2**20
    if free < site.policy.free_mb:
        yield Finding(
            "problem",
            say("disk"),
            say("{free} MB free, below {free_mb} (intake.free_mb): make room").format(
                free=free, free_mb=site.policy.free_mb
            ),
        )
    else:
        yield Finding("ok", say("disk"), say("{free} MB free").format(free=free))


def _library(site: Site) -> Iterator[Finding]:
    """The SQLite that keeps the store. Source: sqlite.org/wal.html, the WAL-reset bug."""
    if not site.database.startswith("sqlite"):
        return
    version = f"SQLite {sqlite.LIBRARY.sqlite_version} ({sqlite.LIBRARY.__name__})"
    if sqlite.SOUND:
        yield Finding("ok", "sqlite", version)
    else:
        yield Finding(
            "warning",
            "sqlite",
            say("{version} may lose rows in WAL, so the store does without and is slower: install pysqlite3").format(
                version=version
            ),
        )


def _store(site: Site, now: datetime) -> Iterator[Finding]:
    try:
        database.open(site)
        waiting = database.behind()
        apart = agreement.disagreement(site)
        faults = fault_log.beside(site) if waiting else fault_log.standing(site)
    except QuekeError as error:
        yield Finding("problem", say("store"), str(error))
        yield from _faults(fault_log.beside(site))
        return
    if apart:
        yield Finding("problem", say("store"), f"{apart}; {agreement.mend()}")
    elif waiting:
        yield Finding(
            "problem",
            say("store"),
            say("{waiting} migrations to apply: run `queke init {root}`").format(waiting=len(waiting), root=site.root),
        )
    else:
        yield Finding("ok", say("store"), say("reachable and migrated"))
        yield from _rules_file(site)
        yield from _papers(site, now)
        yield from _moments(now)
    yield from _faults(faults)


def _papers(site: Site, now: datetime) -> Iterator[Finding]:
    """Papers that were due and are not made."""
    owed = timetable.papers_owed(now, site.policy)
    if owed:
        listed = ", ".join(f"{one.day} {one.name}" for one in owed)
        said = say("due and not made: {listed}; `queke watch` makes them, or see the faults below").format(
            listed=listed
        )
        yield Finding("problem", say("papers"), said)
    else:
        yield Finding("ok", say("papers"), say("what is due is made"))


def _moments(now: datetime) -> Iterator[Finding]:
    """Whether the store was written to at moments that have not come yet."""
    last = audit.last_at()
    if last is not None and last > now + AHEAD:
        said = say("it is behind, or was ahead: the store's last entry is of {last}. What came then keeps that time")
        yield Finding("warning", say("clock"), said.format(last=f"{last.astimezone(ZONE):%Y-%m-%d %H:%M}"))


def _rules_file(site: Site) -> Iterator[Finding]:
    """The site's rules.toml as it is now; what the service made of it is in the store."""
    try:
        text = (site.root / switches.FILE).read_text(encoding="utf-8-sig")
        lines = site_rules.check(text)
    except FileNotFoundError:
        yield Finding("ok", say("rules"), say("as this version has them: no rules.toml"))
    except (OSError, UnicodeDecodeError):
        yield Finding(
            "problem",
            say("rules"),
            say("{file} cannot be read as UTF-8 text: it is NOT in force").format(file=switches.FILE),
        )
    except ConfigError as error:
        since = site_rules.state().in_force_since
        before = say("those of {since}").format(since=short_time(since)) if since else say("those of this version")
        for problem in error.problems:
            yield Finding(
                "problem",
                say("rules"),
                say("{problem} (NOT in force; {before} are)").format(problem=problem, before=before),
            )
    else:
        yield Finding("ok", say("rules"), say("{file}: {lines} switches").format(file=switches.FILE, lines=len(lines)))


def _faults(found: Sequence[StandingFault]) -> Iterator[Finding]:
    """Steps that failed and have not succeeded since; failed submissions and letters as one finding a kind."""
    given_up = (fault_log.SUBMISSION, fault_log.LETTER)
    for one in found:
        if one.step not in given_up:
            yield Finding(
                "problem", one.name, say("fails since {since}: {one}").format(since=short_time(one.since), one=one)
            )
    for step in given_up:
        if mine := [one for one in found if one.step == step]:
            last = max(mine, key=lambda one: one.last_at)
            message = say("{count} given up, listed by `queke status`; the last is {about}: {last}").format(
                count=len(mine), about=last.about, last=last
            )
            yield Finding("warning", f"{step}s", message)
    if not found:
        yield Finding("ok", say("faults"), say("none stands"))
