"""停课 ↔ 缺课 as people meet it: a closure whose pupils nobody reported is asked about, and gone when they come."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from pipeline import cli, config, database, issuing, run
from pipeline.facts import digest_facts
from pipeline.forms import form
from pipeline.model import Settled, Site
from pipeline.service import timetable
from pipeline.settling import reconciliation
from pipeline.xlsx.fill import Template, fill
from tests.inprocess import InProcess
from tests.sites import COUNTY, DAY, SCHOOLS, ZONE, Desk, pupil

SCHOOL = next(iter(SCHOOLS))


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=ZONE)


def drop(site: Site, content: bytes, moment: datetime) -> Sequence[Settled]:

    folder = site.inbox / SCHOOL
    folder.mkdir(exist_ok=True)
    (folder / f"{moment:%H%M%S}.xlsx").write_bytes(content)
    return drain(site, moment)


def drain(site: Site, moment: datetime) -> Sequence[Settled]:
    found: list[Settled] = []
    with InProcess() as readers:
        run.drain(site, readers, lambda: moment, observe=lambda _arrival, settled: found.append(settled))
    return found


def closure(site: Site) -> bytes:
    blank = Template(issuing.template(site, "closure", SCHOOL, DAY))
    row = {
        "kind": "首报", "scope": "三(3)班", "reason": "流行性感冒", "ill": 2, "pupils": 40, "start": at(13),
        "resume_planned": datetime(2026, 11, 24), "approved_at": at(11), "approved_how": "电话",  # a cell
        "approved_by": "示例区教育局",
    }  # fmt: skip
    return fill(blank, form("closure"), {}, {"rows": [row]})


def questions(site: Site) -> list[str]:
    return [path.read_text(encoding="utf-8-sig") for path in sorted(site.outbox.glob("学校/*/*/对账询问*.txt"))]


def test_a_closure_without_its_pupils_is_asked_about_once_and_gone_when_they_come(site: Site, desk: Desk) -> None:
    drop(site, closure(site), at(13, 30))
    assert reconciliation.waiting(COUNTY) == [], "the report may still come"
    drop(site, desk.absence(SCHOOL, [pupil(0)]), at(14))
    [line] = reconciliation.waiting(COUNTY)
    assert "三(3)班报患病 2 人，11-20 的缺课登记里只有 1 人因病" in line.what
    assert questions(site) == [], "schools are asked at the hour, all at once"
    timetable.tick(site, at(15, 1))
    drain(site, at(15, 2))
    [text] = questions(site)
    assert text.startswith("本校报来的有 1 处对不上，请核对 · 不是退回，已收下的都算数\n")
    assert line.what in text
    assert "示例甲" not in text
    timetable.tick(site, at(15, 5))
    drain(site, at(15, 6))
    assert len(questions(site)) == 1

    book = digest_facts.book(site, DAY, at(15, 10), [COUNTY])
    assert digest_facts.digest(book, COUNTY, 1, final=False).matters == ("示例第一小学",)

    drop(site, desk.absence(SCHOOL, [pupil(0), pupil(1)], mode="整份更正"), at(15, 30))
    assert reconciliation.waiting(COUNTY) == []


def test_the_command_line_lists_and_settles_and_lays_templates(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write(site.root, site.database)
    drop(site, closure(site), at(13, 30))
    drain(site, at(15, 1))
    database.close()
    monkeypatch.setenv("QUEKE_SITE", str(site.root))
    monkeypatch.setenv("QUEKE_NOW", "2026-11-20T15:05")

    def queke(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = cli.run(arguments)
        said = capsys.readouterr()
        return code, said.out + said.err

    assert queke("matters", "list") == (0, "")

    timetable.tick(site, at(15, 1))
    code, listed = queke("matters", "list", "--unit", COUNTY)
    assert (code, "not" in listed) == (1, True)
    assert "matters to reconcile" in queke("status")[1]
    name = listed.split()[0]
    assert queke("matters", "settle", name, "--why", "电话核实") == (0, f"{name}: settled\n")
    assert queke("matters", "settle", name, "--why", "再办")[0] == 2
    assert queke("matters", "list") == (0, "")
    assert queke("matters", "list", "--unit", "1")[0] == 2

    laid = queke("template", "absence", "--all", "--day", "2026-11-23", "--unit", COUNTY)
    assert laid == (0, "2 schools owe a report of 2026-11-23: 2 templates made, 0 lie there as they should\n")
    assert queke("template", "absence", "--all", "--day", "2026-11-22")[1].startswith("0 schools owe a report")
    assert queke("template", "closure", "--all")[0] == 2
    assert queke("template", "absence")[0] == 2
