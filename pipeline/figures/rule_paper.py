"""预警规则评分周报: the values of a division's weekly paper on how good its rules are.

It counts alerts, no pupils, and names no school: nothing of it is masked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from pipeline.figures import words
from pipeline.figures.facts import PaperDivision
from pipeline.figures.rule_scores import RuleScore, ScoredAlert, scores, total
from pipeline.forms.card_words import REASON
from pipeline.model import LetterKind
from pipeline.rules.values import Rule, Rules, Stage, Where

NAMED = 2  # groups of a rule that are named
STAGES: Mapping[Stage, str] = {
    Stage.EARLY: "早期",
    Stage.CLUSTER: "聚集",
    Stage.OUTBREAK: "暴发",
    Stage.EVENT: "突发事件",
    Stage.CLOSURE: "停课评估",
}


@dataclass(frozen=True, slots=True)
class RulePaperFacts:
    """The alerts of a division that were opened in a week, and in all the weeks up to its end.

    `below`: the divisions below it with schools, each with its counties. `made_on`: the day on which it is cut.
    """

    place: PaperDivision
    below: tuple[PaperDivision, ...]
    week: tuple[date, date]
    season: tuple[date, date]
    made_on: date
    now: datetime
    as_of: int
    rules: Rules
    alerts: Sequence[ScoredAlert]  # of the season
    of_week: Collection[str]  # which of them were opened in the week
    n: int = 1
    assumed: int = 0  # the year, if the week, or the day it is cut on, is by weekday only


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One line of a table: a rule, a division, or all. `excluded`: A1, A2, A3, A9."""

    name: str
    stage: str
    what: str
    week: int
    warned: int
    opened: int
    excluded: tuple[int, ...]
    confirmed: int
    void: int
    pending: int
    ppv: str
    delay: str
    lead: str


@dataclass(frozen=True, slots=True)
class RulePaper:
    kind: LetterKind
    level: str
    code: str
    place: str
    number: str
    made: str
    edition: str
    week: str
    season: str
    version: str
    sentence: str
    reasons: tuple[str, ...]
    rows: tuple[ScoreRow, ...]
    total: ScoreRow
    below: tuple[ScoreRow, ...]
    quiet: int  # rules that are on by default and were not met
    as_of: int
    assumed: str = ""


def rule_paper(facts: RulePaperFacts) -> RulePaper:
    """Return the paper of one division."""
    known = {rule.id: rule for rule in facts.rules.rules}
    found = scores(facts.alerts, {rule.id: rule.stage.rank for rule in facts.rules.rules})
    week = [alert for alert in facts.alerts if alert.id in facts.of_week]
    in_week = {one.rule: one.warned for one in scores(week, {})}
    everything = total(facts.alerts)
    rows = tuple(
        _row(one, one.rule, *_named(known.get(one.rule), facts.rules), week=in_week.get(one.rule, 0)) for one in found
    )
    met = {one.rule for one in found}
    return RulePaper(
        kind=LetterKind.RULES,
        level=facts.place.level.value,
        code=facts.place.code,
        place=facts.place.name,
        number=f"W-{facts.place.code}-{facts.made_on:%Y%m%d}-{facts.n}",
        made=f"{facts.now:%m-%d %H:%M}",
        edition=f"第 {facts.n} 版",
        week=words.period(*facts.week),
        season=f"{facts.season[0]} 至 {facts.season[1]}",
        version=facts.rules.version,
        sentence=_sentence(facts, len(week), everything),
        reasons=tuple(REASON.labels.values()),
        rows=rows,
        total=_row(everything, "合计（一条预警计一次）", "", "", week=len(week)),
        below=tuple(_below(facts, place, {alert.id for alert in week}) for place in facts.below),
        quiet=sum(rule.on and rule.id not in met for rule in known.values()),
        as_of=facts.as_of,
        assumed=words.assumed(facts.assumed),
    )


def _named(rule: Rule | None, rules: Rules) -> tuple[str, str]:
    """The stage of a rule, and what it asks for: 发热、皮疹等 9 组：同班当日 ≥3 人."""
    if rule is None:  # of an earlier version
        return "", ""
    groups = [rules.name_of(group) for group in sorted(rule.groups)]
    groups += [f"法定{''.join(sorted(rule.grades))}类"] * bool(rule.grades)
    scope = "" if rule.scope == (Where.CAMPUS,) else words.A_CLASS
    asked = replace(rule, stage=Stage.EARLY)  # of a closure's, too, what it asks for, not what it stands for
    return STAGES[rule.stage], words.condition(asked, words.listed(groups, NAMED, "组"), scope)


def _row(one: RuleScore, name: str, stage: str, what: str, *, week: int) -> ScoreRow:
    return ScoreRow(
        name=name,
        stage=stage,
        what=what,
        week=week,
        warned=one.warned,
        opened=one.opened,
        excluded=tuple(one.excluded.values()),
        confirmed=one.confirmed,
        void=one.void,
        pending=one.pending,
        ppv=words.percent(one.ppv, 1),
        delay=_days(one.delay),
        lead=f"{_days(one.lead)}（{one.leads}）" if one.leads else words.NOTHING,
    )


def _below(facts: RulePaperFacts, place: PaperDivision, week: Collection[str]) -> ScoreRow:
    mine = [alert for alert in facts.alerts if alert.division in place.counties]
    return _row(total(mine), place.name, "", "", week=sum(alert.id in week for alert in mine))


def _sentence(facts: RulePaperFacts, week: int, one: RuleScore) -> str:
    said = [f"上周（{words.period(*facts.week)}）预警 {week} 条。"]
    weeks = ((facts.season[1] - facts.season[0]).days + 1) // 7
    if not one.warned:
        return f"{said[0]}近 {weeks} 周没有预警。"
    counted = f"近 {weeks} 周共 {one.warned} 条"
    if one.decided:
        shares = f"确认 {one.confirmed} 条、排除 {one.decided - one.confirmed} 条"
        said.append(f"{counted}，县级已判定 {one.decided} 条：{shares}，阳性预测值 {words.percent(one.ppv, 1)}。")
    else:
        said.append(f"{counted}，县级都还没有判定。")
    reason, most = max(one.excluded.items(), key=lambda item: item[1])
    if most:
        said.append(f"排除的理由最多的是 {REASON.labels[reason]}（{most} 条）。")
    if one.delay is not None:
        said.append(f"首例到预警的中位数 {_days(one.delay)} 日。")
    if one.leads:
        said.append(f"{one.leads} 条后来升级或确诊，预警早 {_days(one.lead)} 日（中位数）。")
    return "".join(said)


def _days(days: float | None) -> str:
    return words.NOTHING if days is None else f"{days:g}"
