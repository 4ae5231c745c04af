"""A heap of files of every form, right and wrong, dropped into one inbox at once; then everything is mended.

What becomes of each is foretold by how it was made. Two sites begin alike: one gets the heap, and what its senders
make of the answers; the other gets the right workbooks. In the end both stores must say the same.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from pipeline import database
from pipeline.database import journal
from pipeline.database.models import Letter, Reject, Submission
from pipeline.forms.base import Bad, Frame
from pipeline.model import Policy, Site
from pipeline.registry import lookup
from tests import mistakes
from tests.hostile import hostile
from tests.mistakes import HEADING, Cell
from tests.senders import FORMS, Sender, laid, stands, work
from tests.sites import DAY, FOLDERS, KEY, NOW, put

SHARES = {"absence": 46, "closure": 12, "card": 9, "filing": 9, "roster": 8, "calendar": 8, "desk": 8}
KINDS = {"right": 38, "mistake": 34, "hostile": 12, "again": 8, "wrong door": 8}
SLOW = frozenset({"zip bomb", "200,000 empty styled cells", "fan-out of one string"})  # one of each will do
MOSTLY = 0.7  # of those who could mend rows do so; the others send it all again
AGAIN = "right, and again"
NO_HEADING = "mistake: no heading"


@dataclass(frozen=True)
class Dropped:
    """One file: who sent it, what was done to it, and what must become of it. `code`: an issue that must be said."""

    sender: Sender
    kind: str
    name: str
    content: bytes = field(repr=False)
    state: str
    code: str = ""
    folder: str = ""

    @property
    def place(self) -> tuple[str, str]:
        return self.folder or self.sender.folder, self.name


@dataclass(frozen=True)
class Became:
    """What became of one file."""

    file: Dropped
    state: str
    accepted: int
    refused: int
    codes: tuple[str, ...]

    @property
    def foretold(self) -> bool:
        if self.file.kind == AGAIN:
            return True  # which of the two is the copy, the readers tell: see `_pairs`
        return self.state == self.file.state and (not self.file.code or self.file.code in self.codes)


@dataclass(frozen=True)
class Done:
    """The whole of it: each file's outcome, what was sent to mend them, and what was found wrong by us."""

    files: tuple[Became, ...]
    mending: Counter[str]
    complaints: tuple[str, ...]

    def table(self) -> list[tuple[str, str, str, int, int, int]]:
        """Form, kind of file, state, how many, rows accepted, rows refused."""
        found: dict[tuple[str, str, str], list[int]] = {}
        for one in self.files:
            kind = "hostile" if one.file.kind.startswith("hostile") else one.file.kind
            counts = found.setdefault((one.file.sender.form, kind, one.state), [0, 0, 0])
            for at, n in enumerate((1, one.accepted, one.refused)):
                counts[at] += n
        order = {name: at for at, name in enumerate(FORMS)}
        return [(*key, *found[key]) for key in sorted(found, key=lambda key: (order[key[0]], key[1:]))]  # type: ignore[misc]  # three counts


# --------------------------------------------------------------------------- the heap


def heap(senders: Sequence[Sender], random: Random) -> Iterator[Dropped]:
    """A file or two of every sender."""
    bad = [(what, content, code) for what, content, code in _hostile() if code and what not in SLOW]
    doors = {form: [one for one in senders if one.form == form] for form in FORMS}
    for sender in senders:
        kind = random.choices(list(KINDS), list(KINDS.values()))[0]
        name = f"{sender.form}.xlsx"
        right = sender.made()
        if kind == "hostile":
            what, content, code = random.choice(bad)
            yield Dropped(sender, f"hostile: {what}", name, content, "quarantined", code)
        elif kind == "again":
            yield Dropped(sender, AGAIN, name, right, "accepted")
            yield Dropped(sender, AGAIN, f"副本 {name}", right, "duplicate")
        elif kind == "wrong door" and len(doors[sender.form]) > 1:
            other = random.choice([one for one in doors[sender.form] if one is not sender])
            yield Dropped(
                sender, "wrong door", f"{sender.code} {name}", right, "rejected", "unit-not-yours", other.folder
            )
        elif kind == "mistake":
            yield mistaken(sender, name, random)
        else:
            yield Dropped(sender, "right", name, right, "accepted")


def mistaken(sender: Sender, name: str, random: Random) -> Dropped:
    """One mistake in a right workbook, and what follows from it."""
    cell, value = random.choice(sender.mistakes)
    table, row, column = cell
    content = sender.made({cell: value})
    if not table:
        return Dropped(sender, "mistake: head", name, content, "rejected")
    if row == HEADING:
        return Dropped(sender, NO_HEADING, name, content, "rejected", "column-missing")
    return Dropped(sender, "mistake: row", name, content, _left(sender, cell), _code(sender, column, table, value))


def _left(sender: Sender, cell: Cell) -> str:
    """Whether anything of the file is taken when this row goes back."""
    table, _, _ = cell
    if sender.form == "roster" and table == "schools":
        return "partial" if sender.prefilled else "rejected"  # its classes wait for it
    return "partial" if sum(map(len, sender.right.tables.values())) > 1 else "rejected"


def _code(sender: Sender, name: str, table: str, value: object) -> str:
    column = next(one for one in sender.right.form.table(table).columns if one.name == name)
    got = column.parse(value, Frame(day=DAY))
    return column.missing if value is None else got.issue if isinstance(got, Bad) else ""


@cache
def _hostile() -> tuple[tuple[str, bytes, str], ...]:
    return tuple(hostile())


# --------------------------------------------------------------------------- the run


def shares(count: int) -> dict[str, int]:
    """How many workbooks of each form make a heap of at least so many files."""
    return {name: max(2, round(count * share / 100)) for name, share in SHARES.items()}


def new_site(root: Path) -> Site:
    """A site that knows the divisions and no school; the store is open."""
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    site = Site(root=root, database="sqlite:///store.db", key=KEY, policy=Policy(stable_seconds=0))
    database.open(site)
    database.migrate()

    lookup.load_divisions()
    return site


def run(site: Site, root: Path, count: int, seed: int) -> Done:
    """Drop about `count` files into a copy of `site`, mend what comes back, compare. The store must be open.

    `site` is new: divisions, no schools. `root`: an empty folder for the two copies.
    """
    random = Random(seed)  # a heap for a test, not a secret
    senders = laid(site, shares(count))
    random.shuffle(senders)
    files = list(islice(heap(senders, random), count))
    if files[-1].kind == AGAIN and files[-1].state == "accepted":
        files[-1] = replace(files[-1], kind="right")  # its copy found no room any more
    heard = {(file.sender.form, file.sender.code) for file in files}
    senders = [one for one in senders if (one.form, one.code) in heard]
    random.shuffle(files)
    database.close()
    mixed, plain = (_copy(site, root / name) for name in ("mixed", "plain"))
    database.open(mixed)
    became, complaints = _drop(mixed, files)
    mending = _mend(mixed, became, random)
    complaints += _left_open()
    found = stands()
    database.close()
    database.open(plain)
    for sender in senders:
        put(plain, f"{sender.folder}/{sender.form}.xlsx", sender.made())
    work(plain)
    right = stands()
    complaints += [f"the stores differ: {name} {_differences(found[name], right[name])}" for name in found]
    complaints = [one for one in complaints if not one.endswith(" 0 rows")]
    return Done(tuple(became), mending, tuple(complaints))


def _differences(left: Sequence[object], right: Sequence[object]) -> str:
    """How many rows one has and the other has not, and the first of them: all of it is invented."""
    apart = Counter(map(repr, left)), Counter(map(repr, right))
    only = [*(apart[0] - apart[1]), *(apart[1] - apart[0])]
    return f"{only[:4]} {len(only)} rows"


def _copy(site: Site, root: Path) -> Site:
    shutil.copytree(site.root, root)
    return replace(site, root=root)


def _drop(site: Site, files: Sequence[Dropped]) -> tuple[list[Became], list[str]]:
    """Everything at once; then every file is held against what was foretold, and against its receipt."""
    before = Submission.objects.count()
    for file in files:
        put(site, "/".join(file.place), file.content)
    work(site)
    rows = {(row.folder, row.name): row for row in Submission.objects.all()}  # as they stand when all have settled
    became = [Became(file, *_outcome(rows[file.place])) for file in files if file.place in rows]
    answered = {ref.partition(".")[0] for ref in _receipts()}
    complaints = [f"not foretold: {_said(one)}" for one in became if not one.foretold] + _pairs(became)
    counts = journal.counts()
    for what, wanted, got in (
        ("files in are outcomes out", len(files), len(became)),
        ("files in are submissions settled", len(files), Submission.objects.count() - before),
        ("every sender has a receipt", len(files), sum(str(rows[f.place].received_seq) in answered for f in files)),
        ("nothing failed, nothing waits", 0, counts["failed"] + counts["received"]),
        ("nothing is left in the inbox", 0, sum(path.is_file() for path in site.inbox.rglob("*"))),
    ):
        if wanted != got:
            complaints.append(f"{what}: {wanted}, found {got}")
    return became, complaints


def _pairs(became: Sequence[Became]) -> list[str]:
    """Of a file and its copy one is accepted, and one a duplicate."""
    states: dict[tuple[str, str], list[str]] = {}
    for one in became:
        if one.file.kind == AGAIN:
            states.setdefault((one.file.sender.form, one.file.sender.code), []).append(one.state)
    return [f"twice: {who} {found}" for who, found in states.items() if sorted(found) != ["accepted", "duplicate"]]


def _outcome(row: Any) -> tuple[str, int, int, tuple[str, ...]]:
    return row.state, row.accepted, row.refused, tuple(issue["code"] for issue in row.issues)


def _receipts() -> list[str]:
    return list(Letter.objects.filter(kind="receipt", state="done").values_list("ref", flat=True))


def _said(one: Became) -> str:
    file = one.file
    return f"{file.sender.form} {file.kind}: {one.state} {one.codes}, not {file.state} {file.code}"


# --------------------------------------------------------------------------- the mending


def _mend(site: Site, became: Sequence[Became], random: Random) -> Counter[str]:
    """Each sender mends what was not taken: by the return workbook, or by the whole workbook, put right."""
    ways: Counter[str] = Counter()
    seqs = {(row.folder, row.name): row.received_seq for row in Submission.objects.all()}
    for one in became:
        if one.state in {"accepted", "duplicate"}:
            continue
        sender = one.file.sender
        back = sorted(site.outbox.rglob(f"退回修正表*{seqs[one.file.place]:06d}.xlsx"))
        there = bool(back) and one.file.kind != "wrong door"
        # with a heading its cells are lost: those that were there from the start, only the first workbook has
        there = there and not (one.file.kind == NO_HEADING and sender.prefilled)
        way = "return workbook" if there and random.random() < MOSTLY else "whole workbook"
        content = mended(sender, back[0].read_bytes()) if way == "return workbook" else sender.made()
        ways[way] += 1
        put(site, f"{sender.folder}/改好 {sender.form}.xlsx", content)
    work(site, NOW)
    return ways


def mended(sender: Sender, back: bytes) -> bytes:
    """A return workbook, put right."""
    if sender.form == "desk":
        return sender.right.made(back)
    if not mistakes.ticketed_rows(back, sender.right.form):
        return mistakes.mended_whole(back, sender.right, rows=True)
    origin = origins(sender)
    return mistakes.mended(back, sender.right, origin.__getitem__)


def origins(sender: Sender) -> Mapping[str, tuple[str, int]]:
    """Ticket → table and number of the row it is about, of all that the sender's rows ever got."""
    lines = sender.right.lines(sender.blank)
    found = {}
    for ticket, table, row in Reject.objects.exclude(table="file").values_list("ticket", "table", "row"):
        upright = any(one.name == table and one.upright for one in sender.right.form.tables)
        if upright or (table, row) in lines:
            found[ticket] = (table, 0) if upright else lines[table, row]
    return found


def _left_open() -> list[str]:
    left = Reject.objects.filter(state="open").values_list("form", "table", "row")
    return [f"a row stays open: {form} {table} {row}" for form, table, row in left]
