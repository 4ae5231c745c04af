"""A site made by the first version goes on: its rows live through every later migration and are what they were.

A made-up migration comes last, so that there is a later one at any time; none is named here.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from pipeline import database
from pipeline.database import sql
from pipeline.database.models import Account, Alert, Card, Decision, Reject, SchoolClass, Unit
from pipeline.model import Site, State
from pipeline.registry import calendar_spans, lookup, schools
from tests.contract.settling import report
from tests.rosters import classed, roster
from tests.sites import KEY
from tests.submissions import COUNTY, DAY, NOON, SCHOOL, checked, later, line, row

APP = "database"
ALERT = "2026-0001"


@pytest.fixture(params=["sqlite", "postgres"])
def old(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An open store as the first migration made it, with rows in every table that later ones change."""
    monkeypatch.setattr(settings, "MIGRATION_MODULES", {APP: "tests.contract.later_migrations"})
    address = "sqlite:///store.db"
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        _query(Site(root=tmp_path, database=server, key=KEY), "DROP DATABASE IF EXISTS old", "CREATE DATABASE old")
        address = server.replace("/postgres?", "/old?")
    site = Site(root=tmp_path, database=address, key=KEY)
    database.open(site)
    _fill()
    yield site
    database.close()


def _query(site: Site, *statements: str) -> None:
    database.open(site)
    with connection.cursor() as cursor:
        for one in statements:
            cursor.execute(one)
    database.close()


def _fill() -> None:
    executor = MigrationExecutor(connection)
    [first] = executor.loader.graph.root_nodes(APP)
    executor.migrate([first, *executor.loader.graph.leaf_nodes("contenttypes")])
    rows = executor.loader.project_state([first]).apps.get_model

    def make(model: str, **values: object) -> None:
        rows(APP, model).objects.create(**values)

    make("Division", code=COUNTY, name="鼓楼区", short="鼓楼", kind="county")
    make("Unit", code=SCHOOL, kind="school", name="示例小学", stages="小学", division_id=COUNTY, reporter="李老师")
    make("Campus", school_id=SCHOOL)
    for key, roll in (("三3", 40), ("四1", 38)):
        make("SchoolClass", school_id=SCHOOL, school_year=2026, key=key, name=f"{key[0]}({key[1]})班", roll=roll)
    make("CalendarDay", place=COUNTY, first=date(2026, 11, 12), last=date(2026, 11, 13), kind="holiday", note="秋假")
    make(
        "Submission", received_seq=1, settled_seq=1, sha256="0" * 64, name="缺课日报.xlsx", size=9, channel="folder",
        first_seen=NOON, received_at=NOON, path="archive/1", state="partial", form="absence", unit=SCHOOL, day=DAY,
    )  # fmt: skip
    make(
        "Reject", ticket="T-1", submission_id=1, school=SCHOOL, campus="本部", form="absence", day=DAY, table="rows",
        row=9, raw={"班级": "三(3)班"}, issues=[], state="open",
    )  # fmt: skip
    make("Decision", seq=2, settled_seq=2, at=NOON, who="教育局", what="waive", target="T-0")
    for name in ("received", "settled"):
        make("Counter", name=name, value=2)
    make(
        "Alert", id=ALERT, school_id=SCHOOL, campus="本部", division=COUNTY, scope="三3", group="RASH", stage="early",
        opened_day=DAY, opened_at=NOON, due_at=NOON + timedelta(days=1), first_onset=DAY, last_onset=DAY, cases=3,
        ends_after=DAY + timedelta(days=7),
    )  # fmt: skip
    make("Card", alert_id=ALERT, at=NOON, verdict="stands")
    make("Account", username="JY_XZ", folded="jy_xz", password="", holder="李老师")


def test_rows_of_the_first_version_live_on(old: Site) -> None:
    assert database.behind() == _after_the_first()
    database.migrate()
    assert database.behind() == []
    assert sql.fetch("SELECT ticket, trial FROM reject") == [("T-1", None)]
    lookup.load_divisions()
    known = schools.load([SCHOOL], [DAY], {}).schools[SCHOOL]
    assert {key: room.roll for (_, key), room in known.classes.items()} == {"三3": 40, "四1": 38}
    assert [span.note for span in calendar_spans.calendar().of(COUNTY)] == ["秋假"]
    assert (Alert.objects.get().hours, Card.objects.get().revision, Card.objects.get().submission) == (24, 1, 0)
    assert (Reject.objects.get().key, Decision.objects.get().place) == ("", 0)
    assert (Account.objects.get().holder, Account.objects.get().filing) == ("李老师", None)


def _after_the_first() -> list[str]:
    graph = MigrationLoader(connection).graph
    [first], [last] = graph.root_nodes(APP), graph.leaf_nodes(APP)
    assert last[1] == "made_up"
    plan = graph.forwards_plan(last)
    return [".".join(node) for node in plan[plan.index(first) + 1 :]]


def test_what_was_registered_before_is_what_changes_build_on(old: Site) -> None:
    database.migrate()

    lookup.load_divisions()
    [done] = report(old, roster(3, classed("三3", code=SCHOOL, roll=41)))
    assert done.state is State.ACCEPTED
    standing = SchoolClass.objects.filter(valid_to=None).order_by("key")
    assert list(standing.values_list("key", "roll")) == [("三3", 41), ("四1", 38)]
    assert Unit.objects.get(code=SCHOOL).reporter == "李老师"
    [done] = report(old, checked(4, [row("甲"), line("三3", 41), line("四1", 38)], at=later(hours=1)))
    assert done.state is State.ACCEPTED
