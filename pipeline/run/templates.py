"""The day's 缺课日报 templates, one a campus of every school that owes a report, put into the outbox before school.

A slice at a time, so that a service can look at its inbox between two. A letter row a school and day records which were
sent and what they were made from, so that an interrupted run goes on where it stopped and does nothing twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import structlog

from pipeline import __version__, fault_log, schooldays
from pipeline.database import errors
from pipeline.database.transactions import atomic
from pipeline.facts import carried, unknown_years
from pipeline.figures import words
from pipeline.forms import form
from pipeline.issuing import absence
from pipeline.letters import templates_sent
from pipeline.model import HOME_CAMPUS, Paper, SchoolFacts, Site
from pipeline.outbox.folder import Delivery, OutPlace, deliver_all
from pipeline.post import papers as papers_by_mail
from pipeline.registry import statements
from pipeline.run.lock import hold_site
from pipeline.xlsx.blank import TemplateFacts
from pipeline.xlsx.template_cache import from_cache

log = structlog.get_logger("queke.templates")

SLICE = 100  # schools whose templates are made together: a second or so
_FORM = form("absence")


@dataclass(frozen=True, slots=True)
class Made:
    """How many schools' templates were checked, and how many were made: the others are already there."""

    schools: int = 0
    made: int = 0


def due(site: Site, now: datetime) -> bool:
    """Whether the day's templates are to be made: from `templates_at` until the deadline."""
    day, policy = schooldays.today(now), site.policy
    in_time = schooldays.deadline(day, policy.templates_at) <= now < schooldays.deadline(day, policy.deadline)
    return in_time and not templates_sent.finished(day)


def were_missed(site: Site, now: datetime) -> bool:
    """Whether the deadline passed with templates of the day still missing, though those of a day before were made."""
    day = schooldays.today(now)
    late = now >= schooldays.deadline(day, site.policy.deadline)
    return late and not templates_sent.finished(day) and templates_sent.ever()


def left(site: Site, now: datetime) -> bool:
    """Whether some were made and there may be more to make at once."""
    return due(site, now) and bool(templates_sent.last(schooldays.today(now)))


def some(site: Site, now: datetime) -> Made:
    """Make the next slice of the day's templates, if it is time; nothing when all are made."""
    with errors.temporary():
        if not due(site, now):
            return Made()
        day = schooldays.today(now)
        schools = templates_sent.owing(day, after=templates_sent.last(day), limit=SLICE)
        if not schools:
            templates_sent.finish(day, now)
            fault_log.forget(site, "templates", None)
            log.info("templates_laid", day=day.isoformat())
            return Made()
        return _make(site, now, day, schools)


def every(site: Site, now: datetime, day: date, places: Sequence[str] = ()) -> Iterator[Made]:
    """Make the templates of `day` of all schools (below `places`), slice by slice, even if they were made before.

    Raises Busy if another process works on the site.
    """
    with hold_site(site):
        with errors.temporary():
            statements.take_effect(schooldays.today(now))
        last = ""
        while True:
            with errors.temporary():
                schools = templates_sent.owing(day, after=last, limit=SLICE, places=places)
                if not schools:
                    return
                made = _make(site, now, day, schools)
            last = schools[-1].code
            yield made


def _make(site: Site, now: datetime, day: date, schools: Sequence[SchoolFacts]) -> Made:
    brought = carried.carried_over(schools, day)
    known = templates_sent.known(day, _codes(schools))
    assumed = unknown_years.assumed((code, day) for code in _codes(schools))
    fresh: list[tuple[SchoolFacts, str, list[TemplateFacts]]] = []
    for school in schools:
        facts = [
            absence.carry_over(
                site, replace(absence.school_facts(site, school, day, campus), notes=notes), school, day,
                brought.get((school.code, campus)),
            )
            for notes in [(words.assumed(assumed[school.code, day]),) if (school.code, day) in assumed else ()]
            for campus in school.campuses
        ]  # fmt: skip
        sha = _sha(facts)
        before = known.get(school.code)
        if before is None or before.sha != sha or not (site.root / before.path).is_file():
            fresh.append((school, sha, facts))
    paths = deliver_all(
        site,
        [Delivery(OutPlace.school(school.name, school.code), day, _papers(day, facts)) for school, _, facts in fresh],
    )
    rows = [
        templates_sent.SentTemplates(school.code, sha, lying[0].relative_to(site.root).as_posix() if lying else "")
        for (school, sha, _), lying in zip(fresh, paths, strict=True)
    ]
    with atomic():
        templates_sent.note(day, rows, now)
        if site.mail.sending is not None:
            papers_by_mail.queue_templates(day, [row.school for row in rows], site.mail.templates_at, now)
    return Made(len(schools), len(fresh))


def _codes(schools: Sequence[SchoolFacts]) -> list[str]:
    return [school.code for school in schools]


def _papers(day: date, made: Sequence[TemplateFacts]) -> list[Paper]:
    return [Paper(_name(facts, day), from_cache(_FORM, facts)) for facts in made]


def _name(facts: TemplateFacts, day: date) -> str:
    word = "缺勤日报模板" if facts.kindergarten else "缺课日报模板"
    campus = str(facts.fields["campus"])
    return f"{word} {day}.xlsx" if campus == HOME_CAMPUS else f"{word} {campus} {day}.xlsx"


def _sha(facts: Sequence[TemplateFacts]) -> str:
    """A hash of everything that goes into a school's templates, including our version."""
    return hashlib.sha256(repr((__version__, _FORM.version, facts)).encode()).hexdigest()
