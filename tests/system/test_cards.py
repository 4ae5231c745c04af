"""The card's whole way: a cluster, the alert, its card in the outbox, filled in, dropped, confirmed, followed."""

from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from pipeline import cli, config, database
from pipeline.database.models import Alert, AlertEvent, Card, CardDay, Letter, Reject, Submission
from pipeline.errors import UsageError
from pipeline.model import CardRef, DecidedBy, Site
from pipeline.settling import card as settling_card
from tests.sites import COUNTY, DAY, NOW, Desk, lay_out, pupil
from tests.system.cardbooks import (
    HANDLED,
    OTHER,
    PHONED,
    SCHOOL,
    STANDS,
    WRONG,
    answered,
    book_of,
    cluster,
    confirm,
    drop,
    heads,
    last_receipt,
    put,
    state_of,
    work,
)

HOUR = timedelta(hours=1)


def events(number: str) -> list[str]:
    return list(AlertEvent.objects.filter(alert=number).order_by("id").values_list("what", flat=True))


def submissions() -> list[tuple[str, int, int]]:
    rows = Submission.objects.filter(form="card").order_by("received_seq")
    return list(rows.values_list("state", "accepted", "refused"))


def send_back(number: str, why: str) -> str:
    return settling_card.send_back(number, DecidedBy("鼓楼区教育局", why, NOW + 2 * HOUR))


# --------------------------------------------------------------------------- the loop


def test_an_alert_sends_its_card_as_a_workbook_that_knows_what_we_know(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    card = openpyxl.load_workbook(book_of(site, number))
    said = {str(row[0].value): row[1].value for row in card["报告卡"].iter_rows(min_row=3, max_row=12)}
    assert (said["预警编号"], said["学校标识码"], said["症状/病种"]) == (number, SCHOOL, "发热")
    head, columns = heads(card["病例"], "信息有误")
    names = [card["病例"].cell(head + n, columns["姓名"]).value for n in (1, 2, 3)]
    assert sorted(map(str, names)) == ["示例丙", "示例乙", "示例甲"]
    head, columns = heads(card["后续关注"], "新增病例")
    days = [card["后续关注"].cell(row, columns["日期"]).value for row in range(head + 1, head + 5)]
    assert [d.day for d in days if isinstance(d, datetime)] == [20, 23, 24, 25], "school days alone"


def test_the_countys_copy_has_codes_and_no_name(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    card = openpyxl.load_workbook(book_of(site, number, "县级联"))
    texts = [str(cell.value) for sheet in card for row in sheet.iter_rows() for cell in row if cell.value]
    assert any(text.startswith("三3-") for text in texts)
    assert not [text for text in texts if text in {"示例甲", "示例乙", "示例丙"}]


def test_excluded_and_confirmed_the_alert_is_closed(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    drop(site, answered(book_of(site, number), HANDLED))
    work(site, NOW + HOUR)
    assert (state_of(number), submissions()) == ("answered", [("accepted", 1, 0)])
    assert "已答复（可排除，A2 已由专业机构处理完毕），待县级确认 · 无需再发" in last_receipt(site)
    (line,) = settling_card.waiting(COUNTY)
    assert (line.id, line.school, line.day) == (number, SCHOOL, DAY)
    assert line.what == "三(3)班 发热 3 人；可排除；A2 已由专业机构处理完毕；示例区疾控中心 2026-11-19"
    assert settling_card.waiting("320000") == [line]
    assert settling_card.waiting("320302") == []
    assert confirm(number) == "excluded"
    assert events(number) == ["issued", "answered", "confirmed"]
    with pytest.raises(UsageError):
        confirm(number)


def test_not_excluded_it_is_reported_followed_day_by_day_and_ended(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    drop(site, answered(book_of(site, number), STANDS))
    work(site, NOW + HOUR)
    assert confirm(number) == "reported"
    for n, day in enumerate((date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 24))):
        drop(site, answered(book_of(site, number), STANDS, days=[(day, 0, 3 - n, "已消毒")]))
        work(site, datetime(day.year, day.month, day.day, 16, tzinfo=NOW.tzinfo))
    assert state_of(number) == "following"
    assert list(CardDay.objects.order_by("day").values_list("day", "present")) == [
        (date(2026, 11, 20), 3),
        (date(2026, 11, 23), 2),
        (date(2026, 11, 24), 1),
    ]
    work(site, NOW + timedelta(days=8))
    ended = Alert.objects.get(pk=number)
    assert (ended.state, ended.close_reason) == ("ended", "期满无新发")
    assert AlertEvent.objects.filter(alert=number, what="ended").exists()
    closing = Letter.objects.filter(kind="card", ref=str(CardRef(number, 1, "closed"))).values_list("reader", flat=True)
    assert sorted(closing) == [SCHOOL, COUNTY]


def test_returned_the_card_goes_out_again_with_the_reason_and_what_was_answered(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    drop(site, answered(book_of(site, number), HANDLED))
    work(site, NOW + HOUR)
    assert send_back(number, "请补疾控的处理意见") == "returned"
    work(site, NOW + 3 * HOUR)
    again = book_of(site, number)
    sheet = openpyxl.load_workbook(again)["报告卡"]
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]
    assert any("请补疾控的处理意见" in text for text in texts)
    assert "示例区疾控中心" in texts
    drop(site, answered(again, {**HANDLED, "理由简述": "疾控已出具意见"}))
    work(site, NOW + 4 * HOUR)
    assert (state_of(number), confirm(number, NOW + 5 * HOUR)) == ("answered", "excluded")


def test_wrong_information_closes_the_alert_once_the_row_has_been_put_right(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    drop(site, answered(book_of(site, number), WRONG, wrong=[0]))
    work(site, NOW + HOUR)
    assert "更正待收 1 行" in settling_card.waiting(COUNTY)[0].what
    assert confirm(number) == "correcting"
    rows = [pupil(n, symptom1="发热") for n in (1, 2)]
    named = _marked_first(book_of(site, number))
    kept = [row for row in [pupil(0, symptom1="发热"), *rows] if row["name"] != named]
    drop(site, desk.absence(SCHOOL, kept, mode="整份更正"), name="更正.xlsx")
    work(site, NOW + 4 * HOUR)
    assert (state_of(number), events(number)[-1]) == ("excluded", "corrected")


def _marked_first(path: Path) -> str:
    sheet = openpyxl.load_workbook(path)["病例"]
    head, columns = heads(sheet, "信息有误")
    return str(sheet.cell(head + 1, columns["姓名"]).value)


def test_a_correction_that_came_before_the_countys_word_closes_it_at_once(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    named = _marked_first(book_of(site, number))
    drop(site, answered(book_of(site, number), WRONG, wrong=[0]))
    work(site, NOW + HOUR)
    kept = [row for row in (pupil(n, symptom1="发热") for n in range(3)) if row["name"] != named]
    drop(site, desk.absence(SCHOOL, kept, mode="整份更正"), name="更正.xlsx")
    work(site, NOW + 2 * HOUR)
    assert "更正已收" in settling_card.waiting(COUNTY)[0].what
    assert confirm(number, NOW + 3 * HOUR) == "excluded"


def test_a_county_answers_for_a_school_and_says_whom_it_telephoned(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    county = book_of(site, number, "县级联")
    drop(site, answered(county, STANDS), folder=f"{COUNTY} 鼓楼区")
    work(site, NOW + HOUR)
    assert (state_of(number), submissions()) == ("issued", [("rejected", 0, 1)])
    drop(site, answered(county, {**STANDS, **PHONED}), folder=f"{COUNTY} 鼓楼区")
    work(site, NOW + 2 * HOUR)
    assert (state_of(number), Card.objects.get().by) == ("answered", COUNTY)


def test_what_a_school_writes_into_the_countys_part_is_left_out(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    drop(site, answered(book_of(site, number), {**STANDS, **PHONED}), folder=SCHOOL)
    work(site, NOW + 2 * HOUR)
    assert (Card.objects.get().by, Card.objects.get().answer["filled_by"]) == ("", None)


def test_a_name_in_what_is_written_becomes_a_code(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    drop(site, answered(book_of(site, number), {**STANDS, "采取的措施": "通知示例甲家长"}))
    work(site, NOW + HOUR)
    written = Card.objects.get().answer["measures"]
    assert "示例甲" not in written
    assert written.startswith("通知三3-")


def test_a_wrong_row_comes_back_and_home(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    drop(site, answered(book_of(site, number), {**STANDS, "报告时间": NOW + timedelta(days=3)}))
    work(site, NOW + HOUR)
    assert (state_of(number), submissions()) == ("issued", [("rejected", 0, 1)])
    (back,) = site.outbox.rglob("退回修正表*.xlsx")
    made = openpyxl.load_workbook(back)
    put(made["报告卡"], "报告时间", NOW)
    made.save(back.with_name("改好.xlsx"))
    drop(site, back.with_name("改好.xlsx").read_bytes())
    work(site, NOW + 2 * HOUR)
    assert (state_of(number), Reject.objects.get().state) == ("answered", "mended")


def test_a_late_answer_is_kept_and_marked(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    drop(site, answered(book_of(site, number), {**STANDS, "报告时间": NOW + timedelta(hours=25)}))
    work(site, NOW + timedelta(hours=26))
    kept = Card.objects.get()
    assert (kept.late, kept.report_late, state_of(number)) == (True, True, "answered")
    assert "记为逾期" in last_receipt(site)


@pytest.mark.parametrize("first", ["card", "report"])
def test_a_card_and_a_report_in_one_heap_are_as_one_after_the_other(
    tmp_path: Path, prepared_db: Path, desk: Desk, first: str
) -> None:
    found = []
    for heap in (True, False):
        site = lay_out(tmp_path, prepared_db)
        database.open(site)
        number = cluster(site, desk)
        rows = [pupil(n, symptom1="发热", symptom2="咳嗽", temperature=38.5) for n in range(8)]
        rows += [{**pupil(0, symptom1="发热", symptom2="咳嗽", temperature=38.6), "name": f"示例{n}"} for n in "子丑寅"]
        made = {
            "card": answered(book_of(site, number), HANDLED),
            "report": desk.absence(SCHOOL, rows, mode="整份更正"),
        }
        for place, kind in enumerate((first, *(made.keys() - {first}))):
            drop(site, made[kind], name=f"{place}.xlsx")
            if not heap:
                work(site, NOW + HOUR)
        work(site, NOW + HOUR)
        alert = Alert.objects.get()
        kept = list(Card.objects.values_list("state", flat=True))
        found.append((alert.state, alert.group, alert.revision, submissions(), kept))
        database.close()
    assert found[0] == found[1]
    assert found[0][0] == "issued"


# --------------------------------------------------------------------------- at the command line


def test_whoever_serves_the_site_lists_shows_confirms_and_returns(
    site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def queke(*arguments: str, at: datetime = NOW + 2 * HOUR) -> tuple[int, str]:
        monkeypatch.setenv("QUEKE_NOW", at.replace(tzinfo=None).isoformat())
        capsys.readouterr()
        code = cli.run(arguments)
        said = capsys.readouterr()
        return code, said.out + said.err

    monkeypatch.setenv("QUEKE_SITE", str(site.root))
    monkeypatch.setattr(config, "load", lambda _: site)
    number = cluster(site, desk)
    assert queke("alerts", "list")[0] == 0
    late, listed = queke("alerts", "list", "--unit", COUNTY, at=NOW + timedelta(days=2))
    assert (late, number in listed, "overdue" in listed) == (1, True, True)
    out = site.root / "card.xlsx"
    assert queke("template", "card", "--unit", SCHOOL, "--alert", number, "-o", str(out))[0] == 0
    assert queke("template", "card", "--unit", OTHER, "--alert", number, "-o", str(out))[0] == 2
    drop(site, answered(out, HANDLED))
    work(site, NOW + HOUR)
    code, shown = queke("alerts", "show", number)
    assert (code, "verdict: excluded" in shown, "示例甲" in shown.replace("clerk: 示例甲", "")) == (0, True, False)
    assert queke("alerts", "return", number, "--why", "请补意见")[0] == 0
    assert state_of(number) == "returned"
    drop(site, answered(book_of(site, number), {**HANDLED, "理由简述": "已补"}))
    work(site, NOW + 3 * HOUR)
    assert "answers to confirm" in queke("status")[1]
    assert queke("alerts", "confirm", number)[1].strip() == f"{number}: excluded"
    assert queke("alerts", "confirm", number)[0] == 2
    traced = queke("trace", number)[1]
    for step in ("answered (2) verdict excluded reason A2", "returned", "confirmed", "card from submission"):
        assert step in traced
