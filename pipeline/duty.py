"""Whether each school reported on one day as it should: pure, from what is known of the school."""

from __future__ import annotations

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

    `heads`: campuses due that have a current report, each with whether its first arrival was on time. `missing`:
    campuses due that have none. `silent`: open classes that no report mentions, in campuses that reported. `held`,
    `returned`: a submission for the day waits for an answer, or all of it was returned.
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


def classify(due: ReportDue, reports: ReceivedReports) -> Duty:
    """Return the status of a school.

    A school that owes nothing stays 不需报 even if it sent a report; a school that reported in full counts as reported
    even if it was excused.
    """
    if not due.yes:
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
