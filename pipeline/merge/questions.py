"""Questions before a 缺课日报 may change a report: is it a copy, is it of this day, does it remove rows, does it bring
back settled rows.
"""

from __future__ import annotations

from dataclasses import replace

from pipeline.merge import coverage, tickets
from pipeline.merge.standing import ReportState, repeated
from pipeline.merge.tickets import Sifted, matched_by_key
from pipeline.model import Checked, Issue, Mode, Policy, State
from pipeline.schooldays import today

_AGO = {1: "昨天", 2: "前天"}
_BY_MODE = frozenset({"past-day-reported", "would-withdraw"})
"""Questions that a 报送方式 answers."""


def asked(standing: ReportState, checked: Checked, sifted: Sifted, policy: Policy) -> Issue | None:
    """Return why a submission may not simply be applied, as the issue for its sender; None if it may."""
    head = standing.head
    again = repeated(standing.earlier, checked.reading.content_sha, head.seqs if head else ())
    if again is State.DUPLICATE:
        return Issue("duplicate")
    if again is State.HELD:
        settled = returned(checked) and sifted.question is None
        return Issue("duplicate" if settled else "older-again")
    if returned(checked) or head is None:
        return sifted.question
    if only_mended(standing, checked):
        return None
    question = _of_a_past_day(standing, checked) or _withdrawal(standing, checked, policy)
    unread = next((issue for issue in checked.issues if issue.code == "mode-unknown-left" and not issue.row), None)
    if question and unread and question.code in _BY_MODE:
        return replace(unread, code="mode-unclear", details=())
    return question


def returned(checked: Checked) -> bool:
    """Whether it is a return workbook, by its own claim or by its tickets."""
    claims = checked.reading.claims
    return bool(claims and claims.returned) or tickets.carried(checked)


def only_mended(standing: ReportState, checked: Checked) -> bool:
    """Whether a file that would remove rows has only returned rows, copied by hand into a template.

    Then it corrects those rows and does not touch the others.
    """
    if checked.mode not in {Mode.FIRST, Mode.LATE} or checked.refused or not coverage.leaving(standing, checked):
        return False
    home = matched_by_key(checked, standing.tickets, coverage.keys_of)
    rows = coverage.rows_of(checked)
    return bool(rows) and sum(record.table == "rows" for record in home.values()) == len(rows)


def _of_a_past_day(standing: ReportState, checked: Checked) -> Issue | None:
    """A file for a day that has its report: almost always its date is wrong.

    Not if 逾期补报 or 补充 brings only classes that no file has covered yet.
    """
    days = (today(checked.arrival.first_seen) - standing.day).days
    if checked.mode is Mode.FULL or days < 1:
        return None
    if checked.mode in {Mode.LATE, Mode.ADD} and coverage.only_new_classes(standing, checked):
        return None
    which = _AGO.get(days, f"{days} 天前")
    return Issue("past-day-reported", details=(("day", standing.day.isoformat()), ("which", which)))


def _withdrawal(standing: ReportState, checked: Checked, policy: Policy) -> Issue | None:
    """A second file may not drop children silently; nor most of them, if marked as a correction."""
    if checked.mode is Mode.ADD:
        return None
    leaving = coverage.leaving(standing, checked)
    counts = (("rows", str(len(leaving))), ("before", str(len(standing.rows))))
    rows_of = coverage.by_file(standing, list(leaving))
    if checked.mode is not Mode.FULL:
        return Issue("would-withdraw", details=counts, rows_of=rows_of) if leaving else None
    # a corrected name is one row removed and one added: only the net loss counts
    added = sum(1 for record in coverage.rows_of(checked) if record.identity not in standing.rows)
    if len(leaving) - added > policy.withdraw_share * len(standing.rows):
        return Issue("withdraws-most", details=counts, rows_of=rows_of)
    return None
