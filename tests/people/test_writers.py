"""What real libraries and programs save of our workbooks says the same as the right file.

openpyxl saves every right file itself; LibreOffice has tests of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pipeline.xlsx import guard, read
from tests.people import said, samples, writers
from tests.reading import take

KEPT = frozenset(("sheetjs", "xlsx-populate", "gnumeric"))
"""Those that keep our properties, by which a template is known; the others write a workbook of their own."""
ODD = "gnumeric"  # rows that no other program writes: read with care


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, str], bytes]:
    """What each writer saved of each form."""
    found = {}
    for writer, save in writers.VALUES.items():
        found |= {(writer, form): save(samples.sample(form)) for form in samples.NAMES}
    for library in writers.JAVASCRIPT:
        made = writers.by_javascript(library, samples.NAMES, tmp_path_factory.mktemp(library))
        found |= {(library, form): content for form, content in made.items()}
    made = writers.by_gnumeric(samples.NAMES, tmp_path_factory.mktemp("gnumeric"))
    return found | {("gnumeric", form): content for form, content in made.items()}


@pytest.mark.parametrize("form", samples.NAMES)
@pytest.mark.parametrize("writer", [*writers.VALUES, *writers.JAVASCRIPT, "gnumeric"])
def test_the_same_is_read_whichever_library_saved_it(
    writer: str, form: str, saved: Mapping[tuple[str, str], bytes]
) -> None:
    content, own = saved[writer, form], samples.sample(form).template
    right, got = take(samples.sample(form).content), take(content)
    assert said.said(got, lost=writer not in KEPT) == said.said(right, lost=writer not in KEPT)
    assert [issue.code for issue in got.issues] == [issue.code for issue in right.issues]
    assert writer == ODD or guard.look(content).verdict == "plain"
    properties = read.properties(said.unpacked(content))
    assert properties == (read.properties(said.unpacked(own)) if writer in KEPT else {})
