"""What goes and what stays, on both databases; and what stands of days that are kept as sums only."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline.database import acts, audit, kept, transactions
from pipeline.database.models import (
    Absence,
    Alert,
    AlertCase,
    CountyDay,
    Edition,
    Letter,
    Mail,
    Pupil,
    Reject,
    Report,
    Submission,
    Todo,
)
from pipeline.facts import county_day, exports
from pipeline.issues.refusals import Refusal
from pipeline.model import ActKind, LetterKind, Policy, Site, State
from pipeline.registry import lookup
from pipeline.run import acts_again, retaining
from pipeline.settling.retention import DETAIL, Removal
from pipeline.units import scope
from tests import whole_store
from tests.contract.settling import report
from tests.submissions import COUNTY, DAY, NOON, SCHOOL, bad, checked, later, row

YEARS_ON = datetime(2031, 3, 3, 20, tzinfo=UTC)
BY = Removal("测试员", YEARS_ON)
SINCE = retaining.bounds(Policy(), YEARS_ON).detail


def sent() -> None:
    Letter.objects.update(state="done")


def remove(before: date = SINCE) -> int:
    return retaining.remove_detail(before, BY, lambda _: None)


def test_whole_school_years_stay_besides_the_running_one() -> None:
    assert date(2027, 9, 1) == SINCE
    before = retaining.bounds(Policy(detail_years=4, page_years=2), datetime(2031, 9, 1, tzinfo=UTC))
    assert (before.detail, before.pages) == (date(2027, 9, 1), date(2029, 9, 1))


def test_detail_goes_and_sums_stay(school: Site) -> None:
    report(school, checked(1, [row("示例甲"), row("示例乙", 9)], refused=[bad(10)]))
    sent()
    county_day.refresh()
    before = county_day.kept([COUNTY], DAY, DAY)
    assert before[COUNTY][DAY].ill == 2
    remove()
    left = [Absence, Report, Reject, Pupil, Letter, Submission]
    assert [model.__name__ for model in left if model.objects.exists()] == []
    assert county_day.kept([COUNTY], DAY, DAY) == before
    assert audit.broken_at() is None


def test_sums_that_were_never_made_are_made_first(school: Site) -> None:
    report(school, checked(1, [row("示例甲")]))
    Todo.objects.all().delete()
    CountyDay.objects.all().delete()
    remove()
    assert county_day.kept([COUNTY], DAY, DAY)[COUNTY][DAY].ill == 1


def test_days_that_are_kept_stay_as_they_are(school: Site) -> None:
    report(school, checked(1, [row("示例甲")]), checked(2, [row("示例乙")], day=DAY + timedelta(days=1), at=later(1)))
    sent()
    remove(DAY + timedelta(days=1))
    assert list(Absence.objects.values_list("day", flat=True)) == [DAY + timedelta(days=1)]
    assert list(Submission.objects.values_list("received_seq", flat=True)) == [2]
    assert Pupil.objects.count() == 1
    assert kept.removed() == 1


def _held() -> None:
    Submission.objects.create(
        received_seq=9, sha256="9" * 64, name="9.xlsx", size=1, channel="folder", first_seen=NOON, received_at=NOON,
        path="spool/9", state=State.HELD, form="absence", unit=SCHOOL, day=DAY,
    )  # fmt: skip


def _failed() -> None:
    _held()
    Submission.objects.filter(pk=9).update(state=State.FAILED)


def _alerted() -> None:
    at = NOON - timedelta(days=3)
    Alert.objects.create(
        id="2026-0001", school_id=SCHOOL, campus="本部", division=COUNTY, scope="三3", group="FEV", stage="early",
        opened_day=DAY, opened_at=at, due_at=at, first_onset=DAY, last_onset=DAY, cases=1, ends_after=DAY,
    )  # fmt: skip
    AlertCase.objects.create(alert_id="2026-0001", pupil="三3-A", class_key="三3", onset=DAY, from_settled=1)


def _unanswered() -> None:
    mail = Mail.objects.create(
        account="main", folder="INBOX", validity=1, uid=1, sha256="1" * 64, size=1, at=NOON, received_at=NOON,
        state="taken", answerable=True, path="archive/x",
    )  # fmt: skip
    Submission.objects.filter(pk=1).update(mail=mail.pk)


def _unsent() -> None:
    Letter.objects.filter(kind="receipt").update(state="queued")


@pytest.mark.parametrize("waits", [_held, _failed, _alerted, _unanswered, _unsent])
def test_nothing_goes_of_what_waits(school: Site, waits: Callable[[], None]) -> None:
    report(school, checked(1, [row("示例甲")], refused=[bad(9)]))
    sent()
    waits()
    tables = ("absence", "report", "reject", "pupil", "submission", "alert_case")
    before = {table: rows for table, rows in whole_store.whole().items() if table in tables}
    remove()
    assert {table: rows for table, rows in whole_store.whole().items() if table in tables} == before


def test_a_file_that_could_not_be_read_waits_for_its_answer_while_later_days_go(school: Site) -> None:
    report(school, checked(1, [row("示例甲")], day=DAY + timedelta(days=1), at=later(1)))
    sent()
    Submission.objects.create(
        received_seq=9, sha256="9" * 64, size=1, name="坏.xlsx", channel="folder", first_seen=NOON, received_at=NOON,
        state=State.QUARANTINED, bound_unit=SCHOOL,
    )  # fmt: skip
    Letter.objects.create(kind="receipt", ref="9", reader=SCHOOL, state="queued", queued_at=NOON)
    remove()
    assert list(Submission.objects.values_list("received_seq", flat=True)) == [9]
    assert not Report.objects.exists(), "of the day after, nothing waits"


def test_of_a_closed_alert_its_pupils_go_and_its_numbers_stay(school: Site) -> None:
    _alerted()
    Alert.objects.update(closed_at=NOON, state="ended")
    remove()
    assert Alert.objects.get().cases == 1
    assert not AlertCase.objects.exists()


def test_letters_of_open_alerts_and_of_what_waits_stay(school: Site) -> None:
    _alerted()
    _held()
    for kind, ref in (("card", "2026-0001.1"), ("receipt", "9"), ("receipt", "8"), ("card", "2025-0001.1")):
        Letter.objects.create(kind=kind, ref=ref, reader=SCHOOL, state="done", queued_at=NOON)
    remove()
    assert sorted(Letter.objects.values_list("ref", flat=True)) == ["2026-0001.1", "9"]


def test_pages_go_and_digests_stay(school: Site) -> None:
    report(school, checked(1, [row("示例甲")]))
    county_day.refresh()
    for kind, place in ((LetterKind.PAGE, SCHOOL), (LetterKind.DIGEST, COUNTY)):
        Edition.objects.create(kind=kind, place=place, day=DAY, n=1, as_of_settled=1, made_at=NOON, figures={})
    assert retaining.remove_pages(SINCE, BY, lambda _: None) == 1
    assert list(Edition.objects.values_list("kind", flat=True)) == [LetterKind.DIGEST]
    assert retaining.remove_pages(SINCE, BY, lambda _: None) == 0


def test_a_day_that_is_kept_as_sums_is_counted_no_more(school: Site) -> None:
    report(school, checked(1, [row("示例甲")]))
    county_day.refresh()
    before = county_day.kept([COUNTY], DAY, DAY)
    remove()
    with pytest.raises(Refusal, match="2026-11-23"):
        county_day.count(DAY, [COUNTY])
    Todo.objects.create(kind="figures", code=COUNTY, day=DAY, settled=99)  # a calendar that touches it
    county_day.refresh()
    assert not Todo.objects.filter(kind="figures").exists()
    assert county_day.kept([COUNTY], DAY, DAY) == before
    whose = scope(COUNTY, lookup.tree(), 3)
    with pytest.raises(Refusal):
        exports.export("absence", whose, exports.DayRange(DAY, DAY))
    assert any("只留合计" in note for note in exports.export("absence", whose, exports.DayRange()).notes)
    assert not any("只留合计" in note for note in exports.export("alerts", whose, exports.DayRange()).notes)


def test_each_act_is_taken_again_with_the_same_end(school: Site) -> None:
    report(school, checked(1, [row("示例甲")]), checked(2, [row("示例乙")], at=later(1), day=DAY + timedelta(days=1)))
    sent()
    before = whole_store.whole()
    with acts.taken_again() as noted, transactions.undone():
        remove()
        told = [one for one in noted if one.what is ActKind.RETAIN]
        end = whole_store.whole()
    assert whole_store.whole() == before
    assert {one.said["kind"] for one in told} >= {DETAIL, "letters", "pupils"}
    with acts.taken_again(), transactions.undone():
        for one in told:
            acts_again.take(None, one.what, one.at, one.said)  # type: ignore[arg-type]  # nothing is read
        assert whole_store.differences(whole_store.whole(), end) == {}
