"""Help and answers in one language: which one, whole in either, and as wide as the terminal."""

from __future__ import annotations

import ast
import gettext
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from rich.cells import cell_len
from typer.core import TyperGroup
from typer.main import get_command

from pipeline import cli
from pipeline.cli import english, language
from pipeline.inbox import rights
from pipeline.model import Issue
from pipeline.service import doctor, doctor_mail

CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
ENGLISH = re.compile(r"\b[A-Za-z']+ [A-Za-z']+ [A-Za-z']+\b")  # three words in a row: a name has fewer


def catalogue() -> dict[str, str]:
    with (language.FOLDER / "zh/LC_MESSAGES/queke.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}


def of_the_code(repo: Path) -> set[str]:
    """Every text that is wrapped to be said."""
    found = set()
    for path in (repo / "pipeline").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("say", "gettext.gettext"):
                found |= {one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)}
    words = {*map(str, rights.Doubt), *doctor._MEND.values(), *doctor_mail.MEND.values()}  # said by their name
    return {text for text in found if isinstance(text, str) and text} | words


def of_help(command: Any) -> Iterator[str]:
    """Each text of the help of a command, and of all below it."""
    yield from filter(None, (inspect.cleandoc(command.help or ""), command.options_metavar))
    for parameter in command.params:
        yield from filter(None, (language._help(parameter), language._name(parameter)))
    if isinstance(command, TyperGroup):
        yield command.subcommand_metavar
        for below in command.commands.values():
            yield from of_help(below)


def of_the_library() -> set[str]:
    return {
        *language._LIBRARY,
        *("Arguments", "Options", "Commands", "required", "default: {default}", "env var: {var}", "(dynamic)"),
        *("Show this message and exit.", "<str>", "<int>", "<path>", "<int range>"),
        "Install completion for the current shell.",
        "Show completion for the current shell, to copy it or customize the installation.",
    }


def commands(command: TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, below in command.commands.items():
        if isinstance(below, TyperGroup):
            yield from commands(below, (*path, name))
        else:
            yield (*path, name)


COMMANDS = list(commands(get_command(cli.app)))


def test_every_text_stands_in_both_languages_and_none_is_left_over(repo: Path) -> None:
    english = {*of_help(get_command(cli.app)), *of_the_code(repo)}
    known = catalogue()

    assert english - set(known) == set()
    assert set(known) - english - of_the_library() == set()
    assert [text for text, chinese in known.items() if not chinese] == []


def test_the_machine_reads_what_people_wrote() -> None:
    compiled = gettext.translation("queke", language.FOLDER, ["zh"])

    assert {text: compiled.gettext(text) for text in catalogue()} == catalogue()


def test_a_translation_has_the_same_values() -> None:
    apart = [
        text
        for text, chinese in catalogue().items()
        if set(re.findall(r"\{[^}]*\}", text)) != set(re.findall(r"\{[^}]*\}", chinese))
        or set(re.findall(r"`[^`]*`|--[a-z-]+", text)) - set(re.findall(r"`[^`]*`|--[a-z-]+", chinese))
    ]

    assert apart == []


def test_a_place_on_a_sheet_is_told_in_the_language_that_is_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    assert english.marks("缺课登记 第 8–9 行") == "缺课登记 row 8–9"
    assert english.issue("班级 第 8 行", Issue("rows-none")).startswith("班级 row 8: ")


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_is_one_language_and_fits(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("LANGUAGE", raising=False)

    assert cli.run(["--lang", "en", *path, "--help"]) == 0
    english = capsys.readouterr().out
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert cli.run([*path, "--help"]) == 0
    chinese = capsys.readouterr().out

    assert not CHINESE.search(english)
    assert max(map(cell_len, chinese.splitlines())) <= 80
    assert not ENGLISH.search(re.sub(r"用法：.*|`[^`]*`", "", chinese))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("held", "release", "5"), "缺少选项 '--why'"),
        (("alertz",), "没有 'alertz' 这个命令。是不是 'alerts'？"),
        (("--nothing",), "没有 --nothing 这个选项"),
        (("backup", "a", "--keep", "x"), "'--keep' 的值不对：要写整数"),
        (("backup", "a", "--keep=-1"), "'--keep' 的值不对：不能小于 0"),
        (("backup", "a", "--keep"), "选项 '--keep' 后面要写值"),
        (("backup", "a", "b"), "多出来的参数（b）"),
        (("export", "absence", "--format", "pdf"), "没有 'pdf'，可以写 'csv', 'xlsx'"),
    ],
)
def test_misuse_is_said_in_the_language(wrong: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--lang", "zh", *wrong]) == 2

    assert said in capsys.readouterr().err


def test_an_option_speaks_for_one_command_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "en")

    cli.run(["--lang=zh", "held"])
    cli.run(["held"])

    assert capsys.readouterr().err.count("用法：") == 1


def test_a_decision_is_nobodys_by_default(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUEKE_WHO")
    decisions = [path for path in COMMANDS if any(one.name == "who" for one in _command(path).params)]
    assert len(decisions) >= 20

    for path in decisions:
        needed = [one for one in _command(path).params if one.required and one.name != "who"]
        given = [[one.opts[0], "1"] if one.param_type_name == "option" else ["1"] for one in needed]
        assert cli.run([*path, *(text for each in given for text in each)]) == 2
        assert "say who decides" in capsys.readouterr().err, path


def _command(path: tuple[str, ...]) -> Any:
    found: Any = get_command(cli.app)
    for name in path:
        found = found.commands[name]
    return found
