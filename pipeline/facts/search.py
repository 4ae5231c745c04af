"""What one reader may find by a code or a name: schools, files, tickets, alerts, reports, pupils' codes, editions.

What lies outside his scope is not found, as if it did not exist. A school and its county read what `queke trace` says;
above county a line of which no number of pupils can be read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Q

from pipeline import alert_state
from pipeline.alerts import alert_labels
from pipeline.database.models import Alert, Decision, Edition, Pupil, Reject, Report, Unit
from pipeline.errors import UsageError
from pipeline.facts import submitted, trace
from pipeline.figures import batch_summary
from pipeline.model import State, UnitKind
from pipeline.registry import lookup
from pipeline.rules import Stage
from pipeline.schooldays import local_time
from pipeline.units import Scope

MOST = 20
LONGEST = 80


@dataclass(frozen=True, slots=True)
class FoundThing:
    """Something that was found. `kind`: school, file, alert …; `of`: its school or unit; `told`: what else a page
    says of it; `lines`: what `queke trace` says.
    """

    kind: str
    code: str
    of: str = ""
    told: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


def search(text: str, scope: Scope) -> list[FoundThing]:
    """Return what a reader may know of a code, or of the schools of a name; nothing for what is not his."""
    asked = " ".join(unicodedata.normalize("NFKC", text)[:LONGEST].split()).lstrip("#")
    if not asked:
        return []
    for pattern, find in _KINDS:
        match = re.fullmatch(pattern, asked)
        if match and (found := list(find(scope, *match.groups()))):
            return found
    return list(_schools(scope, asked))


def _trail(code: str, scope: Scope) -> tuple[str, ...]:
    """What `queke trace` says; the names of files for the school alone, whose they are."""
    try:
        return tuple(trace.trace(code, files=scope.names))
    except UsageError:  # nothing more is known of it
        return ()


def _schools(scope: Scope, asked: str) -> Iterator[FoundThing]:
    mine = Q(code=scope.code) if scope.names else Q(division__in=scope.divisions)
    named = Q(code=asked) | (Q(name__contains=asked) if len(asked) > 1 else Q())
    rows = Unit.objects.filter(mine, named, kind=UnitKind.SCHOOL).order_by("code")[:MOST]
    places = lookup.names(row.division_id for row in rows)
    for row in rows:
        told = (places.get(row.division_id, ""), row.stages, row.reporter, row.reporter_phone)
        yield FoundThing("school", row.code, row.name, told)


def _file(scope: Scope, number: str) -> Iterator[FoundThing]:
    row = submitted.one(scope, int(number))
    if row is None:
        yield from _decision(scope, int(number))
        return
    unit = row.unit or row.bound_unit
    told = (str(row.day or ""), local_time(row.received_at), batch_summary.OUTCOMES[State(row.state)])
    lines = _trail(str(row.received_seq), scope) if scope.classes else ()
    yield FoundThing("file", str(row.received_seq), lookup.names([unit]).get(unit, ""), told, lines)


def _decision(scope: Scope, number: int) -> Iterator[FoundThing]:
    """A decision on what is a school's or its county's: of one that came in a 处理单, whose that is."""
    row = Decision.objects.filter(seq=number).first()
    if row is None or not scope.classes:
        return
    about = submitted.one(scope, row.place or row.submission or 0)
    if about is not None or _covers(scope, row.target):
        yield FoundThing("decision", str(number), lines=_trail(str(number), scope))


def _covers(scope: Scope, school: str) -> bool:
    rows = Unit.objects.filter(code=school, kind=UnitKind.SCHOOL).values_list("division_id", flat=True)
    return any(scope.covers(school, division) for division in rows)


def _ticket(scope: Scope, code: str) -> Iterator[FoundThing]:
    for row in Reject.objects.filter(ticket=code):
        if _covers(scope, row.school) and scope.classes:
            yield FoundThing("ticket", code, lines=_trail(code, scope))


def _alert(scope: Scope, code: str) -> Iterator[FoundThing]:
    for row in Alert.objects.filter(pk=code):
        if not scope.covers(row.school_id, row.division):
            continue
        name = lookup.names([row.school_id]).get(row.school_id, "")
        told = (alert_labels.groups(row), Stage(row.stage).label, alert_state.STATES.get(row.state, row.state))
        yield FoundThing("alert", code, name, told, _trail(code, scope) if scope.classes else ())


def _report(scope: Scope, school: str, day: str) -> Iterator[FoundThing]:
    if not _covers(scope, school):
        return
    rows = Report.objects.filter(school=school, day=day).order_by("campus")
    told = tuple(f"{row.campus} {local_time(row.first_seen)}" for row in rows)
    if told:
        lines = _trail(f"{school} {day}", scope) if scope.classes else ()
        yield FoundThing("report", day, lookup.names([school]).get(school, ""), told, lines)


def _edition(scope: Scope, number: str, place: str) -> Iterator[FoundThing]:
    if place != scope.code:
        return
    _, _, day, n = number.split("-")
    on = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    for row in Edition.objects.filter(place=place, day=on, n=int(n)).order_by("kind"):
        told = (on, local_time(row.made_at), str(row.as_of_settled))
        yield FoundThing("edition", number, "", told, _trail(number, scope) if scope.classes else ())
        return


def _pupil(scope: Scope, code: str) -> Iterator[FoundThing]:
    if not scope.codes:
        return
    mine = Unit.objects.filter(division__in=scope.divisions, kind=UnitKind.SCHOOL).values("code")
    whose = Q(school=scope.code) if scope.names else Q(school__in=mine)
    for row in Pupil.objects.filter(whose, code__startswith=code).order_by("school", "code")[:MOST]:
        if lines := _trail(row.code, scope):
            yield FoundThing("pupil", row.code, lines=lines)


_KINDS: Sequence[tuple[str, Callable[..., Iterator[FoundThing]]]] = (
    (r"([0-9]{1,9})", _file),
    (r"(T[0-9]+-.+)", _ticket),
    (r"([0-9]{4}-[0-9]{3,})", _alert),
    (r"([0-9]{10})[ :/]([0-9]{4}-[0-9]{2}-[0-9]{2})", _report),
    (r"([DPW]-([0-9]{6,10})-[0-9]{8}-[0-9]{1,4})", _edition),
    (r"(.+-[0-9A-Z]{4,10})", _pupil),
)
