"""The command line over a real site: what is typed, what comes out, what lies in the folders afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from psycopg.errors import DiskFull

from pipeline import cli, config, database
from pipeline.database import errors
from pipeline.errors import TemporaryError
from pipeline.forms import form
from pipeline.xlsx.fill import Template, fill, heads
from tests import build
from tests.build import COUNTY, DAY, NOW, SCHOOL

OTHER = next(school for school in build.schools() if school.code == "2132920007")

Row = dict[str, object]


@dataclass
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str
    lines: list[dict[str, object]] = field(default_factory=list)  # of --json


Queke = Callable[..., Answer]


@pytest.fixture
def queke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Queke:
    """Run a command on the test's site, in this process."""
    monkeypatch.setenv("QUEKE_SITE", str(tmp_path / "site"))
    monkeypatch.setenv("QUEKE_NOW", NOW)
    monkeypatch.setenv("QUEKE_INTAKE__STABLE_SECONDS", "0")

    def run(*arguments: object) -> Answer:
        capsys.readouterr()
        code = cli.run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        lines = [json.loads(line) for line in said.out.splitlines()] if "--json" in arguments else []
        return Answer(code, said.out, said.err, lines)

    return run


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose registry has one county's schools, taken in from a filled roster."""
    root = tmp_path_factory.mktemp("registered") / "site"
    assert cli.run(["init", str(root)]) == 0
    shelf = build.Shelf(config.load(root), build.schools())
    database.open(config.load(root))
    roster = root.parent / "名册.xlsx"
    roster.write_bytes(shelf.roster(COUNTY, DAY))
    assert cli.run(["--site", str(root), "units", "import", str(roster)]) == 0
    database.close()
    return root


@pytest.fixture
def site(tmp_path: Path, registered: Path, queke: Queke) -> Path:
    """A copy of the registered site, for one test."""
    return Path(shutil.copytree(registered, tmp_path / "site"))


def pupils(count: int, room: int = 0) -> list[Row]:
    """Rows as a clerk types them, all right."""
    return [
        {
            "class_name": SCHOOL.rooms[room].name,
            "name": name,
            "sex": sex,
            "reason": "因病",
            "start": DAY,
            "symptom1": "发热",
            "temperature": 38.4,
        }
        for name, sex in SCHOOL.rooms[room].pupils[:count]
    ]


def report(queke: Queke, path: Path, rows: Sequence[Mapping[str, object]], **header: object) -> Path:
    """A 缺课日报 from `queke template`, filled."""
    assert queke("template", "absence", "--unit", SCHOOL.code, "--day", DAY, "-o", path).code == 0
    said = {"zero": "否" if rows else "是", "reporter": SCHOOL.reporter, **header}
    path.write_bytes(fill(Template(path.read_bytes()), form("absence"), said, {"rows": rows}))
    return path


def outbox(site: Path, pattern: str) -> list[Path]:
    return sorted(site.glob(f"outbox/学校/*{SCHOOL.code}*/{DAY}/{pattern}"))


def standing(queke: Queke) -> list[str]:
    """What stands, as the school may see it, sorted."""
    answer = queke("export", "absence", "--for", SCHOOL.code, "--day", DAY, "--format", "csv", "-o", "-")
    assert answer.code == 0, answer.err
    return sorted(answer.out.splitlines())


def test_good_rows_are_taken_bad_rows_come_back_and_are_accepted_once_mended(
    queke: Queke, site: Path, tmp_path: Path
) -> None:
    rows = pupils(5)
    right = [dict(row) for row in rows]
    del rows[1]["class_name"], rows[3]["name"]
    first = queke("ingest", report(queke, tmp_path / "a.xlsx", rows), "--json")
    assert first.code == 1
    (line,) = first.lines
    assert (line["outcome"], line["accepted"], line["rejected"], line["unit"]) == ("partial", 3, 2, SCHOOL.code)
    receipt = (site / str(line["receipt"])).read_text("utf-8-sig")
    assert "2" in receipt.splitlines()[0]

    (returned,) = outbox(site, "*退回*.xlsx")
    mend(returned, [right[1], rows[3] | {"name": right[3]["name"]}])
    second = queke("ingest", returned, "--json")
    assert [one["outcome"] for one in second.lines] == ["accepted"]
    assert second.code == 0
    assert queke("rejects", "list").code == 0
    by_two_steps = standing(queke)

    again = queke("ingest", report(queke, tmp_path / "b.xlsx", right, mode="整份更正"), "--json")
    assert again.code == 0
    assert standing(queke) == by_two_steps


def mend(path: Path, rows: Sequence[Row]) -> None:
    """Type what is missing into a return workbook, where it lies."""
    template, table = Template(path.read_bytes()), form("absence").table("rows")
    cells = template.cells(table.sheet)
    top, columns = heads(cells, table)
    values = {
        (top + 1 + n, columns[name]): row[name]
        for n, row in enumerate(rows)
        for name in ("name", "class_name")
        if (top + 1 + n, columns[name]) not in cells
    }
    assert len(values) == len(rows)
    path.write_bytes(template.put({table.sheet: values}))


def test_a_zero_report_dropped_into_the_inbox_is_accepted_and_the_inbox_is_empty_afterwards(
    queke: Queke, site: Path
) -> None:
    report(queke, site / "inbox" / "今天.xlsx", [])
    answer = queke("ingest", "--json")
    assert [line["outcome"] for line in answer.lines] == ["accepted"]
    assert [path.name for path in (site / "inbox").iterdir() if not path.name.startswith(".")] == []
    assert queke("status").code == 0


def test_check_says_what_would_become_of_a_file_and_changes_nothing(queke: Queke, site: Path, tmp_path: Path) -> None:
    path = report(queke, tmp_path / "a.xlsx", pupils(2))
    before = queke("status", "--json").out
    for _ in range(2):
        answer = queke("check", path, "--json")
        assert [line["outcome"] for line in answer.lines] == ["accepted"]
        assert answer.code == 0
    assert queke("status", "--json").out == before
    assert outbox(site, "*") == []
    assert queke("ingest", path).code == 0


def test_a_store_that_is_locked_for_long_is_to_be_tried_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(**_: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(cli, "get_command", lambda _: SimpleNamespace(main=locked))
    assert cli.run(["accounts", "list"]) == 2
    said = capsys.readouterr().err
    assert "again" in said
    assert "File" not in said
    with pytest.raises(TemporaryError, match="try again"), errors.temporary():
        locked()


@pytest.mark.parametrize("cause", [None, DiskFull("konnte Datei nicht erweitern")])
def test_a_store_whose_disk_is_full_asks_for_room(cause: Exception | None) -> None:
    with pytest.raises(TemporaryError, match="make room"), errors.temporary():
        raise OperationalError("" if cause else "database or disk is full") from cause


def test_status_names_papers_owed_and_years_unknown(queke: Queke, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def at(now: str) -> tuple[object, object]:
        monkeypatch.setenv("QUEKE_NOW", now)
        (said,) = queke("status", "--json").lines
        return [one["what"] for one in said["papers_owed"]], bool(said["unknown_years"])

    assert at(f"{DAY}T15:13")[0] == ["first"]
    assert queke("status").code == 1
    assert "first" in queke("doctor").out
    assert queke("digest", "--day", DAY).code == 0
    assert at(f"{DAY}T15:13")[0] == []
    assert at(f"{DAY}T17:33")[0] == ["final"]
    assert "are not made" in queke("status").out
    assert at("2030-03-01T09:00") == ([], True)
    assert queke("digest", "--day", DAY, "--final").code == 0
    assert at(f"{DAY}T17:33")[0] == []


@pytest.mark.parametrize("name", [b"\xff\xb2\xe2.xlsx", rb'a:b?c*<>|"\.xlsx', b"con.xlsx", b"x\ny.xlsx"])
def test_any_name_can_be_checked_and_taken(queke: Queke, site: Path, tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(report(queke, tmp_path / "a.xlsx", pupils(1)).read_bytes())
    for command in ("check", "ingest"):
        assert [line["outcome"] for line in queke(command, path, "--json").lines] == ["accepted"]


def test_a_file_named_on_the_command_line_stays_where_it_is(queke: Queke, site: Path, tmp_path: Path) -> None:
    path = report(queke, tmp_path / "a.xlsx", pupils(1))
    assert queke("ingest", path).code == 0
    assert path.exists()


def test_the_same_file_again_is_a_duplicate_and_no_trouble(queke: Queke, site: Path, tmp_path: Path) -> None:
    path = report(queke, tmp_path / "a.xlsx", pupils(1))
    queke("ingest", path)
    answer = queke("ingest", path, "--json")
    assert answer.lines[0]["outcome"] == "duplicate"
    assert answer.code == 0


def test_a_row_that_went_back_can_be_shown_and_waived(queke: Queke, site: Path, tmp_path: Path) -> None:
    rows = pupils(2)
    del rows[0]["class_name"]
    queke("ingest", report(queke, tmp_path / "a.xlsx", rows))
    listed = queke("rejects", "list", "--json")
    assert listed.code == 1
    ticket = str(listed.lines[0]["ticket"])
    assert str(rows[0]["name"]) not in listed.out
    assert str(rows[0]["name"]) in queke("rejects", "show", ticket).out
    assert queke("rejects", "waive", ticket, "--why", "学校已电话说明").code == 0
    assert queke("rejects", "list").code == 0


def test_open_rows_can_be_exported_as_a_return_workbook_and_applied(queke: Queke, site: Path, tmp_path: Path) -> None:
    rows = pupils(2)
    room = rows[0].pop("class_name")
    queke("ingest", report(queke, tmp_path / "a.xlsx", rows))
    path = tmp_path / "back.xlsx"
    assert queke("rejects", "export", "--unit", SCHOOL.code, "--day", DAY, "-o", path).code == 0
    mend(path, [rows[0] | {"class_name": room}])
    assert queke("rejects", "apply", path).code == 0
    assert queke("rejects", "list").code == 0


def test_a_file_that_would_withdraw_most_rows_is_held_until_released(queke: Queke, site: Path, tmp_path: Path) -> None:
    queke("ingest", report(queke, tmp_path / "a.xlsx", pupils(5)))
    held = queke("ingest", report(queke, tmp_path / "b.xlsx", pupils(1)), "--json")
    assert held.lines[0]["outcome"] == "held"
    assert held.code == 1
    (line,) = queke("held", "list", "--json").lines
    assert queke("held", "release", line["seq"], "--why", "学校确认").code == 0
    first, second = sorted(
        site.glob(f"outbox/学校/*/{DAY}/回执*{line['seq']:06d}*.txt"), key=lambda path: len(path.name)
    )
    assert "待核" in first.read_text("utf-8-sig").splitlines()[0]
    assert "“待核，暂未计入”，现在是“收下" in second.read_text("utf-8-sig")
    assert queke("held", "list").code == 0
    assert len(standing(queke)) == 2  # the header and one row


def test_names_leave_only_for_the_school(queke: Queke, site: Path, tmp_path: Path) -> None:
    rows = pupils(4)
    queke("ingest", report(queke, tmp_path / "a.xlsx", rows))
    assert str(rows[0]["name"]) in "\n".join(standing(queke))
    for reader in (COUNTY.code, "320100", "320000"):
        answer = queke("export", "absence", "--for", reader, "--day", DAY, "--format", "csv", "-o", "-")
        assert answer.code == 0
        assert str(rows[0]["name"]) not in answer.out
    assert SCHOOL.rooms[0].name not in answer.out


def test_an_export_is_of_a_range_of_days(queke: Queke, site: Path, tmp_path: Path) -> None:
    queke("ingest", report(queke, tmp_path / "a.xlsx", pupils(2)))
    whole = ("export", "absence", "--for", COUNTY.code)
    within = {
        ("--from", DAY, "--to", DAY): 3,
        ("--from", DAY): 3,
        ("--to", DAY): 3,
        ("--from", "2026-11-21"): 1,
        ("--to", "2026-11-19"): 1,
    }
    assert {span: len(queke(*whole, *span).out.splitlines()) for span in within} == within
    for wrong in (("--from", "2026-11-21", "--to", DAY), ("--day", DAY, "--to", DAY)):
        assert queke(*whole, *wrong).code == 2


def test_a_class_only_a_report_names_waits_in_the_status(queke: Queke, site: Path, tmp_path: Path) -> None:
    row = {**pupils(1)[0], "class_name": "六(9)班"}
    queke("ingest", report(queke, tmp_path / "a.xlsx", [row]))
    assert "new classes to confirm" in queke("status").out


def test_a_pupil_code_is_traced_to_the_cell_it_came_from(queke: Queke, site: Path, tmp_path: Path) -> None:
    queke("ingest", report(queke, tmp_path / "原表.xlsx", pupils(1)))
    header, row = queke("export", "absence", "--for", COUNTY.code, "--format", "csv", "-o", "-").out.splitlines()
    code = dict(zip(header.lstrip("\ufeff").split(","), row.split(","), strict=True))["pupil"]
    answer = queke("trace", code)
    assert answer.code == 0
    assert "原表.xlsx" in answer.out


def test_a_day_that_has_not_come_has_no_digest(queke: Queke, site: Path) -> None:
    answer = queke("digest", "--day", "2026-12-25")
    assert answer.code == 2
    assert "has not come" in answer.err
    assert not list(site.glob("outbox/*/*/2026-12-25"))


def test_the_digest_of_a_day_is_made_for_every_level(queke: Queke, site: Path, tmp_path: Path) -> None:
    queke("ingest", report(queke, tmp_path / "a.xlsx", pupils(3)))
    answer = queke("digest", "--day", DAY, "--division", COUNTY.code)
    assert answer.code == 0
    assert list(site.glob(f"outbox/县*/*{COUNTY.code}*/{DAY}/*.pdf"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["template", "absence", "--unit", "2132999999", "-o", "x.xlsx"], "no such school"),
        (["template", "diary", "--unit", SCHOOL.code, "-o", "x.xlsx"], "no such form"),
        (["ingest", "nowhere.xlsx"], "no such file"),
        (["check", "nowhere.xlsx"], "no such file"),
        (["rejects", "show", "T9-9"], "no such ticket"),
        (["trace", "nonsense"], "nonsense"),
        (["template", "absence", "--unit", SCHOOL.code, "--day", "20.11.", "-o", "x.xlsx"], "no such date"),
    ],
)
def test_misuse_ends_with_2_and_one_sentence(queke: Queke, site: Path, arguments: list[str], said: str) -> None:
    answer = queke(*arguments)
    assert answer.code == 2
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_a_folder_that_is_no_site_is_said_with_what_to_do(queke: Queke, tmp_path: Path) -> None:
    answer = queke("--site", tmp_path, "status")
    assert answer.code == 2
    assert "queke init" in answer.err


def test_an_unknown_command_ends_with_2(queke: Queke) -> None:
    assert queke("frobnicate").code == 2


def test_a_roster_is_shown_before_it_is_taken(queke: Queke, site: Path, tmp_path: Path) -> None:
    path = tmp_path / "新.xlsx"
    queke("template", "roster", "--unit", "320303", "-o", path)
    row = {"code": "2132940999", "name": "云龙区示例新小学", "stages": "小学"}
    path.write_bytes(fill(Template(path.read_bytes()), form("roster"), {}, {"schools": [row]}))
    preview = queke("units", "import", path, "--preview")
    assert "2132940999" in preview.out
    assert queke("template", "absence", "--unit", "2132940999", "-o", tmp_path / "t.xlsx").code == 2
    assert queke("units", "import", path).code == 0
    assert queke("template", "absence", "--unit", "2132940999", "-o", tmp_path / "t.xlsx").code == 0


def test_a_roster_made_at_another_site_is_imported_by_command_but_not_taken_from_the_inbox(
    queke: Queke, registered: Path, tmp_path: Path
) -> None:
    roster, here = registered.parent / "名册.xlsx", tmp_path / "here"
    queke("init", here)
    shutil.copy(roster, here / "inbox")
    assert "REJECTED" in queke("--site", here, "ingest").out
    imported = queke("--site", here, "units", "import", roster)
    assert (imported.code, "1 accepted" in imported.out) == (0, True), imported
    assert queke("--site", here, "template", "absence", "--all").code == 0


def test_the_command_imports_nothing_heavy_before_it_runs() -> None:
    heavy = [
        "django",
        "polars",
        "pandera",
        "pandas",
        "weasyprint",
        "openpyxl",
        "xlsxwriter",
        "pydantic",
        "rich",
        "structlog",
    ]
    code = f"import sys, pipeline.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "pipeline", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("queke ")
