"""Lines of a digest's tables, ready to print: sorted, masked by the reader's scope, totals equal to the lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pipeline.alert_state import AlertState
from pipeline.figures.duty import LABELS, StatusCounts
from pipeline.figures.facts import AlertLine, ClosureLine, HintLine, SchoolLine, SilentAlert, SilentLine
from pipeline.figures.words import CLASSES, NOTHING, from_when, in_a_row, listed, month_day, number, span
from pipeline.model import WHOLE_SCHOOL
from pipeline.units import Scope

SOON = timedelta(hours=3)

__all__ = ["alerts", "closures", "hints", "schools", "silence"]


@dataclass(frozen=True, slots=True)
class AlertRow:
    id: str
    county: str
    school: str
    reason: str
    class_name: str
    cases: str
    first_onset: str
    state: str
    waits: bool
    left: str
    pressing: bool  # overdue, or due within three hours


@dataclass(frozen=True, slots=True)
class AlertTable:
    """`rows` has all open alerts; a page shows the first few and says how many are in the annex."""

    rows: tuple[AlertRow, ...]
    opened: int  # of these, on the day
    excluded: int
    ended: int
    overdue: int
    soon: int
    asked: int  # answers that wait for their county


def alerts(lines: Sequence[AlertLine], scope: Scope, day: date, now: datetime) -> AlertTable:
    """Order open alerts soonest due first, overdue before all, those whose clock has stopped last."""
    standing = [a for a in lines if a.closed_day is None]
    waiting = sorted((a for a in standing if a.waits), key=lambda a: (a.due_at, a.id))
    others = sorted((a for a in standing if not a.waits), key=lambda a: (-a.cases, a.id))
    lefts = [a.due_at - now for a in waiting]
    closed = [a for a in lines if a.closed_day == day]
    return AlertTable(
        rows=tuple(_alert(a, scope, day, now) for a in (*waiting, *others)),
        opened=sum(a.opened_day == day for a in standing),
        excluded=sum(a.state == AlertState.EXCLUDED for a in closed),
        ended=sum(a.state != AlertState.EXCLUDED for a in closed),
        overdue=sum(left < timedelta(0) for left in lefts),
        soon=sum(timedelta(0) <= left <= SOON for left in lefts),
        asked=sum(a.state == AlertState.ANSWERED for a in standing),
    )


def _alert(alert: AlertLine, scope: Scope, day: date, now: datetime) -> AlertRow:
    left = alert.due_at - now
    followed = (day - alert.opened_day).days + 1
    return AlertRow(
        id=alert.id,
        county=_prefix(alert.county_name, alert.school),
        school=alert.school,
        reason=alert.reason,
        class_name=scope.class_name(alert.class_name),
        cases=scope.count(alert.cases, alert.least),
        first_onset=month_day(alert.first_onset),
        state=f"{alert.state_name}第 {followed} 天" if alert.state == AlertState.FOLLOWING else alert.state_name,
        waits=alert.waits,
        left=span(left) if alert.waits else NOTHING,
        pressing=alert.waits and left <= SOON,
    )


def _prefix(county: str, school: str) -> str:
    """The county before a school's name, unless the name begins with it; of 南京·鼓楼区 the city stays."""
    city, _, name = county.rpartition("·")
    return city if school.startswith(name) else county


@dataclass(frozen=True, slots=True)
class ClosureRow:
    county: str
    school: str
    what: str
    reason: str
    ill: str
    dates: str  # 批准 → 停课 → 复课
    resumes: str
    confirmed: str
    checked: str  # confirmed and matched, short, for a narrow column
    matched: str
    pressing: bool


@dataclass(frozen=True, slots=True)
class ClosureTable:
    rows: tuple[ClosureRow, ...]
    classes: int
    schools: int  # closed as a whole
    campuses: int  # closed as a whole, of schools that have others
    pupils: str  # 涉及 120 人
    unconfirmed: int
    unmatched: int


def closures(lines: Sequence[ClosureLine], scope: Scope) -> ClosureTable:
    """Order closures that need a decision first, then by the day school resumes."""
    order = sorted(lines, key=lambda c: (c.matches is not False and not c.waits, c.resumes, c.county, c.school))
    known = [c.pupils for c in lines if c.pupils is not None]
    unknown = len(lines) - len(known)
    whole = sum(c.scope == WHOLE_SCHOOL for c in lines)
    campuses = sum(c.scope == WHOLE_SCHOOL and bool(c.campus) for c in lines)
    # a single school's is a count within it; a total with a masked one among them would give that away
    masked = any(scope.count(n) != str(n) for n in known)
    total = scope.count(sum(known)) if len({c.school for c in lines}) == 1 else number(sum(known))
    total = NOTHING if masked and len(lines) > 1 else total
    missing = f"（{unknown} 起未填）" if unknown else ""
    return ClosureTable(
        rows=tuple(_closure(c, scope) for c in order),
        classes=len(lines) - whole,
        schools=whole - campuses,
        campuses=campuses,
        pupils=f"涉及 {total} 人{missing}" if known else "涉及人数未填",
        unconfirmed=sum(c.waits for c in lines),
        unmatched=sum(c.matches is False for c in lines),
    )


def _closure(closure: ClosureLine, scope: Scope) -> ClosureRow:
    what, named = closure.campus or WHOLE_SCHOOL, scope.class_name(closure.scope)
    if closure.scope != WHOLE_SCHOOL:
        what = f"{closure.campus} {named}".strip() if named else "1 个班"
    matched = {None: "未报缺课", True: "相符", False: "待对账"}[closure.matches]
    resumes = month_day(closure.resumes)
    return ClosureRow(
        county=_prefix(closure.county_name, closure.school),
        school=closure.school,
        what=what,
        reason=closure.reason,
        ill=scope.count(closure.ill),
        dates=f"{month_day(closure.approved_on)} → {from_when(closure.start)} → {resumes}",
        resumes=resumes,
        confirmed="县级已确认" if closure.confirmed else f"学校申报，{'待县级确认' if closure.waits else '已复课'}",
        checked=f"{'已确认' if closure.confirmed else '待确认' if closure.waits else '已复课'} · {matched}",
        matched=matched,
        pressing=closure.waits or closure.matches is False,
    )


@dataclass(frozen=True, slots=True)
class SilentRow:
    county: str
    code: str
    school: str
    kind: str
    state: str
    days: int
    holder: str
    phone: str
    classes: str
    warned: str  # 在办预警 of which nothing is heard: 发热（三(2)班）


@dataclass(frozen=True, slots=True)
class SilentGroup:
    """未报 of one division below; `names` are the schools silent for two days or more."""

    place: str
    silent: int
    states: str
    repeated: str


@dataclass(frozen=True, slots=True)
class SilentSchool:
    rows: tuple[SilentRow, ...]
    groups: tuple[SilentGroup, ...]
    states: str  # 未收到 21，退回待改 8 …
    repeated: int
    warned: int  # schools with an open alert of which nothing is heard


_STATE_ORDER = (StatusCounts.MISSING, StatusCounts.RETURNED, StatusCounts.HELD, StatusCounts.PARTIAL)


def states_of(lines: Sequence[SilentLine]) -> str:
    counted = [(LABELS[s], sum(line.standing is s for line in lines)) for s in _STATE_ORDER]
    return "，".join(f"{label} {n}" for label, n in counted if n)


def silence(lines: Sequence[SilentLine], scope: Scope, places: Sequence[tuple[str, frozenset[str]]]) -> SilentSchool:
    """Order the silent schools: those under a warning, then longest first.

    `places`: (name, counties) of the divisions below, for the groups.
    """
    order = sorted(lines, key=lambda s: (not s.warned, -s.days, _STATE_ORDER.index(s.standing), s.county, s.code))
    groups = [(name, [s for s in order if s.county in counties]) for name, counties in places]
    groups.sort(key=lambda pair: -len(pair[1]))
    return SilentSchool(
        rows=tuple(_silent(s, scope) for s in order),
        groups=tuple(_group(name, found) for name, found in groups if found),
        states=states_of(lines),
        repeated=sum(s.days > 1 for s in lines),
        warned=sum(bool(s.warned) for s in lines),
    )


def _silent(line: SilentLine, scope: Scope) -> SilentRow:
    classes = [name for name in (scope.class_name(c) for c in line.classes) if name]
    return SilentRow(
        county=line.county_name,
        code=line.code,
        school=line.school,
        kind=line.kind,
        state=LABELS[line.standing],
        days=line.days,
        holder=line.holder,
        phone=line.phone,
        classes=listed(classes, 4, "个班"),
        warned="、".join(silent_alert(one, scope) for one in line.warned),
    )


def silent_alert(alert: SilentAlert, scope: Scope) -> str:
    """发热（三(2)班）, 手足口病（全校）; for a reader who may see no class the group alone."""
    return f"{alert.group}（{silent_place(alert)}）" if scope.classes else alert.group


def silent_place(alert: SilentAlert) -> str:
    """The classes of an alert that are silent, for a reader who may see them: 三(2)班, 全校, 东校区."""
    return " ".join(filter(None, (alert.campus, listed(alert.classes, 2, CLASSES)))) or WHOLE_SCHOOL


def _group(name: str, found: Sequence[SilentLine]) -> SilentGroup:
    repeated = [f"{s.school}（{in_a_row(s.days)}）" for s in found if s.days > 1]
    return SilentGroup(name, len(found), states_of(found), listed(repeated, 1) or NOTHING)


@dataclass(frozen=True, slots=True)
class SchoolRow:
    school: str
    kind: str
    roll: str
    ill: str
    new: str
    days: str  # 人日 of open classes: ÷ 应到 it is the rate
    rate: str


def schools(lines: Sequence[SchoolLine], scope: Scope, most: int = 200) -> tuple[tuple[SchoolRow, ...], str]:
    """Return the schools with most ill pupils, and a line for those that are not listed."""
    order = sorted(lines, key=lambda s: (-s.ill, s.code))
    rows = tuple(
        SchoolRow(
            s.school,
            s.kind,
            number(s.roll) if s.reported else NOTHING,
            scope.count(s.ill),
            scope.count(s.new),
            number(s.halves / 2) if s.reported else NOTHING,
            scope.rate(s.halves, 2 * s.roll) if s.reported else NOTHING,
        )
        for s in order[:most]
    )
    rest = order[most:]
    return rows, f"其余 {len(rest)} 所共 {number(sum(s.ill for s in rest))} 人次" if rest else ""


@dataclass(frozen=True, slots=True)
class HintRow:
    disease: str
    school: str
    class_name: str
    cases: str
    new: str


def hints(lines: Sequence[HintLine], scope: Scope) -> tuple[HintRow, ...]:
    """Return 单例提示, new cases first, then by disease and school; nothing for a reader who may see no class."""
    order = sorted(lines, key=lambda h: (not h.new, h.disease, h.school, h.class_name))
    return tuple(
        HintRow(h.disease, h.school, scope.class_name(h.class_name), scope.count(h.cases), scope.count(h.new))
        for h in order
        if scope.classes
    )
