"""A 备案 from the template to an account that opens, and no password anywhere on the site behind it."""

from __future__ import annotations

import io
import re
import stat
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import structlog
import time_machine
from django.contrib.auth import authenticate
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment

from pipeline import config, database, issuing, run
from pipeline.accounts import rulings
from pipeline.cli import run as command
from pipeline.cli.terminal import log_to_stderr
from pipeline.database.models import Account, Submission
from pipeline.errors import TemporaryError
from pipeline.forms import form
from pipeline.inbox import archive
from pipeline.model import DecidedBy, Settled, Site, State
from pipeline.xlsx.fill import Template, fill
from tests.faults import Crash, CrashAt, during
from tests.filings import PASSWORD, ROW, filled, holds, place, smuggled, typed
from tests.inprocess import InProcess
from tests.reading import take
from tests.sites import DAY, NOW, lay_out, pupil, put

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
    """Every file and folder of the site that holds the text, in its name, in the open or in a zip."""
    paths = {path.relative_to(site.root).as_posix(): path for path in site.root.rglob("*")}
    assert any(path.suffix == ".db" for path in paths.values())
    return [
        name for name, path in paths.items() if secret in name or (path.is_file() and holds(path.read_bytes(), secret))
    ]


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

    (waiting,) = rulings.waiting(COUNTY)
    assert (waiting.id, waiting.signed) == (number, True)
    rulings.confirm(number, DecidedBy("鼓楼区疾控 王某", "", NOW))
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
    rulings.confirm(1, DecidedBy("王某", "", NOW), stamped_on=DAY)
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


Sheet = Sequence[Sequence[object]]
HEADS: Sequence[Sheet] = (
    [["用户名", "密码"], ["GL_SL01", PASSWORD]],
    [["口 令", None, "登录名"], [PASSWORD, None, "GL_SL01"]],
    [["说明：仅供内部"], [], ["Login name", "Password"], ["GL_SL01", PASSWORD]],
    [["账号", "GL_SL01"], ["登录密码：", PASSWORD]],
    [["姓名", "初始密码（8位以上）"], ["李老师", PASSWORD]],
    [["系统账号是 GL_SL01，密码是" + PASSWORD]],
)


def nobody_asked(site: Site) -> list[tuple[str, bytes]]:
    """Files of other kinds with a password where nobody asks for one: a spare sheet, a comment, a table of its own."""
    good = issuing.template(site, "absence", SCHOOL, DAY)
    spare = [(f"{FOLDER}/spare{n}.xlsx", beside(good, sheet)) for n, sheet in enumerate(HEADS)]
    alone = [(f"{FOLDER}/alone{n}.xlsx", beside(None, sheet)) for n, sheet in enumerate(HEADS)]
    text = {n: "\r\n".join(",".join(str(c or "") for c in row) for row in sheet) for n, sheet in enumerate(HEADS)}
    return [
        *spare,
        *alone,
        (f"{FOLDER}/hidden.xlsx", beside(good, HEADS[0], state="hidden")),
        (f"{FOLDER}/comment.xlsx", beside(good, [], said=f"登录口令：{PASSWORD}")),
        (f"{FOLDER}/spaced.xlsx", beside(good, [], said=f"口 令 {PASSWORD}")),
        (f"{FOLDER}/english.xlsx", beside(good, [], said=f"password is {PASSWORD}")),
        *((f"{FOLDER}/utf8-{n}.csv", one.encode("utf-8-sig")) for n, one in text.items()),
        *((f"{FOLDER}/gbk-{n}.csv", one.encode("gb18030")) for n, one in text.items()),
        (f"{FOLDER}/utf16.txt", text[1].replace(",", "\t").encode("utf-16")),
        (f"{FOLDER}/short.csv", f"user;pwd\nGL;{PASSWORD}\n".encode()),
        (f"{FOLDER}/torn.xlsx", beside(good, HEADS[0])[:-200]),
    ]


def beside(content: bytes | None, rows: Sheet, *, said: str = "", state: str = "visible") -> bytes:
    """A workbook with a sheet more, or a comment more, as a clerk may add one; without `content` that sheet alone."""
    book = load_workbook(io.BytesIO(content)) if content else Workbook()
    sheet = book.create_sheet("账号") if content else book.active
    for row in rows:
        sheet.append(list(row))
    sheet.sheet_state = state
    if said:
        book.worksheets[0]["B2"].comment = Comment(said, "李老师")
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


OUTCOMES = {
    "nobody_asked": {
        **{f"spare{n}": State.REJECTED for n in range(len(HEADS))},
        **dict.fromkeys(("hidden", "comment", "spaced", "english"), State.REJECTED),
        **dict.fromkeys(("utf8-0", "gbk-1", "utf16", "short", "torn"), State.QUARANTINED),
    },
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


@pytest.mark.parametrize("files", [held, mixed_up, nobody_asked], ids=["held", "mixed up", "nobody asked"])
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
    for one in rulings.waiting():
        rulings.confirm(one.id, DecidedBy("王某", "", NOW), stamped_on=DAY)
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


NAMES = (
    "缺课日报 密码Qw7!silence.xlsx",
    "口令：Qw7!silence.xlsx",
    "GL_SL01 Qw7!silence.xlsx",
    "用户名GL_SL01，初始密码 Qw7!silence（请改）.xlsx",
    "password=Qw7!silence",
    "Qw7!silence是密码.xls",
)


def test_no_password_stays_that_stood_in_a_name(site: Site) -> None:
    """Of a file or a folder: taken, given back in part, not opened, named on the command line."""
    rows = [pupil(0), pupil(1, class_name=None)]
    blank = Template(issuing.template(site, "absence", SCHOOL, DAY))
    said = {"zero": "否", "reporter": "示例甲"}
    for n, name in enumerate(NAMES):
        content = fill(blank, form("absence"), {**said, "reporter": f"示例{n}"}, {"rows": rows[n % 2 :]})
        put(site, f"{FOLDER} 密码{PASSWORD}/{name}", content)
        put(site, f"{FOLDER} 密码{PASSWORD}/坏 {name}", b"%PDF-1.7" + name.encode()[:3])
    named = site.root.parent / "named"
    named.mkdir()
    (named / NAMES[0]).write_bytes(b"no workbook")
    told = io.StringIO()
    with redirect_stdout(told), redirect_stderr(told):
        log_to_stderr("debug")
        settled = work(site)
        with InProcess() as readers:
            run.drain(site, readers, lambda: NOW, paths=[named])
    structlog.reset_defaults()
    assert len(settled) == 2 * len(NAMES)
    assert Submission.objects.count() == 2 * len(NAMES) + 1
    assert any(site.outbox.rglob("退回修正表*")), "some went back in part"
    database.close()
    database.open(site)
    (site.inbox / f"{FOLDER} 密码{PASSWORD}").rmdir()  # its owner's, and empty
    assert leaks(site) == []
    assert PASSWORD not in told.getvalue()
    kept = set(Submission.objects.values_list("bound_unit", flat=True))
    assert kept == {SCHOOL, ""}, "whose folder it is is still known"


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
    (waiting,) = rulings.waiting(COUNTY)
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
