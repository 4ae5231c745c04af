"""A store, an archive and a secret that do not belong together are seen at once, and nothing is numbered twice."""

import shutil
from pathlib import Path

import pytest

from pipeline import cli, config, database, run
from pipeline.database.models import Audit, Submission
from pipeline.errors import ConfigError
from pipeline.model import Site
from pipeline.run import agreement
from pipeline.service import doctor
from tests.inprocess import InProcess
from tests.sites import NOW
from tests.system.posting import work

STORE = "queke.sqlite3"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site with ten submissions, a copy of its store with seven and of its archive with seven beside it."""
    monkeypatch.setenv("QUEKE_SITE", str(tmp_path / "site"))
    root = tmp_path / "site"
    assert cli.run(["init", str(root)]) == 0
    site = config.load(root)
    fill(site, 0, 7)
    database.close()
    shutil.copyfile(root / STORE, tmp_path / "older")
    shutil.copytree(root / "archive", tmp_path / "older-archive")
    database.open(site)
    fill(site, 7, 10)
    database.close()
    return site


def fill(site: Site, first: int, upto: int) -> None:
    for n in range(first, upto):
        (site.inbox / f"{n}.xlsx").write_bytes(f"no workbook, number {n}".encode())
    work(site)


def refuses(site: Site, capsys: pytest.CaptureFixture[str], *words: str) -> None:
    """Whatever would number, or say that all is well, says what is the case, and the inbox stays as it is."""
    (site.inbox / "more.xlsx").write_bytes(b"one more")
    for command in (["ingest"], ["watch"], ["status"], ["backup", str(site.root.parent / "copies")]):
        capsys.readouterr()
        assert cli.run(command) == 2, command
        said = capsys.readouterr().err
        assert all(word in said for word in (*words, "queke restore", "--begin-anew")), said
    with InProcess() as readers, pytest.raises(ConfigError), run.Coordinator(site, readers, lambda: NOW):
        pass
    assert not run.is_held(site)
    store = next(one for one in doctor.examine(site.root, NOW) if one.what == "store")
    assert store.grade == "problem"
    assert all(word in store.said for word in words)
    assert cli.run(["init", str(site.root)]) == 2
    assert (site.inbox / "more.xlsx").exists()
    database.close()


def test_an_older_store_beside_a_newer_archive(there: Site, capsys: pytest.CaptureFixture[str]) -> None:
    (there.root / STORE).unlink()
    shutil.copyfile(there.root.parent / "older", there.root / STORE)
    refuses(there, capsys, "up to 7", "up to 10", "older copy")
    database.open(there)
    assert Submission.objects.count() == 7
    database.close()


def test_a_lost_store(there: Site, capsys: pytest.CaptureFixture[str]) -> None:
    (there.root / STORE).unlink()
    refuses(there, capsys, "empty", "up to 10")


def test_an_older_archive_or_none(there: Site, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(there.archive)
    shutil.copytree(there.root.parent / "older-archive", there.archive)
    refuses(there, capsys, "journalled numbers up to 10", "up to 7")
    shutil.rmtree(there.archive)
    there.archive.mkdir()
    refuses(there, capsys, "up to 0", "not mounted")


def test_a_store_that_went_another_way_to_the_same_number(there: Site, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(there.archive)
    shutil.copytree(there.root.parent / "older-archive", there.archive)
    (there.root / STORE).rename(there.root / "kept")
    shutil.copyfile(there.root.parent / "older", there.root / STORE)
    database.open(there)
    fill(there, 20, 23)
    database.close()
    (there.root / STORE).unlink()
    (there.root / "kept").rename(there.root / STORE)
    refuses(there, capsys, "one thing in the store and another in archive/")


def test_a_lost_journal_is_known_by_the_files_that_were_kept(there: Site, capsys: pytest.CaptureFixture[str]) -> None:
    (there.root / STORE).unlink()
    for path in there.archive.rglob("journal.jsonl"):
        path.unlink()
    refuses(there, capsys, "empty", "up to 10")


def test_a_lost_secret_is_not_made_anew(there: Site, capsys: pytest.CaptureFixture[str]) -> None:
    (there.root / "queke.key").unlink()
    assert cli.run(["init", str(there.root)]) == 2
    assert "no new one is made" in capsys.readouterr().err
    assert not (there.root / "queke.key").exists()
    assert "problem" in {one.grade for one in doctor.examine(there.root, NOW)}
    assert cli.run(["ingest"]) == 2


@pytest.mark.parametrize("lost", [(STORE,), ("queke.key",), (STORE, "queke.key"), ()])
def test_beginning_anew_sets_the_old_aside_and_gives_no_number_twice(there: Site, lost: tuple[str, ...]) -> None:
    for name in lost:
        (there.root / name).unlink()
    (there.spool / "waits").write_bytes(b"received and not settled")
    assert cli.run(["init", str(there.root), "--begin-anew"]) == 0
    (aside,) = there.archive.glob("before-*")
    assert len(list(aside.rglob("*.xlsx"))) == 10
    assert (aside / "spool" / "waits").exists()
    assert (aside / STORE).exists() == (STORE not in lost)
    site = config.load(there.root)
    database.open(site)
    fill(site, 30, 32)
    assert list(Submission.objects.order_by("received_seq").values_list("received_seq", flat=True)) == [11, 12]
    assert Audit.objects.filter(what="begin-anew", target="after 10").exists()
    assert agreement.disagreement(site) == ""
    database.close()


def test_a_crash_between_store_and_journal_is_no_contradiction(there: Site) -> None:
    for path in there.archive.rglob("journal.jsonl"):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(lines[:-2]) + lines[-2][:40])
    database.open(there)
    Submission.objects.filter(received_seq__gt=8).update(journalled=False)
    assert agreement.disagreement(there) == ""
    database.close()


def test_audit_verify_names_a_row_that_was_changed_removed_or_cut_off(
    there: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    from datetime import timedelta

    from pipeline.database import audit

    database.open(there)
    for n in range(5):
        audit.append([audit.AuditEntry("queke", "test", str(n))], NOW + timedelta(minutes=n))
    last, head = audit.head()
    assert cli.run(["audit", "verify", "--head", f"{last}:{head}"]) == 0
    assert f"head {last}:{head}" in capsys.readouterr().out
    Audit.objects.filter(seq=last).delete()
    assert cli.run(["audit", "verify"]) == 0
    assert cli.run(["audit", "verify", "--head", f"{last}:{head}"]) == 1
    assert f"row {last}" in capsys.readouterr().err
    Audit.objects.filter(seq=last - 1).update(who="somebody else")
    assert cli.run(["audit", "verify"]) == 1
    assert f"breaks at row {last - 1}" in capsys.readouterr().err
    Audit.objects.filter(seq=last - 3).delete()
    assert cli.run(["audit", "verify"]) == 1
    assert f"breaks at row {last - 2}" in capsys.readouterr().err
