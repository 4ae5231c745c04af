"""One folder of an account on an IMAP server, over one connection that is kept.

Nothing is marked or moved before somebody says that it is settled, and nothing is ever removed but by MOVE or by
UID EXPUNGE of the very mail that was copied: a bare EXPUNGE removes what others have marked.
"""

from __future__ import annotations

import imaplib
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

import structlog
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from pipeline import faults
from pipeline.mail.servers import SECONDS, MailServerError, Trouble, certificate_until, password, trusted
from pipeline.model import MailAccount, Security

log = structlog.get_logger("queke.mail")

IDLE_SECONDS = 60.0  # then the folder is searched in any case: events get lost, and IDLE dies in silence
LISTED = 500  # mails asked about at once
HEAD = 65_536  # bytes of a header that are fetched of a mail that is too large
WHO = {"name": "queke", "version": "1", "vendor": "queke"}  # NetEase serves nobody who does not say so
SETTLED = b"$QuekeSettled"  # where mails cannot be moved away


@dataclass(frozen=True, slots=True)
class ListedMail:
    """A mail in the folder, before it is fetched."""

    uid: int
    size: int
    at: datetime  # aware: when the server got it


class MailFolder:
    """The folder of an account from which mails are taken. A context manager. Raises MailServerError throughout."""

    def __init__(self, account: MailAccount, *, seconds: float = SECONDS, readonly: bool = False) -> None:
        """`seconds` without an answer count as a broken line; with `readonly` nothing in it changes, not even what is
        new.
        """
        self._account, self._seconds, self._readonly = account, seconds, readonly
        self._client: IMAPClient | None = None
        self._made: set[str] = set()  # folders that are known to be there
        self.validity = 0  # UIDVALIDITY: with another one all numbers mean other mails

    def __enter__(self) -> Self:
        with _troubles(self._account):
            self._client = self._connected()
            try:
                self._log_in(self._client)
                self._select(self._client)
            except BaseException:
                self._hang_up()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self._client is not None:
            with suppress(OSError, EOFError, IMAPClientError):
                self._client.logout()
                self._client = None
        self._hang_up()

    def listed(self, above: int = 0) -> list[ListedMail]:
        """Return the mails with a UID above this one, in order."""
        with self._asked() as client:
            uids = sorted(uid for uid in client.search(["UID", f"{above + 1}:*"]) if uid > above)
            found: list[ListedMail] = []
            for start in range(0, len(uids), LISTED):
                rows = client.fetch(uids[start : start + LISTED], ["RFC822.SIZE", "INTERNALDATE"])
                found += [
                    ListedMail(uid, int(row[b"RFC822.SIZE"]), row[b"INTERNALDATE"]) for uid, row in sorted(rows.items())
                ]
            return found

    def fetch(self, uid: int) -> bytes | None:
        """Return a mail as it came, unmarked; None if it is gone."""
        return self._part(uid, "BODY.PEEK[]")

    def head(self, uid: int) -> bytes | None:
        """Return the beginning of a mail's header: of one that is too large to fetch; None if it is gone."""
        return self._part(uid, f"BODY.PEEK[HEADER]<0.{HEAD}>")

    def put_away(self, uids: Sequence[int], *, aside: bool = False) -> None:
        """Move settled mails out of the folder, or to where an admin looks; those that are gone are no error.

        By MOVE; else copied and expunged by their numbers; else, or where the server refuses (mailbox full), only
        marked: they have their row, and no mail that comes shall wait for it.
        """
        if not uids:
            return
        target = self._account.aside_folder if aside else self._account.done_folder
        with self._asked() as client:
            try:
                moved = self._move(client, uids, target)
            except IMAPClient.AbortError:
                raise
            except IMAPClientError as error:
                log.warning("mails_stay", account=self._account.name, mails=len(uids), **faults.fault(error).fields())
                moved = False
            if not moved:
                client.add_flags(uids, [SETTLED, b"\\Seen"], silent=True)

    def wait(self, seconds: float, stopping: Callable[[], bool]) -> None:
        """Return when something may have come, at the latest after so many seconds, or a minute."""
        end = time.monotonic() + min(seconds, IDLE_SECONDS)
        with self._asked() as client:
            if not client.has_capability("IDLE"):
                while time.monotonic() < end and not stopping():
                    time.sleep(0.5)
                client.noop()
                return
            client.idle()
            while time.monotonic() < end and not stopping():
                if client.idle_check(timeout=min(1.0, max(0.0, end - time.monotonic()))):
                    break
            client.idle_done()

    def quota(self) -> float | None:
        """How full the mailbox is, from 0 to 1; None if the server does not say."""
        with self._asked() as client:
            if not client.has_capability("QUOTA"):
                return None
            shares = [one.usage / one.limit for one in client.get_quota("INBOX") if one.limit]
            return max(shares, default=None)

    @property
    def certificate_until(self) -> datetime | None:
        """Until when the server's certificate is good; None without one."""
        with self._asked() as client:
            return certificate_until(client.socket())

    # ---------------------------------------------------------------- the connection

    def _connected(self) -> IMAPClient:
        account = self._account
        context = None if account.imap_security is Security.NONE else trusted(account)
        client = IMAPClient(
            account.imap_host,
            account.imap_port,
            ssl=account.imap_security is Security.TLS,
            ssl_context=context if account.imap_security is Security.TLS else None,
            timeout=self._seconds,
        )
        client.normalise_times = False
        if account.imap_security is Security.STARTTLS:
            client.starttls(context)
        return client

    def _log_in(self, client: IMAPClient) -> None:
        try:
            client.login(self._account.user, password(self._account))
        except LoginError as error:
            raise MailServerError(self._account.name, Trouble.LOGIN) from error
        if client.has_capability("ID"):
            client.id_(WHO)

    def _select(self, client: IMAPClient) -> None:
        try:
            self.validity = int(client.select_folder(self._account.folder, readonly=self._readonly)[b"UIDVALIDITY"])
        except IMAPClient.AbortError:
            raise
        except (IMAPClientError, KeyError) as error:
            raise MailServerError(self._account.name, Trouble.FOLDER) from error

    def _part(self, uid: int, what: str) -> bytes | None:
        with self._asked() as client:
            row = client.fetch([uid], [what]).get(uid, {})
            return next((bytes(value) for name, value in row.items() if name.startswith(b"BODY[")), None)

    def _move(self, client: IMAPClient, uids: Sequence[int], target: str) -> bool:
        """Move mails to a folder, if the server can."""
        if client.has_capability("MOVE"):
            self._make(client, target)
            client.move(uids, target)
        elif client.has_capability("UIDPLUS"):
            self._make(client, target)
            if there := client.search(["UID", ",".join(map(str, uids))]):
                client.copy(there, target)
                client.delete_messages(there, silent=True)
                client.uid_expunge(there)
        else:
            return False
        return True

    def _make(self, client: IMAPClient, folder: str) -> None:
        if folder not in self._made and not client.folder_exists(folder):
            client.create_folder(folder)
            with suppress(IMAPClientError):  # some webmails show only folders that are subscribed to
                client.subscribe_folder(folder)
        self._made.add(folder)

    def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError, EOFError, IMAPClientError):
                client.shutdown()

    @contextmanager
    def _asked(self) -> Iterator[IMAPClient]:
        """The connection, to ask one thing of it. After trouble it is closed: enter again."""
        if self._client is None:
            raise MailServerError(self._account.name, Trouble.UNREACHABLE)
        try:
            with _troubles(self._account):
                yield self._client
        except MailServerError:
            self._hang_up()
            raise


@contextmanager
def _troubles(account: MailAccount) -> Iterator[None]:
    """Whatever a server or a line does is one exception, with the kind of trouble it is."""
    try:
        yield
    except MailServerError:
        raise
    except ssl.SSLCertVerificationError as error:
        raise MailServerError(account.name, Trouble.CERTIFICATE) from error
    except (OSError, EOFError, imaplib.IMAP4.abort) as error:
        raise MailServerError(account.name, Trouble.UNREACHABLE) from error
    except (IMAPClientError, ValueError, KeyError, IndexError) as error:  # also an answer that is none
        raise MailServerError(account.name, Trouble.REFUSED) from error
