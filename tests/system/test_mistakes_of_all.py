"""Random mistakes in cards, filings, calendars and a county's desk: mended either way, the store ends as of the right.

Reports, closures and rosters are in test_mistakes.py. Here all four come at once, and are mended in any order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipeline import database
from pipeline.database.models import Closure, FilingLine, Reject, Submission
from pipeline.model import Site
from pipeline.xlsx.fill import Template, heads
from tests import mistakes, mixed
from tests.mistakes import Cell
from tests.senders import FORMS, Sender, copy_of, laid, stands, work
from tests.sites import put

NEEDS = {"card": 1, "filing": 1, "calendar": 1, "desk": 1}
Place = tuple[str, int]
"""Table and number of a row of the right workbook."""


@dataclass(repr=False)
class Round:
    """One sender and his workbook, until everything stands."""

    sender: Sender
    rows: dict[str, Place] = field(default_factory=dict)  # ticket → the row it is about
    given: list[bytes] = field(default_factory=list)  # return workbooks, oldest first
    sent: int = 0
    last: Mapping[Place, Place] = field(default_factory=dict)  # Excel rows of what was sent last

    def put(self, site: Site, content: bytes, lines: Mapping[Place, Place]) -> None:
        self.sent += 1
        self.last = lines
        put(site, f"{self.sender.folder}/{self.sender.form} 第{self.sent}份.xlsx", content)

    def take_back(self, site: Site) -> None:
        """What came back of the workbook sent last."""
        name = f"{self.sender.form} 第{self.sent}份.xlsx"
        seq = Submission.objects.get(folder=self.sender.folder, name=name).received_seq
        for reject in Reject.objects.filter(submission=seq).exclude(table="file"):
            upright = any(one.name == reject.table and one.upright for one in self.sender.right.form.tables)
            self.rows[reject.ticket] = (
                (reject.table, 0) if upright else self.last.get((reject.table, reject.row), ("", 0))
            )
        self.given += [path.read_bytes() for path in sorted(site.outbox.rglob(f"退回修正表*{seq:06d}.xlsx"))]

    @property
    def unsettled(self) -> bool:
        if self.sender.form == "desk":  # a county that is told what is wrong types it anew: no ticket is closed by it
            return Closure.objects.filter(state="declared").exists()
        if self.sender.form == "filing" and not FilingLine.objects.exists():  # whole, it is kept by nobody
            return True
        return Reject.objects.filter(state="open", school=self.sender.code, form=self.sender.form).exists()

    def wrong(self, site: Site, told: Mapping[Cell, object]) -> None:
        self.put(site, self.sender.made(told), self.sender.right.lines(self.sender.blank) if self._plain else {})

    def whole(self, site: Site) -> None:
        self.wrong(site, {})

    def mend(self, site: Site, random: Random) -> None:
        """Send some or all of what came back, or the whole workbook put right."""
        content = random.choice(self.given) if self.given else b""
        if not content or random.random() < 0.25:
            self.whole(site)
        elif not self._plain:
            self.put(site, self.sender.right.made(content), {})
        elif not mistakes.ticketed_rows(content, self.sender.right.form):
            again = mistakes.mended_whole(content, self.sender.right, rows=True)
            self.put(site, again, self._in_order(again))
        else:
            known = sorted(self.rows)
            chosen = set(known if random.random() < 0.5 else random.sample(known, random.randint(1, len(known))))
            self._rows(site, content, chosen.__contains__)

    def _rows(self, site: Site, content: bytes, which: Callable[[str], bool]) -> None:
        lines = mistakes.ticketed(Template(content), self.sender.right.form)
        places = {(table.name, row): self.rows[ticket] for table, row, ticket in lines}
        self.put(site, mistakes.mended(content, self.sender.right, self.rows.__getitem__, which), places)

    def _in_order(self, content: bytes) -> dict[Place, Place]:
        """A workbook with all rows, the right ones in order below its heading."""
        book = Template(content)
        found: dict[Place, Place] = {}
        for table in self.sender.right.form.tables:
            if table.sheet in book.sheets and not table.upright:
                top, _ = heads(book.cells(table.sheet), table)
                rows = self.sender.right.tables.get(table.name, ())
                found |= {(table.name, top + 1 + at): (table.name, at) for at in range(len(rows))}
        return found

    @property
    def _plain(self) -> bool:
        return self.sender.form != "desk"


@dataclass(frozen=True, repr=False)  # whole workbooks are in it
class Known:
    """What went before, the workbooks that are asked for, and what stands when the right ones come at once."""

    site: Site
    senders: tuple[Sender, ...]
    stands: Mapping[str, object]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    site = mixed.new_site(tmp_path_factory.mktemp("all forms"))
    senders = tuple(laid(site, NEEDS))
    database.close()
    with copy_of(site) as copy:
        for sender in senders:
            put(copy, f"{sender.folder}/{sender.form}.xlsx", sender.made())
        work(copy)
        return Known(site, senders, stands())


@settings(max_examples=3, phases=[Phase.explicit, Phase.generate], derandomize=True)
@given(seed=st.integers(0, 9999))
def test_whatever_goes_wrong_and_however_it_is_mended_the_store_ends_as_of_the_right(known: Known, seed: int) -> None:
    random = Random(seed)
    with copy_of(known.site) as site:
        rounds = [Round(sender) for sender in known.senders]
        for one in rounds:
            one.wrong(site, _some(one.sender.mistakes, random))
        work(site)
        for turn in range(4):
            for one in rounds:
                one.take_back(site)
            rounds = [one for one in rounds if one.unsettled]
            for one in rounds:
                one.mend(site, random) if turn < 3 else one.whole(site)
            work(site)
        assert not [one.sender.form for one in rounds if one.unsettled]
        assert stands() == known.stands


def _some(found: Sequence[tuple[Cell, object]], random: Random) -> dict[Cell, object]:
    """One to four of these mistakes, at most one a row."""
    chosen = {cell[:2]: (cell, value) for cell, value in random.sample(found, min(len(found), random.randint(1, 4)))}
    return dict(chosen.values())


# --------------------------------------------------------------------------- the law of batches


@settings(max_examples=3, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(seed=st.integers(0, 9999))
def test_a_heap_of_all_forms_is_the_same_cut_anywhere(everybody: Known, seed: int) -> None:
    """A batch of n is n batches of one: right workbooks and wrong ones of every form, in any order of arrival."""
    random = Random(seed)
    files = [(sender, f"{sender.form}.xlsx", sender.made()) for sender in everybody.senders]
    wrong = [(one, f"{one.form} 有误.xlsx", one.made(_some(one.mistakes, random))) for one in everybody.senders]
    files += random.sample(wrong, 4)
    random.shuffle(files)
    cuts = {random.randint(1, len(files) - 1) for _ in range(2)}
    found = []
    for ends in (cuts, set(range(len(files)))):
        with copy_of(everybody.site) as site:
            for at, (sender, name, content) in enumerate(files):
                put(site, f"{sender.folder}/{name}", content)
                time.sleep(0.01)  # the kernel's clock ticks: order is first seen
                if at + 1 in ends:
                    work(site)
            work(site)
            found.append((_states(), stands()))
    assert found[0][0] == found[1][0]
    assert found[0][1] == found[1][1]


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """A sender of each form, and what went before."""
    site = mixed.new_site(tmp_path_factory.mktemp("everybody"))
    senders = tuple(laid(site, dict.fromkeys(FORMS, 1)))
    database.close()
    return Known(site, senders, {})


def _states() -> list[tuple[object, ...]]:
    rows = Submission.objects.order_by("received_seq")
    return list(rows.values_list("folder", "name", "state", "accepted", "refused"))
