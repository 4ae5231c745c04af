"""What is kept how long: what would go, by kind; and its going (docs/adr/retention.md).

The order makes it safe to be cut short: the store a day at a time, each an act that can be taken again; then the base,
by which the store can be made again without the workbooks that go; only then they. Whoever runs it again goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from gettext import gettext as say
from pathlib import Path

from pipeline import __version__
from pipeline.database import base, errors, kept, sql
from pipeline.database.models import Alert, Edition, Mail, Posting, Submission
from pipeline.inbox import packed
from pipeline.letters import queue
from pipeline.model import LetterState, MailState, PostingState, Site
from pipeline.outbox import packs as outbox_packs
from pipeline.run import mail_out, noting, retaining
from pipeline.run.lock import Busy, hold_site
from pipeline.run.retaining import Bounds
from pipeline.settling import retention
from pipeline.settling.retention import Removal

DETAIL, PAGES, WORKBOOKS, OUTBOX = "detail", "pages", "workbooks", "outbox"
KINDS = (DETAIL, PAGES, WORKBOOKS, OUTBOX)
_MANY = 500

Advance = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Going:
    """What of a kind is kept no longer: how many rows of the store, or files; their bytes, of rows about; of which days
    (the first and the last; "" for none). `until`: the first day that stays.
    """

    kind: str
    rows: int
    files: int
    size: int
    first: str
    last: str
    until: date


def plan(site: Site, now: datetime) -> list[Going]:
    """Return what would go now, by kind. Nothing is changed."""
    before = retaining.bounds(site.policy, now)
    detail, gone = _detail(before.detail)
    workbooks = ((day, size, 1) for day, _, size in _unwanted(site, before.detail, gone))
    letters = ((day, size, count) for _, day, count, size in _old_letters(site, before.outbox))
    return [
        detail,
        _pages(before.pages),
        _of_files(WORKBOOKS, before.detail, workbooks),
        _of_files(OUTBOX, before.outbox, letters),
    ]


def pack(site: Site, now: datetime, advance: Advance = lambda _: None) -> Mapping[str, tuple[int, int]]:
    """Pack the months that were over long enough, of archive and outbox; return by kind how many files went into how
    many packs. Raises Busy if a process works on the site. May be interrupted and repeated.
    """
    before = retaining.bounds(site.policy, now).packed
    with _alone_on(site), errors.temporary():
        counts = {}
        for kind, made in (
            ("archive", packed.pack(site, before)),
            ("outbox", outbox_packs.pack(site, before, _spared(site))),
        ):
            files = packs = 0
            for path, count in made:
                files, packs = files + count, packs + 1
                advance(path.name)
            counts[kind] = (files, packs)
    return counts


def remove(
    site: Site, kinds: Collection[str], who: str, now: datetime, advance: Advance = lambda _: None
) -> list[Going]:
    """Remove what is kept no longer, of these kinds; return what went. Raises Busy if a process works on the site."""
    before, by = retaining.bounds(site.policy, now), Removal(who, now)
    with _alone_on(site), errors.temporary():
        noting.note_down(site, now)
        done = [replace(one, rows=rows) for one, rows in _of_store(kinds, before, by, advance)]
        noting.note_down(site, now)
        if WORKBOOKS in kinds:
            done.append(_workbooks(site, kept.since(), by, advance))
        if OUTBOX in kinds:
            done.append(_outbox(site, before.outbox, by, advance))
        noting.note_down(site, now)
    return done


@contextmanager
def _alone_on(site: Site) -> Iterator[None]:
    """Hold the site. Raises Busy where a process works on it, which does not do this by itself."""
    with ExitStack() as held:
        try:
            held.enter_context(hold_site(site))
        except Busy:
            said = say("`queke watch` works on this site: stop it for as long as this takes, then start it again")
            waits = say("what is dropped meanwhile waits in the inbox")
            raise Busy(f"{said}; {waits}") from None
        yield


def _of_store(kinds: Collection[str], before: Bounds, by: Removal, advance: Advance) -> Iterator[tuple[Going, int]]:
    """What goes of the store, and how many rows it then was."""
    if DETAIL in kinds:
        yield _detail(before.detail)[0], retaining.remove_detail(before.detail, by, advance)
    if PAGES in kinds:
        yield _pages(before.pages), retaining.remove_pages(before.pages, by, advance)


# --------------------------------------------------------------------------- rows


def _detail(before: date) -> tuple[Going, set[int]]:
    """All that goes of the detail before a day, and the numbers of the submissions among it."""
    weight = {table: _weight(table) for table in (*retention.TABLES, "submission", "reject", "alert_case", "letter")}
    days, rows, size, gone = set(), 0, 0, set[int]()
    for day in retention.days(before):
        one = retention.part(day)
        of_day = retention.counts(one)
        gone.update(one.seqs)
        if any(of_day.values()):
            days.add(day.isoformat())
        rows += sum(of_day.values())
        size += sum(weight.get(table, 0) * count for table, count in of_day.items())
    for day in retention.letter_days(before):
        if letters := len(retention.letters(day)):
            days.add(day.isoformat())
        rows, size = rows + letters, size + letters * weight["letter"]
    return Going(DETAIL, rows, 0, size, *_ends(days), before), gone


def _pages(before: date) -> Going:
    rows = Edition.objects.filter(kind=retention.PAGES, day__lt=before).exclude(place__in=retention.alerted())
    days = sorted(set(rows.values_list("day", flat=True).distinct()))
    count = rows.count()
    return Going(PAGES, count, 0, count * _weight("edition"), *_ends([day.isoformat() for day in days]), before)


def _weight(table: str) -> int:
    """About how many bytes a row of a table takes: of a few hundred, as text."""
    text = f'SELECT * FROM "{table}" LIMIT 200'  # nosec B608  # our own word
    rows = sql.fetch(text)
    return sum(len(str(value).encode()) for row in rows for value in row) // len(rows) if rows else 0


def _ends(days: Iterable[str]) -> tuple[str, str]:
    found = sorted(days)
    return (found[0], found[-1]) if found else ("", "")


# --------------------------------------------------------------------------- workbooks


def _workbooks(site: Site, since: date, by: Removal, advance: Advance) -> Going:
    """Remove from the archive what the store does not know any more, with the mails it came in."""
    unwanted = {f"{day}/{name}": size for day, name, size in _unwanted(site, since)}
    done = _of_files(WORKBOOKS, since, ((name[:10], size, 1) for name, size in unwanted.items()))
    if unwanted:
        if not _base_stands(site):
            advance(base.write(site.archive / packed.FOLDER).name)
        retention.note_files(WORKBOOKS, f"{done.first}–{done.last}", done.files, by)
        packed.remove(site, unwanted)
    return done


def _base_stands(site: Site) -> bool:
    """Whether the store can be made again from the base that is there, without what has been removed from the store."""
    found = base.newest(site.archive / packed.FOLDER)
    if found is None:
        return False
    head = base.head(found)
    return (head.removed, head.since, head.version) == (kept.removed(), kept.since().isoformat(), __version__)


def _unwanted(site: Site, before: date, gone: Collection[int] = ()) -> Iterator[tuple[str, str, int]]:
    """The day, name and size of each file of days before that one that goes: of submissions that the store does not
    know, or that are `gone` next; and of mails that nobody has to look at any more.
    """
    there = [(name.partition("/"), size) for _, name, size in packed.members(site.archive, before)]
    there += [((path.parent.name, "/", path.name), size) for path, size in packed.loose(site.archive, before)]
    workbooks, mails = {}, {}
    for (day, _, name), size in there:
        if found := packed.KEPT.fullmatch(name):
            workbooks[int(found[1])] = (day, name, size)
        elif found := packed.MAIL.fullmatch(name):
            mails[int(found[1])] = (day, name, size)
    for some in _parts(workbooks):
        stays = _known(some).difference(gone)
        yield from (workbooks[seq] for seq in some if seq not in stays)
    for some in _parts(mails):
        stays = _looked_at(some)
        yield from (mails[number] for number in some if number not in stays)


def _looked_at(numbers: Collection[int]) -> set[int]:
    """Those of the mails that somebody still has to look at, or to answer."""
    rows = Mail.objects.filter(pk__in=numbers)
    waits = rows.filter(state=MailState.QUARANTINED) | rows.filter(
        answerable=True, answered_at__isnull=True, braked=False
    )
    brought = Submission.objects.filter(mail__in=numbers, state__in=retention.WAITS).values_list("mail", flat=True)
    return {*waits.values_list("pk", flat=True), *(mail for mail in brought if mail is not None)}


def _known(seqs: Collection[int]) -> set[int]:
    return set(Submission.objects.filter(received_seq__in=seqs).values_list("received_seq", flat=True))


def _of_files(kind: str, until: date, files: Iterable[tuple[str, int, int]]) -> Going:
    days, count, size = set(), 0, 0
    for day, one, files_of_it in files:
        days.add(day)
        count, size = count + files_of_it, size + one
    return Going(kind, 0, count, size, *_ends(days), until)


# --------------------------------------------------------------------------- outbox


def _outbox(site: Site, before: date, by: Removal, advance: Advance) -> Going:
    found = list(_old_letters(site, before))
    done = _of_files(OUTBOX, before, ((day, size, n) for _, day, n, size in found))
    if found:
        retention.note_files(OUTBOX, f"{done.first}–{done.last}", done.files, by)
    for path, *_ in found:
        outbox_packs.remove(path)
        advance(path.name)
    return done


def _old_letters(site: Site, before: date) -> Iterator[tuple[Path, str, int, int]]:
    """What lies in the outbox, and the mails of ours that went out, of days before that one."""
    yield from outbox_packs.old(site, before, _spared(site))
    waits = {
        (site.root / path).parent
        for path in Posting.objects.exclude(state__in=_OVER).exclude(path="").values_list("path", flat=True)
    }
    for folder in packed.days(site.root / mail_out.FOLDER):
        if folder.name < before.isoformat() and folder not in waits:
            files = [path for path in folder.iterdir() if path.is_file()]
            yield folder, folder.name, len(files), sum(path.stat().st_size for path in files)


_OVER = (PostingState.SENT, PostingState.VOID, PostingState.FAILED, PostingState.BOUNCED)


def _spared(site: Site) -> set[Path]:
    """The folders of days that hold letters of open alerts, or of submissions that wait."""
    found = set()
    for alert in Alert.objects.filter(closed_at__isnull=True).values_list("pk", flat=True):
        found |= _folders(site, str(alert))
    for seq in Submission.objects.filter(state__in=retention.WAITS).values_list("received_seq", flat=True):
        found |= _folders(site, str(seq))
    return found


def _folders(site: Site, ref: str) -> set[Path]:
    lying = queue.about(ref).filter(state=LetterState.DONE).exclude(path="")
    return {(site.root / path).parent for path in lying.values_list("path", flat=True)}


def _parts(values: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(values)
    return (ordered[at : at + _MANY] for at in range(0, len(ordered), _MANY))
