"""init, demo, doctor, units import: what makes a site and looks after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from gettext import gettext as say
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import completion
from pipeline.cli.terminal import AsJson, Reason, Who, echo, echo_json, echo_table, opened, progress
from pipeline.cli.undoing import take_back
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.cli.taking import Outcome
    from pipeline.merge.registry_changes import Change
    from pipeline.model import Site

units = typer.Typer(help="The registry of schools.", no_args_is_help=True, rich_markup_mode=None)


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.command()(init)
    app.command()(demo)
    app.command()(doctor)
    app.add_typer(units, name="units")


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new site's folder.")] = Path(),
    database: Annotated[str, typer.Option(help="Address of the store, such as postgresql://user@host/name.")] = "",
    *,
    begin_anew: Annotated[
        bool,
        typer.Option("--begin-anew", help="Store or secret is lost for good: set the rest aside, begin empty."),
    ] = False,
) -> None:
    """Make a site: folders, queke.toml, secret, and a migrated store that knows the divisions.

    What stands is left alone, so that it may be run again, after an upgrade too.
    """
    from pipeline import config

    last, aside = _set_aside(folder) if begin_anew else (0, None)
    for path in config.write(folder, database):
        echo(say("made {path}").format(path=path))
    site = config.load(folder)
    _ready_store(site, last)
    if aside:
        echo(say("the old archive is in {aside}; numbers go on after {last}").format(aside=aside, last=last))
    echo(say("ready: {root}").format(root=site.root))


def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the demo's site is made.")] = Path("demo-site"),
) -> None:
    """Play a believable day of a small province in a site of its own, and show what came of it."""
    from pipeline.demo import play

    context.obj.log()
    table = play.build(folder, progress)
    echo_table(table.header, table.rows)
    for line in table.notes:
        echo(line)


def doctor(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Check this machine and this site; exit 2 when something must be mended."""
    from pipeline import config
    from pipeline.service.doctor import examine

    found = examine(context.obj.folder, config.clock()())
    if as_json:
        for finding in found:
            echo_json({"grade": finding.grade, "what": finding.what, "said": finding.said})
    else:
        marks = {"ok": say("ok"), "warning": say("WARNING"), "problem": say("PROBLEM")}
        echo_table(("", say("what"), say("said")), [(marks[f.grade], f.what, f.said) for f in found])
    if any(f.grade == "problem" for f in found):
        raise typer.Exit(2)
    if any(f.grade == "warning" for f in found):
        raise typer.Exit(1)


@units.command("import")
def import_(
    context: typer.Context,
    workbook: Annotated[Path, typer.Argument(help="A filled school roster.")],
    *,
    preview: Annotated[
        bool, typer.Option("--dry-run", "--preview", help="Show what would change, change nothing.")
    ] = False,
) -> None:
    """Take a school roster into the registry: what changes is printed first."""
    from pipeline import config, run
    from pipeline.cli import english, taking
    from pipeline.cli.intake import drained, show_outcomes
    from pipeline.model import State

    site = opened(context)
    if not workbook.is_file():
        raise UsageError(say("{workbook}: no such file").format(workbook=workbook))
    changes, outcome = run.rehearse_roster(site, workbook, config.clock()())
    if outcome[1].form != "roster":
        raise UsageError(
            say("{name}: this is no roster; make one with `queke template roster`").format(name=workbook.name)
        )
    for line in _changes(changes):
        echo(english.words(line))
    if not preview:
        if run.is_held(site):
            raise UsageError(
                say("`queke watch` works on this site: put the file into {inbox} instead").format(inbox=site.inbox)
            )
        outcomes, done = drained(site, [workbook])
        if outcome[1].state is not State.HELD:  # held here only for want of a proof: who imports it vouches for it
            outcomes = [_vouched(site, one) for one in outcomes]
            done.settled = Counter(settled.state for _, settled in outcomes)
        show_outcomes(outcomes, done)
        return
    taking.show(*outcome)
    if taking.needs_somebody([outcome]):
        raise typer.Exit(1)


def _vouched(site: Site, outcome: Outcome) -> Outcome:
    from pipeline import config, run
    from pipeline.model import State

    _, settled = outcome
    if settled.state is not State.HELD:
        return outcome
    return run.release(site, settled.seq, "queke", "units import", config.clock())


@units.command("undo")
def undo_roster(
    context: typer.Context,
    submission: Annotated[
        int,
        typer.Argument(metavar="SUBMISSION", help="Number of the roster, as its receipt has it, or of `units remove`."),
    ],
    why: Reason,
    who: Who = "",
) -> None:
    """Take one school roster back, as if it had not come; or `units remove`. The decision is kept with its reason."""
    from pipeline.settling import undo

    take_back(context, undo.take_back, submission, who, why)


@units.command("remove")
def remove_campus(
    context: typer.Context,
    school: Annotated[
        str, typer.Argument(metavar="SCHOOL", help="Code of the school.", autocompletion=completion.units)
    ],
    campus: Annotated[str, typer.Argument(metavar="CAMPUS", help="The campus that is none, as the registry has it.")],
    why: Reason,
    who: Who = "",
) -> None:
    """Remove a campus that was only a slip, with its classes; its reports are judged again, by the other campuses."""
    from pipeline import config, run
    from pipeline.settling import undo

    site = opened(context)
    number = run.undo(site, partial(undo.remove_campus, school, campus), who, why, config.clock())
    said = say("{campus} of {school}: removed; `queke units undo {number}` takes that back")
    echo(said.format(campus=campus, school=school, number=number))


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    """A line a change, new classes of a school in one; those of a county's first 名册 are counted by school."""
    from pipeline.merge.registry_changes import in_lines
    from pipeline.model import ChangeKind

    fresh = {change.school: change.name for change in changes if change.kind is ChangeKind.SCHOOL and change.new}
    counted = Counter(change.school for change in changes if change.kind is ChangeKind.CLASS and change.school in fresh)
    listed = [one for one in changes if one.kind is not ChangeKind.CLASS or one.school not in fresh]
    yield from in_lines(listed)
    yield from (
        say("{name} ({school}): {count} new classes").format(name=fresh[school], school=school, count=count)
        for school, count in counted.items()
    )


def _set_aside(folder: Path) -> tuple[int, Path | None]:
    from pipeline import config
    from pipeline.service import anew

    return anew.set_aside(folder, config.clock()())


def _ready_store(site: Site, last: int) -> None:
    """Migrate the store, unless it contradicts the archive; a new one gives out numbers after `last`."""
    from pipeline import config, database
    from pipeline.database import journal
    from pipeline.registry import lookup
    from pipeline.run import agreement

    database.open(site)
    waiting = database.behind()
    agreement.check(site)
    if waiting:
        database.migrate()
    if last:
        journal.begin_after(last, config.clock()())
    lookup.load_divisions()
