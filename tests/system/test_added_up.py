"""Every table on every paper of a day adds up: to its total, to the head of its page, to what was reported.

The day comes in as workbooks, what is read are the PDFs, and the test counts: on random small sites with late, partial,
refused, excused and silent schools, closed classes, two campuses, several stages, half days, clusters, an alert that is
excluded.
"""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product
from pathlib import Path

import pypdf
import pytest

from pipeline import database, run
from pipeline.database.models import Alert, Campus, SchoolClass, Unit
from pipeline.model import DecidedBy, Site
from pipeline.service import timetable
from pipeline.settling import excuses
from tests.inprocess import InProcess
from tests.sites import at, lay_out, put
from tests.system import cardbooks, small_sites
from tests.system.small_sites import BEFORE, COUNTIES, DAY, SmallSchool

NAMES = {"320106": "鼓楼区", "320102": "玄武区"}
MONDAY = date(2026, 11, 23)
SEEDS = (3, 5, 6, 11, 12)  # all that a site can have is met in these, and most of it in several: the first test


@dataclass(frozen=True)
class Drawn:
    """A site's day: its schools, the numbers of alerts that were excluded, and the lines of its PDFs by path."""

    schools: Sequence[SmallSchool]
    excluded: frozenset[str]
    papers: dict[str, list[str]]

    def digest(self, place: str) -> list[str]:
        return self.paper(f"D-{place}-{DAY:%Y%m%d}")

    def paper(self, words: str) -> list[str]:
        return next(lines for name, lines in self.papers.items() if words in name)

    def inside(self, place: str) -> list[SmallSchool]:
        return [one for one in self.schools if one.county.startswith(place.rstrip("0"))]

    def cards(self, place: str) -> dict[str, list[str]]:
        """Of each alert of a place the card that its county was sent last: number → lines."""
        found = {}
        for name, lines in sorted(self.papers.items()):
            if (number := re.search(r"/预警信息报告卡 (2026-\d{4}) 县级联", name)) and _below(name, place):
                found[number[1]] = lines
        return found


def _below(name: str, place: str) -> bool:
    return bool(re.search(rf" {place.rstrip('0')}\d*/", name))


@pytest.fixture(scope="module", params=SEEDS)
def drawn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, prepared_db: Path) -> Drawn:
    rng = random.Random(request.param)
    site = lay_out(tmp_path_factory.mktemp("added"), prepared_db)
    database.open(site)
    for gone in (SchoolClass, Campus):
        gone.objects.all().delete()
    Unit.objects.filter(kind="school").delete()
    schools = [small_sites.school(rng, n, COUNTIES[n > 3]) for n in range(7)]
    for one in schools:
        small_sites.register(one)
    excluded = days_of(site, schools)
    papers = {path.relative_to(site.outbox).as_posix(): lines_of(path) for path in site.outbox.rglob("*.pdf")}
    database.close()
    return Drawn(schools, excluded, papers)


def days_of(site: Site, schools: Sequence[SmallSchool]) -> frozenset[str]:
    """Two days as workbooks, in the order of their clocks; the first alert of the first day is excluded on the second,
    on the Monday after come the papers on the rules.
    """
    sent = [(one, name, content) for one in schools for name, content in small_sites.closures(one).items()]
    _sent(site, at(10, day=BEFORE), sent)
    _sent(
        site, at(14, day=BEFORE), [(one, *book) for one in schools for book in small_sites.reports(one, BEFORE).items()]
    )
    excluded = frozenset(Alert.objects.order_by("id").values_list("id", flat=True)[:1])
    for number in excluded:
        cardbooks.drop(site, cardbooks.answered(cardbooks.book_of(site, number), cardbooks.HANDLED))
        _drain(site, at(9))
        assert cardbooks.confirm(number, at(10)) == "excluded"
    for one in schools:
        if one.fate == "excused":
            excuses.excuse(one.code, DAY, DecidedBy("示例", "停电", at(9)))
    for moment, late in ((at(14), False), (at(16), True)):
        today = [one for one in schools if (one.fate == "late") == late]
        _sent(site, moment, [(one, *book) for one in today for book in small_sites.reports(one, DAY).items()])
    timetable.make(site, at(17, 30), DAY, final=True)
    timetable.tick(site, at(8, 5, MONDAY))
    run.deliver(site, at(8, 5, MONDAY))
    return excluded


def _sent(site: Site, now: datetime, books: Sequence[tuple[SmallSchool, str, bytes]]) -> None:
    for school, name, content in books:
        put(site, f"{school.code} {school.name}/{name}", content)
    _drain(site, now)


def _drain(site: Site, now: datetime) -> None:
    with InProcess() as readers:
        run.drain(site, readers, lambda: now)


def lines_of(path: Path) -> list[str]:
    """The lines of a PDF as they are extracted: of a table a line a row, cells between blanks."""
    return [line for side in pypdf.PdfReader(path).pages for line in side.extract_text().splitlines()]


def within(lines: Sequence[str]) -> str:
    return re.sub(r"\s+", "", "".join(lines))


def number(text: str) -> int:
    return int(text.replace(",", ""))


# --------------------------------------------------------------------------- definitions of our own


def due(one: SmallSchool) -> bool:
    return not one.shut


def standing(one: SmallSchool) -> str:
    """按时 迟报 免报 未报, or 不需报."""
    if not due(one):
        return "不需报"
    open_rooms = [room for room in one.rooms if not room.closed]
    whole = all(room.campus in one.heard and not room.silent for room in open_rooms)
    if one.fate != "refused" and one.heard and whole:
        return "迟报" if one.fate == "late" else "按时"
    return "免报" if one.fate == "excused" else "未报"


def ill(one: SmallSchool) -> list[tuple[bool, float]]:
    """Of each ill pupil: whether the class is open, and the days."""
    shut = {f"{room.campus} {room.key}" for room in one.rooms if room.closed}
    return [
        (pupil.room not in shut, 0.5 if pupil.part else 1.0)
        for pupil in one.pupils
        if pupil.reason == "ill" and pupil.state != "returned"
    ]


def stage(one: SmallSchool) -> str:
    return one.stages[0] if len(one.stages) == 1 else "一贯制"


def test_the_sites_have_all_that_is_added_up() -> None:
    drawn_ = [[small_sites.school(rng, n, COUNTIES[n > 3]) for n in range(7)] for rng in map(random.Random, SEEDS)]
    schools = [school for one in drawn_ for school in one]
    rooms = [room for one in schools for room in one.rooms]
    pupils = [pupil for one in schools for pupil in one.pupils]
    assert {one.fate for one in schools} == set(small_sites.FATES)
    assert {len(one.campuses) for one in schools} == {len(one.stages) for one in schools} == {1, 2}
    assert any(one.shut for one in schools)
    assert any(len(one.heard) < len(one.campuses) for one in schools if one.fate == "partial")
    assert all(any(getattr(room, name) for room in rooms) for name in ("closed", "silent", "others"))
    assert {(pupil.reason, pupil.state) for pupil in pupils} >= set(product(small_sites.REASONS, small_sites.STATES))
    assert {bool(pupil.part) for pupil in pupils} == {True, False}
    assert Counter(pupil.state for pupil in pupils if pupil.symptom == "呕吐").keys() >= {"new", "ongoing"}


# --------------------------------------------------------------------------- digests


@pytest.mark.slow
@pytest.mark.parametrize("place", ["320106", "320102", "320100", "320000"])
def test_a_digest_s_head_sums_and_sentence_are_one_count(drawn: Drawn, place: str) -> None:
    mine, text = drawn.inside(place), within(drawn.digest(place))
    stood = Counter(standing(one) for one in mine)
    counted = sum(len(ill(one)) for one in mine)
    rated = [one for one in mine if standing(one) in {"按时", "迟报"}]
    in_rate = [days for one in rated for is_open, days in ill(one) if is_open]
    roll = sum(room.roll for one in rated for room in one.rooms if not room.closed)

    owed = len(mine) - stood["不需报"]
    assert f"在册{len(mine)}=应报{owed}+不需报{stood['不需报']}" in text
    said = f"应报=按时{stood['按时']}+迟报{stood['迟报']}+未报{stood['未报']}+免报{stood['免报']}"
    assert said in text
    assert (f"未报{stood['未报']}所" in text) == (stood["未报"] > 0)

    # above county, counts that would give a small one away are left out: what is printed must still be right
    for told in re.findall(r"因病缺课(?:合计)?(\d+)人次", text):
        assert int(told) == counted
    if found := re.search(r"合计(\d+)人次=计入缺课率(\d+)人次（([\d.]+)人日）((?:\+[^\d+]+\d+人次)+)", text):
        parts = [int(n) for n in re.findall(r"(\d+)人次", found[4])]
        assert int(found[1]) == int(found[2]) + sum(parts) == counted
        assert (int(found[2]), float(found[3])) == (len(in_rate), sum(in_rate))
    elif found := re.search(r"合计(\d+)人次，全部计入缺课率（([\d.]+)人日）", text):
        assert (int(found[1]), float(found[2])) == (counted, sum(in_rate)) == (len(in_rate), sum(in_rate))
    if found := re.search(r"因病缺课率=([\d.]+)人日（半天0.5）÷已报学校应到([\d,]+)人", text):
        assert (float(found[1]), number(found[2])) == (sum(in_rate), roll)
        if roll and (rate := re.search(r"因病缺课率([\d.]+)%", text)):
            assert rate[1] == f"{100 * sum(in_rate) / roll:.2f}"


@pytest.mark.slow
@pytest.mark.parametrize("place", ["320106", "320102", "320100", "320000"])
def test_stages_sum_to_what_enters_the_rate(drawn: Drawn, place: str) -> None:
    text = within(drawn.digest(place))
    mine = Counter[str]()
    for one in drawn.inside(place):
        if standing(one) in {"按时", "迟报"}:
            mine[stage(one)] += sum(is_open for is_open, _ in ill(one))
    found = re.search(r"分学段缺课率（已报学校）：(.*?)。", text)
    told = dict(re.findall(r"([^；]+?)(?:[\d.]+%|—)（(\d+)人次）", found[1])) if found else {}
    assert all(int(n) == mine[name.strip("；")] for name, n in told.items())
    if place in COUNTIES:
        assert sum(map(int, told.values())) == sum(mine.values())


@pytest.mark.slow
@pytest.mark.parametrize("county", COUNTIES)
def test_the_schools_of_a_county_sum_to_its_head_and_each_rate_can_be_reckoned(drawn: Drawn, county: str) -> None:
    lines = drawn.digest(county)
    row = re.compile(r"(示例\S校) (\d+|—) (\d+) (\d+) ([\d.]+|—) ([\d.]+%|—)")
    rows = [found for line in lines for found in row.findall(line)]
    mine = {one.name: one for one in drawn.inside(county) if ill(one)}
    assert sorted(name for name, *_ in rows) == sorted(mine)
    for name, roll, n, _, days, rate in rows:
        one = mine[name]
        assert int(n) == len(ill(one))
        if standing(one) not in {"按时", "迟报"}:
            assert (roll, days, rate) == ("—", "—", "—")
            continue
        base = sum(room.roll for room in one.rooms if not room.closed)
        assert (int(roll), float(days)) == (base, sum(d for is_open, d in ill(one) if is_open))
        assert rate == f"{100 * float(days) / base:.2f}%"
    if rows:
        assert f"因病缺课合计{sum(int(n) for _, _, n, *_ in rows)}人次" in within(lines)
    else:
        assert "按人次排列" not in within(lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "below"), [("320100", {name: code for code, name in NAMES.items()}), ("320000", {"南京市": "320100"})]
)
def test_the_table_of_divisions_sums_to_its_last_row(drawn: Drawn, place: str, below: dict[str, str]) -> None:
    cell = r"([\d,]+|—|<\d)"
    row = re.compile(rf"^(\S+) {cell} {cell} {cell} {cell} ([\d.]+%|—) {cell} (\S+) (\S+) {cell} {cell}$")
    rows = [found.groups() for line in drawn.digest(place) if (found := row.match(line.strip()))]
    *parts, total = rows
    assert ({one[0] for one in parts}, total[0]) == (set(below), "合计")
    for n in (1, 2, 3, 4, 6, 9, 10):
        column = [one[n] for one in parts]
        if all(value.isdigit() for value in [*column, total[n]]):
            assert sum(map(int, column)) == int(total[n]), n
    for one in rows:
        owed, reported, silent, excused = (int(value) for value in one[1:5])
        assert owed == reported + silent + excused
        assert one[5] == ("—" if owed == excused else f"{100 * reported / (owed - excused):.1f}%")
    code = below | {"合计": place}
    for one in rows:
        stood = Counter(standing(school) for school in drawn.inside(code[one[0]]))
        assert (int(one[2]), int(one[3]), int(one[4])) == (stood["按时"] + stood["迟报"], stood["未报"], stood["免报"])


@pytest.mark.slow
@pytest.mark.parametrize("place", ["320106", "320102", "320100", "320000"])
def test_alerts_are_counted_as_they_are_listed_and_as_their_cards_are(drawn: Drawn, place: str) -> None:
    lines = drawn.digest(place)
    issued = drawn.cards(place)
    standing_ = {number for number in issued if number not in drawn.excluded}
    earlier = " ".join(name for name in drawn.papers if f"/{BEFORE}/" in name)
    new = {number for number in standing_ if number not in earlier}
    text = within(lines)
    assert {found for line in lines for found in re.findall(r"^2026-\d{4}", line)} == standing_
    if not standing_:
        assert "无在办预警" in text
        return
    said = f"其中今日新增{len(new)}条" if new else "今日无新增"
    assert f"在办预警{len(standing_)}条（{said}）" in text
    assert f"其中新增{len(new)}·排除{len(issued) - len(standing_)}" in text


CASE = re.compile(r"(\S+-[0-9A-Z]{4}) (?:\S+班 )?(?:男 |女 )?(\d\d-\d\d) ")


@pytest.mark.slow
def test_a_card_and_its_sheet_for_notes_list_the_cases_that_they_count(drawn: Drawn) -> None:
    for number, lines in drawn.cards("320000").items():
        sheet = drawn.paper(f"/核实工作单 {number} 县级联")
        for one in (lines, sheet):
            text = within(one)
            told = re.search(r"人数(\d+)人，首例(\d\d-\d\d)", text)
            assert told
            cases = [found.groups() for line in one for found in CASE.finditer(line)]
            assert len(dict(cases)) == len(cases) == int(told[1])
            assert min(day for _, day in cases) == told[2]
            assert max(int(n) for n in re.findall(r"[：，]11-\d\d，(\d+)人", text)) <= len(cases)


@pytest.mark.slow
def test_cards_are_of_the_pupils_that_were_reported(drawn: Drawn) -> None:
    """No more ill pupils of one class stand on its card than were reported ill in it."""
    mine = {one.name: one for one in drawn.schools}
    for lines in drawn.cards("320000").values():
        (name,) = {found for line in lines for found in re.findall(r"示例\S校", line)}
        ill_in = Counter(pupil.room.split()[1] for pupil in mine[name].pupils if pupil.reason == "ill")
        on_card = Counter(found[1].partition("-")[0] for line in lines for found in CASE.finditer(line))
        assert on_card
        assert all(n <= ill_in[key] for key, n in on_card.items())


# --------------------------------------------------------------------------- the weekly paper on the rules

SCORES = re.compile(r"^(.*?) ?((?:\d+ ){4,})(?:—|[\d.]+%) (?:—|[\d.]+) \S+$")  # blank cells leave no trace


@pytest.mark.slow
@pytest.mark.parametrize("place", ["320106", "320102", "320100", "320000"])
def test_the_paper_on_the_rules_sums_to_the_cards_that_were_sent(drawn: Drawn, place: str) -> None:
    issued = drawn.cards(place)
    papers = [lines for name, lines in drawn.papers.items() if f" W-{place}-" in name]
    assert len(papers) == bool(issued), "none where nothing was warned"
    for lines in papers:
        rows = [(found[1], [int(n) for n in found[2].split()]) for line in lines if (found := SCORES.match(line))]
        for _, (_, warned, first, *ended) in rows:
            assert warned == sum(ended), "excluded, confirmed, void or pending"
            assert first <= warned
        totals = [numbers for name, numbers in rows if name.startswith("合计")]
        below = [numbers for name, numbers in rows if name.endswith(("区", "市"))]
        rules = [numbers for name, numbers in rows if not name.startswith("合计") and not name.endswith(("区", "市"))]
        assert all(numbers == totals[0] for numbers in totals)
        assert sum(first for _, _, first, *_ in rules) == totals[0][1] == len(issued), "one rule was the first"
        assert [sum(column) for column in zip(*(one[:3] for one in below), strict=True)] in ([], totals[0][:3])
        said = re.search(r"预警(\d+)条。近12周共(\d+)条", within(lines))
        assert said
        assert [int(said[1]), int(said[2])] == totals[0][:2]


# --------------------------------------------------------------------------- missing lists


@pytest.mark.slow
@pytest.mark.parametrize("place", ["鼓楼区", "玄武区", "南京市", "江苏省"])
def test_a_missing_list_names_as_many_as_it_counts(drawn: Drawn, place: str) -> None:
    code = {name: code for code, name in NAMES.items()} | {"南京市": "320100", "江苏省": "320000"}
    lines = next(lines for name, lines in drawn.papers.items() if f"/未报名单 {place}" in name)
    mine = drawn.inside(code[place])
    silent = {one.name for one in mine if standing(one) == "未报"}
    text = within(lines)
    listed = {name for line in lines for name in re.findall(r"示例\S校", line)}
    assert listed == silent
    if not any(due(one) for one in mine):
        assert "今日无应报学校" in text
        return
    told = re.search(r"应报(\d+)所，已报(\d+)所(?:，免报(\d+)所)?，(?:未报(\d+)所|无未报)", text)
    assert told
    owed, reported, excused, missing = (int(one or 0) for one in told.groups())
    assert (owed, missing) == (sum(map(due, mine)), len(silent))
    assert owed == reported + excused + missing


# --------------------------------------------------------------------------- schools' pages


@pytest.mark.slow
def test_a_schools_page_counts_what_it_lists(drawn: Drawn) -> None:
    for one in drawn.schools:
        lines = next(lines for name, lines in drawn.papers.items() if f"P-{one.code}-" in name)
        text = within(lines)
        absent = [pupil for pupil in one.pupils if pupil.state != "returned"]
        by = Counter(pupil.reason for pupil in absent)
        counted = sum(room.others for room in one.rooms)

        rows = [re.search(r"(因病|因伤|其他) (新发|续|已返校) ", line) for line in lines]
        listed = Counter((found[1], found[2] == "已返校") for found in rows if found)
        words = {"因病": "ill", "因伤": "injured", "其他": "other"}
        assert {words[name]: n for (name, back), n in listed.items() if not back} == dict(by)
        assert sum(n for (_, back), n in listed.items() if back) == len(one.pupils) - len(absent)

        cell = re.compile(r"\(\d\)班 (?:\d+|—) (\d+) (\d+) (\d+)(?= |$)")
        rooms = [tuple(map(int, found)) for line in lines for found in cell.findall(line)]
        sums = [sum(column) for column in zip(*rooms, strict=True)] or [0, 0, 0]
        assert sums == [by["ill"], by["injured"], by["other"] + counted]
        head = dict(zip(HEAD, [figure_before(lines, label) for label in HEAD], strict=True))
        new = sum(pupil.reason == "ill" and pupil.state == "new" for pupil in absent)
        back = len(one.pupils) - len(absent)
        assert head == {
            "因病": by["ill"],
            "其中新发": new,
            "因伤": by["injured"],
            "其他缺课": by["other"] + counted,
            "已返校": back,
        }
        assert ("全校无缺课学生" in text) == (standing(one) in {"按时", "迟报"} and not one.pupils and not counted)
        if found := re.search(r"其余(\d+)个班无缺课", text):
            quiet = [
                room
                for room in one.rooms
                if not room.closed and not room.silent and room.campus in one.heard and not room.others
                and not any(pupil.room == f"{room.campus} {room.key}" for pupil in absent)
            ]  # fmt: skip
            assert int(found[1]) == len(quiet)


HEAD = ("因病", "其中新发", "因伤", "其他缺课", "已返校")


def figure_before(lines: Sequence[str], label: str) -> int:
    """The number above one of the five labels at the head of a page."""
    at = next(n for n, line in enumerate(lines) if line.strip() == label)
    return number(lines[at - 1].strip())
