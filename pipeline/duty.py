"""What became of each school's duty to report on one day, and the identities the figures rest on.

    在册 = 应报 + 不需报        应报 = 按时 + 迟报 + 未报 + 免报        报告率 = 已报 ÷ (应报 − 免报)

Pure: the papers pass what the store says of each school (`ReceivedReports`), get one `Duty` a school and the
`Tally` of any set of them. Every school of a set is in exactly one of the five standings, so the
identities hold by construction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.schooldays import ReportDue


class ReportStatus(StrEnum):
    """The five statuses of a school, for one day."""

    ON_TIME = "按时"
    LATE = "迟报"
    SILENT = "未报"
    EXCUSED = "免报"
    NOT_DUE = "不需报"


class Silence(StrEnum):
    """The kinds of 未报, from nothing received to almost complete: it decides whom to telephone about what."""

    NOTHING = "未收到"
    RETURNED = "已收到退回待改"
    HELD = "待核"
    PART = "部分班级未报"


@dataclass(frozen=True, slots=True)
class ReceivedReports:
    """What the store has from one school for one day, over all its campuses.

    `heads`: campuses with a current report, each with whether its first arrival was on time. `missing`: campuses due
    that have none. `silent`: open classes that no report mentions, in campuses that reported. `held`, `returned`: a
    submission for the day waits for an answer, or was returned as a whole.
    """

    heads: tuple[bool, ...] = ()
    missing: int = 0
    silent: int = 0
    held: bool = False
    returned: bool = False
    excused: str = ""  # the county's reason, if it excused the school


@dataclass(frozen=True, slots=True)
class Duty:
    """The status of one school. `reason`: why nothing is due, or why it is excused."""

    standing: ReportStatus
    silence: Silence | None = None  # set exactly when standing is SILENT
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """The standings of a set of schools, counted."""

    enrolled: int  # 在册
    not_due: int  # 不需报
    on_time: int
    late: int
    silent: int
    excused: int
    silences: tuple[tuple[Silence, int], ...]  # the four states, in their order; they add up to `silent`

    @property
    def due(self) -> int:
        """应报."""
        return self.on_time + self.late + self.silent + self.excused

    @property
    def reported(self) -> int:
        """已报."""
        return self.on_time + self.late

    @property
    def rate(self) -> float | None:
        """报告率, 0 to 1; None when nobody was to report."""
        base = self.due - self.excused
        return self.reported / base if base else None


def classify(due: ReportDue, reports: ReceivedReports) -> Duty:
    """Return the status of a school. Raises UnknownYear if it is not known whether a report was due.

    A school that owes nothing stays 不需报 even if it sent a report; a school that reported in full counts as reported
    even if it was excused.
    """
    if not due.owed:
        return Duty(ReportStatus.NOT_DUE, reason=due.reason)
    if reports.heads and not reports.missing and not reports.silent:
        return Duty(ReportStatus.ON_TIME if all(reports.heads) else ReportStatus.LATE)
    if reports.excused:
        return Duty(ReportStatus.EXCUSED, reason=reports.excused)
    return Duty(ReportStatus.SILENT, silence=_silence(reports))


def _silence(reports: ReceivedReports) -> Silence:
    # our own question comes first: the school can do nothing until it is answered
    if reports.held:
        return Silence.HELD
    if reports.heads:
        return Silence.PART
    return Silence.RETURNED if reports.returned else Silence.NOTHING


def tally(duties: Iterable[Duty]) -> Tally:
    """Count the duties of a set of schools."""
    listed = tuple(duties)
    standings = Counter(duty.standing for duty in listed)
    silences = Counter(duty.silence for duty in listed)
    return Tally(
        enrolled=len(listed),
        not_due=standings[ReportStatus.NOT_DUE],
        on_time=standings[ReportStatus.ON_TIME],
        late=standings[ReportStatus.LATE],
        silent=standings[ReportStatus.SILENT],
        excused=standings[ReportStatus.EXCUSED],
        silences=tuple((silence, silences[silence]) for silence in Silence),
    )
