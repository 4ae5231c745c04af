"""Letters: from what the store queued to files in the outbox. Rendered after the commit, delivered at least once.

The same facts give the same bytes, so a letter delivered and not noted is delivered again without harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from pipeline import forms, rules, schooldays, units
from pipeline.figures import receipts
from pipeline.figures.digest import paper
from pipeline.figures.receipts import ReceiptFacts, SummaryFacts, SummaryLine
from pipeline.model import HOME_CAMPUS, Level, Refused, Site
from pipeline.outbox.folder import Delivery, OutPlace, Paper, Shelf, deliver_all
from pipeline.reports import letters as written
from pipeline.store import alerts, context, letters, registry, summaries
from pipeline.store.letters import Facts, Queued, Sent
from pipeline.units import Tree
from pipeline.xlsx.giveback import GivebackFacts, giveback

BATCH = 500
SHELVES: Mapping[Level, Shelf] = {
    Level.PROVINCE: "省",
    Level.CITY: "设区市",
    Level.COUNTY: "县(市、区)",
    Level.SCHOOL: "学校",
}
NOBODY = OutPlace("未识别", "未识别")


@cache
def _rules() -> rules.Rules:
    return rules.load()


def warn(site: Site, now: datetime) -> int:
    """Take what settling left for warnings; return how many places were looked at."""
    return alerts.warn(site, _rules(), now)


def send(site: Site, now: datetime) -> int:
    """Write and deliver the letters that are queued; return how many. They are noted as done after they lie there."""
    sent = 0
    while queued := letters.pending(BATCH, tuple(_WRITERS)):
        sent += _send(site, queued, now)
    return sent


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


def _send(site: Site, queued: Sequence[Queued], now: datetime) -> int:
    refs = [one.ref for one in queued if one.kind in ("receipt", "giveback")]
    names = registry.names({one.reader for one in queued if one.reader})
    post = Post(site, registry.tree(), names, letters.facts(refs))
    deliveries = [Delivery(post.place(one.reader), _day(one, post), _WRITERS[one.kind](one, post)) for one in queued]
    paths = deliver_all(site, deliveries)
    sent = [
        Sent(one.id, lying[0].relative_to(site.root).as_posix() if lying else "", _sha(delivery.papers))
        for one, delivery, lying in zip(queued, deliveries, paths, strict=True)
    ]
    letters.done(sent, now)
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
    return _composed("receipt", receipts.receipt(_receipt_facts(post.facts[letter.ref], letter.reader, post)))


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


_WRITERS: Mapping[str, Callable[[Queued, Post], list[Paper]]] = {
    "receipt": _receipt,
    "giveback": _giveback,
    "summary": _summary,
}
