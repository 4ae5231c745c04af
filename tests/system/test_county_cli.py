"""What a county decides, typed in a shell: the same decisions as on its desk."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from pipeline import cli, config, database, short_ids
from pipeline.model import Policy, Site
from tests.sites import COUNTY, KEY, ZONE, Desk, pupil
from tests.system.desks import FIRST, SECOND, closure
from tests.system.posting import drop, work

CLOSED = short_ids.closure(FIRST, "本部", "三4", datetime(2026, 11, 20, 8, tzinfo=ZONE))
Queke = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, prepared_db: Path, desk: Desk) -> Path:
    """A site in which a row, a file and a closure wait; copied for each test."""
    root = tmp_path_factory.mktemp("county") / "site"
    config.write(root)
    (root / "queke.key").write_text(KEY.hex() + "\n")
    shutil.copyfile(prepared_db, root / "queke.sqlite3")
    site = replace(config.load(root), policy=Policy(stable_seconds=0))
    database.open(site)
    waiting(site, desk)
    database.close()
    return root


@pytest.fixture
def queke(tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Queke:
    """Run a command on the site, in this process."""
    root = tmp_path / "site"
    shutil.copytree(prepared, root)
    monkeypatch.setenv("QUEKE_SITE", str(root))
    monkeypatch.setenv("QUEKE_NOW", "2026-11-20T14:10")

    def run(*arguments: object) -> tuple[int, str]:
        capsys.readouterr()
        code = cli.run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def waiting(site: Site, desk: Desk) -> None:
    drop(
        site,
        {
            "a.xlsx": desk.absence(FIRST, [pupil(0), pupil(1, class_name=None)]),
            "b.xlsx": desk.absence(SECOND, [pupil(n) for n in range(6)]),
        },
    )
    work(site)
    drop(site, {"c.xlsx": desk.absence(SECOND, [pupil(0)], mode="整份更正"), "d.xlsx": closure(site, FIRST)})
    work(site)


def test_closures_are_listed_confirmed_and_sent_back(queke: Queke) -> None:
    code, said = queke("closures", "list", "--unit", COUNTY, "--json")
    assert (code, json.loads(said)["closure"]) == (1, CLOSED)
    assert "influenza" in queke("closures", "list")[1]
    assert queke("closures", "list", "--unit", "320199")[0] == 2, "nobody waits there, for there is no such place"
    assert queke("closures", "return", CLOSED)[0] == 2, "a reason is asked for"
    assert queke("closures", "confirm", CLOSED, "--who", "张某")[0] == 0
    assert queke("closures", "list")[0] == 0
    code, said = queke("closures", "confirm", CLOSED)
    assert (code, "Traceback" in said) == (2, False)
    assert queke("closures", "return", CLOSED, "--why", "没有批准")[0] == 0
    assert "returned" in queke("closures", "list", "--state", "returned")[1]


def test_a_held_file_is_dismissed(queke: Queke, tmp_path: Path) -> None:
    assert queke("held", "dismiss", 3)[0] == 2
    assert queke("held", "dismiss", 3, "--why", " ")[0] == 2
    assert queke("held", "dismiss", 3, "--why", "发错了")[0] == 0
    assert queke("held", "list")[0] == 0
    texts = [p.read_text("utf-8-sig") for p in (tmp_path / "site" / "outbox").rglob("回执*000003.txt")]
    assert any("发错了" in text for text in texts)


def test_a_row_that_went_back_is_shown_under_its_forms_own_heads(queke: Queke) -> None:
    _, listed = queke("rejects", "list", "--json")
    ticket = json.loads(listed.splitlines()[0])["ticket"]
    _, said = queke("rejects", "show", ticket)
    assert "姓名: " in said
    assert "name" not in said


def test_a_file_that_went_back_whole_is_shown_and_let_rest_as_a_file(queke: Queke, tmp_path: Path, desk: Desk) -> None:
    ahead = tmp_path / "ahead.xlsx"
    ahead.write_bytes(desk.absence(FIRST, [pupil(4), pupil(5)], day=date(2026, 12, 1)))
    assert queke("ingest", ahead)[0] == 1
    rows = [json.loads(line) for line in queke("rejects", "list", "--json")[1].splitlines()]
    [ticket] = [row["ticket"] for row in rows if row["row"] == 0]
    _, said = queke("rejects", "show", ticket)
    assert "the whole file" in said
    assert re.search(r"缺课登记 row \d+: 班级 三\(3\)班；姓名 示例戊；", said)
    assert "{" not in said
    assert queke("rejects", "waive", ticket, "--why", "已电话问过")[0] == 0
    [told] = (tmp_path / "site" / "outbox").rglob("县级处理通知*.txt")
    assert "退回的整份文件" in told.read_text("utf-8-sig")


def test_a_school_is_excused_and_asked_again(queke: Queke, tmp_path: Path) -> None:
    day = ("--unit", SECOND, "--day", "2026-11-20")
    assert queke("excuse", *day)[0] == 2
    assert queke("excuse", *day, "--why", "停电")[0] == 0
    assert queke("excuse", *day, "--why", "停电")[0] == 2
    [told] = (tmp_path / "site" / "outbox").rglob("县级处理通知*.txt")
    assert "停电" in told.read_text("utf-8-sig")
    assert queke("excuse", *day, "--undo")[0] == 0
    assert queke("excuse", "--unit", "9999999999", "--day", "2026-11-20", "--why", "x")[0] == 2


def test_a_countys_desk_is_made_on_demand(queke: Queke, tmp_path: Path) -> None:
    for command in (("desk",), ("template", "desk")):
        path = tmp_path / "处理单.xlsx"
        assert queke(*command, "--unit", COUNTY, "-o", path)[0] == 0
        assert {"说明", "退回未改", "待核", "待确认停课"} <= set(openpyxl.load_workbook(path).sheetnames)
    assert queke("desk", "--unit", "999999", "-o", tmp_path / "x.xlsx")[0] == 2
