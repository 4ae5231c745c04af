"""Which counts of pupils a day's papers and exports above county leave out, so that none of one or two can be found.

A count of pupils below `small` is never a number above county (primary suppression), and nor is what it could be
computed from (complementary suppression). The counts of a day are the arcs of a network: province → city → county →
school → city's 学段 → province's 学段; at every node what goes in goes out, which is all that totals say. A hidden arc
cannot be computed if it lies on a cycle of hidden arcs along which one pupil more or less can be sent (Gusfield, SIAM
J. Comput. 17, 1988). Where there is no such cycle, the cheapest one is hidden (Castro's shortest-path heuristic,
INFORMS J. Comput. 19, 2007). Editions of one day are networks of their own: each has the schools that came or changed
since the one before, which is what a reader learns who subtracts them. See docs/adr/small-counts.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.figures.count_network import APART, ILL, OPEN, SCHOOL, Count, IllCell, Network, alike, key
from pipeline.figures.words import NOTHING, number


@dataclass(frozen=True, slots=True)
class Suppression:
    """What is left out of one day above county, the same for all its readers. Asked by papers and exports alike."""

    small: int = 3
    hidden: frozenset[str] = frozenset()  # names of totals, as `key` makes them
    schools: frozenset[str] = frozenset()

    def school(self, code: str, n: int) -> str:
        """Ill pupils of one school: "<3", or "—" if more are left out because they would give a small count away."""
        return self._few(n) or (NOTHING if code in self.schools else str(n))

    def total(self, place: str, n: int) -> str:
        """Ill pupils of a place; "—" if left out, also if they are few: "<3" with two schools of "<3" in it is two."""
        return number(n) if self.shows(place, ILL) else NOTHING

    def group(self, place: str, group: str, n: int) -> str:
        """Ill pupils of one group of a place."""
        return number(n) if self.exact(place, group, n) else NOTHING

    def symptom(self, place: str, symptom: str, n: int) -> str:
        """Ill pupils with one symptom, where the place's total is shown."""
        return self._few(n) or self.group(place, symptom, n)

    def _few(self, n: int) -> str:
        return f"<{self.small}" if 0 < n < self.small else ""

    def exact(self, place: str, group: str, n: int) -> bool:
        """Whether `group` is a number."""
        return self.shows(place, group) and not 0 < n < self.small

    def shows(self, place: str, what: str) -> bool:
        """Whether a place's total may be read: of ILL all its ill, of OPEN its rate and days, of a group its count."""
        parts = (OPEN, APART) if what == ILL else (what,)
        return not any(key(place, part) in self.hidden for part in parts)

    def of(self, places: Iterable[str]) -> tuple[str, ...]:
        """The names of what is left out of these places and of all schools, to be kept with an edition."""
        mine = set(places)
        return tuple(sorted(name for name in self.hidden if name.partition(":")[0] in mine or name.endswith(_SCHOOLS)))


ALL_SHOWN = Suppression(small=0)
"""For a reader from whom nothing is left out: a county, a school."""


_SCHOOLS = f":{SCHOOL}"


def decide(
    cells: Sequence[IllCell],
    chains: Mapping[str, Sequence[str]],
    small: int = 3,
    earlier: Sequence[frozenset[str]] = (),
    before: Sequence[IllCell] = (),
) -> Suppression:
    """Decide for one day. `chains`: county → itself and the divisions above it, narrowest first. `earlier`: what each
    earlier edition of the day left out, in order; a cell whose batch is their number has come since. `before`: what
    the last of them had of the schools that changed since.
    """
    held: frozenset[str] = frozenset()
    schools: set[str] = set()
    whole: Counter[str] = Counter()
    for cell in cells:
        whole[cell.school] += cell.n
    so_far: Counter[str] = Counter()
    alone: list[Count] = []
    kept = frozenset(name for names in earlier for name in names if name.endswith(_SCHOOLS))
    corrected = _left_out(before, kept, small)
    for batch in range(len(earlier) + 1):
        mine = [cell for cell in cells if cell.batch == batch and cell.n]
        printed = batch < len(earlier)
        held |= earlier[batch] if printed else frozenset()
        network = Network(mine, chains, small, whole, so_far, [] if printed else [*alone, *corrected])
        alone += network.settle(held, kept, printed=printed)
        so_far = network.shown
        if not printed:
            network.compensate(alone, corrected, held)
            held |= network.left_out()
        schools |= {one.cell.school for one in network.counts if one.hidden}
    many = {key(school, SCHOOL) for school in schools if whole[school] >= small}
    return Suppression(small, held | many, frozenset(schools))


def _left_out(before: Sequence[IllCell], kept: frozenset[str], small: int) -> list[Count]:
    """The counts among these that their edition left out."""
    whole: Counter[str] = Counter()
    for cell in before:
        whole[cell.school] += cell.n
    few = {cell.school for cell in before if 0 < cell.n < small or whole[cell.school] < small}
    return [
        Count(cell, whole[cell.school], hidden=True)
        for cell in before
        if cell.n and (cell.school in few or key(cell.school, SCHOOL) in kept)
    ]


# --------------------------------------------------------------------------- symptoms


def with_symptoms(found: Suppression, below: Mapping[str, Mapping[str, int]], top: str) -> Suppression:
    """Leave out what would give a small count of a symptom away, too. `below`: city → symptom → pupils; `top`: whose
    paper has their sum.

    Pupils carry their symptoms along when they are counted elsewhere, so that symptoms need a decision only as sums.
    """
    names = sorted({symptom for counts in below.values() for symptom in counts})
    shown = [place for place in sorted(below) if found.shows(place, ILL)]
    out = set(found.hidden)
    for name in names:
        counts = {place: below[place][name] for place in shown if below[place].get(name)}
        few = {place: n for place, n in counts.items() if n < found.small}
        ways = {step for step in (1, -1) for n in few.values() if alike(n, step, found.small)}
        if not few or (len(few) > 1 and ways == {1, -1} and len(set(few.values())) > 1):
            continue
        wanted = -1 if 1 in ways else 1
        others = [(n, place) for place, n in counts.items() if place not in few and alike(n, wanted, found.small)]
        out.add(key(min(others)[1] if others else top, name))
    return replace(found, hidden=frozenset(out))
