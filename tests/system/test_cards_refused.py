"""Cards that are not taken: nothing changes, the refusal is audited, the sender reads why."""

from datetime import datetime, timedelta

import pytest

from pipeline.database.models import Audit, Submission
from pipeline.model import Site
from pipeline.run import decisions
from tests.sites import NOW, Desk, pupil
from tests.system.cardbooks import (
    HANDLED,
    OTHER,
    SCHOOL,
    STANDS,
    WRONG,
    answered,
    book_of,
    cluster,
    confirm,
    drop,
    last_receipt,
    state_of,
    work,
)

HOUR = timedelta(hours=1)


def refused(site: Site, content: bytes, number: str, at: datetime = NOW + HOUR, folder: str = "") -> str:
    """Drop a card that must not be taken; return what its sender reads."""
    before, was = state_of(number), Audit.objects.filter(what="refused").count()
    drop(site, content, folder)
    work(site, at)
    assert state_of(number) == before, "nothing changed"
    assert Audit.objects.filter(what="refused").count() > was, "audited"
    return last_receipt(site)


def test_a_card_of_another_school_is_refused_in_the_words_of_an_unknown_number(site: Site, desk: Desk) -> None:
    mine, others = cluster(site, desk), cluster(site, desk, OTHER)
    foreign = answered(book_of(site, mine), STANDS, fields={"预警编号": others})
    unknown = answered(book_of(site, mine), STANDS, fields={"预警编号": "2026-0999"})
    texts = [refused(site, content, mine, NOW + n * HOUR) for n, content in ((1, foreign), (2, unknown))]
    assert texts[0].count("本校没有编号为") == texts[1].count("本校没有编号为") > 0
    assert state_of(others) == "issued"


def test_a_card_of_an_alert_that_is_void_or_closed_is_refused(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    book = book_of(site, number)
    drop(site, desk.absence(SCHOOL, [], mode="整份更正", zero="是"), name="更正.xlsx")
    work(site, NOW + HOUR)
    if state_of(number) == "issued":  # a correction that withdraws all is held first
        seq = Submission.objects.get(state="held").received_seq
        decisions.release(site, seq, "县级", "属实", lambda: NOW + HOUR)
    assert state_of(number) == "void"
    assert "不成立" in refused(site, answered(book, STANDS), number, NOW + 2 * HOUR)


def test_a_confirmed_answer_is_not_answered_again(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    drop(site, answered(book_of(site, number), STANDS))
    work(site, NOW + HOUR)
    confirm(number)
    said = refused(site, answered(book_of(site, number), HANDLED), number, NOW + 3 * HOUR)
    assert "已由县级确认" in said


def test_a_card_that_warned_of_less_waits_for_a_word(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    old = answered(book_of(site, number), HANDLED)
    rows = [pupil(n, symptom1="发热", symptom2="咳嗽", temperature=38.5) for n in range(8)]
    rows += [{**pupil(0, symptom1="发热", symptom2="咳嗽", temperature=38.6), "name": f"示例{n}"} for n in "子丑寅卯辰"]
    drop(site, desk.absence(SCHOOL, rows, mode="整份更正"), name="更正.xlsx")
    work(site, NOW + HOUR)
    assert "请用新发的第 2 次报告卡答复" in refused(site, old, number, NOW + 2 * HOUR)
    drop(site, answered(book_of(site, number), STANDS))
    work(site, NOW + 3 * HOUR)
    assert state_of(number) == "answered"


def test_a_wrong_report_goes_back_with_its_cases_to_mark(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    refused(site, answered(book_of(site, number), WRONG), number)
    back = max(site.outbox.rglob("退回修正表 预警信息报告卡*.xlsx"))
    assert "没有说明哪一行有误" in refused(site, back.read_bytes(), number, NOW + 2 * HOUR), "nothing was marked"
    drop(site, answered(back, wrong=[0]))
    work(site, NOW + 3 * HOUR)
    assert state_of(number) == "answered"


def test_a_repetition_must_be_of_an_alert_of_this_school(site: Site, desk: Desk) -> None:
    mine, others = cluster(site, desk), cluster(site, desk, OTHER)
    answer = {"核实结论": "可排除", "排除理由": "A3 重复预警", "填报人": "示例甲"}
    for said, words in ((others, "本校没有编号为"), (mine, "就是这一条自己"), (None, "没有填重复的预警编号")):
        content = answered(book_of(site, mine), {**answer, "重复的预警编号": said})
        assert words in refused(site, content, mine)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"采取的措施": None}, "没有填采取的措施"),
        ({"报告时间": None}, "没有填报告时间"),
        ({"排除理由": "A9 其他"}, "核实结论与所填内容矛盾"),
        ({"核实结论": None}, "没有填核实结论"),
        ({"核实结论": "也许"}, "没看懂"),
    ],
)
def test_an_answer_that_lacks_something_goes_back(
    site: Site, desk: Desk, change: dict[str, object], words: str
) -> None:
    number = cluster(site, desk)
    assert words in refused(site, answered(book_of(site, number), {**STANDS, **change}), number)


def test_a_card_sent_back_as_it_came_says_nothing(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    assert "一行也没有填" in refused(site, book_of(site, number).read_bytes(), number)
