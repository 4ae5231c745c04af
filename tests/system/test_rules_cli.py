"""`queke rules`, typed on a site whose warnings came of workbooks: what is shown."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import cli, config, database, resources
from pipeline.model import Policy
from tests.sites import COUNTY, KEY, Desk, pupil
from tests.system.desks import FIRST
from tests.system.posting import drop, work

Queke = Callable[..., tuple[int, str]]
RULES = resources.path("rules/rules.toml")


@pytest.fixture(scope="module")
def warned(tmp_path_factory: pytest.TempPathFactory, prepared_db: Path, desk: Desk) -> Path:
    """A site with one alert: three pupils of one class with a fever."""
    root = tmp_path_factory.mktemp("warned") / "site"
    config.write(root)
    (root / "queke.key").write_text(KEY.hex() + "\n")
    shutil.copyfile(prepared_db, root / "queke.sqlite3")
    site = replace(config.load(root), policy=Policy(stable_seconds=0))
    database.open(site)
    drop(site, {"a.xlsx": desk.absence(FIRST, [pupil(n, symptom1="发热") for n in range(3)])})
    work(site)
    database.close()
    return root


@pytest.fixture
def queke(warned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Queke:
    """Run a command on the site, in this process; none of these changes it."""
    monkeypatch.setenv("QUEKE_SITE", str(warned))
    monkeypatch.setenv("QUEKE_NOW", "2026-11-20T18:00")

    def run(*arguments: object) -> tuple[int, str]:
        capsys.readouterr()
        code = cli.run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def stricter(folder: Path) -> Path:
    path = folder / "试.toml"
    path.write_text(RULES.read_text(encoding="utf-8").replace("at_least = 3\n", "at_least = 4\n"), encoding="utf-8")
    return path


def test_todays_rules_give_again_what_was_issued(queke: Queke) -> None:
    code, said = queke("rules", "rehearse", "--from", "2026-11-01")
    assert code == 0
    assert f"2026-11-20  {COUNTY}  鼓楼区  1          1       1     0    0" in said
    assert "rehearsed 1, issued 1" in said
    assert "gone:" not in said


def test_a_stricter_rule_shows_what_goes(queke: Queke, tmp_path: Path) -> None:
    code, said = queke("rules", "rehearse", "--from", "2026-11-01", "--rules", stricter(tmp_path))
    assert (code, "rehearsed 0, issued 1" in said) == (0, True)
    assert "示例第一小学" in said.partition("gone: issued, and not by these rules:")[2]
    (line,) = queke("rules", "rehearse", "--from", "2026-11-01", "--rules", stricter(tmp_path), "--json")[
        1
    ].splitlines()
    told = json.loads(line)
    assert (told["unit"], told["rehearsed"], told["issued"], told["alert"]) == (FIRST, None, "2026-11-20", "2026-0001")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("--from", "1. November", "--from"), ("--to", "2026-10-01", "it comes after --to"), ("--unit", "999", "no such")],
)
def test_a_slip_of_the_finger_is_said(queke: Queke, option: str, value: str, said: str) -> None:
    typed = {"--from": "2026-11-01", option: value}
    code, answer = queke("rules", "rehearse", *(word for pair in typed.items() for word in pair))
    assert (code, said in answer) == (2, True)


def test_all_problems_of_a_rules_file_are_named_at_once(queke: Queke, tmp_path: Path) -> None:
    path = tmp_path / "错.toml"
    text = RULES.read_text(encoding="utf-8")
    path.write_text(text.replace("window = 1\n", "window = 99999\n").replace('"dorm"', '"floor"'), encoding="utf-8")
    code, said = queke("rules", "rehearse", "--from", "2026-11-01", "--rules", path)
    assert code == 2
    assert "rule E01: window must be" in said
    assert "rule E01: scope must be" in said
    assert "rule S01: window must be" in said


def test_the_score_says_what_warnings_turned_out_to_be(queke: Queke) -> None:
    code, said = queke("rules", "score", "--from", "2026-11-01", "--unit", COUNTY)
    assert code == 0
    (line,) = (line.split() for line in said.splitlines() if line.startswith("E01"))
    assert line[-13:] == ["1", "1", "0", "0", "0", "0", "0", "0", "1", "—", "0", "—", "0"]
    lines = [json.loads(line) for line in queke("rules", "score", "--from", "2026-11-01", "--json")[1].splitlines()]
    assert [(one["rule"], one["warned"], one["ppv"]) for one in lines] == [("E01", 1, None), ("all", 1, None)]
