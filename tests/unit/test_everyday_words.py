"""What people write of symptoms, diagnoses and reasons is read as they mean it, or asked about.

tests/data/everyday_words.csv: a way of writing, the column it stands in, and what it means by medicine and by the list;
everyday_words_held_out.csv: another such list, written before anything was made to read either, to measure with.
任意: not judged. 问: a question; 退: the row goes back.
"""

import csv
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from pipeline import issues
from pipeline.forms import clinical, words
from pipeline.forms import lexicon as lexicon_words
from pipeline.forms.base import Bad, Fixed, Frame, Mixed
from pipeline.forms.lexicon import Kind, lexicon
from pipeline.forms.said import said
from pipeline.model import Severity

DATA = Path(__file__).parents[1] / "data"
FRAME = Frame()
PARSERS = {
    "症状": clinical.symptoms,
    "诊断": clinical.diagnosis,
    "缺课原因": clinical.reason,
    "其他症状": clinical.other_symptom,
}
ANY = "任意"
DEGREES = {"": "", "suspected": "疑似", "clinical": "临床", "confirmed": "确诊"}
Meaning = tuple[str, str, str, str, str]


def listed(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def meant(row: dict[str, str]) -> Meaning:
    return (row["symptoms"], row["diagnosis"], row["degree"], row["reason"], row["asked"])


def read(column: str, written: str) -> Meaning:
    """Symptoms, diagnosis, degree, reason, and whether it is asked about."""
    if column == "备注":
        heard = clinical.named_in_note(written)
        return ("", "", "", "", "问" if heard and (heard.spreading or heard.unsure or heard.which) else "")
    got = PARSERS[column](written, FRAME)
    if isinstance(got, Bad):
        return ("", "", "", "", "退")
    issue = got.issue if isinstance(got, Fixed) else ""
    value = got.value if isinstance(got, Fixed) else got
    also = dict(value.also) if isinstance(value, Mixed) else {}
    value = str((value.value if isinstance(value, Mixed) else value) or "")
    symptoms = {*also.get("symptom1", "").split(), *(value.split() if column == "症状" else ())}
    diagnosis = value if column == "诊断" else also.get("diagnosis", "")
    reason = words.REASON.labels[value] if column == "缺课原因" else ""
    asked = "问" if issue and issues.CATALOGUE[issue].severity is Severity.QUERY else ""
    return (" ".join(sorted(symptoms)), diagnosis, DEGREES[also.get("degree", "")], reason, asked)


def right(row: dict[str, str]) -> bool:
    pairs = zip(meant(row), read(row["column"], row["written"]), strict=True)
    return all(want in {ANY, got} for want, got in pairs)


EVERYDAY, HELD_OUT = listed("everyday_words.csv"), listed("everyday_words_held_out.csv")


@pytest.mark.parametrize("row", EVERYDAY, ids=lambda row: f"{row['column']} {row['written']}")
def test_everyday_wording_is_read_as_it_is_meant(row: dict[str, str]) -> None:
    assert read(row["column"], row["written"]) == tuple(
        got if want == ANY else want for want, got in zip(meant(row), read(row["column"], row["written"]), strict=True)
    )


def test_the_lists_are_as_long_as_promised_and_share_nothing() -> None:
    places = [(row["column"], row["written"]) for row in (*EVERYDAY, *HELD_OUT)]
    assert len(EVERYDAY) >= 600
    assert len(HELD_OUT) >= 150
    assert len(places) == len(set(places))


def test_of_wording_nobody_tuned_to_nearly_all_is_read_right() -> None:
    assert sum(map(right, HELD_OUT)) / len(HELD_OUT) >= 0.97


def test_of_wording_nobody_tuned_to_no_spreading_disease_is_lost_without_a_question() -> None:
    lost = []
    for row in HELD_OUT:
        got = read(row["column"], row["written"])
        if clinical.spreads(row["diagnosis"]) and got[1] != row["diagnosis"] and not got[4]:
            lost.append(row["written"])
    assert lost == []


NAMED = sorted(
    word
    for word, known in lexicon().words.items()
    if any(clinical.spreads(code) for code in known.codes) and len(word) > 1
)


@pytest.mark.parametrize(
    "around", ["{}", "{}3天", "发热，{}", "{}？", "疑似{}", "怪{}怪", "昨晚{}去医院", "确诊{}", "{}（轻）"]
)
@pytest.mark.parametrize("column", PARSERS)
def test_no_word_loses_a_disease_without_a_question(column: str, around: str) -> None:
    for word in NAMED:
        codes = {code for code in lexicon().words[word].codes if code[0] == "D"}
        _, diagnosis, _, _, asked = read(column, around.format(word))
        assert diagnosis in codes or asked, word


@pytest.mark.parametrize(
    "around", ["无{}", "排除{}", "{}阴性", "不是{}", "{}已排除", "接种{}疫苗", "打了{}疫苗", "妈妈{}", "同桌{}"]
)
@pytest.mark.parametrize("column", PARSERS)
def test_no_word_gives_a_pupil_a_disease_that_is_denied_or_another_s(column: str, around: str) -> None:
    for word in NAMED:
        assert not clinical.spreads(read(column, around.format(word))[1]), word


@pytest.mark.parametrize("separator", ["、", "，", ",", "；", " ", "+", "/", "和", "伴", "\\", "&", "。", "　", ""])
def test_symptoms_are_the_same_in_any_order_and_with_any_separator(separator: str) -> None:
    for three in permutations(("发烧38.5", "呕吐2次", "咳嗽")):
        assert read("症状", separator.join(three))[0] == "S01 S02 S06", separator.join(three)


@pytest.mark.parametrize(
    "count",
    ["3次", "三次", "2-3次", "数次", "3天", "两天", "半天", "10余次", "3次/天", "×3", "一周", "第2天", "（3次）"],
)
@pytest.mark.parametrize(("word", "code"), [("呕吐", "S06"), ("腹泻", "S07"), ("发热", "S01"), ("咳嗽", "S02")])
def test_counts_and_durations_change_nothing(word: str, code: str, count: str) -> None:
    assert read("症状", word + count)[0] == code
    assert read("缺课原因", word + count) == (code, "", "", "因病", "")


@pytest.mark.parametrize(("heat", "fever"), [("37.3", True), ("38度5", True), ("36.8", False), ("37.2", False)])
def test_a_temperature_is_a_fever_from_37_3_on(heat: str, fever: bool) -> None:
    assert ("S01" in said(f"体温{heat}").symptoms) is fever


def test_words_that_hold_another_mean_what_they_mean() -> None:
    assert [one.code for one in said("荨麻疹").diseases] == ["D99"]
    assert [one.code for one in said("副流感").diseases] == ["D24"]
    assert [one.code for one in said("风疹块").diseases] == ["D99"]
    assert [one.code for one in said("禽流感").diseases] == ["D38"]
    assert said("非典型肺炎").which == ("非典型肺炎",)
    assert said("未退烧").symptoms == ("S01",)


def test_every_kind_of_word_has_words() -> None:
    assert {word.kind for word in lexicon().words.values()} == set(Kind)


def test_every_code_of_the_list_is_one_of_ours() -> None:
    codes = {code for word in lexicon().words.values() for code in word.codes}
    assert codes <= words.SYMPTOM.labels.keys() | words.DISEASE.labels.keys()


@pytest.fixture
def of_a_site() -> Iterator[None]:
    clinical.learn({"疰夏热": "S01", "花脚疯": "D10", "闹别扭": ""})
    yield
    clinical.learn({})


@pytest.mark.usefixtures("of_a_site")
def test_a_sites_own_words_are_read_like_ours() -> None:
    assert read("症状", "疰夏热3天、咳嗽") == ("S01 S02", "", "", "", "")
    assert read("缺课原因", "疑似花脚疯") == ("", "D10", "疑似", "因病", "")
    assert read("其他症状", "闹别扭病")[4] == ""


def test_a_sites_own_words_are_of_that_site_alone() -> None:
    assert read("症状", "花脚疯")[4] == "问"


def test_all_that_is_wrong_with_a_sites_words_is_said_at_once() -> None:
    wrong = lexicon_words.problems({"流感": "S01", "打摆": "S98", "a b": "S01", "": "S01", "疰夏热": "S01", "数": 3})
    assert [problem.split(":")[0] for problem in wrong] == ["流感", "打摆", "'a b'", "''", "数"]
    assert lexicon_words.problems({"甲流": "D02"}) == [], "known, and the same"
