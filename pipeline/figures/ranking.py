"""Which places report in time and right, over some days: counts of schools and files only, no pupil's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.figures.words import percent


@dataclass(frozen=True, slots=True)
class PlaceConduct:
    """One place over the days. `due`: reports; `files`: 缺课日报 that came; `back`: of these, with something sent back;
    `answers`: cards that answered a warning; `answers_late`: of these, late.
    """

    code: str
    name: str
    due: int = 0
    on_time: int = 0
    late: int = 0
    silent: int = 0
    files: int = 0
    back: int = 0
    answers: int = 0
    answers_late: int = 0

    @property
    def timely(self) -> float | None:
        return self.on_time / self.due if self.due else None

    @property
    def right(self) -> float | None:
        return (self.files - self.back) / self.files if self.files else None


@dataclass(frozen=True, slots=True)
class RankRow:
    """One line, as it is printed. `rank`: 0 where nothing was due; two of equal shares have one rank."""

    rank: int
    code: str
    name: str
    due: int
    on_time: int
    late: int
    silent: int
    timely: str
    files: int
    back: int
    right: str
    answers: int
    answers_late: int
    share: float  # of the bar


def ranked(places: Sequence[PlaceConduct]) -> tuple[RankRow, ...]:
    """Order places: most in time first, of equals those of which least went back."""
    due = sorted((one for one in places if one.due), key=lambda one: (*_merit(one), one.code))
    rest = sorted((one for one in places if not one.due), key=lambda one: one.code)
    ranks = [1 + sum(_merit(other) < _merit(one) for other in due) for one in due]
    return tuple(_row(one, rank) for one, rank in zip([*due, *rest], [*ranks, *[0] * len(rest)], strict=True))


def _merit(one: PlaceConduct) -> tuple[float, float]:
    return (-(one.timely or 0.0), -(one.right or 0.0))


def _row(one: PlaceConduct, rank: int) -> RankRow:
    return RankRow(
        rank,
        one.code,
        one.name,
        one.due,
        one.on_time,
        one.late,
        one.silent,
        percent(one.timely, 1),
        one.files,
        one.back,
        percent(one.right, 1),
        one.answers,
        one.answers_late,
        round(100 * (one.timely or 0.0), 1),
    )
