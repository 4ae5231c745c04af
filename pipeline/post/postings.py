"""Mails that go out: queued with the fact, written once, given to a server, and what it said of each.

A posting is `sending`, and the archive knows it, before a server gets it. One found so by who holds the site, of which
no answer is marked (`post.attempts`), is sent once more, the same bytes under the same Message-ID: whether the first
arrived cannot be known from here. In a store that was made again a person looks at it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q

from pipeline.database import acts, sql
from pipeline.database.models import Posting
from pipeline.database.transactions import atomic
from pipeline.mail.replies import LetterFate
from pipeline.model import ActKind, PostingKind, PostingState

FIRST_WAIT = timedelta(minutes=2)  # after a refusal that passes; doubled each time …
LONGEST_WAIT = timedelta(hours=2)  # … up to this
NOT_YET = timedelta(seconds=20)
MOST_ATTEMPTS = 20  # a day and a half
_NEW = (PostingState.QUEUED, 0, 0, "", "", "", "")
_OPEN = (PostingState.QUEUED, PostingState.SENDING)


@dataclass(frozen=True, slots=True)
class WantedPosting:
    """A mail that is to go out. `due`: not before."""

    kind: PostingKind
    ref: str
    address: str
    unit: str
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueuedPosting:
    """A mail that waits, with its bytes as far as they are written."""

    id: int
    kind: PostingKind
    ref: str
    address: str
    unit: str
    queued_at: datetime
    attempts: int
    message_id: str
    path: str
    why: str  # what became of the last attempt, "" for the first


def queue(wanted: Sequence[WantedPosting], now: datetime) -> int:
    """Queue mails, in the caller's transaction; return how many were not queued before."""
    columns = (
        *("kind", "ref", "address", "unit", "state", "attempts", "code", "why", "message_id", "path", "sha256"),
        *("queued_at", "due_at"),
    )
    text = sql.insert("posting", columns) + " ON CONFLICT (kind, ref, address, unit) DO NOTHING"
    rows = [
        (*(one.kind, one.ref, one.address, one.unit), *_NEW, sql.moment(now), sql.moment(one.due or now))
        for one in wanted
    ]
    with atomic():
        fresh = sql.run(text, rows)
        if fresh:
            said = [[one.kind, one.ref, one.address, one.unit, (one.due or now).isoformat()] for one in wanted]
            acts.note(ActKind.POSTED, now, postings=said)
        return fresh


def waiting(now: datetime, limit: int, kinds: Collection[PostingKind] = ()) -> list[QueuedPosting]:
    """Return mails that may go out now, of these kinds (default: all), oldest first; also those that were put off while
    the clock was ahead.
    """
    due = Q(due_at__lte=now) | Q(due_at__gt=now + LONGEST_WAIT)
    rows = Posting.objects.filter(due, state=PostingState.QUEUED).order_by("due_at", "id")
    if kinds:
        rows = rows.filter(kind__in=kinds)
    return [_queued(row) for row in rows[:limit]]


def unsent(limit: int | None) -> list[tuple[QueuedPosting, datetime]]:
    """Return mails that are to go out, each with the moment it may, soonest first."""
    rows = Posting.objects.filter(state__in=_OPEN).order_by("due_at", "id")
    return [(_queued(row), row.due_at) for row in rows[:limit]]


def begun() -> list[QueuedPosting]:
    """Return mails that were being sent when their process ended."""
    return [_queued(row) for row in Posting.objects.filter(state=PostingState.SENDING).order_by("id")]


def written(number: int, message_id: str, path: str, sha256: str) -> None:
    """Note a mail's bytes, which never change afterwards."""
    Posting.objects.filter(pk=number).update(message_id=message_id, path=path, sha256=sha256)


def unwritten(number: int) -> None:
    """A mail's bytes are gone: it is written anew, under the Message-ID it has."""
    Posting.objects.filter(pk=number).update(path="", sha256="")


def begin(numbers: Collection[int], now: datetime) -> None:
    """Note, before a server gets them, that these are being sent."""
    with atomic():
        mine = Posting.objects.filter(pk__in=numbers, state__in=_OPEN).order_by("id")
        if mine.exists():
            acts.note(ActKind.MAILING, now, mails=[[*_key(row), *_written(row)] for row in mine])
            mine.update(state=PostingState.SENDING, attempts=F("attempts") + 1)


def doubt(number: int) -> None:
    """A mail that is being sent may have arrived; kept, so that it goes out once more at most."""
    Posting.objects.filter(pk=number, state=PostingState.SENDING).update(why=LetterFate.UNCLEAR)


def begin_again(mails: Sequence[Sequence[str]], now: datetime) -> None:
    """Note in a store that is made again that these are being sent. `mails`: as the act says them."""
    found: list[int] = []
    for kind, ref, address, unit, *said in mails:
        row = _of((kind, ref, address, unit))
        if row is not None:
            written(row.pk, *said)
            found.append(row.pk)
    begin(found, now)


def found_again() -> int:
    """In a store that was made again: of what was being sent when the other was lost nobody knows whether it arrived.
    A person decides (`queke mail send --again`). Return how many there are.
    """
    mine = Posting.objects.filter(state=PostingState.SENDING)
    return mine.update(state=PostingState.ADMIN, why="rebuilt")


def found_restored(now: datetime) -> int:
    """In a store that is a copy of earlier: of what was to go out then nobody knows whether it has since. A person
    decides likewise. Return how many there are.
    """
    with atomic():
        mine = list(Posting.objects.filter(state__in=_OPEN).order_by("id").values_list("pk", flat=True))
        for number in mine:
            end(number, PostingState.ADMIN, now, why="restored")
    return len(mine)


def again(number: int, attempts: int, code: int, why: str, now: datetime) -> PostingState:
    """A refusal that passes: the mail waits, longer each time; in the end it has failed. Return its state."""
    if attempts >= MOST_ATTEMPTS:
        end(number, PostingState.FAILED, now, code, why)
        return PostingState.FAILED
    wait = min(FIRST_WAIT * 2 ** max(0, attempts - 1), LONGEST_WAIT)
    with atomic():
        row = Posting.objects.filter(pk=number, state__in=_OPEN).first()
        if row is not None:
            _note(row, PostingState.QUEUED, now, code, why)
            Posting.objects.filter(pk=number).update(
                state=PostingState.QUEUED, due_at=now + wait, code=code, why=why[:40]
            )
    return PostingState.QUEUED


def later(number: int, now: datetime) -> None:
    """Not all that belongs to a mail is there yet."""
    Posting.objects.filter(pk=number, state__in=_OPEN).update(due_at=now + NOT_YET)


def end(number: int, state: PostingState, now: datetime, code: int = 0, why: str = "") -> None:
    """What became of a mail. Noted for whoever makes the store again: what was sent is not sent twice."""
    with atomic():
        row = Posting.objects.filter(pk=number).first()
        if row is None:
            return
        _note(row, state, now, code, why)
        Posting.objects.filter(pk=number).update(state=state, done_at=now, code=code, why=why[:40])


def _note(row: Posting, state: PostingState, now: datetime, code: int, why: str) -> None:
    acts.note(ActKind.MAILED, now, key=_key(row), state=state, code=code, why=why[:40], written=_written(row))


def _key(row: Posting) -> list[str]:
    return [row.kind, row.ref, row.address, row.unit]


def _written(row: Posting) -> list[str]:
    return [row.message_id, row.path, row.sha256]


def _of(key: Sequence[str]) -> Posting | None:
    kind, ref, address, unit = key
    return Posting.objects.filter(kind=kind, ref=ref, address=address, unit=unit).first()


def end_again(key: Sequence[str], state: PostingState, now: datetime, said: Sequence[str], code: int, why: str) -> None:
    """What became of a mail, in a store that is made again. `said`: its Message-ID, path and hash."""
    row = _of(key)
    if row is not None:
        written(row.pk, *said)
        if state is PostingState.QUEUED:
            again(row.pk, row.attempts, code, why, now)
        else:
            end(row.pk, state, now, code, why)


def bounced(message_ids: Collection[str], code: str, now: datetime) -> int:
    """Mark the mails of ours that came back; return how many there were."""
    rows = Posting.objects.filter(message_id__in=[one for one in message_ids if one], state=PostingState.SENT)
    for row in rows:
        end(row.pk, PostingState.BOUNCED, now, why=code)
    return len(rows)


def ours(message_ids: Collection[str]) -> bool:
    """Whether one of these is the Message-ID of a mail of ours."""
    return bool(known(message_ids))


def known(message_ids: Collection[str]) -> list[tuple[PostingKind, str]]:
    """Return what those of these Message-IDs are about that are of mails of ours: kind and ref."""
    rows = Posting.objects.filter(message_id__in=[one for one in message_ids if one]).order_by("id")
    return [(PostingKind(kind), ref) for kind, ref in rows.values_list("kind", "ref")]


def answered(address: str, since: datetime, until: datetime) -> int:
    """How many answers an address got in a time: its end is given, since the clock may have been ahead."""
    return Posting.objects.filter(
        address=address, kind=PostingKind.ANSWER, queued_at__gte=since, queued_at__lte=until
    ).count()


def sent(since: datetime, until: datetime) -> int:
    """How many mails went out in a time."""
    states = (PostingState.SENT, PostingState.BOUNCED)
    return Posting.objects.filter(state__in=states, done_at__gte=since, done_at__lte=until).count()


def brake(an_hour: int, now: datetime) -> int:
    """Return how many mails wait because as many went out in the last hour as may; 0 where the brake does not hold."""
    waits = Posting.objects.filter(state=PostingState.QUEUED, due_at__lte=now).count()
    return waits if waits and sent(now - timedelta(hours=1), now) >= an_hour else 0


def counts() -> dict[PostingState, int]:
    """Return how many mails are in each state."""
    found = dict.fromkeys(PostingState, 0)
    for row in Posting.objects.values("state").annotate(n=Count("id")):
        found[PostingState(row["state"])] = row["n"]
    return found


def counts_of(state: PostingState) -> dict[PostingKind, int]:
    """Return how many mails of each kind are in a state; none of a kind that has none."""
    rows = Posting.objects.filter(state=state).values("kind").annotate(n=Count("id")).order_by("kind")
    return {PostingKind(row["kind"]): row["n"] for row in rows}


def retry(now: datetime) -> int:
    """Let the mails that wait for an admin go out again; return how many."""
    with atomic():
        count = Posting.objects.filter(state=PostingState.ADMIN).update(
            state=PostingState.QUEUED, due_at=now, attempts=0, done_at=None
        )
        if count:
            acts.note(ActKind.MAILED_AGAIN, now)
        return count


def _queued(row: Posting) -> QueuedPosting:
    return QueuedPosting(
        row.pk, PostingKind(row.kind), row.ref, row.address, row.unit, row.queued_at, row.attempts, row.message_id,
        row.path, row.why,
    )  # fmt: skip
