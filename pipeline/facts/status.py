"""The state of a site: what came in, what waits and since when, where the receipts are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from gettext import gettext as say

from django.db.models import Count, Min

from pipeline.accounts import accounts
from pipeline.alerts import site_rules
from pipeline.database import journal
from pipeline.database.models import (
    Alert,
    Closure,
    Filing,
    Letter,
    Mail,
    Matter,
    Posting,
    Reject,
    SchoolClass,
    Statement,
    Todo,
)
from pipeline.facts import alert_list, silent_alerts
from pipeline.model import (
    ClassState,
    ClosureState,
    FilingLineState,
    LetterKind,
    LetterState,
    MailPlan,
    MailState,
    MatterState,
    PostingState,
    State,
    StatementState,
    TicketState,
    TodoKind,
)
from pipeline.post import mails, postings
from pipeline.registry import calendar_spans, holidays
from pipeline.rules.switches import FILE
from pipeline.schooldays import day_bounds, today
from pipeline.settling import held_files, reviews

NO_MAIL = MailPlan()
DAYS = 30  # whose submissions are counted, besides those that wait


@dataclass(frozen=True, slots=True)
class PendingCount:
    """Something that waits: how many, since when, and the command that shows it."""

    what: str
    count: int
    since: datetime | date | None
    see: str


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """The state of the site: the submissions of `DAYS`, by state, and what waits for a person, however long."""

    states: Mapping[str, int]
    waiting: tuple[PendingCount, ...]
    reviewed: tuple[int, int] = (0, 0)  # schools with a report of today; those whose 分管领导 approved it as it stands
    unknown_years: tuple[str, ...] = ()  # of the coming months, those of which weekdays count as school days


def receipts(seqs: Sequence[int]) -> dict[int, str]:
    """Return the paths of the receipts of these submissions, below the site."""
    refs = {str(seq): seq for seq in seqs}
    found = Letter.objects.filter(kind=LetterKind.RECEIPT, ref__in=list(refs), state=LetterState.DONE)
    return {refs[ref]: path for ref, path in found.values_list("ref", "path") if path}


def standing(now: datetime, until: str, mail: MailPlan = NO_MAIL) -> SiteStatus:
    """Return what came in and what waits. `until`: the time, HH:MM, by which the day's reports are due."""
    states = {state.value: count for state, count in journal.counts(now - timedelta(DAYS)).items()}
    old = journal.oldest((State.RECEIVED, State.FAILED, State.QUARANTINED))
    asked = held_files.waiting()
    old |= {State.HELD: min(row.received_at for row in asked)} if asked else {}
    waiting = [
        PendingCount(what, count, since, see)
        for state, (what, see) in _submissions().items()
        if (since := old.get(state)) and (count := len(asked) if state is State.HELD else states[state.value])
    ]
    waiting += _rows_back() + _closures() + _proposals() + _alerts(now, until) + _matters() + _letters() + _todo()
    waiting += _accounts(now) + _rules_file() + _mail() + _brakes(now, mail)
    return SiteStatus(states, tuple(waiting), reviews.counts(today(now)), _unknown_years(now))


def _mail() -> list[PendingCount]:
    """Mails that nobody proved, and mails of ours that did not go out."""
    quarantined = Mail.objects.filter(state=MailState.QUARANTINED).aggregate(n=Count("id"), since=Min("received_at"))
    stuck = Posting.objects.filter(state__in=_STUCK).aggregate(n=Count("id"), since=Min("queued_at"))
    told = (
        (say("mails that nobody proved"), quarantined, "queke quarantine list"),
        (say("mails that did not go out"), stuck, "queke mail status"),
    )
    return [PendingCount(what, row["n"], row["since"], see) for what, row, see in told if row["n"]]


def _brakes(now: datetime, mail: MailPlan) -> list[PendingCount]:
    """What our brakes hold back: answers to a sender who got so many today, and all mails while an hour's are out."""
    begin, _ = day_bounds(today(now))
    unanswered, _ = mails.braked(begin)
    told = (
        (say("mails of today left unanswered: their senders had had as many answers as may be"), unanswered),
        (say("mails that wait because as many went out in an hour as may"), postings.brake(mail.letters_an_hour, now)),
    )
    return [PendingCount(what, count, None, "queke mail status") for what, count in told if count]


_STUCK = (PostingState.ADMIN, PostingState.FAILED, PostingState.BOUNCED)


def _submissions() -> dict[State, tuple[str, str]]:
    """What submissions wait for somebody in, and the command that shows them."""
    return {
        State.RECEIVED: (say("received submissions"), "queke ingest"),
        State.HELD: (say("held submissions"), "queke held list"),
        State.FAILED: (say("failed submissions"), say("the log")),
        State.QUARANTINED: (say("quarantined submissions"), say("the receipts in outbox/")),
    }


def _rows_back() -> list[PendingCount]:
    count = Reject.objects.filter(state=TicketState.OPEN).exclude(form="desk").count()
    return [PendingCount(say("rows that went back"), count, None, "queke rejects list")] if count else []


def _closures() -> list[PendingCount]:
    found = Closure.objects.filter(state=ClosureState.DECLARED).aggregate(count=Count("id"), since=Min("start"))
    count, since = found["count"], found["since"]
    return [PendingCount(say("closures to confirm"), count, since, "queke closures list")] if count else []


def _proposals() -> list[PendingCount]:
    """新增班级, and rosters of schools: both wait for the county."""
    found = SchoolClass.objects.filter(state=ClassState.NEW).aggregate(count=Count("id"), since=Min("valid_from"))
    rosters = Statement.objects.filter(state=StatementState.PROPOSED).values("submission").distinct().count()
    lines = [PendingCount(say("new classes to confirm"), found["count"], found["since"], "queke proposals list")]
    lines.append(PendingCount(say("rosters of schools to confirm"), rosters, None, "queke proposals list"))
    return [line for line in lines if line.count]


def _alerts(now: datetime, until: str) -> list[PendingCount]:
    found = Alert.objects.filter(closed_at__isnull=True)
    oldest = found.aggregate(since=Min("opened_at"))["since"]
    if not oldest:
        return []
    late, asked = alert_list.overdue(now)
    lines = [PendingCount(say("open alerts"), found.count(), oldest, "queke alerts list")]
    late_words = say("alerts unanswered after their time")
    asked_words = say("answers to confirm")
    lines += [PendingCount(late_words, late, None, "queke alerts list")] * bool(late)
    mute = len(silent_alerts.now(now, until))
    lines += [
        PendingCount(say("open alerts whose class or campus has not reported today"), mute, None, "queke alerts list")
    ] * bool(mute)
    return lines + [PendingCount(asked_words, asked, None, "queke alerts list")] * bool(asked)


def _rules_file() -> list[PendingCount]:
    """Problems of the site's rules.toml: what was in force before it still is."""
    found = site_rules.state()
    if not found.problems or found.seen_at is None:
        return []
    what = say("problems in {file}, which is NOT in force").format(file=FILE)
    return [PendingCount(what, len(found.problems), found.seen_at, f"queke rules check {FILE}")]


def _matters() -> list[PendingCount]:
    found = Matter.objects.filter(state=MatterState.OPEN)
    oldest = found.aggregate(since=Min("since"))["since"]
    return [PendingCount(say("matters to reconcile"), found.count(), oldest, "queke matters list")] if oldest else []


def _letters() -> list[PendingCount]:
    found = (
        Letter.objects.filter(state__in=(LetterState.QUEUED, LetterState.FAILED))
        .values_list("state")
        .annotate(Count("id"), Min("queued_at"))
    )
    said = {
        LetterState.QUEUED: (say("letters to send"), "queke ingest"),
        LetterState.FAILED: (say("letters that could not be made"), say("the log")),
    }
    return [PendingCount(said[state][0], count, oldest, said[state][1]) for state, count, oldest in found]


def _accounts(now: datetime) -> list[PendingCount]:
    """Filings that wait for their opener, and accounts that need attention."""
    filed = Filing.objects.filter(lines__state=FilingLineState.WAITING).distinct()
    oldest = filed.aggregate(since=Min("received_at"))["since"]
    found = [PendingCount(say("filings to confirm"), filed.count(), oldest, "queke accounts list")] if oldest else []
    due = Counter(one.why for one in accounts.due(now))
    said = {
        "issue": say("accounts to issue a first password to"),
        "expired": say("accounts whose first password is void"),
        "confirm": say("accounts to confirm for another year"),
        "overdue": say("accounts shut until confirmed"),
    }
    return found + [
        PendingCount(words, due[why], None, "queke accounts due") for why, words in said.items() if due[why]
    ]


def _unknown_years(now: datetime) -> tuple[str, ...]:
    found = holidays.unknown(calendar_spans.calendar(), now)
    return tuple(
        say("the days off of {year} are not known, so weekdays count (from {first} on): {mend}").format(
            year=year, first=first, mend=holidays.mend()
        )
        for year, first in found.items()
    )


def _todo() -> list[PendingCount]:
    # figures are counted when a paper needs them
    count = Todo.objects.filter(kind__in=(TodoKind.WARN, TodoKind.PAGES)).count()
    return [PendingCount(say("steps to do"), count, None, "queke ingest")] if count else []
