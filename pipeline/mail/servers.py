"""What both kinds of mail servers have in common: how we come in, and how it fails."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime
from enum import StrEnum

from pipeline.errors import TemporaryError
from pipeline.model import MailAccount

SECONDS = 30.0  # without an answer a server counts as gone


class Trouble(StrEnum):
    """Why a mail server is of no use now."""

    UNREACHABLE = "unreachable"  # no connection, or it broke off
    CERTIFICATE = "certificate"
    PASSWORD_FILE = "password-file"  # nosec B105  # missing, empty or open to others
    LOGIN = "login"  # it refuses our name and password
    REFUSED = "refused"  # it refuses what we ask
    FOLDER = "folder"  # it has no such folder


class MailServerError(TemporaryError):
    """A mail server cannot be used now; nothing is lost, it is tried again. Its own words are not kept."""

    def __init__(self, account: str, trouble: Trouble) -> None:
        super().__init__(f"mail account {account}: {trouble}")
        self.account, self.trouble = account, trouble


def password(account: MailAccount) -> str:
    """Return the account's password (授权码). Raises MailServerError for a file that is missing, empty or open."""
    try:
        mode = account.password_file.stat().st_mode
        said = account.password_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise MailServerError(account.name, Trouble.PASSWORD_FILE) from error
    if not said or (os.name == "posix" and mode & 0o077):
        raise MailServerError(account.name, Trouble.PASSWORD_FILE)
    return said


def trusted(account: MailAccount) -> ssl.SSLContext:
    """The certificates to trust. Raises MailServerError if the account's own file of them cannot be read."""
    context = ssl.create_default_context()
    if account.ca_file is not None:
        try:
            context.load_verify_locations(account.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise MailServerError(account.name, Trouble.CERTIFICATE) from error
    return context


def certificate_until(connection: object) -> datetime | None:
    """Until when the certificate of whoever is at the other end is good; None if the line is not secured."""
    said = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    until = said.get("notAfter") if said else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC) if isinstance(until, str) else None
