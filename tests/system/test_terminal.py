"""Text from a sender is shown on a terminal, never obeyed: every command over a site whose every word tries to be."""

import json
import os
import re
import shutil
import stat
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import structlog
import typer
from django.apps import apps
from django.db.models import CharField, JSONField, TextField, Value
from django.db.models.functions import Concat

from pipeline import cli, config, database, run
from pipeline.cli import terminal
from pipeline.database import sqlite
from pipeline.database.models import Alert, FilingLine, Matter, Reject, Submission
from pipeline.database.sqlite import waiting
from pipeline.forms import FORMS
from pipeline.model import Policy, Site
from pipeline.settling import closure_decisions, held_files, proposals
from tests.inprocess import InProcess
from tests.sites import KEY, NOW
from tests.system import tainted
from tests.system.tainted import DAY, SCHOOLS

EVIL = "\x1b[2J\x9b1m\u202e\r\n已收到\u2028\x7f"
WORDS = {
    *("name", "short", "reporter", "reporter_phone", "leader", "leader_phone", "note", "holder", "phone", "email"),
    *("closed_why", "close_reason", "by", "progress", "folder", "who", "why", "text", "applicant", "department"),
    *("reviewer", "approved_by", "document", "other_symptom", "hospital", "raw", "repairs", "problems", "number"),
}
"""Columns that hold what somebody typed; all others are words and codes of ours."""

Arguments = tuple[object, ...]


@dataclass(frozen=True)
class Known:
    """What a command may be asked about."""

    folder: Path
    school: str
    number: str  # of a filing
    username: str
    alert: str
    ticket: str
    held: int
    closure: str
    matter: str
    roster: int
    proposal: str


ASKED: Mapping[str, Callable[[Known], Arguments]] = {
    "doctor": lambda _: (),
    "template": lambda k: ("absence", "--unit", k.school, "-o", k.folder / "日报.xlsx"),
    "check": lambda k: (next(k.folder.glob("site/inbox/**/*坏*")),),
    "ingest": lambda _: (),
    "status": lambda _: (),
    "desk": lambda k: ("--unit", "320106", "-o", k.folder / "处理单.xlsx"),
    "called": lambda k: ("--unit", k.school, "--day", "2026-11-23", "--why", EVIL),
    "excuse": lambda k: ("--unit", k.school, "--day", "2026-11-23", "--why", EVIL),
    "unreview": lambda k: ("--unit", k.school, "--day", "2026-11-23", "--why", EVIL),
    "cards": lambda _: (),
    "trace": lambda k: (k.held,),
    "export": lambda k: ("absence", "--for", k.school),
    "words": lambda k: ("--for", k.school),
    "backup": lambda k: (k.folder / "backup",),
    "units import": lambda k: (next(k.folder.glob("site/archive/**/*.xlsx")),),
    "units undo": lambda k: (k.roster, "--why", EVIL),
    "units remove": lambda k: (k.school, "本部", "--why", EVIL),
    "rejects list": lambda _: (),
    "rejects show": lambda k: (k.ticket,),
    "rejects export": lambda k: ("--unit", k.school, "-o", k.folder / "退回.xlsx"),
    "rejects apply": lambda k: (next(k.folder.glob("site/inbox/**/*坏*")),),
    "rejects waive": lambda k: (k.ticket, "--why", EVIL),
    "held list": lambda _: (),
    "held release": lambda k: (k.held, "--why", EVIL),
    "held dismiss": lambda k: (k.held, "--why", EVIL),
    "closures list": lambda _: (),
    "closures confirm": lambda k: (k.closure, "--why", EVIL),
    "closures return": lambda k: (k.closure, "--why", EVIL),
    "accounts list": lambda _: (),
    "accounts show": lambda k: (k.number,),
    "accounts confirm": lambda k: (k.number, "--stamped-on", DAY),
    "accounts refuse": lambda k: (k.number, "--why", EVIL),
    "accounts issue": lambda k: (k.username,),
    "accounts leave": lambda k: (k.username, "--why", EVIL),
    "accounts reconfirm": lambda k: (k.username,),
    "accounts admin": lambda k: (k.username,),
    "accounts due": lambda _: (),
    "matters list": lambda _: (),
    "matters settle": lambda k: (k.matter, "--why", EVIL),
    "matters confirm": lambda k: (k.matter, "--why", EVIL),
    "alerts list": lambda _: (),
    "alerts show": lambda k: (k.alert,),
    "alerts confirm": lambda k: (k.alert, "--why", EVIL),
    "alerts return": lambda k: (k.alert, "--why", EVIL),
    "alerts raise": lambda k: ("--school", k.school, "--rule", "P10", "--count", 3, "--reason", EVIL, "--class", EVIL),
    "rules check": lambda k: (k.folder / "rules.toml",),
    "rules list": lambda _: (),
    "rules rehearse": lambda _: ("--from", DAY),
    "rules score": lambda _: ("--from", DAY),
    "proposals list": lambda _: (),
    "proposals confirm": lambda k: (k.proposal, "--why", EVIL),
    "proposals refuse": lambda k: (k.proposal, "--why", EVIL),
    "proposals undo": lambda k: (k.proposal, "--why", EVIL),
    "calendar undo": lambda k: (k.roster, "--why", EVIL),
    "calendar show": lambda k: ("--unit", k.school),
    "summary": lambda k: ("--unit", "320106", "--from", DAY),
    "bulletin": lambda k: ("--unit", "320106", "--from", DAY),
    "tokens list": lambda _: (),
    "tokens revoke": lambda k: ("--unit", k.school, "--why", EVIL),
    "mailboxes list": lambda _: (),
    "mailboxes bind": lambda k: (f"{EVIL}@school.example", "--unit", k.school),
    "mailboxes unbind": lambda k: (f"{EVIL}@school.example", "--unit", k.school),
    "mailboxes passphrase": lambda k: ("--unit", k.school),
    "mailboxes wish": lambda k: (f"{EVIL}@school.example", EVIL, "--unit", k.school),
    "mailboxes asked": lambda _: (),
    "mailboxes confirm": lambda _: (EVIL,),
    "mailboxes refuse": lambda _: (EVIL, "--why", EVIL),
    "mailboxes undo": lambda _: (EVIL, "--why", EVIL),
    "mail fetch": lambda _: (),
    "mail send": lambda _: (),
    "mail preview": lambda _: (),
    "mail status": lambda _: (),
    "mail test": lambda _: (),
    "quarantine list": lambda _: (),
    "quarantine show": lambda _: (1,),
    "quarantine release": lambda k: (1, "--unit", k.school),
    "quarantine drop": lambda _: (1,),
    "inbox prepare": lambda _: ("--unit", "320106"),
    "retain": lambda _: ("--remove", EVIL),
    "audit verify": lambda _: ("--head", f"1:{EVIL}"),
}
NOT_ASKED = {"init", "demo", "rebuild", "restore", "watch", "serve", "digest"}
"""Make a site of their own, never end, or draw pages; what they say goes through the same functions."""
SHOW = {
    *("check", "ingest", "status", "cards", "trace", "export", "rejects show", "held list", "closures list"),
    *("accounts list", "accounts show", "alerts list", "alerts show", "proposals list", "calendar show"),
    *("rules rehearse", "rules check", "matters list", "held release"),
}
"""Of these it is known that such a word is in what they say: else the claim would be one of nothing."""


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory, prepared_db: Path) -> tuple[Path, Known]:
    """A site in which something waits at every door, with such words in its store and in its inbox."""
    folder = tmp_path_factory.mktemp("terminal")
    root = folder / "site"
    config.write(root)
    (root / "queke.key").write_text(KEY.hex() + "\n")
    shutil.copyfile(prepared_db, root / "queke.sqlite3")
    site = replace(config.load(root), policy=Policy(stable_seconds=0))
    database.open(site)
    _play(site)
    known = _known(folder)
    _taint()
    database.close()
    (root / "inbox" / f"2132019001 {EVIL}".replace("\n", "\n\n")).mkdir()
    for name in (f"坏{EVIL}.xlsx", "坏\udcff.xlsx"):
        (root / "inbox" / name).write_bytes(b"%PDF-1.7" + name.encode("utf-8", "replace"))
    (root / "inbox" / f"卡{EVIL}.xlsx").symlink_to("nowhere")
    (folder / "rules.toml").write_text(f"[[switch]]\n{json.dumps(EVIL)} = 1\n", "utf-8")
    return folder, known


def _play(site: Site) -> None:
    tainted.register()
    for name, content in tainted.dropped().items():
        (site.inbox / name).parent.mkdir(exist_ok=True)
        (site.inbox / name).write_bytes(content)
    (site.inbox / f"散{EVIL}.xlsx").write_bytes(tainted.workbook("罍"))  # proved by nothing: held
    with InProcess() as readers:
        run.drain(site, readers, lambda: NOW)
        tainted.afternoon(site, SCHOOLS)
        run.drain(site, readers, lambda: tainted.at(DAY, "14:30"))


def _known(folder: Path) -> Known:
    code = SCHOOLS["靛"][0]
    line = FilingLine.objects.all()[0]
    Matter.objects.create(
        id="M7", school_id=code, campus="本部", division="320106", kind="roll", subject="星", day=DAY,
        what=f"班级{EVIL}", ask="?", stamp="s", since=NOW,
    )  # fmt: skip
    return Known(
        folder=folder,
        school=code,
        number=f"{line.filing_id:06d}",
        username=line.username,
        alert=Alert.objects.filter(school=code)[0].id,
        ticket=Reject.objects.filter(school=code, state="open", row__gt=0)[0].ticket,
        held=held_files.held()[0].seq,
        closure=closure_decisions.listed("", ["declared"])[0].id,
        matter="M7",
        roster=Submission.objects.filter(form="roster")[0].received_seq,
        proposal=proposals.waiting("")[0].id,
    )


def _taint() -> None:
    for model in apps.get_app_config("database").get_models():
        for field in model._meta.fields:
            if field.name not in WORDS or field.choices or field.unique:
                continue
            rows = model._default_manager.all()
            if isinstance(field, JSONField):
                for row in rows:
                    model._default_manager.filter(pk=row.pk).update(**{field.name: _worse(getattr(row, field.name))})
            elif isinstance(field, CharField | TextField):
                rows.exclude(**{field.name: ""}).update(**{field.name: Concat(field.name, Value(EVIL))})


def _worse(value: Any) -> Any:
    if isinstance(value, str):
        packed = value.startswith("{")  # a row of a file that went back whole
        return json.dumps(_worse(json.loads(value))) if packed else value + EVIL
    if isinstance(value, list):
        return [_worse(one) for one in value]
    return {name: _worse(one) for name, one in value.items()} if isinstance(value, dict) else value


Asked = Callable[..., tuple[int, str, str]]


@pytest.fixture
def asked(
    evil: tuple[Path, Known], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Asked:
    """Run a command on a copy of the site, in this process."""
    folder, known = evil
    shutil.copytree(folder, tmp_path, symlinks=True, dirs_exist_ok=True)
    monkeypatch.setenv("QUEKE_SITE", str(tmp_path / "site"))
    monkeypatch.setenv("QUEKE_NOW", f"{DAY}T15:20")
    monkeypatch.setenv("QUEKE_INTAKE__STABLE_SECONDS", "0")
    here = replace(known, folder=tmp_path)

    def ask(name: str, *more: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.run([str(part) for part in (*name.split(), *ASKED[name](here), *more)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return ask


@pytest.mark.parametrize("as_json", [False, True])
def test_what_the_log_says_is_not_obeyed_either(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.log_to_stderr(as_json=as_json)
    structlog.get_logger().warning("put_back", path=f"inbox/{EVIL}")
    structlog.reset_defaults()
    said = capsys.readouterr().err
    assert obeyed(said) == set()
    assert said.count("\n") == 1


@pytest.mark.parametrize("mask", [0o077, 0o027, 0o022])
@pytest.mark.parametrize("name", ["template", "desk", "export", "rejects export"])
def test_a_file_that_is_asked_for_has_the_mode_its_asker_is_used_to(
    name: str, mask: int, asked: Asked, tmp_path: Path
) -> None:
    before = os.umask(mask)
    try:
        asked(name, "-o", str(tmp_path / "out"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o666 & ~mask


def obeyed(text: str) -> set[str]:
    """Signs in it that a terminal obeys, or that break a line where we did not."""
    return {char for char in text if char != "\n" and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}


def commands() -> dict[str, bool]:
    """Every command there is, and whether a program may read what it says."""
    found: dict[str, bool] = {}

    def walk(one: Any, path: tuple[str, ...] = ()) -> None:
        for name, inner in getattr(one, "commands", {}).items():
            walk(inner, (*path, name))
        if not getattr(one, "commands", None):
            found[" ".join(path)] = any("--json" in option.opts for option in one.params)

    walk(typer.main.get_command(cli.app))
    return found


def test_every_command_is_asked() -> None:
    assert set(commands()) == set(ASKED) | NOT_ASKED


@pytest.mark.parametrize("name", ASKED)
def test_what_a_command_says_is_shown_and_not_obeyed(name: str, asked: Asked) -> None:
    code, out, err = asked(name)
    said = out.replace("\r\n", "\n") + err if name == "export" else out + err
    assert obeyed(said) == set()
    assert not [line for line in said.splitlines() if line.startswith("已收到")], "no word of theirs begins a line"
    assert "our fault" not in err, err
    if name in SHOW:
        assert "\\u001b[2J\\u009b1m\\u202e" in said, (code, said)
    if commands()[name]:
        _, out, err = asked(name, "--json")
        assert obeyed(out + err) == set()
        assert all(json.loads(line) for line in out.splitlines())


CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
ENGLISH = re.compile(r"[A-Za-z][a-z]{2,}")
_FILES = re.compile(
    r"(?:outbox|inbox|archive|spool|backup)?/\S*/.*|\S+\.(?:xlsx|pdf|txt|toml|csv)\S*|`[^`]*`|--[a-z-]+"
)
_ISSUES = re.compile(r"[a-z]+(?:-[a-z]+)+|T[0-9]+-\w+")  # their codes, and tickets
_TYPED = re.compile(rf"\S*(?:[{''.join(SCHOOLS)}]|u001b)\S*")  # a word of a sender bears his sign
_MADE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{10}(?=  [（(])")  # a passphrase, which is shown once
DATA = [
    "消毒",
    "首次报送",
    "催报13:30、模板06:30",
    "本部",
    "示例第一小学",
    "示例第二小学",
    "疾病预防控制中心",
    "鼓楼区",
]
"""What stands in answers of either language and is nobody's words: names of the registry."""
FILES_AND_CODES = {("en", "export"), *(("zh", name) for name in ("export", "trace", "doctor", "rules check"))}
"""An export is a file; a trail, a machine and a rules.toml are told by codes and names of programs."""
CODES = {
    *("queke", "inbox", "outbox", "archive", "xlsx", "absence", "closure", "roster", "filing", "card", "accounts"),
    *("toml", "name@example.edu.cn", "smtp_host", "mail_accounts", "school.example", "own", "waiting"),
    *(f"queke {command}" for command in (*ASKED, "watch")),
    *("Excel", "PDF"),
}
"""Codes that stay as they are in Chinese."""


def strange(text: str, signs: re.Pattern[str], known: Iterable[str]) -> list[str]:
    """Lines that hold signs of the other language once files, what senders typed, and what is known are taken away."""
    found = []
    for line in text.splitlines():
        left = _ISSUES.sub("", _TYPED.sub("", _FILES.sub("", _MADE.sub("", line))))
        for word in sorted(known, key=len, reverse=True):
            left = left.replace(word, "")
        found += [line] * bool(signs.search(left))
    return found


@pytest.mark.parametrize("name", ASKED)
def test_what_a_command_says_is_of_one_language(name: str, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    for language, signs, known in (("en", CHINESE, _labels()), ("zh", ENGLISH, CODES)):
        monkeypatch.setenv("LANGUAGE", language)
        _, out, err = asked(name)
        if (language, name) not in FILES_AND_CODES:
            assert strange(out + err, signs, known) == []


def _labels() -> list[str]:
    """Labels of forms, longest first: a command that shows a cell names its column."""
    tables = [table for form in FORMS for table in form.tables]
    labels = {column.header for table in tables for column in table.columns} | {table.sheet for table in tables}
    return sorted(labels | set(DATA), key=len, reverse=True)


WRITING = {
    *("excuse", "ingest", "units import", "units undo", "rejects waive", "held release", "held dismiss"),
    *("accounts confirm", "accounts refuse", "matters settle", "alerts confirm", "tokens revoke"),
    *("closures confirm", "mailboxes passphrase", "proposals confirm"),
}
"""Commands that write here: else the claim would be one of commands that never met the lock."""


@pytest.mark.parametrize("whole", [False, True], ids=["written", "kept to itself"])
def test_a_store_that_somebody_locks_ends_every_command_with_one_sentence(
    whole: bool, asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "STEP", 0.01)
    monkeypatch.setattr(waiting, "PATIENCE", 0.02)
    database.close()
    other = sqlite.LIBRARY.connect(tmp_path / "site" / "queke.sqlite3", isolation_level=None)
    if whole:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN IMMEDIATE")
    waited = set()
    for name in sorted(ASKED, key=lambda name: name == "ingest"):  # which takes what others are asked about
        code, _, err = asked(name)
        assert code in (0, 1, 2), (name, code)
        assert "our fault" not in err, (name, err)
        assert "Traceback" not in err, (name, err)
        if "try again" in err:
            waited.add(name)
            assert code == 2, (name, code)
            assert err.splitlines()[-1].endswith("another process keeps it locked: try again"), (name, err)
        database.close()
    other.close()
    assert waited >= (set(ASKED) - {"doctor"} if whole else WRITING), set(ASKED) - waited
