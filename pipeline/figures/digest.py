"""A digest as it is printed: every number once, as text if it is only read.

The template adds only the layout. What a total counts is listed beside it or said to be in the annex.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pipeline.figures import lines, sentences, statistics, words
from pipeline.figures.count_network import ILL, OPEN
from pipeline.figures.county import STAGE_ORDER, CountyFigures, to_json
from pipeline.figures.digest_sentences import TILE
from pipeline.figures.facts import DigestFacts, PaperDivision
from pipeline.figures.sentence import Phrase
from pipeline.figures.trend import Trend, trend
from pipeline.model import LetterKind

SYMPTOMS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Headline:
    """One of the four numbers. `worse`: +1 rising is worse, −1 falling is worse, 0 nothing to mark."""

    label: str
    figure: str
    unit: str
    worse: int
    note: str


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: int | None
    norm: float | None
    shown: str


@dataclass(frozen=True, slots=True)
class PlaceRow:
    code: str
    name: str
    short: str
    registered: int
    due: int
    reported: int
    silent: int
    excused: int
    report_rate: str
    ill: int | None  # None: left out
    ill_shown: str
    rate: str
    change: str
    open_alerts: int
    closed: int
    enough: bool
    label: str  # on the map
    level: float | None  # the rate itself, for the tile's shade; None when it is not shown
    phone: str


@dataclass(frozen=True, slots=True)
class StageRow:
    stage: str
    roll: str
    ill: str
    rate: str


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything a digest prints, and `sums`: the place's figures of the day, for trace and errata."""

    kind: LetterKind
    level: str
    code: str
    place: str
    date: str
    week: str
    edition: str
    number: str
    made: str
    issuer: str
    issuer_phone: str
    report_to: tuple[str, ...]
    send_to: tuple[str, ...]
    sentence: tuple[Phrase, ...]
    todo: tuple[str, ...]
    headlines: tuple[Headline, ...]
    alerts: lines.AlertTable
    closures: lines.ClosureTable
    silence: lines.SilentSchool
    curve: tuple[tuple[str, float | None], ...]
    curve_norm: float | None
    symptoms: tuple[Bar, ...]
    symptoms_note: str
    below: tuple[PlaceRow, ...]
    left_out: str  # divisions below that have no school in the registry: 无锡市、…（11 个）
    below_total: PlaceRow
    stages: tuple[StageRow, ...]
    schools: tuple[lines.SchoolRow, ...]
    schools_rest: str
    hints: tuple[lines.HintRow, ...]
    statistics: statistics.StatisticTable
    remarks: sentences.Remarks
    basis: tuple[str, str]
    assumed: str  # that the day is by weekday only, "" if it is not
    left_out_note: str  # why counts of pupils are missing; "" where none is
    hidden: tuple[str, ...]  # their names, for the editions after this one
    as_of: int
    sums: Mapping[str, object]


def digest(facts: DigestFacts) -> Digest:
    """Make a digest's values. The lists in `facts` are used completely: totals are those of the printed lists."""
    whole = _trend(facts, facts.place)
    parts = tuple((place, _trend(facts, place)) for place in facts.below)
    open_alerts = lines.alerts(facts.alerts, facts.scope, facts.day, facts.clock)
    closed = lines.closures(facts.closures, facts.scope)
    silent = lines.silence(facts.silent, facts.scope, [(p.name, frozenset(p.counties)) for p in facts.below])
    rows, rest = lines.schools(facts.schools, facts.scope)
    below = tuple(_place(facts, place, found) for place, found in parts)
    unusual = statistics.table(_statistics(facts), facts.place.name, facts.scope)
    bars, total = _symptoms(facts, whole), _total(facts, whole)
    return Digest(
        kind=LetterKind.DIGEST,
        level=facts.place.level.value,
        code=facts.place.code,
        place=facts.place.name,
        date=words.chinese_date(facts.day),
        week=f"教学第 {facts.week} 周" if facts.week else "",
        edition=f"第 {facts.n} 版" + ("（日终版）" if facts.final else ""),
        number=f"D-{facts.place.code}-{facts.day:%Y%m%d}-{facts.n}",
        made=f"{facts.now:%m-%d %H:%M}",
        issuer=facts.issuer or facts.place.name,
        issuer_phone=facts.issuer_phone,
        report_to=facts.report_to,
        send_to=facts.send_to,
        sentence=sentences.conclusion(facts, whole, open_alerts, closed),
        todo=sentences.todo(facts, open_alerts, closed, silent, below),
        headlines=_headlines(facts, whole, open_alerts, closed),
        alerts=open_alerts,
        closures=closed,
        silence=silent,
        curve=tuple((words.month_day(d), None if r is None else round(100 * r, 4)) for d, r in _curve(facts, whole)),
        curve_norm=None if whole.norm_rate is None else round(100 * whole.norm_rate, 4),
        symptoms=bars,
        symptoms_note=_symptoms_note(whole, bars),
        below=below,
        left_out=_left_out(below),
        below_total=total,
        stages=_stages(facts, whole.today),
        schools=rows,
        schools_rest=rest,
        hints=lines.hints(facts.hints, facts.scope),
        statistics=unusual,
        remarks=sentences.remarks(facts, whole.today, silent, unusual, rest),
        basis=sentences.basis(facts, whole.today),
        assumed=words.assumed(facts.assumed),
        left_out_note=_left_out_note(facts, bars, (*below, total)),
        hidden=facts.counts.of([facts.place.code, *(place.code for place in facts.below)]),
        as_of=facts.as_of,
        sums=to_json(whole.today),
    )


def _trend(facts: DigestFacts, place: PaperDivision) -> Trend:
    """A place's days, without the past ones whose rate was left out on their own papers: a curve would give it away."""
    found, unseen = trend(place, facts.day, facts.days), facts.unseen.get(place.code, frozenset())
    return replace(found, days={day: one for day, one in found.days.items() if day not in unseen})


def _statistics(facts: DigestFacts) -> statistics.StatisticFacts:
    """Without the divisions whose total is left out: a part of it would narrow it."""
    found, shows = facts.statistics, facts.counts.shows
    return replace(
        found,
        own=tuple(line for line in found.own if shows(line.unit, ILL)),
        below=tuple((name, line) for name, line in found.below if shows(line.unit, ILL)),
    )


def _curve(facts: DigestFacts, whole: Trend) -> list[tuple[date, float | None]]:
    seen = facts.counts.shows(facts.place.code, OPEN)
    return [(day, rate if seen or day != facts.day else None) for day, rate in whole.curve]


def _headlines(
    facts: DigestFacts, whole: Trend, open_alerts: lines.AlertTable, closed: lines.ClosureTable
) -> tuple[Headline, Headline, Headline, Headline]:
    now = whole.today
    rate = now.ill_rate if facts.counts.shows(facts.place.code, OPEN) else None
    return (
        Headline(
            "报告率",
            _bare(now.report_rate, 1),
            "%" if now.report_rate is not None else "",
            0,
            f"按时 {words.percent(now.timely_rate, 1)} · 四周 {words.percent(whole.norm_report_rate, 1)}",
        ),
        Headline(
            "因病缺课率",
            _bare(rate, 2),
            "%" if rate is not None else "",
            _worse(rate, whole.week_ago.ill_rate if whole.week_ago else whole.norm_rate),
            _compared(whole),
        ),
        Headline(
            "在办预警",
            words.number(len(open_alerts.rows)),
            "条",
            0,
            f"其中新增 {open_alerts.opened} · 排除 {open_alerts.excluded} · 结束 {open_alerts.ended}",
        ),
        _closed_headline(closed),
    )


def _closed_headline(closed: lines.ClosureTable) -> Headline:
    asked = [f"待对账 {closed.unmatched}"] * bool(closed.unmatched)
    asked += [f"待确认 {closed.unconfirmed}"] * bool(closed.unconfirmed)
    notes = asked or [closed.pupils] * bool(closed.rows)
    counted = ((closed.classes, "个班"), (closed.campuses, "个校区"), (closed.schools, "所"))
    figure, unit = next(((n, unit) for n, unit in counted if n), counted[0])
    if closed.schools:
        notes.insert(0, "均为全校停课" if unit == "所" else f"另全校 {closed.schools} 所")
    if closed.campuses and unit == "个班":
        notes.insert(0, f"另 {closed.campuses} 个校区")
    return Headline("停课", words.number(figure), unit, 0, " · ".join(notes[:2]) or "今日无停课")


def _bare(rate: float | None, digits: int) -> str:
    return words.percent(rate, digits).removesuffix("%")


def _worse(now: float | None, then: float | None) -> int:
    moved = words.points(now, then) or 0.0
    return (moved > 0) - (moved < 0)


def _compared(whole: Trend) -> str:
    before, week_ago = whole.before, whole.week_ago
    notes = [
        f"{words.day_name(f.day, whole.day)} {words.percent(f.ill_rate)}"
        for f in (before, week_ago if week_ago is not before else None)
        if f is not None
    ]
    return " · ".join(notes) or "尚无可比日"


def _symptoms(facts: DigestFacts, whole: Trend) -> tuple[Bar, ...]:
    norms, code = whole.norm_symptoms(), facts.place.code
    if not facts.counts.shows(code, ILL):
        return ()
    found = sorted(whole.today.symptoms.items(), key=lambda pair: (-pair[1], pair[0]))[:SYMPTOMS_SHOWN]
    bars = []
    for symptom, n in found:
        seen = facts.counts.exact(code, symptom, n)
        norm = round(norms.get(symptom, 0.0), 1) if norms and seen else None
        label = facts.symptom_names.get(symptom, symptom)
        bars.append(Bar(label, n if seen else None, norm, facts.counts.symptom(code, symptom, n)))
    return tuple(bars)


def _symptoms_note(whole: Trend, bars: Sequence[Bar]) -> str:
    rest = len(whole.today.symptoms) - len(bars)
    return f"另 {rest} 种未列" if rest > 0 else ""


def _stages(facts: DigestFacts, now: CountyFigures) -> tuple[StageRow, ...]:
    code, counts = facts.place.code, facts.counts
    return tuple(
        StageRow(
            stage,
            words.number(now.stage_roll[stage]),
            counts.group(code, stage, now.stage_ill.get(stage, 0)),
            words.percent(now.stage_rate(stage) if counts.exact(code, stage, now.stage_ill.get(stage, 0)) else None),
        )
        for stage in (*STAGE_ORDER, *sorted(set(now.stage_roll) - set(STAGE_ORDER)))
        if stage in now.stage_roll
    )


def _left_out_note(facts: DigestFacts, bars: Sequence[Bar], rows: Sequence[PlaceRow]) -> str:
    """Why a count is "<3" or "—": said where one is."""
    out = any(row.ill is None for row in rows) or any(bar.value is None for bar in bars)
    return words.left_out(facts.counts.small) if out or facts.counts.of([facts.place.code]) else ""


def _total(facts: DigestFacts, whole: Trend) -> PlaceRow:
    """The place itself, with the rate on the first page, however few have reported."""
    moved = words.points(whole.today.ill_rate, whole.week_ago.ill_rate if whole.week_ago else None)
    row = _place(facts, facts.place, whole)
    if not facts.counts.shows(facts.place.code, OPEN):
        return row
    change = words.NOTHING if moved is None else f"{moved:+.2f}"
    return replace(row, rate=words.percent(whole.today.ill_rate), change=change)


def _left_out(below: Sequence[PlaceRow]) -> str:
    names = [row.name for row in below if not row.registered]
    return f"{'、'.join(names)}（{len(names)} 个）" if names else ""


def _place(facts: DigestFacts, place: PaperDivision, found: Trend) -> PlaceRow:
    now = found.today
    enough = now.report_rate is not None and not now.is_thin
    seen = facts.counts.shows(place.code, OPEN)
    shown = enough and seen
    moved = words.points(now.ill_rate, found.week_ago.ill_rate if found.week_ago else None)
    inside = frozenset(place.counties)
    return PlaceRow(
        code=place.code,
        name=place.name,
        short=place.short,
        registered=now.registered,
        due=now.due,
        reported=now.reported,
        silent=now.silent,
        excused=now.excused,
        report_rate=words.percent(now.report_rate, 1),
        ill=now.ill if facts.counts.shows(place.code, ILL) else None,
        ill_shown=facts.counts.total(place.code, now.ill),
        rate=words.percent(now.ill_rate) if shown else words.NOTHING,
        change=words.NOTHING if moved is None or not shown else f"{moved:+.2f}",
        open_alerts=sum(a.county in inside and a.closed_day is None for a in facts.alerts),
        closed=sum(c.county in inside for c in facts.closures),
        enough=enough or now.report_rate is None,
        label=_tile_label(now, shown=shown, left_out=enough and not seen),
        level=round(100 * now.ill_rate, 4) if shown and now.ill_rate is not None else None,
        phone=next((f"{h.name} {h.phone}".strip() for h in facts.holders if h.place == place.code), ""),
    )


def _tile_label(now: CountyFigures, *, shown: bool, left_out: bool) -> str:
    if left_out:
        return words.LEFT_OUT
    return words.percent(now.ill_rate) if shown and now.ill_rate is not None else TILE.say(now)
