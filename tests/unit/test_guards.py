"""Each guard is seen failing on a bad sample, and passing on its nearest good neighbour."""

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tools import guards, structure

PRODUCT = Path("pipeline/sample.py")
FLOORS = ("forms", "validate", "issuing")


def said(found: object) -> list[str]:
    return [finding.what for finding in found]  # type: ignore[attr-defined]  # an iterable of findings


def test_a_file_over_400_lines_is_found() -> None:
    assert said(guards.too_long(PRODUCT, "x = 1\n" * 401)) == ["401 lines, more than 400"]
    assert not said(guards.too_long(PRODUCT, "x = 1\n" * 400))


def test_a_function_over_60_lines_is_found() -> None:
    assert said(guards.too_long(PRODUCT, "def f():\n" + "    x = 1\n" * 60)) == ["f has 61 lines, more than 60"]
    assert not said(guards.too_long(PRODUCT, "def f():\n" + "    x = 1\n" * 59))


@pytest.mark.parametrize(
    "line",
    [
        "cd /wor" + "k/main",
        "mirror = 'https://py" + "pi.org/simple'",
        "registry=https://registry.npm" + "js.org/",
        "https://files.python" + "hosted.org/packages/ab/x.whl",
    ],
)
def test_a_machine_path_or_a_registry_host_is_found_in_any_file(line: str) -> None:
    assert len(said(guards.forbidden_text(Path("docs/path.md"), f"fine\n{line}\n"))) == 1


def test_the_inbox_working_folder_is_no_machine_path() -> None:
    assert not said(guards.forbidden_text(Path("docs/path.md"), "inbox/.work/<worker>/x and teamwork/main"))


def test_an_address_in_a_requirement_file_is_found() -> None:
    text = "polars @ https://example.org/polars.whl\n"
    assert said(guards.forbidden_text(Path("requirements/run.txt"), text)) == ["a requirement file holds an address"]
    assert not said(guards.forbidden_text(Path("docs/path.md"), text))


def test_a_page_that_names_a_file_which_is_not_there_is_found() -> None:
    known = {"pipeline", "pipeline/forms", "pipeline/forms/closure.py"}
    page = "`pipeline/forms/<form>.py`, `pipeline/forms/`, `pipeline/store/`, `pipeline/forms/gone.py`, `forms`\n"
    found = said(guards.stale_paths(Path("docs/path.md"), page, known))
    assert found == [f"names pipeline/{name}, which is not there" for name in ("store/", "forms/gone.py")]


def test_a_page_that_says_a_name_is_where_it_is_not_is_found(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "guards.py").write_text("BARRIERS = ()\n")
    page = "`BARRIERS` of\n`tools/guards.py`, `module.GONE` of `tools/guards.py`"
    found = said(guards.stale_names(Path("CONTRIBUTING.md"), page, tmp_path))
    assert found == ["names GONE of tools/guards.py, which is not there"]


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa",
        "x = 1  # noqa: F401",
        "x = 1  # noqa  # because it must be so",
        "x = 1  # type: ignore",
        "x = 1  # type: ignore[arg-type]",
        "x = 1  # nosec",
        "x = 1  # nosec B603",
        "# mypy: ignore-errors",
    ],
)
def test_a_suppression_without_code_or_reason_is_found(line: str) -> None:
    assert len(said(guards.suppressions(PRODUCT, line + "\n"))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa: F401, E402  # the import registers it",
        "x = 1  # noqa: PTH104 — half the cost of Path.rename",
        "x = 1  # type: ignore[arg-type]  # django-stubs knows no such field",
        "x = 1  # nosec B603  # a fixed command, no shell",
        "x = '# noqa'",
    ],
)
def test_a_suppression_with_code_and_reason_passes(line: str) -> None:
    assert not said(guards.suppressions(PRODUCT, line + "\n"))


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.rename(a, b)\n",
        "import os\nos.fsync(fd)\n",
        "from os import replace\n",
        "import shutil\nshutil.move(a, b)\n",
        "path.unlink()\n",
        "path.unlink(missing_ok=True)\n",
        "path.rename(other)\n",
        "path.replace(other)\n",
    ],
)
def test_a_durable_call_outside_durable_is_found(code: str) -> None:
    assert len(said(guards.durable_calls(PRODUCT, code))) == 1
    assert not said(guards.durable_calls(Path("pipeline/durable.py"), code))


@pytest.mark.parametrize(
    "code",
    [
        "durable.unlink(path)\n",
        "text.replace('a', 'b')\n",
        "day.replace(hour=15)\n",
        "frame.rename({'a': 'b'})\n",
        "import os\nos.getpid()\n",
    ],
)
def test_what_only_looks_like_a_durable_call_passes(code: str) -> None:
    assert not said(guards.durable_calls(PRODUCT, code))


@pytest.mark.parametrize(
    "code",
    [
        "from tests.contract.test_papers import school\n",
        "from tests.contract import test_papers\n",
        "import tests.unit.test_merge\n",
        "def f():\n    from tests.system.conftest import NOW\n",
    ],
)
def test_a_test_module_that_is_imported_is_found(code: str) -> None:
    assert len(said(guards.test_modules_imported(Path("tests/unit/test_sample.py"), code))) == 1


@pytest.mark.parametrize("code", ["from tests.contract.places import school\n", "from pipeline import test_drive\n"])
def test_a_module_of_helpers_may_be_imported(code: str) -> None:
    assert not said(guards.test_modules_imported(Path("tests/unit/test_sample.py"), code))


@pytest.mark.parametrize(
    "back",
    [
        "from pipeline.a import x",
        "from pipeline import a",
        "import pipeline.a",
        "def f():\n    from pipeline import a",
        "if TYPE_CHECKING:\n    from pipeline.a import X",
    ],
)
def test_a_circle_of_imports_is_found_and_told_in_full(back: str) -> None:
    texts = {
        Path("pipeline/a.py"): "from pipeline.room import b\n",
        Path("pipeline/room/__init__.py"): "",
        Path("pipeline/room/b.py"): "from pipeline.c import y\n",
        Path("pipeline/c.py"): f"{back}\n",
    }
    (found,) = said(structure.circles(texts))
    assert found.startswith("a circle of imports: pipeline.")
    steps = found.partition(": ")[2].split(" → ")
    assert steps[0] == steps[-1]
    assert [*pairwise(steps)] in _turns(["pipeline.a", "pipeline.room.b", "pipeline.c"])
    texts[Path("pipeline/c.py")] = "import pipeline.room\n"
    assert not said(structure.circles(texts))


def _turns(circle: list[str]) -> list[list[tuple[str, str]]]:
    steps = [*zip(circle, [*circle[1:], circle[0]], strict=True)]
    return [[*steps[n:], *steps[:n]] for n in range(len(steps))]


def test_every_circle_of_imports_is_found() -> None:
    texts = {
        Path(f"pipeline/{importer}.py"): f"from pipeline.{imported} import x\n"
        for importer, imported in (("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"), ("e", "a"))
    }
    assert len(said(structure.circles(texts))) == 2


def test_a_room_above_its_share_of_the_lines_is_found() -> None:
    texts = {Path(f"pipeline/room{n}/one.py"): "x = 1\n" * 14 for n in range(6)}
    texts |= {Path("pipeline/big/one.py"): "x = 1\n" * 9, Path("pipeline/big/two.py"): "x = 1\n" * 7}
    assert said(structure.rooms(texts)) == ["16% of the lines of pipeline/, more than 15%"]
    assert not said(structure.rooms({**texts, Path("pipeline/big/two.py"): "x = 1\n" * 4}))


def test_a_room_whose_modules_have_no_order_is_found() -> None:
    texts = dict.fromkeys(
        [Path("pipeline/room/__init__.py"), Path("pipeline/room/a.py"), Path("pipeline/room/b.py")], ""
    )
    whole = {"type": "layers", "containers": ["pipeline", "pipeline.room"], "exhaustive": True}
    assert not said(structure.unordered(texts, [whole]))
    assert len(said(structure.unordered(texts, [{**whole, "exhaustive": False}]))) == 1
    assert len(said(structure.unordered(texts, [{**whole, "containers": ["pipeline"]}]))) == 1


def test_two_classes_of_one_name_are_found() -> None:
    one, other = Path("pipeline/a.py"), Path("pipeline/b.py")
    texts = {one: "class Paper: ...\n", other: "x = 1\nclass Paper: ...\n"}
    assert [*map(str, structure.homonyms(texts))] == ["pipeline/b.py:2: class Paper is also in pipeline/a.py"]
    inner = "class {}:\n    class Meta: ...\n"
    assert not said(structure.homonyms({one: inner.format("A"), other: inner.format("B")}))


@pytest.mark.parametrize(
    "line",
    [
        'if ticket.state == "open": pass',
        'if ticket.state in ("open", "x"): pass',
        'Reject.objects.filter(state="open")',
        'Filing.objects.filter(lines__state__in=["open"])',
        'row.state = "open"',
        """text = "UPDATE reject SET state = 'open'\"""",
    ],
)
def test_a_word_of_an_enumeration_is_written_by_its_name(line: str) -> None:
    states = 'class TicketState(StrEnum):\n    OPEN = "open"\n'
    texts = {Path("pipeline/states.py"): states, Path("pipeline/b.py"): line}
    assert [str(one).partition(" a word")[0] for one in structure.bare_words(texts)] == ["pipeline/b.py:1:"]
    named = {**texts, Path("pipeline/b.py"): line.replace('"open"', "TicketState.OPEN").replace("'open'", "%s")}
    assert not said(structure.bare_words(named))


def test_a_chinese_text_in_a_room_of_the_database_is_found() -> None:
    code = 'WHY = "没有写明"\nname = f"{n} 个班"\n'
    assert len(said(guards.chinese_texts(Path("pipeline/settling/sample.py"), code))) == 2
    assert not said(guards.chinese_texts(Path("pipeline/figures/sample.py"), code))


def test_chinese_words_in_docstrings_and_comments_pass() -> None:
    code = '"""The 缺课日报."""\nDAY = 1  # 报告日期\n"""By 学段."""\n'
    assert not said(guards.chinese_texts(Path("pipeline/settling/sample.py"), code))


@pytest.mark.parametrize(
    "line",
    [
        'log.error("letter_failed", letter=3)',
        'log.warning("line_stopped", error=str(error))',
        'log.exception("x", **fault.fields())',
        'log().critical("reader_ended")',
    ],
)
def test_a_log_line_of_a_failure_without_its_cause_is_found(line: str) -> None:
    assert len(said(guards.untold_faults(PRODUCT, line))) == 1


def test_a_log_line_with_its_cause_or_of_no_failure_passes() -> None:
    text = 'log.error("x", day=1, **faults.fault(error).fields())\nlog.info("cycle")\ncatalog.error("x")\n'
    assert not said(guards.untold_faults(PRODUCT, text))


@pytest.mark.parametrize(
    "code",
    [
        "JUDGES = {'absence': 1, 'closure': 2}",
        "ALONE = frozenset({'absence', 'closure'})",
        "def f(form):\n    if form == 'absence':\n        return 1\n    return form in ('x', 'closure')",
        "def f(form):\n    return 1 if form == 'absence' else 2 if form == 'closure' else 3",
    ],
)
def test_a_ladder_by_form_name_is_found(code: str) -> None:
    floors = {Path(f"pipeline/{room}/{form}.py"): "" for room in FLOORS for form in ("absence", "closure")}
    assert said(structure.ladders({**floors, PRODUCT: code})) == ["tells forms apart by name: absence, closure"]


def test_one_form_by_its_name_passes() -> None:
    floors = {Path(f"pipeline/{room}/{form}.py"): "" for room in FLOORS for form in ("absence", "closure")}
    one = "def f(form):\n    return form == 'absence' or form == 'another'\n"
    assert not said(structure.ladders({**floors, PRODUCT: one}))


@pytest.mark.parametrize("caught", ["", " Exception", " (ValueError, BaseException)", " Exception as error"])
def test_a_handler_of_whatever_is_raised_is_found_where_no_barrier_is_named(caught: str) -> None:
    code = f"def step():\n    try:\n        work()\n    except{caught}:\n        log()\n"
    assert len(said(guards.broad_excepts(PRODUCT, code))) == 1
    assert not said(guards.broad_excepts(PRODUCT, code + "        raise\n"))
    assert not said(guards.broad_excepts(PRODUCT, code.replace(f"except{caught}", "except ValueError")))


@pytest.mark.parametrize(("caught", "found"), [("Exception", 1), ("OSError, BaseException", 1), ("OSError", 0)])
def test_what_is_suppressed_is_named(caught: str, found: int) -> None:
    code = f"def f():\n    with contextlib.suppress({caught}):\n        work()\n"
    assert len(said(guards.broad_excepts(PRODUCT, code))) == found


def test_a_barrier_that_swallows_nothing_any_more_is_found() -> None:
    barrier = "def _mind():\n    try:\n        work()\n    except Exception:\n        log()\n"
    path = Path("pipeline/crew.py")
    left = [f"BARRIERS names {name}, which swallows nothing" for name in ("_mind", "_tried")]
    assert said(guards.broad_excepts(path, barrier)) == left[1:]
    assert said(guards.broad_excepts(path, barrier.replace("Exception", "OSError"))) == left


def test_an_import_inside_a_function_says_why() -> None:
    late = "def f():\n    import pandera{}\n"
    assert len(said(guards.late_imports(PRODUCT, late.format("")))) == 1
    assert not said(guards.late_imports(PRODUCT, late.format("  # 1.4 s")))
    assert not said(guards.late_imports(PRODUCT, "import pandera\n"))
    assert not said(guards.late_imports(Path("pipeline/cli/forms.py"), late.format("")))


def test_the_guards_run_over_a_repository_and_fail_it(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "pipeline" / "migrations").mkdir(parents=True)
    (tmp_path / "pipeline" / "bad.py").write_text("import pipeline.worse\npath.unlink()\n")
    (tmp_path / "pipeline" / "worse.py").write_text("def f():\n    import pipeline.bad  # late\n")
    layers = '[[tool.importlinter.contracts]]\ntype = "layers"\ncontainers = ["pipeline"]\nexhaustive = true\n'
    (tmp_path / "pyproject.toml").write_text(layers)
    (tmp_path / "pipeline" / "migrations" / "0001.py").write_text("x = 1\n" * 500)
    assert said(guards.findings(tmp_path)) == [
        "path.unlink belongs in durable.py",
        "a circle of imports: pipeline.bad → pipeline.worse → pipeline.bad",
        "f is used by tests alone, or by nobody",
    ]
    assert guards.main([str(tmp_path)]) == 1


def test_a_print_outside_the_terminal_rooms_is_found(repo: Path) -> None:
    def ruff(name: str) -> int:
        command = [sys.executable, "-m", "ruff", "check", "--select", "T20", "--stdin-filename", name, "-"]
        return subprocess.run(command, cwd=repo, input=b"print(1)\n", capture_output=True, check=False).returncode

    assert ruff("pipeline/merge.py") == 1
    assert ruff("pipeline/cli/intake.py") == 0


@pytest.fixture
def copied(repo: Path, tmp_path: Path) -> Path:
    """A copy of the package that a test may spoil, with the contracts."""
    shutil.copytree(repo / "pipeline", tmp_path / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(repo / "pyproject.toml", tmp_path)
    return tmp_path


def broken_contracts(copied: Path) -> list[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=copied, capture_output=True, text=True, check=False)
    assert "Analyzed" in done.stdout, done.stderr
    return re.findall(r"^(.+) BROKEN\b", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("model/site.py", "import pipeline.resources_user", "Downwards only"),
        ("errors.py", "import openpyxl", "Workbook libraries only in xlsx"),
        ("errors.py", "import django.db", "Django only in the rooms of the database and the console"),
        ("errors.py", "import weasyprint", "Pages only in reports"),
        ("errors.py", "import pandera.polars", "Frames only in validate"),
        ("settling/card.py", "import pipeline.alerts.assess", "Only run validates and warns"),
        ("turns/replay.py", "from pipeline import validate", "Only run validates and warns"),
        ("xlsx/table.py", "import pipeline.xlsx.giveback", "Downwards only in xlsx"),
    ],
)
def test_an_import_across_the_rooms_breaks_its_contract(copied: Path, module: str, line: str, contract: str) -> None:
    with (copied / "pipeline" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    (copied / "pipeline" / "resources_user.py").touch()
    broken = broken_contracts(copied)
    # the new module itself is in no layer: the layers are exhaustive
    assert {"Downwards only", contract} <= set(broken)


def test_an_import_upwards_breaks_the_layers(copied: Path) -> None:
    with (copied / "pipeline" / "errors.py").open("a", encoding="utf-8") as file:
        file.write("\nimport pipeline.units\n")
    assert broken_contracts(copied) == ["Downwards only"]


def test_the_picture_of_the_rooms_in_contributing_is_the_order_that_is_checked(repo: Path) -> None:
    picture = (repo / "CONTRIBUTING.md").read_text(encoding="utf-8").split("```")[1]
    drawn = [re.split(r"  +", line)[0] for line in picture.strip().splitlines()]
    (checked,) = (one["layers"] for one in guards.contracts(repo) if one.get("containers") == ["pipeline"])
    assert drawn == [layer for layer in checked if layer != "__main__"]


def test_a_new_file_in_a_room_must_be_given_its_place(copied: Path) -> None:
    (copied / "pipeline" / "county" / "new.py").touch()
    assert broken_contracts(copied) == ["Downwards only in county"]


def test_a_reader_that_reaches_pandera_through_another_room_breaks_its_contract(copied: Path) -> None:
    with (copied / "pipeline" / "errors.py").open("a", encoding="utf-8") as file:
        file.write("\nimport pandera.polars\n")
    assert broken_contracts(copied) == ["Frames only in validate", "Readers stay light"]
