"""What a roster or calendar takes away beyond a share is held, with what it would take, and released in the end."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from pipeline import run
from pipeline.database.models import Submission, Unit
from pipeline.facts import county_day
from pipeline.model import Site, State
from pipeline.registry import lookup
from pipeline.settling import held_files
from pipeline.turns import context
from tests.sites import COUNTY, DAY, NOW
from tests.system.registry_books import edited, owed, sent, template

FOLDER = f"{COUNTY} 鼓楼区"
CLOSES = DAY + timedelta(3)
NEW = [f"21320100{n}" for n in range(20, 26)]


@pytest.fixture
def eight(site: Site) -> list[str]:
    """A county of eight schools: two of the site, six that a roster adds; none of this is held."""
    fresh = {n: {"学校标识码": code, "学校名称": f"示例第{n}小", "学段": "小学"} for n, code in enumerate(NEW, 3)}
    receipt = sent(site, f"{FOLDER}/名册.xlsx", edited(template(site, "roster", COUNTY), "学校", fresh))
    assert receipt.startswith("已收到")
    assert "待核" not in receipt
    return sorted(Unit.objects.filter(kind="school").values_list("code", flat=True))


def closing(site: Site, rows: Sequence[int]) -> bytes:
    return edited(template(site, "roster", COUNTY), "学校", {n: {"停办日期": CLOSES} for n in rows})


def last() -> Submission:
    return Submission.objects.latest("received_seq")


def test_a_date_filled_down_over_a_county_is_held_and_counts_only_when_it_is_released(
    site: Site, eight: list[str]
) -> None:
    receipt = sent(site, f"{FOLDER}/停办.xlsx", closing(site, range(1, 9)))
    assert receipt.startswith("已收到 · 待核，没有生效：要停办学校 8 所（共 8 所） · 请核对并答复")
    assert "示例第一小学、" in receipt
    assert "等 8 所" in receipt
    assert last().state == State.HELD
    (waits,) = held_files.held_of(COUNTY)
    assert "停办学校 8 所（共 8 所）：" in waits.what
    assert not Unit.objects.filter(valid_to__isnull=False).exists()
    run.release(site, last().received_seq, "示例县教育局", "撤并", lambda: NOW)
    assert set(Unit.objects.filter(kind="school").values_list("valid_to", flat=True)) == {CLOSES}
    tree, calendar = lookup.tree(eight), context.calendar()
    known = [len(county_day.few(day, eight, tree, calendar)) for day in (CLOSES - timedelta(1), CLOSES)]
    assert known == [8, 0], "as of its day"
    assert last().state == State.ACCEPTED


def test_one_school_that_closes_is_not_held(site: Site, eight: list[str]) -> None:
    receipt = sent(site, f"{FOLDER}/停办.xlsx", closing(site, [3]))
    assert "停办日期 2026-11-23" in receipt
    assert "待核" not in receipt
    assert Unit.objects.filter(valid_to=CLOSES).count() == 1


def off(site: Site, days: int) -> bytes:
    line: Mapping[int, Mapping[str, object]] = {
        1: {"类别": "放假", "开始日期": DAY, "结束日期": DAY + timedelta(days), "说明": "秋假"}
    }
    return edited(template(site, "calendar", COUNTY), "校历", line)


def test_days_off_for_everybody_are_held_beyond_what_is_usual(site: Site) -> None:
    receipt = sent(site, f"{FOLDER}/校历.xlsx", off(site, 60))
    assert receipt.startswith("已收到 · 待核，没有生效：要减少上课日 ")
    assert owed("2132010001", DAY)
    run.release(site, last().received_seq, "示例县教育局", "寒假提前", lambda: NOW)
    assert not owed("2132010001", DAY)


def test_a_week_off_and_a_first_term_table_are_not_held(site: Site) -> None:
    assert "待核" not in sent(site, f"{FOLDER}/秋假.xlsx", off(site, 6))
    terms = {2: {"类别": "学期", "开始日期": datetime(2026, 9, 1), "结束日期": datetime(2027, 1, 29)}}
    assert "待核" not in sent(site, f"{FOLDER}/学期.xlsx", edited(template(site, "calendar", COUNTY), "校历", terms))
