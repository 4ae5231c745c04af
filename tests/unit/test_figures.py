"""The identities of the figures, as laws; and what a digest makes of them."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import duty, rules
from pipeline.figures import cards, county, digest, lines, papers, sentences, statistics, trend, words
from pipeline.figures.county import AbsentRow, CountyFigures, SchoolDay
from pipeline.figures.duty import REPORTED, SILENT, StatusCounts, standing
from pipeline.figures.paper_values import check_code, values_of
from pipeline.figures.statistics import StatisticFacts, StatisticLine
from pipeline.model import Level
from pipeline.rules.values import Stage
from pipeline.schooldays import Off, ReportDue
from pipeline.statistics import Comparison, Method
from pipeline.units import Scope
from tests import page_samples
from tests import paper_samples as samples

DAY = samples.DAY
ROOMS = ("一1", "一2")

standings = st.sampled_from(list(StatusCounts))
schools = st.builds(
    lambda n, stands, roll, closed, stages: SchoolDay(
        f"S{n}",
        f"示例{n}",
        stages,
        stands,
        {("本部", r): roll for r in ROOMS},
        frozenset({("本部", "一1")} if closed else ()),
    ),
    st.integers(0, 9),
    standings,
    st.integers(0, 60),
    st.booleans(),
    st.sampled_from([("小学",), ("幼儿园",), ("小学", "初中")]),
)
rows = st.builds(
    AbsentRow,
    st.integers(0, 11).map("S{}".format),
    st.just("本部"),
    st.sampled_from(ROOMS),
    st.integers(0, 20).map("P{}".format),
    st.sampled_from(["ill", "injured", "other"]),
    st.sampled_from(["new", "ongoing", "returned"]),
    st.sampled_from(["", "am", "pm"]),
    st.lists(st.sampled_from(["S01", "S02", "S03"]), max_size=3).map(tuple),
)
counted = st.builds(
    lambda found, absent: county.count(DAY, "320106", county.tally({s.code: s for s in found}.values(), absent)),
    st.lists(schools, max_size=8),
    st.lists(rows, max_size=30),
)


@given(counted)
def test_every_county_day_adds_up(figures: CountyFigures) -> None:
    assert county.identities(figures) == []
    assert figures.registered == figures.due + figures.not_due
    assert figures.due == figures.on_time + figures.late + figures.silent + figures.excused


@given(st.lists(counted, max_size=4))
def test_sums_of_counties_keep_the_identities(parts: list[CountyFigures]) -> None:
    whole = county.add(DAY, "320100", parts)
    assert county.identities(whole) == []
    assert whole.ill == sum(p.ill for p in parts)


@given(counted)
def test_kept_figures_come_back_as_they_were(figures: CountyFigures) -> None:
    kept = json.loads(json.dumps(county.to_json(figures)))
    assert county.from_json(DAY, figures.place, kept) == figures


@given(st.lists(schools, max_size=6), st.lists(rows, max_size=30))
def test_what_schools_are_listed_with_is_what_the_county_totals(
    found: list[SchoolDay], absent: list[AbsentRow]
) -> None:
    known = {s.code: s for s in found}
    counted = county.tally(known.values(), absent)
    tallies, figures = {code: one.line for code, one in counted.items()}, county.count(DAY, "x", counted)
    assert sum(ill for ill, _, _ in tallies.values()) == figures.ill
    assert sum(new for _, new, _ in tallies.values()) == figures.new_ill
    reported = [halves for code, (_, _, halves) in tallies.items() if known[code].standing in REPORTED]
    assert sum(reported) == figures.rate_ill_halves


def one_school(stands: StatusCounts = StatusCounts.ON_TIME, closed: bool = False) -> SchoolDay:
    shut = frozenset({("本部", "一1")} if closed else ())
    return SchoolDay("S1", "示例", ("小学",), stands, {("本部", "一1"): 40, ("本部", "一2"): 45}, shut)


def absence(pupil: str = "P1", key: str = "一1", **more: object) -> AbsentRow:
    return AbsentRow("S1", "本部", key, pupil, "ill", "new", "", ("S01", "S01", "S02"))._replace(**more)  # type: ignore[arg-type]  # names are the test's own


def test_a_school_s_rate_leaves_its_closed_class_out_above_and_below() -> None:
    school = one_school(closed=True)
    absent = [absence("P1", "一1"), absence("P2", "一2")]
    assert county.tally([school], absent)["S1"].line == (2, 2, 2)
    assert county.roll_of(school) == 45


def test_those_who_are_counted_but_make_no_rate_are_told_apart() -> None:
    unsure = replace(one_school(StatusCounts.PARTIAL), code="S2")
    absent = [absence("P1", "一1"), absence("P2", "一2"), absence("P3", school="S2")]
    figures = county.count(DAY, "x", county.tally([one_school(closed=True), unsure], absent))
    assert (figures.ill, figures.closed_ill, figures.unsure_ill, figures.rate_ill_halves) == (3, 1, 1, 2)


def test_a_rate_of_too_few_says_so() -> None:
    facts = samples.county()
    few = {
        code: {day: replace(f, missing=f.missing + 20) for day, f in days.items()} for code, days in facts.days.items()
    }
    for counted, thin in ((facts.days, False), (few, True)):
        made = digest.digest(replace(facts, days=counted))
        assert ("不足九成" in "".join(phrase.text for phrase in made.sentence)) is thin


def test_missing_is_never_zero() -> None:
    figures = county.count(DAY, "x", county.tally([one_school(StatusCounts.MISSING)], []))
    assert figures.ill_rate is None
    assert words.percent(figures.ill_rate) == "—"
    assert figures.report_rate == 0


def test_a_quotation_mark_is_as_wide_in_print_as_a_character() -> None:
    assert words.printed_width("ab“班”") == 8


def test_the_rate_is_of_schools_that_reported() -> None:
    figures = county.count(DAY, "x", county.tally([one_school(StatusCounts.PARTIAL)], [absence()]))
    assert (figures.ill, figures.rate_roll, figures.ill_rate) == (1, 0, None)


def test_a_closed_class_leaves_the_roll_and_its_ill_leave_the_rate() -> None:
    figures = county.count(DAY, "x", county.tally([one_school(closed=True)], [absence(), absence("P2", "一2")]))
    assert (figures.ill, figures.closed_ill, figures.rate_roll, figures.rate_ill_halves) == (2, 1, 45, 2)


def test_half_a_day_is_one_person_and_half_a_person_day() -> None:
    figures = county.count(DAY, "x", county.tally([one_school()], [absence(part="am")]))
    assert (figures.ill, figures.ill_halves) == (1, 1)


def test_still_absent_is_not_new_and_returned_is_not_absent() -> None:
    found = [absence(row_state="ongoing"), absence("P2", row_state="returned"), absence("P3")]
    figures = county.count(DAY, "x", county.tally([one_school()], found))
    assert (figures.ill, figures.new_ill) == (2, 1)


def test_a_pupil_counts_once_in_a_group_whoever_wrote_of_it() -> None:
    figures = county.count(DAY, "x", county.tally([one_school()], [absence(), absence(campus="东校区")]))
    assert figures.symptoms == {"S01": 1, "S02": 1}
    assert figures.ill == 1


@pytest.mark.parametrize(
    ("due", "heard", "expected"),
    [
        (ReportDue(yes=False, reason=Off.WEEKEND), duty.ReceivedReports(), StatusCounts.HOLIDAY),
        (ReportDue(yes=False, reason=Off.VACATION), duty.ReceivedReports(), StatusCounts.OUT_OF_TERM),
        (ReportDue(yes=False, reason=Off.CLOSED), duty.ReceivedReports(), StatusCounts.CLOSED),
        (ReportDue(yes=True), duty.ReceivedReports(heads=(True,)), StatusCounts.ON_TIME),
        (ReportDue(yes=True), duty.ReceivedReports(heads=(True, False)), StatusCounts.LATE),
        (ReportDue(yes=True), duty.ReceivedReports(heads=(True,), silent=1), StatusCounts.PARTIAL),
        (ReportDue(yes=True), duty.ReceivedReports(missing=1, returned=True), StatusCounts.RETURNED),
        (ReportDue(yes=True), duty.ReceivedReports(missing=1, held=True), StatusCounts.HELD),
        (ReportDue(yes=True), duty.ReceivedReports(missing=1, excused="停电"), StatusCounts.EXCUSED),
        (ReportDue(yes=True), duty.ReceivedReports(missing=1), StatusCounts.MISSING),
    ],
)
def test_a_duty_is_one_standing(due: ReportDue, heard: duty.ReceivedReports, expected: StatusCounts) -> None:
    assert standing(duty.classify(due, heard)) is expected
    assert len(REPORTED & SILENT) == 0


def test_a_day_nothing_was_due_is_a_gap_in_the_curve() -> None:
    place = samples.county_place("320106", "鼓楼")
    found = trend.trend(place, DAY, samples.month(["320106"], 40, {}))
    gaps = [day for day, rate in found.curve if rate is None]
    assert gaps == [d for d, _ in found.curve if d.weekday() > 4]
    assert len(found.curve) == trend.CURVE_DAYS
    assert found.before is not None
    assert found.before.day == DAY - timedelta(days=1)


def test_the_difference_printed_is_the_difference_of_what_is_printed() -> None:
    assert words.points(0.00494, 0.00376) == 0.11
    assert words.points(None, 0.1) is None


def test_a_long_silence_is_said_as_what_is_known_of_it() -> None:
    """Only so many days are searched: a school that never reported is silent for longer."""
    assert [words.in_a_row(n) for n in (2, words.RUN_MOST)] == ["2 日", "10 日以上"]
    assert words.in_a_row(words.RUN_MOST, "个上课日") == "10 个上课日以上"


@pytest.mark.parametrize("facts", [samples.province(), samples.city(), samples.county()], ids=["省", "市", "县"])
def test_totals_of_a_digest_equal_what_it_lists(facts: digest.DigestFacts) -> None:
    made = digest.digest(facts)
    now = trend.trend(facts.place, facts.day, facts.days).today
    assert len(made.silence.rows) == now.silent
    if made.below:
        for name in ("due", "reported", "silent", "excused", "ill", "open_alerts", "closed"):
            assert sum(getattr(row, name) for row in made.below) == getattr(made.below_total, name), name
        assert sum(group.silent for group in made.silence.groups) == len(made.silence.rows)
        assert made.below_total.open_alerts == len(made.alerts.rows)
    assert f"应报 {words.number(now.due)} 所" in made.sentence[0].text
    assert made.alerts.overdue + made.alerts.soon == sum(row.pressing for row in made.alerts.rows)


def test_a_closed_campus_is_not_a_closed_school() -> None:
    facts = samples.county()
    one, *_ = facts.closures
    campus, school = replace(one, scope="全校", campus="东校区"), replace(one, scope="全校")
    made = digest.digest(replace(facts, closures=(campus,)))
    assert (made.closures.rows[0].what, made.headlines[3].figure, made.headlines[3].unit) == ("东校区", "1", "个校区")
    assert "停课 1 个校区。" in "".join(phrase.text for phrase in made.sentence)
    both = digest.digest(replace(facts, closures=(campus, school, one)))
    assert (both.headlines[3].unit, both.closures.schools, both.closures.campuses) == ("个班", 1, 1)
    assert "停课 1 个班、1 个校区、全校 1 所。" in "".join(phrase.text for phrase in both.sentence)


def test_alerts_stand_soonest_due_first_overdue_before_all() -> None:
    table = digest.digest(samples.city()).alerts
    assert table.rows[0].left.startswith("逾期")
    waiting = [row.waits for row in table.rows]
    assert waiting == sorted(waiting, reverse=True)
    assert (table.excluded, table.ended) == (1, 0)


def test_above_county_a_digest_has_no_class_and_masks_small_counts() -> None:
    made = digest.digest(samples.city())
    assert {row.class_name for row in made.alerts.rows} == {""}
    assert "1" not in {row.cases for row in made.alerts.rows} | {row.ill for row in made.closures.rows}
    assert "2" not in {row.cases for row in made.alerts.rows} | {row.ill for row in made.closures.rows}
    assert {row.what for row in made.closures.rows} == {"1 个班"}


def test_a_place_with_too_few_reports_shows_no_rate() -> None:
    row = next(r for r in digest.digest(samples.city()).below if r.name == "六合区")
    assert (row.rate, row.level, row.enough) == ("—", None, False)


def test_on_a_day_off_the_sentence_says_so_and_nothing_is_zero_percent() -> None:
    facts = samples.county()
    sunday = date(2026, 11, 22)
    off = CountyFigures(day=sunday, place="320114", registered=152, holiday=152)
    quiet = replace(
        facts, day=sunday, days={"320114": {sunday: off}}, silent=(), alerts=(), closures=(), why_nothing="周末"
    )
    made = digest.digest(quiet)
    assert made.sentence[0].text == "今日周末，152 所在册学校均不需报。"
    assert [h.figure for h in made.headlines[:2]] == ["—", "—"]


def test_the_check_code_follows_every_figure() -> None:
    one = values_of(digest.digest(samples.county()))
    other = values_of(digest.digest(replace(samples.county(), n=3)))
    assert check_code(one) == check_code(values_of(digest.digest(samples.county())))
    assert check_code(one) != check_code(other)


def test_an_alert_card_shows_each_reader_what_it_may_see() -> None:
    school = cards.card(page_samples.card())
    of_county = cards.card(page_samples.card(Scope(Level.COUNTY, "320114", frozenset(["320114"]))))
    of_city = cards.card(replace(page_samples.card(Scope(Level.CITY, "320100")), cases=2))
    assert school.rows[0].pupil == "示例童甲（三2-A7K0）"
    assert of_county.rows[0].pupil == "三2-A7K0"
    assert of_city.rows == ()
    assert (of_city.cases, of_city.hits[0].scope) == ("<3", "")


@pytest.mark.parametrize("reader", [None, Scope(Level.CITY, "320100")])
@pytest.mark.parametrize(
    ("where", "rule", "scope", "place", "level"),
    [
        ("三(2)班", "S01", "三2", "班", "达到班级停课评估标准"),
        ("三(2)班", "C05", "", "班", "达到班级停课评估标准"),  # of a class, and the campus met a lesser one
        ("", "S06", "", "全校", "达到全校（园）停课评估标准"),
    ],
)
def test_a_card_says_whole_school_beside_no_standard_of_a_class(
    reader: Scope | None, where: str, rule: str, scope: str, place: str, level: str
) -> None:
    known = {one.id: one for one in rules.load().rules}
    met = words.condition(known[rule], "流感样病例", scope)
    facts = replace(page_samples.card(reader) if reader else page_samples.card(), where=where, stage=Stage.CLOSURE)
    page = cards.card(replace(facts, hits=(replace(facts.hits[0], words=met, scope=""),)))
    assert (page.stage, place in page.where) == (level, True)
    assert "全校" not in f"{page.where}{page.stage}{page.hits[0].words}" or "班级停课" not in page.stage


def test_a_page_counts_the_absent_and_tells_returned_apart() -> None:
    made = papers.page(page_samples.page())
    assert dict(made.counts)["已返校"] == "1"
    assert made.rows[-1].state == "已返校"
    assert made.classes_rest == "已报的其余 11 个班无缺课。"


def test_a_page_of_a_school_that_closed_a_class_leaves_its_roll_out() -> None:
    facts = page_samples.page()
    shut = next(c for c in facts.classes if c.closed)
    everyone = sum(c.roll or 0 for c in facts.classes)
    assert dict(papers.page(facts).counts)["应到"] == words.number(everyone - (shut.roll or 0))


def test_todo_names_nobody_twice_and_at_most_four_things() -> None:
    made = digest.digest(samples.city())
    assert 0 < len(made.todo) <= sentences.TODO_MOST
    assert len(set(made.todo)) == len(made.todo)


def test_schools_left_out_are_counted() -> None:
    facts = samples.county()
    found, rest = lines.schools(facts.schools, facts.scope, most=8)
    left = sum(s.ill for s in facts.schools) - sum(int(row.ill) for row in found)
    assert rest == f"其余 {len(facts.schools) - len(found)} 所共 {left} 人次"


def unusual(unit: str, group: str, *methods: Method, observed: int = 9, expected: float = 4.0) -> StatisticLine:
    compared = tuple(Comparison(method, observed, expected, expected + 1) for method in methods)
    return StatisticLine(unit, f"示例{unit}", group, group, compared)


def table(facts: StatisticFacts, level: Level) -> list[tuple[str, str, str]]:
    found = statistics.table(facts, "示例市", Scope(level, "320100")).rows
    return [(row.where, row.group, row.method) for row in found]


def test_above_county_nothing_can_be_found_by_subtracting_a_division_from_the_one_above() -> None:
    facts = StatisticFacts(
        own=(unusual("320100", "FEV", Method.C1, Method.PERCENTILE), unusual("320100", "GI", Method.C2)),
        below=(("示例区", unusual("320102", "FEV", Method.C1)),),
        schools=(unusual("2132000001", "FEV", Method.C1),),
    )
    weekly = ("示例市合计", "FEV", "移动百分位 P80")
    expected = [weekly, ("示例市合计", "GI", "EARS C2"), ("示例区", "FEV", "EARS C1")]
    assert sorted(table(facts, Level.CITY)) == sorted(expected)
    assert ("示例市合计", "FEV", "EARS C1") in table(facts, Level.COUNTY)
    assert ("示例2132000001", "FEV", "EARS C1") in table(facts, Level.COUNTY)


def test_a_small_expected_number_is_masked_above_county() -> None:
    facts = StatisticFacts(own=(unusual("320100", "FEV", Method.C2, expected=2.9),))
    shown = {
        level: statistics.table(facts, "示例", Scope(level, "320100")).rows[0].expected
        for level in (Level.CITY, Level.COUNTY)
    }
    assert shown == {Level.CITY: "<3", Level.COUNTY: "2.9"}


def test_all_illness_is_a_line_only_where_it_says_more_than_its_groups() -> None:
    same = StatisticFacts(schools=(unusual("1", "ALL", Method.C1), unusual("1", "GI", Method.C2)))
    assert table(same, Level.COUNTY) == [("示例1", "GI", "EARS C2")]
    more = StatisticFacts(schools=(unusual("1", "ALL", Method.C1, observed=12), unusual("1", "GI", Method.C2)))
    assert [group for _, group, _ in table(more, Level.COUNTY)] == ["ALL", "GI"]


def test_statistics_that_are_not_listed_are_counted() -> None:
    many = tuple(unusual(f"{n}", "FEV", Method.C1, observed=5 + n) for n in range(statistics.MOST + 7))
    found = statistics.table(StatisticFacts(schools=many), "示例区", Scope(Level.COUNTY, "320102"))
    assert len(found.rows) == statistics.MOST
    assert found.rest == "其余 7 行未列。"
    assert found.rows[0].observed == str(5 + statistics.MOST + 6), "the furthest above comes first"


@given(st.lists(schools, max_size=8), st.lists(rows, max_size=30))
def test_the_new_cases_of_schools_add_up_to_those_of_their_county(
    found: list[SchoolDay], absent: list[AbsentRow]
) -> None:
    grouped = [row._replace(groups=frozenset(row.symptoms)) for row in absent]
    tallies = county.tally({s.code: s for s in found}.values(), grouped)
    total = sum((Counter(one.new_groups) for one in tallies.values()), Counter[str]())
    assert dict(county.count(DAY, "320106", tallies).new_groups) == total
