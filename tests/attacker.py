"""Somebody who reads all papers and exports of a day above county, and computes what they leave out.

Shares no code with the product: reads texts, and knows what anybody may know (which schools there are, their 学段,
rolls and counties, who was late). "—" of a school is read as "three or more", of a total as anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

Expression = Mapping[str, int]
_WORD = r"([\d,.%+\-<—]+)"
_SYMPTOMS = ("发热", "咳嗽", "呕吐")


@dataclass(frozen=True)
class PublicSchool:
    code: str
    county: str
    stage: str
    roll: int  # of its open classes
    closed: bool  # one of its classes is
    late: bool  # first in the second edition
    corrected: tuple[int, ...] = ()  # before which editions

    def version(self, edition: int) -> str:
        """The name of what its report says at an edition: of open classes, "open CODE" as first reported."""
        n = sum(before <= edition for before in self.corrected)
        return f"open {self.code}" + (f" {n}" if n else "")


@dataclass
class Inequalities:
    """Rows of low ≤ Σ coefficient × unknown ≤ high; unknowns are ≥ 0."""

    rows: list[tuple[dict[str, int], int | None, int | None]] = field(default_factory=list)
    _found: tuple[int, _Dictionary] | None = None  # after how many rows

    def say(self, what: Expression, low: int | None, high: int | None) -> None:
        self.rows.append((dict(what), low, high))

    def said(self, what: Expression, word: str, least: int) -> None:
        """A count as it is printed; `least`: what "—" says of it."""
        if word.startswith("<"):
            self.say(what, 1, int(word[1:]) - 1)
        elif word == "—":
            self.say(what, least, None)
        else:
            n = int(word.replace(",", ""))
            self.say(what, n, n)

    def wrong(self, world: Mapping[str, int]) -> list[object]:
        """The rows that a world does not keep."""
        found = []
        for what, low, high in self.rows:
            n = sum(times * world[name] for name, times in what.items())
            if (low is not None and n < low) or (high is not None and n > high):
                found.append((what, low, high, n))
        return found

    def range(self, what: Expression) -> tuple[int, int | None]:
        """The least and greatest value that a count can have, by linear programming; of unknowns in rows only."""
        start = self._start()
        most, least = start.maximum(what), start.maximum({name: -n for name, n in what.items()})
        assert least is not None
        return ceil(-least), None if most is None else floor(most)

    def _start(self) -> _Dictionary:
        """A point that keeps every row: found once for all counts."""
        if self._found is None or self._found[0] != len(self.rows):
            upper: list[tuple[Mapping[str, int], int]] = []
            for row, low, high in {str(row): row for row in self.rows}.values():  # much is said twice
                if high is not None:
                    upper.append((row, high))
                if low is not None and low > 0:
                    upper.append(({name: -n for name, n in row.items()}, -low))
            names = sorted({name for row, _, _ in self.rows for name in row})
            self._found = (len(self.rows), _Dictionary.keeping(names, upper))
        return self._found[1]


@dataclass
class _Dictionary:
    """Of the simplex: over × each basic unknown = constant + Σ coefficient × unknown that is not, all of them whole.

    Unknowns are numbered in `names`; those beyond are slacks, and 0 is the artificial one.
    """

    names: Mapping[str, int]
    table: list[list[int]]
    basic: list[int]
    free: list[int]
    over: int = 1

    @classmethod
    def keeping(cls, unknowns: Sequence[str], rows: Sequence[tuple[Mapping[str, int], int]]) -> _Dictionary:
        """One whose unknowns are ≥ 0 and keep row·x ≤ its bound."""
        names = {name: n for n, name in enumerate(unknowns, 1)}
        table = [[bound, 1, *(-row.get(name, 0) for name in names)] for row, bound in rows]
        made = cls(names, table, [len(names) + 1 + i for i in range(len(rows))], list(range(len(names) + 1)))
        worst = min(range(len(table)), key=lambda i: table[i][0], default=0)
        if table and table[worst][0] < 0:
            target = [0, -1, *(0 for _ in names)]
            made._pivot(target, worst, 0)
            made._climb(target)
            assert target[0] == 0, "what was read contradicts itself"
            if 0 in made.basic:
                row = made.basic.index(0)
                made._pivot(target, row, next(j for j in range(len(made.free)) if table[row][j + 1] != 0))
        gone = made.free.index(0)
        made.free.pop(gone)
        for line in table:
            line.pop(gone + 1)
        return made

    def maximum(self, goal: Expression) -> Fraction | None:
        """The maximum of goal·x (Bland's rule); None if there is none."""
        here = _Dictionary(self.names, [[*line] for line in self.table], [*self.basic], [*self.free], self.over)
        target = [0] * (len(here.free) + 1)
        for name, n in goal.items():
            number = here.names[name]
            if number in here.free:
                target[here.free.index(number) + 1] += n * here.over
            else:
                target = [a + n * b for a, b in zip(target, here.table[here.basic.index(number)], strict=True)]
        return Fraction(target[0], here.over) if here._climb(target) else None

    def _climb(self, target: list[int]) -> bool:
        """Change `target`, and this, until it can rise no more; False if it can without end."""
        while True:
            rising = [j for j in range(len(self.free)) if target[j + 1] > 0]
            if not rising:
                return True
            at = min(rising, key=lambda j: self.free[j]) + 1
            limits = [
                (Fraction(-line[0], line[at]), self.basic[i], i) for i, line in enumerate(self.table) if line[at] < 0
            ]
            if not limits:
                return False
            self._pivot(target, min(limits)[2], at - 1)

    def _pivot(self, target: list[int], row: int, column: int) -> None:
        at, before = column + 1, self.over
        by = self.table[row][at]
        sign = 1 if by > 0 else -1
        self.over = over = abs(by)
        solved = [-sign * n for n in self.table[row]]
        solved[at] = sign * before
        for i, other in enumerate((*self.table, target)):
            n = other[at]
            if i != row and (n or over != before):
                # whole each time: both sides are minors of the first table
                other[:] = [(a * over + n * b) // before for a, b in zip(other, solved, strict=True)]
                other[at] = sign * n
        self.table[row][:] = solved
        self.basic[row], self.free[column] = self.free[column], self.basic[row]


# --------------------------------------------------------------------------- reading


def read(html: str) -> str:
    """The text of a page, one blank between words; what is bold stays in its sentence."""
    text = re.sub(r"</?(strong|small|b)\b[^>]*>", "", re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).replace("&lt;", "<")


class Attacker:
    """What is known after some papers and exports."""

    def __init__(self, schools: Iterable[PublicSchool], places: Mapping[str, tuple[str, Sequence[str]]]) -> None:
        """`places`: code → name and counties."""
        self.schools = {one.code: one for one in schools}
        self.places = places
        self.known = Inequalities()
        self.hidden: dict[str, Expression] = {}

    def ill(self, there: Iterable[PublicSchool], edition: int, *, apart: bool = True) -> dict[str, int]:
        """The unknowns of schools: those in the rate, and those of closed classes."""
        names = [one.version(edition) for one in there]
        return dict.fromkeys(names + [f"closed {one.code}" for one in there if one.closed and apart], 1)

    def _there(self, place: str, edition: int) -> list[PublicSchool]:
        return [
            one
            for one in self.schools.values()
            if one.county in self.places[place][1] and (edition > 1 or not one.late)
        ]

    def export(self, ill: Mapping[str, str], rows: Mapping[str, str], edition: int) -> None:
        """School → its ill as exported; a school that is not there has none. School → rows of its report."""
        for code, one in self.schools.items():
            if one.late and edition == 1:
                continue
            what, word = self.ill([one], edition), ill.get(code, "0")
            self._count(f"school {code}@{edition}", what, word, 3)
            if rows.get(code, "—").isdecimal():
                self.known.say(what, 0, int(rows[code]))
            elif rows.get(code, "—").startswith("<"):
                self.known.say(what, 0, int(rows[code][1:]) - 1)

    def digest(self, place: str, edition: int, text: str) -> None:
        there, name = self._there(place, edition), f"{place}@{edition}"
        everybody = self.ill(there, edition)
        if found := re.search(rf"因病缺课 {_WORD} 人次", text):
            self._count(f"total {name}", everybody, found[1])
        for label in _SYMPTOMS:
            if found := re.search(rf"{label} (\d[\d,]*) (?!人)", text):
                self.known.say(everybody, int(found[1]), None)
        self._footnotes(there, edition, name, text)
        for below, (called, counties) in self.places.items():
            if below != place and set(counties) <= set(self.places[place][1]):
                self._row(below, called, edition, text)

    def _footnotes(self, there: Sequence[PublicSchool], edition: int, name: str, text: str) -> None:
        rated = self.ill(there, edition, apart=False)
        if found := re.search(rf"计入缺课率 {_WORD} 人次（", text):
            self._count(f"rated {name}", rated, found[1])
        found = re.search(rf"因病缺课率={_WORD} 人日（半天 0.5）÷", text)
        if found and found[1] != "—":
            halves = int(2 * float(found[1].replace(",", "")))
            self.known.say(rated, ceil(halves / 2), halves)
        for stage in sorted({one.stage for one in self.schools.values()}):
            if found := re.search(rf"{stage} {_WORD}（{_WORD} 人次）", text):
                mine = [s for s in there if s.stage == stage]
                self._count(f"stage {stage} {name}", self.ill(mine, edition, apart=False), found[2])
        closed = {f"closed {s.code}": 1 for s in there if s.closed}
        if (found := re.search(rf"停课班级 {_WORD} 人次", text)) and closed:
            self._count(f"closed {name}", closed, found[1])

    def _row(self, place: str, called: str, edition: int, text: str) -> None:
        found = re.search(rf"{called} " + " ".join([_WORD] * 10), text)
        if not found:
            return
        there = self._there(place, edition)
        self._count(f"total {place}@{edition}", self.ill(there, edition), found[6])
        if found[7].endswith("%"):
            roll, rate = sum(s.roll for s in there), float(found[7][:-1])
            low, high = ((rate + near) * 2 * roll / 100 for near in (-0.005, 0.005))
            self.known.say(
                self.ill(there, edition, apart=False),
                max(0, ceil(ceil(low - 1e-6) / 2)),
                floor(high + 1e-6),
            )

    def _count(self, name: str, what: Expression, word: str, least: int = 0) -> None:
        self.known.said(what, word, least)
        if not word.replace(",", "").isdecimal():
            self.hidden[name] = what

    def solved(self) -> dict[str, int]:
        """The counts that are left out and have one value only."""
        ranges = {name: self.known.range(what) for name, what in self.hidden.items() if what}
        return {name: low for name, (low, high) in ranges.items() if low == high}
