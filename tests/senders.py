"""Everybody who sends a workbook of any form: a school or a county, what it owes, and the template that it was sent.

`laid(site, needs)` makes the places and has happen what must have happened before (a cluster, so that there is a
card to answer; closures, so that there is a desk to decide), then gives a `Sender` for each workbook that is asked.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

from pipeline import database, issuing, run
from pipeline.database import models
from pipeline.database.models import Alert, Campus, Division, SchoolClass, Unit
from pipeline.forms import form
from pipeline.forms.base import Table
from pipeline.issuing import card as card_book
from pipeline.issuing import desk
from pipeline.model import Site
from pipeline.xlsx.fill import Template, heads
from tests import filings
from tests.inprocess import InProcess
from tests.mistakes import Cell, Filled, possible
from tests.sites import DAY, NOW, pupil, put

ROOMS = {"三3": "三(3)班", "三4": "三(4)班"}
FORMS = ("absence", "closure", "card", "filing", "roster", "calendar", "desk")
OF_COUNTIES = frozenset({"roster", "calendar", "desk"})


@dataclass(frozen=True)
class Sender:
    """One workbook that somebody is asked for. `folder`: the sender's own; `blank`: what lies in the outbox."""

    code: str
    right: Filled
    blank: bytes

    @property
    def form(self) -> str:
        return self.right.form.name

    @property
    def folder(self) -> str:
        return f"{self.code} 示例"

    def made(self, wrong: Mapping[Cell, object] | None = None) -> bytes:
        return self.right.made(self.blank, wrong)

    @property
    def mistakes(self) -> list[tuple[Cell, object]]:
        """Each of what may go wrong so that something goes back. What a county only is told is not its to mistype."""
        return list(self.right.also if self.form == "desk" else possible(self.right))

    @property
    def prefilled(self) -> bool:
        """Whether rows of ours stand in the template, which are taken whatever becomes of the sender's."""
        table = self.right.form.tables[0]
        mine = [row for name, row in self.right.lines(self.blank) if name == table.name]
        return min(mine) > _first_row(self.blank, table)


def _first_row(blank: bytes, table: Table) -> int:
    return heads(Template(blank).cells(table.sheet), table)[0] + 1


@dataclass(frozen=True)
class Decided(Filled):
    """A county's 处理单: lines are known by their 事项号, and only those that lie in the workbook are filled in."""

    def made(self, blank: bytes, wrong: Mapping[Cell, object] | None = None) -> bytes:
        book = Template(blank)
        cells: dict[str, dict[tuple[int, int], object]] = {}
        for name, rows in self.tables.items():
            table = self.form.table(name)
            if table.sheet not in book.sheets:
                continue
            lying = book.cells(table.sheet)
            top, places = heads(lying, table)
            lines = {text: row for (row, column), text in lying.items() if row > top and column == places["key"]}
            for at, row in enumerate(rows):
                for column in ("opinion", "why") if row["key"] in lines else ():
                    value = (wrong or {}).get((name, at, column), row[column])
                    cells.setdefault(table.sheet, {})[lines[str(row["key"])], places[column]] = value
        return book.put(cells)


# --------------------------------------------------------------------------- what is right, form by form


def absence(code: str) -> Filled:
    rows = [pupil(0), pupil(1, start=date(2026, 11, 19)), pupil(2, class_name="三(4)班"), pupil(3, reason="其他")]
    classes = [{"class_name": name, "roll": roll} for name, roll in zip(ROOMS.values(), (40, 41), strict=True)]
    header = {"unit": code, "day": DAY, "zero": "否", "reporter": "示例甲"}
    return Filled(form("absence"), header, {"rows": rows, "classes": classes})


def closure(code: str) -> Filled:
    told = {
        "kind": "首报",
        "reason": "流行性感冒",
        "ill": 8,
        "start": datetime(2026, 11, 20, 13),
        "resume_planned": date(2026, 11, 24),
        "approved_at": datetime(2026, 11, 20, 11),
        "approved_how": "电话",
        "approved_by": "示例区教育局 示例甲",
    }
    rows = [{**told, "scope": room} for room in ROOMS.values()]
    return Filled(form("closure"), {"unit": code, "day": DAY, "reporter": "示例甲"}, {"rows": rows})


def card(_: str) -> Filled:
    answer = {
        "verdict": "不可排除",
        "measures": "通知家长、患病学生居家、消毒",
        "report_way": "电话",
        "reported_at": datetime(2026, 11, 20, 13, 30),
        "reported_to": "示例区教育局 示例乙",
        "reporter": "示例甲",
    }
    days = [{"day": DAY, "fresh": 0, "present": 3, "progress": "班级已消毒"}]
    wanted = ("verdict", "measures", "report_way", "reported_at", "reported_to")
    also = [(("answer", 0, name), None) for name in wanted]
    return Filled(form("card"), {}, {"answer": [answer], "days": days}, also)


def filing(code: str) -> Filled:
    rows = [
        {"username": f"SL_{code[-6:]}_{n}", "holder": f"示例{who}", "phone": "100-0000-0001"}
        for n, who in enumerate("甲乙")
    ]
    also = [(("accounts", n, "password"), "short1!") for n in range(len(rows))]
    return Filled(form("filing"), {}, {"accounts": [{**row, "password": "Qw7!silence"} for row in rows]}, also)


def roster(code: str) -> Filled:
    school = _school(code, 99)
    classes = [{"code": school, "class_name": name, "stage": "小学", "roll": 40} for name in ("一(1)班", "一(2)班")]
    schools = [{"code": school, "name": f"示例{code}新办小学", "stages": "小学"}]
    return Filled(form("roster"), {"reporter": "示例甲"}, {"schools": schools, "classes": classes})


def calendar(_: str) -> Filled:
    off, on = DAY + timedelta(days=7), DAY + timedelta(days=8)
    rows = [
        {"kind": "放假", "stage": "小学", "first": off, "last": off, "note": "运动会"},
        {"kind": "上课", "stage": "小学", "first": on, "last": on, "note": "补课"},
    ]
    return Filled(form("calendar"), {"reporter": "示例甲"}, {"spans": rows})


def decided(content: bytes) -> Filled:
    table = form("desk").table("closures")
    cells = Template(content).cells(table.sheet)
    top, places = heads(cells, table)
    keys = [text for (row, column), text in sorted(cells.items()) if row > top and column == places["key"]]
    opinions = ({"opinion": "确认", "why": None}, {"opinion": "退回", "why": "没有达到停课评估标准"})
    rows = [{"key": key, **said} for key, said in zip(keys, opinions, strict=False)]
    also: list[tuple[Cell, object]] = [(("closures", n, "opinion"), "看不懂的话") for n in range(len(rows))]
    return Decided(form("desk"), {}, {"closures": rows}, [*also, (("closures", 1, "why"), None)])


RIGHT = {
    "absence": absence,
    "closure": closure,
    "card": card,
    "filing": filing,
    "roster": roster,
    "calendar": calendar,
}


# --------------------------------------------------------------------------- the places, and what went before


def laid(site: Site, needs: Mapping[str, int]) -> list[Sender]:
    """Make what is needed for so many workbooks of each form, and return who sends them. The store must be open."""
    counties = _counties()
    codes = _codes(counties)
    of = {name: list(islice(codes, needs.get(name, 0))) for name in FORMS if name not in OF_COUNTIES}
    desks = counties[: needs.get("desk", 0)]
    waiting = {county: _school(county, 98) for county in desks}
    _register([*(code for some in of.values() for code in some), *waiting.values()])
    _before(site, of["card"], waiting)
    found = [Sender(code, RIGHT[name](code), _blank(site, name, code)) for name in of for code in of[name]]
    for name in ("roster", "calendar"):
        found += [Sender(code, RIGHT[name](code), _blank(site, name, code)) for code in counties[: needs.get(name, 0)]]
    for county in desks:
        content = _blank(site, "desk", county)
        found.append(Sender(county, decided(content), content))
    return found


def _counties() -> list[str]:
    return list(Division.objects.filter(kind="county").order_by("code").values_list("code", flat=True))


def _codes(counties: Sequence[str]) -> Iterator[str]:
    """School codes that nobody has, of one county after the other."""
    for serial in range(98):
        yield from (_school(county, serial) for county in counties)


def _school(county: str, serial: int) -> str:
    return f"2132{county[2:6]}{serial:02d}"


def _register(codes: Sequence[str]) -> None:
    Unit.objects.bulk_create(
        Unit(code=code, kind="school", division_id=f"32{code[4:8]}", name=f"示例{code}小学", stages="小学")
        for code in codes
    )
    Campus.objects.bulk_create(Campus(school_id=code) for code in codes)
    SchoolClass.objects.bulk_create(
        SchoolClass(school_id=code, school_year=2026, key=key, name=name, stage="小学", roll=roll)
        for code in codes
        for (key, name), roll in zip(ROOMS.items(), (40, 41), strict=True)
    )


def _before(site: Site, ill: Sequence[str], waiting: Mapping[str, str]) -> None:
    """Clusters in some schools, closures in others: dropped, settled, warned of; pages are left undrawn."""
    for code in ill:
        rows = [pupil(n, symptom1="发热") for n in range(3)]
        right = Filled(form("absence"), {"zero": "否", "reporter": "示例甲"}, {"rows": rows})
        put(site, f"{code} 示例/缺课.xlsx", right.made(issuing.template(site, "absence", code, DAY)))
    for code in waiting.values():
        put(site, f"{code} 示例/停课.xlsx", closure(code).made(issuing.template(site, "closure", code, DAY)))
    work(site, NOW - timedelta(hours=1))


def _blank(site: Site, name: str, code: str) -> bytes:
    if name == "card":
        number = Alert.objects.filter(school=code).values_list("id", flat=True)[0]
        return card_book.workbook(site, code, number, DAY)
    if name == "desk":
        return desk.workbook(site, code, NOW)
    content = issuing.template(site, name, code, DAY)
    # the count that must equal the rows, and what a clerk writes above them
    return filings.filled(content, (), 学校账号=2) if name == "filing" else content


# --------------------------------------------------------------------------- the site


def work(site: Site, now: datetime = NOW) -> None:
    """One turn of the service, pages undrawn."""
    with InProcess() as readers, run.Coordinator(site, readers, lambda: now) as coordinator:
        coordinator.drain()


def stands() -> dict[str, list[tuple[object, ...]]]:
    """What was said and stands, whatever way and in whatever order it came in."""
    said: dict[object, tuple[str, ...]] = {
        models.Absence.objects: (
            *("day", "school", "campus", "pupil", "class_key", "sex", "reason", "row_state", "start", "symptoms"),
            "pending",
        ),
        models.Report.objects: ("day", "school", "campus", "zero", "on_time", "covered", "rows"),
        models.ReportClass.objects: ("day", "school", "key", "roll", "present", "other_absent", "silent"),
        models.Closure.objects: (
            *("school", "scope", "start", "kind", "reason", "ill", "resume_planned", "approved_at", "state"),
        ),
        models.Unit.objects: ("code", "name", "stages"),
        models.SchoolClass.objects: ("school_id", "key", "name", "stage", "roll", "state", "valid_from", "valid_to"),
        models.CalendarDay.objects: ("place", "stage", "first", "last", "kind", "note"),
        models.FilingLine.objects.exclude(state="superseded"): (
            *("filing__unit", "filing__level", "filing__opener", "username", "holder", "phone", "state", "takeover"),
        ),
        models.Alert.objects: ("school", "scope", "group", "stage", "state", "cases"),
        # days that came without an answer are a card of their own, which answers nothing
        models.Card.objects.exclude(state="replaced").exclude(verdict=""): (
            *("alert__school", "verdict", "reason", "answer", "state", "by", "late"),
        ),
        models.CardDay.objects: ("alert__school", "day", "fresh", "present", "progress"),
    }
    return {
        rows.model.__name__: sorted(rows.values_list(*names), key=repr)  # type: ignore[attr-defined]  # a query
        for rows, names in said.items()
    }


@contextmanager
def copy_of(site: Site) -> Iterator[Site]:
    """A site as it lies, its store open: whatever happens to it, the next copy is as before."""
    root = Path(tempfile.mkdtemp(prefix="queke-mistakes-"))
    shutil.copytree(site.root, root, dirs_exist_ok=True)
    database.open(site := replace(site, root=root))
    try:
        yield site
    finally:
        database.close()
        shutil.rmtree(root)
