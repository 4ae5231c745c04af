"""What the log says of a fault: where it comes from, in which stage, over which submissions; never a cell."""

from __future__ import annotations

import ast
import errno
import io
import json
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr
from multiprocessing import get_context
from pathlib import Path

import pytest
import structlog

from pipeline import faults, forms
from pipeline.cli.terminal import Shell
from pipeline.errors import PermanentError, TemporaryError, UsageError
from pipeline.faults import Fault, fault, stage
from tests import misbehaving

CELL = "示例甲 110101201001011234"


def caught(act: Callable[[], object]) -> Exception:
    try:
        act()
    except Exception as error:  # noqa: BLE001  # whatever it is: the tests ask what is said of it
        return error
    raise AssertionError("it went well")


def throw(error: Exception, cause: Exception | None = None) -> Callable[[], object]:
    def act() -> None:
        raise error from cause

    return act


def hides() -> None:
    """As we do where the text of an error would quote cells."""
    try:
        forms.form(CELL)
    except KeyError:
        raise PermanentError("our words") from None


def test_the_places_are_our_innermost_frame_and_the_innermost_at_all() -> None:
    found = fault(caught(lambda: forms.form("no form")))
    assert found.error == "KeyError"
    assert found.at.startswith("forms/__init__.py:")
    assert found.inner == found.at


def test_a_librarys_place_is_shown_from_the_library_on_without_the_machines_folders() -> None:
    found = fault(caught(lambda: json.loads("{" + CELL)))
    assert (found.error, found.at) == ("JSONDecodeError", "")  # a test is no frame of ours
    assert found.inner.startswith("json/decoder.py:")
    assert fault(caught(lambda: structlog.make_filtering_bound_logger("x"))).inner.startswith("structlog/")


@pytest.mark.parametrize(
    "act", [throw(PermanentError("our words"), caught(lambda: forms.form(CELL))), hides], ids=["from", "from None"]
)
def test_the_place_is_that_of_the_cause_though_its_text_be_hidden(act: Callable[[], object]) -> None:
    found = fault(caught(act))
    assert found.error == "KeyError"
    assert found.at.startswith("forms/__init__.py:")
    assert found.text == "our words"
    assert CELL not in str(found)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermanentError("figures do not add up"), "figures do not add up"),
        (TemporaryError("the store\ncannot be used"), "the store cannot be used"),
        (UsageError(CELL), ""),  # may quote what somebody typed
        (ValueError(CELL), ""),
        (KeyError(CELL), ""),
        (OSError(errno.ENOSPC, CELL, CELL), "No space left on device"),
        (OSError(CELL), ""),
    ],
)
def test_only_the_text_of_an_error_of_ours_is_said(error: Exception, said: str) -> None:
    found = fault(caught(throw(error)))
    assert found.text == said
    assert CELL not in str(found.fields())


def test_a_fault_is_of_the_innermost_stage_that_it_left_and_its_submissions() -> None:
    def act() -> None:
        with stage("settle", [7, 8, 9]), stage("validate"):
            forms.form("no form")

    found = fault(caught(act))
    assert (found.stage, found.seqs) == ("validate", (7, 8, 9))
    fields = found.fields()
    assert {name: fields[name] for name in ("size", "first", "last")} == {"size": 3, "first": 7, "last": 9}
    assert fields["submissions"] == [7, 8, 9]
    assert isinstance(fields["ms"], int)


def test_a_fault_raised_anew_outside_its_stage_is_still_of_that_stage() -> None:
    def act() -> None:
        try:
            with stage("archive", [3]):
                throw(OSError(errno.ENOSPC, "full"))()
        except OSError as error:
            raise TemporaryError("stopped") from error

    assert fault(caught(act)).stage == "archive"


def test_a_fault_outside_any_stage_has_none_of_an_earlier_fault() -> None:
    def act() -> None:
        with stage("settle", [1]):
            raise ValueError(CELL)

    caught(act)
    assert fault(caught(throw(ValueError(CELL)))).stage == ""


def test_of_many_submissions_the_first_and_last_are_named_not_all() -> None:
    fields = fault(ValueError(), range(100, 600)).fields()
    assert (fields["size"], fields["first"], fields["last"]) == (500, 100, 599)
    assert "submissions" not in fields


def test_the_seconds_of_a_stage_are_not_counted_to_the_one_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(100))
    monkeypatch.setattr(faults.time, "monotonic", lambda: next(ticks))
    faults.seconds()
    with stage("settle"), stage("validate"):
        pass
    assert faults.seconds() == {"settle": 2, "validate": 1}
    assert faults.seconds() == {}


def test_a_fault_of_another_process_has_its_place_and_not_its_text() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = fault(caught(lambda: pool.submit(misbehaving.quotes, CELL).result()))
    assert found.error == "KeyError"
    assert found.at.startswith("forms/__init__.py:")
    assert CELL not in str(found)


def test_a_traceback_that_names_no_file_of_this_machine_says_nothing() -> None:
    forged = type("RemoteTraceback", (Exception,), {})(f'Traceback (\n  File "{CELL}.py", line 3, in x\n{CELL}')
    assert CELL not in str(fault(caught(throw(ValueError(CELL), forged))))


def test_what_a_child_says_of_its_fault_is_believed_only_where_it_is_a_place() -> None:
    at = fault(caught(lambda: forms.form("x"))).at
    assert faults.of_child("KeyError", at, "json/decoder.py:12") == Fault("KeyError", at, "json/decoder.py:12")
    assert faults.of_child(CELL, CELL, f"{CELL}.py:3") == Fault("Exception")
    assert faults.of_child(None, 3, ("x",)) == Fault("Exception")


# --------------------------------------------------------------------------- the log


def logged(shell: Shell) -> str:
    said = io.StringIO()
    with redirect_stderr(said):
        shell.log("info")
        log = structlog.get_logger("queke.test")
        log.debug("batch_settled", size=3)
        log.info("cycle", received=2, settled={"accepted": 2})
        log.critical("letter_failed", exc_info=ValueError(CELL), **fault(ValueError(CELL), [12]).fields())
    structlog.reset_defaults()
    return said.getvalue()


def test_the_log_is_lines_for_people_unless_json_is_asked_for() -> None:
    lines = logged(Shell(Path())).splitlines()
    assert len(lines) == 2
    assert "[info     ] cycle" in lines[0]
    assert "letter_failed" in lines[1]


@pytest.mark.parametrize("variable", [False, True])
def test_as_json_each_event_is_one_object_on_one_line(monkeypatch: pytest.MonkeyPatch, *, variable: bool) -> None:
    if variable:
        monkeypatch.setenv("QUEKE_LOG", "json")
    cycle, failed = map(json.loads, logged(Shell(Path(), log_json=not variable)).splitlines())
    assert list(cycle)[:3] == ["timestamp", "level", "event"]
    assert cycle["settled"] == {"accepted": 2}
    assert (failed["level"], failed["event"], failed["submissions"]) == ("critical", "letter_failed", [12])


def test_in_full_each_batch_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "batch_settled" in logged(Shell(Path(), log_debug=True))
    monkeypatch.setenv("QUEKE_LOG", "json, debug")
    assert json.loads(logged(Shell(Path())).splitlines()[0])["event"] == "batch_settled"


def test_a_variable_with_another_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEKE_LOG", "loud")
    with pytest.raises(UsageError, match="QUEKE_LOG"):
        Shell(Path()).log()


def test_no_traceback_is_ever_printed_whose_last_line_is_an_errors_text() -> None:
    assert CELL not in logged(Shell(Path()))
    assert "Traceback" not in logged(Shell(Path(), log_json=True))


# --------------------------------------------------------------------------- its page


ROOT = Path(__file__).parents[2]


def events() -> set[str]:
    """The names of all events that the package logs, and those of a line that is one of two."""
    found: set[str] = set()
    for path in (ROOT / "pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and re.fullmatch(r"(log(\(\))?\.\w+|write)", ast.unparse(node.func))
                and node.args
            ):
                found |= {one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)}
    return {name for name in found if isinstance(name, str)}


def test_every_event_has_its_line_in_the_page_of_what_to_do() -> None:
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    assert {"cycle", "idle", "line_stopped", "reader_failed", "skipped"} <= events()
    assert [name for name in sorted(events()) if f"`{name}`" not in page] == []
