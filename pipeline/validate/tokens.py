"""The token of an issued template: whether it still proves its unit.

A 处理单's is good for one use and some days; of every other form it is good for this school year and the next. All of a
unit's end when they are revoked. What has ended proves nothing, but is no forgery: the unit's own folder may bring it.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from pipeline import units
from pipeline.forms.desk import DESK
from pipeline.model import Context, Issue
from pipeline.schooldays import school_year, today
from pipeline.validate.case import SubmissionCase

DESK_DAYS = timedelta(days=14)  # a 处理单 before a long holiday may come back after it
YEARS = 1  # school years after its own in which a template proves its unit


class Token(StrEnum):
    """What the token of a submission is worth."""

    GOOD = "good"
    NONE = "none"
    WRONG = "wrong"  # never one of this unit and form
    REVOKED = "revoked"
    EXPIRED = "expired"
    USED = "used"


ENDED = frozenset((Token.REVOKED, Token.EXPIRED, Token.USED))


def judge(case: SubmissionCase, context: Context, key: bytes, unit: str) -> Token:
    """What the token is worth as a proof of a unit, at the submission's own place in the sequence."""
    claimed, form, seq = case.claims.token, case.claims.form, case.arrival.seq
    if not claimed:
        return Token.NONE
    serial = 1 + sum(place < seq for place in context.revoked.get(unit, ()))
    if not units.token_ok(key, claimed, unit, form, serial):
        before = (units.token_ok(key, claimed, unit, form, one) for one in range(1, serial))
        return Token.REVOKED if any(before) else Token.WRONG
    mark = units.token_term(claimed)
    if form == DESK.name:
        return _of_a_desk(case, context, unit, mark)
    year = mark.partition("-")[0]
    now = school_year(today(case.arrival.received_at))
    return Token.GOOD if year.isdecimal() and int(year) >= now - YEARS else Token.EXPIRED


def ended(case: SubmissionCase, token: Token, context: Context) -> Issue:
    """What is said of a token that was good once."""
    used = context.used.get((case.claims.unit, units.token_term(case.claims.token)))
    if token is Token.USED and used is not None:
        return Issue("token-used", details=(("seq", str(used.seq)),))
    return Issue("token-revoked" if token is Token.REVOKED else "token-expired")


def _of_a_desk(case: SubmissionCase, context: Context, unit: str, mark: str) -> Token:
    issued, used = units.issued_on(mark), context.used.get((unit, mark))
    if issued is None or today(case.arrival.received_at) - issued > DESK_DAYS:
        return Token.EXPIRED
    if used is None or used.seq >= case.arrival.seq or used.content_sha == case.reading.content_sha:
        return Token.GOOD  # the same cells once more decide nothing: they are a duplicate, as with every form
    return Token.USED
