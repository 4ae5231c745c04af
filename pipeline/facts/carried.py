"""The rows that the next template of a campus carries over: absences of its last report that had not ended, and open
returned rows of that day. For a batch of schools in a handful of queries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from pipeline.carry import Back, CarriedOver, Open
from pipeline.database import serialise, sql
from pipeline.database.models import Absence, Reject
from pipeline.forms.absence import ROWS
from pipeline.forms.base import NEXT
from pipeline.model import RowState, SchoolFacts, TicketState
from pipeline.registry import lookup
from pipeline.schooldays import closed_campuses, closed_classes, school_year
from pipeline.turns import context
from pipeline.validate.carried import UNANSWERED

_RETURNED = RowState.RETURNED  # looked up once, not for every row

LOOK_BACK = 14  # days; after a longer silence we do not ask about what was before it
_NAMED = 400  # pupils whose names are fetched at a time
_COLUMNS = tuple(name for name, column in ROWS.keeps.items() if NEXT in column.goes)

Campus = tuple[str, str]  # school, campus


def carried_over(schools: Collection[SchoolFacts], day: date) -> dict[Campus, CarriedOver]:
    """Return the rows that the templates of `day` carry over, by campus; a campus without any is left out.

    From the last report of each class: one that was off, or missing, in the last report of its campus stands as the
    report before says. Not carried over: pupils of classes that are closed on the day or have ended, and reports of
    another school year, whose classes are different.
    """
    codes = [school.code for school in schools]
    last = last_reports(codes, day)
    if not last:
        return {}
    days = sorted(set(last.values()))
    out = _Out(codes, day)
    earlier = _earlier(last, day)
    opened, pupils = _open(last, earlier, sorted({*days, *earlier.values()}), out)
    back = _back(last, days, pupils)
    return {
        place: CarriedOver(since, tuple(opened.get(place, ())), tuple(back.get(place, ())))
        for place, since in last.items()
        if opened.get(place) or back.get(place)
    }


def last_reports(codes: Sequence[str], day: date) -> dict[Campus, date]:
    """Return the last day before `day`, of its school year, that each campus reported."""
    days = [past for n in range(1, LOOK_BACK + 1) if school_year(past := day - timedelta(days=n)) == school_year(day)]
    text = "SELECT school, campus, MAX(day) FROM report WHERE day IN ? AND school IN ? GROUP BY school, campus"
    rows = sql.fetch_in(text, [past.isoformat() for past in days], codes)
    return {(school, campus): sql.date_of(when) for school, campus, when in rows}


def _earlier(last: Mapping[Campus, date], day: date) -> dict[tuple[str, str, str], date]:
    """Classes that the last report of their campus does not mention → the last day on which a report did."""
    silent = _silent(set(last.values()), {school for school, _ in last})
    missing = {(*at, key) for (when, *at, key) in silent if last.get((at[0], at[1])) == when}
    if not missing:
        return {}
    schools = sorted({school for school, *_ in missing})
    days = [past for n in range(1, LOOK_BACK + 1) if school_year(past := day - timedelta(days=n)) == school_year(day)]
    text = "SELECT day, school, campus FROM report WHERE day IN ? AND school IN ?"
    reported = [(sql.date_of(when), *at) for when, *at in sql.fetch_in(text, [str(one) for one in days], schools)]
    mute = _silent(set(days), schools)
    found: dict[tuple[str, str, str], date] = {}
    for school, campus, key in missing:
        spoke = [when for when, *at in reported if at == [school, campus] and (when, school, campus, key) not in mute]
        if spoke:
            found[school, campus, key] = max(spoke)
    return found


def _silent(days: Collection[date], schools: Iterable[str]) -> set[tuple[date, str, str, str]]:
    text = "SELECT day, school, campus, key FROM report_class WHERE day IN ? AND school IN ? AND silent"
    rows = sql.fetch_in(text, sorted(str(day) for day in days), sorted(schools))
    return {(sql.date_of(day), school, campus, key) for day, school, campus, key in rows}


def unmentioned(sent: Mapping[int, tuple[str, str, date]]) -> dict[int, tuple[int, date]]:
    """Return, by submission, how many pupils absent in the report before it are not in it, and that report's day.
    `sent`: submission → (school, campus, day). Only for submissions that alone make up a report.
    """
    found = {}
    for day in sorted({day for _, _, day in sent.values()}):
        mine = _alone(day, {seq: (school, campus) for seq, (school, campus, when) in sent.items() if when == day})
        last = last_reports(sorted({school for school, _ in mine.values()}), day)
        silent: dict[Campus, list[tuple[str, str]]] = defaultdict(list)
        for when, school, campus, key, pupil in _not_named(sorted(set(last.values())), sorted(last), day):
            if last.get((school, campus)) == sql.date_of(when):
                silent[school, campus].append((key, pupil))
        if not silent:
            continue
        out = _Out(sorted({school for school, _ in silent}), day)
        back = _gone_back(mine)
        for seq, place in mine.items():
            named = back.get(seq, set())
            count = sum(pupil not in named and not out(*place, key) for key, pupil in silent.get(place, ()))
            if count:
                found[seq] = (count, last[place])
    return found


def _not_named(
    days: Sequence[date], places: Iterable[Campus], day: date
) -> list[tuple[date | str, str, str, str, str]]:
    """Who was absent on one of the days, had not come back, and is not named in the report of `day`."""
    text = (
        "SELECT day, school, campus, class_key, pupil FROM absence past"
        f" WHERE day IN ? AND school IN ? AND row_state <> '{_RETURNED}' AND returned IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM absence named"
        f" WHERE named.day = '{day}' AND named.school = past.school AND named.campus = past.campus"
        " AND named.pupil = past.pupil)"  # nosec B608  # our own words
    )
    return sql.fetch_in(text, [day.isoformat() for day in days], sorted({school for school, _ in places}))


def _alone(day: date, mine: Mapping[int, Campus]) -> dict[int, Campus]:
    """Those of the submissions that alone make up their report, without zero reports."""
    text = "SELECT current_seq, seqs FROM report WHERE day IN ? AND school IN ? AND NOT zero"
    rows = sql.fetch_in(text, [day.isoformat()], sorted({school for school, _ in mine.values()}))
    alone = {seq for seq, seqs in rows if serialise.read(seqs) == [seq]}
    return {seq: place for seq, place in mine.items() if seq in alone}


def _gone_back(seqs: Iterable[int]) -> dict[int, set[str]]:
    """The pupils whose rows were returned, by submission: they are mentioned there."""
    found: dict[int, set[str]] = defaultdict(set)
    for seq, key in Reject.objects.filter(submission__in=list(seqs), table="rows").values_list("submission", "key"):
        found[seq].add(key)
    return found


class _Out:
    """The classes that are not asked about: closed on the day, or ended."""

    def __init__(self, codes: Sequence[str], day: date) -> None:
        self._day, self._closures = day, context.closures(codes) if codes else {}
        self._ended, self._now = lookup.renamed(codes, day) if codes else (set(), {})

    def now(self, school: str, campus: str, key: str) -> str:
        """The key that a class has on the day: it may have been renamed since."""
        return self._now.get((school, campus, key), key)

    def __call__(self, school: str, campus: str, key: str) -> bool:
        mine, key = self._closures.get(school, ()), self.now(school, campus, key)
        if (school, campus, key) in self._ended:
            return True
        return campus in closed_campuses(mine, self._day) or key in closed_classes(mine, campus, self._day)


def _open(
    last: Mapping[Campus, date], earlier: Mapping[tuple[str, str, str], date], days: Sequence[date], out: _Out
) -> tuple[Mapping[Campus, list[Open]], Mapping[Campus, set[str]]]:
    """Absences that had not ended, in order of class and row; and by campus all pupils with a row in the report."""
    codes = sorted({school for school, _ in last})
    rows = Absence.objects.filter(day__in=days, school__in=codes).order_by("school", "campus", "class_key", "id")
    columns = ("day", "school", "campus", "pupil", "row_state", "returned")
    kept, pupils = [], defaultdict(set)
    for when, school, campus, pupil, state, returned, *values in rows.values_list(*columns, *_COLUMNS):
        values_by_name = dict(zip(_COLUMNS, values, strict=True))
        if last.get((school, campus)) == when:
            pupils[school, campus].add(pupil)
        elif earlier.get((school, campus, str(values_by_name["class_key"]))) != when:
            continue
        if state != _RETURNED and returned is None and not out(school, campus, str(values_by_name["class_key"])):
            kept.append((when, school, campus, pupil, values_by_name))
    # a pupil whom the last report names stands as it says
    kept = [one for one in kept if last.get(one[1:3]) == one[0] or one[3] not in pupils[one[1:3]]]
    names = _names({(school, pupil) for _, school, _, pupil, _ in kept})
    found: dict[Campus, list[Open]] = defaultdict(list)
    for when, school, campus, pupil, values_by_name in kept:
        name, number = names.get((school, pupil), ("", ""))
        key = out.now(school, campus, str(values_by_name["class_key"]))
        found[school, campus].append(Open(key, name, number, values_by_name, when))
    return found, pupils


def _names(wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    found = {}
    pairs = sorted(wanted)
    for start in range(0, len(pairs), _NAMED):
        part = pairs[start : start + _NAMED]
        marks = ", ".join(["(%s, %s)"] * len(part))
        text = f"SELECT school, code, name, number FROM pupil WHERE (school, code) IN (VALUES {marks})"  # nosec B608  # marks only
        rows = sql.fetch(text, [value for pair in part for value in pair])
        found.update({(school, code): (name, number) for school, code, name, number in rows})
    return found


def _back(
    last: Mapping[Campus, date], days: Sequence[date], pupils: Mapping[Campus, set[str]]
) -> Mapping[Campus, list[Back]]:
    """Returned rows that are still open; not those whose older version is current, which is carried over itself."""
    codes = sorted({school for school, _ in last})
    rows = Reject.objects.filter(school__in=codes, day__in=days, form="absence", table="rows", state=TicketState.OPEN)
    found: dict[Campus, list[Back]] = defaultdict(list)
    for row in rows.order_by("submission", "row"):
        place = (row.school, row.campus)
        if last.get(place) == row.day and row.identity not in pupils.get(place, ()):
            issues = tuple(serialise.as_issue(one) for one in row.issues)
            asked = {issue.code for issue in issues} == {UNANSWERED}
            found[place].append(Back(row.raw, issues, asked))
    return found
