"""What `ingest`, `check` and `units import` share: who reads, and saying what became of files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from gettext import gettext as say
from typing import TYPE_CHECKING

from pipeline.cli.terminal import echo, echo_json
from pipeline.model import Arrival, Settled, Severity, State

if TYPE_CHECKING:
    from pipeline.executors import Readers
    from pipeline.executors.cluster import Cluster
    from pipeline.model import Site

FEW = 40  # files: below, starting more than one reader takes longer than reading

Outcome = tuple[Arrival, Settled]

_FINE = frozenset({State.ACCEPTED, State.DUPLICATE})


def needs_somebody(outcomes: Iterable[Outcome]) -> bool:
    """Say whether any of these leaves work for a person."""
    return any(settled.state not in _FINE for _, settled in outcomes)


def readers_for(site: Site, files: int) -> Readers:
    """Return readers on this machine that suit so many files."""
    from pipeline.executors import Pool

    return Pool(1, at_once=False) if files <= FEW else Pool(workers(site))


@contextmanager
def at_work(site: Site, files: int | None = None) -> Iterator[tuple[Readers, Cluster | None]]:
    """Yield readers for so many files, or for a service; and the cluster they belong to, where the site has one.

    For a few files none is asked: they are read before it would be.
    """
    if not site.cluster.scheduler or (files is not None and files <= FEW):
        from pipeline.executors import Pool

        with Pool(workers(site)) if files is None else readers_for(site, files) as readers:
            yield readers, None
        return
    from pipeline.executors.cluster import Cluster
    from pipeline.executors.cluster_readers import ClusterReaders

    with Cluster(site.cluster) as cluster, ClusterReaders(cluster, workers(site)) as readers:
        yield readers, cluster


def workers(site: Site) -> int:
    """Return how many reader processes the site wants: as said, or one a core."""
    return site.policy.workers or len(os.sched_getaffinity(0))


def name(state: State) -> str:
    """Return what a state is called."""
    names = {
        State.RECEIVED: say("received"),
        State.ACCEPTED: say("accepted"),
        State.PARTIAL: say("partial"),
        State.REJECTED: say("rejected"),
        State.DUPLICATE: say("duplicate"),
        State.HELD: say("held"),
        State.QUARANTINED: say("quarantined"),
        State.FAILED: say("failed"),
    }
    return names[state]


def form(code: str) -> str:
    """Return what a form is called: by its code in English, by its title in Chinese."""
    from pipeline.cli.language import is_chinese
    from pipeline.forms import BY_NAME

    return BY_NAME[code].title if is_chinese() and code in BY_NAME else code


def _became(state: State) -> str:
    then = {
        State.PARTIAL: say("PARTIAL: some rows go back"),
        State.REJECTED: say("REJECTED: it goes back"),
        State.DUPLICATE: say("duplicate: nothing changed"),
        State.HELD: say("HELD: somebody must decide"),
        State.QUARANTINED: say("QUARANTINED: not opened"),
        State.FAILED: say("FAILED: our fault, see the log"),
    }
    return then.get(state) or name(state)


def show(arrival: Arrival, settled: Settled, receipt: str = "") -> None:
    """Say in lines what became of one workbook."""
    from pipeline.cli import english
    from pipeline.figures.group_issues import issues_together, repairs_together

    about = " ".join(str(part) for part in (form(settled.form), settled.unit, settled.day or "") if part)
    counts = say("{accepted} taken, {refused} back").format(accepted=settled.accepted, refused=settled.refused)
    echo(
        "  ".join(
            part for part in (arrival.name, _became(settled.state), about, counts if settled.form else "") if part
        )
    )
    for where, issue in issues_together(settled.issues):
        echo(f"    {english.issue(where, issue)}")
    for where, repair in repairs_together(settled.repairs):
        echo(f"    {english.pair(english.marks(where), f'{repair.was} → {english.words(repair.now)}')}")
    if receipt:
        echo(f"    → {receipt}")


def show_json(arrival: Arrival, settled: Settled, receipt: str = "") -> None:
    """Say the same as one line of JSON; no cell contents are in it."""
    from pipeline import issues

    found = [
        {"code": one.code, "severity": issues.severity(one).value, "sheet": one.sheet, "cell": one.cell}
        for one in settled.issues
    ]
    echo_json(
        {
            "file": arrival.name,
            "sha256": arrival.sha256,
            "seq": settled.seq,
            "form": settled.form,
            "unit": settled.unit,
            "day": settled.day,
            "outcome": settled.state.value,
            "accepted": settled.accepted,
            "rejected": settled.refused,
            "issues": found,
            "errors": sum(one["severity"] == Severity.ERROR for one in found),
            "receipt": receipt,
        }
    )
