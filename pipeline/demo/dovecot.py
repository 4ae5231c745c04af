"""A Dovecot on loopback, for as long as somebody needs one: any user, one password, mails in a folder of its own.

It runs without root's rights: as the user that starts it, or, started by root, as nobody.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import subprocess  # nosec B404  # the mail server itself
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from imapclient import IMAPClient

PASSWORD = "shouquanma-1"  # nosec B105  # of an invented mailbox, on loopback
PROGRAM = Path("/usr/sbin/dovecot")  # not in everybody's PATH
_SECONDS = 20.0

_CONF = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
{tls}
disable_plaintext_auth = no
auth_failure_delay = 0
auth_username_chars =
default_internal_user = {me}
default_internal_group = {group}
default_login_user = {me}
first_valid_uid = 0
mail_location = maildir:{root}/mail/%u
mail_fsync = never
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/mail/%u
}}
namespace inbox {{
  inbox = yes
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    {imaps}
  }}
}}
"""


def installed() -> bool:
    """Whether this machine has a Dovecot."""
    return PROGRAM.exists() or shutil.which("dovecot") is not None


def free_port() -> int:
    """A port on loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Dovecot:
    """A Dovecot of our own. A context manager; it may be stopped and started again, its mails stay until the end."""

    tls, imaps = "ssl = no", "port = 0"  # lines of its settings

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="qk-imap-", dir="/tmp"))  # nosec B108  # short: sockets' paths have 107 bytes
        self.root.chmod(0o755)  # nosec B103  # whom it runs as may pass
        self.port = free_port()
        self._as_root = os.geteuid() == 0
        self._user = pwd.getpwnam("nobody") if self._as_root else pwd.getpwuid(os.geteuid())
        self._process: subprocess.Popen[bytes] | None = None
        (self.root / "mail").mkdir()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def start(self) -> None:
        """Start it, and wait until it answers. Raises OSError if it does not."""
        (self.root / "conf").write_text(self._conf(), "utf-8")
        other: dict[str, Any] = {}
        if self._as_root:
            for path in (self.root, *self.root.iterdir()):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
            other = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        command = [str(PROGRAM) if PROGRAM.exists() else "dovecot", "-F", "-c", str(self.root / "conf")]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdout=quiet, stderr=quiet, **other)  # nosec B603  # a fixed command
        _until_open(self.port)

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_SECONDS)
            self._process = None

    @contextmanager
    def client(self, user: str) -> Iterator[IMAPClient]:
        """Log in as a user."""
        client = IMAPClient("localhost", self.port, ssl=False, timeout=_SECONDS)
        try:
            client.login(user, PASSWORD)
            yield client
        finally:
            with suppress(OSError, IMAPClient.Error):  # the server may have ended it
                client.logout()

    def put(self, user: str, raw: bytes, at: datetime | None = None, folder: str = "INBOX") -> None:
        """Put a mail into a user's folder, as if it had come at a time."""
        with self.client(user) as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            client.append(folder, raw, msg_time=at)

    def _conf(self) -> str:
        user = self._user
        return _CONF.format(
            root=self.root,
            tls=self.tls.format(root=self.root),
            imaps=self.imaps,
            me=user.pw_name,
            group=grp.getgrgid(user.pw_gid).gr_name,
            uid=user.pw_uid,
            gid=user.pw_gid,
            port=self.port,
            password=PASSWORD,
        )


def _until_open(port: int) -> None:
    end = time.monotonic() + _SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
