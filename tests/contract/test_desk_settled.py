"""A 处理单 settled on each database: each matter by itself, once, and at the workbook's place in the sequence."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import openpyxl

from pipeline.county import build_desk
from pipeline.database import journal
from pipeline.database.audit import broken_at
from pipeline.database.models import Absence, Account, Audit, Closure, Decision, Letter, Reject, SchoolClass, Submission
from pipeline.letters import county_notices
from pipeline.model import Arrival, Checked, DecidedBy, Issue, Mode, Refused, Settled, Site, State
from pipeline.settling import decisions, reconciliation
from pipeline.xlsx.deskbook import deskbook
from tests.closures import closure, said
from tests.contract.settling import knowing, report, settle
from tests.reading import take
from tests.requests import account, filing
from tests.submissions import DAY, NOON, SCHOOL, arrival, checked, row

COUNTY = "320106"
RAW = {
    "class_name": "三(3)班",
    "name": "示例乙",
    "sex": "nan",
    "reason": "因病",
    "start": DAY.isoformat(),
    "symptom1": "咳嗽",
}


def back(number: int = 9, **raw: str) -> Refused:
    issue = Issue("sex-unknown", "缺课登记", f"D{number}", number, "性别", raw.get("sex", "nan"))
    return Refused("rows", number, RAW | raw, (issue,), key=f"三3|示例{number}")


def filled(site: Site, answers: Mapping[str, Mapping[str, str]]) -> bytes:
    """The county's desk as it is now, with something typed into the lines whose 事项号 begins so."""
    book = openpyxl.load_workbook(io.BytesIO(deskbook(build_desk.desk(site, COUNTY, NOON))))
    for sheet in book.worksheets[1:]:
        heads: list[str] = []
        for cells in sheet.iter_rows():
            texts = [str(cell.value or "") for cell in cells]
            heads = texts if "事项号" in texts else heads
            key = texts[heads.index("事项号")] if heads else ""
            for head, text in next((v for start, v in answers.items() if key.startswith(start)), {}).items():
                cells[heads.index(head)].value = text
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def received(site: Site, content: bytes, at: datetime = NOON) -> tuple[Arrival, Checked]:
    [come] = journal.receive(site, [replace(arrival(bound=COUNTY, name="处理单.xlsx", at=at), seq=0)])
    [judged] = knowing(site).validate([(come, take(content))])
    return come, judged


def settled(site: Site, judged: Checked, known: Sequence[Checked] = ()) -> Settled:
    [done] = settle(site, judged, known=known)
    return done


def standing() -> dict[str, object]:
    return {
        "rows": sorted(Absence.objects.values_list("class_key", "sex", "origin")),
        "tickets": sorted(Reject.objects.exclude(form="desk").values_list("ticket", "state", "closed_by")),
        "closures": sorted(Closure.objects.values_list("scope", "state")),
        "held": sorted(Submission.objects.filter(state=State.HELD).values_list("received_seq", flat=True)),
    }


ANSWERS = {
    "tickets/T1-9": {"意见": "代改", "改为": "女", "理由": "电话问过"},
    "tickets/T1-10": {"意见": "豁免", "理由": "已转学"},
    "held/2": {"意见": "退回", "理由": "发错了"},
    "closures/": {"意见": "确认"},
}


def waiting(site: Site) -> list[Checked]:
    """Two rows, a held file and a closure wait."""
    first = checked(1, [row(name) for name in "甲丙丁戊"], refused=[back(9), back(10)])
    second = checked(2, [row("甲")], mode=Mode.FULL)
    report(site, first, second, closure(3, said("first")))
    return [first, second]


def test_each_matter_is_done_once_and_counts_at_the_workbooks_place(school: Site) -> None:
    known = waiting(school)
    content = filled(school, ANSWERS)
    come, judged = received(school, content)
    done = settled(school, judged, known)
    assert (done.state, done.accepted, done.refused) == (State.ACCEPTED, 4, 0)
    after = standing()
    assert after["tickets"] == [("T1-10", "waived", "4"), ("T1-9", "mended", "4")]
    assert (after["closures"], after["held"]) == ([("三3", "confirmed")], [])
    [line] = [i for i, one in enumerate(content_rows(content)) if one == "tickets/T1-9/sex"]
    assert ("三3", "2", f"4:{line + 1}") in after["rows"]
    assert set(Decision.objects.values_list("place", flat=True)) == {come.seq}
    assert Audit.objects.filter(what="refused").count() == 0
    _, again = received(school, content)
    assert settled(school, again, known).state is State.DUPLICATE
    assert standing() == after
    assert broken_at() is None


def content_rows(content: bytes) -> list[str]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book["退回未改"]
    return [
        next((str(c.value) for c in cells if str(c.value).startswith("tickets/")), "") for cells in sheet.iter_rows()
    ]


def test_one_matter_that_fails_leaves_nothing_and_stops_no_other(school: Site) -> None:
    known = waiting(school)
    content = filled(school, ANSWERS | {"tickets/T1-9": {"意见": "代改", "改为": "说不清", "理由": "电话问过"}})
    decisions.waive(["T1-10"], DecidedBy("示例区", "别人先办了", NOON))
    come, judged = received(school, content)
    done = settled(school, judged, known)
    assert (done.state, done.accepted, done.refused) == (State.PARTIAL, 2, 1)
    assert standing()["tickets"] == [("T1-10", "waived", "4"), ("T1-9", "open", "")]
    assert {issue.code for issue in done.issues} >= {"mend-still-bad", "desk-gone"}
    assert not Decision.objects.filter(what="mend").exists()
    assert Audit.objects.filter(what="refused", target__startswith=f"desk {come.seq} ").count() == 2
    assert [one.key for one in Reject.objects.filter(form="desk", state="open")] == ["tickets/T1-9"]
    assert not Reject.objects.filter(form="desk").exclude(state="open").exists(), "what is over is told, not sent back"


def test_a_desk_of_matters_that_are_over_sends_nothing_back(school: Site) -> None:
    known = waiting(school)
    content = filled(school, {"tickets/T1-10": ANSWERS["tickets/T1-10"]})
    decisions.waive(["T1-10"], DecidedBy("示例区", "别人先办了", NOON))
    come, judged = received(school, content)
    done = settled(school, judged, known)
    assert (done.state, done.accepted, done.refused) == (State.ACCEPTED, 0, 0)
    told = {issue.code: dict(issue.details) for issue in done.issues}
    assert told == {"desk-counts": {"done": "已不用办 1 件"}, "desk-gone": {}}
    assert not Reject.objects.filter(form="desk").exists()
    assert not Letter.objects.filter(kind="giveback", ref=str(come.seq)).exists()


def test_a_class_the_registry_does_not_know_is_entered_or_known_by_another_name(school: Site) -> None:
    first = checked(1, [row("甲"), row("乙", class_key="三8"), row("丙", class_key="三9")])
    report(school, first)
    waits = [str(one.cells["key"]) for one in build_desk.desk(school, COUNTY, NOON).rows["classes"]]
    eight, nine = waits
    answers = {eight: {"意见": "确认"}, nine: {"意见": "代改", "就是哪个班": "三3班", "理由": "写法不同"}}
    come, judged = received(school, filled(school, answers))
    done = settled(school, judged, [first])
    assert (done.state, done.accepted, done.refused) == (State.ACCEPTED, 2, 0)
    assert not build_desk.desk(school, COUNTY, NOON).rows["classes"]
    assert SchoolClass.objects.get(key="三8").state == "confirmed"
    assert len(county_notices.notices_of(str(come.seq), first.unit)) == 2


def test_accounts_are_opened_when_the_stamped_paper_was_seen(school: Site) -> None:
    report(school, filing(account("GL_01"), unit=SCHOOL))
    _, judged = received(school, filled(school, {"accounts/": {"意见": "确认"}}))
    done = settled(school, judged)
    assert (done.state, [issue.code for issue in done.issues if issue.row]) == (State.REJECTED, ["desk-refused"])
    assert not Account.objects.exists()
    typed = {"accounts/": {"意见": "确认", "盖章日期": "2026-11-20"}}
    _, judged = received(school, filled(school, typed))
    done = settled(school, judged)
    assert done.state is State.ACCEPTED
    assert "desk-password" in {issue.code for issue in done.issues}, "nobody typed a password: somebody must give one"
    assert list(Account.objects.values_list("username", flat=True)) == ["GL_01"]


def test_a_matter_of_reconciliation_is_settled(school: Site) -> None:
    report(school, closure(1, said("first", start=NOON.replace(hour=8))))
    reconciliation.go_round(school, NOON.replace(hour=16))
    assert reconciliation.waiting(COUNTY)
    _, judged = received(school, filled(school, {"matters/": {"意见": "确认", "理由": "电话核实"}}))
    assert settled(school, judged).state is State.ACCEPTED
    assert not reconciliation.waiting(COUNTY)


def test_a_report_received_before_the_desk_and_settled_after_finds_the_mended_row(school: Site) -> None:
    """The law: as if everything had settled in received order."""
    first = checked(1, [row("甲")], refused=[back(9)])
    report(school, first)
    [_] = journal.receive(school, [replace(arrival(), seq=0, sha256="9" * 64)])
    late = checked(2, [row("己")], mode=Mode.ADD)
    come, judged = received(school, filled(school, ANSWERS))
    assert come.seq == 3
    settled(school, judged, [first])
    before = standing()
    settled(school, late, [first, judged])
    after = standing()
    assert after["tickets"] == before["tickets"] == [("T1-9", "mended", "3")]
    assert len(after["rows"]) == len(before["rows"]) + 1
    assert set(before["rows"]) <= set(after["rows"])


def test_a_held_file_is_released_by_a_desk_that_kept_its_reader_busy(school: Site) -> None:
    known = [checked(1, [row(name) for name in "甲乙丙"]), checked(2, [row("甲")])]
    report(school, *known)
    _, judged = received(school, filled(school, {"held/2": {"意见": "确认", "理由": "核实过"}}))
    known.append(checked(4, [row(name) for name in "甲乙丙"], content="content of 1"))
    assert report(school, known[2])[0].state is State.DUPLICATE
    done = settled(school, judged, known)
    assert (done.state, done.accepted) == (State.ACCEPTED, 1)
    states = Submission.objects.filter(form="absence").values_list("received_seq", "state")
    assert dict(states) == {1: "accepted", 2: "accepted", 4: "held"}, "what stood when the copy came was another word"
    assert Letter.objects.filter(kind="receipt", ref__startswith="4.").count() == 1
