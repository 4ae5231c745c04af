"""One roster, calendar, or word on a class is taken back: as if it had not come."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from pipeline import database, run
from pipeline.database.models import Absence, Audit, Decision, Report, SchoolClass, Submission, Unit
from pipeline.errors import UsageError
from pipeline.model import DecidedBy, Site, State
from pipeline.settling import proposals, undo
from tests.inprocess import InProcess
from tests.sites import COUNTY, DAY, NOW, SCHOOLS, Desk, lay_out, pupil
from tests.system.posting import drop
from tests.system.registry_books import edited, owed, registry_rows, sent, template

SCHOOL, OTHER = SCHOOLS
FOLDER, THEIRS = f"{COUNTY} 鼓楼区", f"{SCHOOL} 示例第一小学"
NEW = {"学校标识码": "2132010033", "学校名称": "示例第三小学", "学段": "小学"}
WHO = "示例县教育局"


def taken_back(site: Site, seq: int, *, form: str = "roster") -> None:
    what = undo.take_back_roster if form == "roster" else undo.take_back_calendar
    run.undo(site, partial(what, seq), WHO, "填错了", lambda: NOW)


def stands() -> Mapping[str, object]:
    """All that stands, without numbers of submissions."""
    return {
        "classes": registry_rows(),
        "schools": sorted(Unit.objects.filter(kind="school").values_list("code", "name", "valid_from", "valid_to")),
        "absent": sorted(Absence.objects.values_list("school", "campus", "class_key", "pupil", "day")),
        "reports": sorted(Report.objects.values_list("school", "campus", "day", "rows", "covered")),
    }


def drain(site: Site, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        drop(site, {name: content})
        with InProcess() as readers:
            run.drain(site, readers, lambda: NOW)


@pytest.fixture
def week(site: Site, desk: Desk) -> dict[str, bytes]:
    """A county's good rosters, a bad one between them, and reports before and after it."""
    base = template(site, "roster", COUNTY)
    more = edited(base, "班级", {5: {"学校标识码": SCHOOL, "班级": "五(1)班", "学生人数": 30}})
    wrong = edited(
        edited(base, "班级", {1: {"学生人数": 44}, 2: {"停用日期": DAY}, 6: {"学校标识码": SCHOOL, "班级": "五(2)班"}}),
        "学校",
        {2: {"学校名称": "示例二小", "停办日期": DAY + timedelta(5)}, 3: NEW},
    )
    after = edited(base, "班级", {3: {"学生人数": 39}})
    return {
        f"{FOLDER}/a.xlsx": more,
        f"{THEIRS}/b.xlsx": desk.absence(SCHOOL, [pupil(0), pupil(1, class_name="五(2)班")]),
        f"{FOLDER}/wrong.xlsx": wrong,
        f"{THEIRS}/c.xlsx": desk.absence(SCHOOL, [pupil(2, class_name="五(1)班")], mode="补充"),
        f"{FOLDER}/d.xlsx": after,
    }


def test_a_roster_taken_back_is_as_if_it_had_not_come(
    site: Site, week: dict[str, bytes], tmp_path: Path, prepared_db: Path
) -> None:
    drain(site, week)
    assert Unit.objects.filter(code=NEW["学校标识码"]).exists()
    seq = Submission.objects.get(name="wrong.xlsx").received_seq
    taken_back(site, seq)
    found = stands()
    row = Submission.objects.get(received_seq=seq)
    assert (row.state, [one["code"] for one in row.issues]) == (State.REJECTED, ["registry-undone"])
    assert Decision.objects.get().what == "roster-undo"
    assert Audit.objects.filter(what="roster-undo").exists()
    with pytest.raises(UsageError, match="没有可撤回的"):
        taken_back(site, seq)
    database.close()
    without = {name: content for name, content in week.items() if not name.endswith("wrong.xlsx")}
    (tmp_path / "other" / "inbox").mkdir(parents=True)
    other = lay_out(tmp_path / "other", prepared_db)
    database.open(other)
    drain(other, without)
    assert found == stands()


def test_a_school_that_has_reported_is_not_taken_back(site: Site) -> None:
    sent(site, f"{FOLDER}/a.xlsx", edited(template(site, "roster", COUNTY), "学校", {3: NEW}))
    sent(site, f"{NEW['学校标识码']} 示例第三小学/b.xlsx", template(site, "absence", NEW["学校标识码"]))
    before = stands()
    with pytest.raises(UsageError, match="示例第三小学 2132010033"):
        taken_back(site, 1)
    assert stands() == before


def test_the_only_campus_of_a_school_is_not_removed(site: Site) -> None:
    before = stands()
    with pytest.raises(UsageError, match="仅有的校区"):
        run.undo(site, partial(undo.remove_campus, SCHOOL, "本部"), WHO, "填错了", lambda: NOW)
    assert stands() == before


def test_a_calendar_taken_back_gives_the_days_back(site: Site, desk: Desk) -> None:
    line = {1: {"类别": "放假", "开始日期": DAY, "说明": "秋假"}}
    sent(site, f"{FOLDER}/校历.xlsx", edited(template(site, "calendar", COUNTY), "校历", line))
    assert not owed(SCHOOL, DAY)
    taken_back(site, 1, form="calendar")
    assert owed(SCHOOL, DAY)
    receipt = sent(site, f"{FOLDER}/校历2.xlsx", edited(template(site, "calendar", COUNTY), "校历", line))
    assert "新增 放假 2026-11-20（秋假）" in receipt, "sent again it says what it changes, in truth"
    assert not owed(SCHOOL, DAY)


@pytest.mark.parametrize("alias", ["", "三(3)班"])
def test_a_class_confirmed_by_mistake_waits_again(site: Site, desk: Desk, alias: str) -> None:
    sent(site, f"{THEIRS}/a.xlsx", desk.absence(SCHOOL, [pupil(0), pupil(1, class_name="五(2)班")]))
    (waits,) = proposals.waiting(COUNTY)
    proposals.confirm(waits.id, DecidedBy(WHO, "", NOW), alias)
    assert proposals.waiting(COUNTY) == []
    run.undo(site, partial(undo.take_back_class, waits.id), WHO, "点错了", lambda: NOW)
    assert [one.id for one in proposals.waiting(COUNTY)] == [waits.id]
    assert SchoolClass.objects.get(school=SCHOOL, key="五2").state == "new"
    with pytest.raises(UsageError, match="没有办过"):
        run.undo(site, partial(undo.take_back_class, waits.id), WHO, "点错了", lambda: NOW)
