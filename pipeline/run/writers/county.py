"""What counties work with: the 县级处理单 and its return workbook; and what a school is told of their decisions."""

from __future__ import annotations

from pipeline import schooldays
from pipeline.county import build_desk
from pipeline.forms.desk import DESK
from pipeline.issuing import templates
from pipeline.letters import county_notices
from pipeline.letters.queue import Facts, Queued
from pipeline.model import TicketState
from pipeline.outbox.folder import Deliverable
from pipeline.reports import letters as written
from pipeline.run.writers.base import Post
from pipeline.xlsx.deskbook import deskbook


def desk(letter: Queued, post: Post) -> list[Deliverable]:
    """The county's desk of a morning."""
    content = templates.desk(post.site, letter.reader, letter.queued_at)
    return [written.Paper(f"{DESK.title} {post.names[letter.reader]} {letter.ref}.xlsx", content)]


def desk_back(facts: Facts, letter: Queued, post: Post) -> list[Deliverable]:
    """The lines of a 处理单 that were not carried out, and are to be decided once more."""
    found = [one for one in facts.returned if one.state is TicketState.OPEN]
    if not found:
        return []
    made = build_desk.back(post.site, facts.unit, found, letter.queued_at)
    return [written.Paper(f"退回修正表 {DESK.title} {facts.seq:06d}.xlsx", deskbook(made))]


def decided(letter: Queued, post: Post) -> list[Deliverable]:
    """What was decided of a school's matters at one place of the sequence; nothing if none of it is the school's."""
    found = county_notices.told(letter.ref, letter.reader)
    if not found:
        return []
    values = {
        "ref": letter.ref,
        "school": f"{post.names[letter.reader]}（{letter.reader}）",
        "decided": f"{letter.queued_at.astimezone(schooldays.ZONE):%Y-%m-%d %H:%M}",
        "told": [{"about": one.about, "follows": one.follows, "why": one.why} for one in found],
        "asks": sum(one.asks for one in found),
    }
    return list(written.compose("decided", values))
