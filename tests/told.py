"""What schools told in the end, as plain values, and which case each row is of: written once more, for the oracles.

It shares no code with the product: docs/adr/what-a-case-is.md is what both are written after. One final report a
campus and day: the classes it speaks for, a row a child.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from tests.norms import Row

SYMPTOMS = {
    "发热": "S01", "咳嗽": "S02", "咽痛": "S03", "呕吐": "S06", "皮疹": "S09", "红眼": "S10", "头晕": "S13",
    "呼吸急促或困难": "S16", "受伤": "S15",
}  # fmt: skip
DISEASES = {
    "": "", "手足口病": "D10", "水痘": "D05", "麻疹": "D06", "流行性感冒": "D02", "诺如病毒感染": "D13",
    "急性出血性结膜炎": "D12", "流行性腮腺炎": "D08", "肺结核": "D20", "原因不明": "D33", "猴痘": "D23",
    "细菌性痢疾": "D14", "其他感染性腹泻病": "D34", "风疹": "D07", "猩红热": "D09", "甲肝/戊肝": "D15",
    "伤寒副伤寒": "D17", "流行性脑脊髓膜炎": "D18", "登革热": "D22", "霍乱": "D36",
}  # fmt: skip


@dataclass(frozen=True)
class Look:
    """What of an illness stands in a row."""

    symptoms: tuple[str, ...] = ("头晕",)
    temperature: float | None = None
    diagnosis: str = ""
    admitted: bool = False
    tested: bool = False
    severe: bool = False
    meal: bool = False

    def cells(self) -> dict[str, object]:
        flags = {"住院": self.admitted, "危重": self.severe, "共同用餐": self.meal}
        return {
            **{f"症状{n}": name for n, name in enumerate(self.symptoms, 1)},
            **{header: "是" for header, yes in flags.items() if yes},
            "体温": self.temperature,
            "诊断": self.diagnosis or None,
            "检测结果": "阳性" if self.tested else None,
        }


@dataclass(frozen=True)
class Said:
    """One row as it is written: a child, absent or back."""

    child: str
    room: str
    start: date
    onset: date | None = None
    back: bool = False
    look: Look = field(default_factory=Look)
    ill: bool = True
    dorm: str = ""

    def cells(self, names: Mapping[str, str]) -> dict[str, object]:
        """The cells of its row; `names`: what a class is called."""
        return {
            "班级": names[self.room],
            "姓名": self.child,
            "性别": "男",
            "缺课原因": "因病" if self.ill else "其他",
            "起始日": _moment(self.start),
            "发病日期": self.onset and _moment(self.onset),
            "状态": "已返校" if self.back else None,
            "宿舍": self.dorm or None,
            **(self.look.cells() if self.ill else {}),
        }


@dataclass(frozen=True)
class Report:
    """The report of one campus and day, as it stands in the end."""

    rooms: frozenset[str]
    rows: tuple[Said, ...] = ()


@dataclass(frozen=True)
class Counted:
    """A row with the day of its case, as `tests.norms` takes it."""

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


def counted(reports: Mapping[date, Report], once: Mapping[str, str]) -> list[Row]:
    """Return the rows of one campus, each with the day of its case. `once`: a class's name → the one it had before."""
    said: dict[str, list[tuple[date, Said]]] = defaultdict(list)
    for day in sorted(reports):
        for row in reports[day].rows:
            said[row.child].append((day, row))
    rooms = {day: {once.get(room, room) for room in one.rooms} for day, one in reports.items()}
    return [row for mine in said.values() for row in _of_one_child(mine, rooms, once)]


def _of_one_child(
    said: Sequence[tuple[date, Said]], rooms: Mapping[date, Collection[str]], once: Mapping[str, str]
) -> list[Row]:
    found: list[Row] = []
    last: tuple[date, Said, date] | None = None
    for day, row in said:
        spoke = [one for one, spoken in rooms.items() if one < day and once.get(row.room, row.room) in spoken]
        began = _began(day, row, last, max(spoke, default=date.min))
        found.append(_counted(day, row, began))
        last = (day, row, began)
    return found


def _began(day: date, row: Said, last: tuple[date, Said, date] | None, spoken: date) -> date:
    """The day of the case. `last`: the child's row before, with its case; `spoken`: when his class was last told of."""
    own = min(day, row.start if row.onset is None else row.onset)
    if last is None:
        return own
    told, before, case = last
    after = own if own > told else day  # what is before the last row cannot be meant of another case
    if before.back:
        return case if row.back and row.start <= told else after
    if told != spoken and row.start > told:
        return own  # in between his class was told of without him
    return case if row.ill == before.ill else after


def _counted(day: date, row: Said, began: date) -> Counted:
    look = row.look if row.ill else Look(())
    return Counted(
        day=day,
        pupil=row.child,
        class_key=row.room,
        row_state="returned" if row.back else "absent",
        start=row.start,
        onset=row.onset,
        symptoms=" ".join(SYMPTOMS[name] for name in look.symptoms),
        temperature=look.temperature,
        diagnosis=DISEASES[look.diagnosis],
        dorm=row.dorm,
        reason="ill" if row.ill else "other",
        spell=began,
        admitted=look.admitted,
        tested=look.tested,
        severe=look.severe,
        meal=look.meal,
    )


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
