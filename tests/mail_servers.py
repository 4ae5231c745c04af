"""Real mail servers on loopback: Dovecot to fetch from, an SMTP sink to send to, and a wire between that can be cut."""

from __future__ import annotations

import asyncio
import select
import shutil
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from pipeline.demo.dovecot import PASSWORD, free_port
from pipeline.demo.dovecot import Dovecot as PlainDovecot

HOST = "localhost"
DROPS = "421 drops"


@dataclass(frozen=True)
class Authority:
    """A certificate authority of our own, and a certificate for localhost signed by it."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, *, valid_until: datetime | None = None) -> Authority:
        """Write ca.pem, cert.pem and key.pem into a folder."""
        authority = trustme.CA()
        server = authority.issue_cert(HOST, not_after=valid_until)
        authority.cert_pem.write_to_path(folder / "ca.pem")
        server.cert_chain_pems[0].write_to_path(folder / "cert.pem")
        server.private_key_pem.write_to_path(folder / "key.pem")
        return cls(folder)

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    def context(self) -> ssl.SSLContext:
        """A server's context with the certificate."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        return made


class Dovecot(PlainDovecot):
    """A Dovecot of our own, by TLS too: any user, one password."""

    tls = "ssl = yes\nssl_cert = <{root}/cert.pem\nssl_key = <{root}/key.pem"

    def __init__(self, *, expired: datetime | None = None) -> None:
        """`expired`: until when its certificate was good."""
        super().__init__()
        self.authority = Authority.make(self.root, valid_until=expired)
        self.tls_port = free_port()
        self.imaps = f"port = {self.tls_port}\n    ssl = yes"

    def mails(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The mails in a user's folder, [] if there is no such folder."""
        with self.client(user) as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            numbers = client.search("ALL")
            found = client.fetch(numbers, ["BODY.PEEK[]"]) if numbers else {}
            return [one[b"BODY[]"] for _, one in sorted(found.items())]

    def flags(self, user: str, folder: str = "INBOX") -> list[set[bytes]]:
        """The flags of the mails in a user's folder."""
        with self.client(user) as client:
            client.select_folder(folder, readonly=True)
            return [set(flags) - {b"\\Recent"} for _, flags in sorted(client.get_flags(client.search("ALL")).items())]

    def renumber(self, user: str) -> None:
        """Give a user's INBOX another UIDVALIDITY: as after a server was moved, its mails have other numbers."""
        kept, before = self.mails(user), self._validity(user)
        while self._validity(user) == before:  # it is a time in seconds
            time.sleep(0.3)
            shutil.rmtree(self.root / "mail" / user)
        for raw in kept:
            self.put(user, raw)

    def _validity(self, user: str) -> int:
        with self.client(user) as client:
            return int(client.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"])


@dataclass
class Taken:
    """A letter that the sink took."""

    sender: str
    readers: list[str]
    raw: bytes


class Sink:
    """An SMTP server that keeps what it is given. A context manager.

    `replies` answers for it: called with the stage ("MAIL", "RCPT", "DATA") and the address or text, it returns a reply
    to give instead, DROPS to break the line, or None.
    """

    def __init__(self, authority: Authority | None = None, *, limit: int = 40_000_000) -> None:
        """With an authority it speaks TLS from the first byte."""
        self.taken: list[Taken] = []
        self.connections = 0
        self.replies: Callable[[str, str], str | None] = lambda _stage, _about: None
        self.port = free_port()
        self._controller = _Controller(
            _Handler(self),
            hostname="127.0.0.1",
            port=self.port,
            ssl_context=authority.context() if authority else None,
            authenticator=_authenticate,
            auth_require_tls=False,
            data_size_limit=limit,
            decode_data=False,
            enable_SMTPUTF8=True,
        )

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()


class _Controller(Controller):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._served: list[SMTP] = []

    def factory(self) -> SMTP:
        served = super().factory()
        self._served.append(served)
        return served

    def stop(self, *arguments: Any, **named: Any) -> None:
        """As the base; but a connection whose client hangs is closed, too, not left to who collects garbage."""
        asyncio.run_coroutine_threadsafe(self._hung_up(), self.loop).result(5)
        super().stop(*arguments, **named)

    async def _hung_up(self) -> None:
        for served in self._served:
            if served.transport is not None:
                served.transport.abort()
        for _ in range(3):  # its socket is closed in one of the next turns
            await asyncio.sleep(0)

    def _trigger_server(self) -> None:
        """Connect once, as the base does; the base would make a client of the server's own TLS context."""
        with socket.create_connection((self.hostname, self.port), 5) as plain, suppress(OSError):
            if self.ssl_context is not None:
                any_certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                any_certificate.check_hostname, any_certificate.verify_mode = False, ssl.CERT_NONE
                any_certificate.wrap_socket(plain).close()


class _Handler:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    async def handle_EHLO(  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self._sink.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := self._sink.replies("MAIL", address):
            return reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := self._sink.replies("RCPT", address):
            if reply == DROPS:
                server.transport.abort()
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # its name
        raw = bytes(envelope.content or b"")
        if reply := self._sink.replies("DATA", ""):
            return reply
        self._sink.taken.append(Taken(envelope.mail_from or "", list(envelope.rcpt_tos), raw))
        return "250 OK"


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
    return AuthResult(success=good, handled=False)


class Cut(StrEnum):
    """How a wire fails at one of the client's lines."""

    BEFORE = "before"  # the server never gets the line
    AFTER = "after"  # the server does what it says, and the client never hears
    HANG = "hang"  # the server never gets the line, nothing more is passed on, and nobody hangs up


@dataclass
class Wire:
    """A line to a server on loopback that is cut once. A context manager; `port` is where the client connects.

    `at`: at which of the client's lines, counted over all connections from 1 (by TLS nobody knows them); `after_bytes`:
    when the server has sent so many bytes, `after_said` the client. After that it is whole.
    """

    server_port: int
    how: Cut = Cut.BEFORE
    at: int = 0
    after_bytes: int = -1
    after_said: int = -1
    port: int = field(default_factory=free_port)
    lines: list[bytes] = field(default_factory=list)  # first words of what the client said
    sent: int = 0  # bytes from the server
    said: int = 0  # bytes from the client
    was_cut: bool = False
    torn: set[socket.socket] = field(default_factory=set, repr=False)  # connections whose last line goes on

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._open = True
        self._let_go = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        self._let_go.set()
        self._listener.close()

    def _accept(self) -> None:
        while self._open:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self.server_port)) as server, client:
            with suppress(OSError):
                while self._open:
                    ready, _, _ = select.select([client, server], [], [], 0.2)
                    if client in ready and not self._from_client(client, server):
                        break
                    if server in ready and not self._from_server(client, server):
                        break
            _reset(client)

    def _from_client(self, client: socket.socket, server: socket.socket) -> bool:
        data = client.recv(65536)
        before, self.said = self.said, self.said + len(data)
        if 0 <= self.after_said < self.said and not self.was_cut:
            server.sendall(data[: self.after_said - before])
            return self._broken()
        for line in data.splitlines(keepends=True):
            goes_on = client in self.torn
            (self.torn.discard if line.endswith(b"\n") else self.torn.add)(client)
            if goes_on:
                server.sendall(line)
                continue
            self.lines.append(line[:40])
            now = not self.was_cut and len(self.lines) == self.at
            if now and self.how is not Cut.AFTER:
                return self._broken()
            server.sendall(line)
            if now:
                time.sleep(0.3)  # the server does it
                return self._broken()
        return bool(data)

    def _from_server(self, client: socket.socket, server: socket.socket) -> bool:
        data = server.recv(65536)
        before, self.sent = self.sent, self.sent + len(data)
        if 0 <= self.after_bytes < self.sent and not self.was_cut:
            client.sendall(data[: self.after_bytes - before])
            return self._broken()
        client.sendall(data)
        return bool(data)

    def _broken(self) -> bool:
        """Hang up, or hang: nothing more is passed on."""
        self.was_cut = True
        if self.how is Cut.HANG:
            self._let_go.wait(60)
        return False


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
