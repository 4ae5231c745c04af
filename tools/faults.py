"""Random kill -9 of any process of `queke watch`, while files come in and the clock goes on: nothing may be missing.

`python -m tools.faults [--kills N] [--seed N] [--server URL]`: a small invented county is registered once and copied.
One copy has its day undisturbed; in the other, processes (the service, its readers, what forks them, renderers) are
killed, idle or at work. Both are then to hold the same records, alerts, letters, editions, pages, papers and mails:
some of the schools mail, if there is a Dovecot. Exit 1 if not, with what differs; a seed chooses the same kinds of
process at the same parts of the day. With a server's address (postgresql://…), both stores are databases made there and
dropped afterwards.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from pipeline import config, database, run
from pipeline.database import audit, journal
from pipeline.database.models import (
    Absence,
    AbsencePast,
    Alert,
    AlertCase,
    AlertEvent,
    Closure,
    Edition,
    Letter,
    Matter,
    Reject,
    Report,
    Submission,
    Todo,
)
from pipeline.demo import books, dovecot, filings, province, story
from pipeline.demo.filings import DayPlan, DemoFiling
from pipeline.demo.stage import at, county_folder, folder_of
from pipeline.executors import Pool
from pipeline.inbox import archive
from pipeline.model import BatchRef, LetterKind, Site, State, TodoKind
from pipeline.registry import lookup
from pipeline.schooldays import ZONE
from tools.fault_mail import DayMail
from tools.killing import PATIENCE, Killer, Watch

DAYS = (date(2026, 11, 19), date(2026, 11, 20))
COUNTY = province.COUNTIES[1]
SCHOOLS = 10
MAILING = (3, 6, 8)  # schools that mail, where others drop: one of them a workbook with rows that go back
NAMES = ("a", "b")
SHORT = ("13:50", "17:29:57")  # the parts of a short day: files, and what follows from them
SUMMARY = "收件汇总"
STAMPS = ("made", "edition", "number", "as_of")  # values of an edition that differ although nothing else does


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the day: what the clock says when it begins, what is dropped then, and whether pages come of it."""

    clock: str
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    mails: Sequence[tuple[province.DemoSchool | None, str, bytes]] = field(default=(), repr=False)
    draws: bool = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Run once undisturbed and once with kills; say what differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=2, help="in each of the six parts of the day")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--short", action="store_true", help="only two parts of the day")
    parser.add_argument("--server", default="", help="postgresql://… where databases may be made; else SQLite")
    said = parser.parse_args(arguments)
    killer = Killer(random.Random(said.seed), said.kills)
    with tempfile.TemporaryDirectory(prefix="queke-faults-") as folder:
        found = try_out(Path(folder), killer, said.server, short=said.short)
    if not dovecot.installed():
        print("no Dovecot is installed here: nobody mailed")
    print(f"killed {sum(killer.killed.values())}: {dict(killer.killed)}")
    for line in found:
        print(line)
    print("something differs" if found else "records, alerts, letters, editions, pages, papers and mails are equal")
    return 1 if found else 0


def try_out(folder: Path, killer: Killer, server: str = "", *, short: bool = False) -> list[str]:
    """Have the day twice in `folder`, once with kills; return what differs, a line each: nothing, if all is well."""
    with _stores(server) as addresses, DayMail(NAMES) if dovecot.installed() else nullcontext() as post:
        sites = [replace_database(folder / name, address, post) for name, address in zip(NAMES, addresses, strict=True)]
        phases = _prepared(sites, post)
        if short:
            phases = [phase for phase in phases if phase.clock.endswith(SHORT)]
        calm = Killer(random.Random(0))
        whole = [_day(site, phases, one, post) for site, one in zip(sites, (calm, killer), strict=True)]
        found = [*differences(*whole), *(line for site in sites for line in broken(site, phases))]
        killed = (0, sum(killer.killed.values()))
        return found + [line for site, n in zip(sites, killed, strict=True) if post for line in post.broken(site, n)]


def replace_database(root: Path, address: str, post: DayMail | None) -> Site:
    """Make a site's folder, with the address of its store, and its mail account."""
    config.write(root, address)
    if post is not None:
        post.settle(root)
    return config.load(root)


# --------------------------------------------------------------------------- the day


def _prepared(sites: Sequence[Site], post: DayMail | None) -> list[Phase]:
    """Register the county's schools in the first site, make the others copies of it; return what the day brings."""
    first = sites[0]
    mine = [school for school in province.schools() if school.county == COUNTY.code][:SCHOOLS]
    database.open(first)
    database.migrate()
    lookup.load_divisions()
    shelf = books.Shelf(first, mine)
    place = first.inbox / county_folder(COUNTY)
    place.mkdir()
    (place / "学校名册.xlsx").write_bytes(shelf.roster(COUNTY, DAYS[0]))
    with Pool(1) as readers:
        run.drain(replace(first, policy=replace(first.policy, stable_seconds=0)), readers, lambda: at(DAYS[0], "9:00"))
    shelf.know(DAYS[0])
    if post is not None:
        post.bind([mine[n] for n in MAILING], COUNTY.code, at(DAYS[0], "9:00"))
    phases = _phases(shelf, mine, mailing=post is not None)
    database.close()
    for other in sites[1:]:
        settings = (other.root / config.FILE).read_bytes()
        shutil.copytree(first.root, other.root, dirs_exist_ok=True)
        (other.root / config.FILE).write_bytes(settings)
        if not first.database.startswith("sqlite"):
            _copy_database(first.database, other.database)
    return phases


def _phases(shelf: books.Shelf, schools: Sequence[province.DemoSchool], *, mailing: bool) -> list[Phase]:
    day = DayPlan(1, DAYS, {school.code: story.spells(school, len(DAYS)) for school in schools})
    plain = [filings.absence(day, school) for school in schools]
    ill = filings.spoilt(day, schools[7], "", lambda typed, _: typed.extend(_same_class(schools[7], day)), at_least=0)
    gaps = filings.spoilt(day, schools[6], "", filings.two_gaps)
    bomb = filings.absence(day, schools[5], damage="bomb")
    changed = replace(plain[4], header={**plain[4].header, "mode": "整份更正", "zero": "否"}, name="更正.xlsx")
    more = [*changed.tables["rows"], filings.ill_row(schools[4], day, 1)]
    again = [
        replace(plain[0], name="副本缺课日报(1).xlsx"),
        replace(changed, tables={"rows": more}),
        filings.closure(day, schools[2], schools[2].rooms[0].name, ("手足口病", 3, 0, 10), ""),
    ]

    def files(*some: DemoFiling) -> dict[str, bytes]:
        return {f"{folder_of(one.school)}/{one.name}": shelf.fill(one) for one in some}

    def phase(clock: str, *some: DemoFiling) -> Phase:
        """Some of the schools mail what others drop; and a stranger mails."""
        mailed = [one for one in some if mailing and one.school in [schools[n] for n in MAILING]]
        mails = [(one.school, one.name, shelf.fill(one)) for one in mailed]
        stranger = [(None, "附件.xlsx", b"PK")] if mailed else []
        return Phase(clock, files(*(one for one in some if one not in mailed)), [*mails, *stranger])

    return [
        phase("2026-11-20T13:50", *plain[:5], bomb, gaps, ill),
        phase("2026-11-20T14:20", *again),
        Phase("2026-11-20T15:09:57", draws=True),
        phase("2026-11-20T15:40", *plain[8:]),
        Phase("2026-11-20T17:29:57", draws=True),
        Phase("2026-11-23T08:01", draws=True),
    ]


def _same_class(school: province.DemoSchool, day: DayPlan) -> Iterator[dict[str, object]]:
    return (filings.ill_row(school, day, n, room=0) for n in range(6))


def _day(site: Site, phases: Sequence[Phase], killer: Killer, post: DayMail | None) -> dict[str, list[str]]:
    database.open(site)
    for phase in phases:
        for name, content in phase.files.items():
            path = site.inbox / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        if post is not None:
            for school, name, content in phase.mails:
                post.put(site, school, name, content, datetime.fromisoformat(phase.clock).replace(tzinfo=ZONE))
        watch = Watch(site, phase.clock)
        try:
            for n in range(killer.each):
                killer.strike(watch, draws=phase.draws and n % 4 == 0)
            _wait(site, phase.clock, watch, post)
        finally:  # also where somebody interrupts: nothing is left running
            watch.end()
    found = held(site, post)
    database.close()
    return found


def _wait(site: Site, clock: str, watch: Watch, post: DayMail | None) -> None:
    until = time.monotonic() + PATIENCE
    while not _at_rest(site, clock) or not (post is None or post.at_rest(site)):
        if time.monotonic() > until:
            raise TimeoutError(f"{site.root.name}: {clock} is not done after {PATIENCE} s; see its watch.log")
        watch.mend()
        time.sleep(0.3)


def _at_rest(site: Site, clock: str) -> bool:
    """Whether everything that came by then, and is due by then, is done."""
    if any(path.is_file() for path in site.inbox.rglob("*") if ".work" not in path.parts):
        return False
    owed = (TodoKind.WARN, TodoKind.RECONCILE, TodoKind.PAGES)
    if journal.counts()[State.RECEIVED] or journal.unwritten() or Todo.objects.filter(kind__in=owed).exists():
        return False
    if Letter.objects.filter(state="queued").exists() or any(path.is_file() for path in site.spool.iterdir()):
        return False  # (a mail in quarantine stays in a folder of the spool)
    digests = Edition.objects.filter(kind="digest", day=DAYS[1])
    if clock[:10] != str(DAYS[1]):
        later = Edition.objects.filter(kind="rules", day__gt=DAYS[1]).exists()
        return later and Letter.objects.filter(kind="desk", ref=clock[:10]).exists()
    if clock[11:] >= "17":
        return digests.filter(final=True).exists()
    return clock[11:] < "15:09" or digests.exists()


# --------------------------------------------------------------------------- what must be


def held(site: Site, post: DayMail | None = None) -> dict[str, list[str]]:
    """All that may differ between two such days, as texts, by what it is."""
    papers = [re.sub(r"\d{6,}", "…", str(path.relative_to(site.outbox))) for path in _files(site.outbox)]
    lists = {path for path in papers if SUMMARY in path}
    rows = {
        "submissions": Submission.objects.values_list(
            "sha256", "state", "form", "unit", "day", "accepted", "refused", "withdrawn", "effective", "on_time"
        ),
        "absences": Absence.objects.values_list("day", "school", "campus", "pupil", "row_state", "symptoms", "began"),
        "earlier absences": AbsencePast.objects.values_list("day", "school", "pupil", "why"),
        "reports": Report.objects.values_list("day", "school", "rows", "zero", "on_time", "covered"),
        "tickets": Reject.objects.values_list("school", "day", "table", "row", "state"),
        "closures": Closure.objects.values_list("school", "scope", "state"),
        "alerts": Alert.objects.values_list("school", "group", "also", "stage", "state", "cases", "opened_day"),
        "cases": AlertCase.objects.filter(to_settled__isnull=True).values_list("alert__school", "pupil", "onset"),
        "steps": AlertEvent.objects.values_list("alert__school", "what"),
        "matters": Matter.objects.values_list("school", "kind", "state", "asked_on"),
        "letters": Letter.objects.exclude(kind=LetterKind.SUMMARY).values_list("kind", "reader", "day", "state"),
        "editions": Edition.objects.values_list("kind", "place", "day", "n", "final", "figures"),
    }
    mailed = post.held(site) if post is not None else {}
    found = {name: sorted(_plain(row) for row in some) for name, some in (rows | mailed).items()}
    papers = [path for path in papers if SUMMARY not in path] + list(lists)
    return found | {"listed": sorted(_listed()), "papers": sorted(papers), "answers": sorted(_answers(site))}


def _answers(site: Site) -> Iterator[str]:
    """What stands in receipts and notices, without minutes and numbers."""
    for path in site.outbox.rglob("*.txt"):
        if SUMMARY not in path.name:
            text = re.sub(r"[0-9]{6}|(?<=流水号：)[0-9]+", "…", path.read_text("utf-8-sig"))
            yield f"{path.parent.name} {_plain(text)}"


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _listed() -> Iterator[str]:
    """What 收件汇总 list to whom, each file once: a heap that a crash cuts in two may have two of them."""
    for reader, ref in Letter.objects.filter(kind=LetterKind.SUMMARY).values_list("reader", "ref"):
        batch = BatchRef.read(ref)
        rows = Submission.objects.filter(bound_unit=reader, settled_seq__gte=batch.first, settled_seq__lte=batch.last)
        yield from (f"{reader} {sha256}" for sha256 in rows.values_list("sha256", flat=True))


def _plain(value: object) -> str:
    """A value as a text, without what differs though nothing else does: minutes, numbers of alerts, stamps, order."""
    if isinstance(value, dict):
        return str(sorted((key, _plain(one)) for key, one in value.items() if key not in STAMPS))
    if isinstance(value, list):
        return str(sorted(map(_plain, value)))
    if isinstance(value, tuple):
        return str([_plain(one) for one in value])
    return re.sub(r"\d\d:\d\d|20\d\d-0\d{3}\b|\d+ (?=小时|分)", "…", str(value))


def differences(one: Mapping[str, Sequence[str]], other: Mapping[str, Sequence[str]]) -> list[str]:
    """What only the undisturbed day has (-), and what only the other (+)."""
    found = []
    for name, rows in one.items():
        mine, yours = Counter(rows), Counter(other[name])
        found += [f"- {name}: {row}" for row in (mine - yours).elements()]
        found += [f"+ {name}: {row}" for row in (yours - mine).elements()]
    return found


def broken(site: Site, phases: Sequence[Phase]) -> list[str]:
    """Promises that one site alone does not keep."""
    database.open(site)
    found = []
    mailed = sum(school is not None for phase in phases for school, *_ in phase.mails)
    dropped = sum(len(phase.files) for phase in phases) + mailed + 1  # and the roster
    rows = list(Submission.objects.all())
    if len(rows) != dropped:
        found.append(f"{site.root.name}: {dropped} files were dropped, {len(rows)} submissions are known")
    for row in rows:
        path = site.root / row.path
        if not path.is_file() or archive.hash_of(path) != row.sha256:
            found.append(f"{site.root.name}: the bytes of submission {row.received_seq} are not in the archive")
    if audit.broken_at() is not None:
        found.append(f"{site.root.name}: the audit chain breaks at {audit.broken_at()}")
    found += [f"{site.root.name}: half a paper: {path.name}" for path in site.outbox.rglob("*~")]
    for sent in Letter.objects.filter(state="done").exclude(path="").values_list("path", flat=True):
        if not (site.root / sent).is_file():
            found.append(f"{site.root.name}: a letter is said to be sent, and is not there: {sent}")
    database.close()
    return found


# --------------------------------------------------------------------------- databases


@contextmanager
def _stores(server: str) -> Iterator[tuple[str, str]]:
    """The addresses of two stores."""
    if not server:
        yield "", ""
        return
    names = [f"queke_faults_{os.getpid()}_{letter}" for letter in "ab"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{names[0]}"')
        try:
            yield _named(server, names[0]), _named(server, names[1])
        finally:
            database.close()
            for name in names:
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _copy_database(first: str, other: str) -> None:
    name, copy = (urlsplit(address).path.strip("/") for address in (first, other))
    with psycopg.connect(_named(first, "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')


def _named(address: str, name: str) -> str:
    place = urlsplit(address)
    return f"postgresql://{place.netloc}/{name}" + (f"?{place.query}" if place.query else "")


if __name__ == "__main__":
    sys.exit(main())
