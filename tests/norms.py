"""The warning rules written once more, from the norms themselves, and counted by brute force.

An oracle: it shares no code and no table with the product, which only lends it the names of things (a rule's number,
the codes of symptoms and diseases). A rule is asked of every day, group and place, and looks at every pupil each time.
Windows are of calendar days, the day itself among them; “以上” holds the number itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Protocol

CLASS, DORM, CAMPUS = "class", "dorm", "campus"
TERM = "term"


class Row(Protocol):
    """One row of a pupil who is ill, or was."""

    day: date
    pupil: str
    class_key: str
    row_state: str
    start: date
    onset: date | None
    symptoms: str
    temperature: float | None
    diagnosis: str
    dorm: str
    reason: str
    spell: date | None
    admitted: bool
    tested: bool
    severe: bool
    meal: bool


Met = tuple[str, str, str, date, frozenset[str]]  # rule, group, place, day, pupils

# --------------------------------------------------------------------------- what a row shows

SIGNS = {  # 症状组 → its symptoms
    "FEV": "S01",
    "RES": "S02 S03 S04",
    "NEU": "S05",
    "GI": "S06 S07 S08",
    "RASH": "S09",
    "EYE": "S10",
    "PAR": "S11",
    "JAU": "S12",
    "OTH": "S13 S14 S99",
    "INJ": "S15",
    "SEV": "S16",
}
ALIKE = frozenset({"FEV", "RES", "NEU", "GI", "RASH", "EYE", "PAR", "JAU", "SEV", "MEAL"})  # 相似症状, 共同用餐饮水史
CLASS_A = frozenset({"D35", "D36"})  # 鼠疫, 霍乱
CLASS_B = frozenset({"D06", "D09", *(f"D{n}" for n in range(14, 21)), "D22", *(f"D{n}" for n in range(37, 41))})
JOINED_B = {"D21": date(2020, 1, 20), "D23": date(2023, 9, 20)}  # 新冠, 猴痘: of class 乙 since


@cache
def shows(row: Row) -> frozenset[str]:
    """Return the groups one row belongs to: of symptoms, of what other columns say, and its disease."""
    signs, heat, disease = set(row.symptoms.split()), row.temperature or 0, row.diagnosis
    no_cause = disease in {"", "D33"}
    flags = {
        "ALL": True,
        # 流感样病例: 38 ℃ and more, with cough or sore throat; diagnosed influenza whatever the temperature
        "ILI": (heat >= 38 and bool(signs & {"S02", "S03"})) or disease == "D02",
        "EYE": disease == "D12",
        "D34": disease == "D13",  # by law 诺如 is one of 其他感染性腹泻病
        "MEAL": row.meal,
        # 危重, 呼吸急促 of no known cause, or 高热 of unknown cause
        "CRI": row.severe or ("S16" in signs and no_cause) or (heat >= 39.1 and disease == "D33"),
        disease: bool(disease),
    }
    found = {group for group, members in SIGNS.items() if signs & set(members.split())}
    return frozenset(found | {group for group, yes in flags.items() if yes})


# --------------------------------------------------------------------------- the norms


@dataclass(frozen=True)
class Norm:
    """One row of the norms. `about`: a group, groups, or a function of group and day."""

    id: str
    stage: str
    about: Callable[[str, date], bool]
    example: str  # a group it is about
    window: int | str
    places: tuple[str, ...]
    least: int = 0
    most: int = 10**9
    lab: int = 0  # of `least`, so many with a positive test
    levels: tuple[int, int] | None = None  # 中学, 小学
    admitted: int = 0
    deaths: int = 0
    share: int = 0  # percent of the class's roll, absent that day
    classes: tuple[int, int] | None = None  # so many classes with so many each
    only_lab_and_hospital: bool = False
    raised: bool = False  # by a person
    local: bool = False  # off by default

    @property
    def long(self) -> bool:
        return self.window in {TERM, 90}


def _of(*groups: str) -> Callable[[str, date], bool]:
    return lambda group, day: group in groups


def _notifiable(group: str, day: date) -> bool:
    """甲 or 乙 on the day; 麻疹 and 肺结核 always are."""
    return group in CLASS_A | CLASS_B or (group in JOINED_B and JOINED_B[group] <= day)


def _norm(rule: str, stage: str, group: str, window: int | str, places: str, least: int = 0, **more: object) -> Norm:
    return Norm(rule, stage, _of(group), group, window, tuple(places.split()), least, **more)  # type: ignore[arg-type]  # a builder


NORMS: tuple[Norm, ...] = (
    Norm("E01", "early", _of(*ALIKE), "RASH", 1, (CLASS, DORM), 3),
    Norm("E02", "early", _of(*ALIKE), "GI", 3, (CLASS, DORM), 5),
    Norm("E03", "early", _notifiable, "D23", 1, (CAMPUS,), 1),
    _norm("E04", "early", "CRI", 1, CAMPUS, 1),
    _norm("E05", "early", "EMG", 1, CAMPUS, 1, raised=True),
    _norm("E06", "early", "EYE", 1, CLASS, 6, local=True),
    _norm("E07", "early", "ALL", 1, CLASS, levels=(3, 5), local=True),
    _norm("E08", "early", "ALL", 7, CLASS, levels=(6, 7), local=True),
    _norm("E09", "early", "ALL", 1, CAMPUS, levels=(8, 10), local=True),
    _norm("E10", "early", "ALL", 7, CAMPUS, levels=(16, 18), local=True),
    _norm("E11", "early", "D20", 1, CAMPUS, 1),
    _norm("C01", "cluster", "D10", 7, f"{CLASS} {DORM}", 2),
    _norm("C02", "cluster", "D10", 7, CAMPUS, 5, most=9),
    _norm("C03", "outbreak", "D10", 7, CAMPUS, 10),
    _norm("C04", "cluster", "ILI", 7, CAMPUS, 10),
    _norm("C05", "cluster", "D13", 7, CAMPUS, 10, local=True),
    _norm("C06", "cluster", "D13", 3, CAMPUS, 5, lab=2),
    _norm("C07", "outbreak", "D13", 7, CAMPUS, 20, lab=2),
    _norm("C08", "cluster", "D14", 3, CAMPUS, 10, deaths=2),
    _norm("C09", "cluster", "D12", 7, CAMPUS, 3, local=True),
    _norm("C10", "cluster", "D09", 7, CAMPUS, 10),
    _norm("C11", "cluster", "D06", 10, CAMPUS, 2),
    _norm("C12", "cluster", "D07", 7, CAMPUS, 5, local=True),
    _norm("C13", "cluster", "D08", 7, CAMPUS, 5, local=True),
    _norm("C14", "cluster", "D05", 7, CAMPUS, 5, local=True),
    _norm("C15", "cluster", "D05", 7, f"{CLASS} {DORM}", 2, local=True),
    _norm("C16", "cluster", "D22", 14, CAMPUS, 3, local=True),
    _norm("C17", "cluster", "D20", 90, CAMPUS, 2, local=True),
    _norm("C18", "cluster", "D20", 90, CAMPUS, 6, local=True),
    _norm("P01", "event", "ILI", 7, CAMPUS, 30, admitted=5, deaths=2),
    _norm("P02", "event", "D06", 7, CAMPUS, 10),
    _norm("P03", "event", "D07", 7, CAMPUS, 10),
    _norm("P04", "event", "D08", 7, CAMPUS, 10),
    _norm("P05", "event", "D05", 7, CAMPUS, 10),
    _norm("P06", "event", "D09", 7, CAMPUS, 10),
    _norm("P07", "event", "D34", 7, CAMPUS, 20, deaths=1),
    _norm("P08", "event", "D15", 7, CAMPUS, 5),
    _norm("P09", "event", "D17", 7, CAMPUS, 5),
    _norm("P10", "event", "FOOD", 1, CAMPUS, 5, deaths=1, raised=True),
    _norm("P11", "event", "D18", 3, CAMPUS, 3, deaths=2),
    _norm("P12", "event", "UNX", 14, CAMPUS, 3, raised=True),
    _norm("P13", "event", "D20", TERM, CAMPUS, 10, deaths=1),
    Norm("P14", "event", _of("D35", "D36", "D37", "D38", "D39", "D40"), "D37", 1, (CAMPUS,), 1),
    _norm("S01", "closure", "ILI", 1, CLASS, 5),
    _norm("S02", "closure", "ILI", 1, CLASS, share=30),
    _norm("S03", "closure", "D02", 7, CLASS, 2, only_lab_and_hospital=True),
    _norm("S05", "closure", "D10", 7, CLASS, 2, local=True),
    _norm("S06", "closure", "D10", 7, CAMPUS, 10, classes=(3, 2), local=True),
    _norm("S07", "closure", "D06", 10, CLASS, 2),
    _norm("S08", "closure", "D05", 7, CLASS, 10),
    _norm("S09", "closure", "D08", 7, CAMPUS, 10, local=True),
)

# --------------------------------------------------------------------------- cases, and who counts


@dataclass(frozen=True)
class Spell:
    """One pupil's case: his rows of it in the order of their days."""

    began: date
    rows: tuple[Row, ...]

    @property
    def groups(self) -> frozenset[str]:
        return frozenset(group for row in self.rows for group in shows(row))

    def says(self, mark: str) -> bool:
        return any(getattr(row, mark) for row in self.rows)


def case_day(row: Row) -> date:
    """Return the day a case counts on: of the spell it goes on with; else 发病日期, else 起始日, at most its own."""
    own = row.start if row.onset is None else row.onset
    return row.spell if row.spell is not None else min(row.day, own)


@dataclass(frozen=True)
class History:
    """The final rows of one campus, and what is known of its classes.

    `room`: the class that a pupil is in on a day, given that of a row, by its name of that day.
    """

    rows: Sequence[Row]
    rolls: Mapping[str, int]
    room: Callable[[str, date], str] = lambda key, day: key

    def met(self) -> set[Met]:
        """Return every rule that the records meet, of every group, place and day."""
        ill = [row for row in self.rows if row.reason == "ill"]
        asked = {row.day for row in ill if row.row_state != "returned"} | {case_day(row) for row in ill}
        shown = {group for row in ill for group in shows(row)}
        found: set[Met] = set()
        for norm in NORMS:
            for group in shown:
                rows = [row for row in ill if row.diagnosis == group] if norm.long else ill
                days = {case_day(row) for row in rows if group in shows(row)} if norm.long else asked
                for day in days if norm.about(group, date.max) else ():
                    if norm.about(group, day) and not norm.raised:
                        found |= set(self._asked(norm, group, day, rows))
        return found

    def _asked(self, norm: Norm, group: str, day: date, rows: Sequence[Row]) -> Iterable[Met]:
        spells = _spells(rows)
        present = {(row.pupil, case_day(row)): row for row in rows if row.day == day and row.row_state != "returned"}
        places: dict[str, dict[str, list[Spell]]] = defaultdict(lambda: defaultdict(list))
        for pupil, mine in spells.items():
            for spell in mine:
                here = present.get((pupil, spell.began)) if norm.share else spell.rows[0]
                if here is not None and self._counts(norm, group, day, spell):
                    for place in self._places(norm, here, mine, day):
                        places[place][pupil].append(spell)
        rooms = {pupil: self._class_on(mine, day) for pupil, mine in spells.items()}
        for place, counted in places.items():
            if who := self._enough(norm, counted, rooms, self.rolls.get(place)):
                yield norm.id, group, place, day, who

    def _counts(self, norm: Norm, group: str, day: date, spell: Spell) -> bool:
        if norm.share:  # 现症: by what the last fortnight says
            told = [row for row in spell.rows if day - timedelta(days=REACH) < row.day <= day]
            return any(group in shows(row) for row in told if row.row_state != "returned")
        first = _term(day) if norm.window == TERM else day - timedelta(days=int(norm.window) - 1)
        if not first <= spell.began <= day or group not in spell.groups:
            return False
        return not norm.only_lab_and_hospital or (spell.says("tested") and spell.says("admitted"))

    def _places(self, norm: Norm, here: Row, mine: Sequence[Spell], day: date) -> Iterable[str]:
        if CLASS in norm.places:
            yield self._class_on(mine, day)
        if DORM in norm.places and here.dorm:
            yield f"宿舍 {here.dorm}"
        if CAMPUS in norm.places:
            yield ""

    def _class_on(self, mine: Sequence[Spell], day: date) -> str:
        """The class a pupil is in on a day: of his last row by then, else of his first. The first row of a case speaks
        for the days since it began, though it was told later.
        """
        rows = sorted((row for spell in mine for row in spell.rows), key=lambda row: row.day)
        said: list[tuple[date, str]] = []
        for n, row in enumerate(rows):
            first = n and case_day(row) != case_day(rows[n - 1])
            since = max(case_day(row), rows[n - 1].day + timedelta(days=1)) if first else row.day
            said.append((since, row.class_key))
        by_then = [key for since, key in said if since <= day] or [said[0][1]]
        return self.room(by_then[-1], day)

    def _enough(
        self, norm: Norm, counted: Mapping[str, Sequence[Spell]], rooms: Mapping[str, str], roll: int | None
    ) -> frozenset[str]:
        """The pupils by whom a norm is met; none if it is not. `rooms`: the class of each on the day."""
        pupils = frozenset(counted)
        marked = {
            mark: sum(any(one.says(mark) for one in found) for found in counted.values())
            for mark in ("tested", "admitted")
        }
        if norm.share:
            return pupils if roll and 100 * len(pupils) >= norm.share * roll else frozenset()
        if norm.levels:
            for grades, least in zip(("七八九高职", "一二三四五六"), norm.levels, strict=True):
                mine = frozenset(p for p in pupils if rooms[p][0] in grades)
                if len(mine) >= least:
                    return mine
            return frozenset()
        enough = norm.least <= len(pupils) <= norm.most and marked["tested"] >= norm.lab
        if norm.admitted:
            enough = enough or marked["admitted"] >= norm.admitted
        if norm.classes:
            many, each = norm.classes
            now = Counter(rooms[p] for p in pupils)
            enough = enough or sum(n >= each for n in now.values()) >= many
        return pupils if enough else frozenset()


REACH = 14  # days of the longest window that is not one of months


def _spells(rows: Sequence[Row]) -> dict[str, list[Spell]]:
    found: dict[str, dict[date, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in sorted(rows, key=lambda one: one.day):
        found[row.pupil][case_day(row)].append(row)
    return {p: [Spell(began, tuple(mine)) for began, mine in spells.items()] for p, spells in found.items()}


def _term(day: date) -> date:
    if 2 <= day.month <= 8:
        return date(day.year, 2, 1)
    return date(day.year if day.month > 8 else day.year - 1, 9, 1)


# --------------------------------------------------------------------------- deaths, and what people raise

DEATH_OF = {  # the alerts whose deaths count for a norm, by the first of their names
    "P01": {"ILI", "D02", "D38"},
    "P07": {"D13", "D34"},
    "C08": {"D14"},
    "P11": {"D18"},
    "P13": {"D20"},
}


def deaths(told: Iterable[tuple[date, str, int]]) -> set[tuple[str, date, int]]:
    """Return (rule, day, deaths) that are met by deaths alone. `told`: day of an alert, its name, who died of it."""
    found = set()
    said = list(told)
    for norm in NORMS:
        if norm.deaths and norm.id in DEATH_OF:
            mine = [(day, n) for day, name, n in said if name in DEATH_OF[norm.id]]
            for day in {day for day, _ in mine}:
                first = _term(day) if norm.window == TERM else day - timedelta(days=int(norm.window) - 1)
                if (n := sum(n for one, n in mine if first <= one <= day)) >= norm.deaths:
                    found.add((norm.id, day, n))
    return found
