"""A fault at each stage is told in the log, in `queke status` and in `queke doctor`, until that stage succeeds again;
and whatever fails over a workbook, no line holds anything that stands in one of its cells.
"""

from __future__ import annotations

import errno
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
import structlog

from pipeline import cli, config, database, executors, fault_log, merge, run, task, validate
from pipeline.alerts import assess
from pipeline.cli.terminal import Shell
from pipeline.county import build_desk
from pipeline.database import journal
from pipeline.database.models import Letter, Submission
from pipeline.errors import TemporaryError
from pipeline.facts import county_day, editions
from pipeline.forms import form
from pipeline.inbox import archive
from pipeline.letters import batch_lists, queue
from pipeline.model import Site
from pipeline.registry import statements
from pipeline.reports import letters as written
from pipeline.run import sending, templates
from pipeline.service import timetable
from pipeline.service.watch import Service
from pipeline.settling import reconciliation, submissions
from pipeline.turns import context
from pipeline.xlsx.fill import Template, heads
from tests.inprocess import InProcess
from tests.sites import DAY, NOW, Desk, at, pupil
from tests.system.posting import drop

FIRST, SECOND = "2132010001", "2132010002"
MARK = "靛印"  # in every cell and in the file's name; nowhere in our own words
FULL = OSError(errno.ENOSPC, f"{MARK}满了", f"{MARK}.xlsx")


# --------------------------------------------------------------------------- saying it


@dataclass
class Said:
    """What the log said, in either format."""

    text: str = ""

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]


@contextmanager
def logging(*, as_json: bool = True, debug: bool = True) -> Iterator[Said]:
    said, stream = Said(), io.StringIO()
    with redirect_stderr(stream):
        Shell(config.Path(), log_json=as_json, log_debug=debug).log("info")
        try:
            yield said
        finally:
            said.text = stream.getvalue()
            structlog.reset_defaults()


@pytest.fixture
def queke(site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """A command on the site, in this process; what it printed."""
    config.write(site.root, site.database)
    monkeypatch.setenv("QUEKE_SITE", str(site.root))
    monkeypatch.setenv("QUEKE_NOW", "2026-11-20T14:30")

    def command(*arguments: str) -> str:
        capsys.readouterr()
        cli.run(arguments)
        said = capsys.readouterr()
        return said.out + said.err

    return command


def drain(site: Site, now: datetime = NOW) -> None:
    with InProcess() as readers:
        run.drain(site, readers, lambda: now)


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def quoting(*arguments: object, **named: object) -> None:
    """As a library may fail: the text of its error is all that it was given."""
    raise KeyError(repr(arguments) + repr(named))


def step_of(site: Site, step: str) -> fault_log.StandingFault:
    (one,) = [one for one in fault_log.standing(site) if one.step == step]
    return one


# --------------------------------------------------------------------------- a fault that passes


STAGES: dict[str, tuple[ModuleType, str]] = {
    "receive": (archive, "write_journal"),
    "read": (executors, "read_in_child"),
    "context": (context, "load"),
    "validate": (validate, "check"),
    "settle": (statements, "take_effect"),
    "fold": (submissions, "fold"),
    "write": (submissions, "write"),
    "archive": (archive, "keep"),
    "warn": (assess, "warn"),
    "letters": (queue, "done"),
    "summaries": (batch_lists, "queue"),
}


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("stage", STAGES)
def test_a_fault_that_passes_is_told_with_its_stage_until_the_line_goes_on(
    stage: str, site: Site, desk: Desk, queke: Callable[..., str], monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    drop(site, {"320106/a.xlsx": desk.absence(FIRST, [pupil(0)])})
    with monkeypatch.context() as patch, logging(as_json=as_json) as said:
        patch.setattr(task, "read_plain", lambda *_: None)  # odd, so that a child reads it
        module, name = STAGES[stage]
        patch.setattr(module, name, failing(FULL))
        with pytest.raises(TemporaryError):
            drain(site)
    assert MARK not in said.text
    if as_json:
        (line,) = said.of("line_stopped")
        assert (line["stage"], line["error"], line["text"]) == (stage, "OSError", "No space left on device")
        assert ".py:" in line["at"]
        assert ".py:" in line["inner"]
        assert line["ms"] >= 0
        if stage in {"read", "context", "validate", "settle", "fold", "write", "archive"}:
            assert (line["size"], line["first"], line["last"], line["submissions"]) == (1, 1, 1, [1])
    else:
        assert "line_stopped" in said.text
        assert f"stage={stage}" in said.text
    one = step_of(site, "intake")
    assert (one.stage, one.times, one.since) == (stage, 1, NOW)
    assert "No space left on device" in queke("status")
    (told,) = json.loads(queke("status", "--json"))["faults"]
    assert (told["step"], told["stage"], told["error"]) == ("intake", stage, "OSError")
    assert "No space left on device" in queke("doctor")
    drain(site)
    assert fault_log.standing(site) == []
    assert "No space" not in queke("status") + queke("doctor")


def test_the_store_that_is_gone_is_told_beside_it(
    site: Site, desk: Desk, queke: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(site, {"a.xlsx": desk.absence(FIRST)})
    database.close()
    store, away = site.root / "store.db", site.root / "away.db"
    store.rename(away)
    store.mkdir()  # no database can be opened there
    database.open(site)
    with logging() as said, pytest.raises(TemporaryError):
        drain(site)
    (line,) = said.of("line_stopped")
    assert (line["error"], line["text"]) == ("OperationalError", "the store cannot be used: OperationalError")
    assert line["inner"].startswith("django/")
    for command in ("status", "doctor"):
        printed = queke(command)
        assert "OperationalError" in printed
        assert "intake" in printed
    database.close()
    store.rmdir()
    away.rename(store)
    database.open(site)
    drain(site)
    assert fault_log.standing(site) == []
    assert not (site.root / fault_log.FILE).exists()


# --------------------------------------------------------------------------- a fault that stays


def test_a_submission_that_cannot_be_settled_is_told_with_the_place_of_its_cause(
    site: Site, desk: Desk, queke: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(site, {"a.xlsx": desk.absence(FIRST, [pupil(0)]), "b.xlsx": desk.absence(SECOND, [pupil(1)])})
    real = submissions.fold

    def fold(batch: list[Any], *more: Any) -> Any:
        if any(checked.unit == FIRST for checked in batch):
            quoting(batch)
        return real(batch, *more)

    with monkeypatch.context() as patch, logging() as said:
        patch.setattr(submissions, "fold", fold)
        drain(site)
    seq = Submission.objects.get(state="failed").received_seq
    assert [(line["first"], line["last"], line["size"]) for line in said.of("batch_failed")] == [
        (1, 2, 2),
        (seq,) * 2 + (1,),
    ]
    (line,) = said.of("submission_failed")
    assert (line["submissions"], line["stage"], line["error"]) == ([seq], "fold", "KeyError")
    assert "示例" not in said.text
    for command in ("status", "doctor"):
        printed = queke(command)
        assert f"submission {seq}" in printed
        assert "KeyError" in printed
    drain(site)
    assert step_of(site, fault_log.SUBMISSION).about == f"submission {seq}", "a cycle that succeeds does not mend it"


def test_a_submission_over_which_the_process_died_says_so(site: Site, desk: Desk) -> None:
    drop(site, {"a.xlsx": desk.absence(FIRST)})
    with InProcess() as readers, run.Coordinator(site, readers, lambda: NOW) as coordinator:
        coordinator._receive(coordinator.folder.collect(9), run.Cycle())
        journal.count_attempt([1], 3)
    with logging() as said:
        drain(site)
    assert said.of("submission_failed")[0]["text"] == "the process died over it each time"
    assert step_of(site, fault_log.SUBMISSION).text == "the process died over it each time"


@pytest.mark.parametrize("error", [KeyError(MARK), AttributeError(MARK), ZeroDivisionError(MARK)])
def test_a_letter_that_cannot_be_written_is_given_up_and_told_and_keeps_no_other_back(
    error: Exception, site: Site, desk: Desk, queke: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(site, {"a.xlsx": desk.absence(FIRST, [pupil(0), pupil(1, class_name=None)])})
    with monkeypatch.context() as patch, logging() as said:
        patch.setitem(sending.writers.WRITERS, "giveback", failing(error))
        drain(site)
    (line,) = said.of("letter_failed")
    letter = Letter.objects.get(state="failed")
    assert (line["letter"], line["kind"], line["reader"], line["submissions"]) == (letter.pk, "giveback", FIRST, [1])
    assert (line["stage"], line["error"]) == ("letters", type(error).__name__)
    assert Letter.objects.get(kind="receipt").state == "done"
    for command in ("status", "doctor"):
        assert f"letter {letter.pk} giveback {FIRST}" in queke(command)


def test_a_page_that_cannot_be_drawn_is_given_up_and_told(
    site: Site, queke: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.queue("page", f"{DAY}.1", FIRST, NOW, DAY)
    with logging() as said:  # no such edition was ever cut
        drain(site)
    (line,) = said.of("letter_failed")
    assert (line["stage"], line["error"], line["kind"]) == ("draw", "KeyError", "page")
    assert said.of("pages_one_by_one")[0]["stage"] == "draw"
    assert f"letter {Letter.objects.get().pk} page {FIRST}" in queke("status")


def test_a_decision_whose_letters_cannot_go_out_says_that_it_stands(
    site: Site, queke: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("excuse", "--unit", FIRST, "--day", "2026-11-23", "--why", "校舍检修", "--who", "教育局")
    with monkeypatch.context() as patch:
        patch.setattr(archive, "note_decisions", failing(OSError(errno.EROFS, "Read-only file system", "archive/x")))
        assert "it is decided, and stands" in queke(*asked)
    assert "already excused" in queke(*asked)


# --------------------------------------------------------------------------- the clock


STEPS: dict[str, tuple[ModuleType, str, datetime]] = {
    "templates": (templates, "some", at(7, 45)),
    "reconcile": (reconciliation, "go_round", at(15, 1)),
    "desks": (build_desk, "queue_due", at(15, 1)),
    "editions": (editions, "cut", at(15, 11)),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_the_clock_that_fails_is_told_and_keeps_no_other_from_being_done(
    step: str, site: Site, queke: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, name, now = STEPS[step]
    with monkeypatch.context() as patch, logging() as said:
        patch.setattr(module, name, failing(KeyError(MARK)))
        with pytest.raises(KeyError):
            timetable.tick(site, now)
    (line,) = said.of("step_failed")
    assert (line["step"], line["stage"], line["error"]) == (step, step, "KeyError")
    assert line["at"].startswith("service/")
    assert MARK not in said.text
    assert step_of(site, step).error == "KeyError"
    for command in ("status", "doctor"):
        assert step in queke(command)
    done = set(Letter.objects.values_list("kind", flat=True))
    assert step == "desks" or "desk" in done
    assert step == "editions" or now < at(15, 10) or "digest" in done
    timetable.tick(site, now)
    assert fault_log.standing(site) == []


def test_a_year_nobody_knows_stops_nothing_and_is_warned_of(site: Site, queke: Callable[..., str]) -> None:
    later = at(15, 11, date(2027, 3, 1))
    with logging() as said:
        assert [timetable.tick(site, later + timedelta(minutes=minutes)) for minutes in range(3)] == [1, 0, 0]
    assert said.of("skipped") == []
    assert fault_log.standing(site) == []
    assert "2027" in queke("status")
    assert "not known: 2027" in queke("doctor")


def test_a_digest_that_nobody_made_when_it_was_due_is_told_until_somebody_makes_it(
    site: Site, desk: Desk, queke: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    thursday, friday, monday = DAY - timedelta(days=1), DAY, DAY + timedelta(days=3)
    timetable.tick(site, at(17, 31, thursday))
    drop(site, {"a.xlsx": desk.absence(FIRST, [pupil(0)])})
    drain(site)
    with logging() as said:
        for minute in range(3):
            timetable.tick(site, at(8, minute, monday))
    (line,) = said.of("skipped")
    assert (line["step"], line["day"]) == ("editions", str(friday))
    assert f"queke digest --day {friday} --final" in queke("status")
    monkeypatch.setattr(timetable, "deliver", lambda *_: None)  # drawing takes a while, and is not asked about here
    timetable.make(site, at(9, 0, monday), friday, final=True)
    assert fault_log.standing(site) == []


def test_templates_that_were_not_laid_in_time_are_told(site: Site) -> None:
    for minute in range(2):
        timetable.tick(site, at(6, minute, DAY - timedelta(days=1)))
    with logging() as said:
        timetable.tick(site, at(15, 1))
    assert [(line["step"], line["day"]) for line in said.of("skipped")] == [("templates", str(DAY))]


# --------------------------------------------------------------------------- the service


def test_a_clock_that_fails_keeps_no_workbook_from_being_answered(
    site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_desk, "queue_due", failing(KeyError(MARK)))
    with InProcess() as readers:
        service = Service(site, readers, lambda: NOW)
        with service.coordinator, logging() as said:
            service.turn()
            drop(site, {"a.xlsx": desk.absence(FIRST)})
            service.turn()
    assert Letter.objects.get(kind="receipt").state == "done"
    (line,) = said.of("tick_failed")
    assert line["pause"] > 0
    assert len(said.of("step_failed")) == 1, "not tried again at once"


def test_a_cycle_is_one_line_with_what_was_done_and_an_idle_one_none(site: Site, desk: Desk) -> None:
    with InProcess() as readers:
        service = Service(site, readers, lambda: at(5, 0))
        drop(site, {"a.xlsx": desk.absence(FIRST, [pupil(0)]), "b.xlsx": b"%PDF-1.7"})
        with service.coordinator, logging(debug=False) as said:
            service.turn()
            service.turn()
            service.turn()
    (line,) = said.lines
    assert (line["event"], line["received"], line["settled"]) == ("cycle", 2, {"accepted": 1, "quarantined": 1})
    assert (line["letters"], line["waiting"], line["stuck"], line["alerts"]) == (2, 0, 0, 0)
    assert line["seconds"]  # of the stages that took a while


def test_a_file_that_cannot_be_taken_is_told_once_and_an_inbox_that_is_gone_is_named(
    site: Site, queke: Callable[..., str]
) -> None:
    (site.inbox / "link.xlsx").symlink_to(site.root / "nowhere")
    with InProcess() as readers:
        service = Service(site, readers, lambda: at(5, 0))
        with service.coordinator, logging(debug=False) as said:
            service.turn()
            service.turn()
    assert [(line["event"], line["files"]) for line in said.lines] == [("stuck", 1)]
    site.inbox.rename(site.root / "away")
    assert str(site.inbox) in queke("status")
    (site.root / "away").rename(site.inbox)


def test_a_folder_with_a_code_of_nobody_has_receipts_and_no_list(site: Site, desk: Desk) -> None:
    drop(site, {"999999/a.xlsx": desk.absence(FIRST, [pupil(0)])})
    with logging() as said:
        drain(site)
    assert list(Letter.objects.values_list("kind", "state")) == [("receipt", "done")]
    assert said.of("letter_failed") == []


# --------------------------------------------------------------------------- no cell, whatever fails


def marked(desk: Desk) -> bytes:
    """A report with a word of its own in every cell that takes one: rows that are taken, and rows that go back."""
    table = form("absence").tables[0]
    _, columns = heads(Template(desk.contents[FIRST]).cells(table.sheet), table)
    words = {name: f"{MARK}{n}" for n, name in enumerate(columns)}
    free = {name: words[name] for name in ("remark", "other_symptoms", "hospital", "code") if name in words}
    rows = [pupil(n, **free, name=f"{MARK}童{n}") for n in range(6)]
    ill = [{**row, "symptom1": "皮疹", "diagnosis": "手足口病"} for row in rows]
    return desk.absence(FIRST, [*ill, words, {**rows[0], "class_name": f"{MARK}班"}], reporter=f"{MARK}填报")


PLACES: dict[str, tuple[object, str]] = {
    "read": (task.read, "plain"),
    "identify": (task, "identify"),
    "parse": (task, "parse"),
    "context": (context, "load"),
    "validate": (validate, "check"),
    "fold": (submissions, "fold"),
    "write": (submissions, "write"),
    "merge": (merge, "step"),
    "audit": (submissions.audit, "append"),
    "letters' facts": (queue, "facts"),
    "letters": (written, "compose"),
    "warn": (assess, "load"),
    "figures": (county_day, "count"),
}


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("place", PLACES)
def test_whatever_fails_over_a_workbook_no_line_holds_a_cell_of_it(
    place: str, site: Site, desk: Desk, queke: Callable[..., str], monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    drop(site, {f"{MARK}.xlsx": marked(desk)})
    module, name = PLACES[place]
    with monkeypatch.context() as patch, logging(as_json=as_json) as said:
        patch.setattr(module, name, quoting)
        patch.setattr(sending, "undrawn", int)  # nothing is drawn: it takes a while, and the values are made before
        for _ in range(2):
            with InProcess() as readers, Service(site, readers, lambda: at(15, 11)).coordinator as coordinator:
                service = Service(site, readers, lambda: at(15, 11))
                service.coordinator = coordinator
                service._turn(0.0)
    assert "KeyError" in said.text, "the fault was met"
    assert MARK not in said.text
    assert MARK not in queke("status") + queke("status", "--json") + queke("doctor")
    assert MARK not in str(fault_log.standing(site))
