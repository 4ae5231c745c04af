"""Papers drawn with what a process keeps from those before are, byte for byte, those the library draws by itself."""

import hashlib
import pickle
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from pipeline.figures import card_books, cards, digest, papers
from pipeline.figures.paper_values import values_of
from pipeline.reports import letters, render
from tests import page_samples
from tests import paper_samples as samples

_PLAIN = """
import hashlib, pickle, sys
from pipeline.reports import fonts, render
fonts.pin()
from pipeline.reports import shortcuts
shortcuts.take, shortcuts.written_once = (lambda: None), None
for values in pickle.load(sys.stdin.buffer):
    print(hashlib.sha256(render.draw(values)).hexdigest())
"""


def all_kinds() -> list[Mapping[str, Any]]:
    made = (
        cards.card(page_samples.card()),
        card_books.worksheet(page_samples.card()),
        papers.page(page_samples.page(6)),
        papers.missing(page_samples.missing()),
        digest.digest(samples.county()),
    )
    return [letters.checked(values_of(one)) for one in made]


@pytest.fixture(scope="module")
def plain() -> list[str]:
    """What the library draws, in a process of its own, of each kind."""
    command = [sys.executable, "-c", _PLAIN]
    done = subprocess.run(command, input=pickle.dumps(all_kinds()), capture_output=True, check=True)
    return done.stdout.decode().split()


def drawn() -> list[str]:
    return [hashlib.sha256(render.draw(values)).hexdigest() for values in all_kinds()]


def test_papers_are_those_of_the_library_however_many_came_before(plain: list[str]) -> None:
    assert drawn() == plain


def test_what_is_kept_may_be_forgotten_in_the_middle_of_a_paper(
    plain: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    render.draw(all_kinds()[0])  # the library is loaded once the fonts are set
    from pipeline.reports import shortcuts

    monkeypatch.setattr(shortcuts, "_STYLES", 7)
    monkeypatch.setattr(shortcuts, "_LINES", 11)
    assert drawn() == plain
