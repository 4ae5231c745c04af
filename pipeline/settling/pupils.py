"""The pupils that reports name, as they are stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pipeline.database import sql
from pipeline.model import Record
from pipeline.turns.transaction import Turn, Writes

_PUPIL = ("school", "code", "class_key", "name", "number", "namesake")
_PUT_PUPIL = sql.insert("pupil", _PUPIL) + (  # nosec B608  # our own words
    " ON CONFLICT (school, code) DO UPDATE SET name = excluded.name, namesake = pupil.namesake OR excluded.namesake, "
    "number = CASE excluded.number WHEN '' THEN pupil.number ELSE excluded.number END "
    "WHERE pupil.name <> excluded.name OR excluded.number NOT IN ('', pupil.number) "
    "OR (excluded.namesake AND NOT pupil.namesake)"  # most pupils are known: then nothing is written
)


def write(turns: Sequence[Turn], writes: Writes) -> None:
    """Collect the names of the pupils of these submissions for writing; names are stored only here."""
    for turn in turns:
        if not turn.event.decided:
            rows = {record.identity: record for record in turn.checked.records if record.table == "rows"}
            bearers = Counter((r.values["class_key"], r.values["name"]) for r in rows.values())
            writes.add(_PUT_PUPIL, [_pupil_row(turn.checked.unit, record, bearers) for record in rows.values()])


def _pupil_row(school: str, record: Record, bearers: Counter[tuple[object, object]]) -> sql.Params:
    class_key, name, number = record.values["class_key"], record.values["name"], record.values.get("number")
    shared = bearers[class_key, name] > 1
    return (school, record.identity, class_key, str(name)[:60], str(number or "")[:30], shared)
