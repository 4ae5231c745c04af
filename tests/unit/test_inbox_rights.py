"""Whose a sub-folder of the inbox is: what somebody makes, renames or opens proves nothing."""

import grp
import os
import stat
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.inbox.folder import Folder
from pipeline.inbox.rights import Doubt, doubted, prepare
from pipeline.model import Policy, Site
from pipeline.schooldays import ZONE

STRANGER, GROUP = 65534, 0
A, B = "2132000001", "2132000002"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder away")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    for name in ("inbox", "spool", "archive"):
        (tmp_path / name).mkdir(mode=0o700)
    return Site(root=tmp_path, database="sqlite:///store.db", key=b"k" * 32, policy=Policy(stable_seconds=0))


@pytest.fixture
def own(site: Site) -> Path:
    path = site.inbox / f"{A} 示例甲校"
    path.mkdir(mode=0o755)
    return path


def bound(site: Site, folder: str) -> str:
    """Whom the inbox takes the sender of a file in a folder for."""
    (site.inbox / folder / "x.xlsx").write_bytes(b"PK")
    with Folder(site, lambda: datetime.now(ZONE)) as one:
        (arrival,) = one.collect(9)
    return arrival.bound


def doubts(site: Site) -> list[Doubt]:
    return [one.doubt for one in doubted(site.inbox, site.policy)]


def test_a_folder_that_the_operator_made_is_believed(site: Site, own: Path) -> None:
    assert bound(site, own.name) == A
    assert doubts(site) == []


@as_root
def test_a_folder_that_somebody_made_is_not(site: Site) -> None:
    site.inbox.chmod(0o1777)  # where people may drop files, they may make folders
    path = site.inbox / f"{B} 我们学校"
    path.mkdir()
    os.chown(path, STRANGER, STRANGER)
    (path / "里层").mkdir()
    assert bound(site, f"{path.name}/里层") == ""
    assert doubts(site) == [Doubt.OWNER]


def test_a_folder_that_anybody_may_fill_is_not(site: Site, own: Path) -> None:
    own.chmod(0o777)
    assert bound(site, own.name) == ""
    assert doubts(site) == [Doubt.OTHERS]


@pytest.mark.parametrize(("mode", "believed"), [(0o777, False), (0o775, False), (0o1777, True), (0o755, True)])
def test_where_others_may_rename_folders_none_is_believed(site: Site, own: Path, mode: int, *, believed: bool) -> None:
    site.inbox.chmod(mode)
    assert bool(bound(site, own.name)) is believed
    assert doubts(site) == ([] if believed else [Doubt.INBOX])


def test_a_folder_open_to_another_group_than_its_units_is_not(site: Site, own: Path) -> None:
    grouped = replace(site, policy=replace(site.policy, folder_group="no-such-group-{unit}"))
    own.chmod(0o2770)
    assert doubts(site) == []
    assert doubts(grouped) == [Doubt.GROUP]
    assert bound(grouped, own.name) == ""


def test_a_site_may_leave_the_rights_to_its_share(site: Site, own: Path) -> None:
    site.inbox.chmod(0o777)
    own.chmod(0o777)
    assert bound(replace(site, policy=replace(site.policy, folders="any")), own.name) == A


def test_a_link_to_a_folder_is_no_folder(site: Site, own: Path) -> None:
    (site.inbox / f"{B} 链接").symlink_to(own)
    (own / "x.xlsx").write_bytes(b"PK")
    with Folder(site, lambda: datetime.now(ZONE)) as one:
        assert [arrival.bound for arrival in one.collect(9)] == [A]


@pytest.fixture
def group() -> str:
    """The name of a group that this machine has."""
    return grp.getgrgid(os.getegid()).gr_name


def test_folders_are_made_and_mended_and_keep_what_they_hold(site: Site, own: Path, group: str) -> None:
    own.chmod(0o777)
    site.inbox.chmod(0o777)
    (own / "稿.xlsx").write_bytes(b"PK")
    done = prepare(site.inbox, site.policy, {A: f"{A} 新校名", B: f"{B} 示例乙校"})
    assert [(one.code, one.path.name, one.made, one.doubt) for one in done] == [
        (A, own.name, False, None),
        (B, f"{B} 示例乙校", True, None),
    ]
    assert [stat.S_IMODE(one.path.stat().st_mode) for one in done] == [0o700, 0o700]
    assert not site.inbox.stat().st_mode & 0o022
    assert (own / "稿.xlsx").read_bytes() == b"PK"
    grouped = replace(site.policy, folder_group=group)
    assert [one.no_group for one in prepare(site.inbox, grouped, {A: own.name})] == [""]
    assert stat.S_IMODE(own.stat().st_mode) == 0o2770
    assert stat.S_IMODE(site.inbox.stat().st_mode) == 0o711
    missing = replace(site.policy, folder_group="q{unit}")
    assert [one.no_group for one in prepare(site.inbox, missing, {A: own.name})] == [f"q{A}"]
    assert stat.S_IMODE(own.stat().st_mode) == 0o700


@as_root
def test_a_folder_of_somebody_else_is_left_and_said(site: Site, own: Path) -> None:
    os.chown(own, STRANGER, STRANGER)
    (one,) = prepare(site.inbox, site.policy, {A: own.name})
    assert (one.doubt, one.made, own.stat().st_uid) == (Doubt.OWNER, False, STRANGER)
    beside = prepare(site.inbox, site.policy, {A: f"{A} 示例新名"})
    assert [(one.path.name, one.doubt, one.made) for one in beside] == [
        (own.name, Doubt.OWNER, False),
        (f"{A} 示例新名", None, True),
    ]


@as_root
def test_claims_are_not_kept_where_somebody_else_could_exchange_them(site: Site, own: Path) -> None:
    site.inbox.chmod(0o1777)
    work = site.inbox / ".work"
    work.mkdir()
    os.chown(work, STRANGER, STRANGER)
    with pytest.raises(PermissionError):
        bound(site, own.name)
    forged = work / "w" / "b"
    forged.mkdir(parents=True)
    (forged / "manifest.json").write_text(f'[{{"name": "x", "folder": "{B}", "bound": "{B}", "seen": "2026-11-20"}}]')
    (forged / "0").write_bytes(b"PK")
    with Folder(site, lambda: datetime.now(ZONE)) as one:
        assert one.recover(9) == []


@as_root
def test_a_file_put_back_makes_no_folder_that_proves_more(site: Site) -> None:
    site.inbox.chmod(0o1777)
    path = site.inbox / f"{B} 冒名"
    path.mkdir()
    os.chown(path, STRANGER, STRANGER)
    (path / "x.xlsx").write_bytes(b"PK")
    with Folder(site, lambda: datetime.now(ZONE)) as one:
        (arrival,) = one.collect(9)
        path.rmdir()
        next(site.inbox.glob(".work/*/*/0")).write_bytes(b"PK and more")
        one.release([arrival])
    assert not path.exists()
    assert [found.name.endswith("xlsx") for found in site.inbox.iterdir() if found.is_file()] == [True]
