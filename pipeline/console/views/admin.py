"""For whoever looks after the site: how it stands, what failed, how it is set. What `queke status` says, on a page."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from pipeline import fault_log
from pipeline.console import in_force, open_site
from pipeline.console.views.health import MOST_SECONDS
from pipeline.database import audit, serialise
from pipeline.database.models import Submission
from pipeline.facts import status, submitted
from pipeline.figures.batch_summary import OUTCOMES
from pipeline.inbox import folder
from pipeline.issues import message
from pipeline.model import State
from pipeline.run import is_held, last_cycle
from pipeline.schooldays import local_time
from pipeline.service import timetable

_MB = 1 << 20


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What runs, what waits for somebody, what failed and has not succeeded since."""
    site, now = open_site.site(), open_site.now()
    last, serving = last_cycle(site), is_held(site)
    seq, chain = audit.head()
    found = status.standing(now, site.policy.deadline, site.mail)
    values = {
        "serving": serving,
        "last": last,
        "hangs": serving and last is not None and (datetime.now(UTC) - last).total_seconds() > MOST_SECONDS,
        "lies": folder.oldest(site),
        "free_mb": shutil.disk_usage(site.root).free // _MB,
        "least_mb": site.policy.free_mb,
        "found": found,
        "waiting": [(one, _since(one.since)) for one in found.waiting],
        "stuck": folder.survey(site),
        "faults": fault_log.standing(site),
        "owed": timetable.papers_owed(now, site.policy),
        "counts": [(word, count) for state, word in OUTCOMES.items() if (count := found.states.get(state, 0))],
        "head": f"{seq}:{chain}",
    }
    return render(request, "admin.html", values)


def _since(when: datetime | date | None) -> str:
    return local_time(when) if isinstance(when, datetime) else str(when or "")


@dataclass(frozen=True, slots=True)
class EndedFile:
    """A file of which nothing was taken: it failed, or it was not opened. `why`: what its sender was told."""

    seq: int
    at: datetime
    unit: str
    folder: str
    size: int
    path: str
    why: str


def ended(state: State) -> list[EndedFile]:
    """Return the files that ended so, newest first."""
    return [_ended(row) for row in submitted.stuck(state)]


def _ended(row: Submission) -> EndedFile:
    why = "".join(message(serialise.as_issue(one)) for one in row.issues[:3])
    return EndedFile(row.received_seq, row.received_at, row.unit or row.bound_unit, row.folder, row.size, row.path, why)


@require_GET
def failed(request: HttpRequest) -> HttpResponse:
    """Files on which we failed, and where their bytes lie."""
    return render(request, "failed.html", {"files": ended(State.FAILED)})


@require_GET
def settings(request: HttpRequest) -> HttpResponse:
    """queke.toml as it is in force, with what each key means; no secret."""
    return render(request, "settings.html", {"sections": in_force.settings(open_site.site())})
