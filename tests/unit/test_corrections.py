"""The correction rules of a 缺课日报, one by one, as a school would meet them. The table is in
docs/adr/mending.md: what is not tested here is named there with its place.
"""

from dataclasses import replace

import pytest

from pipeline import issues, merge
from pipeline.merge import ClassCount, Event, ReportState, ReportStep
from pipeline.model import Checked, Issue, Mode, Policy, Refused, State
from tests.submissions import DAY, SCHOOL, bad, checked, later, line, row

EMPTY = ReportState(DAY, SCHOOL, "本部", classes={"三3": 40, "四1": 38})
NEXT_DAY = later(days=1)


def take(standing: ReportState, one: Checked) -> ReportStep:
    return merge.step(standing, Event(one.arrival.seq, one), Policy())


def after(*submissions: Checked) -> ReportState:
    standing = EMPTY
    for one in submissions:
        standing = take(standing, one).after
    return standing


def told(step: ReportStep) -> dict[str, dict[str, str]]:
    who = {issue.code: {"who": issues.rows_in_words(issue)} if issue.rows_of else {} for issue in step.issues}
    return {issue.code: dict(issue.details) | who[issue.code] for issue in step.issues}


def known_as(refused: Refused, key: str) -> Refused:
    return replace(refused, key=key)


# --------------------------------------------------------------------------- 报送方式, campus and classes


def test_a_file_is_no_word_on_classes_it_does_not_name() -> None:
    before = after(checked(1, [line("三3"), row("甲")]))
    step = take(before, checked(2, [line("四1")], mode=Mode.FULL))
    assert (step.state, step.withdrawn, list(step.after.rows)) == (State.ACCEPTED, 0, ["三3-甲"])
    assert step.after.lines.keys() == {"三3", "四1"}


def test_a_file_whose_class_lines_all_went_back_is_no_word_on_the_whole_campus() -> None:
    wrong = Refused("classes", 4, {}, (Issue("class-unreadable", row=4),))
    standing = after(checked(1, [row("甲")], refused=[wrong]))
    assert standing.lines.keys() == {"三3"}, "only the class its row speaks for"
    step = take(after(checked(1, [line("三3"), line("四1"), row("乙", class_key="四1")])), checked(2, refused=[wrong]))
    assert step.withdrawn == 0


def test_an_addition_never_takes_anything_away() -> None:
    before = after(checked(1, [row("甲"), line("三3", 40, 2)]))
    step = take(before, checked(2, [row("乙"), line("三3", 40, 1)], mode=Mode.ADD))
    assert sorted(step.after.rows) == ["三3-乙", "三3-甲"]
    assert step.after.lines["三3"].other_absent == 2


# --------------------------------------------------------------------------- withdrawing


def test_the_receipt_counts_and_names_what_a_correction_takes_away() -> None:
    before = after(checked(1, [row("甲", 8), row("乙", 9), row("丙", 10)]))
    step = take(before, checked(2, [row("甲", 8), row("丙", 9)], mode=Mode.FULL))
    assert step.withdrawn == 1
    assert told(step)["rows-withdrawn"] == {"rows": "1", "who": "流水号 000001 里 三3-乙（第 9 行）"}


def test_a_second_file_that_would_withdraw_is_held_and_names_whom() -> None:
    before = after(checked(1, [row("甲", 8), row("乙", 9)]))
    step = take(before, checked(2, [row("甲")]))
    assert step.state is State.HELD
    assert told(step)["would-withdraw"]["who"] == "流水号 000001 里 三3-乙（第 9 行）"


def test_of_many_that_go_twenty_are_named() -> None:
    before = after(checked(1, [row(f"甲{n:02}", n) for n in range(8, 108)]))
    step = take(before, checked(2, [row("甲08")], mode=Mode.FULL))
    assert told(step)["withdraws-most"]["who"].count("、") == 19


# --------------------------------------------------------------------------- the day


@pytest.mark.parametrize(("days", "which"), [(1, "昨天"), (2, "前天"), (5, "5 天前")])
@pytest.mark.parametrize("mode", [Mode.FIRST, Mode.ADD, Mode.LATE])
def test_a_file_for_a_past_day_that_has_a_report_is_asked_about(mode: Mode, days: int, which: str) -> None:
    step = take(after(checked(1, [row("甲")])), checked(2, [row("甲"), row("乙")], mode=mode, at=later(days=days)))
    assert step.state is State.HELD
    assert told(step)["past-day-reported"]["which"] == which


def test_classes_that_were_silent_may_come_late() -> None:
    before = after(checked(1, [line("三3"), row("甲")]))
    late = checked(2, [line("四1"), row("乙", class_key="四1")], mode=Mode.LATE, at=NEXT_DAY)
    assert take(before, late).state is State.ACCEPTED
    assert take(before, replace(late, mode=Mode.FIRST)).state is State.HELD, "it may be of today with a wrong date"


def test_a_full_correction_of_a_past_day_is_taken() -> None:
    step = take(after(checked(1, [row("甲")])), checked(2, [row("甲"), row("乙")], mode=Mode.FULL, at=NEXT_DAY))
    assert step.state is State.ACCEPTED


def test_a_return_workbook_of_a_past_day_is_taken() -> None:
    before = after(checked(1, [row("甲")], refused=[bad(9)]))
    step = take(before, checked(2, [row("乙", ticket="T1-9")], returned=True, at=NEXT_DAY))
    assert step.state is State.ACCEPTED
    assert step.after.head is not None
    assert step.after.head.on_time, "by first arrival"


def test_how_it_is_sent_must_be_told_where_it_matters() -> None:
    """报送方式 that nobody can read: taken while nothing hangs on it, else the file goes back, not the question."""
    unread = Issue("mode-unknown-left", "缺课登记", "F4", column="报送方式", value="更整")
    back = Refused("file", 0, {"mode": "更整"}, ())
    before = after(checked(1, [row("甲"), row("乙")]))
    fine = take(before, replace(checked(2, [row("甲"), row("乙"), row("丙")]), issues=(unread,), back=back))
    assert fine.state is State.ACCEPTED
    step = take(before, replace(checked(2, [row("甲")]), issues=(unread,), back=back))
    assert (step.state, [issue.code for issue in step.issues]) == (State.REJECTED, ["mode-unclear"])
    assert [(ticket.ticket, ticket.table) for ticket in step.opened] == [("T2-F0", "file")]
    assert step.after.rows is before.rows


# --------------------------------------------------------------------------- tickets, in any order


def test_one_some_all_in_any_return_workbook_that_was_sent() -> None:
    """The first return workbook mended bit by bit, though each time a newer one was sent back."""
    standing = after(checked(1, [row("甲")], refused=[bad(9, "三3-乙"), bad(10, "三3-丙")]))
    step = take(
        standing, checked(2, [row("乙", 5, ticket="T1-9")], refused=[bad(6, "三3-丙", ticket="T1-10")], returned=True)
    )
    assert [(t.ticket, t.state) for t in step.opened] == [("T2-6", "open")]
    same = [row("乙", 5, ticket="T1-9"), row("丙", 6, ticket="T1-10")]
    step = take(step.after, checked(3, same, returned=True))
    assert (step.state, step.opened) == (State.ACCEPTED, ())
    assert {name: t.state for name, t in step.after.tickets.items()} == {
        "T1-9": "mended",
        "T1-10": "superseded",
        "T2-6": "mended",
    }


def test_what_is_not_mended_yet_is_said_though_all_that_came_was_taken() -> None:
    standing = after(checked(1, [row("甲")], refused=[bad(9, "三3-乙"), bad(10, "三3-丙"), bad(11, "三3-丁")]))
    step = take(standing, checked(2, [row("乙", 5, ticket="T1-9")], voided=["T1-11"], returned=True))
    left = {"count": "1", "where": "退回修正表 000001"}
    assert (step.state, told(step)) == (State.ACCEPTED, {"rows-void": {"count": "1"}, "rows-still-back": left})
    step = take(step.after, checked(3, [row("丙", 6, ticket="T1-10")], returned=True))
    assert (step.state, told(step)) == (State.ACCEPTED, {})


def test_a_row_left_wrong_in_an_older_return_workbook_is_past_once_it_was_mended() -> None:
    standing = after(
        checked(1, [row("甲")], refused=[bad(9), bad(10)]), checked(2, [row("乙", 5, ticket="T1-9")], returned=True)
    )
    step = take(standing, checked(3, [row("丙", 6, ticket="T1-10")], refused=[bad(5, ticket="T1-9")], returned=True))
    assert (step.state, step.refused, told(step)) == (State.ACCEPTED, 0, {"rows-settled": {"which": "5"}})


def test_a_row_under_a_ticket_of_another_report_goes_back_and_the_others_are_taken() -> None:
    before = after(checked(1, [row("甲")], refused=[bad(9)]))
    step = take(before, checked(2, [row("乙", 4, ticket="T1-9"), row("丙", 5, ticket="T99-9")], returned=True))
    assert (step.state, step.accepted, step.refused, list(told(step))) == (State.PARTIAL, 1, 1, ["ticket-foreign"])
    assert sorted(step.after.rows) == ["三3-乙", "三3-甲"]
    assert [(ticket.ticket, ticket.state) for ticket in step.opened] == [("T2-5", "open")]


@pytest.mark.parametrize("mode", [Mode.ADD, Mode.FULL])
@pytest.mark.parametrize("returned", [True, False])
def test_a_row_that_goes_back_twice_without_its_ticket_is_asked_for_once(mode: Mode, returned: bool) -> None:
    """Whether its ticket was lost, invented or copied: nobody is listed twice in tomorrow's template."""
    before = after(checked(1, [row("甲")], refused=[bad(9, "三3-乙")]))
    again = checked(2, [line("三3"), row("甲")], mode=mode, refused=[bad(5, "三3-乙")], returned=returned)
    step = take(before, again)
    assert {name: ticket.state for name, ticket in step.after.tickets.items()} == {"T1-9": "superseded", "T2-5": "open"}
    step = take(step.after, checked(3, [row("乙", 5, ticket="T77-9")], returned=True))
    assert [name for name, ticket in step.after.tickets.items() if ticket.state == "open"] == ["T3-5"]


def test_of_two_namesakes_that_went_back_each_keeps_a_ticket() -> None:
    before = after(checked(1, [row("甲")], refused=[bad(9, "三3-乙"), bad(10, "三3-乙")]))
    step = take(before, checked(2, refused=[bad(5, "三3-乙")], returned=True))
    assert [name for name, ticket in step.after.tickets.items() if ticket.state == "open"] == ["T1-10", "T2-5"]


def test_a_waived_ticket_leaves_the_old_record_no_longer_waiting() -> None:
    before = after(checked(1, [row("甲")]), checked(2, [line("三3")], mode=Mode.FULL, refused=[bad(9, "三3-甲")]))
    rested = merge.waive(before, "T2-9", "d7")
    assert merge.pending(before) == {"三3-甲"}
    assert not merge.pending(rested)
    assert rested.rows is before.rows


def test_a_record_waits_behind_one_ticket_only() -> None:
    before = after(checked(1, [row("甲", 8)]))
    step = take(before, checked(2, mode=Mode.FULL, refused=[bad(8), bad(9, "三3-甲")]))
    assert [ticket.behind for ticket in step.opened] == ["", "三3-甲"]


def test_a_ticket_on_two_rows_lets_the_first_in() -> None:
    standing = after(checked(1, [row("甲")], refused=[bad(9)]))
    rows = [row("乙", 5, ticket="T1-9"), row("丙", 6, ticket="T1-9")]
    step = take(standing, checked(2, rows, returned=True))
    assert (step.state, step.accepted, step.refused) == (State.PARTIAL, 1, 1)
    assert told(step)["ticket-doubled"] == {"first": "5"}
    step = take(step.after, checked(3, [row("丙", 4, ticket="T2-6")], returned=True))
    assert sorted(step.after.rows) == ["三3-丙", "三3-乙", "三3-甲"]


def test_a_ticket_on_two_equal_rows_is_one_row() -> None:
    standing = after(checked(1, [row("甲")], refused=[bad(9)]))
    step = take(standing, checked(2, [row("乙", 5, ticket="T1-9"), row("乙", 6, ticket="T1-9")], returned=True))
    assert (step.state, step.refused) == (State.ACCEPTED, 0)


def test_a_new_row_in_a_return_workbook_is_an_addition_and_said() -> None:
    standing = after(checked(1, [row("甲")], refused=[bad(9)]))
    step = take(standing, checked(2, [row("乙", 5, ticket="T1-9"), row("丁", 6)], returned=True))
    assert sorted(step.after.rows) == ["三3-丁", "三3-乙", "三3-甲"]
    assert told(step) == {"return-row-new": {"which": "6"}}


def test_a_void_of_a_foreign_ticket_is_said_and_the_rest_is_taken() -> None:
    standing = after(checked(1, [row("甲")], refused=[bad(9)]))
    step = take(standing, checked(2, [row("乙", 5, ticket="T1-9")], voided=["T77-3"], returned=True))
    assert (step.state, list(told(step))) == (State.ACCEPTED, ["void-foreign"])


def test_a_void_takes_the_old_record_away_and_names_it() -> None:
    standing = after(checked(1, [row("甲", 8)]), checked(2, mode=Mode.FULL, refused=[bad(8)]))
    step = take(standing, checked(3, voided=["T2-8"], returned=True))
    assert (step.withdrawn, dict(step.after.rows)) == (1, {})
    assert told(step)["rows-withdrawn"]["who"] == "流水号 000001 里 三3-甲（第 8 行）"


def test_a_class_line_comes_home_or_is_void() -> None:
    wrong = Refused("classes", 5, {}, (Issue("class-row-repeated", row=5),))
    standing = after(checked(1, [line("三3"), row("甲")], refused=[wrong]))
    mended = take(standing, checked(2, [line("四1")._replace(ticket="T1-C5")], returned=True)).after
    void = take(standing, checked(2, voided=["T1-C5"], returned=True)).after
    assert (mended.tickets["T1-C5"].state, mended.lines.keys()) == ("mended", {"三3", "四1"})
    assert (void.tickets["T1-C5"].state, void.lines) == ("void", {"三3": ClassCount(40)})
    again = take(mended, checked(3, [line("四1")._replace(ticket="T1-C5")], returned=True, content="x"))
    assert again.state is State.ACCEPTED, "equal to what stands"


def test_what_the_county_let_rest_may_come_home_all_the_same() -> None:
    standing = merge.waive(after(checked(1, [row("甲")], refused=[bad(9)])), "T1-9", "2")
    step = take(standing, checked(3, [row("乙", 5, ticket="T1-9")], returned=True))
    assert (step.state, step.after.tickets["T1-9"].state) == (State.ACCEPTED, "mended")


# --------------------------------------------------------------------------- without their tickets


def test_rows_copied_by_hand_into_a_fresh_template_come_home() -> None:
    """首次报送 by habit: it says nothing of the others, and says so."""
    standing = after(checked(1, [row("甲"), row("丁", 10)], refused=[bad(9, "三3-乙")]))
    step = take(standing, checked(2, [row("乙", 8)]))
    assert (step.state, sorted(step.after.rows)) == (State.ACCEPTED, ["三3-丁", "三3-乙", "三3-甲"])
    assert (step.after.tickets["T1-9"].state, told(step)) == ("mended", {"rows-come-home": {"which": "9"}})


def test_a_row_whose_class_was_missing_is_known_by_name_and_start() -> None:
    standing = after(checked(1, [row("甲")], refused=[known_as(bad(9), f"|乙|{DAY}")]))
    other = take(standing, checked(2, [row("乙", start=later(days=-3).date())], mode=Mode.ADD))
    same = take(standing, checked(2, [row("乙")], mode=Mode.ADD))
    assert [step.after.tickets["T1-9"].state for step in (other, same)] == ["open", "mended"]


def test_a_fresh_template_with_another_child_in_it_is_asked_about() -> None:
    standing = after(checked(1, [row("甲"), row("丁", 10)], refused=[bad(9, "三3-乙")]))
    step = take(standing, checked(2, [row("乙", 8), row("戊", 9)]))
    assert (step.state, list(told(step))) == (State.HELD, ["would-withdraw"])


def test_a_whole_file_says_which_rows_came_home_and_which_were_let_go() -> None:
    standing = after(checked(1, [row("甲")], refused=[bad(9, "三3-乙"), bad(10, "三3-丙")]))
    step = take(standing, checked(2, [row("甲"), row("乙", 9)]))
    assert told(step) == {"rows-come-home": {"which": "9"}, "tickets-let-go": {"which": "10"}}
    assert {name: t.state for name, t in step.after.tickets.items()} == {"T1-9": "mended", "T1-10": "superseded"}


def test_of_a_row_without_a_name_nobody_says_it_was_let_go() -> None:
    standing = after(checked(1, [row("甲")], refused=[bad(9)]))
    assert told(take(standing, checked(2, [row("甲"), row("乙", 9)]))) == {}
    assert told(take(standing, checked(2, [row("甲")]))) == {"tickets-let-go": {"which": "9"}}
