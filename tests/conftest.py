"""What every test may use."""

import contextlib
import gc
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from typer.main import get_command

from pipeline import cli, database
from pipeline.cli import language
from pipeline.run import coordinator, delivery
from tests import inprocess
from tools.programs import program

# A loaded machine makes an example slow, never wrong. A law over a store takes one site for all its
# examples, and each example undoes what it did.
_ALLOWED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
hypothesis_settings.register_profile("queke", deadline=None, suppress_health_check=_ALLOWED)
hypothesis_settings.load_profile("queke")

os.environ["QUEKE_WHO"] = "测试员"  # who decides, unless a test says: commands ask for it
os.environ["LANGUAGE"] = "en"  # what commands say, unless a test asks for the other
# each of hundreds of processes that are started would compile the package anew
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# syncs only cost time: no test cuts the power. Where there is little memory, the disk
_MEMORY = Path("/dev/shm")  # each makes a folder of its own there
if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 4 << 30:
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None  # to be asked again


def pytest_collection_finish() -> None:
    """What ten thousand tests are made of stays: it is not gone through again whenever garbage is sought."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def drawn_here() -> Iterator[None]:
    """Pages are drawn in this process: to start others for each site takes longer than all they draw. What they promise
    is asked of a `Renderer` by itself, and of services that are killed.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coordinator, "Renderer", inprocess.renderer)
        patch.setattr(delivery, "Renderer", inprocess.renderer)
        yield


@pytest.fixture(scope="session", autouse=True)
def commands_once() -> Iterator[None]:
    """The commands, of each language, are put together once: that takes 0.1 s, for each line that is run here."""
    built = cache(lambda _chinese: get_command(cli.app))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "get_command", lambda _app: built(language.is_chinese()))
        yield


@pytest.fixture(scope="session", autouse=True)
def migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty SQLite store is a copy of the first one that was migrated: Django takes two seconds for each."""
    really, first = database.migrate, tmp_path_factory.mktemp("migrated") / "store.db"
    ours = settings.MIGRATION_MODULES

    def migrate() -> None:
        others = connection.vendor != "sqlite" or settings.MIGRATION_MODULES is not ours
        if others or not _is_empty():
            really()
        elif first.exists():
            with contextlib.closing(connection.Database.connect(first)) as copied:
                copied.backup(connection.connection)
        else:
            really()
            with contextlib.closing(connection.Database.connect(first)) as copy:
                connection.connection.backup(copy)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "migrate", migrate)
        yield


def _is_empty() -> bool:
    """Whether the open store has no table; one that does not answer is for `migrate` to say."""
    with contextlib.suppress(DatabaseError):
        return not connection.introspection.table_names()
    return False


@pytest.fixture(scope="session")
def repo() -> Path:
    """The checkout under test."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A private PostgreSQL, reached by a socket only; its URL."""
    folder = Path(tempfile.mkdtemp(prefix="queke-pg-"))
    cluster = folder / "db"
    try:
        _as_postgres(folder, "initdb", "-D", str(cluster), "-A", "trust", "-U", "postgres", "-N", "--locale=C.UTF-8")
        # no statistics are gathered behind a test's back: a plan is the same each time
        quiet = "-c fsync=off -c full_page_writes=off -c autovacuum=off -c shared_buffers=32MB"
        options = f"-c listen_addresses= -c unix_socket_directories={folder} {quiet}"
        _as_postgres(
            folder, "pg_ctl", "-D", str(cluster), "-w", "-s", "-l", str(folder / "log"), "-o", options, "start"
        )
        yield f"postgresql:///postgres?host={folder}&user=postgres"
    finally:
        database.close()
        with contextlib.suppress(subprocess.CalledProcessError):
            _as_postgres(folder, "pg_ctl", "-D", str(cluster), "-w", "-s", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def onto(request: pytest.FixtureRequest) -> str:
    """The address of an empty store, of each kind."""
    if request.param == "sqlite":
        return "sqlite:///again.db"
    address: str = request.getfixturevalue("postgres")
    with psycopg.connect(address, autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS again")
        server.execute("CREATE DATABASE again")
    return address.replace("///postgres?", "///again?")


def _as_postgres(folder: Path, name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; they refuse root, so as root run them as the package's user."""
    command = [program(name), *arguments]
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        command = [program("runuser"), "-u", "postgres", "--", *command]
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
