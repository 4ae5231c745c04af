"""What a person typed → what we understood. Nothing ambiguous is guessed, nothing raises."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.forms import FORMS, cells, classes, clinical, text_normalise, words
from pipeline.forms.base import Bad, Column, Fixed, Frame, Mixed, Vocabulary
from pipeline.forms.card import CASES
from pipeline.issues import CATALOGUE, LEFT

FRAME = Frame(day=date(2026, 11, 20))
COLUMNS = [(f"{f.name}.{t.name}.{c.name}", c) for f in FORMS for t in f.tables for c in t.columns]


def value(got: object) -> object:
    inner = got.value if isinstance(got, Fixed) else got
    return inner.value if isinstance(inner, Mixed) else inner


# --------------------------------------------------------------------------- names and numbers


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("张小明", "张小明"),
        ("张 小 明", "张小明"),
        ("　张小明　", "张小明"),
        ("张\u200b小明\ufeff", "张小明"),
        ("张小\n明", "张小明"),
        ("\u202e张小明", "张小明"),
        ("阿依古丽·买买提", "阿依古丽·买买提"),
        ("Anna  Maria", "Anna Maria"),
        ("-张小明", "-张小明"),
        ("张小明🌸", "张小明🌸"),
        ("=张小明", "=张小明"),
        ("e\u0301mile", "émile"),
        ("1、张小明", "张小明"),
        ("①张小明", "张小明"),
        ("(2) 李 四", "李四"),
    ],
)
def test_a_name_is_cleaned_of_what_nobody_sees(typed: str, name: str) -> None:
    assert value(cells.person(typed, FRAME)) == name


@pytest.mark.parametrize(
    "typed",
    [20150101.0, "12345", "３２０１０２２０１５０１０１１２３４", datetime(2026, 3, 2), True, text_normalise.MASK],
)
def test_what_is_no_name_is_not_taken_for_one(typed: object) -> None:
    assert isinstance(cells.person(typed, FRAME), Bad)


def test_a_name_of_two_hundred_signs_is_cut_and_said() -> None:
    assert cells.person("长" * 200, FRAME) == Fixed("长" * 60, "text-cut")


@pytest.mark.parametrize(
    ("typed", "number"),
    [(20260101.0, "20260101"), ("００１２", "0012"), ("A-12 3", "A-123"), (12.0, "12"), ("0012", "0012")],
)
def test_a_number_that_is_a_name_stays_text(typed: object, number: str) -> None:
    assert value(cells.number_text(typed, FRAME)) == number


def test_a_number_excel_has_rounded_is_refused() -> None:
    assert cells.number_text(12345678901234568.0, FRAME) == Bad("number-lost-digits")
    assert cells.number_text(3.5, FRAME) == Bad("number-unreadable")


@pytest.mark.parametrize(
    "text",
    [
        "320102201501011234",
        "32010220150101123X",
        "G320102201501011234",
        "证件320102 20150101 1234号",
        "３２０１０２２０１５０１０１１２３４",
    ],
)
def test_an_identity_number_is_in_no_stored_text(text: str) -> None:
    got = cells.text(200)(text, FRAME)
    assert isinstance(got, Fixed)
    assert got.issue == "id-number-dropped"
    assert "2015" not in str(got.value)
    assert "2015" not in text_normalise.mask(text)


def test_an_identity_number_is_no_pupil_number() -> None:
    assert cells.number_text(text_normalise.MASK, FRAME) is None
    assert cells.number_text("320102201501011234", FRAME) == Bad("id-number-dropped")


@pytest.mark.parametrize("typed", ["100-0000-0001", "１００－００００－０００１", 10000000001.0, "(025) 100-0001"])
def test_a_telephone_number_keeps_its_digits(typed: object) -> None:
    assert str(value(cells.telephone(typed, FRAME))).replace("-", "").endswith("1")


# --------------------------------------------------------------------------- numbers and choices


@pytest.mark.parametrize(
    ("typed", "degrees"),
    [
        (38.5, 38.5),
        ("38.5", 38.5),
        ("38.5℃", 38.5),
        ("38。5", 38.5),
        ("３８．５", 38.5),
        ("38.5°C", 38.5),
        ("38度5", 38.5),
        ("39度", 39.0),
        ("约38.5℃", 38.5),
        ("38.5左右", 38.5),
        ("最高39度", 39.0),
        ("38·5", 38.5),
        ("38点5", 38.5),
        ("三十八度五", 38.5),
        ("三十九度", 39.0),
        ("三十八点六度", 38.6),
        ("三十七度半", 37.5),
        (39, 39.0),
        (38.54, 38.5),
        (datetime(1900, 2, 7, 14, 24), 38.6),  # in a cell formatted as a date
        (date(1900, 2, 8), 39.0),
        ("未测", None),
        ("未量", None),
        ("无", None),
    ],
)
def test_a_temperature_is_read_as_people_write_it(typed: object, degrees: float | None) -> None:
    assert value(cells.temperature(typed, FRAME)) == degrees


@pytest.mark.parametrize(
    "typed", [385.0, "385", "三八五", "三十八九度", "37.5-38.5", True, datetime(2026, 3, 8), "38.5.1"]
)
def test_a_temperature_with_two_readings_is_asked(typed: object) -> None:
    assert isinstance(cells.temperature(typed, FRAME), Bad)


def test_numbers_in_date_formats_count_from_the_files_epoch() -> None:
    mac = Frame(date1904=True)
    assert value(cells.temperature(datetime(1904, 2, 8, 14, 24), mac)) == 38.6
    assert value(cells.count(date(1904, 2, 15), mac)) == 45
    assert value(cells.count(date(1900, 3, 1), FRAME)) == 61


@pytest.mark.parametrize(
    "typed",
    ["王小宝（走读）", "王小宝(女)", "王小宝*", "王小宝 100-0000-0001", "王小宝(家长电话:10000000001)", "王 小宝"],
)
def test_a_name_is_kept_without_what_stands_beside_it(typed: str) -> None:
    assert value(cells.person(typed, FRAME)) == "王小宝"


@pytest.mark.parametrize("typed", ["王小宝2", "阿依古丽·买买提", "Li Ming 2"])
def test_a_name_keeps_what_tells_it_from_another(typed: str) -> None:
    assert value(cells.person(typed, FRAME)) == typed


@pytest.mark.parametrize("typed", ["3号楼201", "３号楼 201", "3号楼201室", " 3号楼201寝室", "3号楼201号"])
def test_a_dormitory_is_one_however_it_is_written(typed: str) -> None:
    assert value(cells.room(30)(typed, FRAME)) == "3号楼201"


def test_a_dormitory_that_is_a_number_or_a_mere_word_stays() -> None:
    assert [value(cells.room(30)(typed, FRAME)) for typed in (201, "室", "东区", None)] == ["201", "室", "东区", None]


def test_who_lives_at_home_shares_no_dormitory() -> None:
    assert [cells.room(30)(typed, FRAME) for typed in ("走读", "无", "不住校", "/")] == [None] * 4


@pytest.mark.parametrize(
    ("typed", "people"),
    [
        (45.0, 45),
        ("45人", 45),
        ("45例", 45),
        ("四十五", 45),
        ("４５", 45),
        (0.0, 0),
        ("—", None),
        (date(1900, 2, 14), 45),
        ("00:00", 0),
    ],
)
def test_a_count_is_a_whole_number(typed: object, people: int | None) -> None:
    assert value(cells.count(typed, FRAME)) == people


def test_a_column_of_yes_and_no_in_which_its_own_name_stands_says_yes() -> None:
    wrong = next(column for column in CASES.columns if column.name == "wrong")
    assert wrong.parse("有误", FRAME) == Fixed(True)
    assert isinstance(wrong.parse("危重", FRAME), Bad)


@pytest.mark.parametrize("typed", [4.5, -1.0, "四五十", 1e9, True, date(2026, 11, 20), datetime(1900, 2, 14, 12)])
def test_what_is_no_count_is_asked(typed: object) -> None:
    assert cells.count(typed, FRAME) == Bad("count-unreadable")


@pytest.mark.parametrize(("typed", "code"), [("男", "1"), ("女生", "2"), (1.0, "1"), (" 男 ", "1"), ("F", "2")])
def test_a_choice_knows_peoples_words(typed: object, code: str) -> None:
    assert value(cells.choice(words.SEX, "sex-unknown")(typed, FRAME)) == code


def test_a_choice_says_what_it_may_be() -> None:
    got = cells.choice(words.SEX, "sex-unknown")("不知", FRAME)
    assert got == Bad("sex-unknown", (("choices", "男、女"),))


@pytest.mark.parametrize(("typed", "yes"), [("是", True), ("已就诊", True), ("√", True), ("没有", False), (True, True)])
def test_a_flag_is_yes_or_no(typed: object, yes: object) -> None:
    assert value(cells.flag(words.YES_NO)(typed, FRAME)) is yes


def test_several_stages_stand_in_one_order() -> None:
    parse = cells.several(words.STAGE, "stage-unknown")
    assert parse("初中、小学", FRAME) == parse("小学部/初中部", FRAME) == "小学 初中"


# --------------------------------------------------------------------------- symptoms, diagnoses, reasons


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("发热", "S01"),
        ("发烧", "S01"),
        ("发热、咳嗽", "S01 S02"),
        ("发热,咳嗽;咽痛", "S01 S02 S03"),
        ("发热 咳嗽+拉肚子", "S01 S02 S07"),
        ("发热伴咳嗽", "S01 S02"),
        ("发热咳嗽", "S01 S02"),
        ("皮疹(含疱疹)", "S09"),
        ("红眼/结膜充血", "S10"),
        ("发热38.5℃", "S01"),
        ("不详", "S00"),
        ("没精神", "S99"),
        ("无发热", "S99"),
        ("发热、没精神", "S01 S99"),
    ],
)
def test_symptoms_are_told_apart_in_one_cell(typed: str, codes: str) -> None:
    assert value(clinical.symptoms(typed, FRAME)) == codes


def test_a_symptom_no_word_fits_keeps_its_own_words() -> None:
    got = clinical.symptoms("没精神", FRAME)
    assert got == Fixed(Mixed("S99", "没精神"), "symptom-in-own-words")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("甲流", "D02"),
        ("流感", "D02"),
        ("疑似流感", "D02"),
        ("感冒", "D01"),
        ("手足口", "D10"),
        ("怪病", "D99"),
        ("水痘？", "D05"),
    ],
)
def test_a_diagnosis_is_understood_or_kept_in_words(typed: str, code: str) -> None:
    assert value(clinical.diagnosis(typed, FRAME)) == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [("因病", "ill"), ("病假", "ill"), ("发烧", "ill"), ("水痘", "ill"), ("摔伤", "injured"), ("事假", "other")],
)
def test_a_reason_may_be_a_symptom_or_a_disease(typed: str, code: str) -> None:
    assert value(clinical.reason(typed, FRAME)) == code


def test_a_reason_without_sense_is_not_guessed() -> None:
    got = clinical.reason("??", FRAME)
    assert isinstance(got, Bad)
    assert got.issue == "reason-unknown"


# --------------------------------------------------------------------------- classes


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("三(3)班", "三3"),
        ("三（3）班", "三3"),
        ("三年级3班", "三3"),
        ("3年级3班", "三3"),
        ("３年级（３）班", "三3"),
        ("三年级三班", "三3"),
        ("1年级2班", "一2"),
        ("三二班", "三2"),
        ("3-2", "三2"),
        ("3.2班", "三2"),
        ("一(十二)班", "一12"),
        ("小学三年级(2)班", "三2"),
        ("初一(2)班", "七2"),
        ("七年级2班", "七2"),
        ("7年级2班", "七2"),
        ("初中七年级2班", "七2"),
        ("初三(10)班", "九10"),
        ("高一(12)班", "高一12"),
        ("高中二年级3班", "高二3"),
        ("中职一3班", "中职一3"),
        ("小一班", "小一"),
        ("小1班", "小一"),
        ("小班1班", "小一"),
        ("小(12)班", "小十二"),
        ("大三", "大三"),
        ("托一班", "托一"),
        ("三年级", "三"),
        ("302", None),
        ("12班", None),
        ("二十班", None),
        ("高12班", None),
        ("苹果班", None),
        ("3.2", None),
        ("八年级0班", None),
        ("", None),
    ],
)
def test_a_class_has_one_normal_form(typed: str, key: str | None) -> None:
    assert classes.class_key(typed) == key


def test_a_middle_class_is_one_only_in_a_kindergarten() -> None:
    assert classes.class_key("中二班", True) == "中二"
    assert classes.class_key("中二班") is None


@pytest.mark.parametrize("typed", [datetime(2026, 3, 2), date(2026, 3, 2), 46083.0, "3月2日", "2026-03-02", "2026/3/2"])
def test_a_date_in_the_class_column_is_asked(typed: object) -> None:
    assert classes.class_name(typed, FRAME) == Bad("class-is-date")


def test_a_class_with_a_point_typed_as_a_number_is_asked() -> None:
    assert classes.class_name(3.2, FRAME) == Bad("class-unreadable")


def test_a_class_without_a_normal_form_keeps_its_name() -> None:
    assert classes.class_name("苹果班", FRAME) == "苹果班"
    assert classes.key_or_name("苹果 班") == "苹果班"
    assert value(classes.class_name(302.0, FRAME)) == "302"


# --------------------------------------------------------------------------- laws

any_cell = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.text("0123456789.-/:：年月日 上午下班级小中大一二三十(（)）发热咳嗽、，℃度无X", max_size=30),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
)
any_frame = st.builds(Frame, st.one_of(st.none(), st.dates(date(2000, 1, 2), date(2099, 12, 30))), st.booleans())


@settings(max_examples=150)
@given(cell=any_cell, frame=any_frame)
def test_every_parser_answers_whatever_the_cell(cell: object, frame: Frame) -> None:
    parsers = {column.parse for _, column in COLUMNS} | {f.parse for form in FORMS for f in form.fields}
    for parse in parsers:
        got = parse(cell, frame)
        if isinstance(got, Bad):
            assert got.issue in CATALOGUE
            assert set(dict(got.details)) <= set(CATALOGUE[got.issue].details)
        if isinstance(got, Fixed) and got.issue:
            assert got.issue in CATALOGUE


@settings(max_examples=60)
@given(text=st.text(max_size=60))
@example(text="A´")
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert text_normalise.sweep(text_normalise.sweep(text)) == text_normalise.sweep(text)
    assert text_normalise.fold(text_normalise.fold(text)) == text_normalise.fold(text)
    assert text_normalise.mask(text_normalise.mask(text)) == text_normalise.mask(text)


@pytest.mark.parametrize(("name", "column"), COLUMNS, ids=[name for name, _ in COLUMNS])
def test_what_we_print_reads_back_as_what_it_was(name: str, column: Column) -> None:
    for typed in _values(column):
        again = column.parse(cells.show(column, typed), FRAME)
        assert value(again) == typed, name


def _values(column: Column) -> list[object]:
    samples: dict[str, list[object]] = {
        "date": [date(2026, 11, 20), date(2026, 2, 28)],
        "datetime": [datetime(2026, 11, 20, 13, 30), datetime(2026, 11, 20)],
        "number": [38.5, 35.0],
        "integer": [0, 45],
        "flag": [True, False],
        "text": [column.example] if column.example else [],
        "secret": [],  # never printed
    }
    if column.dtype != "choice":
        return samples[column.dtype]
    assert column.vocabulary
    labels: list[object] = list(column.vocabulary.labels)
    return [*labels, "S01 S02"] if column.vocabulary is words.SYMPTOM else labels


def _vocabularies() -> dict[str, Vocabulary]:
    found = [c.vocabulary for _, c in COLUMNS] + [f.vocabulary for form in FORMS for f in form.fields]
    return {v.name: v for v in found if v}


@pytest.mark.parametrize("vocabulary", _vocabularies().values(), ids=_vocabularies())
def test_no_word_of_a_vocabulary_means_two_things(vocabulary: Vocabulary) -> None:
    meanings: dict[str, set[str]] = {}
    spoken = [*vocabulary.words.items(), *((label, code) for code, label in vocabulary.labels.items())]
    for word, code in spoken:
        meanings.setdefault(text_normalise.fold(word), set()).add(code)
    assert {word: codes for word, codes in meanings.items() if len(codes) > 1} == {}
    assert set(vocabulary.words.values()) <= set(vocabulary.labels)


@pytest.mark.parametrize(("name", "column"), COLUMNS, ids=[name for name, _ in COLUMNS])
def test_every_declared_column_can_be_asked_for_and_explained(name: str, column: Column) -> None:
    if column.missing:
        assert column.missing in CATALOGUE, name
    if column.spill:
        assert column.spill in {c.name for f in FORMS for t in f.tables for c in t.columns if column in t.columns}
    if column.example:
        assert value(column.parse(column.example, FRAME)) is not None
        assert not isinstance(column.parse(column.example, FRAME), Bad)


@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
def test_a_header_means_one_column_of_its_table(form: object) -> None:
    assert form in FORMS
    for table in next(f for f in FORMS if f is form).tables:
        headers = [text_normalise.fold(column.header) for column in table.columns]
        assert len(headers) == len(set(headers))
        assert table.upright or sum(not (column.folded or column.beside) for column in table.columns) <= 16


def test_the_mild_twin_of_an_error_is_a_query() -> None:
    assert CATALOGUE["sex-unknown" + LEFT].message.startswith(CATALOGUE["sex-unknown"].message)


def test_a_time_is_no_date() -> None:
    assert isinstance(classes.class_name(time(3, 2), FRAME), Bad)


def test_a_diagnosis_is_shown_with_its_degree() -> None:
    assert words.diagnosis_in_words("D05", "suspected") == "水痘（疑似）"
    assert [words.diagnosis_in_words(code, "") for code in ("D05", "")] == ["水痘", ""]


CLASSES = (
    "苹果班 六(6)班 301 1901班 混龄1班 向日葵二班 青青藤班 学前班 国际部 集训队 高二理科实验班 七年级A班 A班 2024级1班"
)
NO_CLASSES = (
    "王小宝 中一班王小宝 王小宝中一班 王小宝班 欧阳小宝班 高二王小宝班 三(3)班张小明 小1班(王小宝) 中(王小宝)班 "
    "中一班王小宝班 阿依古丽·买买提班 中一班、中二班"
)


@pytest.mark.parametrize("written", CLASSES.split())
def test_a_class_the_registry_does_not_have_may_be_one(written: str) -> None:
    assert classes.like_class(written)


@pytest.mark.parametrize("written", NO_CLASSES.split())
def test_what_may_hold_a_name_is_no_class(written: str) -> None:
    assert not classes.like_class(written)


SEVERAL = (
    "张三等3人",
    "张三等人",
    "冯一(2人)",
    "冯一（2人）",
    "张三\n李四",
    "吴九 郑十",
    "钱五、孙六",
    "周七等",
    "钱一和孙二",
    "欧阳一与司马二",
)


@pytest.mark.parametrize("name", SEVERAL)
def test_several_pupils_in_one_cell_are_asked_about(name: str) -> None:
    got = cells.person(name, FRAME)
    assert isinstance(got, Fixed)
    assert got.issue == "name-several"


def test_a_class_is_no_name() -> None:
    assert [cells.person(name, FRAME) for name in ("中一班", "三(3)班", "班小固")] == [Bad("name-is-class")] * 2 + [
        "班小固"
    ]


@pytest.mark.parametrize(
    "name", ["王 小明", "欧阳 小明", "阿依古丽 买买提", "John Smith", "吴十三", "任人杰", "李和平", "欧阳和平"]
)
def test_one_pupils_name_is_not_several(name: str) -> None:
    got = cells.person(name, FRAME)
    assert not (isinstance(got, Fixed) and got.issue)


def test_a_number_the_spreadsheet_has_spoilt_is_no_number() -> None:
    for text in ("3.2E+17", "3.20106E+17", "3.2e17"):
        assert cells.number_text(text, FRAME) == Bad("number-lost-digits")
    assert cells.number_text("2023E1", FRAME) == "2023E1"


def test_one_class_by_its_number_however_it_is_written() -> None:
    assert {classes.key_or_name(name) for name in ("混龄1班", "混龄（1）班", "混龄一班", "混龄 1 班")} == {"混龄1班"}
    assert {classes.key_or_name(name) for name in ("301", "301班")} == {"301"}
    assert [classes.key_or_name(name) for name in ("苹果班", "星期一班", "第一班")] == ["苹果班", "星期一班", "第一班"]
