"""Settling writes what merge decides: all or nothing, the same in any batches and in any order."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.database.models import (
    Absence,
    AbsencePast,
    Letter,
    Pupil,
    Reject,
    Report,
    ReportClass,
    SchoolClass,
    Submission,
    Todo,
)
from pipeline.database.transactions import undone
from pipeline.errors import TemporaryError
from pipeline.model import Checked, Mode, Site, State
from tests.contract.settling import differences, journalled, report, settle, stands
from tests.school_days import submissions
from tests.submissions import COUNTY, DAY, SCHOOL, bad, checked, later, line, row

# --------------------------------------------------------------------------- what is written


def test_an_accepted_report_is_stored_with_its_pupils_and_its_county(school: Site) -> None:
    [done] = report(school, checked(1, [row("甲"), row("乙", 9), line("三3"), line("四1")]))
    kept = Submission.objects.get()
    assert (done.state, kept.settled_seq, done.accepted, kept.on_time) == (State.ACCEPTED, 1, 2, True)
    first = Absence.objects.get(pupil="三3-甲")
    assert (first.division, first.origin, first.from_settled, first.pending) == (COUNTY, "1:8", 1, False)
    assert (str(first.temperature), first.start, first.note) == ("38.2", DAY, "")
    assert set(Pupil.objects.values_list("name", flat=True)) == {"甲", "乙"}
    head = Report.objects.get()
    assert (head.rows, head.covered, head.zero, head.seqs, head.reporter) == (2, 2, False, [1], "李老师")
    assert Submission.objects.get().effective
    assert set(Todo.objects.values_list("kind", "code", "day")) == {
        ("warn", SCHOOL, DAY),
        ("figures", COUNTY, DAY),
        ("reconcile", SCHOOL, None),  # a roll is said otherwise
    }


def test_a_report_as_the_registry_has_it_needs_no_class_rows(school: Site) -> None:
    report(school, checked(1, [line("三3", 40), line("四1", None)]))
    assert not ReportClass.objects.exists()


def test_a_class_left_out_is_kept_as_silent_and_speaks_when_it_comes(school: Site) -> None:
    report(school, checked(1, [line("三3", 40)]))
    assert list(ReportClass.objects.values_list("key", "silent")) == [("四1", True)]
    report(school, checked(2, [line("四1", 38, 3)]))
    assert list(ReportClass.objects.values_list("key", "silent", "other_absent")) == [("四1", False, 3)]
    assert Report.objects.get().covered == 2


def test_an_unknown_class_is_taken_for_the_county_to_confirm(school: Site) -> None:
    report(school, checked(1, [row("甲", class_key="五2", class_name="五(2)班")]))
    new = SchoolClass.objects.get(key="五2")
    assert (new.name, new.state, new.valid_from) == ("五(2)班", "new", DAY)


def test_letters_are_queued_with_the_outcome_and_only_once(school: Site) -> None:
    report(school, checked(1, [row("甲")], refused=[bad(9)]))
    assert set(Letter.objects.values_list("kind", "ref", "reader")) == {
        ("receipt", "1", SCHOOL),
        ("giveback", "1", SCHOOL),
    }


def test_a_correction_keeps_what_stood_in_history(school: Site) -> None:
    report(
        school,
        checked(1, [row("甲"), row("乙"), row("丙")]),
        checked(2, [row("甲"), row("乙", symptoms="S06")], mode=Mode.FULL),
    )
    assert dict(Absence.objects.values_list("pupil", "from_settled")) == {"三3-甲": 1, "三3-乙": 2}
    past = AbsencePast.objects.order_by("pupil").values_list("pupil", "from_settled", "to_settled", "closed_by", "why")
    assert list(past) == [("三3-丙", 1, 2, "2", "withdrawn"), ("三3-乙", 1, 2, "2", "changed")]


def test_a_row_said_again_in_the_same_words_keeps_its_origin(school: Site) -> None:
    report(school, checked(1, [row("甲", 8)]), checked(2, [row("甲", 20), row("乙", 21)]))
    assert Absence.objects.get(pupil="三3-甲").origin == "1:8"
    assert not AbsencePast.objects.exists()


def test_a_superseded_submission_is_effective_no_more(school: Site) -> None:
    report(school, checked(1, [row("甲")]), checked(2, [row("甲"), row("乙")]))
    assert dict(Submission.objects.values_list("received_seq", "effective")) == {1: False, 2: True}


def test_a_waiting_record_is_marked_and_unmarked(school: Site) -> None:
    report(school, checked(1, [row("甲")]), checked(2, [line("三3")], mode=Mode.FULL, refused=[bad(9, "三3-甲")]))
    assert Absence.objects.get().pending
    assert Reject.objects.get().identity == "三3-甲"
    report(school, checked(3, [row("甲", 5, ticket="T2-9")], returned=True))
    assert not Absence.objects.get().pending
    assert Reject.objects.get().state == "mended"


def test_a_rejected_workbook_changes_nothing_but_gets_its_receipt(school: Site) -> None:
    [done] = report(school, checked(1, verdict="rejected"))
    assert done.state is State.REJECTED
    assert not Absence.objects.exists()
    assert not Report.objects.exists()
    assert Letter.objects.get().kind == "receipt"


def test_what_is_about_nothing_we_know_still_settles(school: Site) -> None:
    one = checked(1, verdict="quarantined", school="")
    [done] = report(school, replace(one, day=None, reading=replace(one.reading, claims=None)))
    assert done.state is State.QUARANTINED


def test_text_longer_than_its_column_is_cut_the_same_on_both_databases(school: Site) -> None:
    report(school, checked(1, [row("甲", note="长" * 500, hospital="院" * 200)]))
    assert len(Absence.objects.get().note) == 200


# --------------------------------------------------------------------------- promises


def test_a_submission_settles_once_and_nothing_of_a_second_try_counts(school: Site) -> None:
    [first, second] = journalled(school, [checked(1, [row("甲")]), checked(2, [row("乙")], day=later(days=1).date())])
    settle(school, first)
    before = stands(history=True)
    with pytest.raises(TemporaryError):
        settle(school, first, second)
    assert stands(history=True) == before
    assert Absence.objects.count() == 1


def test_the_same_content_three_times_changes_nothing_after_the_first(school: Site) -> None:
    rows = [row("甲"), row("乙")]
    done = report(school, *(checked(seq, rows, content="a") for seq in (1, 2, 3)))
    assert [one.state for one in done] == [State.ACCEPTED, State.DUPLICATE, State.DUPLICATE]


def test_copies_that_were_both_read_late_settle_in_one_batch(school: Site) -> None:
    same = [checked(seq, [row("甲")], content="said twice") for seq in (1, 2)]
    kept = journalled(school, [*same, checked(3, [row("乙")], mode=Mode.ADD)])
    settle(school, kept[2])
    assert [one.state for one in settle(school, *kept[:2], known=kept)] == [State.ACCEPTED, State.DUPLICATE]
    assert dict(Submission.objects.values_list("received_seq", "state")) == {
        1: "accepted",
        2: "duplicate",
        3: "accepted",
    }


def test_mending_gives_the_store_that_a_right_file_would_have_given(school: Site) -> None:
    right = [row("甲"), row("乙", 9), line("三3"), line("四1")]
    with undone():
        report(school, checked(1, right))
        expected = stands()["Absence"], stands()["ReportClass"]
    with undone():
        report(school, checked(1, [right[0], *right[2:]], refused=[bad(9)]))
        report(school, checked(2, [row("乙", 9, ticket="T1-9")], returned=True))
        mended = stands()["Absence"], stands()["ReportClass"]
    with undone():
        report(school, checked(1, [right[0], *right[2:]], refused=[bad(9)]), checked(2, right))
        sent_again = stands()["Absence"], stands()["ReportClass"]
    assert [_but_origin(rows) for rows in (mended, sent_again)] == [_but_origin(expected)] * 2


def _but_origin(tables: tuple[list[str], ...]) -> list[list[str]]:
    return [[text.replace("'2:9'", "'1:9'").replace("'2:8'", "'1:8'") for text in table] for table in tables]


LAW = settings(max_examples=12, derandomize=True)


@LAW
@given(made=submissions(), data=st.data())
def test_the_final_store_depends_on_received_order_only(school: Site, made: list[Checked], data: st.DataObject) -> None:
    order = data.draw(st.permutations(made))
    with undone():
        kept = journalled(school, made)
        for one in kept:
            settle(school, one)
        expected = stands()
    with undone():
        by_content = {one.arrival.sha256: one for one in journalled(school, made)}
        for one in order:
            settle(school, by_content[one.arrival.sha256], known=list(by_content.values()))
        assert differences(stands(), expected) == {}


@LAW
@given(made=submissions(), data=st.data())
def test_one_batch_of_all_is_as_many_batches_of_one(school: Site, made: list[Checked], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(made)))
    with undone():
        for one in journalled(school, made):
            settle(school, one)
        expected = stands(history=True)
    with undone():
        kept = journalled(school, made)
        settle(school, *kept[:cut])
        settle(school, *kept[cut:])
        assert differences(stands(history=True), expected) == {}
