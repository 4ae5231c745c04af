"""Faults that have not passed: remembered until the same step succeeds, for `queke status` and `queke doctor`.

They are kept in the store; or in a file beside it, `faults.json`, while the store itself cannot be used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path

import structlog

from pipeline import durable, faults
from pipeline.database import errors
from pipeline.database.models import FaultRecord
from pipeline.errors import TemporaryError
from pipeline.faults import Fault
from pipeline.model import Site
from pipeline.schooldays import short_time

log = structlog.get_logger("queke.faults")

FILE = "faults.json"
SUBMISSION = "submission"  # the step in which each failed submission is a fault of its own
LETTER = "letter"  # likewise, each failed letter
_LONGEST = {"step": 12, "about": 80, "stage": 12, "error": 60, "at": 160, "inner": 160, "text": 200}


@dataclass(frozen=True, slots=True)
class StandingFault:
    """A lasting fault: of a step as a whole, or of what `about` names; since when, how often, the last of it."""

    step: str
    about: str
    stage: str
    error: str
    at: str
    inner: str
    text: str
    size: int
    first: int
    last: int
    since: datetime
    last_at: datetime
    times: int = 1

    def __str__(self) -> str:
        where = self.at or self.inner
        batch = f"submissions {self.first} to {self.last}" if self.size > 1 else f"submission {self.first}"
        return " · ".join((
            *([f"{self.error} at {where}" if where else self.error] if self.error else ()),
            *([self.text] if self.text else ()),
            *([batch] if self.size else ()),
            *([f"{self.times} times, last {short_time(self.last_at)}"] if self.times > 1 else ()),
        ))  # fmt: skip

    def values(self) -> dict[str, object]:
        """Return it as plain JSON values."""
        return {**asdict(self), "since": self.since.isoformat(), "last_at": self.last_at.isoformat()}

    @property
    def name(self) -> str:
        """What failed: the step, and the submission, letter or day."""
        return f"{self.step} {self.about}".strip() if self.about.split(" ")[0] != self.step else self.about


def note(site: Site, step: str, fault: Fault, now: datetime, *, about: str = "") -> bool:
    """Remember a fault; return whether it is a new one. Outside any transaction; works without store or disk."""
    made = _standing(step, about, fault, now)
    try:
        with errors.temporary():
            return _note_in_store(made)
    except TemporaryError:
        return _note_in_file(site, made)


def forget(site: Site, step: str, abouts: Collection[str] | None = ("",)) -> None:
    """Note that a step succeeded, as a whole or for these of its parts (None: for all). Raises TemporaryError."""
    with errors.temporary():
        rows = FaultRecord.objects.filter(step=step)
        if rows.exists():  # hardly ever: a step that succeeds again writes nothing
            (rows if abouts is None else rows.filter(about__in=list(abouts))).delete()
    kept = _read(site)
    left = [one for one in kept if one.step != step or (abouts is not None and one.about not in abouts)]
    if len(left) != len(kept):
        _write(site, left)


def stands(step: str, about: str) -> bool:
    """Whether a fault is remembered in the store. Raises TemporaryError."""
    with errors.temporary():
        return FaultRecord.objects.filter(step=step, about=about).exists()


@contextmanager
def remembered(site: Site, step: str, clock: Callable[[], datetime], *, about: str = "") -> Iterator[None]:
    """Remember a fault that leaves the block, and forget it once the block succeeds."""
    try:
        yield
        forget(site, step, (about,))
    except Exception as error:
        note(site, step, faults.fault(error), clock(), about=about)
        raise


def standing(site: Site) -> list[StandingFault]:
    """Return the remembered faults, oldest first, of store and file. Raises TemporaryError."""
    names = [one.name for one in fields(StandingFault)]
    with errors.temporary():
        rows = [StandingFault(**row) for row in FaultRecord.objects.values(*names)]
    return sorted(_merged([*rows, *_read(site)]), key=lambda one: (one.since, one.step, one.about))


def beside(site: Site) -> list[StandingFault]:
    """Return the faults in the file beside the store: all there is while the store cannot be opened."""
    return _read(site)


def _standing(step: str, about: str, fault: Fault, now: datetime) -> StandingFault:
    size, first, last = len(fault.seqs), min(fault.seqs, default=0), max(fault.seqs, default=0)
    return StandingFault(
        step, about[: _LONGEST["about"]], fault.stage, fault.error, fault.at, fault.inner, fault.text,
        size, first, last, since=now, last_at=now,
    )  # fmt: skip


def _note_in_store(made: StandingFault) -> bool:
    values = {name: value[: _LONGEST[name]] if name in _LONGEST else value for name, value in asdict(made).items()}
    key = {name: values.pop(name) for name in ("step", "about")}
    row, new = FaultRecord.objects.get_or_create(**key, defaults=values)
    if not new:
        values |= {"since": row.since, "times": row.times + 1}
        FaultRecord.objects.filter(pk=row.pk).update(**values)
    return new


# --------------------------------------------------------------------------- the file


def _note_in_file(site: Site, made: StandingFault) -> bool:
    kept = _read(site)
    try:
        _write(site, _merged([*kept, made]))
    except OSError as error:
        log.warning("fault_not_kept", step=made.step, **faults.fault(error).fields())
    return (made.step, made.about) not in {(one.step, one.about) for one in kept}


def _merged(found: Collection[StandingFault]) -> list[StandingFault]:
    """One fault a step and part: the last of them, with all their times."""
    by_key: dict[tuple[str, str], StandingFault] = {}
    for one in sorted(found, key=lambda one: one.last_at):
        before = by_key.get((one.step, one.about))
        since, times = (min(before.since, one.since), before.times + one.times) if before else (one.since, one.times)
        by_key[one.step, one.about] = replace(one, since=since, times=times)
    return list(by_key.values())


def _path(site: Site) -> Path:
    return site.root / FILE


def _read(site: Site) -> list[StandingFault]:
    """The content of the file; nothing if it is missing, or cannot be read."""
    try:
        rows = json.loads(_path(site).read_bytes())
        return [
            StandingFault(**{**row, **{name: datetime.fromisoformat(row[name]) for name in ("since", "last_at")}})
            for row in rows
        ]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _write(site: Site, left: Collection[StandingFault]) -> None:
    if not left:
        durable.unlink(_path(site))
        return
    durable.write_through(_path(site), json.dumps([one.values() for one in left], indent=1).encode())
