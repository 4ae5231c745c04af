"""A county's desk as a workbook: what waits is laid out, filled in, dropped into its folder, and done row by row."""

import io
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from pipeline import database, short_ids, units
from pipeline.database.audit import broken_at
from pipeline.database.models import Absence, Alert, AlertEvent, Audit, Closure, Decision, Reject, Report, Submission
from pipeline.model import Policy, Site
from pipeline.service import timetable
from tests.sites import COUNTY, KEY, NOW, ZONE, Desk, lay_out, pupil
from tests.system.cardbooks import STANDS, book_of, cluster
from tests.system.cardbooks import answered as answered_card
from tests.system.cardbooks import work as work_later
from tests.system.desks import FIRST, SECOND, Answers, answered, closure, lines, made, papers, rows, sent
from tests.system.posting import drop, work

CLOSED = short_ids.closure(FIRST, "本部", "三4", datetime(2026, 11, 20, 8, tzinfo=ZONE))
NAMES = [f"示例{sign}" for sign in "甲乙丙丁戊己庚辛"]


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory, prepared_db: Path, desk: Desk) -> Path:
    """A county in which two rows, a file and a closure wait; copied for each test."""
    site = lay_out(tmp_path_factory.mktemp("county"), prepared_db)
    database.open(site)
    drop(
        site,
        {
            "a.xlsx": desk.absence(FIRST, [pupil(0), pupil(1, class_name=None), pupil(2, start="三十二日")]),
            "b.xlsx": desk.absence(SECOND, [pupil(n) for n in range(6)]),
        },
    )
    work(site)
    drop(
        site,
        {"c.xlsx": desk.absence(SECOND, [pupil(0)], mode="整份更正"), "d.xlsx": closure(site, FIRST)},
    )
    work(site)
    database.close()
    return site.root


def copied(waiting: Path, root: Path) -> Site:
    shutil.copytree(waiting, root)
    return Site(root=root, database="sqlite:///store.db", key=KEY, policy=Policy(stable_seconds=0))


@pytest.fixture
def county(tmp_path: Path, waiting: Path) -> Iterator[Site]:
    site = copied(waiting, tmp_path / "site")
    database.open(site)
    yield site
    database.close()


def standing() -> dict[str, object]:
    """All of the store that a 处理单 may change."""
    return {
        "absences": sorted(Absence.objects.values_list("school", "pupil", "class_key", "start")),
        "reports": sorted(Report.objects.values_list("school", "rows", "zero")),
        "tickets": sorted(Reject.objects.exclude(form="desk").values_list("ticket", "state", "closed_by")),
        "closures": sorted(Closure.objects.values_list("school", "scope", "state")),
        "held": sorted(Submission.objects.exclude(form="desk").values_list("received_seq", "state")),
        "decisions": Decision.objects.count(),
    }


ALL: Answers = {
    "tickets/class_name": {"意见": "代改", "改为": "三(4)班", "理由": "电话问过李老师"},
    "tickets/start": {"意见": "豁免", "理由": "学生已转学"},
    "held/3": {"意见": "确认", "理由": "电话核实，确已返校"},
    f"closures/{CLOSED}": {"意见": "确认"},
}


def test_a_desk_shows_what_waits_in_plain_sentences_and_nobodys_name(county: Site) -> None:
    found = lines(made(county))
    assert {key.split("/")[0] for key in found} == {"tickets", "held", "closures"}
    said = "".join(str(cell) for line in found.values() for cell in line.values())
    assert not [name for name in NAMES if name in said]
    assert "没有填班级" in str(found["tickets/class_name"]["事项"])
    assert "撤下" in str(found["held/3"]["事项"])
    assert "三(4)班因流行性感冒" in next(str(line["事项"]) for key, line in found.items() if key.startswith("closures"))


def test_what_a_county_decides_on_its_desk_is_done_and_done_once(county: Site) -> None:
    content = answered(made(county), ALL)
    done = sent(county, content)
    assert (done.state, done.accepted, done.refused) == ("accepted", 4, 0)
    after = standing()
    assert ("2132010001", "三4") in [(row[0], row[2]) for row in after["absences"]]
    assert {row[1] for row in after["tickets"]} == {"mended", "waived"}
    assert after["closures"] == [(FIRST, "三4", "confirmed")]
    assert (3, "accepted") in after["held"]
    decisions = list(Decision.objects.order_by("seq").values_list("what", "target", "place"))
    assert {place for *_, place in decisions} == {done.received_seq}
    assert [what for what, *_ in decisions] == ["mend", "waive", "release", "closure-confirm"]
    assert all(row.row for row in Decision.objects.all())
    [receipt] = papers(county, f"回执 县级处理单 {done.received_seq:06d}.txt")
    assert "确认 2 件，代改 1 件，豁免 1 件" in receipt.read_text("utf-8-sig")
    again = sent(county, content)
    assert (again.state, again.accepted) == ("duplicate", 0)
    assert standing() == after
    assert broken_at() is None
    [receipt] = papers(county, f"回执 县级处理单 {again.received_seq:06d}.txt")
    assert "此前已处理 4 件" in receipt.read_text("utf-8-sig")


def test_lines_left_blank_stay_and_single_sheets_may_come_back(county: Site) -> None:
    chosen = {key: said for key, said in ALL.items() if key.startswith("closures")}
    done = sent(county, answered(made(county), chosen, keep=["待确认停课"]))
    assert (done.state, done.accepted) == ("accepted", 1)
    assert set(lines(made(county))) == {"tickets/class_name", "tickets/start", "held/3"}


@pytest.mark.parametrize("folder", ["320105 邻县", "320100 市", f"{FIRST} 学校"])
def test_nobody_else_decides_in_a_countys_place(county: Site, folder: str) -> None:
    before = standing()
    done = sent(county, answered(made(county), ALL), folder)
    assert (done.state, [one["code"] for one in done.issues]) in [
        ("rejected", ["desk-not-yours"]),
        ("rejected", ["unit-not-yours"]),
    ]
    assert standing() == before
    [receipt] = papers(county, f"回执 县级处理单 {done.received_seq:06d}.txt")
    assert "退回修正表" not in receipt.read_text("utf-8-sig")  # nor is any of it sent back: it may be another's


def test_a_desk_in_the_flat_inbox_counts_by_its_token_alone(county: Site) -> None:
    content = made(county, "320105")
    assert sent(county, answered(made(county), {"held/3": ALL["held/3"]}), "").state == "accepted"
    book = openpyxl.load_workbook(io.BytesIO(answered(made(county), {"tickets/start": ALL["tickets/start"]})))
    del book.custom_doc_props["queke_token"]
    kept = io.BytesIO()
    book.save(kept)
    assert sent(county, kept.getvalue(), "").state == "rejected"
    assert not lines(content)


def test_a_matter_that_moved_on_is_refused_and_comes_back_as_it_is_now(county: Site, desk: Desk) -> None:
    content = answered(made(county), ALL)
    drop(county, {"e.xlsx": closure(county, FIRST, kind="更正", ill=11)})
    work(county)
    done = sent(county, content)
    assert (done.state, done.accepted, done.refused) == ("partial", 3, 1)
    assert standing()["closures"] == [(FIRST, "三4", "declared")]
    assert Audit.objects.filter(what="refused", target__startswith=f"desk {done.received_seq} ").count() == 1
    [back] = papers(county, f"退回修正表 县级处理单 {done.received_seq:06d}.xlsx")
    [(key, line)] = lines(back.read_bytes()).items()
    assert key.startswith("closures/")
    assert "患病 11 人" in str(line["事项"])
    assert "变动" in str(line["退回原因"])
    assert line["意见"] is None
    mended = sent(county, answered(back.read_bytes(), {key: {"意见": "确认"}}))
    assert (mended.state, mended.accepted) == ("accepted", 1)
    assert standing()["closures"] == [(FIRST, "三4", "confirmed")]
    assert not lines(made(county))


EDITED: Mapping[str, Callable[[openpyxl.Workbook], None]] = {
    "another matter": lambda book: _retype(book, "事项号", "held/3", "held/2"),
    "another stamp": lambda book: _retype(book, "校验码", None, "AAAAAA.AAAAAAAAAAAAAAAA"),
    "no key": lambda book: _retype(book, "事项号", "held/3", None),
}


def _retype(book: openpyxl.Workbook, head: str, was: str | None, now: str | None) -> None:
    for _, heads, row in rows(book):
        cell = row[heads.index(head)]
        if was in (None, cell.value):
            cell.value = now


@pytest.mark.parametrize("how", EDITED)
def test_an_edited_line_is_refused_and_its_neighbours_are_done(county: Site, how: str) -> None:
    content = answered(made(county), {"held/3": ALL["held/3"]})
    book = openpyxl.load_workbook(io.BytesIO(content))
    EDITED[how](book)
    kept = io.BytesIO()
    book.save(kept)
    before = standing()
    done = sent(county, kept.getvalue())
    assert (done.state, done.refused) == ("rejected", 1)
    assert {one["code"] for one in done.issues} & {"desk-key-wrong", "desk-key-missing"}
    assert standing() == before


def test_a_line_of_another_countys_desk_is_refused(county: Site) -> None:
    key = "held/3"
    content = answered(made(county), {key: ALL[key]})
    stamp = str(lines(content)[key]["校验码"]).partition(".")[0]
    book = openpyxl.load_workbook(io.BytesIO(content))
    _retype(book, "校验码", None, units.seal(county.key, "320105", key, stamp))
    kept = io.BytesIO()
    book.save(kept)
    assert sent(county, kept.getvalue()).state == "rejected"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"意见": "退回"}, "why-missing"),
        ({"意见": "豁免", "理由": "无关"}, "opinion-unfit"),
        ({"意见": "再说", "理由": "无关"}, "opinion-unknown"),
        ({"理由": "忘了选意见"}, "opinion-missing"),
    ],
)
def test_an_opinion_that_may_not_be_had_goes_back_with_its_reason(
    county: Site, said: Mapping[str, object], code: str
) -> None:
    before = standing()
    done = sent(county, answered(made(county), {"held/3": said}))
    assert (done.state, [one["code"] for one in done.issues if one.get("row")]) == ("rejected", [code])
    assert standing() == before
    [back] = papers(county, f"退回修正表 县级处理单 {done.received_seq:06d}.xlsx")
    again = sent(county, answered(back.read_bytes(), {"held/3": {"意见": "退回", "理由": "发错了表"}}))
    assert (again.state, again.accepted) == ("accepted", 1)
    assert (3, "rejected") in standing()["held"]


def test_a_row_still_bad_after_the_countys_change_stays_open_with_the_reason(county: Site) -> None:
    answers = {"tickets/start": {"意见": "代改", "改为": "2027-13-01", "理由": "电话问过"}}
    before = standing()
    done = sent(county, answered(made(county), answers))
    assert done.state == "rejected"
    assert standing() == before
    [back] = papers(county, f"退回修正表 县级处理单 {done.received_seq:06d}.xlsx")
    assert "还是不能收" in str(lines(back.read_bytes())["tickets/start"]["退回原因"])


def test_a_dismissed_file_is_told_to_its_school_with_the_reason(county: Site) -> None:
    done = sent(county, answered(made(county), {"held/3": {"意见": "退回", "理由": "发成了昨天的表"}}))
    assert done.state == "accepted"
    texts = [path.read_text("utf-8-sig") for path in papers(county, "回执 学生缺课日报 000003*.txt")]
    assert any("发成了昨天的表" in text for text in texts)


def test_a_school_is_told_what_its_county_decided(county: Site) -> None:
    done = sent(county, answered(made(county), ALL))
    [told] = papers(county, f"县级处理通知 {done.received_seq}.txt")
    text = told.read_text("utf-8-sig")
    assert told.parent.parent.name.endswith(FIRST)
    assert all(word in text for word in ("代为改好", "豁免", "学生已转学", "已确认", "三(4)班 11月"))
    assert "处理单" not in text  # the school has not seen it


def test_a_desk_and_the_files_about_it_are_the_same_in_one_batch_and_one_by_one(
    tmp_path: Path, waiting: Path, desk: Desk
) -> None:
    """The law: a batch of n is n batches of one, though decisions take numbers behind what came with them."""
    found = []
    for together in (True, False):
        site = copied(waiting, tmp_path / str(together))
        database.open(site)
        files = {
            "1.xlsx": desk.absence(FIRST, [pupil(0), pupil(4, class_name=None)], mode="补充"),
            f"{COUNTY} 示例区/2.xlsx": answered(made(site), ALL),
            "3.xlsx": desk.absence(FIRST, [pupil(0), pupil(5)], mode="整份更正"),
            "4.xlsx": closure(site, FIRST, kind="更正", ill=11),
        }
        for name, content in files.items():
            drop(site, {name: content})
            time.sleep(0.02)  # the kernel's clock ticks: order is first seen
            if not together:
                work(site)
        work(site)
        found.append(unnumbered())
        database.close()
    assert found[0] == found[1]
    assert found[0]["tickets"] == {"mended": 1, "waived": 1, "superseded": 1}


def unnumbered() -> dict[str, object]:
    """What stands, without the numbers that decisions took in between."""
    return {
        "absences": sorted(Absence.objects.values_list("school", "pupil", "class_key", "start", "pending")),
        "reports": sorted(Report.objects.values_list("school", "rows", "zero", "on_time")),
        "tickets": dict(Counter(Reject.objects.values_list("state", flat=True))),
        "closures": sorted(Closure.objects.values_list("school", "scope", "state", "ill")),
        "states": [one.state for one in Submission.objects.order_by("received_seq")],
    }


def test_a_schools_answer_to_a_warning_is_confirmed_on_the_desk(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    drop(site, {"card.xlsx": answered_card(book_of(site, number), STANDS)})
    work_later(site, NOW + timedelta(hours=2))
    content = made(site)
    assert set(lines(content)) == {f"alerts/{number}"}
    done = sent(site, answered(content, {f"alerts/{number}": {"意见": "确认"}}))
    assert (done.state, done.accepted) == ("accepted", 1)
    assert "confirmed" in AlertEvent.objects.filter(alert=number).values_list("what", flat=True)
    assert Alert.objects.get(pk=number).state != "answered"
    assert not lines(made(site))


def test_every_morning_each_county_gets_its_desk_once(county: Site) -> None:
    timetable.tick(county, datetime(2026, 11, 20, 7, 0, tzinfo=ZONE))
    assert not papers(county, "县级处理单*.xlsx")
    for minute in (31, 40):
        timetable.tick(county, datetime(2026, 11, 20, 7, minute, tzinfo=ZONE))
        work(county)
    [book] = papers(county, "县级处理单*.xlsx")
    assert book.parent.parent.parent.name == "县(市、区)"
    assert set(lines(book.read_bytes())) == set(lines(made(county)))
