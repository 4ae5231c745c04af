"""The journal: arrivals and decisions in one sequence, and the state of each arrival.

The rows here are authoritative; `journal.jsonl` beside the archived bytes is written from `unwritten()` and catches up
by itself after a crash.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from django.db import connection, transaction
from django.db.models import F, Max

from pipeline.database import acts, audit, kept, serialise, sql
from pipeline.database.models import Counter, Decision, Letter, Submission
from pipeline.model import ActKind, Arrival, Channel, Issue, LetterKind, LetterState, Site, State

_ARRIVAL = (
    "received_seq", "claim", "sha256", "content_sha", "name", "size", "channel", "folder", "bound_unit",
    "sent_by", "first_seen", "received_at", "path", "attempts", "state", "form", "unit", "campus", "mode",
    "accepted", "refused", "withdrawn", "effective", "issues", "repairs", "versions", "journalled", "spooled",
    "secret", "kept_sha256", "mends", "mail",
)  # fmt: skip

WAITING = (State.RECEIVED, State.HELD, State.FAILED, State.QUARANTINED)
"""What is in such a state waits for somebody."""


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line of journal.jsonl. `values` are plain JSON values and hold nothing from inside a workbook."""

    seq: int
    kind: str  # arrival | decision
    values: Mapping[str, object]


def receive(site: Site, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Journal arrivals as received, in the order given, in one transaction; return them with their seqs.

    A claim journalled before (found again after a crash) keeps its seq and path and is not journalled twice.
    """
    with transaction.atomic():
        known = _claimed([arrival.claim for arrival in arrivals if arrival.claim], site.root)
        fresh = [arrival for arrival in arrivals if arrival.claim not in known]
        first = sql.take("received", len(fresh)) if fresh else 0
        numbered = [replace(arrival, seq=first + i) for i, arrival in enumerate(fresh)]
        sql.run(sql.insert("submission", _ARRIVAL), [_received(site, arrival) for arrival in numbered])
        if numbered:
            acts.note(ActKind.RECEIVE, numbered[0].received_at, seqs=[arrival.seq for arrival in numbered])
    by_place = iter(numbered)
    return [known[arrival.claim] if arrival.claim in known else next(by_place) for arrival in arrivals]


def pending(site: Site, limit: int = 500) -> list[Arrival]:
    """Return the arrivals that wait for an outcome, in received order."""
    rows = Submission.objects.filter(state=State.RECEIVED).order_by("received_seq")[:limit]
    return [arrival_of(row, site.root) for row in rows]


def arrivals(site: Site, seqs: Iterable[int]) -> list[Arrival]:
    """Return these arrivals, in any state, in received order."""
    rows = Submission.objects.filter(received_seq__in=list(seqs)).order_by("received_seq")
    return [arrival_of(row, site.root) for row in rows]


def spooled(site: Site) -> list[tuple[Arrival, State]]:
    """Return the arrivals that the store knows to be in the spool, with their state: waiting, or not archived yet."""
    rows = Submission.objects.filter(spooled=True).order_by("received_seq")
    return [(arrival_of(row, site.root), State(row.state)) for row in rows]


def count_attempt(seqs: Sequence[int], by: int = 1) -> None:
    """Count one more attempt for each, and commit: before the work, so that one that kills the process is counted too.

    With -1 an attempt that a temporary fault of ours ended is taken back.
    """
    with transaction.atomic():
        Submission.objects.filter(received_seq__in=seqs).update(attempts=F("attempts") + by)


def moved(paths: Mapping[int, str]) -> None:
    """Note where in the archive the bytes of submissions are now, below the site."""
    rows = [(path, False, seq) for seq, path in paths.items()]
    with transaction.atomic():
        sql.run("UPDATE submission SET path = %s, spooled = %s WHERE received_seq = %s", rows)


def fail(seq: int, issues: Sequence[Issue], now: datetime, *, secret: bool = False) -> bool:
    """Set aside a submission on which we failed; True unless it had its outcome already.

    `secret`: it may hold a password, so its bytes are not kept.
    """
    with transaction.atomic():
        rows = Submission.objects.filter(received_seq=seq, state=State.RECEIVED)
        if not rows.exists():
            return False
        rows.update(
            state=State.FAILED,
            settled_seq=sql.take("settled", 1),
            issues=[serialise.issue(one) for one in issues],
            secret=secret,
        )
        row = Submission.objects.get(received_seq=seq)
        text = sql.insert("letter", ("kind", "ref", "reader", "state", "queued_at", "path", "sha256"))
        sql.run(text, [(LetterKind.RECEIPT, str(seq), row.bound_unit, LetterState.QUEUED, sql.moment(now), "", "")])
        acts.note(ActKind.FAIL, now, seq=seq, secret=secret)
    return True


def give_outcome(seq: int, state: State, about: Mapping[str, str], issues: Sequence[Issue]) -> None:
    """Give a settled submission of which nothing is kept the outcome that is known, and its receipt the reader."""
    with transaction.atomic():
        row = Submission.objects.get(received_seq=seq)
        row.state, row.issues = state, [serialise.issue(one) for one in issues]
        row.form, row.unit, row.campus = about["form"], about["unit"], about["campus"]
        row.day = date.fromisoformat(about["day"]) if about["day"] else None
        row.save()
        mine = Letter.objects.filter(kind=LetterKind.RECEIPT, ref=str(seq))
        mine.update(reader=row.unit or row.bound_unit, day=row.day)


def unwritten(limit: int = 5000) -> list[JournalLine]:
    """Return the journal rows whose line is not known to be in journal.jsonl, in sequence."""
    rows = Submission.objects.filter(journalled=False).order_by("received_seq")[:limit]
    decisions = Decision.objects.filter(journalled=False).order_by("seq")[:limit]
    lines = [_arrival_line(row) for row in rows] + [_decision_line(row) for row in decisions]
    return sorted(lines, key=lambda line: line.seq)[:limit]


def decision_lines(limit: int = 1000) -> list[JournalLine]:
    """Return the lines of decisions that are not known to be in journal.jsonl, in sequence."""
    return [_decision_line(row) for row in Decision.objects.filter(journalled=False).order_by("seq")[:limit]]


def written(seqs: Sequence[int]) -> None:
    """Note that the lines of these journal rows are in journal.jsonl, fsynced."""
    with transaction.atomic():
        Submission.objects.filter(received_seq__in=seqs).update(journalled=True)
        Decision.objects.filter(seq__in=seqs).update(journalled=True)


def counts(since: datetime | None = None) -> dict[State, int]:
    """Return how many submissions are in each state: their sum is the number of arrivals (P7). With `since`, of those
    for which nobody has anything left to do only what came after it, so that years of them need not be counted.
    """
    first = 0 if since is None else _first_since(since)
    found = {}
    for state in State:
        rows = Submission.objects.filter(state=state)
        found[state] = (rows.filter(received_seq__gte=first) if first and state not in WAITING else rows).count()
    return found


def _first_since(moment: datetime) -> int:
    """The number of the first submission that came at a moment or later: numbers rise with time."""
    # one bound a query: of two SQLite takes the first and reads from there
    text = (
        "SELECT received_seq, received_at >= %s FROM submission WHERE received_seq >= %s ORDER BY received_seq LIMIT 1"
    )
    numbers = Submission.objects.filter(received_seq__gt=0).values_list("received_seq", flat=True)
    at, low, high = sql.moment(moment), 1, (numbers.order_by("-received_seq").first() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        [(seq, is_later)] = sql.fetch(text, [at, middle])
        if is_later:
            high = middle
        else:
            low = seq + 1
    return low


def oldest(states: Iterable[State]) -> dict[State, datetime]:
    """Return, for states that need a person's work, since when their oldest submission waits."""
    found = {}
    for state in states:
        rows = Submission.objects.filter(state=state).order_by("received_seq")
        if (since := rows.values_list("received_at", flat=True).first()) is not None:
            found[state] = since
    return found


def arrival_of(row: Submission, root: Path) -> Arrival:
    """Return a submission's arrival, as it was journalled; its path is where the bytes are now."""
    return Arrival(
        sha256=row.sha256,
        size=row.size,
        name=row.name,
        channel=Channel(row.channel),
        folder=row.folder,
        bound=row.bound_unit,
        first_seen=row.first_seen,
        received_at=row.received_at,
        path=root / row.path,
        seq=row.received_seq,
        attempts=row.attempts,
        claim=row.claim or "",
        mail=row.mail,
    )


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a store goes: the last number given out, the last that it noted as written into the journal, and what it
    has under the numbers asked for.
    """

    last: int = 0
    journalled: int = 0
    arrivals: Mapping[int, str] = field(default_factory=dict)  # number → SHA-256
    decisions: frozenset[int] = frozenset()
    removed: int = 0  # up to which number submissions were removed, because they are kept no longer


def extent(seqs: Collection[int]) -> Extent:
    """Return how far the open store goes; nothing of one without tables."""
    with connection.cursor() as cursor:
        if "counter" not in connection.introspection.table_names(cursor):
            return Extent()
    last = Counter.objects.filter(name="received").values_list("value", flat=True).first() or 0
    arrived = Submission.objects.filter(journalled=True).aggregate(last=Max("received_seq"))["last"] or 0
    noted = Decision.objects.filter(journalled=True).aggregate(last=Max("seq"))["last"] or 0
    known: dict[int, str] = {}
    decided: set[int] = set()
    asked = sorted(seqs)
    for start in range(0, len(asked), 500):
        some = asked[start : start + 500]
        known |= dict(Submission.objects.filter(received_seq__in=some).values_list("received_seq", "sha256"))
        decided |= set(Decision.objects.filter(seq__in=some).values_list("seq", flat=True))
    return Extent(last, max(arrived, noted), known, frozenset(decided), kept.removed())


def known() -> list[int]:
    """Return the numbers of all submissions."""
    return list(Submission.objects.values_list("received_seq", flat=True))


def go_on_at(seq: int) -> None:
    """Let the next number be this one, where that is no step back."""
    Counter.objects.update_or_create(name="received", defaults={"value": seq - 1})


def kept_instead(hashes: Mapping[int, str]) -> None:
    """Note the hashes of copies that are kept instead of originals."""
    with transaction.atomic():
        rows = [(sha256, seq) for seq, sha256 in hashes.items()]
        sql.run("UPDATE submission SET kept_sha256 = %s WHERE received_seq = %s", rows)


def begin_after(last: int, now: datetime) -> None:
    """Let the sequence go on after this number, audited. Only where no number is given out yet."""
    with transaction.atomic():
        Counter.objects.create(name="received", value=last)
        audit.append([audit.AuditEntry("queke", "begin-anew", f"after {last}")], now)
        acts.note(ActKind.BEGIN, now, last=last)


def _claimed(claims: Sequence[str], root: Path) -> dict[str, Arrival]:
    rows = Submission.objects.filter(claim__in=claims) if claims else ()
    return {str(row.claim): arrival_of(row, root) for row in rows}


def _received(site: Site, arrival: Arrival) -> sql.Params:
    path = str(arrival.path).removeprefix(f"{site.root}/")
    return (
        arrival.seq, arrival.claim or None, arrival.sha256, "", _shown(arrival.name), arrival.size, arrival.channel,
        _shown(arrival.folder), arrival.bound, "", sql.moment(arrival.first_seen), sql.moment(arrival.received_at),
        path, arrival.attempts, State.RECEIVED.value, "", "", "", "", 0, 0, 0, False, "[]", "[]", "", False,
        path.startswith(f"{site.spool.name}/"), False, "", "", arrival.mail,
    )  # fmt: skip


def _shown(name: str) -> str:
    """A name that can be stored and shown: file systems allow names that are not text."""
    return name.encode("utf-8", "replace").decode().replace("\0", "")[:255]


def _arrival_line(row: Submission) -> JournalLine:
    values: dict[str, object] = {
        "sha256": row.sha256,
        "size": row.size,
        "name": row.name,
        "channel": row.channel,
        "folder": row.folder,
        "bound": row.bound_unit,
        "first_seen": row.first_seen.isoformat(),
        "received_at": row.received_at.isoformat(),
        "claim": row.claim or "",
    }
    return JournalLine(row.received_seq, "arrival", values)


def _decision_line(row: Decision) -> JournalLine:
    values: dict[str, object] = {
        "at": row.at.isoformat(),
        "who": row.who,
        "what": row.what,
        "target": row.target,
        "why": row.why,
    }
    more = {"day": row.day and row.day.isoformat(), "submission": row.submission, "place": row.place, "row": row.row}
    values |= {name: value for name, value in more.items() if value}
    return JournalLine(row.seq, "decision", values)
