"""A reader that is not done with some files before all others are settled."""

import threading
import time
from collections.abc import Iterator, Sequence

from pipeline import run
from pipeline.database.models import Absence, Reject, Report, ReportClass, Submission
from pipeline.executors import Answer, ReadJob
from pipeline.model import Arrival, Settled, Site
from tests.inprocess import InProcess
from tests.sites import NOW
from tests.system.posting import drop


class Slow(InProcess):
    """Reads like any other, but is not done with the slow files before all others are settled."""

    def __init__(self, slow: Sequence[bytes]) -> None:
        self.slow, self.go = slow, threading.Event()

    def read(self, jobs: Sequence[ReadJob]) -> Iterator[Answer]:
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

    with run.Coordinator(site, readers, lambda: NOW, observe=observe, answer=False) as coordinator:
        coordinator.drain()
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
        "report": list(Report.objects.values_list("current_seq", "seqs", "zero", "rows", "covered", "on_time")),
        "classes": sorted(ReportClass.objects.values_list("key", "silent"), key=repr),
        "tickets": sorted(Reject.objects.values_list("ticket", "state", "closed_by")),
    }
