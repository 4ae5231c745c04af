"""A series of counts, and what one method says of its last day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

Series = Mapping[date, int]
"""New cases by school day. A day that is not in it is a gap: not due, or not (fully) reported. A gap is no zero."""


class Method(StrEnum):
    """EARS C1 to C3 compare a day with the days before it; the percentile, a week with the weeks of other years."""

    C1 = "C1"
    C2 = "C2"
    C3 = "C3"
    PERCENTILE = "percentile"


@dataclass(frozen=True, slots=True)
class Comparison:
    """New cases observed (on the day; for the percentile in its week), the expected number, and the highest usual."""

    method: Method
    observed: int
    expected: float
    limit: float

    @property
    def exceeds(self) -> bool:
        """Above the limit, and above what is expected: C3's limit may be low after two high days."""
        return self.observed > max(self.limit, self.expected)


@dataclass(frozen=True, slots=True)
class PlaceDay:
    """One day of a division: new cases by group, and whether enough of its schools reported to compare others with."""

    complete: bool
    new: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SchoolsDay:
    """One day of some schools: which reported in full, and the new cases of each by group."""

    observed: frozenset[str]
    new: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Unusual:
    """A division or a school, a group, and the comparisons that exceed their limit (at least one)."""

    unit: str
    group: str
    comparisons: tuple[Comparison, ...]
