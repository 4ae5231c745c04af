"""What the Tab key offers, as a shell asks for it; and the times that programs read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from pipeline import cli

Ask = Callable[..., str]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "site"
    monkeypatch.setenv("QUEKE_SITE", str(root))
    monkeypatch.setenv("QUEKE_NOW", "2026-11-20T14:00")
    assert cli.run(["init", str(root)]) == 0
    return root


@pytest.fixture
def tab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    def ask(*words: str) -> str:
        monkeypatch.setenv("_QUEKE_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", " ".join(["queke", *words]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        cli.run([])
        return capsys.readouterr().out

    return ask


def test_commands_options_forms_and_units_are_offered(site: Path, tab: Ask) -> None:
    assert "template" in tab("tem").split()
    assert "--unit" in tab("template", "--un").split()
    assert tab("template", "clo").split() == ["closure"]
    assert "320106" in tab("desk", "--unit", "3201").split()
    assert tab("alerts", "show", "2026").split() == []


def test_without_a_site_nothing_is_offered_and_nothing_breaks(
    tmp_path: Path, tab: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUEKE_SITE", str(tmp_path))

    assert tab("desk", "--unit", "3201").split() == []


def json_commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    if isinstance(command, TyperGroup):
        for name, below in command.commands.items():
            yield from json_commands(below, (*path, name))
    elif any("--json" in one.opts for one in command.params):
        yield path, [one for one in command.params if one.required]


JSON = list(json_commands(get_command(cli.app)))
A_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*\Z")


@pytest.mark.parametrize(
    ("path", "needed"), JSON, ids=lambda one: " ".join(map(str, one)) if isinstance(one, tuple) else ""
)
def test_a_time_for_a_program_is_that_of_shanghai(
    path: tuple[str, ...], needed: list[Any], site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever a command says: each text that is a time is ISO 8601 with the offset of the one zone."""
    book = tmp_path / "表.xlsx"
    assert cli.run(["template", "roster", "--unit", "320106", "-o", str(book)]) == 0
    (site / "inbox" / "待收.xlsx").write_bytes(book.read_bytes())
    given = {"files": [str(book)], "workbook": [str(book)], "target": [str(tmp_path / "copies")]}
    given |= {"first": ["--from", "2026-11-01"], "unit": ["--unit", "320106"]}
    capsys.readouterr()

    assert (
        cli.run([*path, *(text for one in needed for text in given[one.name]), "--json"]) in {0, 1}
        or path[0] in MAY_REFUSE
    )
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    times = [text for line in lines for text in texts(line) if A_TIME.match(text)]
    assert [text for text in times if datetime.fromisoformat(text).utcoffset() != timedelta(hours=8)] == []
    assert path != ("status",) or times  # there is a time to look at


MAY_REFUSE = frozenset({"mail", "rebuild"})  # this site uses no mail, and its store stands


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
