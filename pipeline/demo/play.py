"""Play the invented province: make its site, its registry, its history, then its last days as they happen.

Everything goes the real way: workbooks from our templates, dropped into the inbox, read, settled, answered. Only the
time of day is set.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, timedelta
from gettext import gettext as say
from pathlib import Path

from pipeline import config, database
from pipeline.demo import books, dovecot, filings, loop, province, story
from pipeline.demo.filings import DayPlan, DemoFiling
from pipeline.demo.loop import Scene
from pipeline.demo.post import COUNTY, DemoPost
from pipeline.demo.stage import DemoSite, Progress, SentFile, at, county_folder, folder_of
from pipeline.errors import UsageError
from pipeline.executors import Pool
from pipeline.model import Site
from pipeline.outbox.folder import UNFINISHED
from pipeline.registry import lookup
from pipeline.service import timetable

LAST_DAY = date(2026, 11, 20)
SCHOOL_DAYS = 10  # two weeks of weekdays, none of them a holiday
MARK = "this-is-a-demo.txt"
WORKERS = 2
HEADER = ("这份表", "谁的", "结果", "收下", "退回", "提示（docs/issues.md）")
WITHOUT_MAIL = "no mail: there is no Dovecot on this machine (apt-get install dovecot-imapd)"
MENDS = "2132910008"  # the school that sends back its return workbook corrected


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What the demo shows in the end."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def build(root: Path, progress: Progress, days: int = SCHOOL_DAYS, *, mail: bool = True) -> DemoSummary:
    """Play everything in `root`, and return a summary; with `mail` a county's schools mail, if there is a Dovecot.

    An earlier demo in `root` is removed; any other folder that is not empty is a UsageError.
    """
    site = _fresh(root)
    schools = province.schools()
    dates = tuple(_school_days(LAST_DAY, days))
    spells = {school.code: story.spells(school, days) for school in schools}
    with ExitStack() as held:
        post = held.enter_context(DemoPost()) if mail and dovecot.installed() else None
        site = replace(site, mail=post.plan) if post else site
        shelf = books.Shelf(site, schools)
        readers = held.enter_context(Pool(WORKERS))
        stage = DemoSite(site, readers, at(dates[0] - timedelta(days=3), "9:00"))
        _register(stage, shelf, progress)
        with progress(say("two weeks of history"), None) as advance:
            for n in range(days - 2):
                _drop(stage, shelf, filings.history(DayPlan(n, dates, spells), schools), "14:05", dates[n])
                stage.drain(advance)
        with progress(say("the day before"), None) as advance:
            _eve(Scene(stage, shelf, DayPlan(days - 2, dates, spells)), advance)
        if post is not None:
            stage.post = post
            post.bind([school.code for school in schools if school.county == COUNTY.code], stage.now)
        _last_day(Scene(stage, shelf, DayPlan(days - 1, dates, spells)), progress)
    notes = _where(site) if post or not mail else (*_where(site), WITHOUT_MAIL)
    return DemoSummary(HEADER, tuple(stage.lines()), notes)


def _eve(scene: Scene, advance: Callable[[int], None]) -> None:
    """The day before the last: templates carry over absences; mistakes for the counties' desks, late ones."""
    stage, day = scene.stage, scene.day
    stage.tick(day.date, "6:00")
    wrong = {f.school.code: f for f in loop.extra(day, {school.code: school for school in scene.shelf.schools})}
    planned = [f for f in filings.ordinary(day, scene.shelf.schools) if f.school.code not in wrong]
    late = [f for f in planned if f.school.code in filings.LATE_BEFORE]
    stage.now = at(day.date, "14:05")
    loop.reports(scene, [f for f in planned if f not in late], listed=False)
    for filing in wrong.values():
        scene.send(filing)
    stage.drain(advance)
    stage.now = at(day.date, "14:30")
    loop.eve(scene)
    if late:
        _drop(stage, scene.shelf, late, "18:20", day.date)
        stage.drain(advance)


def _last_day(scene: Scene, progress: Progress) -> None:
    stage, shelf, day = scene.stage, scene.shelf, scene.day.date
    planned = filings.last(scene.day, shelf.schools)
    with progress(say("the last morning"), None):
        stage.tick(day, "6:00")
        stage.tick(day, "7:31")
        stage.drain()
        stage.now = at(day, "9:00")
        loop.desks(scene)
    with progress(say("the last day"), len(planned)) as advance:
        stage.now = at(day, "14:10")
        asked = [f for f in planned if f.wave == 1]
        plain = [f for f in asked if f.form == "absence" and (not f.note or f.name.startswith(filings.COPY))]
        loop.reports(scene, plain)
        _drop(stage, shelf, [f for f in asked if f not in plain], "14:10", day, listed=True)
        stage.drain(advance)
        _drop(stage, shelf, (f for f in planned if f.wave == 2), "14:40", day, listed=True)
        loop.taken_for_wrong(scene)
        stage.tick(day, "15:01")
        stage.drain(advance)
        stage.now = at(day, "15:10")
    with progress(say("first edition"), None):
        timetable.make(stage.site, stage.now, day)
    with progress(say("the late ones"), None) as advance:
        _drop(stage, shelf, (f for f in planned if f.wave == 3), "15:40", day, listed=True)
        loop.follow(scene)
        loop.confirmed(scene)
        stage.drain(advance)
        _put(stage, *books.mended(shelf, next(f for f in planned if f.school.code == MENDS)), listed=True)
        stage.drain(advance)
        stage.now = at(day, "17:30")
    with progress(say("final edition"), None):
        timetable.make(stage.site, stage.now, day, final=True)
        stage.send()
    loop.list_results(scene)


def _fresh(root: Path) -> Site:
    if (root / MARK).exists():
        shutil.rmtree(root)
    elif root.exists() and any(root.iterdir()):
        raise UsageError(say("{root} is not empty and no demo: name another folder").format(root=root))
    config.write(root)
    (root / MARK).write_text("Made by `queke demo`, which throws it away when it is run again.\n", encoding="utf-8")
    site = config.load(root)
    database.open(site)
    database.migrate()

    lookup.load_divisions()
    # files we drop are complete at once: nothing is being copied in
    return replace(site, policy=replace(site.policy, stable_seconds=0))


def _register(stage: DemoSite, shelf: books.Shelf, progress: Progress) -> None:
    """Drop each county's roster into the county's own folder."""
    with progress(say("registry"), len(province.COUNTIES)) as advance:
        for county in province.COUNTIES:
            content = shelf.roster(county, stage.now.date())
            stage.put(county_folder(county), f"{county.city}{county.name}学校名册.xlsx", content)
        stage.drain(advance)
    shelf.know(stage.now.date())


def _drop(
    stage: DemoSite, shelf: books.Shelf, found: Iterable[DemoFiling], clock: str, day: date, *, listed: bool = False
) -> None:
    stage.now = at(day, clock)
    for filing in found:
        _put(stage, filing, shelf.fill(filing), listed=listed)


def _put(stage: DemoSite, filing: DemoFiling, content: bytes, *, listed: bool) -> None:
    """Put one workbook where its sender puts it; `listed`: in the table of outcomes."""
    sent = SentFile(filing.note, filing.school.name) if listed else None
    stage.put(filing.folder or folder_of(filing.school), filing.name, content, sent)


def _where(site: Site) -> tuple[str, ...]:
    papers = Counter(path.suffix for path in site.outbox.rglob("*") if path.is_file())
    shelves = "、".join(sorted(path.name for path in site.outbox.iterdir() if path.name != UNFINISHED))
    return (
        "",
        f"{site.outbox}: {papers['.pdf']} PDF, {papers['.txt']} texts (receipts, notices), {papers['.xlsx']} workbooks",
        f"  in {shelves}, by reader and day",
        f"archive/ has every workbook as it came. Look around: queke --site {site.root} status",
        f"In a browser, with accounts to try it by: make serve SITE={site.root}",
    )


def _school_days(last: date, count: int) -> Sequence[date]:
    found: list[date] = []
    day = last
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day)
        day -= timedelta(days=1)
    return found[::-1]
