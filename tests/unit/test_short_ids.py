"""Ids for people: typed without quotes, read out over the telephone, the same whatever came first."""

import re
import shlex
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pipeline import short_ids
from tests.submissions import ZONE

START = datetime(2026, 11, 20, 8, tzinfo=ZONE)
TEXTS = st.text(max_size=12)


@given(TEXTS, TEXTS, TEXTS)
def test_an_id_is_typed_without_quotes_and_read_out_without_doubt(school: str, campus: str, scope: str) -> None:
    made = [short_ids.closure(school, campus, scope, START), short_ids.new_class(school, campus, 2026, scope)]
    made.append(short_ids.matter(school, campus, "roll", scope))
    assert all(re.fullmatch("[CKM][2-9A-HJKMNP-Z]{8}", one) and shlex.quote(one) == one for one in made)
    assert len({one[1:] for one in made}) == 3, "not by the letter alone"


def test_an_id_is_of_the_moment_not_of_how_it_is_written() -> None:
    about = ("2132000001", "本部", "三3")
    assert short_ids.closure(*about, START) == short_ids.closure(*about, START.astimezone(UTC))


@given(st.lists(TEXTS, min_size=2, max_size=4), st.integers(1, 3))
def test_parts_that_are_split_elsewhere_are_another_id(parts: list[str], at: int) -> None:
    joined = ["".join(parts[:at]), "".join(parts[at:])]
    assert (short_ids.short_code(parts) == short_ids.short_code(joined)) is (parts == joined)
