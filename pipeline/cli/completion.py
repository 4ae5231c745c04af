"""What the Tab key offers beyond commands and options: forms, codes of units, ids of what waits.

Each function takes what was typed so far and returns (value, what it is). A site that cannot be opened offers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import typer

from pipeline.errors import QuekeError

Offered = list[tuple[str, str]]
Complete = Callable[[typer.Context, str], Offered]
MOST = 200  # of a province's 15,000 schools


def forms(incomplete: str) -> Offered:
    """The forms, by name."""
    from pipeline.forms import FORMS

    return [(form.name, form.title) for form in FORMS if form.name.startswith(incomplete)]


def _of(find: Callable[[str], Iterable[tuple[str, str]]]) -> Complete:
    def complete(context: typer.Context, incomplete: str) -> Offered:
        from pipeline import config, database
        from pipeline.database import errors

        try:
            with errors.temporary():
                database.open(config.load(Path(context.find_root().params.get("site") or ".")))
                return [one for one in find(incomplete) if one[0].startswith(incomplete)][:MOST]
        except (QuekeError, OSError):
            return []

    return complete


def _units(incomplete: str) -> Iterable[tuple[str, str]]:
    from pipeline.registry import lookup

    return lookup.beginning_with(incomplete, MOST)


def _alerts(_: str) -> Iterator[tuple[str, str]]:
    from pipeline import config
    from pipeline.facts import alert_list

    found = alert_list.listed(config.clock()(), "23:59")
    yield from ((one.id, f"{one.school_name} {one.group}") for one in found)


def _closures(_: str) -> Iterator[tuple[str, str]]:
    from pipeline.model import ClosureState
    from pipeline.settling import closure_decisions

    yield from ((one.id, one.what) for one in closure_decisions.listed("", [ClosureState.DECLARED]))


def _proposals(_: str) -> Iterator[tuple[str, str]]:
    from pipeline.settling import proposals

    yield from ((one.id, one.what) for one in proposals.waiting(""))


def _matters(_: str) -> Iterator[tuple[str, str]]:
    from pipeline.settling import reconciliation

    yield from ((one.id, one.what) for one in reconciliation.waiting(""))


def _held(_: str) -> Iterator[tuple[str, str]]:
    from pipeline.settling import held_files

    yield from ((str(one.seq), one.unit_name) for one in held_files.held())


def _tickets(_: str) -> Iterator[tuple[str, str]]:
    from pipeline.settling import held_files

    found = held_files.rejects()
    yield from ((row.returned.ticket, row.school) for row in found)


units = _of(_units)
alerts, closures, proposals, matters = _of(_alerts), _of(_closures), _of(_proposals), _of(_matters)
held, tickets = _of(_held), _of(_tickets)
