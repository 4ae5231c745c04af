"""How much a school day takes of the disk, in files and in bytes; and for how many more there is room."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from gettext import gettext as say
from pathlib import Path

from pipeline.inbox import packed
from pipeline.model import Site
from pipeline.outbox import packs
from pipeline.run import mail_out
from pipeline.schooldays import today
from pipeline.service.finding import Finding

LEAST_DAYS = 40  # school days of room: two months in which somebody can act


def examine(site: Site, now: datetime) -> Iterator[Finding]:
    """Look at the last day before today on which something was archived, and at the room that is left."""
    earlier = [folder.name for folder in packed.days(site.archive) if folder.name < today(now).isoformat()]
    if not earlier:
        yield Finding("ok", say("growth"), say("no day is over yet"))
        return
    day = earlier[-1]
    files, size = _count(_folders(site, day))
    room = os.statvfs(site.root)
    days = [room.f_bavail * room.f_frsize // max(size, 1)]
    if room.f_files:  # some file systems do not count
        days.append(room.f_favail // max(files, 1))
    said = say("{day}: {files} files and folders, {mb:.1f} MB, without the store; room for {days} such days").format(
        day=day, files=files, mb=size / 2**20, days=min(days)
    )
    if min(days) < LEAST_DAYS:
        yield Finding("warning", say("growth"), f"{said}: {say('see `queke retain`, or make room')}")
    else:
        yield Finding("ok", say("growth"), said)


def _folders(site: Site, day: str) -> Iterator[Path]:
    """The folders of a day: of the archive, of each reader, of our mails."""
    for above in (site.archive, site.root / mail_out.FOLDER, *packs.readers(site)):
        if (above / day).is_dir():
            yield above / day


def _count(folders: Iterator[Path]) -> tuple[int, int]:
    count = size = 0
    for folder in folders:
        count += 1
        with os.scandir(folder) as entries:
            for entry in entries:
                count, size = count + 1, size + entry.stat(follow_symlinks=False).st_size
    return count, size
