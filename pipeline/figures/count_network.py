"""The counts of pupils of one batch and all totals above them, as a network; which of them are hidden with others.

How and why: `figures.suppression`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise
from math import inf

ILL, OPEN, APART, SCHOOL = "ill", "open", "apart", "school"
"""因病, and its two parts: those whose days make the rate, and those that are only counted."""

_SCHOOL, _COUNTY, _STAGE, _CITY, _TOP = 1.0, 20.0, 30.0, 200.0, 1000.0  # what it costs to leave out one count

Node = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IllCell:
    """Ill pupils of one school in one group: a 学段, or one of those apart. `batch`: how many editions came before."""

    school: str
    county: str
    group: str
    part: str  # OPEN | APART
    n: int
    batch: int = 0
    said: bool = False  # also by a list of its own, such as closures: it can be left out only if it is small


def key(place: str, what: str) -> str:
    """The name of a total: of a place and a part or group."""
    return f"{place}:{what}"


@dataclass(slots=True)
class _Arc:
    """One total, which says nothing if it is hidden. `shown` is the number that would stand on paper: it may count more
    than this network does.
    """

    name: str
    tail: Node
    head: Node
    cost: float
    value: int = 0
    shown: int = 0
    hidden: bool = False
    fixed: bool = False  # printed in an earlier edition: it cannot be hidden any more
    free: bool = False  # left out of the edition before: what it says less now is not known at all

    def can(self, step: int, _: int) -> bool:
        return self.free or self.shown + step >= 0

    def price(self) -> float | None:
        return 0.0 if self.hidden else None if self.fixed else self.cost


@dataclass(slots=True)
class Count:
    """One cell, beside others between the same nodes. `shown`: of its whole school."""

    cell: IllCell
    shown: int
    hidden: bool

    def can(self, step: int, small: int) -> bool:
        return self.cell.n + step >= 0 and alike(self.shown, step, small)

    def price(self) -> float:
        return 0.0 if self.hidden else _SCHOOL + min(self.shown, 99) / 100


@dataclass(slots=True)
class _Bundle:
    """The cells of one county and group."""

    tail: Node
    head: Node
    counts: list[Count] = field(default_factory=list)
    known: dict[int, Count | None] = field(default_factory=dict)

    def best(self, step: int, small: int) -> Count | None:
        """The count that is cheapest to change by `step`; kept until one of them is hidden."""
        if step not in self.known:
            self.known[step] = _best(self.counts, step, small)
        return self.known[step]

    def without(self, one: object, step: int, small: int) -> Count | None:
        return _best([each for each in self.counts if each is not one], step, small)


def _best(counts: Iterable[Count], step: int, small: int) -> Count | None:
    able = [one for one in counts if one.can(step, small)]
    return min(able, key=lambda one: (one.price(), one.cell.school), default=None)


def alike(shown: int, step: int, small: int) -> bool:
    """Whether a hidden number would read the same, were it changed by one: small ones stay small and above zero."""
    after = shown + step
    return 0 < after < small if 0 < shown < small else after >= small


_Move = tuple[Node, "_Arc | _Bundle", int]


class Network:
    """The counts of the schools of one batch, and all totals above them."""

    def __init__(
        self,
        cells: Sequence[IllCell],
        chains: Mapping[str, Sequence[str]],
        small: int,
        whole: Mapping[str, int],
        so_far: Mapping[str, int],
        changed: Sequence[Count],
    ) -> None:
        """`changed`: counts of before that `compensate` will be asked about."""
        self.small, self._chains = small, chains
        self.counts: list[Count] = []
        self.shown: Counter[str] = Counter(so_far)
        self._arcs: dict[str, _Arc] = {}
        self._bundles: dict[tuple[str, str], _Bundle] = {}
        few = {cell.school for cell in cells if cell.n < small or whole[cell.school] < small}
        for cell in cells:
            self._add(cell, whole[cell.school], hidden=cell.school in few)
        for one in changed:
            self._way(one.cell, 0)
        for arc in self._arcs.values():
            place, _, what = arc.name.partition(":")
            both = what in {OPEN, APART}
            arc.shown = self.shown[key(place, OPEN)] + self.shown[key(place, APART)] if both else self.shown[arc.name]
        self._moves: dict[Node, list[_Move]] = defaultdict(list)
        edges: list[_Arc | _Bundle] = [*self._arcs.values(), *self._bundles.values()]
        for edge in edges:
            self._moves[edge.tail].append((edge.head, edge, 1))
            self._moves[edge.head].append((edge.tail, edge, -1))

    def _way(self, cell: IllCell, n: int) -> tuple[Node, Node]:
        """Count n pupils in a cell's totals: its row's from the top, its column's above county. Return its nodes."""
        chain = self._chains[cell.county]
        ends = [("end", cell.part), *((place, cell.part) for place in reversed(chain))]
        for above, place in pairwise(ends):
            self._count(key(place[0], cell.part), above, place, _row_cost(chain, place[0]), n)
        columns: list[Node] = [(place, "group", cell.group) for place in chain[1:]] + [("end", cell.part)]
        for at, after in pairwise(columns):
            self._count(key(at[0], cell.group), at, after, _STAGE + 10 * chain.index(at[0]), n)
        return ends[-1], columns[0]

    def _add(self, cell: IllCell, whole: int, *, hidden: bool) -> None:
        tail, head = self._way(cell, cell.n)
        if cell.said and cell.n >= self.small:
            return
        bundle = self._bundles.setdefault((cell.county, cell.group), _Bundle(tail, head))
        one = Count(cell, whole, hidden)
        bundle.counts.append(one)
        self.counts.append(one)

    def _count(self, name: str, tail: Node, head: Node, cost: float, n: int) -> None:
        arc = self._arcs.setdefault(name, _Arc(name, tail, head, cost))
        arc.value += n
        self.shown[name] += n

    def left_out(self) -> frozenset[str]:
        return frozenset(arc.name for arc in self._arcs.values() if arc.hidden)

    def settle(self, held: frozenset[str], schools: frozenset[str], *, printed: bool) -> list[Count]:
        """Hide what must be, and then whatever keeps that from being computed.

        Return the counts for which there is no cycle: what they were left out with has been corrected since.
        """
        for one in self.counts:
            one.hidden = one.hidden or key(one.cell.school, SCHOOL) in schools
        totals = sorted(self._arcs.values(), key=lambda arc: (-arc.cost, arc.name))
        for arc in totals:
            few = 0 < min(arc.value, arc.shown) < self.small
            arc.hidden, arc.fixed = arc.name in held or (few and not printed), printed
        for arc in totals:
            if arc.hidden:
                self._protect(arc, arc)
        alone = []
        for name in sorted(self._bundles):
            bundle = self._bundles[name]
            alone += [one for one in bundle.counts if one.hidden and not self._protect(bundle, one)]
        return alone

    def compensate(self, alone: Iterable[Count], before: Iterable[Count], held: frozenset[str]) -> None:
        """Hide what takes up a pupil more or less of counts that were left out with others, corrected since (`alone`);
        and of those that were left out and are corrected themselves (`before`): who subtracts a total from that of the
        next edition learns how many more there are, so one more then is one more now. `held`: what was left out.
        """
        for one in alone:
            self._take_up(one, 1)
        for arc in self._arcs.values():
            arc.free = arc.name in held
        for one in before:
            self._take_up(one, -1)

    def _take_up(self, one: Count, sign: int) -> None:
        tail, head = self._way(one.cell, 0)
        for step in (1, -1):
            if one.can(step, self.small):
                ends = (head, tail) if sign * step > 0 else (tail, head)
                self._hide(self._cheapest(*ends, None, one))

    def _hide(self, found: _Way | None) -> None:
        for part, owner in found[1] if found else ():
            part.hidden = True
            if isinstance(owner, _Bundle):
                owner.known.clear()

    def _protect(self, edge: _Arc | _Bundle, one: _Arc | Count) -> bool:
        """Close the cheapest cycle through a hidden count of this edge; False if there is none."""
        ways = []
        for step in (1, -1):
            if one.can(step, self.small):
                start, goal = (edge.head, edge.tail) if step > 0 else (edge.tail, edge.head)
                ways.append(self._cheapest(start, goal, edge, one))
        found = min((way for way in ways if way is not None), key=lambda way: way[0], default=None)
        self._hide(found)
        return found is not None

    def _cheapest(self, start: Node, goal: Node, edge: _Arc | _Bundle | None, one: _Arc | Count) -> _Way | None:
        """The cheapest way to send a pupil more from start to goal, and what is to be hidden for it (Dijkstra)."""
        best: dict[Node, float] = {start: 0.0}
        came: dict[Node, tuple[Node, _Arc | Count, _Arc | _Bundle]] = {}
        queue = [(0.0, start)]
        while queue:
            spent, node = heappop(queue)
            if node == goal:
                return spent, list(_back(came, start, goal))
            if spent > best[node]:
                continue
            for after, part, owner, price in self._steps(node, edge, one):
                if spent + price < best.get(after, inf):
                    best[after] = spent + price
                    came[after] = (node, part, owner)
                    heappush(queue, (spent + price, after))
        return None

    def _steps(
        self, node: Node, edge: _Arc | _Bundle | None, one: _Arc | Count
    ) -> Iterator[tuple[Node, _Arc | Count, _Arc | _Bundle, float]]:
        for after, owner, step in self._moves[node]:
            part: _Arc | Count | None = None
            if isinstance(owner, _Bundle):
                part = owner.without(one, step, self.small) if owner is edge else owner.best(step, self.small)
            elif owner is not one and owner.can(step, self.small):
                part = owner
            price = part.price() if part is not None else None
            if part is not None and price is not None:
                yield after, part, owner, price


_Way = tuple[float, "list[tuple[_Arc | Count, _Arc | _Bundle]]"]


def _back(
    came: Mapping[Node, tuple[Node, _Arc | Count, _Arc | _Bundle]], start: Node, goal: Node
) -> Iterator[tuple[_Arc | Count, _Arc | _Bundle]]:
    at = goal
    while at != start:
        at, part, owner = came[at]
        yield part, owner


def _row_cost(chain: Sequence[str], place: str) -> float:
    if place == chain[0]:
        return _COUNTY
    return _CITY if len(chain) > 2 and place == chain[1] else _TOP
