"""The tokens of a unit's templates: revoked all at once, by a decision that counts from its own place on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from gettext import gettext as say

from pipeline.database.decision_log import decide
from pipeline.database.models import Decision, DeskToken, Unit
from pipeline.database.transactions import atomic
from pipeline.errors import UsageError
from pipeline.model import DecidedBy, DecisionKind
from pipeline.registry import lookup


@dataclass(frozen=True, slots=True)
class Ended:
    """Tokens that ended before their time: revoked, or one of a 处理单 that was used."""

    unit: str
    name: str
    how: str  # "revoked", "used"
    at: datetime
    by: str  # who revoked them, or the number of the 处理单
    why: str  # or what the 处理单's token was issued for


def revoke(code: str, by: DecidedBy) -> int:
    """Revoke all tokens issued to a unit or division so far; return the new serial. UsageError for an unknown code.

    Files that arrived before keep what they were taken for.
    """
    with atomic():
        if code not in lookup.names([code]):
            raise UsageError(say("{code}: no such unit or division").format(code=code))
        decide(DecisionKind.TOKENS_REVOKE, code, by)
        serial = lookup.token_serial(code)
        Unit.objects.filter(code=code).update(token_serial=serial)
        return serial


def ended(code: str = "") -> list[Ended]:
    """Return the tokens that ended, of one unit or all, the latest last."""
    decided = Decision.objects.filter(what=DecisionKind.TOKENS_REVOKE)
    used = DeskToken.objects.select_related("submission")
    if code:
        decided, used = decided.filter(target=code), used.filter(division=code)
    names = lookup.names([*decided.values_list("target", flat=True), *used.values_list("division_id", flat=True)])
    found = [Ended(row.target, names[row.target], "revoked", row.at, row.who, row.why) for row in decided]
    found += [
        Ended(
            row.division_id,
            names[row.division_id],
            "used",
            row.submission.received_at,
            str(row.submission_id),
            row.mark,
        )
        for row in used
    ]
    return sorted(found, key=lambda one: (one.at, one.unit))
