"""What a command shows: results on stdout, log and errors on stderr, progress only when a terminal looks."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from gettext import gettext as say
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli import completion
from pipeline.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from structlog.typing import Processor

    from pipeline.model import DecidedBy, Site

Advance = Callable[[int], None]
PROVINCE = "320000"
"""Who reads what is shown, unless an option names somebody."""

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value a line, for a program to read.")]
UnitCode = Annotated[
    str, typer.Option("--unit", help="Code of the school or division.", autocompletion=completion.units)
]
Below = Annotated[
    str, typer.Option("--unit", help="Only of this division and those below it.", autocompletion=completion.units)
]
Within = Annotated[
    str,
    typer.Option("--unit", help="Only of this school, or of this division and below.", autocompletion=completion.units),
]
_WHY = "The reason, kept with the decision, and told where a letter goes out."
Why = Annotated[str, typer.Option(help=_WHY)]
Day = Annotated[str, typer.Option("--day", help="Reporting date as 2026-11-20; today if left out.")]


def _not_blank(why: str) -> str:
    if not why.strip():
        raise typer.BadParameter(say("say why: it is kept with the decision, and whom it concerns reads it"))
    return why


def _somebody(context: typer.Context, who: str) -> str:
    """Whoever decides, asked for where a terminal can answer: a decision is nobody's by default."""
    if context.resilient_parsing:  # a shell completes
        return who
    while not who.strip():
        if not sys.stdin.isatty():
            raise typer.BadParameter(say("say who decides, by name: it is kept with the decision"))
        who = typer.prompt(say("Who decides"), err=True)
    return who.strip()


Who = Annotated[
    str,
    typer.Option(
        "--who",
        envvar="QUEKE_WHO",
        help="Who decides, by name; asked on a terminal, if left out.",
        show_default=False,
        callback=_somebody,
    ),
]
Reason = Annotated[str, typer.Option("--why", help=_WHY, callback=_not_blank)]
"""Where a decision must say why."""


@dataclass(frozen=True, slots=True)
class Shell:
    """What the global options said; what they left out, QUEKE_LOG may say: json, debug, or both."""

    folder: Path
    log_json: bool = False
    log_debug: bool = False

    def log(self, level: str = "warning") -> None:
        """Send the log to stderr from now on, from `level` up. Raises UsageError for a QUEKE_LOG nobody knows."""
        words = set(os.environ.get("QUEKE_LOG", "").replace(",", " ").split())
        if words - {"json", "debug"}:
            raise UsageError(say("QUEKE_LOG: write json, debug, or both"))
        debug = self.log_debug or "debug" in words
        log_to_stderr("debug" if debug else level, as_json=self.log_json or "json" in words)


def opened(context: typer.Context, *, log: str = "warning") -> Site:
    """Return the site that the command is for, its store open, of this version, and of its archive.

    Raises ConfigError.
    """
    from pipeline import config, database
    from pipeline.database.sqlite import waiting
    from pipeline.forms import clinical
    from pipeline.run import agreement

    site = config.load(context.obj.folder)
    clinical.learn(site.words)
    context.obj.log(log)
    waiting.tell(_show_waiting if log == "warning" else _log_waiting)
    database.open(site)
    lacking = database.behind()  # first: it tells of a database that does not answer
    agreement.check(site)
    if lacking:
        raise ConfigError(
            [
                say("the store is behind this version of queke; run `queke init {root}` to bring it up").format(
                    root=site.root
                )
            ]
        )
    return site


def _show_waiting(who: str, seconds: float) -> None:
    by = say("process {who}").format(who=who) if who else say("another process")
    show_error(
        say("{by} keeps the store locked: waiting for it, {seconds:.0f} s at most").format(by=by, seconds=seconds)
    )


def _log_waiting(who: str, seconds: float) -> None:
    import structlog

    structlog.get_logger("queke.watch").warning("store_locked", by=who, seconds=round(seconds))


def decided_by(who: str, why: str) -> DecidedBy:
    """Return who decides, and why, as of now."""
    from pipeline import config
    from pipeline.model import DecidedBy

    return DecidedBy(who, why, config.clock()())


def day_of(text: str, now: datetime, option: str = "--day") -> date:
    """Return the day an option names, today's when it is empty. Raises UsageError."""
    if not text:
        return now.date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            say("{option} {text}: no such date; write it as {now:%Y-%m-%d}").format(option=option, text=text, now=now)
        ) from None


def check_division(code: str, option: str = "--unit") -> None:
    """Raise UsageError unless an option names a division, or none: a slip of the finger must not say "nothing"."""
    from pipeline.registry import lookup

    if code and code not in lookup.tree(()).places:
        raise UsageError(
            say("{option} {code}: no such division; take a code such as 320106, 320100 or 320000").format(
                option=option, code=code
            )
        )


def check_place(code: str) -> None:
    """Likewise, where it may name a school or division."""
    from pipeline.registry import lookup

    tree = lookup.tree([code])
    if code and code not in tree.places and code not in tree.units:
        raise UsageError(say("--unit {code}: no such school or division").format(code=code))


def printable(text: str) -> str:
    """Text that a terminal shows and never obeys: signs that would move, colour, break or turn round other text are
    written as JSON writes them (an escape, half of a letter's code or a line break of a file's name too).
    """
    if text.isprintable():
        return text
    return "".join(json.dumps(char)[1:-1] if unicodedata.category(char) in _OBEYED else char for char in text)


_OBEYED = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def echo(*parts: str) -> None:
    """Show one line of the result, its parts apart."""
    sys.stdout.write(printable("  ".join(parts)) + "\n")


def echo_json(value: object) -> None:
    """Show one value as one line of JSON."""
    echo(json.dumps(value, ensure_ascii=False, default=_for_a_program, separators=(",", ":")))


def _for_a_program(value: object) -> str:
    """A moment in one zone and one form, whatever library it comes from; anything else as text."""
    from pipeline.schooldays import ZONE

    return value.astimezone(ZONE).isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)


def show_error(sentence: str, *below: str) -> None:
    """Say what went wrong, where, and how to mend it."""
    sys.stderr.write("".join(f"{printable(line)}\n" for line in (f"queke: {sentence}", *below)))


def echo_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Show rows below their header in columns; a Chinese character counts for two."""
    from rich.cells import cell_len

    cells = [[printable(_cell(value)) for value in row] for row in (header, *rows)]
    widths = [max(cell_len(row[i]) for row in cells) for i in range(len(header))]
    for row in cells:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        echo("  ".join(padded).rstrip())


def _cell(value: object) -> str:
    from pipeline.schooldays import local_time

    return local_time(value) if isinstance(value, datetime) else "" if value is None else str(value)


def echo_list(header: Sequence[str], rows: Sequence[Sequence[object]], *, as_json: bool) -> None:
    """Show rows as a table or, for a program, as one JSON object a row."""
    if not as_json:
        echo_table(header, rows)
        return
    for row in rows:
        echo_json(dict(zip(header, row, strict=True)))


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Advance]:
    """Show a bar on stderr while the block runs, if a terminal looks; give the function that moves it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda n: bar.advance(task, n)


def log_to_stderr(level: str = "warning", *, as_json: bool = False) -> None:
    """Send the log to stderr, a line an event from `level` up; it never holds the contents of a cell."""
    import structlog

    shown = structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else _human()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.processors.add_log_level,
            _tidied,
            shown,
            lambda _logger, _name, line: printable(str(line)),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is then: a test may have put it back
    )


def _human() -> Processor:
    import structlog

    return structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, sort_keys=False)


def _tidied(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """When, how grave and what first; no traceback, whose last line is the text of an error."""
    rest = {name: value for name, value in event.items() if name not in ("exc_info", "stack_info")}
    when = datetime.now().astimezone().isoformat(timespec="milliseconds")
    return {"timestamp": when, "level": rest.pop("level"), "event": rest.pop("event"), **rest}
