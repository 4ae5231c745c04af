"""What school pages and alert cards are made of: a county's pages at a time, a handful of queries for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pipeline import life, rules, units
from pipeline.figures.papers import CardFacts, CaseLine, ClassLine, HitLine, Notice, PageFacts, PupilLine
from pipeline.figures.words import condition, month_day
from pipeline.forms import words
from pipeline.model import HOME_CAMPUS, Site
from pipeline.rules import Stage
from pipeline.schooldays import ZONE
from pipeline.store import context, days, registry, sql
from pipeline.store.days import CountedSchool
from pipeline.store.models import Absence, Alert, AlertCase, AlertHit, Report, SchoolClass, Unit

_ROW = (
    "school", "campus", "pupil", "class_key", "sex", "reason", "row_state", "start", "part", "symptoms",
    "other_symptom", "temperature", "visited", "diagnosis", "note", "pending",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cut:
    """Which edition of the pages this is: number, whether final, cut at and as of what."""

    day: date
    n: int
    final: bool
    now: datetime
    as_of: int


def pages(site: Site, cut: Cut, counties: Sequence[str]) -> list[PageFacts]:
    """Return the pages of all schools of some counties, in order of county and code."""
    tree, calendar, divisions = registry.tree(), context.calendar(), registry.division_names()
    found: list[PageFacts] = []
    for county in counties:
        schools = days.schools(cut.day, [county], tree, calendar).get(county, [])
        loaded = _load(cut.day, county, schools)
        for school in schools:
            scope = units.scope(school.day.code, tree, site.policy.small_count)
            found.append(_page(cut, scope, school, divisions.get(county, ""), loaded))
    return found


@dataclass(frozen=True, slots=True)
class _Rows:
    heads: Mapping[str, list[Report]]
    absences: Mapping[str, list[Absence]]
    names: Mapping[tuple[str, str], str]
    others: Mapping[tuple[str, str, str], int]
    alerts: Mapping[str, list[Alert]]
    tickets: Mapping[str, int]
    reasons: Mapping[str, str]


def _load(day: date, county: str, schools: Sequence[CountedSchool]) -> _Rows:
    heads, absences, alerts = defaultdict(list), defaultdict(list), defaultdict(list)
    for head in Report.objects.filter(day=day, division=county).order_by("school", "campus"):
        heads[head.school].append(head)
    rows = list(Absence.objects.filter(day=day, division=county).order_by("school", "class_key", "id").only(*_ROW))
    for row in rows:
        absences[row.school].append(row)
    for alert in Alert.objects.filter(division=county, closed_at__isnull=True).order_by("due_at", "id"):
        alerts[alert.school].append(alert)
    codes = [s.day.code for s in schools]
    text = "SELECT school, code, name FROM pupil WHERE school IN ? AND code IN ?"
    names: dict[tuple[str, str], str] = {}
    for school, mine in absences.items():
        found = sql.fetch_in(text, [school], sorted({row.pupil for row in mine}))
        names |= {(where, code): name for where, code, name in found}
    text = "SELECT school, campus, key, other_absent FROM report_class WHERE day IN ? AND school IN ?"
    others = {(s, c, k): n for s, c, k, n in sql.fetch_in(text, [day.isoformat()], codes)}
    text = "SELECT school, COUNT(*) FROM reject WHERE day IN ? AND school IN ? AND state = 'open' GROUP BY school"
    tickets = dict(sql.fetch_in(text, [day.isoformat()], codes))
    standing = [alert for mine in alerts.values() for alert in mine]
    return _Rows(heads, absences, names, others, alerts, tickets, {a.id: _group(a.group) for a in standing})


def _page(cut: Cut, scope: units.Scope, school: CountedSchool, county: str, loaded: _Rows) -> PageFacts:
    code = school.day.code
    heads = loaded.heads.get(code, [])
    rows = loaded.absences.get(code, [])
    several = len({campus for campus, _ in school.classes}) > 1
    return PageFacts(
        scope=scope,
        code=code,
        school=school.day.name,
        county=county,
        day=cut.day,
        n=cut.n,
        final=cut.final,
        now=cut.now,
        as_of=cut.as_of,
        standing=school.day.standing,
        reported_at=min((h.first_seen.astimezone(ZONE) for h in heads), default=None),
        reporter="、".join(dict.fromkeys(h.reporter for h in heads if h.reporter)),
        reviewer="、".join(dict.fromkeys(h.reviewer for h in heads if h.reviewer)),
        zero=bool(heads) and all(h.zero for h in heads),
        pupils=tuple(_pupil(row, school, loaded.names, several=several) for row in rows),
        classes=tuple(_classes(school, rows, loaded.others, several=several)),
        notices=tuple(_notice(alert, loaded.reasons, school) for alert in loaded.alerts.get(code, [])[:3]),
        open_tickets=loaded.tickets.get(code, 0),
    )


def _room(school: CountedSchool, campus: str, key: str, *, several: bool) -> str:
    name = school.classes.get((campus, key), key)
    return f"{campus} {name}" if several and campus != HOME_CAMPUS else name


def _pupil(row: Absence, school: CountedSchool, names: Mapping[tuple[str, str], str], *, several: bool) -> PupilLine:
    symptoms = [words.SYMPTOM.labels.get(code, code) for code in row.symptoms.split()]
    return PupilLine(
        class_name=_room(school, row.campus, row.class_key, several=several),
        name=names.get((row.school, row.pupil), ""),
        code=row.pupil,
        sex=words.SEX.labels.get(row.sex, row.sex),
        reason=row.reason,
        row_state=row.row_state,
        start=row.start,
        part=row.part,
        symptoms=tuple([*symptoms, row.other_symptom] if row.other_symptom else symptoms),
        temperature=f"{row.temperature}℃" if row.temperature is not None else "",
        visited=row.visited,
        diagnosis=words.DISEASE.labels.get(row.diagnosis, row.diagnosis),
        note=row.note[:40],
        pending=row.pending,
    )


def _classes(
    school: CountedSchool, rows: Sequence[Absence], others: Mapping[tuple[str, str, str], int], *, several: bool
) -> list[ClassLine]:
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        if row.row_state != "returned":
            counts[row.campus, row.class_key][row.reason] += 1
    places = [*school.classes, *(place for place in counts if place not in school.classes)]
    return [
        ClassLine(
            class_name=_room(school, *place, several=several),
            roll=school.day.rolls.get(place),
            ill=counts[place]["ill"],
            injured=counts[place]["injured"],
            other=others.get((school.day.code, *place), 0),
            closed=place in school.day.closed,
            silent=place in school.day.silent,
        )
        for place in places
    ]


def _notice(alert: Alert, reasons: Mapping[str, str], school: CountedSchool) -> Notice:
    where = school.classes.get((alert.campus, alert.scope), alert.scope) or "全校"
    what = f"预警 {alert.id} {reasons[alert.id]}（{where}，{alert.cases} 人）"
    due = alert.due_at.astimezone(ZONE)
    if alert.state in life.UNANSWERED:
        return Notice(what, f"请于 {due:%m-%d %H:%M} 前核实，填《预警信息报告卡》发回。")
    return Notice(what, f"{life.STATES.get(alert.state, alert.state)}，请持续关注至预警结束。")


def _group(code: str) -> str:
    known = rules.load().groups
    return known[code].name if code in known else code


# --------------------------------------------------------------------------- the card


def card(site: Site, ref: str, reader: str) -> CardFacts:
    """Return an alert's card for one reader. `ref` is the letter's: the alert's id, and its revision after a bar.

    Raises Alert.DoesNotExist, or KeyError for a reader the registry does not know.
    """
    name, _, revision = ref.partition("|")
    alert = Alert.objects.get(pk=name)
    tree, divisions = registry.tree(), registry.division_names()
    scope = units.scope(reader, tree, site.policy.small_count)
    if not scope.covers(alert.school, alert.division):
        raise KeyError(reader)
    school = Unit.objects.get(pk=alert.school)
    rooms = _rooms(alert)
    chain = tree.chain(alert.division)
    return CardFacts(
        scope=scope,
        id=alert.id,
        school_code=school.code,
        school=school.name,
        campus=alert.campus,
        county=divisions.get(alert.division, ""),
        city=divisions.get(chain[1], "") if len(chain) > 1 else "",
        group=_group(alert.group),
        stage=Stage(alert.stage),
        issued_at=alert.opened_at.astimezone(ZONE),
        due_at=alert.due_at.astimezone(ZONE),
        cases=alert.cases,
        first_onset=alert.first_onset,
        last_onset=alert.last_onset,
        hits=tuple(_hits(alert, rooms)),
        cases_listed=tuple(_cases(alert, rooms)) if scope.codes else (),
        reporter=school.reporter,
        leader=school.leader,
        made=int(revision or alert.revision),
        closed_as=life.STATES.get(alert.state, alert.state),
        closed_at=alert.closed_at.astimezone(ZONE) if alert.closed_at else None,
        close_reason=alert.close_reason,
    )


def _rooms(alert: Alert) -> dict[str, str]:
    rows = SchoolClass.objects.filter(school_id=alert.school, campus=alert.campus).order_by("school_year")
    return dict(rows.values_list("key", "name"))


def _hits(alert: Alert, rooms: Mapping[str, str]) -> list[HitLine]:
    """The latest hit of each rule that stands, highest stage first."""
    known = rules.load()
    by_id = {rule.id: rule for rule in known.rules}
    latest = {}
    for hit in AlertHit.objects.filter(alert=alert, to_settled__isnull=True).order_by("day", "n", "id"):
        if hit.rule in by_id:
            latest[hit.rule, hit.scope] = hit
    found = sorted(latest.values(), key=lambda hit: (-by_id[hit.rule].stage.rank, -hit.n, hit.rule))
    return [
        HitLine(
            rule=hit.rule,
            version=hit.rule_version,
            words=condition(by_id[hit.rule], _group(hit.group), hit.scope),
            scope=rooms.get(hit.scope, hit.scope),
            window=_window(hit.day, by_id[hit.rule].window),
            threshold=hit.threshold,
            n=hit.n,
            source=by_id[hit.rule].source,
        )
        for hit in found[:2]  # a card is one side; the digest and the store have the others
    ]


def _window(last: date, length: int) -> str:
    first = last - timedelta(days=length - 1)
    return month_day(last) if length == 1 else f"{month_day(first)} 至 {month_day(last)}"


def _cases(alert: Alert, rooms: Mapping[str, str]) -> list[CaseLine]:
    cases = list(AlertCase.objects.filter(alert=alert, to_settled__isnull=True).order_by("onset", "pupil"))
    codes = sorted({case.pupil for case in cases})
    text = "SELECT code, name FROM pupil WHERE school IN ? AND code IN ?"
    names = dict(sql.fetch_in(text, [alert.school], codes))
    span = (alert.first_onset - timedelta(days=1), alert.last_onset + timedelta(days=31))
    last: dict[str, tuple[str, tuple[str, ...], str]] = {}
    for row in Absence.objects.filter(school=alert.school, pupil__in=codes, day__range=span).order_by("day"):
        symptoms = tuple(words.SYMPTOM.labels.get(code, code) for code in row.symptoms.split())
        sex, diagnosis = words.SEX.labels.get(row.sex, ""), words.DISEASE.labels.get(row.diagnosis, row.diagnosis)
        last[row.pupil] = (sex, symptoms, diagnosis)
    found = []
    for case in cases:
        sex, symptoms, diagnosis = last.get(case.pupil, ("", (), ""))
        room = rooms.get(case.class_key, case.class_key)
        found.append(CaseLine(case.pupil, names.get(case.pupil, ""), room, sex, case.onset, symptoms, diagnosis))
    return found
