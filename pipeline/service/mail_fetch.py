"""Mails fetched beside the coordinator: a thread for each account, with a fault of its own.

A thread only brings mails into the spool and moves those away that have their row; it decides nothing. What a server
does to its thread never reaches intake: it is told as a fault once it lasts, and tried again for ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Event, Thread
from types import TracebackType
from typing import Self

import structlog

from pipeline import database, durable, faults
from pipeline.inbox import archive
from pipeline.mail.imap import ListedMail, MailFolder
from pipeline.mail.proof import signers
from pipeline.mail.servers import MailServerError, Trouble
from pipeline.model import Clock, FetchedMail, MailAccount, MailKey, MailState, Site
from pipeline.post import mails
from pipeline.service.mail_away import ServerAway

log = structlog.get_logger("queke.mail")

FIRST_PAUSE = 5.0  # seconds after a line broke; doubled each time, up to …
LONGEST_PAUSE = 900.0  # … this: some servers refuse whoever comes too often
REFUSED_PAUSE = 60.0  # at least so long after a server refused our name and password
MOST_WAITING = 200  # mails that are fetched ahead of the coordinator
LOOK_SECONDS = 60.0

ASIDE = frozenset({MailState.QUARANTINED, MailState.REFUSED})


def fetch(site: Site, account: MailAccount, folder: MailFolder, listed: Sequence[ListedMail]) -> Iterator[FetchedMail]:
    """Bring mails into the spool, durably, each as it comes; those that are gone meanwhile are left out."""
    durable.make_folder(site.spool / archive.MAIL)
    for one in listed:
        whole = one.size <= site.mail.message_mb * 1_000_000
        content = folder.fetch(one.uid) if whole else folder.head(one.uid)
        if content is None:
            continue
        path = site.spool / archive.MAIL / f"{account.name}-{folder.validity}-{one.uid}.eml"
        durable.write_through(path, content)
        key = MailKey(account.name, account.folder, folder.validity, one.uid)
        signed_by = signers(content) if site.mail.dkim and whole else ()
        yield FetchedMail(key, one.at, one.size, path, hashlib.sha256(content).hexdigest(), whole, signed_by)


def _put_away(folder: MailFolder, states: Mapping[int, MailState]) -> None:
    """Move settled mails away, those that an admin must see to where he looks."""
    aside = sorted(uid for uid, state in states.items() if state in ASIDE)
    folder.put_away(aside, aside=True)
    folder.put_away(sorted(states.keys() - set(aside)))


class MailFetcher:
    """Fetches an account's mails in a thread of its own. `ring` is called when some have come."""

    def __init__(self, site: Site, account: MailAccount, clock: Clock, ring: Callable[[], None]) -> None:
        self._site, self._account, self._ring = site, account, ring
        self._fetched: SimpleQueue[FetchedMail] = SimpleQueue()
        self._settled: SimpleQueue[tuple[int, int, MailState]] = SimpleQueue()  # validity, UID
        self._given = self._taken = 0  # mails; each counted by one thread alone
        self._stopping = Event()
        self.away = ServerAway(site, account, clock, account.name)
        self._thread = Thread(target=self._run, name=f"mail-{account.name}", daemon=True)

    @property
    def name(self) -> str:
        return self._account.name

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 10.0) -> None:
        """End the thread; what was not taken in is fetched again next time."""
        self._stopping.set()
        self._thread.join(seconds)

    def collect(self, limit: int) -> list[FetchedMail]:
        found: list[FetchedMail] = []
        while len(found) < limit:
            try:
                found.append(self._fetched.get_nowait())
            except Empty:
                break
        return found

    def release(self, fetched: Sequence[FetchedMail], states: Mapping[int, MailState]) -> None:
        for one in fetched:
            self._taken += 1
            if one.key.uid in states:
                self._settled.put((one.key.validity, one.key.uid, states[one.key.uid]))

    # ---------------------------------------------------------------- in the thread

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            try:
                with MailFolder(self._account) as folder:
                    pause = 0.0
                    self._serve(folder)
            except Exception as error:  # noqa: BLE001  # whatever a server says: it is told, and tried again
                pause = _longer(pause, error)
                self.away.failed(error, pause)
            finally:
                database.close()  # this thread's

    def _serve(self, folder: MailFolder) -> None:
        known = mails.settled(self._account.name, self._account.folder, folder.validity)
        above = 0
        while not self._stopping.is_set():
            listed = folder.listed(above)
            self.away.answered()
            above = max([above, *(one.uid for one in listed)])
            _put_away(folder, {one.uid: known[one.uid] for one in listed if one.uid in known})
            for one in fetch(self._site, self._account, folder, [one for one in listed if one.uid not in known]):
                self._given += 1
                self._fetched.put(one)
                self._ring()
                while self._given - self._taken >= MOST_WAITING and not self._stopping.wait(0.1):
                    _put_away(folder, self._heard(folder.validity))
            _put_away(folder, self._heard(folder.validity))
            folder.wait(LOOK_SECONDS, lambda: self._stopping.is_set() or not self._settled.empty())
            _put_away(folder, self._heard(folder.validity))

    def _heard(self, validity: int) -> dict[int, MailState]:
        found: dict[int, MailState] = {}
        while not self._settled.empty():
            of, uid, state = self._settled.get()
            if of == validity:
                found[uid] = state
        return found


def _longer(pause: float, error: Exception) -> float:
    """How long to wait after one more fault: longer where the server refused us, for some then lock us out."""
    refused = isinstance(error, MailServerError) and error.trouble in {Trouble.LOGIN, Trouble.PASSWORD_FILE}
    return min(max(REFUSED_PAUSE if refused else FIRST_PAUSE, 2 * pause), LONGEST_PAUSE)


class MailFetchers:
    """All accounts that receive: a `run.MailSource`."""

    def __init__(self, site: Site, clock: Clock, ring: Callable[[], None]) -> None:
        self._each = [MailFetcher(site, account, clock, ring) for account in site.mail.receiving]

    def start(self) -> None:
        for one in self._each:
            one.start()

    def stop(self) -> None:
        for one in self._each:
            one.stop()

    def tell(self, now: datetime) -> None:
        """Say which servers have failed for long, and which answer again."""
        for one in self._each:
            one.away.tell(now)

    def collect(self, limit: int) -> list[FetchedMail]:
        found: list[FetchedMail] = []
        for one in self._each:
            found += one.collect(limit - len(found))
        return found

    def release(self, fetched: Sequence[FetchedMail], states: Mapping[int, MailState]) -> None:
        for one in self._each:
            one.release([mail for mail in fetched if mail.key.account == one.name], states)


class Round:
    """One look at every account: a `run.MailSource` without threads. A context manager; `troubles` by account."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._held = ExitStack()
        self._folders: dict[str, MailFolder] = {}
        self._waiting: list[Iterator[FetchedMail]] = []
        self.troubles: dict[str, Trouble] = {}

    def __enter__(self) -> Self:
        for account in self._site.mail.receiving:
            with self._tried(account.name):
                folder = self._folders[account.name] = self._held.enter_context(MailFolder(account))
                known, listed = mails.settled(account.name, account.folder, folder.validity), folder.listed()
                _put_away(folder, {one.uid: known[one.uid] for one in listed if one.uid in known})
                fresh = [one for one in listed if one.uid not in known]
                self._waiting.append(fetch(self._site, account, folder, fresh))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def collect(self, limit: int) -> list[FetchedMail]:
        found: list[FetchedMail] = []
        while self._waiting and len(found) < limit:
            one = None
            with self._tried("fetch"):
                one = next(self._waiting[0], None)
            if one is None:
                self._waiting.pop(0)
            else:
                found.append(one)
        return found

    def release(self, fetched: Sequence[FetchedMail], states: Mapping[int, MailState]) -> None:
        for name, folder in self._folders.items():
            mine = [one.key.uid for one in fetched if one.key.account == name]
            with self._tried(name):
                _put_away(folder, {uid: states[uid] for uid in mine if uid in states})

    @contextmanager
    def _tried(self, name: str) -> Iterator[None]:
        try:
            yield
        except MailServerError as error:
            self.troubles.setdefault(error.account, error.trouble)
            log.warning("mail_server_failed", account=name, **faults.fault(error).fields())
