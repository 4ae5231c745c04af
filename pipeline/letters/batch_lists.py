"""收件汇总: which of a county's files are not listed to it yet, and the outcomes of those of one list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Max, Min

from pipeline.database import acts
from pipeline.database.models import Letter, Submission
from pipeline.database.transactions import atomic
from pipeline.letters import queue as letters_queue
from pipeline.letters.queue import Facts
from pipeline.model import ActKind, BatchRef, LetterKind, State
from pipeline.registry import lookup
from pipeline.schooldays import today

LOOK_BACK = 20_000  # settled submissions searched after a restart


def unlisted() -> list[str]:
    """Return the divisions with recently settled files that are not listed: for the first cycle after a start."""
    newest = Submission.objects.aggregate(newest=Max("settled_seq"))["newest"] or 0
    recent = Submission.objects.filter(settled_seq__gt=newest - LOOK_BACK).exclude(bound_unit="")
    codes = recent.order_by().values_list("bound_unit", flat=True).distinct()
    known = lookup.division_names()
    return sorted(code for code in codes if code in known)


def queue(codes: Iterable[str], now: datetime) -> int:
    """Queue a summary for each of these divisions that has files settled since its last one; return how many.

    A folder may begin with a code that is no division's: its files get their receipts, but no list is sent.
    """
    wanted = list(codes)
    known = lookup.division_names() if wanted else {}
    return sum(_queue(code, now) for code in wanted if code in known)


def facts(code: str, batch: BatchRef) -> list[Facts]:
    """Return the outcomes of the files that came in this division's folder, in received order."""
    rows = Submission.objects.filter(bound_unit=code, settled_seq__gte=batch.first, settled_seq__lte=batch.last)
    refs = [str(seq) for seq in rows.order_by("received_seq").values_list("received_seq", flat=True)]
    return list(letters_queue.facts(refs).values())


def _queue(code: str, now: datetime) -> bool:
    with atomic():
        before = Letter.objects.filter(kind=LetterKind.SUMMARY, reader=code).order_by("-id").first()
        start = BatchRef.read(before.ref).last if before else 0
        rows = Submission.objects.filter(bound_unit=code, settled_seq__gt=start).exclude(state=State.RECEIVED)
        found = rows.aggregate(first=Min("settled_seq"), last=Max("settled_seq"))
        if found["last"] is None:
            return False
        _queue_returned([str(seq) for seq in rows.values_list("received_seq", flat=True)], code, now)
        acts.note(ActKind.SUMMARY, now, code=code)
        return letters_queue.queue(LetterKind.SUMMARY, str(BatchRef(found["first"], found["last"])), code, now)


def _queue_returned(refs: Sequence[str], code: str, now: datetime) -> None:
    """Queue the return workbooks of a heap for whoever sent it, too: they hold what was typed in its own files."""
    made = Letter.objects.filter(kind=LetterKind.GIVEBACK, ref__in=refs).values_list("ref", flat=True)
    letters_queue.queue_all([(LetterKind.GIVEBACK, ref, code) for ref in sorted(set(made))], now, today(now))
