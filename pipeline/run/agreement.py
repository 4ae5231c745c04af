"""Store and archive belong together, or nothing is taken in: an older store beside a newer archive would give numbers
that were answered already a second time, and an empty one would begin at 1 (docs/adr/backup.md).
"""

from __future__ import annotations

from gettext import gettext as say

from pipeline.database import journal
from pipeline.errors import ConfigError
from pipeline.inbox import evidence
from pipeline.model import Site


def check(site: Site) -> None:
    """Raise ConfigError, with what to do, unless the open store and the archive belong together."""
    if problem := disagreement(site):
        raise ConfigError([problem, mend()])


def disagreement(site: Site) -> str:
    """How the open store, which may have no tables yet, and the archive contradict each other; "" if they do not.

    The archive is looked at first: a process that works on the site writes into the store first.
    """
    shown = evidence.gather(site.archive)
    known = journal.extent({*shown.arrivals, *shown.decisions})
    if shown.last and not known.last:
        return say("the store is empty, and archive/ shows one that had given out numbers up to {last}").format(
            last=shown.last
        )
    if shown.last > known.last:
        said = say("the store is an older copy: it knows numbers up to {known}, archive/ has them up to {last}")
        return said.format(known=known.last, last=shown.last)
    if known.journalled > shown.last:
        return say(
            "the store has journalled numbers up to {known}, archive/ has them up to {last}: the archive is an older "
            "copy, or is not mounted"
        ).format(known=known.journalled, last=shown.last)
    other = [
        seq
        for seq, sha256 in shown.arrivals.items()
        if known.arrivals.get(seq) != sha256 and (seq in known.arrivals or seq > known.removed)
    ]
    other += shown.decisions - known.decisions
    if other:
        said = say("number {number} is one thing in the store and another in archive/: they are not of one course")
        return said.format(number=min(other))
    return ""


def mend() -> str:
    """What to do about it."""
    return say(
        "nothing is taken in until somebody says what to do: put back a copy that is not older (`queke restore`), or "
        "begin anew with nothing, the old archive set aside (`queke init --begin-anew`)"
    )
