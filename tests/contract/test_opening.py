"""Opening a site's store, on whichever database it names."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from pipeline import database
from pipeline.database import sql
from pipeline.database.models import Absence, Account, Closure
from pipeline.errors import ConfigError
from pipeline.forms.absence import ROWS
from pipeline.merge.closure import COLUMNS
from pipeline.model import Site
from tests.sites import KEY
from tests.submissions import NOON


def test_the_migration_is_what_the_models_say(site: Site) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    assert database.behind() == []


def test_a_fresh_store_says_what_it_lacks(tmp_path: Path) -> None:
    database.open(Site(root=tmp_path, database="sqlite:///a/fresh.db", key=KEY))
    assert set(MigrationLoader(None).disk_migrations) == {tuple(name.split(".")) for name in database.behind()}
    database.migrate()
    assert database.behind() == []
    assert (tmp_path / "a" / "fresh.db").stat().st_mode & 0o777 == 0o600
    database.close()


def test_another_site_may_be_opened_in_the_same_process(tmp_path: Path) -> None:
    for name in ("one", "two", "one"):
        database.open(Site(root=tmp_path, database=f"sqlite:///{name}.db", key=KEY))
        assert connection.settings_dict["NAME"] == str(tmp_path / f"{name}.db")
    database.close()


def test_sqlite_outlives_the_power_and_writers_wait_for_each_other(tmp_path: Path) -> None:
    database.open(Site(root=tmp_path, database="sqlite:///store.db", key=KEY))
    assert sql.fetch("PRAGMA journal_mode") == [("wal",)]
    assert sql.fetch("PRAGMA synchronous") == [(2,)]
    assert sql.fetch("PRAGMA foreign_keys") == [(1,)]
    assert sql.fetch("PRAGMA secure_delete") == [(1,)]  # a password that was deleted is gone from the file
    database.close()


def test_a_database_we_do_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mysql"):
        database.open(Site(root=tmp_path, database="mysql://localhost/queke", key=KEY))


def test_a_database_that_does_not_answer_is_told_in_a_sentence(tmp_path: Path) -> None:
    away = "postgresql://nobody:secret@127.0.0.1:1/none?connect_timeout=2"
    (tmp_path / "note.db").write_text("this is no database" * 100)
    for address, said in ((away, "refused"), ("sqlite:///note.db", "not a database")):
        database.open(Site(root=tmp_path, database=address, key=KEY))
        for ask in (database.behind, database.migrate):
            with pytest.raises(ConfigError, match=said) as caught:
                ask()
            assert "secret" not in str(caught.value)
    database.close()


def test_the_columns_of_a_row_are_those_of_the_table(site: Site) -> None:
    kept = {"id", "day", "school", "campus", "division", "pupil", "pending", "from_settled", "origin", "began"}
    assert {field.name for field in Absence._meta.concrete_fields} == kept | set(ROWS.keeps)
    assert {field.name for field in Closure._meta.concrete_fields} == set(COLUMNS) | {
        "id", "school", "division", "from_settled", "origin",
    }  # fmt: skip


def test_passwords_are_kept_as_argon2id_at_our_cost(site: Site) -> None:
    account = Account.objects.create_user("JY_XZ", "No-1 but long", expires_at=NOON + timedelta(days=7))
    assert account.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert account.check_password("No-1 but long")
    assert not account.is_active
