"""Backup and restore, on both databases: the copy is of one moment, whole, private, and counted when it comes back."""

import json
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from pipeline import config, database
from pipeline.database import journal
from pipeline.database.models import Submission
from pipeline.errors import ConfigError, UsageError
from pipeline.inbox import archive
from pipeline.model import Site
from pipeline.service import backup, restore
from tests.sites import NOW
from tests.system.posting import work

DAY = f"{NOW:%Y-%m-%d}"


@pytest.fixture
def kept(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site on disk with twenty submissions, which are no workbooks: failed or refused, and kept all the same."""
    root = tmp_path_factory.mktemp("there") / "site"
    config.write(root, site.database if site.database.startswith("postgresql") else "")
    made = at_once(root)
    if site.database.startswith("sqlite"):
        shutil.copyfile(site.root / "store.db", root / "queke.sqlite3")
    database.open(made)
    fill(made, 20)
    yield made
    database.close()


def at_once(root: Path) -> Site:
    """The site there, which takes what was dropped at the first look."""
    loaded = config.load(root)
    return replace(loaded, policy=replace(loaded.policy, stable_seconds=0))


def fill(site: Site, upto: int, first: int = 0) -> None:
    for n in range(first, upto):
        (site.inbox / f"{n}.xlsx").write_bytes(f"no workbook, number {n}".encode())
    work(site)


def empty(site: Site) -> str:
    """The address of an empty database beside the site's own; "" for SQLite, where a new file will do."""
    if site.database.startswith("sqlite"):
        return ""
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS again")
        cursor.execute("CREATE DATABASE again TEMPLATE template0")
    return site.database.replace("/postgres?", "/again?")


def numbers() -> list[tuple[int, str, str, str]]:
    return list(Submission.objects.order_by("received_seq").values_list("received_seq", "sha256", "state", "path"))


def test_a_site_comes_back_as_it_was(kept: Site, tmp_path: Path) -> None:
    before = numbers()
    folder, made = backup.back_up(kept, tmp_path / "copies", NOW)
    assert (made.last, made.submissions, made.missing) == (20, 20, [])
    done = restore.restore(folder, tmp_path / "again", NOW, database_url=empty(kept))
    assert numbers() == before
    assert (done.submissions, done.journalled, list(done.differs), list(done.after)) == (20, 20, [], [])
    assert all((tmp_path / "again" / path).is_file() for *_, path in before)
    assert config.load(tmp_path / "again").key == kept.key
    fill(at_once(tmp_path / "again"), 21, 20)
    assert Submission.objects.count() == 21


def test_what_came_after_the_copy_of_the_store_is_left_out_by_its_number(
    kept: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = backup.dump.dump

    def then_more_come(folder: Path) -> object:
        held = real(folder)
        fill(kept, 25, 20)
        return held

    monkeypatch.setattr(backup.dump, "dump", then_more_come)
    folder, made = backup.back_up(kept, tmp_path / "copies", NOW)
    monkeypatch.undo()
    assert made.last == 20
    lines = [json.loads(line) for line in (folder / "archive" / DAY / archive.JOURNAL).read_text().splitlines()]
    assert sorted(line["seq"] for line in lines) == list(range(1, 21))
    done = restore.restore(folder, tmp_path / "again", NOW, database_url=empty(kept))
    assert not done.differs
    assert len(list((tmp_path / "again" / "archive" / DAY).glob("*.xlsx"))) == 20


def test_a_submission_that_waited_when_the_store_was_copied_waits_with_its_bytes(
    kept: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is settled and archived while the rest is copied."""
    (kept.spool / "late.xlsx").write_bytes(b"waits")
    first = journal.arrivals(kept, [1])[0]
    sha256 = archive.hash_of(kept.spool / "late.xlsx")
    late = replace(first, path=kept.spool / "late.xlsx", sha256=sha256, claim="late", seq=0, attempts=0)
    archive.write_journal(kept, journal.receive(kept, [late]))
    real = backup.dump.dump

    def then_it_is_settled(folder: Path) -> object:
        for path in (tmp_path / "copies").rglob("spool/*"):
            path.unlink()  # nor was it there at the first look
        held = real(folder)
        work(kept)
        return held

    monkeypatch.setattr(backup.dump, "dump", then_it_is_settled)
    folder, made = backup.back_up(kept, tmp_path / "copies", NOW)
    monkeypatch.undo()
    assert not made.missing
    restore.restore(folder, tmp_path / "again", NOW, database_url=empty(kept))
    again = at_once(tmp_path / "again")
    assert (again.spool / "late.xlsx").read_bytes() == b"waits"
    work(again)
    assert Submission.objects.get(received_seq=21).state != "received"


@pytest.mark.parametrize("way", ["changed", "missing", "too much", "journal"])
def test_a_copy_that_is_not_as_it_was_made_is_refused_and_named(kept: Site, tmp_path: Path, way: str) -> None:
    folder, _ = backup.back_up(kept, tmp_path / "copies", NOW)
    one = next((folder / "archive" / DAY).glob("7-*.xlsx"))
    if way == "changed":
        one.chmod(0o600)
        one.write_bytes(one.read_bytes()[:-1] + b"8")
    elif way == "missing":
        one.unlink()
    elif way == "too much":
        one = one.with_name("99-0123456789ab.xlsx")
        one.write_bytes(b"")
    else:
        one = folder / "archive" / DAY / archive.JOURNAL
        one.write_bytes(one.read_bytes() + b"{}\n")
    with pytest.raises(ConfigError, match=one.name):
        restore.restore(folder, tmp_path / "again", NOW)
    assert not (tmp_path / "again").exists()


def test_a_site_that_stands_is_not_written_over_and_says_what_it_had_more(kept: Site, tmp_path: Path) -> None:
    folder, _ = backup.back_up(kept, tmp_path / "copies", NOW)
    fill(kept, 23, 20)
    with pytest.raises(UsageError, match="--replace"):
        restore.restore(folder, kept.root, NOW)
    assert Submission.objects.count() == 23
    (kept.inbox / "new.xlsx").write_bytes(b"dropped meanwhile")
    done = restore.restore(folder, kept.root, NOW, database_url=empty(kept), replace=True)
    assert Submission.objects.count() == 20
    assert sorted(int(str(row["seq"])) for row in done.after) == [21, 22, 23]
    assert done.aside is not None
    assert len(list((done.aside / "archive" / DAY).glob("*.xlsx"))) == 23
    assert (kept.inbox / "new.xlsx").exists()


def test_what_came_after_the_backup_is_put_into_the_inbox_again_once(kept: Site, tmp_path: Path) -> None:
    folder, _ = backup.back_up(kept, tmp_path / "copies", NOW)
    (kept.inbox / "2132010001 示例").mkdir()
    (kept.inbox / "2132010001 示例" / "mine.xlsx").write_bytes(b"in a folder of its own")
    fill(kept, 23, 20)
    had = set(Submission.objects.values_list("sha256", "folder"))
    done = restore.restore(folder, kept.root, NOW, database_url=empty(kept), replace=True)
    assert restore.retake(done, kept.root) == (4, [])
    work(at_once(kept.root))
    assert set(Submission.objects.values_list("sha256", "folder")) == had
    assert Submission.objects.count() == 24


def test_an_original_that_was_not_kept_is_named_and_not_retaken(kept: Site, tmp_path: Path) -> None:
    folder, _ = backup.back_up(kept, tmp_path / "copies", NOW)
    fill(kept, 22, 20)
    done = restore.restore(folder, kept.root, NOW, database_url=empty(kept), replace=True)
    assert done.aside is not None
    path = next((done.aside / "archive" / DAY).glob("21-*"))
    path.chmod(0o600)
    path.write_bytes(b"a copy without what was secret")
    assert restore.retake(done, kept.root) == (1, [21])


def test_nobody_else_may_read_a_backup_or_what_is_made_of_it(kept: Site, tmp_path: Path) -> None:
    folder, _ = backup.back_up(kept, tmp_path / "copies", NOW)
    restore.restore(folder, tmp_path / "again", NOW, database_url=empty(kept))
    for path in (*(tmp_path / "copies").rglob("*"), *(tmp_path / "again").rglob("*")):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_the_next_backup_links_what_the_last_one_has_and_old_ones_go(kept: Site, tmp_path: Path) -> None:
    made = [backup.back_up(kept, tmp_path / "copies", NOW + timedelta(days=n), keep=2)[0] for n in range(3)]
    assert backup.complete(tmp_path / "copies") == made[1:]
    old, new = (next((folder / "archive" / DAY).glob("7-*.xlsx")) for folder in made[1:])
    assert old.samefile(new)
    assert not new.samefile(next((kept.archive / DAY).glob("7-*.xlsx")))
    assert restore.verify(restore.newest(tmp_path / "copies")).last == 20


def test_one_cut_short_is_no_backup_and_is_removed_by_the_next(kept: Site, tmp_path: Path) -> None:
    left = tmp_path / "copies" / "20261119T000000.part"
    left.mkdir(parents=True)
    with pytest.raises(UsageError, match="no whole backup"):
        restore.newest(tmp_path / "copies")
    backup.back_up(kept, tmp_path / "copies", NOW)
    assert not left.exists()


def test_a_backup_does_not_lie_in_its_own_site(kept: Site) -> None:
    with pytest.raises(UsageError, match="within the site"):
        backup.back_up(kept, kept.root / "copies", NOW)
