"""What becomes of a mail: for whom it speaks, by its sender's mailbox and what proves it; whether he may be answered.

A mail of a bound, proved mailbox is its unit's every word. Of all others each file must prove itself, by the token of
a workbook that was issued; what proves nothing is quarantined, unanswered: its From may be anybody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from pipeline.forms.absence import ABSENCE
from pipeline.mail import proof
from pipeline.mail.proof import SenderProof
from pipeline.model import MailAccount, MailPlan, MailState, MailVerdict, OpenedMail, ProofPolicy
from pipeline.validate.proof import always_proved

NO_FILES = "mail-no-files"
NO_PARTS = "no-files"
BELIEVED = "believed"
"""Taken by policy, though nothing proved its sender: the office is told."""


class FilesProof(StrEnum):
    """What the files of a mail say of themselves where nothing proves its sender."""

    ISSUED = "issued"  # each that we issued it
    FREE = "free"  # each that, or that its form needs no proof


def verdict(
    mail: OpenedMail,
    unit: str,
    found: SenderProof,
    plan: MailPlan,
    *,
    files: FilesProof | None = None,
    to_ours: bool = False,
) -> MailVerdict:
    """Judge a mail that was opened.

    `found`: what proves or disproves its sender; `unit`: for whom his mailbox speaks, "" for nobody; `files`: what
    its files say of themselves, if that is known; `to_ours`: whether it answers a mail of ours.
    """
    if mail.bounce is not None:
        return MailVerdict(MailState.NOTHING, "bounce")
    if mail.automatic == "ours":
        return MailVerdict(MailState.NOTHING, "ours")
    believed = files is FilesProof.FREE or (not mail.parts and policy(plan, ABSENCE.name) is not ProofPolicy.REQUIRE)
    known = bool(unit) and (found is SenderProof.PASS or believed)
    if found is SenderProof.FAIL or len(mail.senders) != 1:
        return MailVerdict(MailState.QUARANTINED, "forged" if found is SenderProof.FAIL else "senders")
    answerable = known and not mail.automatic
    if mail.parts:
        if known:
            why = "" if found is SenderProof.PASS else BELIEVED
            return MailVerdict(MailState.TAKEN, why, bound=unit, answerable=answerable)
        if files is FilesProof.ISSUED:
            return MailVerdict(MailState.TAKEN, "token")
        return MailVerdict(MailState.QUARANTINED, "unproved" if unit else "unknown")
    if mail.issues:
        why = mail.issues[0].code
        return MailVerdict(
            MailState.REFUSED if known else MailState.QUARANTINED, why, unit if known else "", answerable
        )
    if answerable and not to_ours:  # most often the attachment was forgotten
        return MailVerdict(MailState.REFUSED, NO_FILES, unit, answerable)
    return MailVerdict(MailState.NOTHING, "automatic" if mail.automatic else NO_PARTS, unit if known else "")


def policy(plan: MailPlan, form: str) -> ProofPolicy:
    """What a workbook of a form needs where its sender is not proved; what is refused without proof always needs it."""
    return ProofPolicy.REQUIRE if always_proved(form) else dict(plan.proof_of).get(form, plan.proof)


def found_of(mail: OpenedMail, signed_by: Sequence[str], account: MailAccount) -> SenderProof:
    """What proves, or disproves, the sender of a mail: our server's results, else the signatures that we checked."""
    if len(mail.senders) != 1:
        return SenderProof.NONE
    said = proof.by_results(mail.results, mail.senders[0], account.authserv_id)
    return proof.by_signature(signed_by, mail.senders[0]) if said is SenderProof.NONE else said
