"""Scrubbing: a file that may hold a password leaves the spool, and a copy without it goes to the archive instead.

In this order, so that the next cycle repairs a crash at any point: the copy is durable, the store has its path and
hash, the original bytes are removed. The copy is made from stored values, never from the bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from pipeline import issues, schooldays, units
from pipeline.accounts import redaction
from pipeline.forms import form
from pipeline.inbox import archive
from pipeline.model import Arrival, Issue, Refused, Site
from pipeline.xlsx.blank import TemplateFacts, blank
from pipeline.xlsx.giveback import GivebackFacts, giveback

_STUB = "这份文件含有（或可能含有）账号密码，没有保存原件。\r\n流水号 {seq}\r\n原件 SHA-256 {sha256}\r\n{why}"


def apart(arrivals: Sequence[Arrival]) -> frozenset[int]:
    """Which of these may not be archived in their original form."""
    return frozenset(redaction.apart([arrival.seq for arrival in arrivals]))


def keep(site: Site, arrivals: Sequence[Arrival]) -> None:
    """Keep what may be kept of each, and remove it from the spool. May be repeated."""
    if not arrivals:
        return
    papers = redaction.apart([arrival.seq for arrival in arrivals])
    places: dict[int, tuple[str, str]] = {}
    for arrival in arrivals:
        paper = papers[arrival.seq]
        if paper is not None:
            path, sha256 = archive.keep_paper(site, arrival, paper.number, paper.suffix), ""
        else:
            kept = redaction.copy(arrival.seq)
            content, suffix = _copy(site, arrival, kept)
            told = {} if kept.rows else {"about": kept.about, "issues": kept.issues}
            path = archive.keep_instead(site, arrival, content, suffix, told)
            sha256 = hashlib.sha256(content).hexdigest()
        places[arrival.seq] = (path.relative_to(site.root).as_posix(), sha256)
    redaction.kept(places)
    archive.shred(site, arrivals)


def _copy(site: Site, arrival: Arrival, kept: redaction.Copy) -> tuple[bytes, str]:
    """What is kept instead of a submission, with its file extension: the form filled in again, or a note that says why
    not.
    """
    if not kept.rows:
        words = "\r\n".join(issues.message(Issue(code)) for code in kept.why)
        text = _STUB.format(seq=arrival.seq, sha256=arrival.sha256, why=words)
        return ("\ufeff" + text).encode(), ".txt"
    day = schooldays.today(arrival.received_at)
    token = units.token(site.key, kept.unit, "filing", schooldays.term(day), kept.serial)
    filing = form("filing")
    if not any(kept.tickets):
        rows = {filing.tables[0].name: kept.rows}
        return blank(filing, TemplateFacts(fields=kept.fields, rows=rows, token=token)), ".xlsx"
    back = [
        Refused("accounts", at, {name: str(value) for name, value in row.items()}, (), ticket)
        for at, (row, ticket) in enumerate(zip(kept.rows, kept.tickets, strict=True), start=1)
    ]
    return giveback(filing, GivebackFacts({**kept.fields, "token": token}, back, token=token)), ".xlsx"
