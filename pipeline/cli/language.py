"""The language of help and answers: English as written in the code, or the catalogue of `pipeline/locale/`.

What a program reads (`--json`) is English. For people, `--lang` says which, else LANGUAGE, LC_ALL, LC_MESSAGES or
LANG, as gettext has it. What is said in the code is wrapped in `gettext`; the help of commands, and what the
library says of misuse, is translated here (docs/adr/two-languages.md).
"""

from __future__ import annotations

import gettext
import inspect
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

DOMAIN = "queke"
FOLDER = Path(__file__).parent.parent / "locale"
CLOSING = re.escape("，。；：、）》”’！？…]")  # never first on a line
OPENING = re.escape("（《“‘[")  # never last
PIECE = re.compile(rf"[{OPENING}]*(?:[!-~]+|.)[{CLOSING}]*")
KIND = re.compile(r"<[a-zA-Z ]+>")


class Language(StrEnum):
    """What --lang may say."""

    ZH = "zh"
    EN = "en"


LANGUAGES = (Language.ZH, Language.EN)

# what the library says of misuse, in the one language it has
_LIBRARY = (
    "Missing command.",
    "Missing option {hint}.",
    "Missing argument {hint}.",
    "No such command {name}.",
    "No such command {name}. Did you mean {names}?",
    "No such option: {name}",
    "No such option: {name} (Possible options: {names})",
    "Got unexpected extra argument(s) ({names})",
    "Invalid value for {hint}: {problem}",
    "Option {name} requires an argument.",
    "Option {name} does not take a value.",
    "Input should be a valid integer, unable to parse string as an integer",
    "Input should be greater than or equal to {least}",
    "Value error, {value} is not one of {choices}.",
)


@contextmanager
def spoken(arguments: Sequence[str]) -> Iterator[None]:
    """Speak the language that a command line or the environment asks for while the block runs."""
    asked, before = _asked(arguments), os.environ.get("LANGUAGE")
    gettext.bindtextdomain(DOMAIN, str(FOLDER))
    gettext.textdomain(DOMAIN)
    if asked in LANGUAGES:
        os.environ["LANGUAGE"] = asked
    try:
        yield
    finally:
        if asked in LANGUAGES:
            os.environ.pop("LANGUAGE")
            os.environ.update({"LANGUAGE": before} if before is not None else {})


def _asked(arguments: Sequence[str]) -> str:
    if "--json" in arguments:  # for a program: the same anywhere
        return Language.EN
    for at, argument in enumerate(arguments):
        if argument == "--lang":
            return (*arguments, "")[at + 1]
        if argument.startswith("--lang="):
            return argument.partition("=")[2]
    return ""


def is_chinese() -> bool:
    """Tell whether Chinese is spoken."""
    return isinstance(gettext.translation(DOMAIN, FOLDER, fallback=True), gettext.GNUTranslations)


def translated(command: Any) -> Any:
    """Return a command with the help of all below it in the language that is spoken."""
    catalogue = gettext.translation(DOMAIN, FOLDER, fallback=True)
    if isinstance(catalogue, gettext.GNUTranslations):
        _translate(command, catalogue.gettext)
    return command


def _translate(command: Any, say: Callable[[str], str]) -> None:
    command.context_class = _Context
    if command.help:
        command.help = say(inspect.cleandoc(command.help))
        command.short_help = re.split(r"(?<=[。；])|\n", command.help)[0].rstrip("。；")
    command.options_metavar = say(command.options_metavar or "")
    for parameter in command.params:
        if name := _name(parameter):
            parameter.metavar = say(name)
        if parameter_help := _help(parameter):
            parameter.help = say(parameter_help)
    if isinstance(command, TyperGroup):
        command.subcommand_metavar = say(command.subcommand_metavar)
        for below in command.commands.values():
            _translate(below, say)


def _help(parameter: object) -> str:
    return getattr(parameter, "help", None) or ""


def _name(parameter: Any) -> str:
    """What stands for its value in the help; "" where that is its type."""
    return parameter.metavar or (parameter.name if parameter.param_type_name == "argument" else "")


def misuse(error: TyperException) -> str:
    """Return what the library says of a command line that is wrong, in the language that is spoken."""
    context: Any = getattr(error, "ctx", None)
    if context is None:
        return gettext.gettext("Error: {problem}").format(problem=_said(error.format_message()))
    text = error.format_message()
    if text == context.get_help():  # a group without a command
        return text
    hint = gettext.gettext("Try '{command} --help' for help.").format(command=context.command_path)
    return f"{context.get_usage()}\n{hint}\n\n" + gettext.gettext("Error: {problem}").format(problem=_said(text))


def _said(text: str) -> str:
    for pattern in _LIBRARY:
        found = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(pattern)), text)
        if found:
            return gettext.gettext(pattern).format(**{name: _said(value) for name, value in found.groupdict().items()})
    return text


_Help: Any = typer.Context.formatter_class


class _Formatter(_Help):  # type: ignore[misc]  # the library keeps its name to itself
    """Help whose lines are as long as they look: a Chinese character counts for two, and a line may end after it."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or gettext.gettext("Usage: "))

    def write_heading(self, heading: str) -> None:
        self.write(f"{heading}：\n")

    def write_text(self, text: str) -> None:
        for line in _wrapped(text, self.width - self.current_indent):
            self.write(f"{'':>{self.current_indent if line else 0}}{line}\n")

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        from rich.cells import cell_len  # only for help: it takes a while to load

        rows = [(KIND.sub(lambda kind: gettext.gettext(kind[0]), name), help_) for name, help_ in rows]
        first = min(max((cell_len(name) for name, _ in rows), default=0), col_max) + col_spacing
        for name, help_ in rows:
            lines = _wrapped(gettext.gettext(help_) if help_ else "", max(self.width - first - self.current_indent, 10))
            head = f"{'':>{self.current_indent}}{name}"
            if lines and cell_len(name) + col_spacing <= first:
                head += " " * (first - cell_len(name)) + lines.pop(0)
            self.write(head.rstrip() + "\n")
            for line in lines:
                self.write(f"{'':>{first + self.current_indent}}{line}\n")


class _Context(typer.Context):
    formatter_class = _Formatter


def _wrapped(text: str, width: int) -> list[str]:
    from rich.cells import cell_len  # only for help: it takes a while to load

    lines = []
    for paragraph in text.split("\n"):
        line, used = "", 0
        for piece in PIECE.findall(paragraph):
            cells = cell_len(piece)
            if line and used + cells > width:
                lines.append(line.rstrip())
                line, used = "", 0
            if line or piece != " ":
                line, used = line + piece, used + cells
        lines.append(line.rstrip())
    return lines
