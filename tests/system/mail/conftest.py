"""Mail servers for the tests of mail: a Dovecot for all of a session's, and an account on it."""

import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from uuid import uuid4

import pytest

from pipeline import cli, config, database
from pipeline.model import MailAccount, Security
from tests.mail_servers import HOST, PASSWORD, Authority, Dovecot, Sink
from tests.sites import KEY, NOW, Desk
from tests.system.mail.schools import AUTHSERV, CLERK, FIRST, OTHER, SECOND, Place, Queke


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


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    """A server that takes our letters."""
    (tmp_path / "tls").mkdir()
    with Sink(Authority.make(tmp_path / "tls")) as server:
        yield server


@pytest.fixture
def place(
    tmp_path: Path,
    dovecot: Dovecot,
    account: MailAccount,
    prepared_db: Path,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Place]:
    root = tmp_path / "site"
    config.write(root)
    (root / "queke.key").write_text(KEY.hex() + "\n")
    shutil.copyfile(prepared_db, root / "queke.sqlite3")
    shutil.copy(account.password_file, root / "mail.secret")
    settings = root / "queke.toml"
    lines = [
        *("[[mail_accounts]]", 'name = "main"', f'address = "{account.address}"', 'password_file = "mail.secret"'),
        *(f'imap_host = "{account.imap_host}"', f"imap_port = {account.imap_port}", f'ca_file = "{account.ca_file}"'),
        f'authserv_id = "{AUTHSERV}"',
    ]
    settings.write_text(settings.read_text("utf-8") + "\n".join(lines) + "\n", "utf-8")
    monkeypatch.setenv("QUEKE_SITE", str(root))
    monkeypatch.setenv("QUEKE_NOW", NOW.isoformat())
    yield Place(root, account, dovecot, desk)
    database.close()


@pytest.fixture
def sending(place: Place, sink: Sink, tmp_path: Path) -> Place:
    """The site with an account that sends through the sink, besides."""
    settings = place.root / "queke.toml"
    lines = [
        *("[[mail_accounts]]", 'name = "out"', f'address = "{place.account.address}"', 'password_file = "mail.secret"'),
        *(f'smtp_host = "{HOST}"', f"smtp_port = {sink.port}", f'ca_file = "{tmp_path / "tls" / "ca.pem"}"'),
    ]
    settings.write_text(settings.read_text("utf-8") + "\n".join(lines) + "\n", "utf-8")
    return place


@pytest.fixture
def queke(place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Queke:
    """Run a command on the site, in this process; both schools' mailboxes are bound.

    The clock goes on from command to command: what a slow one made is not later than what the next one calls now.
    """
    began = monotonic()

    def run_(*arguments: object) -> tuple[int, str]:
        capsys.readouterr()
        now = datetime.fromisoformat(os.environ["QUEKE_NOW"]) + timedelta(seconds=monotonic() - began)
        with monkeypatch.context() as gone_on:
            gone_on.setenv("QUEKE_NOW", now.isoformat())
            code = cli.run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    for address, unit in ((CLERK, FIRST), (OTHER, SECOND)):
        assert run_("mailboxes", "bind", address, "--unit", unit, "--who", "张")[0] == 0
    return run_
