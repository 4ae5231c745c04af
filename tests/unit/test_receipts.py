"""Receipts: the first sentence must do for a clerk in a hurry, the rest for one who must mend something.

Goldens lie in tests/golden/receipts; `QUEKE_GOLDEN=new` writes those that do not exist yet.
"""

import io
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from pipeline.figures import receipts
from pipeline.figures.digest import paper
from pipeline.figures.receipts import ReceiptFacts, SummaryFacts, SummaryLine
from pipeline.model import Issue, Level, Repair, State
from pipeline.reports import letters
from pipeline.schooldays import ZONE
from pipeline.units import Scope
from tests.paper_samples import DAY, NOW

SCHOOL = Scope(Level.SCHOOL, "2132000001")
COUNTY = Scope(Level.COUNTY, "320114", frozenset(["320114"]))
NAME = "示例童甲"

WELL = ReceiptFacts(
    scope=SCHOOL,
    seq=15482,
    state=State.ACCEPTED,
    form="学生缺课日报",
    unit="2132000001",
    unit_name="南京市示例第一小学",
    day=DAY,
    campus="本部",
    received_at=datetime(2026, 11, 20, 14, 12, tzinfo=ZONE),
    on_time=True,
    accepted=5,
    refused=0,
    withdrawn=0,
    zero=False,
)
BAD_NAME = Issue("name-missing", sheet="缺课登记", cell="B12", row=12, column="姓名")
PARTIAL = replace(
    WELL,
    state=State.PARTIAL,
    accepted=3,
    refused=2,
    withdrawn=1,
    on_time=False,
    issues=(BAD_NAME, Issue("reason-missing", sheet="缺课登记", cell="E13", row=13, column="缺课原因")),
    repairs=(Repair("缺课登记", "G9", "症状1", "发烧", "发热", 9),),
)
CASES = {
    "accepted": WELL,
    "zero": replace(WELL, accepted=0, zero=True),
    "partial": PARTIAL,
    "duplicate": replace(WELL, state=State.DUPLICATE, on_time=None),
    "held": replace(
        WELL, state=State.HELD, on_time=None, issues=(Issue("past-day-reported", details=(("day", "2026-11-19"),)),)
    ),
    "nobody": replace(
        WELL, state=State.QUARANTINED, scope=None, unit="", unit_name="", day=None, form="", on_time=None
    ),
}


def said(facts: ReceiptFacts) -> str:
    found = letters.compose("receipt", paper(receipts.receipt(facts)))
    assert [one.name for one in found] == [f"回执 {facts.form or '未能识别'} {facts.seq:06d}.txt"]
    return found[0].content.decode("utf-8")


@pytest.mark.parametrize("case", CASES)
def test_a_receipt_reads_as_its_golden(case: str, repo: Path) -> None:
    golden = repo / "tests" / "golden" / "receipts" / f"{case}.txt"
    found = said(CASES[case])
    if os.environ.get("QUEKE_GOLDEN") == "new" and not golden.exists():
        golden.write_bytes(found.encode())
    assert found.encode() == golden.read_bytes()


def test_the_first_line_is_the_whole_answer() -> None:
    assert said(WELL).splitlines()[0] == "\ufeff已收到 · 按时 · 无需再发"
    assert said(PARTIAL).splitlines()[0].endswith("收下 3 行，退回 2 行 · 请改好退回修正表后发回")


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_first_sentence(state: State) -> None:
    assert receipts.first_sentence(replace(WELL, state=state)).startswith("已收到")


def test_a_receipt_opens_in_notepad() -> None:
    found = said(PARTIAL)
    assert found.startswith("\ufeff")
    assert "\n" not in found.replace("\r\n", "")


def test_hundreds_of_issues_are_capped_and_counted() -> None:
    many = replace(PARTIAL, issues=tuple(replace(BAD_NAME, cell=f"B{n}", row=n) for n in range(8, 208)))
    found = said(many)
    assert found.count("缺课登记 B") == receipts.ISSUES_SHOWN
    assert f"另有 {200 - receipts.ISSUES_SHOWN} 处未列" in found


def test_cells_are_quoted_to_the_school_alone() -> None:
    told = Issue("date-unreadable", sheet="缺课登记", cell="F9", row=9, column="起始日", value=NAME)
    facts = replace(PARTIAL, issues=(told,), repairs=(Repair("缺课登记", "B9", "姓名", NAME, NAME, 9),))
    assert NAME in said(facts)
    assert NAME not in said(replace(facts, scope=COUNTY))
    assert NAME not in said(replace(facts, scope=None))


def test_the_summary_lists_every_file_and_what_needs_somebody_first() -> None:
    lines = tuple(SummaryLine(f"{name}.xlsx", replace(facts, seq=n)) for n, (name, facts) in enumerate(CASES.items()))
    made = receipts.summary(SummaryFacts(COUNTY, "320114", "雨花台区", NOW, lines))
    assert made.files == sum(n for _, n in made.counts) == len(made.rows) == len(CASES)
    assert {row.name for row in made.asked} == {"partial.xlsx", "held.xlsx", "nobody.xlsx"}
    found = {one.name: one.content for one in letters.compose("summary", paper(made))}
    assert "本批 6 份" in found["收件汇总.txt"].decode("utf-8-sig")
    sheet = openpyxl.load_workbook(io.BytesIO(found["收件汇总.xlsx"])).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    assert all(f"{name}.xlsx" in cells for name in CASES)
