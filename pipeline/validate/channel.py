"""Whose submission this is, for which day, and whether the sender may report for that unit.

The sender is known by the channel: the owner of the sub-folder, or the token of the issued template. What becomes of
a file that nothing proves is in `proof`. A refusal uses the same words whether the other unit exists or not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pipeline import issues, units
from pipeline.forms.text_normalise import fold
from pipeline.model import HOME_CAMPUS, Channel, CheckVerdict, Context, Issue, SchoolFacts, Severity
from pipeline.schooldays import today
from pipeline.validate import campuses, tokens
from pipeline.validate.case import SubmissionCase
from pipeline.validate.proof import Proof
from pipeline.validate.tokens import Token

OLDEST = timedelta(days=366)
"""No report is taken for a day longer ago: almost always a wrong year."""


def settle_unit(case: SubmissionCase, context: Context, key: bytes) -> None:
    """Find the unit and whether the channel may report for it; if not, the whole file goes back.

    A file that goes back anyway is checked too: the answer must reach its sender.
    """
    look_over(case)
    if case.form.of == "division" and not _is_school(case):
        _settle_division(case, context, key)
    else:
        _settle_school(case, context, key)


def settle_place(case: SubmissionCase, context: Context, key: bytes) -> None:
    """Find whose registry or calendar it is: a division's, or a school's own. Its day is that of its arrival."""
    settle_unit(case, context, key)
    case.day = today(case.arrival.received_at)


def _is_school(case: SubmissionCase) -> bool:
    return units.is_school(case.claims.unit or case.arrival.bound)


def look_over(case: SubmissionCase) -> None:
    """Return the file for errors that reading found in it as a whole."""
    case.issues = [replace(i, code=issues.left(i.code)) if _made_good(case, i) else i for i in case.issues]
    if any(not issue.row and issues.severity(issue) is Severity.ERROR for issue in case.issues):
        case.verdict = CheckVerdict.REJECTED


def settle_day(case: SubmissionCase) -> None:
    """The reporting day must be known, not in the future, not too long ago; and must fit the mode of the report."""
    now = today(case.arrival.received_at)  # not the clock: checked again later, a file must get the same result
    if case.day is None:
        missing = _of_field(case, "day-missing", "day") if case.form.dated else None
        if missing is not None and not any(i.column == missing.column and not i.row for i in case.issues):
            case.reject(missing)
        elif missing is None:
            case.day = now
        return
    day = case.day.isoformat()
    if not case.form.dated:
        return
    if case.day > now:
        case.reject(_of_field(case, "day-future", "day", day=day))
    elif now - case.day > OLDEST:
        case.reject(_of_field(case, "day-too-old", "day", day=day))
    else:
        _settle_report(case)


def _settle_report(case: SubmissionCase) -> None:
    """Check of a report with a possible day: does the school still exist."""
    until = case.school.until if case.school else None
    if until and case.day and case.day >= until and case.open:
        # taken all the same: more often the registry or the code is wrong
        case.issues.append(Issue("school-closed-down", details=(("day", until.isoformat()),)))


def _of_field(case: SubmissionCase, code: str, name: str, **details: str) -> Issue:
    """An issue about a field of the header, at its label."""
    label = next(field.label for field in case.form.fields if field.name == name)
    value = str(case.reading.header.get(name) or "")
    return Issue(code, column=label, value=value, details=tuple(details.items()))


def _made_good(case: SubmissionCase, issue: Issue) -> bool:
    """Replace an unreadable school code by that of the template, or of the school whose folder it is in."""
    known = case.claims.unit or (units.is_school(case.arrival.bound) and case.form.of == "school")
    return issue.code == "unit-code-unreadable" and not issue.row and bool(known)


def _settle_school(case: SubmissionCase, context: Context, key: bytes) -> None:
    bound = case.arrival.bound
    unit = case.claims.unit or (bound if units.is_school(bound) else "")
    if not unit:
        if not any(issue.code == "unit-code-unreadable" for issue in case.issues):
            case.reject(Issue("unit-missing"))
        return
    school = context.schools.get(unit)
    if bound and bound != unit and (school is None or bound not in chain(school.county, context)):
        case.turn_away(_not_yours(case))
        return
    if school is None:
        case.reject(Issue("unit-unknown", value=unit))
        return
    token = tokens.judge(case, context, key, unit)
    if token is Token.WRONG:
        case.turn_away(Issue("token-wrong"))
        return
    case.unit, case.school = unit, school
    _prove(case, token, context)
    if any(entry.name == "campus" for entry in case.form.fields):
        _settle_campus(case, school)
    written = fold(str(case.reading.header.get("school") or ""))
    registered = fold(school.name)
    if written and written not in registered and registered not in written:
        case.issues.append(Issue("school-name-differs", value=str(case.reading.header["school"])[:60]))


def _settle_campus(case: SubmissionCase, school: SchoolFacts) -> None:
    """Find the campus: as its head, or all its rows, name it; else by its classes. A file of no campus we know goes
    back: taken, it would make one of its own, with all its classes.
    """
    if not case.reading.header.get("campus") and case.campus == HOME_CAMPUS:
        case.campus = campuses.in_rows(case) or HOME_CAMPUS
    written, case.campus = case.campus, campuses.named(case.campus, school)
    listed = "、".join(school.campuses)
    if case.campus == HOME_CAMPUS and school.campuses != (HOME_CAMPUS,):
        found = school.campuses[0] if len(school.campuses) == 1 else campuses.by_classes(case, school)
        if found and found != HOME_CAMPUS:
            case.campus = found
            case.issues.append(Issue("campus-by-classes", details=(("campus", found),)))
        elif HOME_CAMPUS not in school.campuses:
            mixed = campuses.several(case, school)
            about = Issue("campus-several", details=(("which", mixed), ("campuses", listed))) if mixed else None
            case.reject(about or _of_field(case, "campus-blank", "campus", campuses=listed))
    elif case.campus not in school.campuses:
        case.reject(replace(_of_field(case, "campus-unknown", "campus", campuses=listed), value=written))
    elif case.campus not in {written, HOME_CAMPUS}:
        case.issues.append(replace(_of_field(case, "campus-as", "campus", campus=case.campus), value=written))


def _settle_division(case: SubmissionCase, context: Context, key: bytes) -> None:
    bound = case.arrival.bound
    unit = case.claims.unit or bound
    token = tokens.judge(case, context, key, unit)
    if token is Token.WRONG and case.arrival.channel is Channel.CLI:  # the operator may vouch for another site's roster
        token = Token.NONE
    if not unit:
        case.reject(Issue("division-missing"))
    elif bound and bound not in chain(unit, context):
        case.turn_away(_not_yours(case))
    elif unit not in context.divisions:
        case.reject(Issue("division-unknown", value=unit))
    elif token is Token.WRONG:
        case.turn_away(Issue("token-wrong"))
    else:
        case.unit = unit
        _prove(case, token, context)


def _prove(case: SubmissionCase, token: Token, context: Context) -> None:
    """Note what a folder or mailbox, and a token, prove; neither is wrong, but either may be missing, or have ended."""
    if case.arrival.bound:
        case.proof = Proof.MAILBOX if case.arrival.channel is Channel.MAIL else Proof.FOLDER
    else:
        case.proof = Proof.TOKEN if token is Token.GOOD else Proof.NONE
    if token in tokens.ENDED and case.proof is Proof.NONE:
        case.issues.append(tokens.ended(case, token, context))


def _not_yours(case: SubmissionCase) -> Issue:
    """Name the unit only as the file does, which the reader has; nothing of what the registry knows."""
    unit, name = case.claims.unit, str(case.reading.header.get("school") or "").strip()
    return Issue("unit-not-yours", value=f"{name[:60]}（{unit}）" if name else unit)


def chain(division: str, context: Context) -> tuple[str, ...]:
    """A division and all above it."""
    found: list[str] = []
    while division and division not in found:
        found.append(division)
        division = context.parents.get(division, "")
    return tuple(found)
