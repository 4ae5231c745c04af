"""P9, no leak: every word of a school bears a sign that no other school has; what each reader gets is searched for it.

Two counties of two cities, with alerts, rows that go back, broken files, and files sent to the wrong door; then every
form goes round its loop: cards, accounts, registry, calendar, the counties' desks, the next morning's templates.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pypdf
import pytest
import structlog

from pipeline import database, run
from pipeline.cli.terminal import log_to_stderr
from pipeline.database.models import Submission
from pipeline.forms import FORMS
from pipeline.model import Level, Site
from pipeline.service import timetable
from pipeline.settling import card
from tests.inprocess import InProcess
from tests.sites import NOW, lay_out
from tests.system import tainted
from tests.system.tainted import DAY, SCHOOLS, dropped, register, school_name

KINDS = (
    *("回执", "退回修正表", "收件汇总", "简报", "预警信息报告卡", "台账", "未报名单", "日报模板", "核实工作单"),
    *("预警规则评分周报", "学校联（填报）", "县级联（填报）", "县级处理单", "县级处理通知", "对账询问", "开户通知"),
)
LEVELS = {Level.PROVINCE: "省", Level.CITY: "设区市", Level.COUNTY: "县(市、区)", Level.SCHOOL: "学校"}


@dataclass(frozen=True)
class Paper:
    """One file of the outbox: whose it is, and every text in it, its name and its properties."""

    level: str
    reader: str
    path: str
    text: str


@dataclass(frozen=True)
class Day:
    papers: tuple[Paper, ...]
    heap: Mapping[tuple[str, str], str]  # (county, number) → whose the file is that the county dropped itself
    printed: str  # what the service said meanwhile


def texts(path: Path) -> str:
    content = path.read_bytes()
    if path.suffix == ".pdf":
        pages = pypdf.PdfReader(io.BytesIO(content))
        return "".join(page.extract_text() for page in pages.pages) + str(pages.metadata)
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return "".join(package.read(name).decode("utf-8", "replace") for name in package.namelist())
    return content.decode("utf-8-sig")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, prepared_db: Path) -> Iterator[Day]:
    """The day run to its final editions, and all that it gave to anybody."""
    site = lay_out(tmp_path_factory.mktemp("taint"), prepared_db)
    database.open(site)
    register()
    tainted.weeks_before()
    for name, content in dropped().items():
        (site.inbox / name).parent.mkdir(exist_ok=True)
        (site.inbox / name).write_bytes(content)
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        log_to_stderr("debug")  # all that the service may say, whatever an earlier test set up
        _through_the_day(site)
    structlog.reset_defaults()
    papers = [_paper(site, path) for path in sorted(site.outbox.rglob("*")) if path.is_file()]
    yield Day(tuple(papers), _heap(), printed.getvalue())
    database.close()


def _heap() -> dict[tuple[str, str], str]:
    """Of the reports that counties dropped: by county and number, whose they are."""
    signs = {"本县.xlsx": "赭", "别县.xlsx": "罍"}
    rows = Submission.objects.filter(bound_unit__in={county for _, county, _ in SCHOOLS.values()}, name__in=signs)
    return {(row.bound_unit, f"{row.received_seq:06d}"): signs[row.name] for row in rows}


def _through_the_day(site: Site) -> None:
    """The day and the next morning, each form round its loop, as the service would."""
    with InProcess() as readers:
        run.drain(site, readers, lambda: NOW)
        later = tainted.at(DAY, "14:30")
        tainted.afternoon(site, SCHOOLS)
        run.drain(site, readers, lambda: later)
        tainted.scans(site, SCHOOLS)
        run.drain(site, readers, lambda: later)
        timetable.tick(site, tainted.at(DAY, "17:30"))
        run.deliver(site, tainted.at(DAY, "17:30"))
        for clock in ("06:00", "07:31"):
            timetable.tick(site, tainted.at(tainted.NEXT, clock))
            run.deliver(site, tainted.at(tainted.NEXT, clock))
        tainted.decided(site, {county for _, county, _ in SCHOOLS.values()})
        run.drain(site, readers, lambda: tainted.at(tainted.NEXT, "09:00"))
    timetable.tick(site, tainted.at(tainted.NEXT, "15:01"))
    run.deliver(site, tainted.at(tainted.NEXT, "15:01"))
    assert not card.waiting("320000"), "every card was confirmed"


def _paper(site: Site, path: Path) -> Paper:
    below = path.relative_to(site.outbox)
    level, reader = below.parts[0], below.parts[1]
    return Paper(level, reader[-10:] if level == LEVELS[Level.SCHOOL] else reader[-6:], str(below), texts(path))


def held_by(day: Day, sign: str) -> list[Paper]:
    """Papers in which anything of a school stands, but for whose a sheet is that its reader sent by mistake."""
    code = SCHOOLS[sign][0]
    said = [(paper, paper.path + paper.text.replace(whose(sign), "")) for paper in day.papers]
    return [paper for paper, text in said if sign in text or code in text]


def whose(sign: str) -> str:
    """What a sheet put into another's folder says of itself at its head."""
    return f"这份表填的是 {school_name(sign)}（{SCHOOLS[sign][0]}），"


def test_whose_a_sheet_is_learns_only_who_sent_it(day: Day) -> None:
    told = {sign: {paper.reader for paper in day.papers if whose(sign) in paper.text} for sign in SCHOOLS}
    assert told == {"靛": set(), "赭": {"2132019001"}, "麝": {"2132019001"}, "罍": {"320106"}}


@pytest.mark.parametrize("sign", SCHOOLS)
def test_nothing_of_a_school_comes_to_another_school_county_or_city(sign: str, day: Day) -> None:
    code, county, city = SCHOOLS[sign]
    mine = {code, county, city, "320000"}
    assert [paper.path for paper in held_by(day, sign) if paper.reader not in mine] == []


WORDS = ("童", "备注语", "症状语", "医院", "学号", "原因语", "日期语", "病名语", "体温语", "性别语")


def given_back(paper: Paper, day: Day, sign: str) -> bool:
    """Whether a paper is the return workbook of a file of this school that its reader, a county, dropped itself."""
    found = re.search(r"退回修正表 学生缺课日报 ([0-9]{6})[^/]*\.xlsx$", paper.path)
    return found is not None and day.heap.get((paper.reader, found[1])) == sign


@pytest.mark.parametrize("sign", SCHOOLS)
def test_names_and_words_of_pupils_stay_in_their_school_and_with_who_dropped_them(sign: str, day: Day) -> None:
    for paper in held_by(day, sign):
        if paper.reader != SCHOOLS[sign][0] and not given_back(paper, day, sign):
            assert [word for word in WORDS if sign + word in paper.text + paper.path] == [], paper.path


def test_a_county_has_back_what_it_dropped_itself_and_no_name_besides(day: Day) -> None:
    """In its own folder, of the one school the file is of; what it dropped of another county's school it has not."""
    assert sorted(day.heap.values()) == ["罍", "赭"]
    back = [(paper, sign) for sign in SCHOOLS for paper in day.papers if given_back(paper, day, sign)]
    ((paper, sign),) = back
    assert (paper.level, paper.reader, sign) == (LEVELS[Level.COUNTY], "320106", "赭")
    named = {word for other in SCHOOLS for word in WORDS if other + word in paper.text}
    assert {"童", "原因语"} <= named, "the rows that went back are in it, to be mended"
    assert [other for other in SCHOOLS if other != sign and other in paper.text] == []
    holding = [
        one.path for one in day.papers if one.level != LEVELS[Level.SCHOOL] and re.search("[靛赭麝罍]童", one.text)
    ]
    assert holding == [paper.path]


def test_hints_of_statistics_are_among_what_is_searched(day: Day) -> None:
    """In digests of every tier."""
    digests = [paper for paper in day.papers if "简报" in paper.path and f"{DAY:%Y%m%d}" in paper.path]
    told = {paper.reader for paper in digests if "EARSC" in re.sub(r"\s", "", paper.text)}
    assert told >= {"320106", "320302", "320100", "320300", "320000"}


@pytest.mark.parametrize("sign", SCHOOLS)
def test_above_the_county_a_school_is_its_name_and_nothing_else(sign: str, day: Day) -> None:
    for paper in held_by(day, sign):
        if paper.level in {"设区市", "省"}:
            text = paper.text.replace(school_name(sign), "").replace(school_name(sign).removesuffix("小学"), "")
            assert sign not in text, paper.path


def test_nobodys_answer_quotes_nobody(day: Day) -> None:
    found = [paper for paper in day.papers if paper.level == "未识别"]
    assert len(found) == 2
    for paper in found:
        assert not any(sign in paper.path + paper.text for sign in SCHOOLS)


def test_no_cell_is_in_what_the_service_says(day: Day) -> None:
    assert "batch_settled" in day.printed
    assert not any(sign in day.printed for sign in SCHOOLS)


def test_every_reader_had_papers_to_be_searched(day: Day) -> None:
    """Else the claims above would be claims of nothing."""
    of = {level: {paper.reader for paper in day.papers if paper.level == shelf} for level, shelf in LEVELS.items()}
    assert of[Level.SCHOOL] >= {code for code, _, _ in SCHOOLS.values()}
    assert of[Level.COUNTY] >= {"320106", "320302"}
    assert of[Level.CITY] >= {"320100", "320300"}
    assert of[Level.PROVINCE] == {"320000"}
    names = " ".join(paper.path for paper in day.papers)
    for kind in KINDS:
        assert kind in names, kind
    back = re.findall(r"退回修正表 (\S+) ", names)
    assert set(back) == {form.title for form in FORMS}, "of every form something came back"
