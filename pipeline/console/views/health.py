"""What machines ask: whether the process lives, and whether the site works."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse, JsonResponse

from pipeline.console import open_site
from pipeline.facts import county_day
from pipeline.run import is_held, last_cycle

MOST_SECONDS = 300.0


def alive(_: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def ready(_: HttpRequest) -> JsonResponse:
    """The store answers, and somebody takes the inbox in; 503 if not. No figure of any unit."""
    site = open_site.site()
    county_day.last_settled()
    last = last_cycle(site)
    late = last is None or (datetime.now(UTC) - last).total_seconds() > MOST_SECONDS
    serving = is_held(site)
    fine = serving and not late
    return JsonResponse({"serving": serving, "last_cycle": last, "ready": fine}, status=200 if fine else 503)
