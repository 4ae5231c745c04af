"""Editions: what was issued for a place's day, under which number. Cut once, kept as printed, never changed.

Cutting is idempotent: the same number again gives the same values, and so the same bytes. Without a number the last
edition is given again if nothing has changed since, else the next number is cut.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from pipeline.database import acts, kept
from pipeline.database.models import Edition, Report, Todo
from pipeline.database.transactions import atomic
from pipeline.errors import PermanentError
from pipeline.facts import county_day, digest_facts, rule_scores, school_page_facts
from pipeline.figures import county
from pipeline.figures.digest import digest
from pipeline.figures.facts import DigestFacts
from pipeline.figures.paper_values import check_code, values_of
from pipeline.figures.papers import PageFacts, missing, page
from pipeline.figures.rule_paper import RulePaperFacts, rule_paper
from pipeline.letters import queue
from pipeline.model import ActKind, EditionRef, LetterKind, Level, Site, TodoKind
from pipeline.schooldays import ZONE, clock_of

_STAMPS = ("made", "edition", "number", "as_of")  # values that differ although nothing has changed


@dataclass(frozen=True, slots=True)
class Issued:
    """One edition: its place, and the values its papers are made of. `new` is False if it was cut before."""

    kind: LetterKind
    place: str
    level: Level
    name: str
    day: date
    n: int
    values: Mapping[str, Any]
    sha: str
    new: bool


@dataclass(frozen=True, slots=True)
class Order:
    """What to cut: the day, its moment, number (None: the next) and whether it is the final one of the day."""

    day: date
    now: datetime
    n: int | None = None
    final: bool = False


def cut(site: Site, order: Order, places: Sequence[str] = ()) -> list[Issued]:
    """Cut digests and missing lists for the divisions `places` and all below them (default: all), one transaction.

    The counties are counted from the current records, together. Raises PermanentError if figures do not add up.
    """
    with atomic():
        book = digest_facts.book(site, order.day, order.now, places)
        county_day.keep(book.counted.values())
        _refuse_unless_they_add_up(book)
        codes = _reach(book, places)
        press = _EditionPress(order, book.as_of, (LetterKind.DIGEST, LetterKind.MISSING), codes)
        pages_kept = kept.upto(LetterKind.PAGE)  # those before were removed: their numbers are not given twice
        for code in codes:
            facts = digest_facts.digest(book, code, 0, final=order.final)
            whose = _Whose(code, facts.place.level, facts.place.name)
            press.issue(LetterKind.DIGEST, whose, _numbered(facts))
            press.issue(LetterKind.MISSING, whose, _fixed(values_of(missing(digest_facts.missing(book, code)))))
            if order.final and facts.place.level is Level.COUNTY and order.day >= pages_kept:
                _owe_pages(code, order.day, book.as_of)
        issued = press.keep()
        acts.note(ActKind.EDITION, order.now, **_told(order), places=list(places))
        return issued


def _told(order: Order) -> dict[str, object]:
    return {"day": order.day.isoformat(), "n": order.n, "final": order.final}


def _owe_pages(county: str, day: date, as_of: int) -> None:
    """Leave the pages of a county's schools to be cut: promised with its final digest, in the same transaction."""
    Todo.objects.update_or_create(kind=TodoKind.PAGES, code=county, day=day, defaults={"settled": as_of})


def pages_owed(day: date | None = None) -> list[tuple[date, str]]:
    """Return the days, and their counties, whose final digest is cut and whose schools' pages are not."""
    rows = Todo.objects.filter(kind=TodoKind.PAGES).order_by("day", "code")
    if day is not None:
        rows = rows.filter(day=day)
    return [(owed, county) for owed, county in rows.values_list("day", "code") if owed is not None]


def cut_pages(site: Site, order: Order, counties: Sequence[str]) -> list[Issued]:
    """Cut the pages of all schools of some counties, one transaction; they are owed no more."""
    with atomic():
        Todo.objects.filter(kind=TodoKind.PAGES, code__in=counties, day=order.day).delete()
        as_of = county_day.last_settled()
        found = school_page_facts.pages(
            site, school_page_facts.Cut(order.day, 0, order.final, order.now, as_of), counties
        )
        press = _EditionPress(order, as_of, (LetterKind.PAGE,), [facts.code for facts in found])
        for facts in found:
            press.issue(LetterKind.PAGE, _Whose(facts.code, Level.SCHOOL, facts.school), _page_numbered(facts))
        issued = press.keep()
        acts.note(ActKind.PAGES, order.now, **_told(order), counties=list(counties))
        return issued


def last_number(place: str, day: date) -> int:
    """Return the number of the last digest of a place's day, 0 if there is none."""
    rows = Edition.objects.filter(kind=LetterKind.DIGEST, place=place, day=day)
    return rows.order_by("-n").values_list("n", flat=True).first() or 0


def last_values(place: str, day: date) -> Mapping[str, Any] | None:
    """Return the values of the last digest of a place's day, None if there is none."""
    rows = Edition.objects.filter(kind=LetterKind.DIGEST, place=place, day=day)
    return rows.order_by("-n").values_list("figures", flat=True).first()


def cut_rules(order: Order) -> list[Issued]:
    """Cut the weekly papers on the rules, of the week before the day, one transaction; none where nothing was warned
    of for twelve weeks.
    """
    if not rule_scores.warned(order.day):
        return []
    with atomic():
        as_of = county_day.last_settled()
        found = rule_scores.papers(order.day, order.now, as_of)
        press = _EditionPress(order, as_of, (LetterKind.RULES,), [facts.place.code for facts in found])
        for facts in found:
            press.issue(LetterKind.RULES, _Whose(facts.place.code, facts.place.level, facts.place.name), _rules(facts))
        issued = press.keep()
        acts.note(ActKind.RULE_PAPERS, order.now, day=order.day.isoformat())
        return issued


@dataclass(frozen=True, slots=True)
class _Whose:
    code: str
    level: Level
    name: str


_Made = Callable[[int, datetime], dict[str, object]]
"""The values of an edition, by its number and the clock it speaks as of."""


def _numbered(facts: DigestFacts) -> _Made:
    return lambda n, clock: values_of(digest(replace(facts, n=n, clock=clock)))


def _page_numbered(facts: PageFacts) -> _Made:
    return lambda n, _: values_of(page(replace(facts, n=n)))


def _rules(facts: RulePaperFacts) -> _Made:
    return lambda n, _: values_of(rule_paper(replace(facts, n=n)))


def _fixed(values: dict[str, object]) -> _Made:
    return lambda n, _: {**values, "n": n}


class _EditionPress:
    """The editions of one order: earlier ones are looked up together, new ones are written together."""

    def __init__(self, order: Order, as_of: int, kinds: Sequence[LetterKind], places: Sequence[str]) -> None:
        self._order, self._as_of = order, as_of
        self._known: dict[tuple[str, str], list[Edition]] = defaultdict(list)
        for start in range(0, len(places), 500):
            mine = Edition.objects.filter(kind__in=kinds, place__in=places[start : start + 500], day=order.day)
            for row in mine.order_by("n"):
                self._known[row.kind, row.place].append(row)
        self._issued: list[Issued] = []
        self._fresh: list[Edition] = []

    def issue(self, kind: LetterKind, whose: _Whose, made: _Made) -> None:
        order, rows = self._order, self._known[kind, whose.code]
        known = next((row for row in rows if row.n == order.n), None)
        if known is None and order.n is None and rows and self._still_true(rows[-1], made):
            known = rows[-1]
        if known is not None:
            self._issued.append(_issued(kind, whose, order.day, known.n, known.figures))
            return
        n = order.n or (rows[-1].n + 1 if rows else 1)
        values = made(n, clock_of(order.day, order.now))
        issued = replace(_issued(kind, whose, order.day, n, values), new=True)
        self._issued.append(issued)
        self._fresh.append(
            Edition(
                kind=kind,
                place=whose.code,
                day=order.day,
                n=n,
                as_of_settled=self._as_of,
                made_at=order.now,
                final=order.final,
                figures=values,
                digest_sha=issued.sha,
            )
        )

    def _still_true(self, row: Edition, made: _Made) -> bool:
        """Whether nothing has changed since an edition was cut: time that passed is no change."""
        now = made(row.n, clock_of(row.day, row.made_at.astimezone(ZONE)))
        return row.final == self._order.final and _unstamped(row.figures) == _unstamped(now)

    def keep(self) -> list[Issued]:
        """Write the new editions and their letters; return all, in the order they were issued."""
        Edition.objects.bulk_create(self._fresh, batch_size=200)
        wanted = [(LetterKind(row.kind), str(EditionRef(row.day, row.n)), row.place) for row in self._fresh]
        queue.queue_all(wanted, self._order.now, self._order.day)
        return self._issued


def values(kind: LetterKind, place: str, ref: EditionRef) -> dict[str, Any]:
    """Return the values of the papers of a queued edition, as it was cut. KeyError if it never was."""
    row = Edition.objects.filter(kind=kind, place=place, day=ref.day, n=ref.n).first()
    if row is None:
        raise KeyError(str(ref))
    return {**row.figures, "check": check_code(row.figures)[1]}


def cut_since(day: date) -> dict[date, bool]:
    """Return the days, from this one on, that have digests, and whether the final ones are among them."""
    rows = Edition.objects.filter(kind=LetterKind.DIGEST, day__gte=day).order_by("day")
    found: dict[date, bool] = {}
    for one, final in rows.values_list("day", "final").distinct():
        found[one] = found.get(one, False) or final
    return found


def rules_owed(day: date) -> bool:
    """Whether the weekly papers on the rules are still to be cut in the week of this day. What was cut while the clock
    was ahead does not count.
    """
    monday = day - timedelta(days=day.weekday())
    week = (monday, monday + timedelta(days=6))
    return not Edition.objects.filter(kind=LetterKind.RULES, day__range=week).exists() and rule_scores.warned(day)


def is_gap(day: date) -> bool:
    """Whether a day without a digest should have one: schools reported for it, and an earlier day has one."""
    earlier = Edition.objects.filter(kind=LetterKind.DIGEST, day__lt=day)
    return Report.objects.filter(day=day).exists() and earlier.exists()


def _unstamped(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name not in _STAMPS}


def _issued(kind: LetterKind, whose: _Whose, day: date, n: int, values: Mapping[str, Any]) -> Issued:
    sha, code = check_code(values)
    return Issued(kind, whose.code, whose.level, whose.name, day, n, {**values, "check": code}, sha, new=False)


def _reach(book: digest_facts.Book, places: Sequence[str]) -> list[str]:
    """The places asked for and those below them that have schools, top down."""
    asked = {code for place in places for code in book.tree.below(place)} if places else set(book.places)
    order = {Level.PROVINCE: 0, Level.CITY: 1, Level.COUNTY: 2}
    found = [place for code, place in book.places.items() if code in asked and place.counties]
    return [place.code for place in sorted(found, key=lambda p: (order[p.level], p.code))]


def _refuse_unless_they_add_up(book: digest_facts.Book) -> None:
    wrong = {name for one in book.counted.values() for name in county.identities(one.figures)}
    if wrong:
        raise PermanentError("figures do not add up: " + "; ".join(sorted(wrong)))
