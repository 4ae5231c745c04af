"""Workbooks under a passphrase that lie in a unit's folder: opened by what the unit has now, or had before.

Before they are journalled: from then on such a file is what it would have been without a lock. One that nothing opens
goes on as it is, and its sender is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from pipeline import durable
from pipeline.executors.mails import MailOpener
from pipeline.model import Arrival, Site
from pipeline.post import passphrases
from pipeline.xlsx.locked import OLE, is_locked


def unlocked(site: Site, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Return the arrivals, those opened in the spool that their unit's passphrases open."""
    bound = [one for one in arrivals if one.bound and not one.seq and _may_be(one)]
    known = passphrases.of(site, {one.bound for one in bound}) if bound else {}
    mine = [one for one in bound if known.get(one.bound)]
    if not mine:
        return list(arrivals)
    with MailOpener() as opener:
        opened = {id(one): _open(one, known[one.bound], opener) for one in mine}
    return [opened.get(id(one), one) for one in arrivals]


def _open(one: Arrival, known: Sequence[str], opener: MailOpener) -> Arrival:
    content = one.path.read_bytes()
    inside = opener.unlock(content, known) if is_locked(content) else None
    if inside is None:
        return one
    durable.write_through(one.path, inside)
    return replace(one, sha256=sha256(inside).hexdigest(), size=len(inside))


def _may_be(one: Arrival) -> bool:
    with one.path.open("rb") as file:
        return file.read(len(OLE)) == OLE
