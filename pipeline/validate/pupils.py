"""Who is who in one 缺课日报: school, campus, class and name, 学号 where two share it; and rows of one child."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from pipeline import units
from pipeline.forms.pupil_names import same_name
from pipeline.validate.carried import HALVES
from pipeline.validate.case import RowCase, SubmissionCase
from pipeline.validate.judge import Judgement

SIGNS = ("symptom1", "symptom2", "symptom3")
TEXTS = ("other_symptom", "hospital", "note")  # of two rows the longer text holds the shorter


class Pupils:
    """The children of one file. Rows of one child are joined: each gets the values of all."""

    def __init__(self, case: SubmissionCase, lines: Sequence[RowCase], rooms: Sequence[str], by: Judgement) -> None:
        """`rooms`: the class key of each row."""
        self.case, self.by = case, by
        self._classes = by.classes(case)
        self._namesakes = by.namesakes.get(case.unit)
        self.seen: dict[str, RowCase] = {}
        self.joined: set[int] = set()
        self.sharing: dict[tuple[str, str], list[RowCase]] = defaultdict(list)
        for line, class_key in zip(lines, rooms, strict=True):
            self.sharing[class_key, same_name(str(line.values["name"] or ""))].append(line)
        for (class_key, name), mine in self.sharing.items():
            if class_key and name and len(mine) > 1 and not any(self._namesake(line, class_key) for line in mine):
                self._join(mine)

    def identity(self, line: RowCase, class_key: str) -> str:
        """Return the code of a row's pupil; if two rows have one name, add the issue about how they were taken."""
        name, number = str(line.values["name"]), str(line.values["number"] or "")
        if number and not self._namesake(line, class_key):
            sharing = self.sharing[class_key, same_name(name)]
            number = number if sum(id(one) not in self.joined for one in sharing) > 1 else ""
        code = self._code(class_key, name, number)
        twin = self.seen.setdefault(code, line)
        if twin is line or id(line) in self.joined:
            return code
        first = str(twin.row.number)
        if twin.row.values == line.row.values:
            line.add_issue("row-repeated", first=first)
            return code
        if number:
            line.add_issue("pupil-twice", "number", first=first)
            return code
        line.add_issue("pupil-unnumbered", "name", first=first)
        again = 2
        while (code := self._code(class_key, name, f"#{again}")) in self.seen:
            again += 1
        self.seen[code] = line
        return code

    def _namesake(self, line: RowCase, class_key: str) -> bool:
        """Tell whether two pupils of the class are known to bear the name: then their rows are never made one."""
        if self._namesakes is None:
            return False
        name = str(line.values["name"])
        keys = (class_key, self._classes.origin(class_key), *self._classes.sources(class_key))
        return any((key, name) in self._namesakes for key in keys)

    def _code(self, class_key: str, name: str, number: str) -> str:
        """The code of a pupil. After classes were joined or divided it is the one by which he is known from a class in
        which he may have been: if he is not known in this one, and in one other only.
        """
        own = self._coded(self._classes.origin(class_key), name, number)
        sources = self._classes.sources(class_key)
        if not sources or self._known(own):
            return own
        before = [code for key in sources if self._known(code := self._coded(key, name, number))]
        return before[0] if len(before) == 1 else own

    def _coded(self, key: str, name: str, number: str) -> str:
        return units.pupil_code(self.by.key, self.case.unit, key, name, number, self.case.campus)

    def _known(self, code: str) -> bool:
        return (self.case.unit, code) in self.by.pupils

    def _join(self, lines: Sequence[RowCase]) -> None:
        """Make rows of one child one: its morning and its afternoon; or a row and the same with more text."""
        kept: list[RowCase] = []
        for line in lines:
            twin = next((one for one in kept if _same_child(one, line)), None)
            if twin is None:
                kept.append(line)
                continue
            if halves := _halves(twin, line):
                line.add_issue("half-days-joined", "name", first=str(twin.row.number))
            else:
                line.add_issue("row-fuller", "name", first=str(twin.row.number))
            whole = _together(twin, line, halves=halves)
            twin.values.update(whole)
            line.values.update(whole)
            self.joined.add(id(line))


def _halves(one: RowCase, other: RowCase) -> bool:
    return {one.values["part"], other.values["part"]} == HALVES


def _same_child(one: RowCase, other: RowCase) -> bool:
    """Tell whether two rows of one name are of one child: a morning and an afternoon, or no contradiction."""
    mine, yours = one.values, other.values
    if one.row.values == other.row.values or one.bad or other.bad:
        return False
    differ = {name for name in mine if mine[name] not in (None, "") and yours[name] not in (None, "", mine[name])}
    differ = {name for name in differ if name not in TEXTS or not _holds(str(mine[name]), str(yours[name]))}
    if _halves(one, other):
        differ -= {"part", "start", "temperature", *SIGNS, *TEXTS}
    return not differ


def _together(one: RowCase, other: RowCase, *, halves: bool) -> dict[str, object]:
    """The joined values of two rows of one child."""
    made: dict[str, object] = {}
    for name, mine in one.values.items():
        yours = other.values[name]
        made[name] = mine if mine not in (None, "") else yours
        if name in TEXTS and mine and yours and mine != yours:
            texts = sorted((str(mine), str(yours)), key=len)
            made[name] = texts[1] if _holds(*texts) else "；".join((str(mine), str(yours)))
    if halves:
        made["part"] = None
        signs = dict.fromkeys(str(row.values[sign]) for row in (one, other) for sign in SIGNS if row.values[sign])
        made |= dict(zip(SIGNS, (" ".join(signs) or None, None, None), strict=True))
        for name, pick in (("start", min), ("temperature", max)):
            found = [row.values[name] for row in (one, other) if row.values[name] is not None]
            made[name] = pick(found) if found else None  # type: ignore[type-var]  # a column has one type
    return made


def _holds(one: str, other: str) -> bool:
    return one in other or other in one
