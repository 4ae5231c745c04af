"""rejects, held: the desk's work, for somebody who lives in a shell."""

from __future__ import annotations

from gettext import gettext as say
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import completion
from pipeline.cli.terminal import AsJson, Day, Reason, Who, day_of, decided_by, echo, echo_json, echo_list, opened
from pipeline.errors import UsageError

rejects = typer.Typer(help="Rows that went back.", no_args_is_help=True, rich_markup_mode=None)
held = typer.Typer(help="Submissions that wait for somebody's word.", no_args_is_help=True, rich_markup_mode=None)

Ticket = Annotated[
    str,
    typer.Argument(
        metavar="TICKET", help="Its ticket, as `queke rejects list` shows it.", autocompletion=completion.tickets
    ),
]
Seq = Annotated[
    int,
    typer.Argument(
        metavar="SEQ", help="Number of the submission, as `queke held list` shows it.", autocompletion=completion.held
    ),
]
School = Annotated[
    str,
    typer.Option(
        "--unit",
        help="Only of this school.",
        autocompletion=completion.units,
    ),
]
State = Annotated[str, typer.Option(help="open, mended, superseded, waived, void; all if empty.")]


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.add_typer(rejects, name="rejects")
    app.add_typer(held, name="held")


def _state(state: str) -> str:
    from pipeline.model import TicketState

    names = {
        TicketState.OPEN: say("open"),
        TicketState.MENDED: say("mended"),
        TicketState.SUPERSEDED: say("superseded"),
        TicketState.WAIVED: say("waived"),
        TicketState.VOID: say("marked void"),
    }
    return names[TicketState(state)]


@rejects.command("list")
def list_rejects(
    context: typer.Context, unit: School = "", day: Day = "", state: State = "open", *, as_json: AsJson = False
) -> None:
    """List rows that went back: where they were and why, not what was typed. Exit 1 when there are any."""
    from pipeline import config
    from pipeline.cli import taking
    from pipeline.settling import held_files

    opened(context)
    found = held_files.rejects(school=unit, day=day_of(day, config.clock()()) if day else None, state=state)
    rows = [
        (
            row.returned.ticket,
            row.returned.state if as_json else _state(row.returned.state),
            row.school,
            row.day,
            row.form if as_json else taking.form(row.form),
            row.returned.row,
            " ".join(dict.fromkeys(issue.code for issue in row.returned.issues)),
        )
        for row in found
    ]
    header = (say("ticket"), say("state"), say("unit"), say("day"), say("form"), say("row"), say("issues"))
    echo_list(header, rows, as_json=as_json)
    if found:
        raise typer.Exit(1)


@rejects.command("show")
def show_reject(context: typer.Context, ticket: Ticket) -> None:
    """Show one row that went back, as it was typed, with what is wrong and how to mend it."""
    from pipeline import forms, issues
    from pipeline.cli import english
    from pipeline.forms import whole
    from pipeline.settling import held_files

    opened(context)
    row = held_files.reject(ticket)
    if row is None:
        raise UsageError(say("{ticket}: no such ticket; see `queke rejects list`").format(ticket=ticket))
    back = row.returned
    where = (
        say("the whole file")
        if back.table == whole.FILE
        else say("{table} row {row}").format(table=back.table, row=back.row)
    )
    echo(f"{ticket}  {_state(back.state)}  {row.school} {row.school_name}  {row.day or ''}  #{row.submission} {where}")
    for head, text in whole.as_typed(forms.form(row.form), back.table, back.raw):
        echo(f"    {english.pair(english.marks(head), text)}")
    for issue in back.issues:
        echo(f"    {english.issue(issues.place(issue), issue)}")


@rejects.command()
def export(
    context: typer.Context,
    unit: Annotated[
        str,
        typer.Option(
            "--unit",
            help="Code of the school.",
            autocompletion=completion.units,
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The workbook to write.")],
    day: Day = "",
) -> None:
    """Write a school's open rows of a day as a return workbook, to be mended and dropped into the inbox."""
    from pipeline import config
    from pipeline.issuing import school

    site = opened(context)
    content = school.open_rows(site, unit, day_of(day, config.clock()()))
    if content is None:
        raise UsageError(say("{unit}: nothing open on that day; see `queke rejects list`").format(unit=unit))
    out.write_bytes(content)
    echo(str(out))


@rejects.command()
def apply(
    context: typer.Context,
    workbook: Annotated[Path, typer.Argument(help="A mended return workbook.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Take a mended return workbook in; the same as `queke ingest` of that file."""
    from pipeline.cli.intake import ingest

    ingest(context, [workbook], as_json=as_json)


@rejects.command()
def waive(context: typer.Context, ticket: Ticket, why: Reason, who: Who = "") -> None:
    """Close a ticket without its row: nobody will mend it. The decision is kept with its reason."""
    from pipeline import config, run
    from pipeline.settling import decisions

    site = opened(context)
    done = decisions.waive([ticket], decided_by(who, why))
    run.follow(site, config.clock())
    echo(
        say("{ticket}: waived").format(ticket=ticket)
        if done
        else say("{ticket}: closed before, left as it is").format(ticket=ticket)
    )


@held.command("list")
def list_held(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List what is held, with the question that was asked. Exit 1 when there is any."""
    from pipeline.cli import english, taking
    from pipeline.settling import held_files

    opened(context)
    found = held_files.held()
    for one in found:
        if as_json:
            codes = [issue.code for issue in one.issues]
            echo_json({"seq": one.seq, "unit": one.unit, "day": one.day, "form": one.form, "issues": codes})
            continue
        echo(f"{one.seq}  {one.unit} {one.unit_name}  {one.day or ''}  {taking.form(one.form)}  {one.name}")
        if one.later:
            echo(
                say(
                    "    its school has reported again since (number {later}): no release; send it back, `held dismiss`"
                ).format(later=one.later)
            )
        for issue in one.issues:
            echo(f"    {english.issue('', issue)}")
    if found:
        raise typer.Exit(1)


@held.command()
def release(context: typer.Context, seq: Seq, why: Reason, who: Who = "") -> None:
    """Take a held submission after all, as if it had come now. The decision is kept with its reason."""
    from pipeline import config, run
    from pipeline.cli import taking

    site = opened(context)
    arrival, settled = run.release(site, seq, who, why, config.clock())
    taking.show(arrival, settled)
    if taking.needs_somebody([(arrival, settled)]):
        raise typer.Exit(1)


@held.command()
def dismiss(context: typer.Context, seq: Seq, why: Reason, who: Who = "") -> None:
    """Send a held submission back for good; its sender gets the reason."""
    from pipeline import config, run
    from pipeline.settling import decisions

    site = opened(context)
    decisions.dismiss(seq, decided_by(who, why))
    run.follow(site, config.clock())
    echo(say("{seq}: dismissed").format(seq=seq))
