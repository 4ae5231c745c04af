"""What a submission does to what stands for its report, and the laws that hold whatever it is."""

from hypothesis import given

from pipeline import merge
from pipeline.merge import ClassCount, Event, ReportState, ReportStep
from pipeline.model import Checked, Mode, Origin, Policy, State
from tests.school_days import submissions
from tests.submissions import DAY, SCHOOL, bad, checked, later, line, row

EMPTY = ReportState(DAY, SCHOOL, "本部", classes={"三3": 40, "四1": 38})
POLICY = Policy()


def take(standing: ReportState, one: Checked, *, forced: bool = False) -> ReportStep:
    return merge.step(standing, Event(one.arrival.seq, one, forced), POLICY)


def fold(*submissions: Checked) -> tuple[ReportState, list[State]]:
    standing, states = EMPTY, []
    for one in submissions:
        step = take(standing, one)
        standing = step.after
        states.append(step.state)
    return standing, states


def codes(step: ReportStep) -> list[str]:
    return [issue.code for issue in step.issues]


# --------------------------------------------------------------------------- the first file


def test_a_first_file_stands_with_its_rows_and_all_classes() -> None:
    standing, states = fold(checked(1, [row("甲"), row("乙", 9)]))
    assert states == [State.ACCEPTED]
    assert sorted(standing.rows) == ["三3-乙", "三3-甲"]
    assert standing.lines.keys() == {"三3", "四1"}
    assert standing.rows["三3-乙"].origin == Origin(1, 9)


def test_a_zero_report_stands_without_rows() -> None:
    standing, _ = fold(checked(1, [line("三3"), line("四1")]))
    assert standing.head is not None
    assert standing.head.zero


def test_a_report_speaks_only_for_the_classes_on_its_sheet() -> None:
    standing, _ = fold(checked(1, [line("三3", 41)]))
    assert standing.lines == {"三3": ClassCount(41)}


def test_a_row_that_goes_back_leaves_the_report_partial_with_a_ticket() -> None:
    step = take(EMPTY, checked(7, [row("甲")], refused=[bad(9)]))
    assert step.state is State.PARTIAL
    assert [ticket.ticket for ticket in step.opened] == ["T7-9"]
    assert (step.accepted, step.refused) == (1, 1)


def test_a_report_whose_only_row_went_back_is_no_zero_report() -> None:
    standing, _ = fold(checked(1, [line("三3")], refused=[bad(8)]))
    assert standing.head is not None
    assert not standing.head.zero


def test_a_report_whose_rows_all_went_back_says_nothing_until_the_last_is_settled() -> None:
    before, _ = fold(checked(1, [line("三3")], refused=[bad(8), bad(9)]), checked(2, voided=["T1-8"], returned=True))
    after = merge.waive(before, "T1-9", "7")
    assert before.head is not None
    assert after.head is not None
    assert (before.head.zero, after.head.zero) == (False, True)


# --------------------------------------------------------------------------- the same again


def test_the_same_cells_again_are_a_duplicate_and_change_nothing() -> None:
    one = checked(1, [row("甲")], content="a")
    before, _ = fold(one)
    step = take(before, checked(2, [row("甲")], content="a"))
    assert step.state is State.DUPLICATE
    assert step.after.rows is before.rows
    assert step.after.head is before.head


def test_the_same_cells_after_a_newer_version_are_held() -> None:
    before, _ = fold(checked(1, [row("甲")], content="a"), checked(2, [row("甲"), row("乙")], content="b"))
    step = take(before, checked(3, [row("甲")], content="a", mode=Mode.FULL))
    assert (step.state, codes(step)) == (State.HELD, ["older-again"])


def test_the_same_cells_after_a_rejected_one_are_tried_again() -> None:
    _, states = fold(checked(1, content="a", verdict="rejected"), checked(2, [row("甲")], content="a"))
    assert states == [State.REJECTED, State.ACCEPTED]


def test_a_first_part_sent_again_after_an_addition_is_a_duplicate() -> None:
    _, states = fold(
        checked(1, [row("甲")], content="a"),
        checked(2, [row("乙")], content="b", mode=Mode.ADD),
        checked(3, [row("甲")], content="a"),
    )
    assert states[-1] is State.DUPLICATE


# --------------------------------------------------------------------------- corrections


def test_a_second_file_that_drops_a_child_without_saying_so_is_held() -> None:
    before, _ = fold(checked(1, [row("甲"), row("乙")]))
    step = take(before, checked(2, [row("甲"), row("丙")]))
    assert (step.state, codes(step)) == (State.HELD, ["would-withdraw"])
    assert step.after.rows is before.rows


def test_a_second_file_that_drops_nobody_replaces_the_first() -> None:
    standing, states = fold(checked(1, [row("甲")]), checked(2, [row("甲", symptoms="S01 S02"), row("乙")]))
    assert states[-1] is State.ACCEPTED
    assert standing.rows["三3-甲"].values["symptoms"] == "S01 S02"
    assert standing.head is not None
    assert standing.head.seqs == (2,)


def test_a_full_correction_drops_what_it_leaves_out() -> None:
    standing, _ = fold(
        checked(1, [row("甲"), row("乙"), row("丙")]), checked(2, [row("甲"), row("丙")], mode=Mode.FULL)
    )
    assert sorted(standing.rows) == ["三3-丙", "三3-甲"]


def test_a_full_correction_that_drops_most_is_held_with_a_question() -> None:
    before, _ = fold(checked(1, [row(name) for name in "甲乙丙丁"]))
    step = take(before, checked(2, [row("甲")], mode=Mode.FULL))
    assert (step.state, codes(step)) == (State.HELD, ["withdraws-most"])


def test_half_of_the_rows_may_go_in_a_full_correction() -> None:
    _, states = fold(checked(1, [row(name) for name in "甲乙丙丁"]), checked(2, [row("甲"), row("乙")], mode=Mode.FULL))
    assert states[-1] is State.ACCEPTED


def test_a_corrected_name_is_no_loss() -> None:
    standing, states = fold(checked(1, [row("张三")]), checked(2, [row("张叁")], mode=Mode.FULL))
    assert states[-1] is State.ACCEPTED
    assert list(standing.rows) == ["三3-张叁"]


def test_a_released_file_is_applied_without_a_second_question() -> None:
    before, _ = fold(checked(1, [row(name) for name in "甲乙丙丁"]))
    step = take(before, checked(2, [row("甲")], mode=Mode.FULL), forced=True)
    assert step.state is State.ACCEPTED
    assert list(step.after.rows) == ["三3-甲"]


def test_two_teachers_with_different_classes_do_not_drop_each_others_rows() -> None:
    standing, states = fold(
        checked(1, [line("三3"), row("甲")]), checked(2, [line("四1"), row("乙", class_key="四1")], refused=[])
    )
    assert states == [State.ACCEPTED, State.ACCEPTED]
    assert sorted(standing.rows) == ["三3-甲", "四1-乙"]
    assert standing.head is not None
    assert standing.head.seqs == (1, 2)


def test_an_addition_adds_and_takes_nothing_away() -> None:
    standing, _ = fold(
        checked(1, [line("三3", 40, 2), row("甲")]), checked(2, [line("三3", 40, 0), row("乙")], mode=Mode.ADD)
    )
    assert sorted(standing.rows) == ["三3-乙", "三3-甲"]
    assert standing.lines["三3"].other_absent == 2


def test_an_addition_ends_a_zero_report() -> None:
    standing, _ = fold(checked(1), checked(2, [row("乙")], mode=Mode.ADD))
    assert standing.head is not None
    assert not standing.head.zero


# --------------------------------------------------------------------------- days


def test_a_past_day_that_has_a_report_needs_a_full_correction() -> None:
    before, _ = fold(checked(1, [row("甲")]))
    held = take(before, checked(2, [row("甲"), row("乙")], mode=Mode.LATE, at=later(days=1)))
    taken = take(before, checked(2, [row("甲"), row("乙")], mode=Mode.FULL, at=later(days=1)))
    assert (held.state, codes(held)) == (State.HELD, ["past-day-reported"])
    assert taken.state is State.ACCEPTED


def test_a_past_day_without_a_report_takes_a_late_one_as_late() -> None:
    standing, _ = fold(checked(1, [row("甲")], mode=Mode.LATE, at=later(days=2)))
    assert standing.head is not None
    assert not standing.head.on_time


def test_on_time_is_by_first_arrival_even_of_one_that_went_back() -> None:
    standing, _ = fold(checked(1, verdict="rejected"), checked(2, [row("甲")], at=later(hours=5)))
    assert standing.head is not None
    assert standing.head.on_time
    late, _ = fold(checked(2, [row("甲")], at=later(hours=3)))
    assert late.head is not None
    assert not late.head.on_time


def test_accepted_after_the_day_is_late_though_it_first_came_in_time() -> None:
    standing, _ = fold(checked(1, verdict="rejected"), checked(2, [row("甲")], at=later(days=1)))
    assert standing.head is not None
    assert not standing.head.on_time


# --------------------------------------------------------------------------- tickets


def test_mended_rows_make_what_a_right_first_file_would_have_made() -> None:
    mended, _ = fold(
        checked(1, [row("甲"), line("三3")], refused=[bad(9)]),
        checked(2, [row("乙", 5, ticket="T1-9")], returned=True),
    )
    right, _ = fold(checked(1, [row("甲"), row("乙", 9), line("三3")]))
    assert {i: s.values for i, s in mended.rows.items()} == {i: s.values for i, s in right.rows.items()}
    assert (mended.lines, mended.tickets["T1-9"].state) == (right.lines, "mended")


def test_a_void_ticket_brings_no_row() -> None:
    standing, states = fold(checked(1, [row("甲")], refused=[bad(9)]), checked(2, returned=True, voided=["T1-9"]))
    assert (states[-1], standing.tickets["T1-9"].state, list(standing.rows)) == (State.ACCEPTED, "void", ["三3-甲"])


def test_a_row_still_bad_goes_back_under_a_new_ticket() -> None:
    standing, states = fold(
        checked(1, [row("甲")], refused=[bad(9)]),
        checked(2, refused=[bad(5, ticket="T1-9")], returned=True),
    )
    assert states[-1] is State.PARTIAL
    assert {name: ticket.state for name, ticket in standing.tickets.items()} == {"T1-9": "superseded", "T2-5": "open"}


def test_a_row_sent_back_in_a_correction_keeps_its_old_record() -> None:
    standing, _ = fold(
        checked(1, [row("甲"), row("乙")]),
        checked(2, [row("甲")], mode=Mode.FULL, refused=[bad(9, "三3-乙")]),
    )
    assert merge.pending(standing) == {"三3-乙"}
    assert sorted(standing.rows) == ["三3-乙", "三3-甲"]


def test_a_row_without_a_name_keeps_the_record_of_the_same_excel_row() -> None:
    standing, _ = fold(
        checked(1, [row("甲", 8), row("乙", 9)]), checked(2, [row("甲", 8)], mode=Mode.FULL, refused=[bad(9)])
    )
    assert merge.pending(standing) == {"三3-乙"}


def test_a_waiting_record_makes_way_for_its_mended_row() -> None:
    before, _ = fold(
        checked(1, [row("甲", 8), row("乙", 9)]), checked(2, [row("甲", 8)], mode=Mode.FULL, refused=[bad(9)])
    )
    step = take(before, checked(3, [row("丙", 4, ticket="T2-9")], returned=True))
    assert sorted(step.after.rows) == ["三3-丙", "三3-甲"]
    assert not merge.pending(step.after)


def test_two_rows_under_one_ticket_void_it_once_and_leave_nothing_waiting() -> None:
    before, _ = fold(checked(1, [row("甲", 8)]), checked(2, mode=Mode.FULL, refused=[bad(8)]))
    step = take(before, checked(3, refused=[bad(8, ticket="T2-8")], voided=["T2-8"], returned=True))
    assert merge.pending(before) == {"三3-甲"}
    assert (dict(step.after.rows), merge.pending(step.after)) == ({}, frozenset())


def test_a_full_report_closes_earlier_tickets() -> None:
    standing, _ = fold(checked(1, [row("甲")], refused=[bad(9)]), checked(2, [row("甲"), row("乙")]))
    assert standing.tickets["T1-9"].state == "superseded"
    assert standing.tickets["T1-9"].closed_by == "2"


def test_a_return_workbook_after_a_full_report_is_held_unless_it_says_the_same() -> None:
    before, _ = fold(checked(1, [row("甲")], refused=[bad(9)]), checked(2, [row("甲"), row("乙")]))
    other = take(before, checked(3, [row("乙", 5, ticket="T1-9", symptoms="S06")], returned=True))
    same = take(before, checked(3, [row("乙", 5, ticket="T1-9")], returned=True))
    assert (other.state, codes(other)) == (State.HELD, ["ticket-closed"])
    assert same.state is State.ACCEPTED
    assert same.after.rows == before.rows


# --------------------------------------------------------------------------- laws


def what_stands(standing: ReportState) -> tuple[object, ...]:
    return standing.head, dict(standing.rows), dict(standing.lines), dict(standing.tickets)


@given(submissions())
def test_merged_twice_is_merged_once(made: list[Checked]) -> None:
    standing, states = fold(*made)
    last = made[-1]
    if states[-1] in {State.ACCEPTED, State.PARTIAL} and standing.head:
        again = checked(
            99, last.records, refused=last.refused, voided=last.voided, mode=last.mode,
            content=last.reading.content_sha, at=last.arrival.first_seen,
        )  # fmt: skip
        step = take(standing, again)
        assert step.state is State.DUPLICATE
        assert what_stands(step.after) == what_stands(standing)


@given(submissions())
def test_rows_in_are_rows_accepted_and_rows_sent_back(made: list[Checked]) -> None:
    standing = EMPTY
    for one in made:
        step = take(standing, one)
        if step.state in {State.ACCEPTED, State.PARTIAL}:
            said = [record for record in one.records if record.table == "rows"]
            settled = [dict(issue.details)["which"] for issue in step.issues if issue.code == "rows-settled"]
            past = sum(len(rows.split("、")) for rows in settled)
            assert step.accepted + step.refused + past == len(said) + len(one.refused)
            assert len(step.opened) == step.refused
            back = {ticket.refused.row for ticket in step.opened if ticket.refused}
            assert {record.identity for record in said if record.row not in back} <= step.after.rows.keys()
        standing = step.after


@given(submissions())
def test_only_a_correction_or_a_return_workbook_takes_rows_away(made: list[Checked]) -> None:
    standing = EMPTY
    for one in made:
        step = take(standing, one)
        gone = standing.rows.keys() - step.after.rows.keys()
        returned = bool(one.reading.claims and one.reading.claims.returned)
        assert not gone or one.mode is Mode.FULL or returned
        assert step.withdrawn == 0 or gone or returned
        standing = step.after


@given(submissions())
def test_what_is_not_applied_changes_nothing(made: list[Checked]) -> None:
    standing = EMPTY
    for one in made:
        step = take(standing, one)
        if step.state in {State.HELD, State.DUPLICATE}:
            assert what_stands(step.after) == what_stands(standing)
            assert step.issues
        standing = step.after


@given(submissions())
def test_every_record_marked_waiting_has_its_open_ticket_and_stands(made: list[Checked]) -> None:
    standing = EMPTY
    for one in made:
        standing = take(standing, one).after
        assert merge.pending(standing) <= standing.rows.keys()
        assert all(ticket.closed_by for ticket in standing.tickets.values() if ticket.state != "open")
        assert standing.head is not None or not standing.rows
