"""Papers as they are printed: on their sides, within their scope, the same bytes for the same facts."""

import csv
import io
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from pipeline.errors import ConfigError, PermanentError
from pipeline.figures import card_books, cards, digest, papers, rule_paper
from pipeline.figures.facts import HintLine
from pipeline.figures.paper_values import check_code, values_of
from pipeline.figures.statistics import StatisticFacts, StatisticLine
from pipeline.model import Level, Paper
from pipeline.registry import lookup
from pipeline.reports import fonts, letters, pages, press, render, tilemap
from pipeline.statistics import Comparison, Method
from pipeline.units import Scope
from tests import page_samples
from tests import paper_samples as samples


@pytest.fixture(scope="module")
def renderer() -> Iterator[render.Renderer]:
    """One process of its own, for all pages of this file."""
    with render.Renderer(workers=1) as found:
        yield found


def texts(pdf: bytes) -> list[str]:
    return [re.sub(r"\s+", "", page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


def pdf_of(made: list[Paper]) -> bytes:
    return next(paper.content for paper in made if paper.name.endswith(".pdf"))


def test_a_county_digest_says_what_its_figures_say(renderer: render.Renderer) -> None:
    made = digest.digest(samples.county())
    found = letters.compose("digest", values_of(made), renderer)
    assert [paper.name for paper in found] == ["学生缺课监测每日简报 雨花台区 D-320114-20261120-2.pdf"]
    sides = texts(pdf_of(found))
    whole = "".join(sides)
    assert len(sides) <= 3
    assert "".join(p.text for p in made.sentence).replace(" ", "") in whole
    for words in (
        "今日需办",
        "领导批示",
        "报：市教育局",
        "送：区卫生健康委",
        "编发：雨花台区教育局",
        "日终版",
        "第1页，共",
    ):
        assert words in whole, words
    assert all(row.phone in whole for row in made.silence.rows), "whom to telephone, every one"
    assert all(row.id in whole for row in made.alerts.rows), "every alert, on the page or in the annex"
    assert check_code(values_of(made))[1] in whole


def test_a_citys_digest_names_no_class_and_no_pupil(renderer: render.Renderer) -> None:
    facts = samples.city()
    found = letters.compose("digest", values_of(digest.digest(facts)), renderer)
    whole = "".join(texts(pdf_of(found)))
    assert not re.search(r"[一二三四五六]\(\d+\)班|小[一二]班|中一班", whole)
    assert "示例童" not in whole
    assert "A7K" not in whole
    assert "<3" in whole
    (told,) = re.findall(r"列前(\d+)条，余(\d+)条见附表一", whole)
    assert sum(map(int, told)) == len(facts.alerts) - 1, "all that is open is on the page or in the annex"


def test_a_school_page_fits_one_side_and_more_goes_to_an_annex(renderer: render.Renderer) -> None:
    short, long = (letters.compose("page", values_of(papers.page(page_samples.page(n))), renderer) for n in (9, 44))
    assert len(texts(pdf_of(short))) == 1
    sides = texts(pdf_of(long))
    assert len(sides) == 2
    for words in ("填报人", "分管领导", "盖章", "台账", "预警2026-0482", "尚有2行退回待改"):
        assert words in sides[0], words
    listed = [p.name for p in page_samples.page(44).pupils]
    assert all(name in "".join(sides) for name in listed)
    assert short[0].name == "学生缺课日报台账 P-2132000001-20261120-1.pdf"


def outside(html: str) -> list[str]:
    """The pieces of text that leave the space between the margins, to the right."""
    found: list[str] = []
    setting = press.press()
    for side in setting.layout(setting.markup(html)).pages:
        box = side._page_box
        right = box.margin_left + box.width + 1
        for one in box.descendants():
            if type(one).__name__ == "TextBox" and one.style["visibility"] == "visible":
                found += [one.text] * (one.position_x + one.width > right and one.position_x < box.margin_left + right)
    return found


@pytest.mark.parametrize(
    "remark",
    ["家长电话告知，已就医，预计下周一返校", "https://example.invalid/a/very/long/address", "M" * 40, "W" * 19],
)
def test_ten_pupils_with_everyday_remarks_fit_one_side_and_nothing_leaves_it(
    renderer: render.Renderer, remark: str
) -> None:
    facts = page_samples.page(10)
    rows = tuple(
        replace(one, note=remark, name="Maria Fernanda" if n == 3 else one.name) for n, one in enumerate(facts.pupils)
    )
    facts = replace(facts, pupils=rows, classes=facts.classes[:12], notices=())
    values = values_of(papers.page(facts))
    (side,) = texts(pdf_of(letters.compose("page", values, renderer)))
    assert side.count(remark) == 10, "whole, each of them"
    drawn = pages.page(letters.checked(values))
    assert outside(drawn) == []
    assert outside(drawn.replace("</body>", f'<p class="nowrap">{"W" * 99}</p></body>')), "it would be seen"


def test_a_remark_as_long_as_may_be_is_not_cut(renderer: render.Renderer) -> None:
    remark = "".join("甲乙丙丁戊己庚辛壬癸"[n % 10] for n in range(200))
    facts = page_samples.page(9)
    facts = replace(facts, pupils=tuple(replace(one, note=remark) for one in facts.pupils))
    sides = texts(pdf_of(letters.compose("page", values_of(papers.page(facts)), renderer)))
    assert len(sides) == 2
    assert "".join(sides).count(remark) == 9
    assert "盖章" in sides[0]


def test_a_card_is_one_side_and_only_the_schools_copy_has_names(renderer: render.Renderer) -> None:
    of_county = page_samples.card(Scope(Level.COUNTY, "320114", frozenset(["320114"])))
    for facts, names in ((page_samples.card(), True), (of_county, False)):
        sides = texts(pdf_of(letters.compose("card", values_of(cards.card(facts)), renderer)))
        assert len(sides) == 1
        assert ("示例童甲" in sides[0]) is names
        assert "三2-A7K0" in sides[0]
        for words in ("可排除的预警信息", "不可排除的预警信息", "理由简述", "采取措施", "回复截止11-21"):
            assert words in sides[0], words


@pytest.mark.parametrize(("hits", "cases"), [(2, 8), (1, 13), (3, 4)])
def test_cases_that_fit_two_to_a_line_need_no_second_side(renderer: render.Renderer, hits: int, cases: int) -> None:
    county = Scope(Level.COUNTY, "320114", frozenset(["320114"]))
    few = page_samples.card(county)
    listed = tuple(replace(few.cases_listed[n % 6], code=f"三2-{n:02d}AA") for n in range(cases))
    values = values_of(cards.card(replace(few, hits=few.hits[:1] * hits, cases_listed=listed)))
    (side,) = texts(pdf_of(letters.compose("card", values, renderer)))
    assert all(f"三2-{n:02d}AA" in side for n in range(cases))


@pytest.mark.parametrize("cases", [10, 14, 120])
@pytest.mark.parametrize("rules", [1, 2])
@pytest.mark.parametrize("again", [True, False])
def test_a_card_of_many_who_fell_ill_again_is_signed_on_its_first_side(
    renderer: render.Renderer, cases: int, rules: int, again: bool
) -> None:
    """Days of illness one below the other, sources of two lines: nothing runs into the next."""
    few = page_samples.card(Scope(Level.COUNTY, "320114", frozenset(["320114"])))
    source = "《流感样病例暴发疫情处置指南（2018年版）》三（一）：1周内同一单位10例以上流感样病例"
    day = few.last_onset
    listed = tuple(
        replace(
            few.cases_listed[0],
            code=f"三2-{n:03d}A",
            onset=day - timedelta(days=n % 4),
            again=(day,) if again and n % 2 else (),
            diagnosis="诺如病毒感染" if again else "",
        )
        for n in range(cases)
    )
    hit = replace(few.hits[0], words="流感样病例：同校区 7 日内 ≥10 人", source=source)
    facts = replace(few, cases=cases, first_onset=day - timedelta(days=3), hits=(hit,) * rules, cases_listed=listed)
    values = letters.checked(values_of(cards.card(facts)))
    first, *_ = texts(render.draw(values))
    assert "县级审核" in first
    assert outside(pages.page(values)) == []


def test_cases_a_card_has_no_room_for_go_to_an_annex(renderer: render.Renderer) -> None:
    few = page_samples.card()
    source = "手足口病聚集性和暴发疫情处置工作规范第1条：同一班级或宿舍1周内2例及以上；重症、死亡无栏目，不计"
    hits = tuple(replace(few.hits[0], rule=f"E0{n}", source=source) for n in range(2))
    cases = tuple(replace(few.cases_listed[0], name=f"示例童{n:02d}") for n in range(30))
    sides = texts(
        pdf_of(letters.compose("card", values_of(cards.card(replace(few, hits=hits, cases_listed=cases))), renderer))
    )
    assert len(sides) == 2
    assert "县级审核" in sides[0]
    assert all(case.name in "".join(sides) for case in cases)


@pytest.mark.parametrize("hits", [3, 4, 6, 8])
@pytest.mark.parametrize("names", [True, False])
def test_cases_come_before_rules_whose_long_sources_are_on_the_annex(
    renderer: render.Renderer, hits: int, names: bool
) -> None:
    scope = None if names else Scope(Level.COUNTY, "320114", frozenset(["320114"]))
    few = page_samples.card(scope)
    source = (
        "《学校和托幼机构传染病疫情报告工作规范（试行）》（卫办疾控发〔2006〕65号）报告情形1：同一宿舍或班级1天内3例"
    )
    met = tuple(replace(few.hits[0], rule=f"E{n:02d}", source=source) for n in range(1, hits + 1))
    first, *annex = texts(pdf_of(letters.compose("card", values_of(cards.card(replace(few, hits=met))), renderer)))
    assert len(annex) == 1
    assert "县级审核" in first, "it is one side to sign"
    shown = [code for code in ("三2-A7K0", "三2-A7K1", "三2-A7K5") if code in first]
    assert len(shown) == 3 if hits <= 4 else shown[:2] == ["三2-A7K0", "三2-A7K1"]
    assert first.index("三2-A7K1") < first.index("同班连续三日")
    assert all(f"E{n:02d}" in first for n in range(1, min(hits, 4) + 1))
    assert (f"还有{hits - 4}条" in first) is (hits > 4)
    assert (first.count("卫办疾控发"), annex[0].count("报告情形1")) == (0, hits)


def test_ten_thousand_cases_do_not_draw_for_minutes(renderer: render.Renderer) -> None:
    """A list of a whole district pasted by mistake: the card says how many it leaves out, and is there at once."""
    few = page_samples.card()
    many = tuple(replace(few.cases_listed[0], name=f"示例童{n:05d}") for n in range(10_000))
    sides = texts(pdf_of(letters.compose("card", values_of(cards.card(replace(few, cases_listed=many))), renderer)))
    assert len(sides) < 12
    assert "只列200人，其余见各日缺课日报" in "".join(sides).replace(" ", "")


def test_a_missing_list_has_paper_workbook_and_a_text_without_pupils(renderer: render.Renderer) -> None:
    values = values_of(papers.missing(page_samples.missing()))
    found = {paper.name: paper.content for paper in letters.compose("missing", values, renderer)}
    assert sorted(found) == ["未报名单 雨花台区.pdf", "未报名单 雨花台区.xlsx", "群通知.txt"]
    text = found["群通知.txt"]
    assert text.startswith(b"\xef\xbb\xbf")
    assert b"\n" not in text.replace(b"\r\n", b"")
    said = text.decode("utf-8-sig")
    assert "100-0000" not in said, "a group chat is told no telephone numbers"
    assert said.splitlines()[1] == "截至 11-20 15:10，应报 151 所，已报 137 所，免报 1 所，还有 13 所未报。"
    assert all(line.school in said for line in page_samples.missing().silent)


LONG_NAME = "示例市示例区外国语实验学校附属第一小学（示例新区校区国际部）教育集团总校"


@pytest.mark.parametrize(("hits", "cases"), [(1, 20), (2, 20), (3, 4)])
def test_the_papers_of_a_school_of_a_long_name_are_signed_on_their_first_side(
    renderer: render.Renderer, hits: int, cases: int
) -> None:
    few = page_samples.card()
    source = "《学校和托幼机构传染病疫情报告工作规范（试行）》（卫办疾控发〔2006〕65号）报告情形1："
    source += "同一宿舍或班级1天内3例以上相似症状，或有共同用餐、饮水史"
    listed = tuple(replace(few.cases_listed[n % 6], code=f"三2-{n:02d}AA") for n in range(cases))
    met = tuple(replace(few.hits[0], source=source) for _ in range(hits))
    facts = replace(few, school=LONG_NAME, where="、".join(f"{n}(1)班" for n in "一二三四五六"), hits=met)
    facts = replace(facts, cases_listed=listed)
    for kind, values, sign in (
        ("card", values_of(cards.card(facts)), "县级审核"),
        ("worksheet", values_of(card_books.worksheet(facts)), "核实人签字"),
    ):
        first, *annex = texts(pdf_of(letters.compose(kind, values, renderer)))
        assert sign in first, kind
        assert len(annex) < 2


def test_on_the_page_of_a_school_of_a_long_name_nothing_leaves_the_sheet(renderer: render.Renderer) -> None:
    facts = replace(page_samples.page(9), school=LONG_NAME)
    values = letters.checked(values_of(papers.page(facts)))
    assert outside(pages.page(values)) == []
    (side,) = texts(pdf_of(letters.compose("page", values, renderer)))
    assert "标识码2132000001" in side


@pytest.mark.parametrize("cases", [1, 6, 7, 30])
def test_a_sheet_to_write_on_is_one_side_and_only_the_schools_has_names(renderer: render.Renderer, cases: int) -> None:
    few = page_samples.card()
    hits = few.hits * 2
    listed = tuple(replace(few.cases_listed[n % 6], code=f"三2-{n:02d}AA") for n in range(cases))
    for scope, names in ((few.scope, True), (Scope(Level.COUNTY, "320114", frozenset(["320114"])), False)):
        facts = replace(few, scope=scope, hits=hits, cases_listed=listed)
        sides = texts(pdf_of(letters.compose("worksheet", values_of(card_books.worksheet(facts)), renderer)))
        assert (len(sides) > 1) is (cases > (6 if names else 5))
        assert "核实人" in sides[0]
        assert "四、结论" in sides[0]
        assert ("示例童甲" in "".join(sides)) is names
        assert all(f"三2-{n:02d}AA" in "".join(sides).replace("\n", "") for n in range(cases))


def test_a_sheet_of_long_findings_is_signed_on_its_first_side(renderer: render.Renderer) -> None:
    few = page_samples.card()
    case = replace(few.cases_listed[0], symptoms=("S07", "S08"), diagnosis="R01")
    facts = replace(few, hits=few.hits * 2, cases_listed=(case,) * 10)
    values = values_of(card_books.worksheet(facts))
    values = {
        **values,
        "rows": [{**row, "symptoms": "咳嗽、咽痛", "diagnosis": "气管炎肺炎"} for row in values["rows"]],
    }
    sides = texts(pdf_of(letters.compose("worksheet", values, renderer)))
    assert len(sides) == 2
    assert "核实人签字" in sides[0]


def test_a_card_that_was_answered_prints_the_answer_and_the_days(renderer: render.Renderer) -> None:
    said = {"verdict": "excluded", "reason": "A1", "rows": [["2026-11-20", "三2-A7K0QX9M2T"]], "reporter": "示例员甲"}
    days = (cards.DayLine(samples.DAY, 1, 3, "已消毒"),)
    facts = replace(page_samples.card(), state="correcting", answer=said, days=days)
    (side,) = texts(pdf_of(letters.compose("card", values_of(cards.card(facts)), renderer)))
    for text in ("可排除", "A1报告信息有误", "11-20示例童甲", "更正待收", "已消毒"):
        assert text in side
    assert "□" not in side.split("县级审核")[0]


def test_the_same_facts_are_the_same_bytes_in_another_process(renderer: render.Renderer) -> None:
    values = letters.checked(values_of(cards.card(page_samples.card())))
    (first,) = renderer.stream([values])
    with render.Renderer(workers=1) as other:
        assert list(other.stream([values])) == [first]
    assert b"CreationDate" not in first


def test_many_letters_come_back_in_order(renderer: render.Renderer) -> None:
    several = [replace(page_samples.card(), id=f"2026-{n:04d}") for n in range(3)]
    found = list(letters.compose_all([("card", values_of(cards.card(c))) for c in several], renderer))
    assert [paper.name for made in found for paper in made] == [
        f"预警信息报告卡 2026-{n:04d} 学校联.pdf" for n in range(3)
    ]


def test_markup_in_a_name_is_printed_not_obeyed() -> None:
    facts = replace(page_samples.page(1), school='<img src="file:///etc/passwd">&')
    html = pages.page(letters.checked(values_of(papers.page(facts))))
    assert "<img" not in html
    assert "&lt;img" in html


def test_a_sign_that_no_markup_may_hold_is_printed_as_one_that_no_font_has(renderer: render.Renderer) -> None:
    facts = replace(page_samples.page(1), school="示例\x01\x0b学校\ufffe")
    (side,) = texts(pdf_of(letters.compose("page", values_of(papers.page(facts)), renderer)))
    assert "示例〓〓学校〓" in side


def test_the_sheet_below_ours_has_every_element_of_a_paper() -> None:
    folder = fonts.check().parent
    markup = "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.html"))
    known = set(
        re.findall(
            r"\b[a-z]+[0-9]?\b", re.sub(r"{.*?}|/\*.*?\*/", ";", (folder / "base.css").read_text(), flags=re.DOTALL)
        )
    )
    used = set(re.findall(r"<([a-z]+[0-9]?)\b", markup)) - set(
        re.findall(r"<([a-z]+)", (folder / "charts.svg.html").read_text())
    )
    assert used - known == {"span", "small"}, "elements of a line, which need nothing but paper.css"


def test_a_page_may_load_nothing() -> None:
    fetcher = press.press().fetcher
    for address in ("http://127.0.0.1/", "file:///etc/passwd", "data:text/css,*{}"):
        with pytest.raises(ValueError, match="not fetched"):
            fetcher.fetch(address)


def test_a_page_whose_process_dies_is_our_fault_and_said() -> None:
    with render.Renderer(workers=1) as fragile:
        assert fragile._crew is not None
        with pytest.raises(PermanentError, match="died"):
            render._drawn(*fragile._crew.submit(os._exit, [139], 60).result())


def test_idle_renderers_that_are_killed_are_replaced() -> None:
    values = letters.checked(values_of(papers.page(page_samples.page(1))))
    with render.Renderer(workers=2) as renderer:
        first = list(renderer.stream([values] * 2))
        for pid in renderer.pids:
            os.kill(pid, signal.SIGKILL)
        assert list(renderer.stream([values] * 2)) == first


def test_renderers_whose_folder_was_tidied_away_are_replaced_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    values = letters.checked(values_of(papers.page(page_samples.page(1))))
    with render.Renderer(workers=1) as renderer:
        first = list(renderer.stream([values]))
        made = list(tmp_path.glob("queke-pages-*"))
        shutil.rmtree(made[0])
        for pid in renderer.pids:
            os.kill(pid, signal.SIGKILL)
        assert list(renderer.stream([values])) == first


def test_a_paper_is_compressed_at_the_quicker_level() -> None:
    made = render.draw(letters.checked(values_of(papers.page(page_samples.page(1)))))
    assert b"stream\nx\x9c" in made
    assert b"stream\nx\xda" not in made


def test_without_usable_fonts_nothing_is_begun(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(fonts, "FILES", ("NotoSansSC-Regular.ttf", "missing.ttf"))
    with pytest.raises(ConfigError, match=r"missing\.ttf"), render.Renderer():
        pass


def test_every_division_of_the_registry_has_a_tile_of_its_own() -> None:
    for place, grid in tilemap.grids().items():
        assert len(set(grid.values())) == len(grid), place
    assert len(tilemap.grids()["320000"]) == 13
    assert sum(len(grid) for place, grid in tilemap.grids().items() if place != "320000") == 95 + 9


def tile(code: str, **more: object) -> dict[str, object]:
    whole = {"code": code, "short": "六合", "level": None, "label": "报告不足", "registered": 9, "open_alerts": 0}
    return {**whole, **more}


def test_a_division_the_map_does_not_know_stands_below_it() -> None:
    made = tilemap.tilemap("320100", "city", [tile("320102"), tile("329999", label="未纳入", registered=0)])
    tiles = {one["code"]: one for one in made.tiles}
    assert tiles["329999"]["row"] > tiles["320102"]["row"]
    assert tiles["329999"]["label"] == "未纳入"


@pytest.mark.parametrize("place", sorted(tilemap.grids()))
def test_on_a_map_names_are_whole_and_badges_cover_nothing(place: str) -> None:
    """Of every place of the registry, with an alert in each division, hundreds in one."""
    with lookup.SEED.open(encoding="utf-8", newline="") as file:
        shorts = {row["code"]: row["short"] for row in csv.DictReader(file)}
    codes = sorted(tilemap.grids()[place])
    below = [tile(code, short=shorts[code], open_alerts=n**3 % 200 + 1) for n, code in enumerate(codes)]
    made = tilemap.tilemap(place, "province" if place == "320000" else "city", below)
    wide, high = made.tile_width, made.tile_height
    assert wide >= 4 * 9, "报告不足 fits"
    boxes = [(one["x"], one["y"], one["x"] + wide, one["y"] + high) for one in made.tiles]
    assert all(left >= 0 and right <= made.width and top >= 0 and low <= made.height for left, top, right, low in boxes)
    for one, box in zip(made.tiles, boxes, strict=True):
        assert "".join(one["lines"]) == one["short"]
        assert all(9 * len(line) <= wide for line in one["lines"])
        badge = one["badge"]
        at = (badge["x"], badge["y"], badge["x"] + badge["width"], badge["y"] + badge["height"])
        assert at[1] >= 0
        assert box[0] <= at[0] <= at[2] <= box[2], "not beyond its tile's sides"
        assert not [other for other in boxes if other is not box and touch(at, other)], "no other tile"
        beside = at[0] >= one["name_x"] + 9 * len(one["lines"][0]) / 2 and at[3] <= box[1] + 12
        assert beside or at[3] <= box[1] + 1.9, "no letter of its own"
        assert box[0] <= one["name_x"] - 9 * len(one["lines"][0]) / 2, "nor is the name pushed out"


def touch(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def test_only_a_badge_without_room_beside_its_name_takes_room_above() -> None:
    def height(**more: object) -> float:
        return tilemap.tilemap("320100", "city", [tile("320102"), tile("320106", **more), tile("320105")]).height

    assert height() == height(open_alerts=9) == height(open_alerts=12, short="雨花台")
    assert height() < height(open_alerts=1, short="雨花台经开区") < height() + 11


def macro(name: str, *arguments: object) -> str:
    return str(getattr(pages._pages().get_template("charts.svg.html").module, name)(*arguments))


def test_a_curve_breaks_where_nothing_was_due() -> None:
    drawn = macro("curve", [("11-16", 0.2), ("11-17", None), ("11-18", 0.3), ("11-19", 0.4)], 0.3)
    path = re.search(r'<path d="([^"]*)"', drawn)
    assert path is not None
    assert [step[0] for step in path[1].replace(" L", "|L").replace(" M", "|M").split("|")] == ["M", "M", "L"]
    assert drawn.count("<circle") == 3
    assert 'class="norm"' in drawn


def test_a_curve_of_nothing_is_drawn_without_a_line() -> None:
    drawn = macro("curve", [("11-16", None), ("11-17", None)], None)
    assert '<path d=""' in drawn
    assert "<circle" not in drawn


def test_a_bar_has_its_norm_only_when_there_is_one() -> None:
    bars = [
        {"label": "发热", "value": 9, "norm": 4.5, "shown": "9"},
        {"label": "咳嗽", "value": 0, "norm": None, "shown": "0"},
    ]
    assert macro("bars", bars).count('stroke="#1c232b"') == 1


def test_a_tile_with_too_few_reports_is_dashed() -> None:
    enough = tile("320106", level=0.5, label="0.50%")
    drawn = macro("tilemap", tilemap.tilemap("320100", "city", [tile("320102", open_alerts=2), enough]))
    assert drawn.count("stroke-dasharray") == 1
    assert drawn.count('class="badge"') == 1, "no alerts, no badge"


@pytest.mark.parametrize("kind", ["digest", "page", "card", "missing"])
def test_small_print_is_never_below_nine_points(kind: str) -> None:
    made = {
        "digest": lambda: digest.digest(samples.city()),
        "page": lambda: papers.page(page_samples.page()),
        "card": lambda: cards.card(page_samples.card()),
        "missing": lambda: papers.missing(page_samples.missing()),
    }[kind]()
    html = pages.page(letters.checked(values_of(made)))
    css = (fonts.check().parent / "paper.css").read_text(encoding="utf-8")
    sizes = re.findall(r'font-size="([\d.]+)"', html) + re.findall(r"font(?:-size)?: ?([\d.]+)pt", css)
    assert min(float(size) for size in sizes) >= 9


def test_a_digest_without_anything_is_still_a_digest() -> None:
    facts = replace(
        samples.city(), alerts=(), closures=(), silent=(), days={}, day=date(2026, 11, 22), why_nothing="周末"
    )
    html = pages.page(letters.checked(values_of(digest.digest(facts))))
    assert "本地区没有在册学校" in html
    assert "今日无在办预警" in html


def test_a_first_page_lists_as_much_as_leaves_room_for_the_map(renderer: render.Renderer) -> None:
    for made in (samples.city(), samples.province()):
        first = texts(pdf_of(letters.compose("digest", values_of(digest.digest(made)), renderer)))[0]
        for words in ("今日需办", "领导批示", "在办预警", "症状", "编发：", "教学第12周", "停课3起"):
            assert words in first, words
    assert "停课3起" in texts(pdf_of(letters.compose("digest", values_of(digest.digest(samples.city())), renderer)))[0]


def test_divisions_without_schools_are_one_line_not_a_row_each() -> None:
    facts = samples.city()
    days = {code: found for code, found in facts.days.items() if code in {"320102", "320106"}}
    made = digest.digest(replace(facts, days=days, alerts=(), closures=(), silent=()))
    assert made.left_out == "秦淮区、建邺区、浦口区、栖霞区、雨花台区、江宁区、六合区、溧水区、高淳区（9 个）"
    html = pages.page(letters.checked(values_of(made)))
    assert f"未纳入：{made.left_out}" in html
    assert html.count('<td class="nowrap">秦淮区</td>') == 0


def test_a_card_that_no_longer_holds_says_why_and_asks_for_nothing() -> None:
    over = replace(
        page_samples.card(), closed_as="已不成立", closed_at=samples.NOW, close_reason="报送信息更正后已不成立"
    )
    html = pages.page(letters.checked(values_of(cards.card(over))))
    assert "本预警已不成立（11-20 15:10）：报送信息更正后已不成立" in html
    assert "采取措施" not in html
    assert "Macro" not in pages.page(letters.checked(values_of(cards.card(page_samples.card()))))


def test_a_county_reads_its_single_cases_and_a_city_does_not() -> None:
    told = (HintLine("流行性腮腺炎", "示例第五小学", "四(2)班", 1, 1),)
    of_county = digest.digest(replace(samples.county(), hints=told))
    assert "四(2)班" in pages.page(letters.checked(values_of(of_county)))
    assert digest.digest(replace(samples.city(), hints=told)).hints == ()


def test_statistics_have_a_line_of_their_own_and_say_nothing_when_there_is_nothing() -> None:
    compared = (Comparison(Method.C2, 12, 1.1, 4.1),)
    facts = StatisticFacts(schools=(StatisticLine("2132000001", "示例第五小学", "GI", "呕吐腹泻", compared),))
    told = pages.page(letters.checked(values_of(digest.digest(replace(samples.county(), statistics=facts)))))
    assert "统计提示，非预警" in told
    assert "<td>示例第五小学</td><td>呕吐腹泻</td>" in told
    assert "往年数据不足三年" in told
    for quiet in (samples.county(), samples.city()):
        assert "统计" not in pages.page(letters.checked(values_of(digest.digest(quiet)))).replace("校验", "")


def test_the_weekly_paper_on_the_rules_adds_up_and_says_what_each_figure_is(renderer: render.Renderer) -> None:
    made = rule_paper.rule_paper(page_samples.rule_facts())
    (paper,) = letters.compose("rules", values_of(made), renderer)
    assert paper.name == "预警规则评分周报 南京市 W-320100-20261123-1.pdf"
    whole = "".join(texts(paper.content))
    for words in (
        made.sentence.replace(" ", ""),
        "A3重复预警",
        "分县（市、区）",
        made.total.name,
        made.week,
        "规则版本",
    ):
        assert words.replace(" ", "") in whole, words
    for row in (*made.rows, *made.below, made.total):
        assert row.warned == sum(row.excluded) + row.confirmed + row.void + row.pending
    added = [sum(getattr(row, name) for row in made.below) for name in ("week", "warned", "opened", "confirmed")]
    assert added == [made.total.week, made.total.warned, made.total.opened, made.total.confirmed]
    assert made.total.warned == sum(row.opened for row in made.rows)
    assert made.quiet == 0


def test_a_countys_paper_on_the_rules_fits_two_sides_and_one_without_decisions_says_so(
    renderer: render.Renderer,
) -> None:
    facts = page_samples.rule_facts(Level.COUNTY)
    pending = [replace(alert, verdict="pending", reason="") for alert in facts.alerts]
    made = rule_paper.rule_paper(replace(facts, alerts=pending))
    assert "县级都还没有判定" in made.sentence
    assert made.total.ppv == "—"
    assert not made.below
    (paper,) = letters.compose("rules", values_of(made), renderer)
    assert len(texts(paper.content)) <= 2
    assert "近 12 周没有预警" in rule_paper.rule_paper(replace(facts, alerts=[])).sentence
