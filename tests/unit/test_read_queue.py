"""What is settled first of what readers have answered."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.executors import Answer, ReadJob
from pipeline.forms import form
from pipeline.model import Arrival
from pipeline.run.read_queue import LONG_SECONDS, MANY_REFUSED, PLENTY, ReadQueue, lanes
from pipeline.run.tuning import short_turns
from pipeline.xlsx.blank import blank
from tests.inprocess import InProcess
from tests.reading import take
from tests.submissions import arrival

GOOD, REFUSED, PICTURE = blank(form("absence")), b"PK\x03\x04", b"%PDF-1.7 %%EOF"


def lying(folder: Path, contents: list[bytes]) -> list[Arrival]:
    found = []
    for seq, content in enumerate(contents):
        path = folder / str(seq)
        path.write_bytes(content)
        found.append(replace(arrival(seq), path=path))
    return found


def seqs(reads: list[tuple[Arrival, object]]) -> list[int]:
    return [one.seq for one, _ in reads]


def test_what_was_not_refused_can_be_had_first_and_nothing_twice(tmp_path: Path) -> None:
    queue = ReadQueue(InProcess())
    queue.put(lying(tmp_path, [REFUSED, GOOD, REFUSED, PICTURE, GOOD]))
    first: list[int] = []
    while len(first) < 3:
        first += seqs(queue.useful(2))
        time.sleep(0.01)
    assert first == [1, 3, 4]  # a picture may be the signed paper of a 备案
    assert sorted(queue.seqs) == [0, 2]
    assert len(queue) == 2
    assert seqs(queue.take(1)) == [0]
    assert seqs(queue.take(9)) == [2]
    assert len(queue) == 0


def test_many_refused_files_are_settled_after_the_others_and_a_few_with_them() -> None:
    contents = [REFUSED, PICTURE, *[REFUSED] * (MANY_REFUSED - 1), GOOD]
    batch = [(arrival(seq), take(content)) for seq, content in enumerate(contents)]
    useful, refused = lanes(batch)
    assert seqs(useful) == [1, len(contents) - 1]
    assert seqs(refused) == [0, *range(2, len(contents) - 1)]
    assert lanes(batch[2:]) == [batch[2:]]


class Trickling(InProcess):
    """Readers that answer plenty at once, and then a file now and then, until they are told to hurry."""

    hurry = False

    def read(self, jobs: Sequence[ReadJob]) -> Iterator[Answer]:
        reading = take(GOOD)
        for at, job in enumerate(jobs):
            if at >= PLENTY and not self.hurry:
                time.sleep(0.05)
            yield job.seq, reading


def test_plenty_is_settled_at_once_though_more_of_a_heap_is_being_read() -> None:
    readers = Trickling()
    queue = ReadQueue(readers)
    queue.put([arrival(seq) for seq in range(3 * PLENTY)])
    began = time.monotonic()
    first = queue.take(3 * PLENTY)
    assert time.monotonic() - began < LONG_SECONDS
    assert PLENTY <= len(first) < 2 * PLENTY
    readers.hurry = True
    while len(queue):
        first += queue.take(3 * PLENTY)
    assert sorted(seqs(first)) == list(range(3 * PLENTY))


def test_while_a_site_is_held_whoever_has_an_answer_waits_shorter_and_then_as_before() -> None:
    before = sys.getswitchinterval()
    with short_turns():
        assert sys.getswitchinterval() < before / 5
    assert sys.getswitchinterval() == before
