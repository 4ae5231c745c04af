"""On PostgreSQL many rows go by COPY: what then stands, what is counted and what is refused is as one by one."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.db import DatabaseError
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import database
from pipeline.database import copying, sql, transactions
from pipeline.model import Site
from tests.sites import KEY

AT = "2026-11-20 06:00:00+00"
COUNTER, REPORT = ("name", "value"), ("day", "school", "campus", "division", "current_seq", "seqs", "first_seen")
MORE = ("zero", "on_time", "late_classes", "covered", "rows", "other_absent", "reporter", "reviewer", "from_settled")
LETTER = ("kind", "ref", "reader", "state", "day", "queued_at", "path", "sha256")
names = st.sampled_from(["一班", "b", "c\t\\N", "d\n", 'e"'])
numbers = st.integers(-3, 2**40)
letters = st.tuples(
    st.sampled_from(["receipt", "page"]), names, names, st.just("queued"), st.none() | st.just("2026-11-20"),
    st.just(AT), st.just(""), st.just(""),
)  # fmt: skip
reports = st.tuples(
    st.just("2026-11-20"), names, st.just("本部"), st.just("320106"), numbers, st.just('["\\\\", {"a": "\\t"}]'),
    st.just(AT), st.booleans(), st.booleans(), st.just("[]"), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9),
    names, names, numbers,
)  # fmt: skip
CASES: Sequence[tuple[str, str, Any]] = (
    ("counter", sql.upsert("counter", COUNTER, ("name",)), st.tuples(names, numbers)),
    ("counter", sql.insert("counter", COUNTER), st.tuples(names, numbers)),
    ("letter", sql.insert("letter", LETTER) + " ON CONFLICT (kind, ref, reader) DO NOTHING", letters),
    ("letter", sql.insert("letter", LETTER), letters),
    ("report", sql.upsert("report", (*REPORT, *MORE), REPORT[:3], ("current_seq", "zero")), reports),
)


@pytest.fixture(scope="module")
def server(postgres_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(root=tmp_path_factory.mktemp("copied"), database=postgres_template.database, key=KEY)
    database.open(site)
    yield site
    database.close()


def done(least: int, table: str, text: str, before: Sequence[Any], rows: Sequence[Any]) -> object:
    """What stands then, in the order of its numbers, and what was counted; or what was refused."""
    with pytest.MonkeyPatch.context() as patch, transactions.undone():
        sql.run(f"DELETE FROM {table}", [()])
        patch.setattr(copying, "LEAST", 10**9)
        first = sql.insert(table, LETTER if table == "letter" else COUNTER if table == "counter" else (*REPORT, *MORE))
        sql.run(f"{first} ON CONFLICT DO NOTHING", before)
        patch.setattr(copying, "LEAST", least)
        try:
            with transactions.atomic():
                count = [sql.run(text, rows), sql.run(text, rows[:1])]  # a second time in one transaction
        except DatabaseError as error:
            return type(error)
        order = "id" if table == "letter" else "1, 2"
        found = sql.fetch(f"SELECT * FROM {table} ORDER BY {order}")
        return count, [row[1:] if table in ("letter", "report") else row for row in found]


@pytest.mark.parametrize(("table", "text", "rows"), CASES)
def test_many_rows_end_as_one_by_one(server: Site, table: str, text: str, rows: Any) -> None:
    seeds = {"counter": CASES[0][2], "letter": CASES[2][2], "report": CASES[4][2]}
    assert copying.of(text) is not None

    @settings(max_examples=25)
    @given(st.lists(seeds[table], max_size=4), st.lists(rows, min_size=1, max_size=6))
    def law(before: Sequence[Any], given_rows: Sequence[Any]) -> None:
        one_by_one = done(10**9, table, text, before, given_rows)
        assert done(1, table, text, before, given_rows) == one_by_one

    law()


@pytest.mark.parametrize(
    "row",
    [("x" * 41, 1), (None, 1), ("x", None), ("x", "no number"), ("x\0y", 1), ("x", 2**70)],
    ids=["too long", "no key", "no value", "another type", "nul", "too large"],
)
def test_what_is_refused_is_refused_in_the_same_way(server: Site, row: Any) -> None:
    text, rows = CASES[0][1], [("a", 1), row]
    refused = done(10**9, "counter", text, [], rows)
    assert isinstance(refused, type)
    assert done(1, "counter", text, [], rows) is refused


def test_a_word_of_no_closed_set_is_refused(server: Site) -> None:
    row = ("no such kind", "1", "", "queued", None, AT, "", "")
    assert done(1, "letter", CASES[3][1], [], [row]) is done(10**9, "letter", CASES[3][1], [], [row])


def test_what_cannot_be_copied_goes_one_by_one(server: Site) -> None:
    assert copying.of("UPDATE counter SET value = %s WHERE name = %s") is None
    assert copying.of("DELETE FROM counter WHERE name = %s") is None
    twice = copying.of(CASES[0][1])
    assert twice is not None
    assert twice.doubled([("a", 1), ("a", 2)])
    assert not twice.doubled([("a", 1), ("b", 1)])


def test_rows_that_are_run_outside_a_transaction_are_stored(server: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "LEAST", 1)
    try:
        assert sql.run(sql.insert("counter", COUNTER), [("甲", 1), ("乙", 2)]) == 2
        assert sql.fetch("SELECT count(*) FROM counter WHERE name IN ('甲', '乙')") == [(2,)]
    finally:
        sql.run("DELETE FROM counter WHERE name IN ('甲', '乙')", [()])
