"""What was not understood is counted for those who make the vocabulary grow, and holds nobody's name."""

from dataclasses import replace
from datetime import date, timedelta

from pipeline import units
from pipeline.facts.exports import DayRange
from pipeline.facts.unread_words import UnreadWords, unread_words
from pipeline.model import Issue, Site
from pipeline.registry import lookup
from tests.contract.places import GULOU, XUANWU, school
from tests.contract.settling import report
from tests.submissions import DAY, checked, later, row

FIRST, SECOND, FAR = "2132900001", "2132900002", "2132900003"


def unread(words: str, column: str = "症状1") -> Issue:
    return Issue("words-unread", "缺课登记", "H8", 8, column, f"发热、{words}", (("words", words),))


def asked(reader: str, within: str = "", first: date | None = None, last: date | None = None) -> UnreadWords:
    tree = lookup.tree()
    return unread_words(units.scope(reader, tree), DayRange(first, last), units.scope(within, tree) if within else None)


def told(found: UnreadWords) -> list[tuple[str, int, int]]:
    return [(one.word, one.times, len(one.schools)) for one in found.words]


def some_schools(site: Site) -> None:
    for code, county in ((FIRST, GULOU), (SECOND, GULOU), (FAR, XUANWU)):
        school(code, county)
    said = [
        (FIRST, DAY, (unread("怪乏"), unread("王小宝怪乏"), Issue("sex-missing", row=8))),
        (SECOND, DAY, (unread("怪乏、独一份", "诊断"),)),
        (
            FAR,
            DAY + timedelta(days=1),
            (unread("怪乏"), Issue("reason-unknown", row=9, column="缺课原因", value="不晓得")),
        ),
    ]
    for seq, (code, day, issues) in enumerate(said, start=1):
        one = checked(seq, [row("王小宝")], school=code, day=day, at=later(days=(day - DAY).days))
        report(site, replace(one, issues=issues))


def test_words_are_counted_by_how_often_and_by_how_many(site: Site) -> None:
    some_schools(site)
    found = asked("320000")
    assert told(found) == [("怪乏", 3, 3)]
    assert (found.words[0].first, found.words[0].last) == (DAY, DAY + timedelta(days=1))
    assert found.words[0].columns == {"症状1", "诊断"}


def test_what_one_school_alone_wrote_only_it_reads(site: Site) -> None:
    some_schools(site)
    assert (told(asked(GULOU)), asked(GULOU).lone) == ([("怪乏", 2, 2)], 1)
    assert told(asked(SECOND)) == [("怪乏", 1, 1), ("独一份", 1, 1)]
    assert told(asked(FAR)) == [("不晓得", 1, 1), ("怪乏", 1, 1)]


def test_no_name_is_among_them_not_even_for_its_school(site: Site) -> None:
    some_schools(site)
    assert (told(asked(FIRST)), asked(FIRST).named) == ([("怪乏", 1, 1)], 1)


def test_places_and_days_narrow_it(site: Site) -> None:
    some_schools(site)
    assert told(asked(FAR, first=DAY, last=DAY)) == []
    assert told(asked("320000", within=GULOU)) == [("怪乏", 2, 2)]
    assert told(asked(GULOU, within=FAR)) == []
