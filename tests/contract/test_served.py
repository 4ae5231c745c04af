"""A site whose store is PostgreSQL, through the command line: init, roster, reports, alerts, papers, trace."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from pipeline import cli, config, database
from pipeline.forms import form
from pipeline.model import Site
from pipeline.xlsx.fill import Template, fill
from tests import build
from tests.build import COUNTY, DAY, SCHOOL


@pytest.fixture(scope="module")
def site(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A site on a database of its own in the test's cluster."""
    maintenance = store_of(tmp_path_factory.mktemp("maintenance"), postgres)
    database.open(maintenance)

    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE served")
    database.close()
    root = tmp_path_factory.mktemp("served") / "site"
    queke("init", root, "--database", postgres.replace("/postgres?", "/served?"))
    yield root
    database.close()


def store_of(root: Path, address: str) -> Site:
    return Site(root=root, database=address, key=b"a key for tests, thirty-two long")


def queke(*arguments: object, code: int = 0) -> str:
    """Run a command in this process; return what it said."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setenv("QUEKE_NOW", f"{DAY}T14:10")
        patch.setenv("QUEKE_INTAKE__STABLE_SECONDS", "0")
        assert cli.run([str(argument) for argument in arguments]) == code, said.getvalue()
    return said.getvalue()


@pytest.mark.slow
def test_a_site_on_postgresql_takes_in_warns_prints_and_traces(site: Path) -> None:
    opened = config.load(site)
    database.open(opened)
    (site.parent / "名册.xlsx").write_bytes(build.Shelf(opened, build.schools()).roster(COUNTY, DAY))
    database.close()
    at = ("--site", site)
    queke(*at, "units", "import", site.parent / "名册.xlsx")
    blank = site.parent / "缺课日报.xlsx"
    queke(*at, "template", "absence", "--unit", SCHOOL.code, "--day", DAY, "-o", blank)
    ill = {"class_name": SCHOOL.rooms[0].name, "reason": "因病", "start": DAY}
    rows = [
        {**ill, "name": name, "sex": sex, "diagnosis": "手足口病", "symptom1": "皮疹"}
        for name, sex in SCHOOL.rooms[0].pupils[:6]
    ]
    rows.append({**ill, "name": "", "sex": "男", "symptom1": "发热"})
    blank.write_bytes(fill(Template(blank.read_bytes()), form("absence"), {"zero": "否"}, {"rows": rows}))
    (line,) = [json.loads(line) for line in queke(*at, "ingest", blank, "--json", code=1).splitlines()]
    assert (line["outcome"], line["accepted"], line["rejected"]) == ("partial", 6, 1)
    assert json.loads(queke(*at, "status", "--json", code=1))["submissions"]["partial"] == 1
    (listed,) = [line for line in queke(*at, "cards").splitlines() if line.startswith("2026-0001")]
    assert "hand, foot and mouth disease" in listed, "by its name, not as D10"
    (digest,) = queke(*at, "digest", "--day", DAY, "--division", COUNTY.code).splitlines()
    assert Path(digest).is_file()
    assert "registered: 15" in queke(*at, "trace", f"D-{COUNTY.code}-{f'{DAY:%Y%m%d}'}-1")
    exported = queke(*at, "export", "absence", "--for", SCHOOL.code, "-o", "-").splitlines()
    assert len(exported) == 1 + 6
    assert queke(*at, "check", blank, code=0).splitlines()[0].startswith("缺课日报.xlsx  duplicate")
    ticket = queke(*at, "rejects", "list", code=1).splitlines()[1].split()[0]
    queke(*at, "rejects", "waive", ticket, "--why", "学校电话说明")
    queke(*at, "rejects", "list")
