"""ingest, watch, status: taking workbooks in, once or for ever, and what came of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from gettext import gettext as say
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.language import is_chinese
from pipeline.cli.terminal import AsJson, echo, echo_json, echo_table, opened, progress, show_error
from pipeline.errors import ConfigError, TemporaryError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.cli.taking import Outcome
    from pipeline.facts.status import SiteStatus
    from pipeline.fault_log import StandingFault
    from pipeline.model import Arrival, Settled, Site
    from pipeline.run import Cycle

MOST_FAULTS = 20  # shown to people
MOST_SECONDS = 300.0  # between two looks of a service: it looks every half minute, and after each batch


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.command()(ingest)
    app.command()(watch)
    app.command()(status)


def ingest(
    context: typer.Context,
    paths: Annotated[list[Path] | None, typer.Argument(help="Workbooks or folders; the inbox if left out.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Take in what lies in the inbox, or the files named, answer it, and end.

    Files named on the command line are copied; the inbox is emptied.
    """
    from pipeline.run import is_held

    site = opened(context)
    named = list(paths or [])
    missing = [str(path) for path in named if not path.exists()]
    if missing:
        raise UsageError(say("no such file: {names}").format(names=", ".join(missing)))
    if is_held(site):
        if named:
            raise UsageError(
                say("`queke watch` works on this site: put the files into {inbox} instead").format(inbox=site.inbox)
            )
        show_error(say("`queke watch` works on this site and takes the inbox in by itself"))
        return
    outcomes, done = drained(site, named)
    show_outcomes(outcomes, done, as_json=as_json)


def show_outcomes(outcomes: list[Outcome], done: Cycle, *, as_json: bool = False) -> None:
    """Say what became of files; exit 1 when something waits for a person."""
    from pipeline.cli import english, taking
    from pipeline.facts import status as facts_status

    receipts = facts_status.receipts([settled.seq for _, settled in outcomes])
    for arrival, settled in outcomes:
        show = taking.show_json if as_json else taking.show
        show(arrival, settled, receipts.get(settled.seq, ""))
    for stuck in done.stuck:
        show_error(say("{path}: {why}").format(path=stuck.path, why=english.words(stuck.why)))
    if not as_json:
        echo(_summed(done))
    if taking.needs_somebody(outcomes) or done.stuck:
        raise typer.Exit(1)


def drained(site: Site, paths: list[Path]) -> tuple[list[Outcome], Cycle]:
    """Take in what lies in the inbox, or these files; return each with its outcome."""
    from pipeline import config, run
    from pipeline.cli import taking

    outcomes: list[Outcome] = []
    files = sum(1 for path in (paths or [site.inbox]) for _ in (path.rglob("*") if path.is_dir() else [path]))
    with progress(say("taking in"), files) as advance, taking.at_work(site, files) as (readers, cluster):

        def observe(arrival: Arrival, settled: Settled) -> None:
            outcomes.append((arrival, settled))
            advance(1)

        elsewhere = cluster.hands if cluster else None
        done = run.drain(site, readers, config.clock(), paths=paths, observe=observe, elsewhere=elsewhere)
    return outcomes, done


def _summed(done: Cycle) -> str:
    from pipeline.cli import taking

    comma, colon, semicolon = ("，", "：", "；") if is_chinese() else (", ", ": ", "; ")
    states = comma.join(f"{count} {taking.name(state)}" for state, count in done.settled.items() if count)
    parts = [say("{count} received").format(count=done.received) + (f"{colon}{states}" if states else "")]
    parts.append(say("{count} letters").format(count=done.letters))
    if done.waiting:
        parts.append(say("{count} still empty or being written: not taken yet").format(count=done.waiting))
    return semicolon.join(parts)


def watch(
    context: typer.Context,
    *,
    poll: Annotated[bool, typer.Option("--poll", help="Look by the clock: for a share that sends no events.")] = False,
) -> None:
    """Serve the site: take in what comes, answer it, warn, make the papers of the day; ends on SIGTERM."""
    from pipeline import config
    from pipeline.cli import taking
    from pipeline.service import watch as service

    site = opened(context, log="info")
    with taking.at_work(site) as (readers, cluster):
        service.serve(site, readers, config.clock(), poll=poll, cluster=cluster)


def status(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Say what came, what waits and since when; exit 1 when something waits for a person."""
    from pipeline import config, fault_log
    from pipeline.facts import status as facts_status
    from pipeline.inbox.folder import oldest, survey
    from pipeline.run import is_held, last_cycle
    from pipeline.schooldays import local_time
    from pipeline.service import timetable

    site = _opened_or_shown(context, as_json=as_json)
    faults = fault_log.standing(site)
    found = facts_status.standing(config.clock()(), site.policy.deadline, site.mail)
    stuck = [asdict(one) for one in survey(site)]
    serving, last, lies = is_held(site), last_cycle(site), oldest(site)
    hangs = serving and last is not None and (datetime.now(UTC) - last).total_seconds() > MOST_SECONDS
    waiting = [asdict(one) for one in found.waiting]
    owed = timetable.papers_owed(config.clock()(), site.policy)
    if as_json:
        echo_json(
            {
                "serving": serving,
                "last_cycle": last,
                "hangs": hangs,
                "oldest_in_inbox": lies,
                "submissions": found.states,
                "waiting": waiting,
                "stuck": stuck,
                "faults": [asdict(one) for one in faults],
                "papers_owed": [asdict(one) for one in owed],
                "reviewed": found.reviewed,
                "unknown_years": found.unknown_years,
            }
        )
    else:
        echo(say("queke watch is running") if serving else say("queke watch is NOT running"))
        if hangs and last:
            echo(
                say("WARNING  it has finished no look at the inbox since {last}: see the log, start it anew").format(
                    last=local_time(last)
                )
            )
        if lies:
            echo(say("the oldest file in the inbox lies there since {lies}").format(lies=local_time(lies)))
        _show_waiting(found, stuck)
        _show_faults(faults)
        if found.reviewed[1]:
            reported, done = found.reviewed
            echo(
                say("reports of today approved by mail: {done} of {reported} schools").format(
                    done=done, reported=reported
                )
            )
        for one in owed:
            echo(say("WARNING  papers that are due are not made: {day} {what}").format(day=one.day, what=one.name))
        for line in found.unknown_years:
            echo(say("WARNING  {line}").format(line=line))
    if found.waiting or stuck or faults or hangs or owed:
        raise typer.Exit(1)


def _show_waiting(found: SiteStatus, stuck: Sequence[Mapping[str, object]]) -> None:
    from pipeline.cli import english, taking
    from pipeline.facts.status import DAYS
    from pipeline.model import State

    echo_table(
        (say("submissions of {days} days, and what waits").format(days=DAYS), ""),
        [(taking.name(State(state)), count) for state, count in found.states.items() if count],
    )
    echo()
    if found.waiting:
        echo_table(
            (say("waits for"), "", say("since"), say("see")),
            [(w.what, w.count, _since(w.since), w.see) for w in found.waiting],
        )
    else:
        echo(say("nothing waits for anybody"))
    if stuck:
        echo()
        echo_table(
            (say("lies in the inbox and cannot be taken"), say("why")),
            [(one["path"], english.words(str(one["why"]))) for one in stuck],
        )


def _since(when: datetime | date | None) -> str:
    from pipeline.schooldays import local_time

    return local_time(when) if isinstance(when, datetime) else str(when or "")


def _opened_or_shown(context: typer.Context, *, as_json: bool) -> Site:
    """Open the site; where its store cannot be opened, show first what failed while it was gone."""
    from pipeline import config, fault_log

    try:
        return opened(context)
    except (ConfigError, TemporaryError):
        faults = fault_log.beside(config.load(context.obj.folder))
        if as_json:
            echo_json({"faults": [asdict(one) for one in faults]})
        else:
            _show_faults(faults)
        raise


def _show_faults(faults: Sequence[StandingFault]) -> None:
    """Show what failed and has not succeeded since, the latest of many."""
    from pipeline.schooldays import local_time

    if not faults:
        return
    shown = sorted(faults, key=lambda one: one.last_at)[-MOST_FAULTS:]
    rows = [(one.name, local_time(one.since), one) for one in shown]
    echo()
    echo_table((say("has failed, and has not succeeded since"), say("since"), say("where")), rows)
    if len(shown) < len(faults):
        echo(say("and {count} before these: `queke status --json` has all").format(count=len(faults) - len(shown)))
