"""Who may speak: what a submission may do, by what its channel proves. One table for every form and every door.

docs/proof.md says the same to people; a test holds the two equal, and another sends every forgery of every form.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pipeline.forms.absence import ABSENCE
from pipeline.forms.calendar import CALENDAR
from pipeline.forms.card import CARD
from pipeline.forms.closure import CLOSURE
from pipeline.forms.desk import DESK
from pipeline.forms.filing import FILING
from pipeline.forms.roster import ROSTER
from pipeline.model import Policy


class Proof(StrEnum):
    """What shows whose a submission is. A wrong token is none, whatever folder it lies in."""

    FOLDER = "folder"  # the sub-folder of its unit, or of an office above
    MAILBOX = "mailbox"  # of its unit, or of an office above, proved by the server that received the mail
    TOKEN = "token"  # nosec B105  # of a workbook that was issued to its unit
    NONE = "none"
    WRONG = "wrong"  # another unit's folder, or a token that is not this unit's


class Effect(StrEnum):
    """What becomes of a submission that is right otherwise."""

    TAKEN = "taken"
    HELD = "held"  # kept, counted nowhere, until it is proved or its county releases it
    REFUSED = "refused"


def _row(folder: Effect, token: Effect, none: Effect) -> Mapping[Proof, Effect]:
    rows = {Proof.FOLDER: folder, Proof.MAILBOX: folder, Proof.TOKEN: token, Proof.NONE: none}
    return {**rows, Proof.WRONG: Effect.REFUSED}


_USUAL = _row(Effect.TAKEN, Effect.TAKEN, Effect.HELD)

EFFECTS: Mapping[str, Mapping[Proof, Effect]] = {
    **{form.name: _USUAL for form in (ABSENCE, CLOSURE, CARD, ROSTER, CALENDAR)},
    # accounts are opened for it: its token besides any folder; and passwords are not kept to wait for a sender
    FILING.name: _row(Effect.REFUSED, Effect.TAKEN, Effect.REFUSED),
    # its lines are decisions: nobody but the county could release them
    DESK.name: _row(Effect.TAKEN, Effect.TAKEN, Effect.REFUSED),
}
"""By form; a mailbox is worth what a folder is. For a 处理单 only the county's own is one; all else of a filing's doors
is in `filing`.
"""


def effect(form: str, proof: Proof, policy: Policy) -> Effect:
    """Return what becomes of a submission of a form; a site's policy may loosen it for 缺课日报, and nothing else.

    KeyError for a form without a row: there is none.
    """
    if form == ABSENCE.name and proof is Proof.NONE and policy.takes_unproved:
        return Effect.TAKEN
    return EFFECTS[form][proof]


def always_proved(form: str) -> bool:
    """Whether a form is refused without proof, so that no policy may do without; so is what is no form."""
    return form not in EFFECTS or EFFECTS[form][Proof.NONE] is Effect.REFUSED
