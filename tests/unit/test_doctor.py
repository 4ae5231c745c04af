"""The check of machine and site says what is wrong, and how to mend it."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline import config, database
from pipeline.database import sqlite
from pipeline.service import doctor
from pipeline.service.finding import Finding

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=config.ZONE)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    config.write(tmp_path)
    database.open(config.load(tmp_path))
    database.migrate()
    return tmp_path


def found(root: Path, now: datetime = NOW) -> dict[str, Finding]:
    worst = {"ok": 0, "warning": 1, "problem": 2}
    by_what: dict[str, Finding] = {}
    for finding in doctor.examine(root, now):
        if worst[finding.grade] >= worst.get(by_what.get(finding.what, finding).grade, 0):
            by_what[finding.what] = finding
    return by_what


def test_a_good_site_has_no_problem(site: Path) -> None:
    assert [f for f in doctor.examine(site, NOW) if f.grade == "problem"] == []


def test_a_password_in_the_settings_is_for_one_user(site: Path) -> None:
    path = site / config.FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600, "as init makes it, whatever the umask"
    path.chmod(0o644)
    assert found(site)[config.FILE].grade == "ok", "it names none"
    path.write_text(config.amended(path.read_text(), "database", "postgresql://queke:secret@127.0.0.1:1/queke"))
    finding = found(site)[config.FILE]
    assert (finding.grade, "chmod 600" in finding.said, "secret" in finding.said) == ("problem", True, False)
    path.chmod(0o600)
    assert found(site)[config.FILE].grade == "ok"


def test_the_library_that_makes_pdfs_quick_is_looked_for(site: Path) -> None:
    assert "harfbuzz-subset" in found(site)


def test_an_sqlite_that_may_lose_rows_is_said(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(site)["sqlite"].grade == "ok"
    monkeypatch.setattr(sqlite, "SOUND", False)
    assert found(site)["sqlite"].grade == "warning"


def test_a_year_to_come_without_its_holidays_is_warned_of_fifteen_months_ahead(site: Path) -> None:
    finding = found(site)["holidays"]
    assert finding.grade == "warning"
    assert finding.said.startswith("not known: 2027 from 2027-01-01 on, 2028 from 2028-01-01 on;")
    assert found(site, NOW.replace(year=2025, month=9, day=30, hour=7))["holidays"].grade == "ok"
    assert found(site, NOW.replace(year=2025, month=10, day=2, hour=7))["holidays"].grade == "warning"


def test_this_year_without_its_holidays_is_a_warning_with_what_to_do(site: Path) -> None:
    finding = found(site, NOW.replace(year=2027))["holidays"]
    assert finding.grade == "warning"
    assert finding.said.startswith("not known: 2027 from 2027-11-20 on, 2028 from")
    assert "queke template calendar --unit 320000" in finding.said


def test_a_missing_folder_is_named(site: Path) -> None:
    (site / "spool").rmdir()
    assert found(site)["spool/"].grade == "problem"


def test_a_store_without_tables_says_what_to_run(tmp_path: Path) -> None:
    config.write(tmp_path)
    finding = found(tmp_path)["store"]
    assert finding.grade == "problem"
    assert "queke init" in finding.said


def test_a_folder_that_is_no_site_is_a_finding_of_its_own(tmp_path: Path) -> None:
    assert "queke init" in found(tmp_path)["site"].said


def test_a_full_disk_is_a_problem(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEKE_INTAKE__FREE_MB", str(2**40))
    assert "make room" in found(site)["disk"].said


def test_a_clock_in_the_past_or_in_another_zone_is_a_problem(site: Path) -> None:
    assert found(site, NOW.replace(year=2020))["clock"].grade == "problem"
    assert found(site, datetime(2026, 11, 20, 7, tzinfo=UTC))["clock"].grade == "problem"
