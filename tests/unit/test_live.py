"""Between editions, above county, counts of pupils are those that were printed; ranks of places."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.figures.county import CountyFigures
from pipeline.figures.digest import digest
from pipeline.figures.facts import DigestFacts
from pipeline.figures.live import live
from pipeline.figures.paper_values import values_of
from pipeline.figures.ranking import PlaceConduct, ranked
from tests.paper_samples import city


def more(facts: DigestFacts) -> DigestFacts:
    """The same day after two more were reported ill in each county, and a school that was silent."""

    def later(one: CountyFigures) -> CountyFigures:
        said = {"ill": one.ill + 2, "new_ill": one.new_ill + 2, "rate_ill_halves": one.rate_ill_halves + 4}
        symptoms = {name: n + 2 for name, n in one.symptoms.items()}
        return replace(one, **said, symptoms=symptoms, on_time=one.on_time + 1, missing=max(0, one.missing - 1))

    days = {
        county: {day: later(one) if day == facts.day else one for day, one in known.items()}
        for county, known in facts.days.items()
    }
    return replace(facts, days=days)


PUPILS = ("ill", "ill_shown", "rate", "change", "label", "level")


def test_what_changes_between_editions_is_no_count_of_pupils() -> None:
    printed = digest(city())
    later = live(digest(more(city())), values_of(printed))
    assert digest(more(city())).below_total.ill != printed.below_total.ill
    assert (later.curve, later.symptoms, later.sentence) == (printed.curve, printed.symptoms, printed.sentence)
    for now, then in zip((*later.below, later.below_total), (*printed.below, printed.below_total), strict=True):
        assert [getattr(now, name) for name in PUPILS] == [getattr(then, name) for name in PUPILS]
    assert later.headlines[1].figure == printed.headlines[1].figure
    assert later.headlines[0] == digest(more(city())).headlines[0]


def test_before_the_first_edition_there_is_none() -> None:
    later = live(digest(more(city())), None)
    assert {row.ill_shown for row in later.below} == {"—"}
    assert (later.symptoms, later.headlines[1].figure, later.curve[-1][1]) == ((), "—", None)


conducts = st.builds(
    lambda due, share, files, back: (due, min(share, due), files, min(back, files)),
    *(st.integers(0, 40),) * 4,
)


@given(st.lists(conducts, max_size=8))
def test_ranks_follow_shares_and_equals_share_one(given_: list[tuple[int, int, int, int]]) -> None:
    places = [
        PlaceConduct(f"{n:06d}", "", due=due, on_time=on_time, files=files, back=back)
        for n, (due, on_time, files, back) in enumerate(given_)
    ]
    rows, known = ranked(places), {one.code: one for one in places}
    assert sorted(row.code for row in rows) == sorted(known)
    shares = [(known[row.code].timely, known[row.code].right or 0.0) for row in rows if row.rank]
    assert shares == sorted(shares, reverse=True)
    assert all((row.rank == 0) == (known[row.code].due == 0) for row in rows)
    assert len(set(shares)) == len({row.rank for row in rows if row.rank})
