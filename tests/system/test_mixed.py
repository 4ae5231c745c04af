"""A heap of files of every form in one inbox: each ends as foretold, everybody is answered, mended is as right.

`python -m benchmarks --mixed 1000` is the same with a thousand, and prints the table.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from pipeline import database
from tests import mixed
from tests.senders import FORMS

COUNT, SEED = 72, 7


@pytest.fixture(scope="module")
def done() -> Iterator[mixed.Done]:
    shared = Path("/dev/shm")
    root = Path(tempfile.mkdtemp(prefix="queke-mixed-", dir=shared if shared.is_dir() else None))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    try:
        yield mixed.run(mixed.new_site(root / "new"), root, COUNT, SEED)
    finally:
        database.close()
        structlog.reset_defaults()
        shutil.rmtree(root)


def test_every_file_ends_as_foretold_and_the_mended_stands_as_the_right(done: mixed.Done) -> None:
    assert done.complaints == ()


def test_every_form_came_right_and_wrong(done: mixed.Done) -> None:
    """Else the claim above would be a claim of little."""
    kinds = {(row[0], row[1].partition(":")[0]) for row in done.table()}
    assert {form for form, kind in kinds if kind == "right"} == set(FORMS)
    assert {form for form, kind in kinds if kind == "mistake"} == set(FORMS)
    assert {kind for _, kind in kinds} == {"right", mixed.AGAIN, "mistake", "hostile", "wrong door"}
    assert {row[2] for row in done.table()} == {"accepted", "partial", "rejected", "duplicate", "quarantined"}
    assert min(done.mending.values()) > COUNT / 10
