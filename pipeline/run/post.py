"""Letters: from what the store queued to files in the outbox. Rendered after the commit, delivered at least once.

The same facts give the same bytes, so a letter delivered and not noted is delivered again without harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache, partial
from typing import Any

import structlog

from pipeline import forms, rules, schooldays, units
from pipeline.errors import QuekeError, TemporaryError
from pipeline.figures import receipts
from pipeline.figures.digest import paper
from pipeline.figures.papers import card
from pipeline.figures.receipts import ReceiptFacts, SummaryFacts, SummaryLine
from pipeline.model import HOME_CAMPUS, Level, Refused, Site
from pipeline.outbox.folder import Delivery, OutPlace, Paper, Shelf, deliver_all
from pipeline.reports import letters as written
from pipeline.reports.render import Renderer
from pipeline.store import alerts, context, editions, letters, pages, registry, summaries
from pipeline.store.letters import Facts, Queued, Sent
from pipeline.units import Tree
from pipeline.xlsx.giveback import GivebackFacts, giveback

log = structlog.get_logger("queke.post")

BATCH = 500
SLICE = 24  # letters with pages drawn at a time: two seconds or so, in which a file may have come
SHELVES: Mapping[Level, Shelf] = {
    Level.PROVINCE: "省",
    Level.CITY: "设区市",
    Level.COUNTY: "县(市、区)",
    Level.SCHOOL: "学校",
}
_SAID = tuple(field.name for field in fields(receipts.Receipt))
NOBODY = OutPlace("未识别", "未识别")


@cache
def _rules() -> rules.Rules:
    return rules.load()


def warn(site: Site, now: datetime) -> int:
    """Take what settling left for warnings; return how many places were looked at."""
    return alerts.warn(site, _rules(), now)


def send(site: Site, now: datetime) -> int:
    """Write and deliver the letters that need no drawing; return how many."""
    sent = 0
    while queued := letters.pending(BATCH, tuple(_WRITERS)):
        post = _post(site, queued)
        sent += _deliver(post, queued, _written(queued, post), now)
    return sent


def draw(site: Site, now: datetime, renderer: Renderer, limit: int = SLICE) -> int:
    """Draw and deliver up to `limit` of the letters with pages; return how many. Call until there are none."""
    queued = letters.pending(limit, tuple(_PAGES))
    return _deliver(_post(site, queued), queued, _drawn(queued, site, renderer), now) if queued else 0


def undrawn() -> int:
    """How many letters wait for their pages to be drawn."""
    return sum(count for kind, count in letters.waiting().items() if kind in _PAGES)


@dataclass(frozen=True, slots=True)
class Post:
    """What writing a batch of letters needs, loaded once."""

    site: Site
    tree: Tree
    names: Mapping[str, str]
    facts: Mapping[str, Facts]  # of the submissions that the letters speak of, by ref

    def place(self, reader: str) -> OutPlace:
        """The reader's shelf: 未识别 for nobody known."""
        if not reader or not self.knows(reader):
            return NOBODY
        return OutPlace(SHELVES[units.level(reader, self.tree)], f"{self.names[reader]} {reader}")

    def knows(self, reader: str) -> bool:
        return reader in self.tree.units or reader in self.tree.places


def _post(site: Site, queued: Sequence[Queued]) -> Post:
    refs = [one.ref for one in queued if one.kind in ("receipt", "giveback")]
    readers = {one.reader for one in queued if one.reader}
    return Post(site, registry.tree(readers), registry.names(readers), letters.facts(refs))


def _written(queued: Sequence[Queued], post: Post) -> list[list[Paper] | None]:
    return [_tried(one, partial(_WRITERS[one.kind], one, post)) for one in queued]


def _drawn(queued: Sequence[Queued], site: Site, renderer: Renderer) -> list[list[Paper] | None]:
    """Draw all side by side; if that fails, one by one, so that only what is at fault is set aside."""
    try:
        return list(_compose([(one.kind, _PAGES[one.kind](one, site)) for one in queued], renderer))
    except TemporaryError:
        raise
    except (QuekeError, LookupError, ValueError, TypeError):
        log.warning("pages_one_by_one", size=len(queued))
    return [_tried(one, partial(_drawn_alone, one, site, renderer)) for one in queued]


def _drawn_alone(letter: Queued, site: Site, renderer: Renderer) -> list[Paper]:
    return next(_compose([(letter.kind, _PAGES[letter.kind](letter, site))], renderer))


def _compose(letters_values: Sequence[tuple[str, Mapping[str, Any]]], renderer: Renderer) -> Iterator[list[Paper]]:
    for papers in written.compose_all(letters_values, renderer):
        yield list(papers)


def _tried(letter: Queued, write: Callable[[], list[Paper]]) -> list[Paper] | None:
    """The letter's papers; None if it cannot be written: that is ours to mend, and keeps no other back."""
    try:
        return write()
    except TemporaryError:
        raise
    except (QuekeError, LookupError, ValueError, TypeError) as error:
        log.critical("letter_failed", letter=letter.id, kind=letter.kind, error=type(error).__name__)
        return None


def _deliver(post: Post, queued: Sequence[Queued], papers: Sequence[list[Paper] | None], now: datetime) -> int:
    site = post.site
    ready = [(one, made) for one, made in zip(queued, papers, strict=True) if made is not None]
    deliveries = [Delivery(post.place(one.reader), _day(one, post), made) for one, made in ready]
    paths = deliver_all(site, deliveries)
    sent = [
        Sent(one.id, lying[0].relative_to(site.root).as_posix() if lying else "", _sha(made))
        for (one, made), lying in zip(ready, paths, strict=True)
    ]
    letters.done(sent, now)
    letters.give_up([one.id for one, made in zip(queued, papers, strict=True) if made is None])
    return len(sent)


def _day(letter: Queued, post: Post) -> date:
    """The day whose folder it lies in: the report's, else that of arrival."""
    if letter.day is not None:
        return letter.day
    facts = post.facts.get(letter.ref)
    return schooldays.today(facts.received_at if facts else letter.queued_at)


def _sha(papers: Iterable[Paper]) -> str:
    digest = hashlib.sha256()
    for one in papers:
        digest.update(one.content)
    return digest.hexdigest()


# --------------------------------------------------------------------------- one function a kind


def _receipt(letter: Queued, post: Post) -> list[Paper]:
    made = receipts.receipt(_receipt_facts(post.facts[letter.ref], letter.reader, post))
    # 15,500 a day, which nobody hashes or keeps: the template takes the values as they are
    return list(written.compose("receipt", {name: getattr(made, name) for name in _SAID}))


def _receipt_facts(facts: Facts, reader: str, post: Post) -> ReceiptFacts:
    known = bool(reader) and post.knows(reader)
    return ReceiptFacts(
        scope=units.scope(reader, post.tree, post.site.policy.small_count) if known else None,
        seq=facts.seq,
        state=facts.state,
        form=_title(facts.form),
        unit=facts.unit,
        unit_name=facts.unit_name,
        day=facts.day,
        campus=facts.campus,
        received_at=facts.received_at.astimezone(schooldays.ZONE),
        on_time=facts.on_time,
        accepted=facts.accepted,
        refused=facts.refused,
        withdrawn=facts.withdrawn,
        zero=facts.zero,
        issues=facts.issues,
        repairs=facts.repairs,
        folder=facts.bound_name,
        name=facts.name,
    )


def _giveback(letter: Queued, post: Post) -> list[Paper]:
    """The return workbook: rows that are still open. Nothing when all were mended meanwhile."""
    facts = post.facts[letter.ref]
    rows = [
        Refused(one.table, one.row, one.raw, one.issues, one.ticket) for one in facts.returned if one.state == "open"
    ]
    if not rows:
        return []
    content = giveback(forms.form(facts.form), _giveback_facts(facts, rows, post))
    return [written.Paper(f"退回修正表 {_title(facts.form)} {facts.seq:06d}.xlsx", content)]


def _giveback_facts(facts: Facts, rows: Sequence[Refused], post: Post) -> GivebackFacts:
    day = facts.day or schooldays.today(facts.received_at)
    fields: dict[str, str | date] = {"unit": facts.unit, "school": facts.unit_name, "day": day}
    school = context.schools([facts.unit], [day]).get(facts.unit)
    campus = facts.campus or HOME_CAMPUS
    if school is None:
        return GivebackFacts(fields=fields, rows=rows)
    token = units.token(post.site.key, facts.unit, facts.form, schooldays.term(day), school.token_serial)
    return GivebackFacts(
        fields={**fields, "campus": campus},
        rows=rows,
        classes=[room.name for room in school.classes.values() if room.campus == campus],
        token=token,
        kindergarten=school.stages == ("幼儿园",),
        boarding=school.boarding,
    )


def _summary(letter: Queued, post: Post) -> list[Paper]:
    first, last = summaries.span(letter.ref)
    facts = summaries.facts(letter.reader, first, last)
    lines = tuple(SummaryLine(one.name, _receipt_facts(one, letter.reader, post)) for one in facts)
    scope = units.scope(letter.reader, post.tree, post.site.policy.small_count)
    told = SummaryFacts(
        scope=scope,
        code=letter.reader,
        place=post.names[letter.reader],
        now=letter.queued_at.astimezone(schooldays.ZONE),
        lines=lines,
    )
    return [
        written.Paper(_numbered(one.name, first, last), one.content)
        for one in _composed("summary", receipts.summary(told))
    ]


def _numbered(name: str, first: int, last: int) -> str:
    stem, _, ending = name.rpartition(".")
    return f"{stem} {first:06d}-{last:06d}.{ending}"


def _composed(kind: str, made: object) -> list[Paper]:
    return list(written.compose(kind, paper(made)))


def _title(form: str) -> str:
    return forms.form(form).title if form else ""


def _edition(letter: Queued, site: Site) -> Mapping[str, Any]:
    del site
    return editions.values(letter.kind, letter.reader, letter.ref)


def _card(letter: Queued, site: Site) -> Mapping[str, Any]:
    return paper(card(pages.card(site, letter.ref, letter.reader)))


_WRITERS: Mapping[str, Callable[[Queued, Post], list[Paper]]] = {
    "receipt": _receipt,
    "giveback": _giveback,
    "summary": _summary,
}
_PAGES: Mapping[str, Callable[[Queued, Site], Mapping[str, Any]]] = {
    "card": _card,
    "digest": _edition,
    "missing": _edition,
    "page": _edition,
}
