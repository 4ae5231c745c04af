"""The rules in force on a site: those of this version, with the switches of its `rules.toml`.

The file is read when warnings are assessed. A changed one is kept with an audit row; one with problems changes nothing:
the last good copy, which is in the store, stays in force until it is mended.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from pipeline import rules
from pipeline.database import acts, audit, sql
from pipeline.database.models import Counter, Division, RulesFile, Unit
from pipeline.database.transactions import atomic
from pipeline.errors import ConfigError
from pipeline.model import ActKind, TodoKind, UnitKind
from pipeline.registry import lookup
from pipeline.rules import Rules, switches
from pipeline.rules.switches import SwitchLine
from pipeline.schooldays import today

_LONGEST_WHO = 60


@dataclass(frozen=True, slots=True)
class RulesFileState:
    """The file as it was last seen: what is wrong with it, and since when the rules in force are so."""

    problems: tuple[str, ...]
    seen_at: datetime | None = None
    in_force_since: datetime | None = None


def in_force() -> Rules:
    """Return the rules that are in force: of the last good copy of the file."""
    kept = RulesFile.objects.filter(good=True).order_by("-id").values_list("text", flat=True).first()
    return _rules(kept or "")


def notice(root: Path, now: datetime) -> Rules:
    """Look at a site's file; keep it if it changed, and return the rules in force."""
    text, readable = _read(root / switches.FILE)
    sha = hashlib.sha256(text.encode()).hexdigest()
    last = RulesFile.objects.order_by("-id").first()
    if (last.sha256 if last else _NOTHING) == sha:
        return in_force() if last and not last.good else _rules(last.text if last else "")
    keep(text, now, readable=readable)
    return in_force()


def keep(text: str, now: datetime, *, readable: bool = True) -> None:
    """Keep a changed text of the file, and what its switches change. One transaction."""
    sha = hashlib.sha256(text.encode()).hexdigest()
    with atomic():
        acts.note(ActKind.RULES, now, text=text, readable=readable)
        before = {line.label: line for line in _kept_lines()}
        try:
            lines = switches.read(text, rules.load(), _places()) if readable else switches.no_text()
        except ConfigError as error:
            RulesFile.objects.create(seen_at=now, sha256=sha, text=text, good=False, problems=list(error.problems))
            audit.append(
                [audit.AuditEntry("?", "rules-refused", switches.FILE, (f"{len(error.problems)} problems",))], now
            )
            return
        after = {line.label: line for line in lines}
        changed = [before.get(label) or after[label] for label in sorted(before.keys() ^ after.keys())]
        RulesFile.objects.create(seen_at=now, sha256=sha, text=text, good=True, problems=[])
        who = " ".join(dict.fromkeys(line.by for line in changed)) or "?"
        fields = tuple(f"{'-' if label in before else '+'} {label}" for label in sorted(before.keys() ^ after.keys()))
        audit.append([audit.AuditEntry(who[:_LONGEST_WHO], "rules", switches.FILE, fields)], now)
        _assess_again(changed, today(now))


def state() -> RulesFileState:
    """Return what is known of the file."""
    last = RulesFile.objects.order_by("-id").first()
    if last is None or last.good:
        return RulesFileState((), last.seen_at if last else None, last.seen_at if last else None)
    good = RulesFile.objects.filter(good=True).order_by("-id").first()
    return RulesFileState(tuple(last.problems), last.seen_at, good.seen_at if good else None)


def check(text: str) -> tuple[SwitchLine, ...]:
    """Return the switches of a text, by the places of this site. Raises ConfigError with every problem."""
    return switches.read(text, rules.load(), _places())


_NOTHING = hashlib.sha256(b"").hexdigest()


def _read(path: Path) -> tuple[str, bool]:
    """The file's text, and whether it is one; no file is an empty one. Else what tells it from others."""
    try:
        return path.read_text(encoding="utf-8-sig"), True
    except FileNotFoundError:
        return "", True
    except UnicodeDecodeError:
        return path.read_bytes().hex(), False
    except OSError as error:
        return str(error.errno), False


@lru_cache(maxsize=4)
def _rules(text: str) -> Rules:
    return switches.apply(switches.read(text, rules.load()), rules.load()) if text else rules.load()


def _kept_lines() -> tuple[SwitchLine, ...]:
    kept = RulesFile.objects.filter(good=True).order_by("-id").values_list("text", flat=True).first()
    return switches.read(kept, rules.load()) if kept else ()


def _places() -> frozenset[str]:
    schools = Unit.objects.filter(kind=UnitKind.SCHOOL).values_list("code", flat=True)
    return frozenset([*Division.objects.values_list("code", flat=True), *schools])


def _assess_again(changed: list[SwitchLine], day: date) -> None:
    """Leave todos for the schools of the places whose switches changed, from their day up to today."""
    settled = Counter.objects.filter(name="settled").values_list("value", flat=True).first() or 0
    tree = lookup.tree(())
    todos: set[tuple[str, str, str, int]] = set()
    for line in changed:
        place, since = line.switch.place, line.switch.since
        if since <= day:
            counties = tree.below(place)
            text = "SELECT DISTINCT school FROM absence WHERE day >= ? AND day <= ? AND (division IN ? OR school IN ?)"
            found = sql.fetch_in(text, [sql.day(since)], [sql.day(day)], sorted(counties), [place])
            todos |= {(TodoKind.WARN.value, school, str(at), settled) for (school,) in found for at in (since, day)}
    sql.run(sql.upsert("todo", ("kind", "code", "day", "settled"), ("kind", "code", "day")), sorted(todos))
