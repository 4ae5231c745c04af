"""校历 and 升班 by workbook: template → edit → inbox → receipt → what follows; and a roster that is slow to be read."""

import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from pipeline import cli, database, run
from pipeline.database.models import SchoolClass, Submission, Todo
from pipeline.model import DecidedBy, Site
from pipeline.registry import lookup
from pipeline.settling import proposals
from pipeline.turns import context
from tests.sites import COUNTY, DAY, KEY, NOW, SCHOOLS, Desk, lay_out, pupil
from tests.system.registry_books import edited, owed, registry_rows, sent, table, template
from tests.system.slow import final, settle

SCHOOL, OTHER = SCHOOLS
THEIRS = f"{SCHOOL} 示例第一小学"


def test_a_calendar_goes_round(site: Site, desk: Desk) -> None:
    from pipeline.facts import county_day

    assert "按时" in sent(site, f"{THEIRS}/a.xlsx", desk.absence(SCHOOL, [pupil(0)]))
    county_day.keep(county_day.count(DAY, [COUNTY]).values())
    new = {
        1: {"类别": "学期", "开始日期": datetime(2026, 9, 1), "结束日期": datetime(2027, 1, 29)},
        2: {"类别": "放假", "开始日期": DAY, "说明": "校运动会"},
        3: {"类别": "放假", "开始日期": DAY, "结束日期": DAY + timedelta(1), "说明": "秋假"},
        4: {"类别": "上课", "开始日期": DAY + timedelta(1), "说明": "补课"},
    }
    receipt = sent(site, f"{COUNTY} 鼓楼区/校历.xlsx", edited(template(site, "calendar", COUNTY), "校历", new))
    assert "收下 3 行，退回 1 行" in receipt
    assert "新增 放假 2026-11-20（校运动会）" in receipt
    assert "改动涉及已经报过的 1 天：2026-11-20" in receipt
    assert (owed(SCHOOL, DAY), owed(SCHOOL, DAY + timedelta(1))) == (False, True)
    assert Todo.objects.filter(kind="figures", code=COUNTY, day=DAY).exists()

    # the county's next template brings them along; one is moved, one withdrawn, and a school has a word of its own
    again = template(site, "calendar", COUNTY)
    rows = table(again, "校历")
    assert [(row[0], row[6]) for row in rows] == [("学期", "K2-11"), ("放假", "K2-12"), ("上课", "K2-14")]
    moved = {2: {"开始日期": datetime(2026, 11, 27)}, 3: {"撤销": "是"}}
    receipt = sent(site, f"{COUNTY} 鼓楼区/校历2.xlsx", edited(again, "校历", moved))
    assert "放假 2026-11-20（校运动会） 改为 放假 2026-11-27（校运动会）" in receipt
    assert "撤销 上课 2026-11-21（补课）" in receipt
    assert [owed(SCHOOL, day) for day in (DAY, DAY + timedelta(1), date(2026, 11, 27))] == [True, False, False]
    own = edited(template(site, "calendar", SCHOOL), "校历", {1: {"类别": "上课", "开始日期": datetime(2026, 11, 27)}})
    sent(site, f"{THEIRS}/校历.xlsx", own)
    assert (owed(SCHOOL, date(2026, 11, 27)), owed(OTHER, date(2026, 11, 27))) == (True, False)
    receipt = sent(site, f"{OTHER} 示例第二小学/校历.xlsx", own)
    assert receipt.startswith("已收到 · 未能收下"), "another school's calendar"


def test_a_school_year_begins(site: Site) -> None:
    june = NOW.replace(year=2027, month=6, day=21)
    assert run.make_rosters(site, june, "320100", 2027) == 2
    (laid,) = (site.outbox / "学校" / "示例第一小学 2132010001").rglob("学校名册 2027学年*.xlsx")
    rows = table(laid.read_bytes(), "班级")
    assert [(row[3], row[5]) for row in rows] == [("四(3)班", 40), ("四(4)班", 40)]
    mine = edited(laid.read_bytes(), "班级", {2: {"学生人数": 38}, 3: {"班级": "一(1)班", "学生人数": 42}})
    receipt = sent(site, f"{THEIRS}/{laid.name}", mine, june)
    assert "改动 3 处，已转县（市、区）确认" in receipt
    whole = "新增班级 3 个，共 120 人（2027 学年）：一(1)班 42 人、四(3)班 40 人、四(4)班 38 人"
    assert f"示例第一小学（2132010001）{whole}" in receipt
    september = date(2027, 9, 1)
    assert context.schools([SCHOOL], [september])[SCHOOL].classes == {}
    (waits,) = proposals.waiting(COUNTY)
    assert whole in waits.what, "its county sees all of it"
    proposals.confirm(waits.id, DecidedBy("示例县教育局", "", june))
    known = {
        day: {key: room.roll for (_, key), room in context.schools([SCHOOL], [day])[SCHOOL].classes.items()}
        for day in (september - timedelta(1), september)
    }
    assert known == {
        september - timedelta(1): {"三3": 40, "三4": 40},
        september: {"四3": 40, "四4": 38, "一1": 42},
    }
    rooms = table(template(site, "absence", SCHOOL, september), "班级")
    assert [row[0] for row in rooms] == ["一(1)班", "四(3)班", "四(4)班"]
    listed = template(site, "roster", COUNTY, september)
    assert {row[0] for row in table(listed, "班级")} == {SCHOOL}, "the other school has not sent its own"
    assert {row[0] for row in table(template(site, "roster", COUNTY, year=2027), "班级")} == {SCHOOL, OTHER}
    assert lookup.names([SCHOOL]) == {SCHOOL: "示例第一小学"}


def test_a_template_sent_back_untouched_does_not_bring_a_later_change_forward(site: Site, desk: Desk) -> None:
    county = f"{COUNTY} 鼓楼区"
    later = edited(template(site, "roster", COUNTY), "班级", {1: {"学生人数": 33}})
    book = openpyxl.load_workbook(io.BytesIO(later))
    day_cell = next(cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value == "生效日期")
    book.worksheets[0].cell(day_cell.row, day_cell.column + 1, DAY + timedelta(10))
    book.save(out := io.BytesIO())
    assert "40 → 33，自 2026-11-30 起" in sent(site, f"{county}/later.xlsx", out.getvalue())
    now, then = (template(site, "roster", COUNTY, DAY + timedelta(days)) for days in (0, 10))
    assert [table(one, "班级")[0][5] for one in (now, then)] == [40, 33]
    assert "没有改动" in sent(site, f"{county}/now.xlsx", now)


def test_a_school_that_has_ended_is_laid_no_template_though_nothing_came_since(site: Site) -> None:
    ends = edited(template(site, "roster", COUNTY), "学校", {1: {"停办日期": DAY + timedelta(3)}})
    assert "停办日期 2026-11-23" in sent(site, f"{COUNTY} 鼓楼区/名册.xlsx", ends)
    for days, schools in ((0, SCHOOLS), (3, [OTHER])):
        now = NOW + timedelta(days)
        laid = sum(made.schools for made in run.make_templates(site, now, now.date()))
        assert laid == len(schools)


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "queke.toml").write_text('database = "sqlite:///store.db"\n', encoding="utf-8")
    (tmp_path / "queke.key").write_text(KEY.hex())
    (tmp_path / "queke.key").chmod(0o600)
    book = edited(template(site, "roster", COUNTY), "班级", {1: {"学生人数": 45}})
    (tmp_path / "名册.xlsx").write_bytes(book)
    assert "三(3)班: roll 40 → 45" in sent_dry(tmp_path, monkeypatch, capsys)
    database.open(site)
    assert set(SchoolClass.objects.values_list("roll", flat=True)) == {40}


def sent_dry(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setenv("QUEKE_NOW", f"{NOW:%Y-%m-%dT%H:%M}")
    database.close()
    assert cli.run(["--site", str(root), "units", "import", "--dry-run", str(root / "名册.xlsx")]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("slow", [[0], [1], [0, 2], [2, 1]])
def test_a_slow_roster_or_report_is_as_if_it_had_not_been_slow(
    tmp_path: Path, prepared_db: Path, desk: Desk, slow: Sequence[int]
) -> None:
    found = []
    for kept in ([], slow):
        site = lay_out(tmp_path, prepared_db)
        database.open(site)
        grown = edited(
            template(site, "roster", COUNTY), "班级", {5: {"学校标识码": SCHOOL, "班级": "五(1)班", "学生人数": 30}}
        )
        versions = [
            grown,
            desk.absence(SCHOOL, [pupil(0), pupil(1, class_name="五(1)班")]),
            edited(template(site, "roster", COUNTY), "班级", {1: {"学生人数": 44}, 2: {"学生人数": 39}}),
            desk.absence(SCHOOL, [pupil(2)], mode="补充"),
        ]
        settle(site, versions, [versions[n] for n in kept])
        found.append({**final(), "classes in the registry": registry_rows(), "said": said()})
        database.close()
    assert found[1] == found[0]


def said() -> list[object]:
    return list(Submission.objects.order_by("received_seq").values_list("received_seq", "issues"))
