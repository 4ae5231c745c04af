"""A store made again from archive and journals is the store that was: every table, export, number and audit row.

The site is a lively one: the demo's last days (late and corrected reports, returned rows mended, a desk, closures,
cards, a filing, held files) and what a county types besides; nothing of it is put into the store by the test.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from pipeline import cli, config, database
from pipeline.accounts import visits
from pipeline.database import audit
from pipeline.database.models import Account, Alert, Decision, Reject, Submission
from pipeline.demo import play
from pipeline.run import coordinator, delivery, sending
from pipeline.schooldays import ZONE
from tests import whole_store


@contextmanager
def _quiet(_what: str, _count: int | None) -> Iterator[Callable[[int], None]]:
    yield lambda _n: None


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The root of a site with a history."""
    root = tmp_path_factory.mktemp("lively") / "site"
    with pytest.MonkeyPatch.context() as patch:
        # pages are another test's: here it is enough that they were sent
        patch.setattr(coordinator, "Renderer", lambda *_, **__: nullcontext())
        patch.setattr(delivery, "Renderer", lambda *_, **__: nullcontext())
        patch.setattr(sending, "_drawn", lambda queued, _site, _renderer: [[] for _ in queued])
        play.build(root, _quiet, days=4, mail=False)
        patch.setenv("QUEKE_SITE", str(root))
        patch.setenv("QUEKE_NOW", "2026-11-20T18:30")
        for line in _typed(root):
            assert cli.run(line) in (0, 1), line
        database.open(config.load(root))
        visits.note("YANSHI", "login", "account YANSHI", datetime(2026, 11, 20, 18, 31, tzinfo=ZONE))
        patch.setenv("QUEKE_NOW", "2026-11-23T06:30")
        assert cli.run(["ingest"]) in (0, 1)
    yield root
    database.close()


def _typed(root: Path) -> Iterator[list[str]]:
    """What a county types."""
    database.open(config.load(root))
    school = Submission.objects.filter(form="absence", state="accepted").order_by("-received_seq").first()
    ticket = Reject.objects.filter(state="open").first()
    held = Submission.objects.filter(state="held").order_by("received_seq").first()
    roster = Submission.objects.filter(form="roster", state="accepted").order_by("received_seq").last()
    alert = Alert.objects.filter(state="answered").first()
    assert school
    assert roster
    yield ["excuse", "--unit", school.unit, "--day", "2026-11-23", "--why", "校舍检修"]
    yield ["called", "--unit", school.unit, "--day", "2026-11-23", "--why", "马上报"]
    campus = ["--school", school.unit, "--rule", "E05", "--count", "12", "--deaths", "1"]
    yield ["alerts", "raise", *campus, "--reason", "电话报告"]
    if ticket:
        yield ["rejects", "waive", ticket.ticket, "--why", "已电话核对"]
    if held:
        yield ["held", "release", str(held.received_seq), "--why", "属实"]
    if alert:
        yield ["alerts", "return", alert.id, "--why", "写明核实经过"]
    yield ["units", "undo", str(roster.received_seq), "--why", "填错了"]
    yield ["digest", "--day", "2026-11-20", "--final"]
    account = Account.objects.filter(closed_at__isnull=True).first()
    assert account
    yield ["accounts", "admin", account.username, "--why", "值班"]


def exported(root: Path, capsys: pytest.CaptureFixture[str]) -> Mapping[str, str]:
    """All exports of the last days, as a county and as the province see them."""
    found = {}
    for what in ("absence", "reports", "closures", "alerts"):
        for reader in ("320106", "320000"):
            capsys.readouterr()
            assert cli.run(["--site", str(root), "export", what, "--for", reader, "--from", "2026-11-01"]) == 0
            found[what, reader] = capsys.readouterr().out
    return found


@pytest.mark.slow
def test_a_store_made_again_is_the_store_that_was(
    lively: Path, onto: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "site"
    shutil.copytree(lively, root)
    site = config.load(root)
    database.open(site)
    before, head = whole_store.whole(), audit.head()
    decided = set(Decision.objects.values_list("what", flat=True))
    assert decided >= {
        "excuse",
        "called",
        "alert-raise",
        "waive",
        "release",
        "roster-undo",
        "closure-confirm",
        "card-confirm",
    }
    told = exported(root, capsys)
    database.close()
    capsys.readouterr()
    code = cli.run(["--site", str(root), "rebuild", "--database", onto, "--json"])
    said = json.loads(capsys.readouterr().out)
    assert (code, said["differs"], said["failed"], said["unsettled"]) == (0, [], [], 0)
    moved = (root / config.FILE).read_text("utf-8")
    (root / config.FILE).write_text(config.amended(moved, "database", onto), "utf-8")
    assert exported(root, capsys) == told
    database.open(replace(site, database=onto))
    assert audit.broken_at() is None
    assert audit.head() == head
    found = whole_store.differences(before, whole_store.whole())
    assert found.keys() <= {"submission"}
    assert len(found.get("submission", ())) == 2 * len(said["stubs"]), "what held a password and was not taken"
    database.close()


@pytest.mark.slow
def test_a_store_that_keeps_sums_is_made_again_from_its_base(
    lively: Path, onto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = _retained(lively, tmp_path, monkeypatch, "--pack", "--remove", "测试员")
    assert cli.run(["excuse", "--unit", "2132910008", "--day", "2031-10-08", "--why", "校舍检修"]) == 0
    assert _made_again(root, onto, capsys) == {}
    assert cli.run(["backup", str(tmp_path / "copies")]) == 0
    database.close()
    if onto.startswith("sqlite"):  # where PostgreSQL's client is
        assert cli.run(["restore", str(tmp_path / "copies"), str(tmp_path / "again")]) == 0, capsys.readouterr().err


@pytest.mark.slow
def test_what_was_removed_is_removed_again_where_no_base_is_needed(
    lively: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every workbook is there, in packs; each act is taken again from the first on."""
    root = _retained(
        lively, tmp_path, monkeypatch, "--pack", "--remove", "测试员", "--kind", "detail", "--kind", "pages"
    )
    assert not list((root / "archive" / "packed").glob("base-*"))
    found = _made_again(root, "sqlite:///again.db", capsys)
    assert found.keys() <= {"submission"}, "what held a password and was not taken"


def _retained(lively: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> Path:
    """A copy of the site five years on, after `queke retain`."""
    root = tmp_path / "site"
    shutil.copytree(lively, root)
    monkeypatch.setenv("QUEKE_SITE", str(root))
    monkeypatch.setenv("QUEKE_NOW", "2031-10-08T10:00")
    assert cli.run(["retain", *options]) == 0
    return root


def _made_again(root: Path, onto: str, capsys: pytest.CaptureFixture[str]) -> Mapping[str, list[str]]:
    """Make the store again, and return in what it differs from the one that was."""
    site = config.load(root)
    database.open(site)
    before, head = whole_store.whole(), audit.head()
    database.close()
    capsys.readouterr()
    code = cli.run(["rebuild", "--database", onto, "--json"])
    said = json.loads(capsys.readouterr().out)
    assert (code, said["differs"], said["failed"], said["unsettled"]) == (0, [], [], 0)
    database.open(replace(site, database=onto))
    assert (audit.broken_at(), audit.head()) == (None, head)
    return whole_store.differences(before, whole_store.whole())
