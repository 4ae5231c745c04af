"""What may be typed by somebody is read by nobody who may not see names: every code of the catalogue is tried."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline import forms, issues
from pipeline.figures import batch_summary, deskwork, receipts
from pipeline.figures.batch_summary import SummaryFacts, SummaryLine
from pipeline.figures.receipts import ReceiptFacts
from pipeline.forms import whole
from pipeline.model import FileRows, Issue, Level, Repair, State
from pipeline.units import Scope
from tests.paper_samples import DAY, NOW

TYPED = "示例童密"
COUNTY = Scope(Level.COUNTY, "320114", frozenset(["320114"]))


def said(code: str, row: int = 0) -> Issue:
    """An issue whose every secret detail, and the cell, was typed by its sender."""
    public = issues.CATALOGUE[code].public
    details = tuple(
        (name, "12" if name in public else TYPED) for name in sorted(issues.CATALOGUE[code].details | {"stranger"})
    )
    value = "" if "value" in public else TYPED
    rows_of = (FileRows(12, ((TYPED, 9),), TYPED),)
    return Issue(code, "缺课登记", f"C{row}" if row else "", row, "姓名", value, details, rows_of)


def facts(issue: Issue, state: State, scope: Scope | None) -> ReceiptFacts:
    return ReceiptFacts(
        scope=scope,
        seq=15482,
        state=state,
        form=forms.form("absence").title,
        unit="2132000001",
        unit_name="南京市示例第一小学",
        day=DAY,
        campus="本部",
        received_at=NOW,
        on_time=True,
        accepted=5,
        refused=1,
        withdrawn=0,
        zero=False,
        issues=(issue,),
        repairs=(Repair("缺课登记", "B9", "姓名", TYPED, TYPED, 9),),
    )


def leaking(shown: Callable[[Issue], object]) -> list[str]:
    """The codes of which what was typed is seen."""
    return [code for code in issues.CATALOGUE for row in (0, 9) if TYPED in str(shown(said(code, row)))]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("scope", [COUNTY, None], ids=["county", "unknown"])
def test_a_receipt_shows_no_cell_to_whoever_may_not_see_names(state: State, scope: Scope | None) -> None:
    assert leaking(lambda issue: receipts.receipt(facts(issue, state, scope))) == []


@pytest.mark.parametrize("state", State)
def test_a_list_of_a_batch_shows_no_cell(state: State) -> None:
    def listed(issue: Issue) -> object:
        line = SummaryLine("日报.xlsx", facts(issue, state, COUNTY))
        return batch_summary.summary(SummaryFacts(COUNTY, "320114", "示例区", NOW, (line,)))

    assert leaking(listed) == []


def test_a_countys_desk_shows_no_cell() -> None:
    form = forms.form("absence")
    raw = {"name": TYPED, "note": TYPED}
    assert leaking(lambda issue: deskwork.in_words([issue])) == []
    assert leaking(lambda issue: deskwork.held(form.title, "整份更正", [issue])) == []
    assert leaking(lambda issue: deskwork.wrong_cells(form, "rows", raw, [issue])) == []
    assert leaking(lambda issue: deskwork.wrong_cells(form, whole.FILE, {}, [issue])) == []


def test_a_log_line_or_a_traceback_shows_no_cell() -> None:
    assert leaking(repr) == []
    assert TYPED not in repr(Repair("缺课登记", "B9", "姓名", TYPED, TYPED, 9))


def test_its_school_reads_what_it_typed() -> None:
    """What is kept from others is there to be shown: a leak would be seen."""
    school = Scope(Level.SCHOOL, "2132000001")
    assert "header-twice" in leaking(lambda issue: receipts.receipt(facts(issue, State.REJECTED, school)))


def test_of_a_head_with_two_codes_the_label_is_shown_and_neither_cell() -> None:
    details = (("label", "学校标识码"), ("first", "2132000001"), ("second", TYPED))
    told = issues.without_cells(Issue("header-twice", "缺课登记", details=details))
    assert issues.message(told) == "“缺课登记”里有两处不同的“学校标识码”。"
