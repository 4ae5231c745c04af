"""The journal's files catch up with the store: decisions and acts, which others than the coordinator make too."""

from __future__ import annotations

from datetime import datetime

from pipeline import schooldays
from pipeline.database import acts, errors, journal
from pipeline.database.acts import Noted
from pipeline.inbox import archive
from pipeline.model import Site


def note_down(site: Site, now: datetime) -> None:
    """Write the lines that are missing of decisions and acts, in their order, durable on return.

    Only by who holds the site. A crash in between writes a line twice; whoever reads takes it once.
    """
    with errors.temporary():
        while decided := journal.decision_lines():
            lines = [{"seq": one.seq, **one.values} for one in decided]
            archive.note_decisions(site, schooldays.today(now), lines)
            journal.written([one.seq for one in decided])
        while waiting := acts.unwritten():
            archive.note_acts(site, [(one.at, _line(seq, one)) for seq, one in waiting.items()])
            acts.written(waiting)


def _line(seq: int, one: Noted) -> dict[str, object]:
    said = {"what": one.what, "at": one.at.isoformat(), "said": one.said}
    return {"kind": "act", "act": seq, **said, "settled": one.settled, "audit": one.audit}
