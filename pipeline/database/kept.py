"""From which day on the store keeps the detail of reports: what is older is kept as sums (docs/adr/retention.md)."""

from __future__ import annotations

from datetime import date, datetime

from pipeline.database import sql
from pipeline.database.models import Counter

_SINCE, _REMOVED = "kept-since", "removed"
ALL = date.min


def since() -> date:
    """Return the first day whose detail is kept; `ALL` of a store that keeps all."""
    return _day(_SINCE)


def begin(day: date) -> None:
    """Say that no detail before this day is needed any more. In the transaction of the first that goes."""
    _raise(_SINCE, sql.day_number(day))


def removed() -> int:
    """Return the highest number of a submission that was removed; 0 if none was."""
    return Counter.objects.filter(name=_REMOVED).values_list("value", flat=True).first() or 0


def gone(seq: int) -> None:
    """Note that a submission of this number was removed. In its transaction."""
    _raise(_REMOVED, seq)


def upto(kind: str) -> date:
    """Return up to which day, itself not included, a kind of its own has been removed."""
    return _day(f"kept-{kind}")


def done(kind: str, day: date) -> None:
    """Note that all of a kind before this day was removed."""
    _raise(f"kept-{kind}", sql.day_number(day))


def _day(name: str) -> date:
    value = Counter.objects.filter(name=name).values_list("value", flat=True).first()
    return datetime.strptime(str(value), "%Y%m%d").date() if value else ALL  # noqa: DTZ007  # a day has no zone


def _raise(name: str, value: int) -> None:
    text = (
        "INSERT INTO counter (name, value) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET "
        "value = CASE WHEN counter.value < excluded.value THEN excluded.value ELSE counter.value END"
    )
    sql.run(text, [(name, value)])
