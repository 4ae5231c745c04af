"""A week of a division: schools that were silent, late or wrong, and sums that give no small count away."""

from datetime import UTC, date, datetime

import pytest

from pipeline.database.models import Absence, Report, Submission
from pipeline.errors import UsageError
from pipeline.facts import periods
from pipeline.model import Policy, Site
from pipeline.registry import lookup
from pipeline.schooldays import ZONE
from pipeline.units import scope
from tests.contract.places import GULOU, XUANWU, school

NANJING = "320100"
MON, TUE, WED = (date(2026, 11, n) for n in (16, 17, 18))
DAYS = (MON, TUE, WED)
GOOD, LAZY, FAR = "2132010001", "2132010002", "2132010003"


@pytest.fixture
def week(site: Site) -> Site:
    school(GOOD, GULOU)
    school(LAZY, GULOU)
    school(FAR, XUANWU)
    return site


def report(code: str, day: date, ill: int = 0, *, late: bool = False, county: str = GULOU) -> None:
    Report.objects.create(
        day=day, school=code, campus="本部", division=county, current_seq=1, zero=not ill, rows=ill,
        first_seen=datetime(day.year, day.month, day.day, 8 if late else 6, tzinfo=UTC), on_time=not late, covered=2,
        from_settled=1,
    )  # fmt: skip
    Absence.objects.bulk_create(
        Absence(
            day=day, school=code, campus="本部", division=county, pupil=f"三3-{n}", class_key="三3", sex="1",
            reason="ill", row_state="new", start=day, began=day, symptoms="S01", from_settled=1, origin="1:8",
        )
        for n in range(ill)
    )  # fmt: skip


def sent_back(seq: int, code: str, day: date, state: str) -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    Submission.objects.create(
        received_seq=seq, sha256="0" * 64, name="a.xlsx", size=1, channel="folder", first_seen=at, received_at=at,
        path="archive/a", state=state, form="absence", unit=code, day=day,
    )  # fmt: skip


def seen_by(code: str):
    return scope(code, lookup.tree(), 3)


def tick(_: int) -> None:
    """Nobody looks on."""


def named(code: str, least: int) -> list[tuple[object, ...]]:
    return [row[:7] for row in periods.bulletin(seen_by(code), DAYS, least, tick).rows]


def ill(code: str) -> dict[object, object]:
    return {row[0]: row[9] for row in periods.summary(seen_by(code), DAYS, Policy(), tick).rows}


def test_a_bulletin_names_the_schools_of_its_reader_with_the_days(week: Site) -> None:
    for day in DAYS:
        report(GOOD, day)
    report(LAZY, MON, late=True)
    report(FAR, MON, county=XUANWU)
    sent_back(1, LAZY, MON, "partial")
    sent_back(2, LAZY, MON, "rejected")
    sent_back(3, LAZY, TUE, "held")
    assert named(GULOU, 2) == [(LAZY, "示例学校2", 3, 2, 1, 1, "11-17、11-18")]
    assert [row[1] for row in named(NANJING, 1)] == [LAZY, FAR]


def test_sums_above_county_leave_out_what_one_of_their_days_did(week: Site) -> None:
    report(GOOD, MON, 4)
    report(GOOD, TUE, 1)
    report(FAR, MON, 5, county=XUANWU)
    assert ill(GULOU) == {GOOD: 5, LAZY: 0, GULOU: 5}
    assert ill(NANJING) == {XUANWU: 5, GULOU: "—", NANJING: "—"}
    Absence.objects.filter(day=TUE).delete()
    assert ill(NANJING) == {XUANWU: 5, GULOU: 4, NANJING: 9}


def test_days_that_are_not_over_are_nobodys_fault() -> None:
    noon, evening = (datetime(2026, 11, 18, hour, tzinfo=ZONE) for hour in (12, 16))
    assert periods.days_over(None, None, noon, "15:00") == (MON, TUE)
    assert periods.days_over(None, WED, evening, "15:00") == DAYS
    assert periods.days_over(TUE, date(2026, 12, 31), evening, "15:00") == (TUE, WED)
    with pytest.raises(UsageError, match="is over"):
        periods.days_over(WED, None, noon, "15:00")
    with pytest.raises(UsageError, match="at most"):
        periods.days_over(date(2020, 1, 1), None, noon, "15:00")
