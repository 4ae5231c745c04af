"""Our mails: words and pages as written down, pages that every program shows, texts that stand alone.

Goldens lie in tests/letters; `QUEKE_GOLDEN=new` writes those that do not exist yet.
"""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.letters import page
from tests.letters.cases import CASES, FOLDER

PARTS = {"base.html", "told.html", "told.txt", "foot.txt", "left_out.txt"}
"""Templates that are no letter, but parts of all."""
SHOWN = {"html", "head", "meta", "title", "body", "table", "tr", "td", "p", "br", "b", "img", "a"}
"""What Outlook, QQ, 163 and telephones show alike."""
VOID = {"meta", "br", "img"}

TODO = ("退回", "待核", "处理，", "没有收下", "答复", "请审核", "请报", "请督促", "打电话", "没有记为")
"""Words of which a letter's first line has one where its reader has something to do."""

each = pytest.mark.parametrize("name", CASES)


class Reader(HTMLParser):
    """What a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "title" not in self.open and data.strip():
            self.words.append(data)


def bare(words: str) -> str:
    return re.sub(r"[\s ]", "", words)


@each
def test_a_letter_is_as_written_down(name: str) -> None:
    text, html = CASES[name].words()
    for ending, said in (("txt", f"主题：{CASES[name].made().subject}\n\n{text}"), ("html", html)):
        golden = FOLDER / f"{name}.{ending}"
        if os.environ.get("QUEKE_GOLDEN") == "new" and not golden.exists():
            golden.write_text(said, "utf-8")
        assert said == golden.read_text("utf-8")


@each
def test_its_page_is_shown_by_every_program_and_loads_nothing(name: str) -> None:
    html = CASES[name].words()[1]
    read = Reader(html)
    assert not read.open, "every tag is closed"
    assert {tag for tag, _ in read.tags} <= SHOWN
    for tag, said in read.tags:
        assert "href" not in said or str(said["href"]).startswith("tel:"), "a telephone is dialled, nothing is loaded"
        assert not {"class", "id", "onclick", "srcset", "background"} & said.keys()
        assert tag != "img" or str(said["src"]).startswith("cid:"), "a picture lies in the mail itself"
        assert tag != "img" or said["alt"], "who sees no pictures reads what it is"
    assert not re.search(r"https?:|//|url\(|@import|@media|position:|float:|flex|grid", html)
    cells = [str(said.get("style")) for tag, said in read.tags if tag == "td" and said.get("height") != "4"]
    assert all("font-family" in style for style in cells if "padding:10px 6px" not in style), "Outlook passes none on"
    assert len(html) < 100_000, "some programs cut a longer one off"


@each
def test_its_text_says_all_that_the_page_says(name: str) -> None:
    text, html = CASES[name].words()
    said = bare(text)
    left_out = [words for words in Reader(html).words if bare(words) and bare(words) not in said]
    assert left_out == []
    assert "<" not in text
    assert "\n\n\n" not in text
    assert max(map(len, text.splitlines())) < 400


@each
def test_a_subject_is_short_and_begins_with_what_matters(name: str) -> None:
    made = CASES[name].made()
    assert len(made.subject) <= 60
    assert made.subject.startswith(made.first[:8])
    assert made.todo == any(word in made.first for word in TODO)


def test_every_letter_has_an_example(repo: Path) -> None:
    kinds = {path.stem for path in (repo / "templates/letters").iterdir() if path.name not in PARTS}
    assert kinds == {case.template for case in CASES.values()}


def test_the_page_of_letters_is_true(repo: Path) -> None:
    """Written by `make templates`; its pictures by `make letters`."""
    assert (repo / "docs" / page.NAME).read_text("utf-8") == page.page(), "run `make templates`"
    pictures = {path.stem for path in (repo / "docs" / page.PICTURES).glob("*.png")}
    assert pictures == set(CASES), "run `make letters`"
    assert max(path.stat().st_size for path in (repo / "docs" / page.PICTURES).glob("*.png")) < 120_000
