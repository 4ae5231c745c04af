"""rules: how good they are, and what others would have warned of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from gettext import gettext as say
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.terminal import (
    AsJson,
    Day,
    Within,
    check_place,
    day_of,
    echo,
    echo_json,
    echo_list,
    echo_table,
    opened,
    progress,
)
from pipeline.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from pipeline.facts.rehearsed import Pair, Rehearsal
    from pipeline.figures.rule_scores import RuleScore
    from pipeline.rules import Rules

rules = typer.Typer(
    help="Warning rules: what they were worth, and what others would have been.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

First = Annotated[str, typer.Option("--from", help="The first day, as 2026-09-01.")]
Last = Annotated[str, typer.Option("--to", help="The last day; today if left out.")]


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.add_typer(rules, name="rules")


@rules.command()
def check(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="A rules.toml of a site, or one with all rules.")]
) -> None:
    """Say whether a rules.toml is right, with the line of each problem, and what it switches. Changes nothing."""
    from pipeline import rules as law
    from pipeline.alerts import site_rules
    from pipeline.rules import switches

    opened(context)
    text = _text(file)
    if switches.of_site(text):
        lines = site_rules.check(text)
        echo_table(
            (say("rule"), say("place"), say("on"), say("from"), say("by"), say("why")),
            [(one.rule, one.switch.place, _on(one.switch.on), one.switch.since, one.by, one.why) for one in lines],
        )
        echo(say("{name}: right, {lines} switches").format(name=file.name, lines=len(lines)))
    else:
        echo(say("{name}: right, {rules} rules").format(name=file.name, rules=len(law.parse(text).rules)))


@rules.command("list")
def list_rules(context: typer.Context, unit: Within = "", day: Day = "", *, as_json: AsJson = False) -> None:
    """List the rules, and which are on at a place on a day; docs/rules.md has their conditions and sources."""
    from pipeline import config
    from pipeline.alerts import site_rules
    from pipeline.cli import english
    from pipeline.registry import lookup

    opened(context)
    when = day_of(day, config.clock()())
    check_place(unit)
    chain = lookup.tree().chain(unit) if unit else ()
    known = site_rules.in_force()
    rows = [
        (one.id, _on(one.active(chain, when)), one.stage.value if as_json else english.words(one.stage.label),
         " ".join(english.words(group) if group in one.grades and not as_json else group
                  for group in sorted({*one.groups, *one.grades})),
         one.threshold if as_json else english.words(one.threshold),
         one.confidence if as_json else _found(one.confidence))
        for one in known.rules
    ]  # fmt: skip
    echo_list(
        (say("rule"), say("on"), say("stage"), say("groups"), say("threshold"), say("confidence")),
        rows,
        as_json=as_json,
    )
    if problems := site_rules.state().problems:
        raise ConfigError(list(problems))


def _found(confidence: str) -> str:
    names = {
        "found": say("found"),
        "found (study)": say("found (study)"),
        "found (local)": say("found (local)"),
        "found (local practice)": say("found (local practice)"),
        "found (secondary copy)": say("found (secondary copy)"),
        "found (school copy)": say("found (school copy)"),
        "found (weak)": say("found (weak)"),
        "from memory": say("from memory"),
        "from memory (10/term corroborated)": say("from memory (10 in a term found)"),
    }
    return names.get(confidence, confidence)


def _on(on: bool) -> str:
    return say("on") if on else say("off")


@rules.command()
def rehearse(
    context: typer.Context,
    first: First,
    last: Last = "",
    file: Annotated[
        Path | None, typer.Option("--rules", help="The rules to try, a rules.toml; those in force if left out.")
    ] = None,
    unit: Within = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Try rules on the days that are kept: what they would have warned of, beside what was issued. Changes nothing.

    Each day is gone through with what was known on it; a record that came late counts from the day it came.
    """
    from pipeline.facts import rehearsed

    opened(context)
    days = _days(first, last)
    law = _law(file)
    check_place(unit)
    with progress(say("rehearsing"), rehearsed.number_of_schools(unit)) as advance:
        found = rehearsed.rehearsal(law, *days, unit, advance)
    if as_json:
        for pair in found.pairs:
            echo_json(_json(pair))
    else:
        _show(found)


@rules.command()
def score(context: typer.Context, first: First, last: Last = "", unit: Within = "", *, as_json: AsJson = False) -> None:
    """Show what each rule's warnings turned out to be, and how early they came; docs/rule-scores.md says each figure.

    Of the alerts opened from --from to --to: by their county's word until now.
    """
    from pipeline import rules as law
    from pipeline.cli import english
    from pipeline.facts import rule_scores as facts
    from pipeline.figures import rule_scores as figures
    from pipeline.registry import lookup

    opened(context)
    days = _days(first, last)
    check_place(unit)
    counties = lookup.tree(()).below(unit) if unit else ()
    alerts = facts.alerts(*days, counties, "" if counties else unit)
    known = law.load().rules
    found = figures.scores(alerts, {rule.id: rule.stage.rank for rule in known})
    stages = {rule.id: rule.stage.label if as_json else english.words(rule.stage.label) for rule in known}
    rows = [_scored(one, stages.get(one.rule, "")) for one in [*found, figures.total(alerts)]]
    if as_json:
        for row in rows:
            echo_json(row)
    else:
        echo_table(_header(rows[0]), [[_plain(value) for value in row.values()] for row in rows])


def _scored(one: RuleScore, stage: str) -> dict[str, object]:
    return {
        "rule": one.rule or say("all"),
        "stage": stage,
        "warned": one.warned,
        "opened": one.opened,
        **one.excluded,
        "confirmed": one.confirmed,
        "void": one.void,
        "pending": one.pending,
        "ppv": None if one.ppv is None else round(one.ppv, 4),
        "delay": one.delay,
        "lead": one.lead,
        "leads": one.leads,
    }


def _header(row: Mapping[str, object]) -> list[str]:
    """What its columns are called; a reason of exclusion by its code."""
    names = {
        "rule": say("rule"),
        "stage": say("stage"),
        "warned": say("warned"),
        "opened": say("opened"),
        "confirmed": say("confirmed"),
        "void": say("void"),
        "pending": say("pending"),
        "ppv": say("ppv"),
        "delay": say("delay"),
        "lead": say("lead"),
        "leads": say("leads"),
    }
    return [names.get(column, column) for column in row]


def _plain(value: object) -> object:
    return "—" if value is None else f"{value:.4g}" if isinstance(value, float) else value


def _days(first: str, last: str) -> tuple[date, date]:
    from pipeline import config

    now = config.clock()()
    begin, end = day_of(first, now, "--from"), day_of(last, now, "--to")
    if begin > end:
        raise UsageError(say("--from {begin}: it comes after --to {end}").format(begin=begin, end=end))
    return begin, end


def _law(file: Path | None) -> Rules:
    """The rules in force; or those of a file, which has all rules, or the switches of a site."""
    from pipeline import rules as law
    from pipeline.alerts import site_rules
    from pipeline.rules import switches

    if file is None:
        return site_rules.in_force()
    text = _text(file)
    if switches.of_site(text):
        return switches.apply(site_rules.check(text), law.load())
    return law.parse(text)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError([say("{file}: not text in UTF-8").format(file=file)]) from error


def _show(found: Rehearsal) -> None:
    from pipeline.registry import lookup

    names = lookup.division_names()
    header = (
        say("day"),
        say("county"),
        say("name"),
        say("rehearsed"),
        say("issued"),
        say("both"),
        say("new"),
        say("gone"),
    )
    rows = [
        (one.day, one.division, names.get(one.division, ""), one.tried, one.issued, one.both, one.new, one.gone)
        for one in found.days()
    ]
    echo_table(header, rows)
    _show_each(say("new: not issued"), found.new)
    _show_each(say("gone: issued, and not by these rules"), found.gone)
    _show_each(say("on another day"), [pair for pair in found.both if pair.days_later])
    earlier = [pair for pair in found.both if (pair.days_later or 0) < 0]
    later = [pair for pair in found.both if (pair.days_later or 0) > 0]
    both = len(found.both)
    echo()
    echo(say("rehearsed {tried}, issued {issued}").format(tried=both + len(found.new), issued=both + len(found.gone)))
    echo(
        say("in both {both}: {earlier} earlier, {later} later, {same} the same day").format(
            both=both, earlier=len(earlier), later=len(later), same=both - len(earlier) - len(later)
        )
    )
    for what, pairs in ((say("those in both"), found.both), (say("those gone"), found.gone)):
        confirmed, ruled = found.ruled(pairs)
        if pairs:
            share = f", {confirmed / ruled:.0%}" if ruled else ""
            echo(
                say("of {what}, decided by their county {ruled}, of which confirmed {confirmed}{share}").format(
                    what=what, ruled=ruled, confirmed=confirmed, share=share
                )
            )


def _show_each(title: str, pairs: Sequence[Pair]) -> None:
    from pipeline import rules as law
    from pipeline.cli import english
    from pipeline.registry import lookup

    if not pairs:
        return
    echo()
    echo(f"{title}:")
    names = lookup.names(pair.subject.school for pair in pairs)
    header = (
        say("unit"),
        say("name"),
        say("group"),
        say("rule"),
        say("cases"),
        say("rehearsed"),
        say("issued"),
        say("days"),
        say("alert"),
        say("then"),
    )
    rows = []
    for pair in pairs:
        line = _json(pair)
        group = english.words(law.load().name_of(*sorted(pair.subject.groups)))
        days = f"{pair.days_later:+d}" if pair.days_later else pair.days_later
        rest = (line[name] for name in ("rule", "cases", "rehearsed", "issued"))
        last = (line["alert"], line["then"])
        rows.append((pair.subject.school, names.get(pair.subject.school), group, *rest, days, *last))
    echo_table(header, rows)


def _json(pair: Pair) -> dict[str, object]:
    from pipeline.schooldays import today

    trial, issued, fate, subject = pair.trial, pair.issued, pair.fate, pair.subject
    return {
        "unit": subject.school,
        "campus": subject.campus,
        "division": subject.division,
        "groups": " ".join(sorted(subject.groups)),
        "rule": trial.rule if trial else None,
        "cases": len(subject.sick),
        "rehearsed": today(trial.opened_at) if trial else None,
        "issued": today(issued.opened_at) if issued else None,
        "days": pair.days_later,
        "alert": issued.id if issued else None,
        "then": f"{fate.verdict} {fate.reason}".strip() if fate else None,
    }
