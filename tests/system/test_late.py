"""A file that keeps its reader busy settles after newer ones of its report: the store is as if it had not."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pipeline import database as db
from pipeline import run
from pipeline.database.models import Absence, Reject, Report, ReportClass, Submission
from pipeline.executors import Answer, InProcess, Job
from pipeline.model import Arrival, Settled, Site
from tests.system.conftest import NOW, Desk, lay_out, pupil
from tests.system.posting import drop

SCHOOL = "2132010001"


class Slow(InProcess):
    """Reads like any other, but is not done with the slow files before all others are settled."""

    def __init__(self, slow: Sequence[bytes]) -> None:
        self.slow, self.go = slow, threading.Event()

    def read(self, jobs: Sequence[Job]) -> Iterator[Answer]:
        held = [job for job in jobs if job[1].read_bytes() in self.slow]
        yield from super().read([job for job in jobs if job not in held])
        if held:
            assert self.go.wait(60)
            yield from super().read(held)


def settle(site: Site, versions: Sequence[bytes], slow: Sequence[bytes]) -> list[int]:
    """Drop the versions one after the other and take them in one go; return the order in which they settled."""
    for n, content in enumerate(versions):
        drop(site, {f"{n}.xlsx": content})
        time.sleep(0.02)  # the kernel's clock ticks: order is first seen
    order: list[int] = []
    readers = Slow(slow)

    def observe(_: Arrival, settled: Settled) -> None:
        order.append(settled.seq)
        if len(order) == len(versions) - len(slow):
            readers.go.set()

    with run.Coordinator(site, readers, lambda: NOW, observe=observe, answer=False) as line:
        line.drain()
    return order


def final() -> dict[str, object]:
    """What the law is about: not the history of how it came to stand, nor what was said on the way."""
    return {
        "submissions": list(
            Submission.objects.order_by("received_seq").values_list(
                "received_seq", "state", "accepted", "refused", "withdrawn", "effective"
            )
        ),
        "absences": sorted(
            Absence.objects.values_list("pupil", "class_key", "row_state", "symptoms", "pending", "origin")
        ),
        "report": list(Report.objects.values_list("current_seq", "seqs", "zero", "rows", "spoken", "on_time")),
        "classes": sorted(ReportClass.objects.values_list("key", "silent"), key=repr),
        "tickets": sorted(Reject.objects.values_list("ticket", "state", "closed_by")),
    }


def corrected(desk: Desk) -> list[bytes]:
    return [
        desk.absence(SCHOOL, [pupil(0), pupil(1), pupil(2, class_name=None)]),
        desk.absence(SCHOOL, [pupil(0, symptom1="发热"), pupil(2), pupil(3)], mode="整份更正"),
        desk.absence(SCHOOL, [pupil(4)], mode="补充"),
    ]


def withdrawing(desk: Desk) -> list[bytes]:
    return [desk.absence(SCHOOL, [pupil(0), pupil(1), pupil(2)]), desk.absence(SCHOOL, [pupil(0)])]


def repeated(desk: Desk) -> list[bytes]:
    return [
        desk.absence(SCHOOL, [pupil(0), pupil(1)]),
        desk.absence(SCHOOL, [pupil(0), pupil(2)], mode="整份更正"),
        desk.absence(SCHOOL, [pupil(0), pupil(1)], reporter="示例乙"),
    ]


@pytest.mark.parametrize("versions_of", [corrected, withdrawing, repeated])
def test_the_store_depends_on_the_order_of_arrival_not_of_settling(
    tmp_path: Path, database: Path, desk: Desk, versions_of
) -> None:
    versions = versions_of(desk)
    found = []
    for slow in ([], [versions[0]], versions[:-1]):
        site = lay_out(tmp_path, database)
        db.open(site)
        order = settle(site, versions, slow)
        newest = range(len(slow) + 1, len(versions) + 1)
        assert order == [*newest, *range(1, len(slow) + 1)], "the slow ones settle last"
        found.append(final())
        db.close()
    assert found[1] == found[0]
    assert found[2] == found[0]
