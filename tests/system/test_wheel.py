"""The wheel, in an empty environment outside the repo, serves a site."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from pipeline.forms import form
from pipeline.xlsx.fill import Template, fill

COUNTY = "320106"
SCHOOL = {
    "code": "2132010001",
    "name": "示例第一小学",
    "stages": "小学",
    "boarding": "否",
    "reporter": "示例甲",
    "reporter_phone": "02500000000",
    "leader": "示例乙",
    "leader_phone": "02500000001",
}
ROOM = {"code": SCHOOL["code"], "class_name": "三(3)班", "stage": "小学", "roll": 40}
DAY = date(2026, 11, 20)
PUPIL = {
    "class_name": ROOM["class_name"],
    "name": "示例丙",
    "sex": "男",
    "reason": "因病",
    "start": DAY,
    "symptom1": "咳嗽",
}


@pytest.fixture(scope="module")
def installed(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the built wheel and what run.txt pins, nothing of the checkout."""
    place = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", place], cwd=repo)
    (wheel,) = place.glob("*.whl")
    uv, environment = repo / "tools" / "uv.sh", place / "environment"
    run([uv, "venv", "--quiet", "--python", sys.executable, environment], cwd=place)
    into = ["--quiet", "--python", environment]
    run([uv, "pip", "sync", *into, "--require-hashes", repo / "requirements" / "run.txt"], cwd=place)
    run([uv, "pip", "install", *into, "--no-deps", "--offline", wheel], cwd=place)
    run([uv, "pip", "check", *into], cwd=place)
    return environment / "bin"


@pytest.fixture(scope="module")
def site(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site made by the installed command, which knows one school by its county's roster."""
    folder = tmp_path_factory.mktemp("served") / "site"
    queke = installed / "queke"
    run([queke, "init", folder], cwd=folder.parent)
    run([queke, "template", "roster", "--unit", COUNTY, "--day", str(DAY), "-o", "名册.xlsx"], cwd=folder)
    filled(folder / "名册.xlsx", "roster", {"schools": [SCHOOL], "classes": [ROOM]})
    run([queke, "units", "import", "名册.xlsx"], cwd=folder)
    return folder


def run(command: list[str | Path], *, cwd: Path, allowed: tuple[int, ...] = (0,)) -> str:
    """Run outside the checkout's environment, to an exit code that is allowed; its standard output."""
    shut_out = ("PYTHON", "VIRTUAL_ENV", "QUEKE", "DJANGO")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(shut_out)} | {
        "QUEKE_NOW": f"{DAY}T14:00"
    }
    done = subprocess.run(
        command, cwd=cwd, env=clean, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode in allowed, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def filled(workbook: Path, name: str, tables: Mapping[str, list[dict[str, object]]]) -> None:
    workbook.write_bytes(fill(Template(workbook.read_bytes()), form(name), {"reporter": "示例甲"}, tables))


def test_the_wheel_carries_its_pages_and_fonts(installed: Path, tmp_path: Path) -> None:
    code = "from pipeline import resources; print(resources.path('reports/fonts/NotoSansSC-Regular.ttf'))"
    found = run([installed / "python", "-c", code], cwd=tmp_path)
    assert "_carried" in found
    assert str(installed.parent) in found


def test_the_command_says_what_it_can_do(installed: Path, tmp_path: Path) -> None:
    told = run([installed / "queke", "--help"], cwd=tmp_path)
    assert {"init", "template", "ingest", "watch", "digest"} <= set(told.split())


def test_a_workbook_dropped_in_the_installed_site_is_accepted_and_answered(installed: Path, site: Path) -> None:
    queke, book = installed / "queke", site / "inbox" / "学生缺课日报.xlsx"
    made = ["template", "absence", "--unit", SCHOOL["code"], "--day", str(DAY), "-o", book]
    run([queke, *made], cwd=site)
    filled(book, "absence", {"rows": [PUPIL]})
    (line,) = run([queke, "ingest", "--json"], cwd=site, allowed=(0, 1)).splitlines()
    outcome = json.loads(line)
    assert (outcome["outcome"], outcome["accepted"], outcome["rejected"]) == ("accepted", 1, 0)
    assert list((site / "outbox").glob(f"学校/*{SCHOOL['code']}*/{DAY}/*"))
