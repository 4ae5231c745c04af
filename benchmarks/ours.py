"""Our path on the same workbooks: from the inbox into store, archive and journal, with or without answers."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from benchmarks.measure import Cost, measured
from benchmarks.workbooks import DAY
from pipeline import config, database, validate
from pipeline.database import journal, sql
from pipeline.database.models import Campus, SchoolClass, Unit
from pipeline.executors import Readers
from pipeline.inbox import archive
from pipeline.inbox.folder import Folder
from pipeline.model import SchoolFacts, Site
from pipeline.registry import lookup
from pipeline.run import sending, warning
from pipeline.run.coordinator import Coordinator
from pipeline.schooldays import school_year
from pipeline.settling import submissions
from pipeline.turns import context

NOW = datetime.combine(DAY, datetime.min.time(), config.ZONE).replace(hour=14)

Stage = tuple[str, object, str]


@dataclass(frozen=True)
class Taken:
    """The cost of a run, and the outcomes of the workbooks."""

    cost: Cost
    files: int
    outcomes: dict[str, int]


def new_site(root: Path, schools: Sequence[SchoolFacts]) -> Site:
    """Make a site with `schools` in its registry."""
    shutil.rmtree(root, ignore_errors=True)
    config.write(root)
    site = config.load(root)
    site = replace(site, policy=replace(site.policy, stable_seconds=0))
    database.open(site)
    database.migrate()
    _register(schools)
    return site


def again(site: Site, root: Path) -> Site:
    """Return a copy of a site that has taken nothing yet."""
    shutil.rmtree(root, ignore_errors=True)
    database.close()
    shutil.copytree(site.root, root)
    twin = replace(site, root=root)
    database.open(twin)
    return twin


def take(
    site: Site, folder: Path, readers: Readers, *, answer: bool, stages: bool = False, memory: bool = False
) -> Taken:
    """Drop every workbook of `folder` into the inbox and take them in, measured from the first look to the end.

    The service is warm: its readers run, as the baseline's imports are done. Without `answer`: only store, archive and
    journal, no warnings and no letters.
    """
    files = sorted(folder.iterdir())
    for path in files:
        shutil.copy(path, site.inbox / path.name)
    outcomes: Counter[str] = Counter()
    with (
        _staged(stages) as spent,
        nullcontext() if answer else patch.object(warning, "warn", return_value=0),
        measured(memory=memory) as cost,
        Coordinator(
            site, readers, lambda: NOW, answer=answer, observe=lambda _, done: outcomes.update([done.state.value])
        ) as coordinator,
    ):
        coordinator.drain()
    cost.stages = dict(spent)
    return Taken(cost, len(files), dict(outcomes))


def rows(schools: Sequence[str]) -> set[tuple[object, ...]]:
    """Return the current records of these schools in the open store, as plain values."""
    text = (
        "SELECT a.day, a.school, a.class_key, p.name, a.sex, a.reason, a.start, a.symptoms, a.temperature, a.diagnosis "
        "FROM absence a JOIN pupil p ON p.school = a.school AND p.code = a.pupil WHERE a.school IN ?"
    )
    return {
        (str(day), school, room, name, sex, reason, str(start), symptoms, None if heat is None else float(heat), what)
        for day, school, room, name, sex, reason, start, symptoms, heat, what in sql.fetch_in(text, list(schools))
    }


def _register(schools: Sequence[SchoolFacts]) -> None:
    lookup.load_divisions()
    Unit.objects.bulk_create(
        Unit(code=s.code, kind="school", division_id=s.county, name=s.name, stages=" ".join(s.stages)) for s in schools
    )
    Campus.objects.bulk_create(Campus(school_id=s.code, name="本部") for s in schools)
    year = school_year(DAY)
    SchoolClass.objects.bulk_create(
        SchoolClass(
            school_id=s.code, campus=room.campus, school_year=year, key=room.key, name=room.name, roll=room.roll
        )
        for s in schools
        for room in s.classes.values()
    )


@contextmanager
def _staged(wanted: bool) -> Iterator[dict[str, float]]:
    """Count the coordinator's CPU by stage while the block runs (it costs a little itself)."""
    spent: dict[str, float] = {}
    if not wanted:
        yield spent
        return
    patches = [
        patch.object(owner, name, _timed(stage, getattr(owner, name), spent)) for stage, owner, name in _points()
    ]
    for one in patches:
        one.start()
    try:
        yield spent
    finally:
        for one in patches:
            one.stop()


def _points() -> list[Stage]:
    return [
        ("collect", Folder, "collect"),
        ("let go", Folder, "release"),
        ("journal", journal, "receive"),
        ("journal", archive, "write_journal"),
        ("journal", journal, "count_attempt"),
        ("context", context, "load"),
        ("validate", validate, "check"),
        ("fold", submissions, "fold"),
        ("write", submissions, "write"),
        ("archive", archive, "keep"),
        ("archive", journal, "moved"),
        ("journal", journal, "written"),
        ("warn", warning, "warn"),
        ("letters", sending, "send"),
    ]


def _timed(stage: str, function: Callable[..., object], spent: dict[str, float]) -> Callable[..., object]:
    def timed(*args: object, **kwargs: object) -> object:
        began = time.thread_time()
        try:
            return function(*args, **kwargs)
        finally:
            spent[stage] = spent.get(stage, 0.0) + time.thread_time() - began

    return timed
