"""Believable facts for the papers of one school: its page, a warning's card, who is missing; all invented."""

from __future__ import annotations

from datetime import timedelta

from pipeline import rules
from pipeline.figures import cards, papers, rule_paper, rule_scores
from pipeline.figures.duty import StatusCounts
from pipeline.figures.facts import PaperDivision
from pipeline.model import Level
from pipeline.rules.values import Stage
from pipeline.units import Scope
from tests.paper_samples import DAY, NANJING, NOW, silent

PUPILS = (
    "示例童甲",
    "示例童乙",
    "示例童丙",
    "示例童丁",
    "示例童戊",
    "示例童己",
    "示例童庚",
    "示例童辛",
    "示例童壬",
    "示例童癸",
)


def page(pupils: int = 10) -> papers.PageFacts:
    rows = tuple(
        papers.PupilLine(
            f"{'一二三四'[i % 4]}({i % 3 + 1})班",
            PUPILS[i % 10] + ("" if i < 10 else str(i)),
            f"三2-A7K3QX9M{i:02d}",
            "男女"[i % 2],
            ("ill", "ill", "ill", "injured", "ill", "other")[i % 6],
            ("new", "ongoing", "new", "new", "new", "returned")[i % 6],
            DAY - timedelta(days=i % 3),
            ("", "", "am")[i % 3],
            ("发热", "咳嗽")[: 1 + i % 2],
            ("38.6℃", "未测")[i % 2],
            (True, False, None)[i % 3],
            ("一般感冒", "", "")[i % 3],
            pending=i == 4,
        )
        for i in range(pupils)
    )
    classes = tuple(
        papers.ClassLine(
            f"{'一二三四五六'[i // 3]}({i % 3 + 1})班",
            44 + i % 4,
            2 if i < 5 else 0,
            int(i == 1),
            int(i == 7),
            closed=i == 4,
            silent=i == 9,
        )
        for i in range(18)
    )
    return papers.PageFacts(
        Scope(Level.SCHOOL, "2132000001"),
        "2132000001",
        "南京市示例第一小学",
        "雨花台区",
        DAY,
        1,
        False,
        NOW,
        15482,
        StatusCounts.PARTIAL,
        NOW.replace(hour=14, minute=12),
        "示例员甲",
        "示例领导乙",
        False,
        rows,
        classes,
        (
            papers.Notice(
                "预警 2026-0482 发热：同班连续三日 5 例及以上（三(2)班，6 人）",
                "请于 11-21 09:40 前核实，填预警信息报告卡。",
            ),
        ),
        2,
    )


def card(scope: Scope | None = None) -> cards.CardFacts:
    scope = scope or Scope(Level.SCHOOL, "2132000001")
    cases = tuple(
        cards.CaseLine(
            f"三2-A7K{i}QX9M2T", PUPILS[i], "三(2)班", "男女"[i % 2], DAY - timedelta(days=i % 3), ("发热", "咳嗽"), ""
        )
        for i in range(6)
    )
    hit = cards.HitLine(
        "E02",
        "2026.1",
        "发热：同班连续三日 5 例及以上",
        "三(2)班",
        "11-18 至 11-20",
        "≥5 人",
        6,
        "卫办疾控发〔2006〕65号 报告情形1",
    )
    return cards.CardFacts(
        scope,
        "2026-0482",
        "2132000001",
        "南京市示例第一小学",
        "本部",
        "雨花台区",
        "南京市",
        "发热",
        Stage.EARLY,
        NOW - timedelta(hours=6),
        NOW + timedelta(hours=18),
        6,
        DAY - timedelta(days=2),
        DAY,
        (hit,),
        cases,
        where="三(2)班",
        reporter="示例员甲",
        leader="示例领导乙",
    )


def missing() -> papers.MissingFacts:
    names = [("320114", "雨花台区")]
    return papers.MissingFacts(
        Scope(Level.COUNTY, "320114", frozenset(["320114"])),
        "320114",
        "雨花台区",
        DAY,
        NOW,
        "15:00",
        151,
        137,
        1,
        silent(names, {"320114": 13}),
    )


def rule_facts(level: Level = Level.CITY, alerts: int = 90) -> rule_paper.RulePaperFacts:
    """Twelve weeks of warnings by every rule there is, in the counties of one city."""
    counties = tuple(code for code, _ in NANJING)
    known = rules.load()
    ids = [rule.id for rule in known.rules if rule.on]
    verdicts = (("pending", ""), ("excluded", "A1"), ("confirmed", ""), ("excluded", "A3"), ("void", ""))
    found = []
    for n in range(alerts):
        at = NOW - timedelta(days=n % 80, hours=n % 7)
        hits = [rule_scores.RuleHit(ids[(n + k) % len(ids)], at + timedelta(days=k), k) for k in range(1 + n % 2)]
        growth = [rule_scores.Growth(at + timedelta(days=2), 9)] if n % 4 == 0 else []
        found.append(rule_scores.ScoredAlert(f"2026-{n:04d}", counties[n % 11], *verdicts[n % 5], hits, growth))
    whole = PaperDivision("320100", "南京市", "南京", Level.CITY, counties)
    below = tuple(PaperDivision(code, f"{name}区", name, Level.COUNTY, (code,)) for code, name in NANJING)
    one = below[0]
    return rule_paper.RulePaperFacts(
        place=whole if level is Level.CITY else one,
        below=below if level is Level.CITY else (),
        week=(DAY - timedelta(days=4), DAY + timedelta(days=2)),
        season=(DAY - timedelta(days=81), DAY + timedelta(days=2)),
        made_on=DAY + timedelta(days=3),
        now=NOW.replace(day=23, hour=8, minute=0),
        as_of=15482,
        rules=known,
        alerts=found if level is Level.CITY else [alert for alert in found if alert.division == one.code],
        of_week={alert.id for alert in found if alert.hits[0].first_at >= NOW - timedelta(days=4)},
    )
