"""The store made again from archive and journals, act after act: after its loss, or onto another database.

Each act is taken again by the code that took it first, at its own moment, and is compared with its line: what it was
about, the last number of the sequence of settlements, and the end of the audit chain (docs/adr/rebuild.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from gettext import gettext as say

from pipeline import database
from pipeline.database import acts, audit, base, dump, journal
from pipeline.database.base import Head
from pipeline.errors import ConfigError, QuekeError, UsageError
from pipeline.executors import Readers
from pipeline.inbox import archive, packed, records
from pipeline.inbox.records import Line, Records
from pipeline.model import ActKind, DecisionKind, Site
from pipeline.post import mails, postings
from pipeline.registry import lookup
from pipeline.run import acts_again
from pipeline.run.acts_again import Course
from pipeline.run.lock import hold_site
from pipeline.schooldays import ZONE

Advance = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What became of it. `differs`: acts that came out otherwise than the first time; `failed`: those that could not be
    taken again, with the reason; `unsettled`: submissions that wait to be settled now; `stubs`: those of which only the
    outcome is known; `passwords`: accounts were opened, whose passwords are in no archive; `in_hand`: mails that were
    being sent.
    """

    acts: int
    submissions: int
    decisions: int
    differs: Sequence[int]
    failed: Sequence[tuple[int, str]]
    unsettled: int
    stubs: Sequence[int]
    passwords: bool
    in_hand: int
    head: tuple[int, str]


def rebuild(site: Site, readers: Readers, *, onto: str = "", advance: Advance = lambda _: None) -> Rebuilt:
    """Make the store of a site again, at its own address or `onto` another, which must have no tables yet.

    Raises UsageError if it has, ConfigError if the archive has no acts or has lost bytes that are needed, Busy if a
    process works on the site.
    """
    with hold_site(site):
        target = replace(site, database=onto or site.database)
        kept = records.load(site)
        first = base.newest(site.archive / packed.FOLDER)
        begin = base.head(first) if first else base.NOTHING
        _check(site, kept, begin)
        database.open(target)
        if not dump.is_empty():
            raise UsageError(
                say("the store has tables already: move it away first, or name an empty one with --database")
            )
        database.migrate()
        if first:
            base.load(first)
        lookup.load_divisions()
        course = Course(target, readers, kept)
        with acts.taken_again() as noted:
            differs, failed = _take_all(course, noted, begin, advance)
            left = _receive_rest(course, begin)
        _finish(target, kept, begin)
        in_hand = postings.found_again()
        opened = any(line["what"] == DecisionKind.ACCOUNT_OPEN for line in kept.decisions.values())
        return Rebuilt(
            acts=len(kept.acts),
            submissions=len(kept.arrivals),
            decisions=len(kept.decisions),
            differs=differs,
            failed=failed,
            unsettled=left,
            stubs=[seq for seq in sorted(kept.files) if kept.is_stub(seq)],
            passwords=opened,
            in_hand=in_hand,
            head=audit.head(),
        )


def _check(site: Site, kept: Records, begin: Head) -> None:
    acts_after = {seq: line for seq, line in kept.acts.items() if seq > begin.act}
    if not acts_after and not begin.act:
        raise ConfigError(
            [
                say("{archive}: holds no acts ({acts}): there is nothing to make a store from").format(
                    archive=site.archive, acts=archive.ACTS
                )
            ]
        )
    gaps = sorted(set(range(begin.act + 1, max(acts_after, default=0) + 1)) - acts_after.keys())
    problems = [f"{len(gaps)} acts are missing in the archive: {gaps[:5]}"] if gaps else []
    settled = {seq for line in acts_after.values() if line["what"] == ActKind.SETTLE for seq in line["said"]["seqs"]}
    if gone := sorted(settled - kept.files.keys()):
        problems.append(f"the bytes of {len(gone)} submissions are nowhere: {gone[:5]}")
    if problems:
        raise ConfigError(problems)


def _take_all(
    course: Course, noted: list[acts.Noted], begin: Head, advance: Advance
) -> tuple[list[int], list[tuple[int, str]]]:
    differs: list[int] = []
    failed: list[tuple[int, str]] = []
    for seq, line in sorted(course.kept.acts.items()):
        if seq <= begin.act:
            continue
        noted.clear()
        what, at = ActKind(line["what"]), datetime.fromisoformat(line["at"]).astimezone(ZONE)
        try:
            acts_again.take(course, what, at, line["said"])
        except QuekeError as error:
            failed.append((seq, f"{what}: {error}"))
        else:
            if not noted or _plain(noted[-1]) != _told(line):
                differs.append(seq)
        advance(1)
    return differs, failed


def _plain(one: acts.Noted) -> tuple[object, ...]:
    return one.what, acts.plain(one.said), one.settled, one.audit


def _told(line: Line) -> tuple[object, ...]:
    return line["what"], line["said"], line["settled"], line["audit"]


def _receive_rest(course: Course, begin: Head) -> int:
    """Journal arrivals whose act did not reach the disk, under their numbers: they are settled by the next cycle."""
    lines = (line for line in course.kept.acts.values() if line["what"] == ActKind.RECEIVE)
    received = {seq for line in lines for seq in line["said"]["seqs"]}  # some may have been removed since
    rest = sorted(seq for seq in course.kept.arrivals.keys() - received if seq > begin.received)
    for seq in rest:
        journal.go_on_at(seq)
        journal.receive(course.site, [records.arrival(course.site, course.kept, seq)])
    return sum(1 for _ in journal.pending(course.site, len(course.kept.arrivals) + 1))


def _finish(site: Site, kept: Records, begin: Head) -> None:
    """Note what the journal has: all lines, the hashes of copies, the number of the last act; and where mails lie."""
    mails.found_again(site)
    journal.kept_instead({seq: line["kept_sha256"] for seq, line in kept.scrubbed.items()})
    journal.written([*kept.arrivals, *kept.decisions])
    acts.begin_after(max(kept.acts, default=begin.act))
