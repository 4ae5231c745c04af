"""Builders of checked submissions, for the tests of merge and store."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from pipeline.forms.absence import ROWS
from pipeline.model import Arrival, Checked, Claims, Issue, Mode, Reading, Record, Refused
from pipeline.schooldays import ZONE

DAY = date(2026, 11, 23)
SCHOOL = "2132000001"
COUNTY = "320106"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZONE)
_BLANK: dict[str, object] = {name: column.blank for name, column in ROWS.keeps.items()}


def arrival(seq: int = 0, *, at: datetime = NOON, bound: str = SCHOOL, name: str = "缺课日报.xlsx") -> Arrival:
    return Arrival(
        sha256=f"{seq:064d}",
        size=9000,
        name=name,
        channel="folder",
        folder="",
        bound=bound,
        first_seen=at,
        received_at=at,
        path=Path("spool") / f"{seq}.xlsx",
        seq=seq,
    )


def row(name: str, number: int = 8, *, class_key: str = "三3", ticket: str = "", **values: object) -> Record:
    """One absent pupil; `name` tells pupils of a class apart."""
    whole = _BLANK | {
        "class_key": class_key,
        "name": name,
        "number": "",
        "sex": "1",
        "reason": "ill",
        "row_state": "new",
        "start": DAY,
        "symptoms": "S01",
        "temperature": 38.2,
        "visited": None,
        "note": None,
    }
    return Record("rows", f"{class_key}-{name}", whole | values, number, ticket)


def line(class_key: str, roll: int | None = 40, other_absent: int = 0) -> Record:
    """One class the file speaks for."""
    return Record(
        "classes", class_key, {"class_name": class_key, "roll": roll, "present": None, "other_absent": other_absent}, 4
    )


def bad(number: int, identity: str = "", *, ticket: str = "") -> Refused:
    """One row that goes back."""
    return Refused("rows", number, {"班级": "三(3)班"}, (Issue("name-missing", row=number),), ticket, identity)


def checked(
    seq: int,
    rows: Iterable[Record] = (),
    *,
    mode: Mode = Mode.FIRST,
    refused: Sequence[Refused] = (),
    voided: Sequence[str] = (),
    content: str = "",
    at: datetime = NOON,
    day: date = DAY,
    school: str = SCHOOL,
    campus: str = "本部",
    form: str = "absence",
    verdict: str = "merge",
    returned: bool = False,
    reporter: str = "李老师",
) -> Checked:
    """One submission after validation. Without `content` its cells are like nobody else's."""
    records = tuple(rows)
    claims = Claims(form, "1", school, campus, day, returned=returned)
    reading = Reading("parsed", claims, {"reporter": reporter}, content_sha=content or f"content of {seq}")
    return Checked(
        arrival=arrival(seq, at=at, bound=school),
        reading=reading,
        verdict=verdict,
        unit=school,
        day=day,
        campus=campus,
        mode=mode,
        records=records,
        refused=tuple(refused),
        voided=tuple(voided),
    )


def later(days: int = 0, hours: int = 0) -> datetime:
    """Noon of the day, moved."""
    return NOON + timedelta(days=days, hours=hours)
