"""A 备案 from the template to an account that opens, and no password anywhere on the site behind it."""

from __future__ import annotations

import io
import re
import stat
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import structlog
import time_machine
from django.contrib.auth import authenticate

from pipeline import config, database, issuing, run
from pipeline.accounts import accounts
from pipeline.cli import run as command
from pipeline.cli.terminal import log_to_stderr
from pipeline.database.models import Account, Submission
from pipeline.errors import TemporaryError
from pipeline.inbox import archive
from pipeline.model import DecidedBy, Settled, Site, State
from pipeline.xlsx.fill import Template
from tests.faults import Crash, CrashAt, during
from tests.filings import PASSWORD, ROW, filled, holds, place, smuggled, typed
from tests.inprocess import InProcess
from tests.reading import take
from tests.sites import DAY, NOW, lay_out, put

SCHOOL, SECOND, COUNTY = "2132010001", "2132010002", "320106"
FOLDER = f"{SCHOOL} 示例第一小学"
PDF = b"%PDF-1.7\nsigned and stamped\n%%EOF\n"
JOURNALLED, MOST_STEPS = 16, 80


def template(site: Site, unit: str = SCHOOL) -> bytes:
    return issuing.template(site, "filing", unit, DAY)


def work(site: Site, now: datetime = NOW) -> list[Settled]:
    settled: list[Settled] = []
    with InProcess() as readers:
        run.drain(site, readers, lambda: now, observe=lambda _, one: settled.append(one))
    return sorted(settled, key=lambda one: one.seq)


def paper(site: Site, start: str, unit: str = SCHOOL) -> str:
    """The text of the latest paper of that name in a school's folder."""
    found = [path for path in site.outbox.rglob(f"{start}*") if unit in str(path)]
    return max(found, key=lambda path: path.name).read_text("utf-8-sig") if found else ""


def leaks(site: Site, secret: str = PASSWORD) -> list[str]:
    """Every file of the site that holds the text, in the open or in a zip."""
    files = [path for path in site.root.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    return [path.relative_to(site.root).as_posix() for path in files if holds(path.read_bytes(), secret)]


# --------------------------------------------------------------------------- the whole loop


def test_a_filing_becomes_an_account_that_opens_and_expires(site: Site) -> None:
    put(site, f"{FOLDER}/备案表.xlsx", filled(template(site)))
    (filed,) = work(site)
    assert (filed.state, filed.form, filed.accepted) == (State.ACCEPTED, "filing", 1)
    receipt = paper(site, "回执")
    (number,) = set(re.findall(r"备案号 ([0-9]{6})", receipt))
    assert "签字、盖章后扫描" in receipt
    assert f"文件名写上“备案 {number}”" in receipt

    put(site, f"{FOLDER}/示例第一小学 备案 {number}.pdf", PDF)
    (scan,) = work(site)
    assert (scan.state, [issue.code for issue in scan.issues]) == (State.ACCEPTED, ["scan-taken"])
    (kept,) = (site.archive / "filings").iterdir()
    assert (kept.name[:6], kept.read_bytes(), stat.S_IMODE(kept.stat().st_mode)) == (number, PDF, 0o400)
    assert f"备案 {number} 的签字盖章件" in paper(site, "回执")

    (waiting,) = accounts.waiting(COUNTY)
    assert (waiting.id, waiting.signed) == (number, True)
    accounts.confirm(number, DecidedBy("鼓楼区疾控 王某", "", NOW))
    work(site)
    notice = paper(site, "开户通知")
    assert "GL_SL01" in notice
    assert leaks(site) == []
    (account,) = Account.objects.all()
    assert account.check_password(PASSWORD)
    with time_machine.travel(NOW + timedelta(days=6), tick=False):
        assert authenticate(username="gl_sl01", password=PASSWORD) == account
    with time_machine.travel(NOW + timedelta(days=7, minutes=1), tick=False):
        assert authenticate(username="gl_sl01", password=PASSWORD) is None


def test_the_office_does_it_on_the_command_line(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write(site.root, site.database)
    (site.root / "queke.key").write_text(site.key.hex().ljust(64, "0")[:64] + "\n")
    monkeypatch.setenv("QUEKE_NOW", f"{NOW:%Y-%m-%dT%H:%M}")
    here = ("--site", str(site.root))
    site = replace(site, key=config.load(site.root).key)
    form = site.root / "form.xlsx"

    def queke(*arguments: str) -> str:
        command([*here, *arguments])
        out, err = capsys.readouterr()
        return out + err

    queke("template", "filing", "--unit", f"{COUNTY}JY", "-o", str(form))
    row = {**ROW, "password": None, "username": "JY_GLQ"}
    put(site, "320100 南京市/备案.xlsx", filled(form.read_bytes(), [row], **{"县（市、区）级账号": 1}))
    form.unlink()
    assert "filing" in queke("ingest")
    assert "备案号" in "".join(path.read_text("utf-8-sig") for path in site.outbox.rglob("回执*"))
    assert "JY_GLQ" in queke("accounts", "list", "--unit", "320100")
    assert "JY_GLQ" not in queke("accounts", "list", "--unit", COUNTY)
    assert "filings to confirm" in queke("status")
    assert "--stamped-on" in queke("accounts", "confirm", "000001")
    said = queke("accounts", "confirm", "000001", "--stamped-on", str(DAY), "--who", "王某")
    (issued,) = re.findall(r"password: (\S+)", said)
    (account,) = Account.objects.all()
    assert account.check_password(issued)
    assert "to be issued" in queke("accounts", "show", "1")
    assert issued not in queke("accounts", "show", "1")
    assert "unused" in queke("accounts", "due")
    assert "closed" in queke("accounts", "leave", "jy_glq", "--why", "调离")
    assert leaks(site, issued) == []


# --------------------------------------------------------------------------- no password anywhere


def held(site: Site) -> list[tuple[str, bytes]]:
    put(site, f"{FOLDER}/first.xlsx", filled(template(site), [{**ROW, "password": None}]))
    work(site)
    accounts.confirm(1, DecidedBy("王某", "", NOW), stamped_on=DAY)
    return [(f"{SECOND}/taken.xlsx", smuggled(filled(template(site, SECOND)), PASSWORD))]


def mixed_up(site: Site) -> list[tuple[str, bytes]]:
    """Files with a password in every place a hand may put it, and every outcome they can have."""
    good = filled(template(site))
    rows = [{**ROW, "username": f"GL_SL{n:02}"} for n in range(4)]
    rows[1] |= {"holder": PASSWORD, "phone": "x"}
    rows[2] |= {"password": f"{PASSWORD} ", "region": PASSWORD}
    rows[3] |= {"username": f"a {PASSWORD}"}
    no_head = typed(good, {place(good, "用户名"): None, place(good, "使用人姓名"): None})
    no_level = typed(good, {place(good, "☑学校"): "☐学校"})
    return [
        (f"{FOLDER}/accepted.xlsx", smuggled(good, PASSWORD)),
        (f"{FOLDER}/twice.xlsx", smuggled(good, PASSWORD)),
        (f"{FOLDER}/partial.xlsx", smuggled(filled(template(site), rows), PASSWORD)),
        (f"{FOLDER}/rejected.xlsx", smuggled(no_level, PASSWORD)),
        (f"{SECOND}/foreign.xlsx", smuggled(good, PASSWORD)),
        ("flat.xlsx", smuggled(good, PASSWORD)),
        (f"{FOLDER}/unnamed.xlsx", smuggled(no_head, PASSWORD)),
        (f"{FOLDER}/torn.xlsx", good[:-200]),
        (f"{FOLDER}/plain.csv", f"地区,用户名,初始密码\n鼓楼区,GL,{PASSWORD}\n".encode("gb18030")),
        (f"{FOLDER}/备案表 盖章.pdf", PDF + PASSWORD.encode() + b"%%EOF"),
        (f"{FOLDER}/备案 000099.jpg", b"\xff\xd8\xff" + PASSWORD.encode() + b"\xff\xd9"),
        (f"{FOLDER}/备案.rar", b"Rar!\x1a\x07\x00" + PASSWORD.encode()),
    ]


OUTCOMES = {
    "held": {"taken": State.HELD},
    "mixed_up": {
        "accepted": State.ACCEPTED,
        "twice": State.DUPLICATE,
        "partial": State.PARTIAL,
        "rejected": State.REJECTED,
        "foreign": State.REJECTED,
        "torn": State.QUARANTINED,
    },
}


def unpacked(site: Site) -> list[str]:
    """Names of what lies in spool and inbox still."""
    return [path.name for area in (site.spool, site.inbox) for path in area.rglob("*") if path.is_file()]


@pytest.mark.parametrize("files", [held, mixed_up], ids=["held", "mixed up"])
def test_no_password_stays_anywhere_whatever_became_of_the_file(
    site: Site, files: Callable[[Site], list[tuple[str, bytes]]]
) -> None:
    made = files(site)
    before = Submission.objects.count()
    assert all(holds(content, PASSWORD) for name, content in made if "torn" not in name)
    for name, content in made:
        put(site, name, content)
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        log_to_stderr("info")
        settled = work(site)
    structlog.reset_defaults()
    assert len(settled) == len(made)
    for one in accounts.waiting():
        accounts.confirm(one.id, DecidedBy("王某", "", NOW), stamped_on=DAY)
    work(site)
    database.close()
    database.open(site)
    assert leaks(site) == []
    assert PASSWORD not in said.getvalue()
    assert unpacked(site) == []
    states = {Path(row.name).stem: State(row.state) for row in Submission.objects.all()}
    assert OUTCOMES[files.__name__].items() <= states.items()
    lines = [line for path in site.archive.rglob(archive.JOURNAL) for line in path.read_text().splitlines()]
    for row in Submission.objects.filter(pk__gt=before):
        assert row.secret, row.name
        assert (site.root / row.path).is_file()
        assert any(row.kept_sha256 in line and row.sha256 in line and "scrubbed" in line for line in lines)


def test_what_is_kept_reads_as_what_came(site: Site) -> None:
    """The archive can be read again: the same request, without the password."""
    content = filled(template(site), [ROW, {**ROW, "username": "GL_SL02", "password": None}])
    put(site, f"{FOLDER}/备案.xlsx", content)
    work(site)
    (row,) = Submission.objects.all()
    kept = take((site.root / row.path).read_bytes())
    came = take(content)
    assert kept.claims == came.claims
    assert kept.header == came.header
    assert [r.values[1:2] + r.values[3:] for r in kept.tables["accounts"]] == [
        r.values[1:2] + r.values[3:] for r in came.tables["accounts"]
    ]
    assert [r.values[2] is None for r in kept.tables["accounts"]] == [False, True]


def test_a_row_that_went_back_comes_home_mended(site: Site) -> None:
    bad = {**ROW, "username": "GL_SL02", "password": "short1!"}
    put(site, f"{FOLDER}/备案.xlsx", filled(template(site), [ROW, bad]))
    assert [one.state for one in work(site)] == [State.PARTIAL]
    (back,) = site.outbox.rglob("退回修正表*.xlsx")
    assert not holds(back.read_bytes(), "short1!")
    mended = Template(back.read_bytes())
    cells = mended.cells("备案表")
    (head,) = {row for (row, _), text in cells.items() if text.startswith("用户名")}
    column = next(c for (row, c), text in cells.items() if row == head and text.startswith("初始密码"))
    put(site, f"{FOLDER}/back.xlsx", mended.put({"备案表": {(head + 1, column): "Better1!pass"}}))
    assert [(one.state, one.accepted) for one in work(site)] == [(State.ACCEPTED, 1)]
    (waiting,) = accounts.waiting(COUNTY)
    assert waiting.id == "000001"
    assert "GL_SL01、GL_SL02" in waiting.what
    assert leaks(site, "Better1!pass") == []


# --------------------------------------------------------------------------- crash


def test_a_crash_at_any_step_leaves_no_password_once_work_goes_on(memory: Path, prepared_db: Path) -> None:
    """From where the bytes are journalled: what comes before is the same for every form (test_crash)."""
    content = b""
    for step in range(JOURNALLED, MOST_STEPS):
        site = lay_out(memory, prepared_db)
        database.open(site)
        content = content or filled(template(site))
        put(site, f"{FOLDER}/备案.xlsx", content)
        disk = CrashAt(step)
        try:
            with during(disk):
                work(site)
        except (Crash, TemporaryError):
            work(site)
        assert leaks(site) == [], step
        assert unpacked(site) == [], step
        database.close()
        if not disk.crashed:
            return
    pytest.fail("the run never completes")
