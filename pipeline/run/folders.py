"""The sub-folders of the inbox by which units are known, made at once: a division's own, and those of all below it."""

from __future__ import annotations

from datetime import datetime

from pipeline import schooldays, units
from pipeline.database import errors
from pipeline.inbox import rights
from pipeline.inbox.rights import Prepared
from pipeline.model import Site
from pipeline.outbox.folder import legal
from pipeline.registry import lookup, prefill


def names(unit: str, now: datetime) -> dict[str, str]:
    """Return the name of its folder, "2132000001 示例小学", by code: of a school; or of a division, the divisions below
    it and their schools of today; empty for an unknown code.
    """
    if units.is_school(unit):
        found = lookup.names([unit])
    else:
        tree = lookup.tree(())
        found = {code: name for code, name in lookup.division_names().items() if code in tree.below(unit)}
        found |= {one.code: one.name for one in prefill.schools(unit, schooldays.today(now))}
    return {code: legal(f"{code} {name}") for code, name in found.items()}


def name(unit: str) -> str:
    """Return the name of the folder of one unit or division. KeyError for an unknown code."""
    return legal(f"{unit} {lookup.names([unit])[unit]}")


def prepare(site: Site, unit: str, now: datetime) -> list[Prepared]:
    """Make the folders of a unit and all below it, or mend their rights; see `rights.prepare`."""
    with errors.temporary():
        wanted = names(unit, now)
    return rights.prepare(site.inbox, site.policy, wanted)
