"""Who may speak for whom: folder, token, and what a sheet says of itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from pipeline import units, validate
from pipeline.model import Checked, ClassFacts, Context, Policy, Reading
from tests import formbooks as books
from tests.formbooks import DAY, GOOD, KEY, OTHER, SCHOOL, absence, arrival, check, context, headers, said


@pytest.mark.parametrize(
    ("bound", "verdict"),
    [
        ("", "held"),
        (SCHOOL, "merge"),
        ("320106", "merge"),
        ("320100", "merge"),
        ("320000", "merge"),
        (OTHER, "rejected"),
        ("320302", "rejected"),
        ("320300", "rejected"),
        ("9999999999", "rejected"),
    ],
)
def test_a_folder_speaks_only_for_its_own(bound: str, verdict: str) -> None:
    assert check(absence(GOOD), bound=bound).verdict == verdict


def test_a_refusal_says_nothing_of_the_other_unit() -> None:
    foreign = check(absence(GOOD, unit=OTHER), bound=SCHOOL)
    unknown = check(absence(GOOD, unit="2132999999"), bound=SCHOOL)
    county = check(absence(GOOD, unit=OTHER), bound="320106")
    nowhere = check(absence(GOOD, unit="2132999999"), bound="320106")
    found = (foreign, unknown, county, nowhere)
    answers = {(tuple(replace(one, value="") for one in got.issues), got.unit, got.records) for got in found}
    assert len(answers) == 1
    assert said(foreign) == ["unit-not-yours"]
    # but for what the file says itself, be it true or not
    assert [got.issues[0].value for got in (foreign, unknown)] == [f"示例小学（{OTHER}）", "示例小学（2132999999）"]


def test_a_report_of_a_school_that_has_closed_down_is_taken_and_asked_about() -> None:
    known = context()
    for until, asked in ((DAY, True), (date(2026, 11, 21), False), (None, False)):
        schools = {**known.schools, SCHOOL: replace(known.schools[SCHOOL], until=until)}
        got = check(absence(GOOD), known=replace(known, schools=schools))
        assert (got.verdict, "school-closed-down" in said(got)) == ("merge", asked)


def test_the_folder_of_a_school_stands_in_for_a_lost_code() -> None:
    assert check(absence(GOOD, unit=None), bound=SCHOOL).unit == SCHOOL
    lost = check(absence(GOOD, unit="2.132E+09"), bound=SCHOOL)
    assert (lost.verdict, said(lost)) == ("merge", ["unit-code-unreadable-left"])
    assert check(replace(absence(GOOD, unit="2.132E+09"), properties={"queke_unit": SCHOOL})).unit == SCHOOL
    assert said(check(absence(GOOD, unit=None))) == ["unit-missing"]
    assert said(check(absence(GOOD, unit="2.132E+09"))) == ["unit-code-unreadable"]
    assert said(check(absence(GOOD, unit="2132999999"))) == ["unit-unknown"]


def test_a_token_must_be_of_this_school_and_form() -> None:
    own = units.token(KEY, SCHOOL, "absence", "2026-1", 1)
    assert check(absence(GOOD), token=own).verdict == "merge"
    for wrong in (
        units.token(KEY, OTHER, "absence", "2026-1", 1),
        units.token(KEY, SCHOOL, "closure", "2026-1", 1),
        units.token(KEY, SCHOOL, "absence", "2026-1", 2),
        "乱写",
    ):
        assert said(check(absence(GOOD), token=wrong)) == ["token-wrong"]


def test_a_file_that_goes_back_still_finds_its_sender() -> None:
    words = [word for word in headers() if word != "姓名"]
    top = books.head("学生缺课日报", {"学校标识码": SCHOOL, "报告日期": datetime(2026, 11, 20)})
    got = check(books.book(("缺课登记", [*top, *books.grid(words, [GOOD])])))
    assert (got.verdict, got.unit, got.day) == ("rejected", SCHOOL, DAY)
    assert said(got) == ["column-missing"]


def test_what_could_not_be_read_stays_as_it_is() -> None:
    dead = Reading("quarantined")
    got = validate.check([(arrival(), dead)], context(), Policy(), KEY)[0]
    assert (got.verdict, got.unit, got.records) == ("quarantined", "", ())


def of_two(*campuses: str) -> Context:
    """The school with these campuses, each with classes of its own and 三(3)班 of all."""
    names = {"本部": "一(2)班", "东校区": "二(1)班", "西湖校区": "四(1)班"}
    rooms = {(one, "三3"): ClassFacts(one, "三3", "三(3)班", None) for one in campuses}
    rooms |= {(one, key): ClassFacts(one, key, names[one], None) for one in campuses
              for key in [f"{names[one][0]}{names[one][2]}"]}  # fmt: skip
    return context(schools={SCHOOL: replace(context().schools[SCHOOL], campuses=campuses, classes=rooms)})


def of_class(*names: str, known: Context, **fields: object) -> Checked:
    rows = [{**GOOD, "班级": name, "姓名": f"张{place}明"} for place, name in zip("甲乙丙", names, strict=False)]
    return check(absence(*rows, classes=[], **fields), known=known)


@pytest.mark.parametrize("written", ["东校区", "东", "东区", "东分校", "示例小学东校区"])
def test_a_campus_is_the_registrys_however_it_is_written(written: str) -> None:
    got = of_class("三(3)班", known=of_two("本部", "东校区", "西湖校区"), 校区=written)
    assert (got.verdict, got.campus, len(got.records)) == ("merge", "东校区", 1)
    assert said(got) == ([] if written == "东校区" else ["campus-as"])


def test_a_file_of_a_campus_nobody_knows_goes_back() -> None:
    """It would make a campus of its own, and all its classes new ones."""
    for known in (context(), of_two("东校区", "西湖校区")):
        got = check(absence(GOOD, 校区="南校区"), known=known, bound=SCHOOL)
        assert (got.verdict, said(got), got.records) == ("rejected", ["campus-unknown"], ())
        assert got.back is not None  # nothing need be typed again
    assert check(absence(GOOD, 校区="校本部")).campus == "本部"


def test_where_no_campus_is_written_the_classes_tell() -> None:
    two, home = of_two("东校区", "西湖校区"), of_two("本部", "东校区")
    got = of_class("二(1)班", "三(3)班", known=two)
    assert (got.campus, said(got)) == ("东校区", ["campus-by-classes"])
    assert said(of_class("三(3)班", known=two)) == ["campus-blank"]
    assert said(of_class("二(1)班", "四(1)班", known=two)) == ["campus-blank"]
    for names, campus in (
        (("二(1)班",), "东校区"),
        (("三(3)班",), "本部"),
        (("一(2)班",), "本部"),
        (("一(2)班", "二(1)班"), "本部"),
    ):
        assert of_class(*names, known=home).campus == campus


def test_classes_of_one_name_at_two_campuses_have_pupils_of_their_own() -> None:
    def pupil(campus: str) -> str:
        return of_class("三(3)班", known=of_two("本部", "东校区"), 校区=campus).records[0].identity

    assert pupil("本部") != pupil("东校区")
    assert pupil("东") == pupil("东校区")


def listed(*rows: dict[str, object], beside: str, **fields: object) -> Checked:
    """A list with a column of its own before ours."""
    top = books.head("学生缺课日报", {"学校标识码": SCHOOL, "报告日期": datetime(2026, 11, 20), **fields})
    names = ("张小明", "李小红", "王五一")
    made = [{**GOOD, "姓名": name, **row} for name, row in zip(names, rows, strict=False)]
    two = replace(context().schools[SCHOOL], campuses=("本部", "东校区"))
    sheet = books.book(("缺课登记", [*top, *books.grid([beside, *headers()], made)]))
    return check(sheet, known=context(schools={SCHOOL: two}))


@pytest.mark.parametrize(
    ("beside", "ours", "others", "code"),
    [
        ("校区", "本部", "东校区", "row-other-campus"),
        ("园区", None, "东", "row-other-campus"),
        ("所属校区", "校本部", "南校区", "row-other-campus"),
        ("学校名称", "示例小学", "别的小学", "row-other-school"),
        ("就读学校", "江宁区示例小学", "示例中学", "row-other-school"),
        ("学校标识码", SCHOOL, OTHER, "row-other-school"),
        ("学校代码", float(SCHOOL), float(OTHER), "row-other-school"),
        ("日期", datetime(2026, 11, 20), datetime(2026, 11, 19), "row-other-day"),
        ("填报日期", "11月20日", "2026.11.23", "row-other-day"),
    ],
)
def test_a_column_that_says_whose_or_when_a_row_is_is_never_ignored(
    beside: str, ours: object, others: object, code: str
) -> None:
    got = listed({beside: ours}, {beside: others}, {}, beside=beside)
    assert [record.values["name"] for record in got.records] == ["张小明", "王五一"]
    assert [[issue.code for issue in row.issues] for row in got.refused] == [[code]]
    assert got.refused[0].raw["name"] == "李小红"
    told = [one for one in said(got) if one not in {"sheet-missing", "campus-mixed"}]
    assert told == [code], "nothing is said of rows that agree"
    assert not got.repairs


def test_a_list_of_several_campuses_says_once_which_rows_are_whose() -> None:
    got = listed({"校区": "本部"}, {"校区": "东"}, {"校区": "东校区"}, beside="校区")
    (mixed,) = [issue for issue in got.issues if issue.code == "campus-mixed"]
    assert dict(mixed.details) == {"which": "本部（第 5 行）；东校区（第 6–7 行）", "campus": "本部"}
    assert [row.raw["name"] for row in got.refused] == ["李小红", "王五一"]


def test_a_list_of_several_campuses_none_of_which_is_the_main_site_goes_back_whole() -> None:
    top = books.head("学生缺课日报", {"学校标识码": SCHOOL, "报告日期": datetime(2026, 11, 20)})
    made = [{**GOOD, "姓名": name, "校区": campus} for name, campus in (("张小明", "东"), ("李小红", "西校区"))]
    two = replace(context().schools[SCHOOL], campuses=("东校区", "西校区"), classes={})
    sheet = books.book(("缺课登记", [*top, *books.grid(["校区", *headers()], made)]))
    got = check(sheet, known=context(schools={SCHOOL: two}))
    (mixed,) = [issue for issue in got.issues if issue.code.startswith("campus")]
    assert (mixed.code, got.verdict) == ("campus-several", "rejected")
    assert dict(mixed.details)["which"] == "东校区（第 5 行）；西校区（第 6 行）"


def test_a_whole_list_of_another_school_is_not_a_slipped_column() -> None:
    rows = [{"学校名称": "别的小学", "姓名": f"{first}小明"} for first in "赵钱孙李周吴郑王冯陈褚卫"]
    top = books.head("学生缺课日报", {"学校标识码": SCHOOL, "报告日期": datetime(2026, 11, 20)})
    made = [{**GOOD, **row} for row in rows]
    got = check(books.book(("缺课登记", [*top, *books.grid(["学校名称", *headers()], made)])))
    assert (got.verdict, len(got.refused), got.records) == ("merge", 12, ())
    assert {issue.code for issue in got.issues} == {"row-other-school"}


def test_the_campus_that_all_rows_name_is_that_of_the_file() -> None:
    got = listed({"校区": "东校区"}, {"校区": "东校区"}, beside="校区")
    assert (got.campus, len(got.records), got.refused) == ("东校区", 2, ())
    assert listed({"校区": "东校区"}, {"校区": "本部"}, beside="校区").campus == "本部"
    assert listed({"校区": "东校区"}, beside="校区", 校区="本部").refused


def test_another_schools_name_over_this_code_is_asked_about() -> None:
    assert "school-name-differs" in said(check(absence(GOOD, 学校名称="别的小学")))
