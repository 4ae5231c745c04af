"""The catalogue is whole: every code that is used has words, every word is used, every blank can be filled."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice, product
from pathlib import Path
from string import Formatter

import pytest

import pipeline
from pipeline import forms, issues, validate
from pipeline.forms import reference
from pipeline.issues.entry import PLACES
from pipeline.model import Context, FileRows, Issue, Severity
from pipeline.rules import reference as rules_reference
from pipeline.validate.judge import Judgement
from tests.makers import makers

ROOT = Path(pipeline.__file__).parent
SOURCES = [path for path in ROOT.rglob("*.py") if "issues" not in path.parts]
OWN = [code for code in issues.CATALOGUE if not code.endswith(issues.LEFT)]
# how the rooms write a code: Issue("…"), Bad("…"), Fixed(…, "…"), Rule("…"), add_issue("…"), refused("…"), Unsound("…")
MAKERS = list(makers(ROOT))
_SAID = re.compile(r'(?:Issue|Bad|Rule|Unsound|\.add_issue|_add_issue|refused|_refused)\(\s*"([a-z]+(?:-[a-z]+)*)"')


def used() -> set[str]:
    return {code for path in SOURCES for code in _SAID.findall(path.read_text(encoding="utf-8"))}


def test_every_code_that_is_said_has_its_words() -> None:
    assert used() - set(issues.CATALOGUE) == set()


def test_every_entry_is_said_somewhere() -> None:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    assert [code for code in OWN if f'"{code}"' not in texts] == []


@pytest.mark.parametrize("code", issues.CATALOGUE)
def test_a_message_asks_only_for_what_an_issue_can_have(code: str) -> None:
    entry = issues.CATALOGUE[code]
    for text in (entry.message, entry.remedy, entry.cost):
        asked = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        assert asked <= PLACES | entry.details


@pytest.mark.parametrize("code", OWN)
def test_a_message_is_a_sentence_a_clerk_can_read(code: str) -> None:
    entry = issues.CATALOGUE[code]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)
    assert entry.message.endswith(("。", "！", "？"))
    assert not entry.remedy or entry.remedy.endswith(("。", "？"))
    assert entry.remedy or entry.severity is Severity.ADVICE
    assert not re.search(r"[A-Za-z_]{12,}", re.sub(r"\{[a-z]+\}", "", entry.message + entry.remedy))


def test_an_issue_speaks_with_its_place_and_details() -> None:
    issue = Issue("start-after-day", "缺课登记", "F7", 7, "起始日", "2027-01-01", (("day", "2026-11-20"),))
    assert issues.message(issue) == "起始日 2027-01-01 晚于报告日期 2026-11-20。"
    assert issues.place(issue) == "缺课登记 F7"
    assert issues.severity(issue) is Severity.ERROR
    assert issues.remedy(issue)


def test_braces_typed_by_a_sender_are_only_text() -> None:
    issue = Issue("sex-unknown", column="性别", value="{cell.__class__}")
    assert "{cell.__class__}" in issues.message(issue)


def test_what_a_sentence_does_not_know_it_leaves_out() -> None:
    assert issues.message(Issue("form-several")) == "这个文件里有不止一种表，不知道该按哪一种收。"
    slipped = Issue("would-withdraw", details=(("before", "9"), ("rows", "2")))
    assert issues.message(slipped) == "今天已收下 9 行，这份没有写明是更正，里面却少了其中 2 行。"
    named = replace(slipped, rows_of=(FileRows(12, (("三3-A7K3", 9),)),))
    assert issues.message(issues.without_cells(named)) == issues.message(slipped)
    assert issues.message(Issue("sex-unknown", column="性别", value=" ")) == "“性别”没看懂。"
    assert issues.message(issues.without_cells(Issue("start-too-old", value="2020-01-01"))) == (
        "起始日距报告日期已超过一年，不像是对的。"
    )


EMPTY_PART = re.compile(
    r"“\s*”|（\s*）|【\s*】|《\s*》|[：，、（“]\s*[。；，、：）”]|。。"
    r"|→\s*(?:[。；，”]|$)|(?:^|[“，：])\s*→|……|\0|  |(?<!-) [。，；]"
)
VALUES = (None, "", " ", "三2班", "A7-")  # of a detail; None: it is not given
KNOWN = ("", "三", "7-A2")  # of a place or a cell
ROWS = ((), (FileRows(0, ()),), (FileRows(7, (("三3-A7K3", 0),)),))


def known(names: Sequence[str]) -> Iterator[dict[str, str | None]]:
    """All details alike, each one the odd one out, and some at random."""
    for usual in VALUES:
        yield dict.fromkeys(names, usual)
        yield from ({**dict.fromkeys(names, usual), name: odd} for name in names for odd in VALUES)
    rng = random.Random(" ".join(names))
    yield from ({name: rng.choice(VALUES) for name in names} for _ in range(10))


@pytest.mark.parametrize("code", issues.CATALOGUE)
def test_no_sentence_has_an_empty_part(code: str) -> None:
    """Whatever an issue knows, and whoever reads it."""
    places = cycle(product(KNOWN, KNOWN, KNOWN, ROWS))
    for given_ in known(sorted(issues.CATALOGUE[code].details)):
        details = tuple((name, text) for name, text in given_.items() if text is not None)
        for sheet, column, value, rows in islice(places, 8):
            issue = Issue(code, sheet, "", 7, column, value, details, rows_of=rows)
            for shown in (issue, issues.without_cells(issue)):
                for text in (issues.message(shown), issues.remedy(shown)):
                    assert not EMPTY_PART.search(text), text


def test_nobody_gives_a_detail_that_its_message_does_not_name() -> None:
    """What any code may be given (the choices of a vocabulary) is shown where the message asks for it."""
    given = [(one, code) for one in MAKERS for code in one.codes or () if one.names is not None]
    assert [(one.where, code) for one, code in given if not one.names <= issues.CATALOGUE[code].details] == []
    assert {one.where.partition(":")[0] for one in MAKERS if one.codes is None and one.names} == {
        "county/settle_desk.py",
        "forms/cells.py",
        "xlsx/package.py",
    }


def test_every_detail_that_a_message_names_is_given() -> None:
    given: dict[str, set[str]] = {code: set() for code in issues.CATALOGUE}
    for one in MAKERS:
        for code in issues.CATALOGUE if one.codes is None else one.codes:
            given[code] |= one.names or set()
    for code, names in by_row_checks().items():
        given[code] |= names
    lacking = {code: sorted(issues.CATALOGUE[code].details - given[code]) for code in OWN}
    assert {code: names for code, names in lacking.items() if names} == {}


def by_row_checks() -> dict[str, set[str]]:
    """Rules over a frame: their issues are given the day, and what the frame has."""
    by = Judgement(Context(), b"k" * 32)
    found: dict[str, set[str]] = {}
    for form, judge in validate.JUDGES.items():
        for name, rules in judge.rules.items():
            columns = {column.name for column in forms.form(form).table(name).columns}
            columns |= {extra.removeprefix("_") for extra in judge.extras(name, [], by)}
            for rule in rules:
                found.setdefault(rule.code, set()).update({*columns, "day"})
    return found


@pytest.mark.parametrize("code", issues.CATALOGUE)
def test_what_is_public_is_something_the_message_names(code: str) -> None:
    entry = issues.CATALOGUE[code]
    assert set(entry.public) <= entry.details | {"value"}


def test_errors_of_cells_have_a_twin_that_takes_the_row() -> None:
    for code, entry in issues.cells.ENTRIES.items():
        if entry.severity is Severity.ERROR:
            assert issues.CATALOGUE[issues.left(code)].severity is Severity.QUERY
    assert issues.left("text-cut") == "text-cut"


def test_an_unknown_code_is_loud() -> None:
    with pytest.raises(KeyError):
        issues.message(Issue("no-such-code"))


def test_the_reference_page_leaves_no_code_out() -> None:
    page = reference.issues_page()
    assert [code for code in issues.CATALOGUE if not code.endswith(issues.LEFT) and f"`{code}`" not in page] == []


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("forms.md", reference.forms_page()),
        ("issues.md", reference.issues_page()),
        ("rules.md", rules_reference.page()),
    ],
)
def test_the_reference_pages_say_what_the_code_says(page: str, text: str) -> None:
    written = (ROOT.parent / "docs" / page).read_text(encoding="utf-8")
    assert written == text, "make templates writes them again"
