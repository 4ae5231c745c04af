"""Believable facts for papers: invented schools in real divisions, telephones that do not exist."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from pipeline import alert_state
from pipeline.figures.county import CountyFigures
from pipeline.figures.duty import StatusCounts
from pipeline.figures.facts import (
    AlertLine,
    ClosureLine,
    DigestFacts,
    Holder,
    PaperDivision,
    SchoolLine,
    SilentLine,
)
from pipeline.model import Level
from pipeline.schooldays import ZONE
from pipeline.units import Scope

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 15, 10, tzinfo=ZONE)

CITIES = (
    ("320100", "南京"),
    ("320200", "无锡"),
    ("320300", "徐州"),
    ("320400", "常州"),
    ("320500", "苏州"),
    ("320600", "南通"),
    ("320700", "连云港"),
    ("320800", "淮安"),
    ("320900", "盐城"),
    ("321000", "扬州"),
    ("321100", "镇江"),
    ("321200", "泰州"),
    ("321300", "宿迁"),
)
NANJING = (
    ("320102", "玄武"),
    ("320104", "秦淮"),
    ("320105", "建邺"),
    ("320106", "鼓楼"),
    ("320111", "浦口"),
    ("320113", "栖霞"),
    ("320114", "雨花台"),
    ("320115", "江宁"),
    ("320116", "六合"),
    ("320117", "溧水"),
    ("320118", "高淳"),
)
SYMPTOMS = {"S01": "发热", "S02": "咳嗽", "S03": "咽痛", "S06": "呕吐", "S07": "腹泻", "S09": "皮疹", "S10": "红眼"}
SHARES = {"S01": 0.47, "S02": 0.39, "S03": 0.15, "S06": 0.085, "S07": 0.063, "S09": 0.03, "S10": 0.004}
STAGES = ("幼儿园", "小学", "初中", "高中")


def county_place(code: str, short: str) -> PaperDivision:
    return PaperDivision(code, f"{short}区", short, Level.COUNTY, (code,))


def city_place(code: str, short: str, counties: Sequence[str]) -> PaperDivision:
    return PaperDivision(code, f"{short}市", short, Level.CITY, tuple(counties))


def figures(day: date, place: str, schools: int, rate: float, rng: random.Random, silent: int = 0) -> CountyFigures:
    """A school day of a county: everything adds up."""
    if day.weekday() > 4:
        return CountyFigures(day=day, place=place, registered=schools, holiday=schools)
    late, excused, closed = rng.randrange(3), rng.randrange(2), rng.randrange(2)
    states = {"missing": silent - silent // 3, "returned": silent // 3, "held": 0, "partial": 0}
    rolls = {s: (schools - silent) * n for s, n in zip(STAGES, (250, 420, 180, 90), strict=True)}
    ill = {s: round(n * rate * k) for (s, n), k in zip(rolls.items(), (2.4, 0.7, 0.4, 0.2), strict=True)}
    halves = {s: 2 * n - n // 9 for s, n in ill.items()}
    total = sum(ill.values())
    return CountyFigures(
        day=day,
        place=place,
        registered=schools,
        closed=closed,
        late=late,
        excused=excused,
        **states,
        on_time=schools - closed - late - excused - silent,
        ill=total,
        injured=total // 30,
        other=total // 12,
        new_ill=total * 2 // 3,
        ill_halves=sum(halves.values()),
        rate_roll=sum(rolls.values()),
        rate_ill_halves=sum(halves.values()),
        symptoms={c: round(total * share) for c, share in SHARES.items()},
        stage_roll=rolls,
        stage_ill=ill,
        stage_halves=halves,
    )


def month(counties: Sequence[str], schools: int, silent: dict[str, int]) -> dict[str, dict[date, CountyFigures]]:
    rng = random.Random(7)
    kept: dict[str, dict[date, CountyFigures]] = {}
    for i, code in enumerate(counties):
        kept[code] = {}
        for back in range(35, -1, -1):
            day = DAY - timedelta(days=back)
            rate = (0.0031 + 0.00035 * (i % 5)) * (1 + 0.012 * (35 - back)) * rng.uniform(0.93, 1.07)
            n = silent.get(code, 0) if not back else rng.randrange(3)
            kept[code][day] = figures(day, code, schools + 7 * i % 40, rate, rng, n)
    return kept


RULES = (
    ("发热", "发热：同班连续三日 5 例及以上"),
    ("呕吐腹泻", "呕吐、腹泻：同班一日 3 例及以上"),
    ("皮疹", "皮疹：同班一日 3 例及以上"),
    ("流感样", "流感样病例：达到班级停课评估标准"),
    ("水痘", "水痘：一周内全校 5 例及以上"),
    ("手足口病", "手足口病：一周内同班 2 例及以上"),
)


def alerts(places: Sequence[tuple[str, str]], n: int) -> tuple[AlertLine, ...]:
    rng = random.Random(11)
    states = ("issued", "issued", "issued", "answered", "following", "following", "reported")
    found = []
    for i in range(n):
        code, name = places[rng.randrange(len(places))]
        group, reason = RULES[i % len(RULES)]
        opened = DAY - timedelta(days=i % 5)
        due = NOW + timedelta(hours=-1.5 + 1.7 * i)
        school = f"示例第{'一二三四五六七八九十'[i % 10]}{('小学', '幼儿园', '中学')[i % 3]}"
        state = states[i % len(states)]
        found.append(
            AlertLine(
                f"2026-{469 + i:04d}",
                school,
                code,
                name,
                group,
                reason,
                "三(2)班" if i % 3 == 0 else "",
                2 + i % 6,
                opened - timedelta(days=1),
                state,
                alert_state.STATES[state],
                state == "issued",
                opened,
                due,
            )
        )
    ended = AlertLine(
        "2026-0444",
        "示例第九小学",
        *places[0],
        "发热",
        RULES[0][1],
        "",
        5,
        DAY,
        "excluded",
        "已排除",
        False,
        DAY - timedelta(days=1),
        NOW,
        DAY,
        "A1",
    )
    return (*found, ended)


def closures(places: Sequence[tuple[str, str]]) -> tuple[ClosureLine, ...]:
    rows = (
        ("示例第四小学", "四(1)班", "流行性感冒", 7, 42, 7, True),
        ("示例第九幼儿园", "小二班", "手足口病", 3, 28, 2, True),
        ("示例第十幼儿园", "中一班", "手足口病", 2, 30, 2, False),
    )
    return tuple(
        ClosureLine(
            school,
            *places[i % len(places)],
            scope,
            why,
            ill,
            pupils,
            cases,
            DAY - timedelta(days=2),
            datetime.combine(DAY - timedelta(days=1), time(13 * (i % 2)), ZONE),
            DAY + timedelta(days=3 + 3 * i),
            confirmed,
            waits=not confirmed,
        )
        for i, (school, scope, why, ill, pupils, cases, confirmed) in enumerate(rows)
    )


def silent(places: Sequence[tuple[str, str]], counts: dict[str, int]) -> tuple[SilentLine, ...]:
    rng = random.Random(3)
    names = dict(places)
    return tuple(
        SilentLine(
            f"21320{i:05d}",
            f"示例第{i + 1}{'幼儿园' if i % 3 else '小学'}",
            code,
            names[code],
            "幼儿园" if i % 3 else "小学",
            StatusCounts.RETURNED if i < n // 3 else StatusCounts.MISSING,
            1 + (rng.random() < 0.2) * rng.randrange(1, 4),
            f"示例员{'甲乙丙丁'[i % 4]}",
            f"100-0000-{i:04d}",
        )
        for code, n in counts.items()
        for i in range(n)
    )


def province() -> DigestFacts:
    counties = [f"{code[:4]}{n:02d}" for code, _ in CITIES for n in range(2, 10)]
    missing = {c: (i * 5) % 4 for i, c in enumerate(counties)} | {"320302": 24}
    below = tuple(city_place(code, short, [c for c in counties if c[:4] == code[:4]]) for code, short in CITIES)
    named = [(c, f"{dict(CITIES)[c[:4] + '00']}市示例区") for c in counties]
    place = PaperDivision("320000", "江苏省", "江苏", Level.PROVINCE, tuple(counties))
    return DigestFacts(
        place,
        Scope(Level.PROVINCE, "320000", frozenset(counties)),
        DAY,
        1,
        False,
        NOW,
        NOW,
        15482,
        below,
        month(counties, 140, missing),
        alerts(named, 57),
        closures(named),
        silent(named, missing),
        issuer="省教育厅体卫艺处",
        issuer_phone="100-0000-0000",
        report_to=("教育部体育卫生与艺术教育司", "省人民政府办公厅"),
        send_to=("省卫生健康委", "省疾病预防控制局", "各设区市教育局"),
        waiting=12,
        week=12,
        symptom_names=SYMPTOMS,
    )


def city() -> DigestFacts:
    codes = [code for code, _ in NANJING]
    missing = {"320116": 21, "320115": 6, "320111": 4, "320106": 2, "320102": 1}
    names = [(code, f"{short}区") for code, short in NANJING]
    return DigestFacts(
        city_place("320100", "南京", codes),
        Scope(Level.CITY, "320100", frozenset(codes)),
        DAY,
        1,
        False,
        NOW,
        NOW,
        15482,
        tuple(county_place(*n) for n in NANJING),
        month(codes, 120, missing),
        alerts(names, 11),
        closures(names),
        silent(names, missing),
        holders=tuple(Holder(c, "体卫科", "100-0000-0001") for c in codes),
        issuer="南京市教育局体卫艺处",
        issuer_phone="100-0000-0000",
        report_to=("省教育厅", "市人民政府办公室"),
        send_to=("市卫生健康委", "市疾病预防控制中心", "各区教育局"),
        waiting=3,
        week=12,
        symptom_names=SYMPTOMS,
    )


def county() -> DigestFacts:
    place = county_place("320114", "雨花台")
    names = [("320114", "雨花台区")]
    schools = tuple(
        SchoolLine(
            f"21320{i:05d}",
            f"示例第{i + 1}{'幼儿园' if i % 2 else '小学'}",
            "幼儿园" if i % 2 else "小学",
            300 + 90 * i,
            19 - i,
            11 - i // 2,
            38 - 2 * i,
            i != 3,
        )
        for i in range(15)
    )
    return DigestFacts(
        place,
        Scope(Level.COUNTY, "320114", frozenset(["320114"])),
        DAY,
        2,
        True,
        NOW.replace(hour=17, minute=30),
        NOW.replace(hour=17, minute=30),
        16011,
        (),
        month(["320114"], 152, {"320114": 13}),
        alerts(names, 8),
        closures(names),
        silent(names, {"320114": 13}),
        schools,
        issuer="雨花台区教育局体卫艺科",
        issuer_phone="100-0000-0000",
        report_to=("市教育局", "区人民政府办公室"),
        send_to=("区卫生健康委", "区疾病预防控制中心"),
        week=12,
        symptom_names=SYMPTOMS,
    )
