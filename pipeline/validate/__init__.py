"""What can be decided from workbooks, registry and channel: which rows are accepted, which go back.

Values in, values out. Everything that depends on earlier reports of the same day is decided by merge. Laws: every row
ends accepted or refused; the result for one submission depends neither on its batch nor on the clock ("now" for a
submission is when it was received).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from pipeline import issues, units
from pipeline.model import Arrival, Checked, CheckVerdict, Context, Issue, Policy, Reading, Refused, Severity
from pipeline.validate import (
    absence,
    calendar,
    card,
    carried,
    channel,
    closure,
    desk,
    filing,
    proof,
    roster,
    scans,
    whose,
)
from pipeline.validate.case import RowCase, SubmissionCase, case_of, lines_of
from pipeline.validate.checks import Failure, RowCheck
from pipeline.validate.judge import Judge, Judgement
from pipeline.validate.proof import Effect

JUDGES: Mapping[str, Judge] = {
    judge.form.name: judge
    for judge in (
        absence.JUDGE,
        closure.JUDGE,
        roster.JUDGE,
        calendar.JUDGE,
        filing.JUDGE,
        desk.JUDGE,
        card.JUDGE,
    )
}


def check(batch: Sequence[tuple[Arrival, Reading]], context: Context, policy: Policy, key: bytes) -> list[Checked]:
    """Validate a batch, in its order; verdict "merge" if rows may be applied.

    `key` derives pupil codes and checks tokens. Raises PermanentError if a declaration and its parsers disagree (our
    fault).
    """
    answers = [scans.judge(arrival, reading, context) or case_of(arrival, reading) for arrival, reading in batch]
    cases = [answer for answer in answers if isinstance(answer, SubmissionCase)]
    for case in cases:
        _settle_header(case, context, key)
    by = Judgement(context, key)
    lines = {id(case): {t.name: lines_of(case, t) for t in case.form.tables} for case in cases if case.open}
    for form, judge in JUDGES.items():
        chosen = [case for case in cases if case.open and case.claims.form == form]
        for table, rules in judge.rules.items() if chosen else ():
            found = [line for case in chosen for line in lines[id(case)].get(table, ())]
            _apply(found, rules, judge.extras(table, found, by))
    for case in cases:
        if case.open:
            JUDGES[case.claims.form].judge(case, lines[id(case)], by)
            _send_back_slipped(case, policy)
        if case.open and _is_doubtful(case, policy):
            named = units.code_of_folder(case.arrival.folder) and not case.arrival.bound
            case.hold(Issue("folder-not-believed" if named else "sender-unproved"))
        elif case.unit and case.verdict == CheckVerdict.REJECTED and _is_doubtful(case, policy):
            case.issues.append(Issue("returned-unproved"))
        if case.open:
            JUDGES[case.claims.form].remember(by, case)
    return [answer.done() if isinstance(answer, SubmissionCase) else answer for answer in answers]


def _is_doubtful(case: SubmissionCase, policy: Policy) -> bool:
    """Whether it would be held for want of a proof."""
    return proof.effect(case.form.name, case.proof, policy) is Effect.HELD


@cache
def warm() -> None:
    """Import and compile what the first batch would wait for: some three seconds of CPU."""
    from pipeline.validate import frames  # pandera takes 1.4 s to import: see `_apply`

    table = absence.JUDGE.form.table("rows")
    frames.failures(table, absence.RULES, [(None,) * len(table.columns)], {"_day": [None]})


def _settle_header(case: SubmissionCase, context: Context, key: bytes) -> None:
    JUDGES[case.claims.form].whose(case, context, key)
    if case.open or case.unit:  # a file that goes back anyway has its date checked too, else it would come back twice
        channel.settle_day(case)
    if case.open and case.school is not None and case.day is not None:
        rooms = context.rooms.get((case.school.code, case.day))
        case.school = case.school if rooms is None else replace(case.school, classes=rooms)
    if case.open:
        JUDGES[case.claims.form].settle(case, context)


def _apply(lines: Sequence[RowCase], rules: tuple[RowCheck, ...], extras: Mapping[str, list[object]]) -> None:
    """Check all lines of one table in one frame; note each failure at its row."""
    if not lines:
        return
    from pipeline.validate import frames  # pandera takes 1.4 s to import: commands that validate nothing do without

    table = lines[0].table
    for failure in frames.failures(table, rules, [line.row.values for line in lines], extras):
        line = lines[failure.position]
        if not _reported_before(line, failure.column, failure.code):
            line.add_issue(failure.code, failure.column, **_details(failure, line, extras))


def _details(failure: Failure, line: RowCase, extras: Mapping[str, list[object]]) -> dict[str, str]:
    """The values in the message: the day, a column beside the form's own, or one of the row."""
    beside = {name.removeprefix("_"): column[failure.position] for name, column in extras.items()}
    known = {**line.values, **beside, "day": line.case.day}
    asked = sorted(issues.CATALOGUE[failure.code].details)
    return {name: str(known[name]) for name in asked if known.get(name) is not None}


def _reported_before(line: RowCase, name: str, code: str) -> bool:
    """Whether a blank was reported already: as a cell that was not understood, or as a missing column."""
    index = line.table.index(name)
    column = line.table.columns[index]
    if code != column.missing or line.values[name] is not None:
        return False
    place = line.case.reading.places.get(line.table.name)
    return name in line.row.raw or (place is not None and place.columns[index] < 0 and not column.told_by)


def _send_back_slipped(case: SubmissionCase, policy: Policy) -> None:
    """If many rows of a longer table are bad, a column has slipped: the whole file goes back."""
    table = case.form.tables[0]
    back = [one for one in case.refused if one.table == table.name]
    refused = [one for one in back if not _unanswered(one)]
    rows = len(case.rows(table.name)) - len(back) + len(refused)
    if not JUDGES[case.form.name].slips:
        return
    if case.claims.returned or rows < policy.slipped_rows or len(refused) <= policy.slipped_share * rows:
        return
    errors = [i for one in refused for i in one.issues if issues.severity(i) is Severity.ERROR]
    column = Counter(issue.column for issue in errors).most_common(1)[0][0]
    place = case.reading.places.get(table.name)
    details = (("rows", str(rows)), ("bad", str(len(refused))))
    case.issues.insert(
        0, Issue("column-slipped", place.sheet if place else table.sheet, column=column, details=details)
    )
    case.verdict = CheckVerdict.REJECTED


def _unanswered(refused: Refused) -> bool:
    """Whether nothing of the row is wrong but that it was carried over and left as it was, or that it is another's."""
    wrong = {issue.code for issue in refused.issues if issues.severity(issue) is Severity.ERROR}
    return wrong <= {carried.UNANSWERED, *whose.CODES}
