"""An SMTP server on loopback that takes every letter and keeps it: where the demo's letters go."""

from __future__ import annotations

import socketserver
import threading
from types import TracebackType
from typing import Self

_HELLO = b"250-localhost\r\n250-AUTH PLAIN LOGIN\r\n250-8BITMIME\r\n250 SIZE 40000000\r\n"


class LetterBox:
    """Takes letters. A context manager; `taken` has their bytes, `port` is where it listens."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self._server = _Server(("127.0.0.1", 0), _Talk)
        self._server.taken = self.taken
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    taken: list[bytes]


class _Talk(socketserver.StreamRequestHandler):
    """One connection. Source: RFC 5321, RFC 4954."""

    def handle(self) -> None:
        self.wfile.write(b"220 localhost\r\n")
        while line := self.rfile.readline(2000):
            word = line[:4].upper()
            if word == b"EHLO":
                self.wfile.write(_HELLO)
            elif word == b"AUTH":
                self.wfile.write(b"235 OK\r\n")
            elif word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self._take()
                self.wfile.write(b"250 OK\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 OK\r\n")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) and line != b".\r\n":
            lines.append(line.removeprefix(b"."))
        if isinstance(self.server, _Server):
            self.server.taken.append(b"".join(lines))
