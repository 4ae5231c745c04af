"""Mail servers for the tests of mail: a Dovecot for all of a session's, and an account on it."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.model import MailAccount, Security
from tests.mail_servers import HOST, PASSWORD, Dovecot


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


@pytest.fixture
def account(dovecot: Dovecot, tmp_path: Path) -> MailAccount:
    """An account of ours on the Dovecot, with an empty mailbox, by TLS."""
    secret = tmp_path / "mail.secret"
    secret.write_text(PASSWORD + "\n", "utf-8")
    secret.chmod(0o600)
    address = f"queke-{uuid4().hex[:8]}@office.example"
    return MailAccount(
        name="main",
        address=address,
        user=address,
        password_file=secret,
        imap_host=HOST,
        imap_port=dovecot.tls_port,
        imap_security=Security.TLS,
        ca_file=dovecot.authority.ca_file,
    )
