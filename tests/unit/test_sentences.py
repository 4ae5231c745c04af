"""No sentence of a paper contradicts its figures: each row of the table, and random days by definitions of ours."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.figures import county, digest, papers, sentence_table, trend
from pipeline.figures import digest_sentences as of_digest
from pipeline.figures import letter_sentences as of_letter
from pipeline.figures import page_sentences as of_page
from pipeline.figures.county import AbsentRow, CountyFigures, SchoolDay
from pipeline.figures.digest_sentences import CommonSymptoms, Compared
from pipeline.figures.duty import StatusCounts
from pipeline.figures.facts import SchoolLine, SilentLine
from pipeline.figures.letter_sentences import Sent, Warned
from pipeline.figures.page_sentences import ListCounts, SchoolSeen
from pipeline.figures.paper_values import values_of
from pipeline.figures.sentence import Place
from pipeline.figures.statistics import StatisticRow, StatisticTable
from pipeline.model import State
from pipeline.reports import letters, pages
from tests import page_samples
from tests import paper_samples as samples

DAY = samples.DAY


def figures(**counts: int | Mapping[str, int]) -> CountyFigures:
    """A day; 在册 is the sum of what is given of its schools."""
    schools = sum(n for name, n in counts.items() if name in set(StatusCounts) and isinstance(n, int))
    return CountyFigures(day=DAY, place="320114", registered=schools, **counts)  # type: ignore[arg-type]  # the names are of its figures


RATED = {"rate_roll": 100, "rate_ill_halves": 4, "stage_ill": {"小学": 2}}
WORDS = {"why": "周末", "off": "放假 1、停课 1", "rate": "2.00%", "thin": "", "compared": "", "symptoms": ""}
WORDS |= {"states": "未收到 1", "schools": "2", "rest": "", "days": "2", "apart": "停课班级 1 人次"}

ROWS: Sequence[tuple[Place[CountyFigures], CountyFigures, str]] = [
    (of_digest.DAY, figures(), "本地区没有在册学校。"),
    (of_digest.DAY, figures(holiday=3), "今日周末，3 所在册学校均不需报。"),
    (of_digest.DAY, figures(out_of_term=3), "今日在学期之外，3 所在册学校均不需报。"),
    (of_digest.DAY, figures(closed=1), "今日 1 所在册学校均全校停课，不需报。"),
    (of_digest.DAY, figures(closed=1, holiday=1), "今日无应报学校：放假 1、停课 1，2 所在册学校均不需报。"),
    (
        of_digest.DAY,
        figures(on_time=1, held=1, excused=1),
        "今日应报 3 所，按时 1 所、迟报 0 所、免报 1 所，*未报 1 所*。",
    ),
    (of_digest.DAY, figures(late=1, missing=1200), "今日应报 1,201 所，按时 0 所、迟报 1 所，*未报 1,200 所*。"),
    (of_digest.DAY, figures(on_time=1, excused=1), "今日应报 2 所，按时 1 所、迟报 0 所、免报 1 所，无未报。"),
    (of_digest.DAY, figures(on_time=2, holiday=1), "今日应报 2 所，按时 2 所、迟报 0 所，无未报。"),
    (of_digest.ILL, figures(holiday=3), ""),
    (of_digest.ILL, figures(holiday=3, ill=2), "不需报的学校报来因病缺课 2 人次，不计缺课率。"),
    (of_digest.ILL, figures(on_time=1, ill=2, **RATED), "因病缺课 2 人次，因病缺课率 2.00%。"),
    (of_digest.ILL, figures(on_time=1, ill=2), "因病缺课 2 人次；已报学校没有可计的应到人数，缺课率无从计算。"),
    (
        of_digest.ILL,
        figures(partial=2, missing=1, ill=4),
        "*尚无学校报齐*（2 所部分班级已报）：已报来因病缺课 4 人次，缺课率无从计算。",
    ),
    (of_digest.ILL, figures(closed=1, missing=1, ill=4), "*尚无学校报齐*：已报来因病缺课 4 人次，缺课率无从计算。"),
    (of_digest.ILL, figures(excused=2), "应报学校均已免报，缺课率无从计算。"),
    (of_digest.ILL, figures(returned=1, missing=1), "*尚无收下的学校报告*，缺课率无从计算。"),
    (of_digest.ILL, figures(missing=3), "*尚无学校报告*，缺课率无从计算。"),
    (of_digest.SILENCE, figures(missing=1, on_time=1), "1 所：未收到 1"),
    (of_digest.SILENCE, figures(holiday=3), "今日无应报学校"),
    (of_digest.SILENCE, figures(excused=3), "应报 3 所均已免报"),
    (of_digest.SILENCE, figures(excused=1, late=1), "除免报 1 所外，应报学校均已报告"),
    (of_digest.SILENCE, figures(on_time=1, holiday=1), "应报学校均已报告"),
    (of_digest.SCHOOLS, figures(missing=1, ill=2), "2 所有因病缺课，按人次排列"),
    (of_digest.SCHOOLS, figures(on_time=3), "今日无因病缺课"),
    (of_digest.SCHOOLS, figures(on_time=3, excused=1), "已报告的 3 所无因病缺课"),
    (of_digest.SCHOOLS, figures(on_time=3, missing=1), "已报告的 3 所无因病缺课"),
    (of_digest.SCHOOLS, figures(partial=1, missing=1), "1 所部分班级已报，所报班级无因病缺课"),
    (of_digest.SCHOOLS, figures(holiday=1), "今日无应报学校"),
    (of_digest.SCHOOLS, figures(excused=1), "应报学校均已免报"),
    (of_digest.SCHOOLS, figures(held=1, missing=2), "尚无收下的学校报告"),
    (of_digest.SCHOOLS, figures(missing=3), "尚无学校报告"),
    (of_digest.HINTS, figures(on_time=3), "今日无未达预警标准的丙类传染病"),
    (of_digest.HINTS, figures(partial=3), "已报来的缺课中，无未达预警标准的丙类传染病"),
    (of_digest.HINTS, figures(out_of_term=3), "今日无应报学校"),
    (of_digest.HINTS, figures(excused=3), "应报学校均已免报"),
    (of_digest.HINTS, figures(returned=3), "尚无收下的学校报告"),
    (of_digest.HINTS, figures(missing=3, excused=1), "尚无学校报告"),
    (of_digest.SYMPTOMS, figures(on_time=3, ill=1), "报来的因病缺课都没有填症状。"),
    (of_digest.SYMPTOMS, figures(on_time=3), "今日无因病缺课。"),
    (of_digest.SYMPTOMS, figures(on_time=3, missing=1), "已报来的缺课中，无因病缺课。"),
    (of_digest.SYMPTOMS, figures(holiday=3), "今日无应报学校。"),
    (of_digest.SYMPTOMS, figures(excused=3), "应报学校均已免报。"),
    (of_digest.SYMPTOMS, figures(held=3), "尚无收下的学校报告。"),
    (of_digest.SYMPTOMS, figures(missing=3), "尚无学校报告。"),
    (of_digest.TILE, figures(), "未纳入"),
    (of_digest.TILE, figures(closed=1), "不需报"),
    (of_digest.TILE, figures(excused=2), "免报"),
    (of_digest.TILE, figures(on_time=8, missing=2), "报告不足"),
    (of_digest.TILE, figures(on_time=8), "无应到数"),
    (of_digest.SUM, figures(on_time=1), ""),
    (of_digest.SUM, figures(on_time=1, ill=2, **RATED), "因病缺课合计 2 人次，全部计入缺课率（2 人日）。"),
    (
        of_digest.SUM,
        figures(on_time=1, ill=3, **RATED),
        "因病缺课合计 3 人次=计入缺课率 2 人次（2 人日）+停课班级 1 人次，后者不计。",
    ),
]
COMPARISONS = [
    (Compared(None), ""),
    (Compared(0.0, "昨日"), "，与昨日持平"),
    (Compared(0.05, "昨日"), "，*比昨日高 0.05 个百分点*"),
    (Compared(0.04, "昨日"), "，比昨日高 0.04 个百分点"),
    (Compared(-0.4, "昨日"), "，比昨日低 0.40 个百分点"),
]
SYMPTOM_WORDS = [
    (CommonSymptoms(""), ""),
    (CommonSymptoms("发热", half=True), "，以发热为主"),
    (CommonSymptoms("发热", half=False), "，所填症状中发热最多"),
]
MISSING = [
    (ListCounts(0, 0, 0, 0), "今日无应报学校。"),
    (ListCounts(5, 2, 1, 2, 1), "应报 5 所，已报 2 所，*未报 2 所*（未收到 2），其中连续两日以上 1 所。"),
    (ListCounts(5, 3, 0, 2), "应报 5 所，已报 3 所，*未报 2 所*（未收到 2）。"),
    (ListCounts(5, 5, 0, 0), "应报 5 所，已报 5 所，无未报。"),
]
UNHEARD = [
    (ListCounts(5, 3, 0, 2, 0, 1), "*在办预警未报 1 所*，请先核实。"),
    (ListCounts(5, 3, 0, 2), ""),
]
_SILENT = digest.digest(samples.county()).silence
UNHEARD_OF_DAY = [(replace(_SILENT, warned=2), "；在办预警未报 2 所"), (_SILENT, "")]
_UNUSUAL = StatisticRow("示例区", "发热", "今日", "9", "1.0", "EARS C2")
_COMPARED_TABLES = [
    StatisticTable((), "", years=False),
    StatisticTable((_UNUSUAL,), "其余 3 行未列。", years=True),
    StatisticTable((_UNUSUAL,), "", years=False),
]
STATISTICS = list(
    zip(
        _COMPARED_TABLES,
        (
            "",
            "新发病例高于近期上课日或往年同期，供研判参考，不发卡、不用回复",
            "新发病例高于近期上课日，供研判参考，不发卡、不用回复",
        ),
        strict=True,
    )
)
_EARS = "EARS 与近 4 周内最近的上课日比较（C1 前 7 日；C2、C3 隔 2 日）；"
METHODS = list(
    zip(
        _COMPARED_TABLES,
        (
            "",
            f"{_EARS}移动百分位与往年同期各周比较。其余 3 行未列。",
            f"{_EARS}往年数据不足三年，未与同期比较。",
        ),
        strict=True,
    )
)
GROUP = [
    (ListCounts(0, 0, 0, 0), "今日无应报学校，不用报送。"),
    (ListCounts(2, 0, 2, 0), "应报 2 所均已免报，今天不用报送。"),
    (ListCounts(5, 3, 2, 0), "应报 5 所，免报 2 所，其余 3 所已全部报送，谢谢各位老师。"),
    (ListCounts(5, 5, 0, 0), "应报 5 所，已全部报送，谢谢各位老师。"),
]
IS = StatusCounts
PUPILS = [
    (SchoolSeen(IS.HOLIDAY, zero=True), "今日放假，不需报。"),
    (SchoolSeen(IS.OUT_OF_TERM), "今日在学期之外，不需报。"),
    (SchoolSeen(IS.CLOSED), "今日全校停课，不需报。"),
    (SchoolSeen(IS.RETURNED), "本校报告已收到，退回待改，各行均未收下。"),
    (SchoolSeen(IS.HELD), "本校报告已收到，待核，暂未计入。"),
    (SchoolSeen(IS.EXCUSED), "今日由县级免报。"),
    (SchoolSeen(IS.MISSING), "今日尚未收到本校报告。"),
    (SchoolSeen(IS.ON_TIME, zero=True, counted=2), "没有逐个登记的缺课学生；其他缺课 2 人只报人数，见下表。"),
    (SchoolSeen(IS.PARTIAL, zero=True), "已报的班级没有缺课学生。"),
    (SchoolSeen(IS.LATE, zero=True), "零报告：今日全校无缺课学生。"),
    (SchoolSeen(IS.ON_TIME), "今日未登记缺课学生。"),
]
LISTED = [
    (SchoolSeen(IS.ON_TIME), "0 人"),
    (SchoolSeen(IS.ON_TIME, absent=2, returned=1, counted=3), "列名 2 人、已返校 1 人；另有其他缺课 3 人只报人数"),
    (SchoolSeen(IS.ON_TIME, absent=2, counted=3), "列名 2 人；另有其他缺课 3 人只报人数"),
    (SchoolSeen(IS.ON_TIME, absent=2, returned=1), "2 人，另列已返校 1 人"),
    (SchoolSeen(IS.ON_TIME, absent=2), "2 人"),
]
REST = [
    (SchoolSeen(IS.ON_TIME, quiet=3, named=1), "其余 3 个班无缺课。"),
    (SchoolSeen(IS.PARTIAL, quiet=3, named=1), "已报的其余 3 个班无缺课。"),
    (SchoolSeen(IS.ON_TIME, quiet=3), ""),
    (SchoolSeen(IS.MISSING, quiet=3, named=1), ""),
]

NOTICES = [
    (Warned("returned"), "县级已退回答复，请重新核实，填《预警信息报告卡》发回，时限 11-21 09:00。"),
    (Warned("issued"), "请核实，填《预警信息报告卡》发回，时限 11-21 09:00。"),
    (Warned("answered"), "待县确认，暂不用再发。"),
    (Warned("correcting"), "更正待收，请更正报告卡标出的缺课登记，收到后自动结案。"),
    (Warned("reported"), "已报告，请持续关注至预警结束，每个上课日在报告卡“后续关注”添一行发回。"),
]
CARD = [
    (Warned("returned", "人数不符"), "县级已退回答复：人数不符。请重新核实，填好后发回。"),
    (Warned("returned"), "县级已退回答复。请重新核实，填好后发回。"),
    (
        Warned("correcting"),
        "县级已确认可排除（A1 报告信息有误）。请更正缺课日报中的 11-20 甲，更正收到后本预警自动结案。",
    ),
    (Warned("answered"), "已答复，待县级确认。"),
    (Warned("following"), ""),
]
WHEN = [
    (Sent(State.PARTIAL, on_time=True, none=True), " · 退回待改"),
    (Sent(State.ACCEPTED, on_time=True, missing=1), ""),
    (Sent(State.ACCEPTED, on_time=True), " · 按时"),
    (Sent(State.ACCEPTED, on_time=False), " · 迟报"),
    (Sent(State.ACCEPTED), ""),
]
FIRST = [
    (Sent(State.RECEIVED), "已收到 · 正在处理 · 请稍候"),
    (
        Sent(State.ACCEPTED, missing=2, back=3),
        "已收到 · 按时 · 还差 2 个班，请补报 · 先前退回的还有 3 行没有改好，请改好后发回",
    ),
    (Sent(State.ACCEPTED, missing=2), "已收到 · 按时 · 还差 2 个班，请补报"),
    (Sent(State.ACCEPTED, back=3), "已收到 · 按时 · 先前退回的还有 3 行没有改好，请改好后发回"),
    (Sent(State.ACCEPTED, silent="东校区"), "已收到 · 按时 · 本校区无需再发，东校区还没有报"),
    (Sent(State.ACCEPTED), "已收到 · 按时 · 无需再发"),
    (
        Sent(State.PARTIAL, accepted=4, refused=1, missing=2),
        "已收到 · 按时 · 收下 4 行，退回 1 行 · 请改好退回修正表后发回 · 还差 2 个班",
    ),
    (Sent(State.PARTIAL, accepted=4, refused=1), "已收到 · 按时 · 收下 4 行，退回 1 行 · 请改好退回修正表后发回"),
    (Sent(State.REJECTED, beside="rows"), "已收到 · 未能收下 · 请改好退回修正表后发回，或改原表后重发"),
    (Sent(State.REJECTED), "已收到 · 未能收下 · 请按下面的说明改好后重发"),
    (
        Sent(State.DUPLICATE, missing=2, refused=1),
        "已收到 · 与先前收下的一份内容相同 · 还差 2 个班，请补报 · 上次退回的 1 行若还没有改，请改好退回修正表后发回",
    ),
    (Sent(State.DUPLICATE, missing=2), "已收到 · 与先前收下的一份内容相同 · 还差 2 个班，请补报"),
    (
        Sent(State.DUPLICATE, refused=1),
        "已收到 · 与先前收下的一份内容相同 · 上次退回的 1 行若还没有改，请改好退回修正表后发回",
    ),
    (Sent(State.DUPLICATE, silent="东校区"), "已收到 · 与先前收下的一份内容相同 · 本校区无需再发，东校区还没有报"),
    (Sent(State.DUPLICATE), "已收到 · 与先前收下的一份内容相同 · 无需再发"),
    (
        Sent(State.HELD, sweeps="停办学校 8 所（共 8 所）"),
        "已收到 · 待核，没有生效：要停办学校 8 所（共 8 所） · 请核对并答复",
    ),
    (Sent(State.HELD), "已收到 · 待核，暂未计入 · 请看下面的问题并答复"),
    (Sent(State.QUARANTINED), "已收到 · 文件打不开或不安全，未能收下 · 请按下面的说明处理后重发"),
    (Sent(State.FAILED), "已收到 · 系统处理出错，是我们的问题 · 无需重发，处理好后另行回执"),
]


@pytest.mark.parametrize(("place", "seen", "text"), ROWS)
def test_each_sentence_of_a_day_is_said_when_its_condition_holds(
    place: Place[CountyFigures], seen: CountyFigures, text: str
) -> None:
    assert place.say(seen, **WORDS) == text


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (of_digest.COMPARED, COMPARISONS),
        (of_digest.COMMON, SYMPTOM_WORDS),
        (of_digest.UNHEARD, UNHEARD_OF_DAY),
        (of_digest.STATISTICS, STATISTICS),
        (of_digest.METHODS, METHODS),
        (of_page.MISSING, MISSING),
        (of_page.UNHEARD, UNHEARD),
        (of_page.GROUP, GROUP),
        (of_page.PUPILS, PUPILS),
        (of_page.LISTED, LISTED),
        (of_page.REST, REST),
        (of_letter.NOTICE, NOTICES),
        (of_letter.CARD, CARD),
        (of_letter.WHEN, WHEN),
        (of_letter.FIRST, FIRST),
    ],
    ids=lambda one: one.name if isinstance(one, Place) else "",
)
def test_each_sentence_of_the_other_places_too(place: Place[object], said: Sequence[tuple[object, str]]) -> None:
    for seen, text in said:
        assert place.say(seen, **MORE) == text


MORE = {"states": "未收到 2", "excusing": "", "until": "11-21 09:00", "name": "已报告", "named": "11-20 甲"}
MORE |= {"when": " · 按时", "asked": ""}


@given(
    st.builds(
        Sent,
        st.sampled_from(State),
        st.sampled_from([True, False, None]),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 2),
        st.sampled_from(["", "东校区"]),
    )
)
def test_no_receipt_says_that_nothing_is_left_while_something_is(sent: Sent) -> None:
    first = of_letter.FIRST.say(sent, when=of_letter.WHEN.say(sent), asked="")
    taken = sent.state in {State.ACCEPTED, State.DUPLICATE}
    left = sent.missing or (sent.back if sent.state is State.ACCEPTED else sent.refused)
    assert ("无需再发" in first) == (taken and not left)
    assert not (sent.silent and first.endswith("· 无需再发"))
    assert ("按时" in first) <= bool(sent.on_time and not sent.missing)
    assert ("迟报" in first) <= (sent.on_time is False)


def test_no_row_of_the_table_is_left_untried() -> None:
    """Each sentence of each place was chosen by an example above, or by an alert table below."""
    tried = {id(place.chosen(seen)) for place, seen, _ in ROWS}
    others: dict[Place[Any], Sequence[Any]] = {
        of_digest.COMPARED: [one for one, _ in COMPARISONS],
        of_digest.COMMON: [one for one, _ in SYMPTOM_WORDS],
        of_digest.UNHEARD: [one for one, _ in UNHEARD_OF_DAY],
        of_digest.STATISTICS: [one for one, _ in STATISTICS],
        of_digest.METHODS: [one for one, _ in METHODS],
        of_page.MISSING: [one for one, _ in MISSING],
        of_page.UNHEARD: [one for one, _ in UNHEARD],
        of_page.GROUP: [one for one, _ in GROUP],
        of_page.PUPILS: [one for one, _ in PUPILS],
        of_page.LISTED: [one for one, _ in LISTED],
        of_page.REST: [one for one, _ in REST],
        of_letter.NOTICE: [one for one, _ in NOTICES],
        of_letter.CARD: [one for one, _ in CARD],
        of_letter.WHEN: [one for one, _ in WHEN],
        of_letter.FIRST: [one for one, _ in FIRST],
        of_digest.ALERTS: ALERT_TABLES,
        of_digest.CLOCK: ALERT_TABLES,
    }
    for place in sentence_table.PLACES:
        tried |= {id(place.chosen(seen)) for seen in others.get(place, [])}
    left = [
        (place.name, one.when) for place in sentence_table.PLACES for one in place.sentences if id(one) not in tried
    ]
    assert left == []


FULL = digest.digest(samples.county()).alerts
QUIET = replace(FULL, rows=tuple(replace(row, waits=False) for row in FULL.rows[:1]), opened=0, overdue=0, soon=0)
ALERT_TABLES = [
    replace(FULL, rows=(), opened=0, overdue=0, soon=0),
    replace(FULL, opened=2, overdue=1, soon=1),
    replace(FULL, opened=0, overdue=1, soon=0),
    replace(FULL, opened=0, overdue=0, soon=1),
    replace(FULL, opened=0, overdue=0, soon=0),
    QUIET,
]


def test_what_is_said_of_alerts() -> None:
    said = [of_digest.ALERTS.say(one, open=str(len(one.rows)), clock=of_digest.CLOCK.say(one)) for one in ALERT_TABLES]
    n = len(FULL.rows)
    assert said == [
        "无在办预警。",
        f"在办预警 {n} 条（其中今日新增 2 条），*逾期 1 条*，*1 条 3 小时内到期*。",
        f"在办预警 {n} 条（今日无新增），*逾期 1 条*。",
        f"在办预警 {n} 条（今日无新增），*1 条 3 小时内到期*。",
        f"在办预警 {n} 条（今日无新增），均未逾期。",
        "在办预警 1 条（今日无新增）。",
    ]


def test_the_page_of_the_table_is_the_table(repo: Path) -> None:
    assert (repo / "docs" / "sentences.md").read_text(encoding="utf-8") == sentence_table.page()


# --------------------------------------------------------------------------- random days


STANDINGS = list(StatusCounts)
SILENT = {"missing", "returned", "held", "partial"}
NOT_DUE = {"holiday", "out_of_term", "closed"}


@dataclass(frozen=True)
class OneSchool:
    standing: str
    ill: int  # in its open class
    shut: int  # in a closed class
    half: int  # of `ill`, half a day
    symptoms: tuple[str, ...]


schools = st.builds(
    OneSchool,
    st.sampled_from([one.value for one in STANDINGS]),
    st.integers(0, 3),
    st.integers(0, 2),
    st.integers(0, 1),
    st.lists(st.sampled_from(["S01", "S02", "S06"]), max_size=2, unique=True).map(tuple),
).map(lambda one: replace(one, half=min(one.half, one.ill)))
ROLLS = {("本部", "一1"): 40, ("本部", "二2"): 40}
days = st.lists(schools, min_size=1, max_size=5).filter(bool)


def day_of(found: Sequence[OneSchool]) -> digest.Digest:
    """The county's digest of a day of these schools."""
    known, absent = [], list[AbsentRow]()
    for n, one in enumerate(found):
        # who sent nothing that was accepted has no rows
        can = one.standing not in {"missing", "returned", "held", "excused"}
        shut = frozenset({("本部", "二2")} if one.shut else ())
        known.append(
            SchoolDay(
                f"S{n}", f"示例{n}", ("小学",), IS(one.standing), {("本部", "一1"): 40, ("本部", "二2"): 40}, shut
            )
        )
        rooms = ["一1"] * one.ill + ["二2"] * one.shut
        for k, room in enumerate(rooms if can else []):
            part = "am" if k < one.half else ""
            absent.append(AbsentRow(f"S{n}", "本部", room, f"P{k}", "ill", "new", part, one.symptoms))
    counted = county.tally(known, absent)
    now, tallies = county.count(DAY, "320114", counted), {one: n.line for one, n in counted.items() if n.ill}
    lines = tuple(
        SchoolLine(s.code, s.name, "小学", county.roll_of(s), *tallies[s.code], s.standing in {IS.ON_TIME, IS.LATE})
        for s in known
        if s.code in tallies
    )
    silent = tuple(
        SilentLine(s.code, s.name, "320114", "雨花台区", "小学", s.standing, 1, "", "")
        for s in known
        if s.standing.value in SILENT
    )
    facts = replace(
        samples.county(), days={"320114": {DAY: now}}, alerts=(), closures=(), silent=silent, schools=lines, hints=()
    )
    return digest.digest(facts)


def text_of(made: object) -> str:
    html = pages.page(letters.checked(values_of(made)))
    return re.sub(r"\s+", "", re.sub(r"<[^>]*>", "", html.split("<body", 1)[1]))


@settings(max_examples=200)
@given(days)
def test_no_sentence_of_a_digest_contradicts_the_day(found: list[OneSchool]) -> None:
    heard = [one for one in found if one.standing not in {"missing", "returned", "held", "excused"}]
    ill = sum(one.ill + one.shut for one in heard)
    by = Counter(one.standing for one in found)
    due = sum(n for standing, n in by.items() if standing not in NOT_DUE)
    silent = sum(by[standing] for standing in SILENT)
    whole = by["on_time"] + by["late"]
    text = text_of(day_of(found))

    assert ("无应报学校" in text or "均不需报" in text or "不需报。" in text) == (due == 0)
    assert ("无未报" in text) == (due > 0 and silent == 0)
    assert ("应报学校均已报告" in text) == (due > 0 and silent == 0 and whole > 0)
    assert f"应报{due}所" in text or due == 0
    assert (f"未报{silent}所" in text) == (silent > 0)
    assert ("今日无因病缺课" in text) == (ill == 0 and due == whole > 0)
    if "尚无学校报告" in text:
        assert due
        assert whole + ill + by["partial"] + by["returned"] + by["held"] == 0
    if "尚无收下的学校报告" in text:
        assert by["returned"] + by["held"] > 0
        assert whole + ill + by["partial"] == 0
    if "尚无学校报齐" in text:
        assert due
        assert whole == 0
        assert by["partial"] + ill > 0
    for told in re.findall(r"因病缺课(?:合计)?(\d+)人次", text):
        assert int(told) == ill
    for told in re.findall(r"已报告的(\d+)所无因病缺课", text):
        assert (int(told), ill) == (whole, 0)
    rated = [one for one in found if one.standing in {"on_time", "late"}]
    summed = re.search(r"合计(\d+)人次=计入缺课率(\d+)人次（([\d.]+)人日）((?:\+\D+\d+人次)+)", text)
    if summed:
        apart = [int(n) for n in re.findall(r"(\d+)人次", summed[4])]
        assert int(summed[2]) == sum(one.ill for one in rated)
        assert float(summed[3]) == sum(one.ill - one.half / 2 for one in rated)
        assert int(summed[1]) == int(summed[2]) + sum(apart) == ill
        assert all(apart)
    else:
        assert ("全部计入缺课率" in text) == (ill > 0)
        assert ill == sum(one.ill for one in rated)


@settings(max_examples=200)
@given(st.sampled_from(STANDINGS), st.integers(0, 3), st.integers(0, 2), st.integers(0, 2), st.booleans())
def test_no_sentence_of_a_schools_page_contradicts_its_day(
    standing: StatusCounts, absent: int, returned: int, counted: int, half_heard: bool
) -> None:
    facts = page_samples.page(absent + returned)
    states = ["new"] * absent + ["returned"] * returned
    pupils = tuple(replace(one, row_state=state, reason="ill") for one, state in zip(facts.pupils, states, strict=True))
    heard = standing in {IS.ON_TIME, IS.LATE, IS.PARTIAL, IS.HOLIDAY}
    pupils, counted = (pupils, counted) if heard else ((), 0)
    absent, returned = (absent, returned) if heard else (0, 0)
    rooms = tuple(
        papers.ClassLine(
            f"{n}班", 40, absent if not n else 0, 0, counted if not n else 0, closed=False,
            silent=standing is IS.PARTIAL and (n == 1 or (half_heard and n > 3)), counted=counted if not n else 0,
        )
        for n in range(6)
    )  # fmt: skip
    zero = heard and not pupils
    made = papers.page(replace(facts, standing=standing, pupils=pupils, classes=rooms, zero=zero, notices=()))
    text = text_of(made)

    whole = standing in {IS.ON_TIME, IS.LATE}
    assert ("全校无缺课学生" in text) == (whole and not pupils and not counted)
    assert ("尚未收到本校报告" in text) == (standing is IS.MISSING)
    if found := re.search(r"其余(\d+)个班无缺课", text):
        assert heard
        silent = [room for room in rooms if room.silent]
        speaking = [room for room in rooms if room not in silent and (room.ill or room.other)]
        assert int(found[1]) == len(rooms) - len(silent) - len(speaking)
        assert ("已报的其余" in text) == (standing is IS.PARTIAL)
    counts = dict(made.counts)
    assert int(counts["因病"]) == absent == sum(room.ill for room in made.classes)
    assert int(counts["其他缺课"]) == counted == sum(room.other for room in made.classes)
    listed = sum(int(n) for n in re.findall(r"(?:缺课学生|列名|另列已返校|、已返校)(\d+)人", text.split("代码供")[0]))
    assert listed == absent + returned == len(made.rows)


# --------------------------------------------------------------------------- what a day is compared with


def test_a_day_on_which_nobody_reported_counts_in_the_median_of_reporting() -> None:
    """Nobody is 0 %: left out, three such days of five would look like a full month."""
    place = samples.county_place("320114", "雨花台")
    past = [DAY - timedelta(days=n) for n in range(1, 6)]
    found = {day: replace(figures(missing=10), day=day) for day in past[:3]}
    found |= {day: replace(figures(on_time=10, rate_roll=100), day=day) for day in past[3:]}
    made = trend.trend(place, DAY, {"320114": found})
    assert made.norm_report_rate == 0
    assert made.norm_rate == 0, "of those days there is no rate of illness"


def test_a_day_off_is_in_no_median() -> None:
    place = samples.county_place("320114", "雨花台")
    found: dict[date, CountyFigures] = {
        DAY - timedelta(days=1): figures(holiday=10),
        DAY - timedelta(days=2): figures(on_time=9, missing=1, rate_roll=100),
    }
    assert trend.trend(place, DAY, {"320114": found}).norm_report_rate == 0.9


@pytest.mark.parametrize(
    ("symptoms", "ill", "said"),
    [
        ({"S01": 5, "S02": 4, "S06": 1}, 8, "，以发热、咳嗽为主"),
        ({"S01": 5, "S02": 1, "S06": 1}, 8, "，以发热为主"),
        ({"S01": 1, "S02": 1, "S06": 1}, 3, ""),
        ({"S01": 2}, 40, "，所填症状中发热最多"),
        ({}, 40, ""),
    ],
)
def test_symptoms_are_named_only_if_more_pupils_have_them(symptoms: dict[str, int], ill: int, said: str) -> None:
    now = figures(on_time=1, ill=ill, symptoms=symptoms, rate_roll=100)
    made = digest.digest(replace(samples.county(), days={"320114": {DAY: now}}))
    assert f"因病缺课率 0.00%{said}。" in "".join(phrase.text for phrase in made.sentence)
