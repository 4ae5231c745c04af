"""What somebody does here becomes a file in the inbox, in his unit's own folder; what became of it is then read back.

So console, mail and folder are one path: archived, numbered, judged, answered and made again alike, and the coordinator
remains the only writer (docs/adr/console.md).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.core import signing

from pipeline import durable
from pipeline.accounts import visits
from pipeline.console import open_site
from pipeline.console.access import Visitor
from pipeline.database.models import Counter, Reject, Submission
from pipeline.figures.receipts import Receipt
from pipeline.forms.whole import FILE
from pipeline.inbox import rights
from pipeline.letters.queue import Queued
from pipeline.model import LetterKind, State, TicketState
from pipeline.outbox.folder import legal
from pipeline.run import folders, is_held, sending
from pipeline.run.writers import answers

_SALT = "console.drop"
_PLACE = "网页"  # the folder of one drop, below its unit's


@dataclass(frozen=True, slots=True)
class Drop:
    """Files that were put into the inbox together. `since`: the last number that was given before."""

    id: str
    since: int
    unit: str
    count: int

    @property
    def key(self) -> str:
        """The drop as a text for an address: signed, so that it is nobody else's."""
        return signing.dumps([self.id, self.since, self.unit, self.count], salt=_SALT)


@dataclass(frozen=True, slots=True)
class DropOutcome:
    """What became of one file."""

    seq: int
    state: State
    receipt: Receipt
    mends: bool  # rows of it can be mended on its page


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a drop stands: what became of its files, how many wait; `serving`: whether somebody takes them."""

    done: tuple[DropOutcome, ...]
    waiting: int
    serving: bool


def put(reader: Visitor, files: Iterable[tuple[str, bytes]], what: str) -> Drop:
    """Put files into the unit's own folder, durably and all at once, with a row in the audit. `what`: by which act.

    OSError if the inbox fails: then none of them is there.
    """
    site, now = open_site.site(), open_site.now()
    mine = folders.name(reader.code)
    rights.prepare(site.inbox, site.policy, {reader.code: mine})
    made = Drop(secrets.token_hex(6), _last(), reader.code, 0)
    place = site.inbox / mine / f"{_PLACE} {made.id}"
    hidden = place.with_name(f".{place.name}")  # nobody takes half of it
    durable.make_folder(hidden)
    named = _apart([(legal(Path(name).name), content) for name, content in files])
    for name, content in named:
        durable.write_through(hidden / name, content)
    durable.rename(hidden, place)
    durable.sync_many((), (place.parent,))
    visits.note(reader.account.username, what, reader.code, now)
    return Drop(made.id, made.since, made.unit, len(named))


def _last() -> int:
    return Counter.objects.filter(name="received").values_list("value", flat=True).first() or 0


def _apart(files: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Two files of one name get a number, so that neither is lost."""
    seen: dict[str, int] = {}
    found = []
    for name, content in files:
        seen[name] = n = seen.get(name, 0) + 1
        path = Path(name)
        found.append((name if n == 1 else f"{path.stem}（{n}）{path.suffix}", content))
    return found


def found(key: str, reader: Visitor) -> Drop | None:
    """Return the drop of an address, if it is this reader's; None for any other text."""
    try:
        drop = Drop(*signing.loads(key, salt=_SALT))
    except (signing.BadSignature, TypeError):
        return None
    return drop if drop.unit == reader.code else None


def standing(drop: Drop) -> Standing:
    """Return what became of a drop's files so far."""
    site = open_site.site()
    folder = f"{folders.name(drop.unit)}/{_PLACE} {drop.id}"
    states = settled(drop)
    receipts, mended = receipts_of(drop.unit, list(states)), _to_mend(list(states))
    done = tuple(DropOutcome(seq, state, receipts[seq], seq in mended) for seq, state in states.items())
    if len(done) == drop.count:
        with suppress(OSError):  # gone before, or somebody wrote into it
            (site.inbox / folder).rmdir()
    return Standing(done, max(0, drop.count - len(done)), is_held(site))


def _to_mend(seqs: Sequence[int]) -> set[int]:
    """The submissions of which single rows are back; one that went back whole is mended in its workbook."""
    rows = Reject.objects.filter(submission__in=seqs, state=TicketState.OPEN).exclude(table=FILE)
    return set(rows.values_list("submission", flat=True))


def waiting(drop: Drop) -> int:
    """Return how many files of a drop nobody has settled yet."""
    return max(0, drop.count - len(settled(drop)))


def settled(drop: Drop) -> dict[int, State]:
    """Return the files of a drop that are settled, by number."""
    folder = f"{folders.name(drop.unit)}/{_PLACE} {drop.id}"
    rows = Submission.objects.filter(received_seq__gt=drop.since, folder=folder).exclude(state=State.RECEIVED)
    return {row.received_seq: State(row.state) for row in rows.order_by("received_seq")}


def receipts_of(unit: str, seqs: Sequence[int]) -> dict[int, Receipt]:
    """Return the receipts of submissions as they stand now, by number, for the unit that sent them."""
    queued = [Queued(0, LetterKind.RECEIPT, str(seq), unit, None, open_site.now()) for seq in seqs]
    batch = sending.batch_of(open_site.site(), queued)
    return {int(one.ref): answers.told(one, batch) for one in queued if one.ref in batch.facts}
