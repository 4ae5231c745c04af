"""Two versions of a report beside each other: nothing is lost, and equal lines are only counted."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.figures.side_by_side import CHANGED, GONE, NEW, pair

HEADS = ("班级", "症状", "体温")
lines = st.dictionaries(st.sampled_from("甲乙丙丁戊"), st.tuples(*[st.sampled_from(["", "一", "二"])] * 3))


@given(lines, lines)
def test_every_line_is_shown_or_equal_in_both(
    before: dict[str, tuple[str, ...]], after: dict[str, tuple[str, ...]]
) -> None:
    made = pair(HEADS, before, after)
    assert len(made.lines) + made.equal == len({*before, *after})
    for one in made.lines:
        kept = dict(zip(made.heads, one.cells, strict=True))
        for version, side in ((before, "before"), (after, "after")):
            for head, text in zip(HEADS, version.get(one.of, ("",) * 3), strict=True):
                assert (getattr(kept[head], side) if head in kept else "") == text
        has = (one.of in before, one.of in after)
        assert has == (one.has_before, one.has_after) == (one.change != NEW, one.change != GONE)
        assert one.change != CHANGED or before[one.of] != after[one.of]


@given(lines)
def test_equal_versions_have_nothing_to_show(both: dict[str, tuple[str, ...]]) -> None:
    assert pair(HEADS, both, dict(both)).lines == ()
