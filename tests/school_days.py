"""Any school's day, drawn: what the laws of merging are tried on."""

from collections.abc import Sequence

from hypothesis import strategies as st

from pipeline import merge
from pipeline.model import Checked, Mode, Record
from tests.submissions import bad, checked, later, line, row

NAMES = "甲乙丙丁"


@st.composite
def submissions(draw: st.DrawFn, most: int = 6) -> list[Checked]:
    """A school's day: files of every mode over four children of two classes, return workbooks among them."""
    made: list[Checked] = []
    for seq in range(1, draw(st.integers(1, most)) + 1):
        made.append(draw(a_submission(seq, made)))
    return made


@st.composite
def a_submission(draw: st.DrawFn, seq: int, before: Sequence[Checked]) -> Checked:
    if before and draw(st.integers(0, 4)) == 0:
        twin = draw(st.sampled_from(before))
        return checked(
            seq, twin.records, refused=twin.refused, voided=twin.voided, mode=twin.mode,
            content=twin.reading.content_sha, returned=bool(twin.reading.claims and twin.reading.claims.returned),
        )  # fmt: skip
    tickets = [merge.ticket_code(b.arrival.seq, "rows", r.row) for b in before for r in b.refused]
    returned = bool(tickets) and draw(st.booleans())
    mode = draw(st.sampled_from([Mode.FIRST, Mode.FULL, Mode.ADD, Mode.LATE]))
    records: list[Record] = []
    refused = []
    for number, name in enumerate(draw(st.lists(st.sampled_from(NAMES), unique=True)), start=8):
        class_key = "三3" if name in "甲乙" else "四1"
        ticket = draw(st.sampled_from(["", *tickets])) if returned else ""
        if draw(st.integers(0, 3)) == 0:
            refused.append(bad(number, draw(st.sampled_from(["", f"{class_key}-{name}"])), ticket=ticket))
        else:
            symptoms = draw(st.sampled_from(["S01", "S02"]))
            records.append(row(name, number, class_key=class_key, ticket=ticket, symptoms=symptoms))
    lines = draw(st.lists(st.sampled_from(["三3", "四1"]), unique=True)) if draw(st.booleans()) else []
    voided = draw(st.lists(st.sampled_from(tickets), unique=True, max_size=1)) if returned else []
    hours = draw(st.sampled_from([0, 0, 0, 5, 24]))
    return checked(
        seq, [*records, *map(line, lines)], mode=mode, refused=refused, voided=voided, at=later(hours=hours),
        returned=returned,
    )  # fmt: skip
