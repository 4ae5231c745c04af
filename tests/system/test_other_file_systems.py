"""Folders of a site on file systems of their own, real ones: whatever came is taken, kept, answered, and set aside."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from pipeline import config, database
from pipeline.model import Site
from pipeline.service import anew
from tests.sites import NOW, Desk, lay_out
from tests.system.posting import check_disk, drop, dropped, state_of, work


@pytest.fixture(scope="module")
def undisturbed(prepared_db: Path, desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    site = lay_out(tmp_path_factory.mktemp("one"), prepared_db)
    database.open(site)
    drop(site, dropped(desk))
    work(site)
    found = state_of(site)
    database.close()
    return found


@pytest.fixture
def elsewhere(site: Site, repo: Path) -> Iterator[Path]:
    """A folder on another file system than the site's."""
    places = (Path("/dev/shm"), repo / ".stamps")
    other = [place for place in places if place.is_dir() and place.stat().st_dev != site.root.stat().st_dev]
    if not other:
        pytest.skip("there is no other file system here")
    with tempfile.TemporaryDirectory(dir=other[0], prefix="queke-") as folder:
        yield Path(folder)
        database.close()


def put(site: Site, name: str, elsewhere: Path) -> None:
    """Let a folder of the site lie elsewhere."""
    (elsewhere / name).mkdir()
    (site.root / name).rmdir()
    (site.root / name).symlink_to(elsewhere / name)


@pytest.mark.parametrize("name", ["archive", "spool", "inbox", "outbox"])
def test_a_folder_on_a_file_system_of_its_own_serves_as_well(
    name: str, site: Site, desk: Desk, elsewhere: Path, undisturbed: dict[str, object]
) -> None:
    put(site, name, elsewhere)
    files = dropped(desk)
    drop(site, files)
    work(site)
    check_disk(site, files)
    assert state_of(site) == undisturbed
    kept = [path for path in (site.root / "archive").rglob("*") if path.is_file() and path.suffix != ".jsonl"]
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o400}
    assert not list((site.root / name).rglob("*~"))


def test_a_site_whose_archive_lies_elsewhere_begins_anew_beside_it(site: Site, desk: Desk, elsewhere: Path) -> None:
    put(site, "archive", elsewhere)
    config.write(site.root, site.database)
    drop(site, dropped(desk))
    work(site)
    database.close()
    (site.root / "queke.sqlite3").write_bytes(b"what is left of a store")
    (site.spool / "mail").mkdir()
    (site.spool / "mail" / "a.eml").write_bytes(b"From: x")
    with patch.object(anew, "_known", return_value=0):
        last, aside = anew.set_aside(site.root, NOW)
    assert last == 4
    assert aside is not None
    assert (aside / "queke.sqlite3").read_bytes() == b"what is left of a store"
    assert (aside / "spool/mail/a.eml").read_bytes() == b"From: x"
    assert not list(site.spool.iterdir())
    assert not (site.root / "queke.sqlite3").exists()
