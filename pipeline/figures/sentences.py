"""The summary sentence of a digest, and 今日需办: what a person must do today, most pressing first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline import alert_state
from pipeline.alert_state import AlertState
from pipeline.figures import words
from pipeline.figures.count_network import ILL as ALL_ILL
from pipeline.figures.count_network import OPEN
from pipeline.figures.county import CLOSED_ILL, OFF_ILL, UNSURE_ILL, CountyFigures
from pipeline.figures.digest_sentences import (
    ALERTS,
    CLOCK,
    COMMON,
    COMPARED,
    DAY,
    HINTS,
    ILL,
    METHODS,
    SCHOOLS,
    SILENCE,
    STATISTICS,
    SUM,
    SYMPTOMS,
    UNHEARD,
    CommonSymptoms,
    Compared,
)
from pipeline.figures.facts import DigestFacts
from pipeline.figures.lines import AlertTable, ClosureTable, SilentSchool
from pipeline.figures.sentence import Phrase, phrases
from pipeline.figures.statistics import StatisticTable
from pipeline.figures.trend import Trend
from pipeline.model import Level

TODO_MOST = 4
_NO_SYMPTOMS = f"因病缺课人次{words.LEFT_OUT}，症状也{words.LEFT_OUT}。"
THIN = "（已报学校不足九成）"


class Ranked(Protocol):
    """What 今日需办 needs of a division's row."""

    @property
    def name(self) -> str: ...
    @property
    def enough(self) -> bool: ...
    @property
    def report_rate(self) -> str: ...


def conclusion(facts: DigestFacts, whole: Trend, alerts: AlertTable, closures: ClosureTable) -> tuple[Phrase, ...]:
    """Sum up the day: who reported, how many are ill, the comparison, what is due."""
    now = whole.today
    off = words.joined(f"{why} {n} 所" for why, n in _not_due(now) if n)
    said = (
        DAY.say(now, why=facts.why_nothing or "放假", off=off),
        _ill(facts, whole),
        ALERTS.say(alerts, open=words.number(len(alerts.rows)), clock=CLOCK.say(alerts)),
        _closures(closures),
    )
    return tuple(phrase for one in said for phrase in phrases(one))


def _not_due(now: CountyFigures) -> tuple[tuple[str, int], ...]:
    return (("放假", now.holiday), ("学期外", now.out_of_term), ("停课", now.closed))


def _ill(facts: DigestFacts, whole: Trend) -> str:
    now, then = whole.today, whole.week_ago or whole.before
    name = words.day_name(then.day, whole.day) + ("（当日已报不足九成）" if then.is_thin else "") if then else ""
    counts, place = facts.counts, facts.place.code
    rate = now.ill_rate if counts.shows(place, OPEN) else None
    compared = Compared(words.points(rate, then.ill_rate if then else None), name)
    return ILL.say(
        now,
        ill=counts.total(place, now.ill),
        rate=words.percent(rate),
        thin=THIN if now.is_thin else "",
        compared=COMPARED.say(compared, then=name),
        symptoms=COMMON.say(_common(facts, now)),
    )


def _common(facts: DigestFacts, now: CountyFigures) -> CommonSymptoms:
    """The one or two symptoms that more pupils have than any other; none where others are as frequent."""
    order = sorted(now.symptoms.items(), key=lambda pair: (-pair[1], pair[0]))
    counts = [n for _, n in order] + [0]
    most = next((k for k in (2, 1) if len(order) >= k and counts[k - 1] > counts[k]), 0)
    seen = facts.counts.shows(facts.place.code, ALL_ILL)
    if not seen or not all(facts.counts.exact(facts.place.code, code, n) for code, n in order[:most]):
        return CommonSymptoms("")  # what is left out would be narrowed by it
    names = words.joined(facts.symptom_names.get(code, code) for code, _ in order[:most])
    return CommonSymptoms(names, half=bool(most) and 2 * counts[0] >= now.ill)


def _closures(closures: ClosureTable) -> str:
    if not closures.rows:
        return ""
    counted = (
        (closures.classes, f"{closures.classes} 个班"),
        (closures.campuses, f"{closures.campuses} 个校区"),
        (closures.schools, f"全校 {closures.schools} 所"),
    )
    parts = [text for n, text in counted if n]
    return f"停课 {'、'.join(parts)}。"


def todo(
    facts: DigestFacts, alerts: AlertTable, closures: ClosureTable, silence: SilentSchool, below: Sequence[Ranked]
) -> tuple[str, ...]:
    """Return at most four things for today, most pressing first."""
    found = [
        *_unheard_todo(facts, silence),
        *_alert_todo(facts, alerts),
        *_silence_todo(facts, silence),
        *_answer_todo(facts, alerts),
        *_closure_todo(facts, closures),
        *_report_todo(below),
    ]
    return tuple(found[:TODO_MOST])


def _unheard_todo(facts: DigestFacts, silence: SilentSchool) -> list[str]:
    """Schools under a warning of which nothing is heard today: whether the cluster grows is not known."""
    rows = [row for row in silence.rows if row.warned]
    if not rows:
        return []
    at_county = facts.place.level is Level.COUNTY
    names = [f"{row.school} {row.warned}" if at_county else f"{row.county} {row.school}" for row in rows]
    who = "请立即电话核实病情" if at_county else "请督促县级立即核实"
    return [f"在办预警今日未报 {len(rows)} 所：{words.listed(names, 2)}，{who}。"]


def _alert_todo(facts: DigestFacts, alerts: AlertTable) -> list[str]:
    pressing = [row for row in alerts.rows if row.pressing]
    if not pressing:
        return []
    with_place = facts.place.level is not Level.COUNTY
    names = [f"{row.county} {row.school}".strip() if with_place else row.school for row in pressing]
    when = [f"{alerts.overdue} 条已逾期"] * bool(alerts.overdue) + [f"{alerts.soon} 条 3 小时内到期"] * bool(
        alerts.soon
    )
    return [f"{words.listed(list(dict.fromkeys(names)), 2)}预警：{'、'.join(when)}，请督促核实。"]


def _answer_todo(facts: DigestFacts, alerts: AlertTable) -> list[str]:
    if not alerts.asked:
        return []
    who = "请本级确认或退回" if facts.place.level is Level.COUNTY else "请督促县级确认"
    return [f"预警答复 {alerts.asked} 条{alert_state.STATES[AlertState.ANSWERED]}，{who}。"]


def _silence_todo(facts: DigestFacts, silence: SilentSchool) -> list[str]:
    if not silence.rows:
        return []
    if facts.place.level is Level.COUNTY:
        return [_silent_schools(silence)]
    worst = silence.groups[0] if silence.groups else None
    repeated = f"，其中连续两日以上 {silence.repeated} 所" if silence.repeated else ""
    where = f"，{worst.place}最多（{worst.silent} 所）" if worst and len(silence.groups) > 1 else ""
    return [f"未报 {len(silence.rows)} 所{where}{repeated}，请催报。"]


def _silent_schools(silence: SilentSchool) -> str:
    repeated = [f"{row.school}（{words.in_a_row(row.days)}）" for row in silence.rows if row.days > 1]
    if repeated:
        return f"未报 {len(silence.rows)} 所，其中连续未报：{words.listed(repeated, 2)}，请电话催报。"
    return f"未报 {len(silence.rows)} 所：{words.listed([row.school for row in silence.rows], 2)}，请电话催报。"


def _closure_todo(facts: DigestFacts, closures: ClosureTable) -> list[str]:
    found = []
    if closures.unconfirmed:
        who = "请本级会同卫健、疾控确认" if facts.place.level is Level.COUNTY else "请督促县级确认"
        found.append(f"停课申报 {closures.unconfirmed} 起待县级确认，{who}。")
    if facts.matters:
        found.append(_matters(facts))
    elif closures.unmatched:
        row = next(r for r in closures.rows if r.matched == "待对账")
        more = f"等 {closures.unmatched} 起" if closures.unmatched > 1 else ""
        found.append(f"{row.school}{more}停课的患病人数与缺课登记不符，待对账。")
    return found


def _matters(facts: DigestFacts) -> str:
    if facts.place.level is not Level.COUNTY:
        return f"待对账 {len(facts.matters)} 件（停课、缺课或应到人数不一致），请督促县级核对。"
    names = words.listed(list(dict.fromkeys(facts.matters)), 2)
    return f"待对账 {len(facts.matters)} 件：{names}，停课、缺课或应到人数不一致，请核对。"


def _report_todo(below: Sequence[Ranked]) -> list[str]:
    poor = [f"{row.name}（{row.report_rate}）" for row in below if not row.enough]
    return [f"报告率低于 90%：{words.listed(poor, 2, '个')}，缺课率暂不列。"] if poor else []


@dataclass(frozen=True, slots=True)
class Remarks:
    """What stands beside the headings of a digest, or in place of a list that is empty."""

    silence: str
    symptoms: str
    schools: str
    hints: str
    statistics: str
    methods: str
    total: str  # how 因病 of the whole and what enters the rate belong together


def remarks(
    facts: DigestFacts, now: CountyFigures, silence: SilentSchool, unusual: StatisticTable, schools_rest: str
) -> Remarks:
    """Return the remarks of a digest's lists, each from the table of sentences."""
    apart = (
        ("停课班级", CLOSED_ILL, now.closed_ill),
        ("当日不上课的学校、班级", OFF_ILL, now.off_ill),
        ("未报齐的学校", UNSURE_ILL, now.unsure_ill),
    )
    counts, place = facts.counts, facts.place.code
    rated = counts.shows(place, OPEN)
    return Remarks(
        silence=SILENCE.say(now, states=silence.states) + UNHEARD.say(silence),
        symptoms=SYMPTOMS.say(now) if counts.shows(place, ALL_ILL) else _NO_SYMPTOMS,
        schools=SCHOOLS.say(
            now, schools=words.number(len(facts.schools)), rest=f"；{schools_rest}" if schools_rest else ""
        ),
        hints=HINTS.say(now),
        statistics=STATISTICS.say(unusual),
        methods=METHODS.say(unusual),
        total=SUM.say(
            now,
            ill=counts.total(place, now.ill),
            rated_ill=words.number(now.rated_ill) if rated else words.NOTHING,
            days=words.number(now.rate_ill_halves / 2) if rated else words.NOTHING,
            apart="+".join(f"{where} {counts.group(place, group, n)} 人次" for where, group, n in apart if n),
        ),
    )


def basis(facts: DigestFacts, now: CountyFigures) -> tuple[str, str]:
    """Say in two lines what the figures are based on: the schools counted, and how the rate is computed."""
    left = "、".join(f"{why} {n}" for why, n in _not_due(now) if n)
    registry = (
        f"在册 {words.number(now.registered)}=应报 {words.number(now.due)}+不需报 {words.number(now.not_due)}"
        f"{f'（{left}）' if left else ''}；应报=按时 {words.number(now.on_time)}+迟报 {words.number(now.late)}"
        f"+未报 {words.number(now.silent)}+免报 {now.excused}；报告率=已报÷（应报−免报）。"
    )
    days, roll = words.number(now.rate_ill_halves / 2), words.number(now.rate_roll)
    counts, place = facts.counts, facts.place.code
    days = days if counts.shows(place, OPEN) else words.NOTHING
    parts = [f"因病缺课率={days} 人日（半天 0.5）÷已报学校应到 {roll} 人"]
    if facts.waiting:
        parts.append(f"另 {facts.waiting} 份在处理，计入下一版")
    return registry, "；".join(parts) + "。"
