"""The command line: `queke [--site DIR] COMMAND`.

Exit 0: done · 1: done, with issues for somebody · 2: our fault, or misuse. Results go to stdout, the log
and what went wrong to stderr. Each command imports what it needs at the top of its body, not of its module, so that
`--help` takes a quarter of a second.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from gettext import gettext as say
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from pipeline.cli import (
    accounts,
    alerts,
    county,
    desk,
    forms,
    inbox,
    intake,
    keeping,
    mail,
    mailboxes,
    matters,
    papers,
    periods,
    registry,
    rules,
    safekeeping,
    serve,
    setup,
    tokens,
    words,
)
from pipeline.cli.language import Language, misuse, spoken, translated
from pipeline.cli.terminal import Shell, show_error
from pipeline.errors import ConfigError, QuekeError

app = typer.Typer(
    name="queke",
    help="School absence surveillance: workbooks in; a true store, warnings and daily papers out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a pretty traceback prints locals: pupils' data
    rich_markup_mode=None,
)


def _version(*, wanted: bool) -> None:
    if wanted:
        from pipeline import __version__

        typer.echo(f"queke {__version__}")
        raise typer.Exit


@app.callback()
def _global(
    context: typer.Context,
    *,
    site: Annotated[Path, typer.Option("--site", envvar="QUEKE_SITE", help="The site's folder.")] = Path(),
    log_json: Annotated[
        bool, typer.Option("--log-json", help="The log as one JSON object a line; so does QUEKE_LOG=json.")
    ] = False,
    log_debug: Annotated[
        bool, typer.Option("--log-debug", help="The log in full, each batch a line; so does QUEKE_LOG=debug.")
    ] = False,
    lang: Annotated[
        Language | None,
        typer.Option("--lang", help="The language of help and answers, zh or en; as LC_ALL or LANG say if left out."),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _version(wanted=value),
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    del version, lang  # which language is spoken is known before the arguments are
    context.obj = Shell(site, log_json=log_json, log_debug=log_debug)


setup.add(app)
forms.add(app)
intake.add(app)
inbox.add(app)
desk.add(app)
county.add(app)
accounts.add(app)
matters.add(app)
alerts.add(app)
papers.add(app)
periods.add(app)
rules.add(app)
registry.add(app)
words.add(app)
mail.add(app)
mailboxes.add(app)
tokens.add(app)
safekeeping.add(app)
keeping.add(app)
serve.add(app)


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line and return its exit code; whatever went wrong is one clear sentence."""
    with spoken(arguments):
        return _run(arguments)


def _run(arguments: Sequence[str]) -> int:
    try:
        done = translated(get_command(app)).main(args=list(arguments), prog_name="queke", standalone_mode=False)
    except TyperException as error:
        sys.stderr.write(misuse(error) + "\n")
    except typer.Abort:
        show_error(say("given up"))
    except ConfigError as error:
        for problem in error.problems:
            show_error(problem)
    except QuekeError as error:
        from pipeline.cli import english  # it knows the messages: not for help

        show_error(english.sentence(error))
    except OSError as error:
        show_error(f"{error.filename or say('the system')}: {error.strerror or error}")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 2 if ended.code else 0
    except Exception as error:  # noqa: BLE001  # ours, so exit 2; its place is shown, not its text: that may hold cells
        _show_fault(error)
    else:
        return done if isinstance(done, int) else 0
    return 2


def _show_fault(error: Exception) -> None:
    from pipeline.database import errors  # only here: it loads Django

    if errors.reason(error):
        show_error(str(errors.unusable(error)))
    elif errors.may_pass(error):
        show_error(say("the store cannot be used now, or is gone: try again"))
    else:
        places = "".join(traceback.format_tb(error.__traceback__)).splitlines()
        show_error(say("our fault: {error}").format(error=type(error).__name__), *places)


def main() -> None:
    """Run the command that the shell typed."""
    sys.exit(run(sys.argv[1:]))
