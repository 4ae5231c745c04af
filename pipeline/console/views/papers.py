"""Papers and letters of the reader's own folder in the outbox: as they were sent, and nobody else's."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from pipeline.accounts import visits
from pipeline.console import open_site
from pipeline.console.access import Visitor, reader
from pipeline.outbox import packs
from pipeline.outbox.folder import OutPlace, legal
from pipeline.run.writers.base import SHELVES

_SHOWN = 31  # days at once
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


@dataclass(frozen=True, slots=True)
class PaperFile:
    """One file of a day."""

    day: str
    name: str
    size: int

    @property
    def address(self) -> str:
        return f"/papers/{self.day}/{quote(self.name)}"

    @property
    def kind(self) -> str:
        return Path(self.name).suffix.removeprefix(".").upper()


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The papers of the last days, newest first; of those before a day, if it is said."""
    before = request.GET.get("before", "")
    days = list(_days(_folder(reader(request)), before if _DAY.match(before) else ""))
    return render(request, "papers.html", {"days": days[:_SHOWN], "more": len(days) > _SHOWN})


def _folder(asking: Visitor) -> Path:
    place = OutPlace(SHELVES[asking.level], f"{asking.name} {asking.code}")
    return open_site.site().outbox / place.level / legal(place.name)


def _days(folder: Path, before: str) -> Iterator[tuple[str, list[PaperFile]]]:
    try:
        known = (one.name for one in folder.iterdir() if _DAY.match(one.name))
        days = sorted((one for one in known if not before or one < before), reverse=True)
    except OSError:  # nothing was sent yet
        return
    for day in days[: _SHOWN + 1]:
        files = sorted((one for one in (folder / day).iterdir() if one.is_file()), key=lambda one: one.name)
        yield day, [PaperFile(day, one.name, one.stat().st_size) for one in files if not one.name.startswith(".")]


@require_GET
def paper(request: HttpRequest, day: str, name: str) -> HttpResponseBase:
    """One file, as it was sent."""
    asking = reader(request)
    folder = _folder(asking) / day
    if not _DAY.match(day) or name != Path(name).name or name.startswith("."):
        raise Http404
    path = folder / name
    there = path.is_file() and not path.is_symlink()
    content = path.read_bytes() if there else packs.read(folder, name)  # an old month is packed
    if content is None:
        raise Http404
    visits.note(asking.account.username, "paper", f"{day} {name}", open_site.now())
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    shown = kind in {"application/pdf", "text/plain"}
    told = f"{kind}; charset=utf-8" if kind == "text/plain" else kind
    return FileResponse(BytesIO(content), content_type=told, as_attachment=not shown, filename=name)
