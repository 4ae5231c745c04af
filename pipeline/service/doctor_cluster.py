"""The check of a cluster: whether its scheduler answers, who works for it, and with which version."""

from __future__ import annotations

from collections.abc import Iterator
from gettext import gettext as say

from pipeline import __version__
from pipeline.model import Site
from pipeline.service.finding import Finding


def examine(site: Site) -> Iterator[Finding]:
    """Look at the cluster of a site; nothing where it has none."""
    plan = site.cluster
    if not plan.scheduler:
        return
    try:
        from pipeline.executors.cluster import versions  # only a site with a cluster needs its library
    except ImportError:
        yield Finding("problem", say("cluster"), say("its library is missing: install queke[cluster]"))
        return
    try:
        found = versions(plan)
    except (OSError, ValueError) as error:
        what = say("{scheduler} cannot be reached ({error}): look at host, port, certificates; all is done here")
        yield Finding("problem", say("cluster"), what.format(scheduler=plan.scheduler, error=type(error).__name__))
        return
    others = sorted({version for version, _ in found if version != __version__})
    if others:
        what = say("workers have queke {others}, here is {ours}: install the same; they get nothing to do")
        yield Finding("problem", say("cluster"), what.format(others=", ".join(others), ours=__version__))
    elif found:
        what = say("{workers} workers, {tasks} tasks at once")
        yield Finding("ok", say("cluster"), what.format(workers=len(found), tasks=sum(tasks for _, tasks in found)))
    else:
        yield Finding("problem", say("cluster"), say("no worker is there: start one; all is done here"))
