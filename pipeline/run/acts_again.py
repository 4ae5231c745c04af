"""Acts taken again: each kind by the function that noted it, at its own moment, with what the archive has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pipeline.accounts import visits
from pipeline.alerts import assess, site_rules
from pipeline.county import build_desk
from pipeline.database import acts, audit, journal, transactions
from pipeline.executors import Readers
from pipeline.facts import county_day, editions
from pipeline.inbox import records
from pipeline.inbox.records import Records
from pipeline.letters import batch_lists, queue, templates_sent
from pipeline.letters.queue import Delivered
from pipeline.letters.templates_sent import SentTemplates
from pipeline.model import ActKind, Issue, MailboxOrigin, MailboxRole, MailState, PostingKind, PostingState, Site, State
from pipeline.post import mails, passphrases, postings
from pipeline.post.postings import WantedPosting
from pipeline.registry import mailboxes, statements
from pipeline.run import decided_again, mail_due, retaining
from pipeline.run.settling import Settling
from pipeline.settling import reconciliation, submissions

Said = Mapping[str, Any]  # as an act's line has it


@dataclass(frozen=True, slots=True)
class Course:
    """What acts are taken again with: the site whose store is made, its readers, and what the archive has."""

    site: Site
    readers: Readers
    kept: Records

    def settling(self, at: datetime) -> Settling:
        """Settling as it was at a moment."""
        return Settling(self.site, self.readers, at)


def take(course: Course, what: ActKind, at: datetime, said: Said) -> None:
    """Take an act again, in transactions as the first time. Raises what that may raise."""
    _AGAIN[what](course, at, said)


def _receive(course: Course, _at: datetime, said: Said) -> None:
    journal.receive(course.site, [records.arrival(course.site, course.kept, seq) for seq in said["seqs"]])


def _settle(course: Course, at: datetime, said: Said) -> None:
    settling = course.settling(at)
    with transactions.atomic():
        settling.fold(settling.validate(settling.read(said["seqs"])))
        noted = zip(said["seqs"], said["states"], strict=True)
        if stubs := [(seq, State(state)) for seq, state in noted if course.kept.is_stub(seq)]:
            for seq, state in stubs:
                _tell_outcome(course, seq, state, at)
            acts.note(ActKind.SETTLE, at, **said)


def _tell_outcome(course: Course, seq: int, state: State, at: datetime) -> None:
    """What held a password and was not taken is kept as a note only, which says no more than this."""
    line = course.kept.scrubbed[seq]
    found = [Issue(code, row=row) for code, row in line["issues"]]
    journal.give_outcome(seq, state, line["about"], found)
    who = course.kept.arrivals[seq]["bound"] or line["about"]["unit"]
    audit.append(submissions.strange(who, seq, found), at)


def _decide(course: Course, at: datetime, said: Said) -> None:
    decided_again.decide(course.settling(at), course.kept.decisions[said["seq"]], said)


def _edition(course: Course, at: datetime, said: Said) -> None:
    county_day.refresh()
    order = editions.Order(_day(said), at, said["n"], final=said["final"])
    editions.cut(course.site, order, said["places"])


def _pages(course: Course, at: datetime, said: Said) -> None:
    order = editions.Order(_day(said), at, said["n"], final=said["final"])
    editions.cut_pages(course.site, order, said["counties"])


def _sent(_bench: Course, at: datetime, said: Said) -> None:
    ids = queue.ids([one[:3] for one in said["letters"]])
    letters = [(ids.get((kind, ref, reader)), *rest) for kind, ref, reader, *rest in said["letters"]]
    queue.done([Delivered(key, *rest) for key, *rest in letters if key is not None], at)


def _day(said: Said) -> date:
    return date.fromisoformat(said["day"])


_KIND = ActKind
_AGAIN: Mapping[ActKind, Callable[[Course, datetime, Said], object]] = {
    _KIND.RECEIVE: _receive,
    _KIND.SETTLE: _settle,
    _KIND.FAIL: lambda _, at, said: journal.fail(said["seq"], (Issue("failed"),), at, secret=said["secret"]),
    _KIND.DECIDE: _decide,
    _KIND.COMPARE: lambda course, at, _: reconciliation.compare(course.site.policy, at),
    _KIND.ROUND: lambda _, at, __: reconciliation.begin_round(at),
    _KIND.WARN: lambda course, at, _: assess.take_some(course.site, site_rules.in_force(), at),
    _KIND.SWEEP: lambda _, at, __: assess.sweep(at),
    _KIND.RULES: lambda _, at, said: site_rules.keep(said["text"], at, readable=said["readable"]),
    _KIND.EFFECT: lambda _, __, said: statements.take_effect(_day(said)),
    _KIND.DESKS: lambda course, at, said: build_desk.queue_due(course.site, at, owed=said["owed"]),
    _KIND.EDITION: _edition,
    _KIND.PAGES: _pages,
    _KIND.RULE_PAPERS: lambda _, at, said: editions.cut_rules(editions.Order(_day(said), at)),
    _KIND.SUMMARY: lambda _, at, said: batch_lists.queue([said["code"]], at),
    _KIND.TEMPLATES: lambda _, at, said: templates_sent.note(
        _day(said), [SentTemplates(*row) for row in said["rows"]], at
    ),
    _KIND.ALL_TEMPLATES: lambda _, at, said: templates_sent.finish(_day(said), at),
    _KIND.SENT: _sent,
    _KIND.GIVEN_UP: lambda _, at, said: queue.give_up(list(queue.ids(said["letters"]).values()), at),
    _KIND.MAILS: lambda _, at, said: mails.receive_again(said["rows"], said["seqs"], at),
    _KIND.MAIL_DECIDED: lambda _, at, said: mails.decide(
        said["mail"], MailState(said["state"]), at, said["who"], unit=said["unit"], seqs=said["seqs"]
    ),
    _KIND.MAILBOX: lambda _, at, said: mailboxes.bind(
        said["address"], said["unit"], MailboxRole(said["role"]), MailboxOrigin(said["origin"]), at, said["who"]
    ),
    _KIND.MAILBOX_ENDED: lambda _, at, said: mailboxes.unbind(said["address"], said["unit"], at, said["who"]),
    _KIND.MAILBOX_WISH: lambda _, at, said: mailboxes.wish(
        said["address"], said["unit"], said["wishes"], at, said["who"]
    ),
    _KIND.PASSPHRASE: lambda _, at, said: passphrases.keep(said["unit"], said["sealed"], at, said["who"]),
    _KIND.POSTED: lambda _, at, said: postings.queue(
        [
            WantedPosting(PostingKind(kind), ref, address, unit, datetime.fromisoformat(due))
            for kind, ref, address, unit, due in said["postings"]
        ],
        at,
    ),
    _KIND.MAILING: lambda _, at, said: postings.begin_again(said["mails"], at),
    _KIND.MAILED: lambda _, at, said: postings.end_again(
        said["key"], PostingState(said["state"]), at, said["written"], said["code"], said["why"]
    ),
    _KIND.MAILED_AGAIN: lambda _, at, __: postings.retry(at),
    _KIND.VISIT: lambda _, at, said: visits.note(said["who"], said["deed"], said["target"], at),
    _KIND.REMINDED: lambda _, at, __: mail_due.looked(at),
    _KIND.ANSWERED: lambda _, at, said: mails.answer_again(said["mail"], at, braked=said["braked"]),
    _KIND.RETAIN: lambda _, at, said: retaining.again(said, at),
    _KIND.BEGIN: lambda _, at, said: journal.begin_after(said["last"], at),
}
