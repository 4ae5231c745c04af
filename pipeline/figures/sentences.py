"""The summary sentence of a digest, and 今日需办: what a person must do today, most pressing first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline import alert_state
from pipeline.alert_state import AlertState
from pipeline.figures import words
from pipeline.figures.county import CountyFigures
from pipeline.figures.facts import DigestFacts
from pipeline.figures.lines import AlertTable, ClosureTable, SilentSchool
from pipeline.figures.trend import Trend
from pipeline.model import Level

TODO_MOST = 4
_FLAT = 0.005  # a difference that prints as 0.00
_MARKED = 0.05  # percentage points from which a rise is emphasised


@dataclass(frozen=True, slots=True)
class Phrase:
    """A piece of the sentence; `strong` is bold and in the accent colour, for a person's attention."""

    text: str
    strong: bool = False


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
    if not now.due:
        phrases = [
            Phrase(f"今日{facts.why_nothing or '无应报学校'}，{words.number(now.registered)} 所在册学校均不需报。")
        ]
    else:
        phrases = [*_reported(now), *_ill(facts, whole)]
    return (*phrases, *_alerts(alerts), *_closures(closures))


def _reported(now: CountyFigures) -> list[Phrase]:
    on_time, late = words.number(now.on_time), words.number(now.late)
    phrases = [Phrase(f"今日应报 {words.number(now.due)} 所，按时 {on_time} 所、迟报 {late} 所")]
    if now.excused:
        phrases.append(Phrase(f"、免报 {now.excused} 所"))
    if now.silent:
        return [*phrases, Phrase("，"), Phrase(f"未报 {words.number(now.silent)} 所", strong=True), Phrase("。")]
    return [*phrases, Phrase("，无未报。")]


def _ill(facts: DigestFacts, whole: Trend) -> list[Phrase]:
    now = whole.today
    if now.ill_rate is None:
        return [Phrase("尚无学校报告，缺课率无从计算。", strong=True)]
    thin = "（已报学校不足九成）" if now.is_thin else ""
    phrases = [Phrase(f"因病缺课 {words.number(now.ill)} 人次，因病缺课率 {words.percent(now.ill_rate)}{thin}")]
    then = whole.week_ago or whole.before
    moved = words.points(now.ill_rate, then.ill_rate if then else None)
    if then is not None and moved is not None:
        name = words.day_name(then.day, whole.day)
        if abs(moved) < _FLAT:
            phrases.append(Phrase(f"，与{name}持平"))
        else:
            grown = f"比{name}{'高' if moved > 0 else '低'} {abs(moved):.2f} 个百分点"
            phrases += [Phrase("，"), Phrase(grown, strong=moved >= _MARKED)]
    common = sorted(now.symptoms.items(), key=lambda pair: (-pair[1], pair[0]))[:2]
    names = "、".join(facts.symptom_names.get(code, code) for code, _ in common)
    return [*phrases, Phrase(f"，以{names}为主。" if names else "。")]


def _alerts(alerts: AlertTable) -> list[Phrase]:
    if not alerts.rows:
        return [Phrase("无在办预警。")]
    phrases = [Phrase(f"在办预警 {len(alerts.rows)} 条（其中今日新增 {alerts.opened} 条）")]
    if alerts.overdue:
        phrases += [Phrase("，"), Phrase(f"逾期 {alerts.overdue} 条", strong=True)]
    if alerts.soon:
        phrases += [Phrase("，"), Phrase(f"{alerts.soon} 条 3 小时内到期", strong=True)]
    return [*phrases, Phrase("。" if alerts.overdue or alerts.soon else "，均未逾期。")]


def _closures(closures: ClosureTable) -> list[Phrase]:
    if not closures.rows:
        return []
    counted = (
        (closures.classes, f"{closures.classes} 个班"),
        (closures.campuses, f"{closures.campuses} 个校区"),
        (closures.schools, f"全校 {closures.schools} 所"),
    )
    parts = [text for n, text in counted if n]
    return [Phrase(f"停课 {'、'.join(parts)}。")]


def todo(
    facts: DigestFacts, alerts: AlertTable, closures: ClosureTable, silence: SilentSchool, below: Sequence[Ranked]
) -> tuple[str, ...]:
    """Return at most four things for today, most pressing first."""
    found = [
        *_alert_todo(facts, alerts),
        *_silence_todo(facts, silence),
        *_answer_todo(facts, alerts),
        *_closure_todo(facts, closures),
        *_report_todo(below),
    ]
    return tuple(found[:TODO_MOST])


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
    repeated = [f"{row.school}（{row.days} 日）" for row in silence.rows if row.days > 1]
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
        return f"待对账 {len(facts.matters)} 件（停课与缺课不符等），请督促县级核对。"
    names = words.listed(list(dict.fromkeys(facts.matters)), 2)
    return f"待对账 {len(facts.matters)} 件：{names}，停课与缺课不符等，请核对。"


def _report_todo(below: Sequence[Ranked]) -> list[str]:
    poor = [f"{row.name}（{row.report_rate}）" for row in below if not row.enough]
    return [f"报告率低于 90%：{words.listed(poor, 2, '个')}，缺课率暂不列。"] if poor else []


def basis(facts: DigestFacts, now: CountyFigures) -> tuple[str, str]:
    """Say in two lines what the figures are based on: the schools counted, and how the rate is computed."""
    off = (("放假", now.holiday), ("学期外", now.out_of_term), ("停课", now.closed))
    left = "、".join(f"{why} {n}" for why, n in off if n)
    registry = (
        f"在册 {words.number(now.registered)}=应报 {words.number(now.due)}+不需报 {words.number(now.not_due)}"
        f"{f'（{left}）' if left else ''}；应报=按时 {words.number(now.on_time)}+迟报 {words.number(now.late)}"
        f"+未报 {words.number(now.silent)}+免报 {now.excused}；报告率=已报÷（应报−免报）。"
    )
    days, roll = words.number(now.rate_ill_halves / 2), words.number(now.rate_roll)
    parts = [f"因病缺课率={days} 人日（半天 0.5）÷已报学校应到 {roll} 人"]
    apart = (("停课班级", now.closed_ill), ("当日不上课的学校、班级", now.off_ill), ("未报齐的学校", now.unsure_ill))
    if ill_apart := "、".join(f"{where}患病 {words.number(n)} 人" for where, n in apart if n):
        parts.append(f"{ill_apart}只计人次")
    if facts.waiting:
        parts.append(f"另 {facts.waiting} 份在处理，计入下一版")
    return registry, "；".join(parts) + "。"
