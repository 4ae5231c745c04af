"""Letters given to a mail server, many over one connection; what it says of each reader is told as a fate.

One moment cannot be decided from here: when the line breaks after the last dot, the server may have the letter or not.
It is told as unclear; the same bytes, with the same Message-ID, are then sent once more.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from pipeline.mail.replies import LetterFate, fate
from pipeline.mail.servers import SECONDS, MailServerError, Trouble, certificate_until, password, trusted
from pipeline.model import MailAccount, Security

LETTERS_A_CONNECTION = 20  # NetEase and others cut off whoever sends more
GO_ON = 354  # what a server says that wants the letter
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
LAST_SECONDS = 300.0  # after the last dot: some look at a letter for minutes, and who hangs up meanwhile sends it twice


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said of one letter to one reader. `code` 0: it said nothing."""

    fate: LetterFate
    code: int = 0


class MailSender:
    """The connection of an account that sends. A context manager; MailServerError if the server cannot be used."""

    def __init__(self, account: MailAccount, *, seconds: float = SECONDS, last_seconds: float = LAST_SECONDS) -> None:
        """`seconds` without an answer count as a broken line, after the last dot of a letter `last_seconds`."""
        self._account, self._seconds, self._last_seconds = account, seconds, last_seconds
        self._server: smtplib.SMTP | None = None
        self._given = 0

    def __enter__(self) -> Self:
        self._connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    @property
    def limit(self) -> int:
        """How many bytes a letter may have, as the server says; 0 if it does not."""
        said = self._server.esmtp_features.get("size", "") if self._server else ""
        return int(said) if said.isdigit() else 0

    @property
    def certificate_until(self) -> datetime | None:
        """Until when the server's certificate is good; None without one."""
        return certificate_until(self._live().sock)

    def send(
        self, content: bytes, reader: str, *, envelope: str | None = None, begun: Callable[[], None] = lambda: None
    ) -> Reply:
        """Give one letter to the server, for one reader; `envelope`: whom bounces go to, the account if None; `begun`
        is called once the server wants the letter, before it gets any of it.

        Raises MailServerError where the line broke before the letter was given, and what `begun` raises: it was not
        sent.
        """
        if self._server is None or self._given >= LETTERS_A_CONNECTION:
            self._hang_up()
            self._connect()
        server = self._live()
        self._given += 1
        try:
            reply = self._offered(server, envelope if envelope is not None else self._account.address, reader)
        except UnicodeError:  # an address that no command can hold
            reply = Reply(LetterFate.NEVER)
        except (smtplib.SMTPException, OSError) as error:
            self._hang_up()
            raise MailServerError(self._account.name, Trouble.UNREACHABLE) from error
        if reply is not None:
            with suppress(smtplib.SMTPException, OSError):
                server.rset()
            if reply.fate is LetterFate.SLOW:
                self._hang_up()
            return reply
        return self._given_over(server, content, begun)

    def _offered(self, server: smtplib.SMTP, envelope: str, reader: str) -> Reply | None:
        """Name sender and reader; the server's refusal, or None if it takes both."""
        for code, text in (server.mail(envelope), server.rcpt(reader)):
            if not 200 <= code < 300:
                return Reply(fate(code, _words(text)), code)
        return None

    def _given_over(self, server: smtplib.SMTP, content: bytes, begun: Callable[[], None]) -> Reply:
        try:
            code, text = server.docmd("data")
        except (smtplib.SMTPException, OSError) as error:  # it has nothing of the letter
            self._hang_up()
            raise MailServerError(self._account.name, Trouble.UNREACHABLE) from error
        if code == GO_ON:
            self._unless_dropped(begun)
            try:
                code, text = self._last_word(server, content)
            except (smtplib.SMTPException, OSError):
                self._hang_up()
                return Reply(LetterFate.UNCLEAR)
        found = fate(code, _words(text))
        if found is LetterFate.SLOW:
            self._hang_up()
        return Reply(found, code)

    def _last_word(self, server: smtplib.SMTP, content: bytes) -> tuple[int, bytes]:
        """What the server says after the last dot; it has its time for that."""
        live = server.sock
        if live is not None:
            live.settimeout(self._last_seconds)
        server.send(_LEADING_DOT.sub(b"..", content) + (b"" if content.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        said = server.getreply()
        if live is not None:
            live.settimeout(self._seconds)
        return said

    def _live(self) -> smtplib.SMTP:
        if self._server is None:
            raise MailServerError(self._account.name, Trouble.UNREACHABLE)
        return self._server

    def _connect(self) -> None:
        account = self._account
        try:
            context = None if account.smtp_security is Security.NONE else trusted(account)
            if account.smtp_security is Security.TLS:
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    account.smtp_host, account.smtp_port, timeout=self._seconds, context=context
                )
            else:
                server = smtplib.SMTP(account.smtp_host, account.smtp_port, timeout=self._seconds)
            self._server, self._given = server, 0
            server.ehlo_or_helo_if_needed()
            if account.smtp_security is Security.STARTTLS:
                server.starttls(context=context)
                server.ehlo()
            server.login(account.user, password(account))
        except MailServerError:
            self._hang_up()
            raise
        except ssl.SSLCertVerificationError as error:
            self._hang_up()
            raise MailServerError(account.name, Trouble.CERTIFICATE) from error
        except smtplib.SMTPAuthenticationError as error:
            self._hang_up()
            raise MailServerError(account.name, Trouble.LOGIN) from error
        except (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, OSError) as error:
            self._hang_up()
            raise MailServerError(account.name, Trouble.UNREACHABLE) from error
        except smtplib.SMTPException as error:
            self._hang_up()
            raise MailServerError(account.name, Trouble.REFUSED) from error

    def _hang_up(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            with suppress(OSError):
                server.close()

    def _unless_dropped(self, begun: Callable[[], None]) -> None:
        """Whatever `begun` raises, nothing was given: hang up without a word, which the server would take for the
        letter's.
        """
        server, self._server = self._server, None
        try:
            begun()
            server, self._server = None, server
        finally:
            if server is not None:
                server.close()


def _words(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
