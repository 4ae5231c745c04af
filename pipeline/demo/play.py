"""Play the invented province: make its site, its registry, its history, then its last day as it happens.

Everything goes the real way: workbooks from our templates, dropped into the inbox, read, settled, answered. Only the
clock is told what time it is.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from pipeline import config, store
from pipeline.demo import books, filings, province, story
from pipeline.demo.filings import Day, Filing
from pipeline.errors import UsageError
from pipeline.executors import Pool, Readers
from pipeline.figures.receipts import OUTCOMES
from pipeline.model import Arrival, Settled, Site
from pipeline.schooldays import ZONE

LAST_DAY = date(2026, 11, 20)
SCHOOL_DAYS = 10  # two weeks of weekdays, none of them a holiday
MARK = "this-is-a-demo.txt"
WORKERS = 2
MENDS = "2132910008"  # the school whose return workbook comes back mended

Place = tuple[str, str]
"""Sub-folder of the inbox ("" is flat) and file name."""

Progress = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True, slots=True)
class Told:
    """What the demo shows in the end."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class Stage:
    """A site being played on: what time it is there, and what became of what was dropped."""

    site: Site
    readers: Readers
    now: datetime
    outcomes: dict[Place, tuple[Arrival, Settled]] = field(default_factory=dict)

    def clock(self) -> datetime:
        return self.now


def build(root: Path, progress: Progress, days: int = SCHOOL_DAYS) -> Told:
    """Play everything in `root`, and return what is to be shown.

    An earlier demo in `root` is thrown away; any other folder with something in it is a UsageError.
    """
    site = _fresh(root)
    schools = province.schools()
    dates = tuple(_school_days(LAST_DAY, days))
    spells = {school.code: story.spells(school, days) for school in schools}
    shelf = books.Shelf(site, schools)
    with Pool(WORKERS) as readers:
        stage = Stage(site, readers, _at(dates[0] - timedelta(days=3), "9:00"))
        _register(stage, shelf, progress)
        with progress("two weeks of history", None) as advance:
            for n in range(days - 1):
                _school_day(stage, shelf, Day(n, dates, spells), advance)
        return _last_day(stage, shelf, Day(days - 1, dates, spells), progress)


def _school_day(stage: Stage, shelf: books.Shelf, day: Day, advance: Callable[[int], None]) -> None:
    """One day of the history; on the eve of the last one some are late."""
    eve = day.n == len(day.days) - 2
    planned = list(filings.ordinary(day, shelf.schools))
    late = [f for f in planned if eve and f.school.code in filings.LATE_BEFORE]
    _drop(stage, shelf, (f for f in planned if f not in late), "14:05", day.date)
    _drain(stage, advance)
    if late:
        _drop(stage, shelf, late, "18:20", day.date)
        _drain(stage, advance)


def _last_day(stage: Stage, shelf: books.Shelf, day: Day, progress: Progress) -> Told:
    from pipeline import run

    planned = filings.last(day, shelf.schools)
    dropped: dict[Place, Filing] = {}
    with progress("the last day", len(planned)) as advance:
        dropped |= _drop(stage, shelf, (f for f in planned if f.wave == 1), "14:10", day.date)
        _drain(stage, advance)
        dropped |= _drop(stage, shelf, (f for f in planned if f.wave == 2), "14:40", day.date)
        _drain(stage, advance)
        stage.now = _at(day.date, "15:10")
    with progress("first edition", None):
        run.editions(stage.site, stage.now, day.date)
    with progress("the late ones", None) as advance:
        dropped |= _drop(stage, shelf, (f for f in planned if f.wave == 3), "15:40", day.date)
        _drain(stage, advance)
        gaps = next(filing for filing in planned if filing.school.code == MENDS)
        dropped |= _put(stage, *books.mended(shelf, gaps))
        _drain(stage, advance)
        stage.now = _at(day.date, "17:30")
    with progress("final edition", None):
        run.editions(stage.site, stage.now, day.date, final=True)
    return _told(stage, dropped)


def _fresh(root: Path) -> Site:
    if (root / MARK).exists():
        shutil.rmtree(root)
    elif root.exists() and any(root.iterdir()):
        raise UsageError(f"{root} is not empty and no demo: name another folder")
    config.write(root)
    (root / MARK).write_text("Made by `queke demo`, which throws it away when it is run again.\n", encoding="utf-8")
    site = config.load(root)
    store.open(site)
    store.migrate()
    from pipeline.store import registry

    registry.load_divisions()
    # what we drop is whole when we drop it: nothing is being copied in
    return replace(site, policy=replace(site.policy, stable_seconds=0))


def _register(stage: Stage, shelf: books.Shelf, progress: Progress) -> None:
    """Drop each county's roster into the county's own folder."""
    with progress("registry", len(province.COUNTIES)) as advance:
        for county in province.COUNTIES:
            folder = stage.site.inbox / f"{county.code} {county.name}"
            folder.mkdir()
            (folder / f"{county.city}{county.name}学校名册.xlsx").write_bytes(shelf.roster(county, stage.now.date()))
        _drain(stage, advance)
    shelf.know(stage.now.date())


def _drop(stage: Stage, shelf: books.Shelf, found: Iterable[Filing], at: str, day: date) -> dict[Place, Filing]:
    stage.now = _at(day, at)
    dropped: dict[Place, Filing] = {}
    for filing in found:
        dropped |= _put(stage, filing, shelf.fill(filing))
    return dropped


def _put(stage: Stage, filing: Filing, content: bytes) -> dict[Place, Filing]:
    """Put one workbook where its sender puts it: flat, in the school's folder, or in the county's heap."""
    county = next(county for county in province.COUNTIES if county.code == filing.school.county)
    folder = {1: filing.school.code, 2: f"{county.code} {county.name}"}.get(county.serial, "")
    place = stage.site.inbox / (filing.folder or folder)
    place.mkdir(exist_ok=True)
    name = filing.name
    while (place / name).exists():
        name = f"又-{name}"
    (place / name).write_bytes(content)
    return {(place.relative_to(stage.site.inbox).as_posix().removeprefix("."), name): filing}


def _drain(stage: Stage, advance: Callable[[int], None]) -> None:
    from pipeline import run

    def observe(arrival: Arrival, settled: Settled) -> None:
        stage.outcomes[arrival.folder, arrival.name] = (arrival, settled)
        advance(1)

    run.drain(stage.site, stage.readers, stage.clock, observe=observe)


def _told(stage: Stage, dropped: Mapping[Place, Filing]) -> Told:
    special, plain = [], Counter[str]()
    for place, filing in dropped.items():
        outcome = stage.outcomes.get(place)
        state = OUTCOMES[outcome[1].state] if outcome else "?"
        if not filing.told:
            plain[state] += 1
            continue
        counts = (str(outcome[1].accepted), str(outcome[1].refused)) if outcome else ("", "")
        codes = " ".join(dict.fromkeys(issue.code for issue in outcome[1].issues)) if outcome else ""
        special.append((filing.told, filing.school.name, state, *counts, codes))
    rows = [("（其余各校，按要求填报）", f"{count} 份", state, "", "", "") for state, count in plain.items()]
    return Told(
        ("这份表", "学校", "结果", "收下", "退回", "提示（docs/issues.md）"), (*rows, *special), _where(stage.site)
    )


def _where(site: Site) -> tuple[str, ...]:
    papers = Counter(path.suffix for path in site.outbox.rglob("*") if path.is_file())
    shelves = "、".join(sorted(path.name for path in site.outbox.iterdir()))
    return (
        "",
        f"{site.outbox}: {papers['.pdf']} PDF, {papers['.txt']} texts (receipts, notices), {papers['.xlsx']} workbooks",
        f"  in {shelves}, by reader and day",
        f"archive/ has every workbook as it came. Look around: queke --site {site.root} status",
    )


def _school_days(last: date, count: int) -> Sequence[date]:
    found: list[date] = []
    day = last
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day)
        day -= timedelta(days=1)
    return found[::-1]


def _at(day: date, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime.combine(day, time(hour, minute), ZONE)
