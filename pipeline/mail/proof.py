"""Whether a mail came from the mailbox that its From names: by what our own server found, or by a signature.

Results of a server count only if it calls itself exactly as configured, and only its own, topmost ones: anybody can
write such a header (RFC 8601, section 5). A proof is of a mailbox, never of a school: which unit a mailbox speaks for
is said by a 备案表, a roster or an admin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

import authres
import dkim

MOST_SIGNATURES = 5


class SenderProof(StrEnum):
    """What is known of who sent a mail."""

    PASS = "pass"  # nosec B105  # the mailbox in From, by its own domain's word
    FAIL = "fail"  # its domain says: not from there
    NONE = "none"


def by_results(results: Sequence[str], sender: str, authserv_id: str) -> SenderProof:
    """What our server found, by its Authentication-Results, topmost first; without a configured id nothing."""
    domain = sender.rpartition("@")[2].lower()
    found = SenderProof.NONE
    if not authserv_id or not domain:
        return found
    for value in results:
        if _called(value) != authserv_id.lower():
            break  # from here on others may have written them
        for one in _parsed(value):
            if _passes(one, domain):
                return SenderProof.PASS
            if one.method == "dmarc" and one.result == "fail" and _property(one, "from") == domain:
                found = SenderProof.FAIL
    return found


def by_signature(signed_by: Iterable[str], sender: str) -> SenderProof:
    """Whether one of the domains whose signature we checked is the sender's own."""
    domain = sender.rpartition("@")[2].lower()
    return SenderProof.PASS if any(_aligned(one, domain) for one in signed_by) else SenderProof.NONE


def signers(content: bytes, dnsfunc: Callable[..., bytes | None] | None = None) -> tuple[str, ...]:
    """The domains whose DKIM signature of this mail holds and covers all of it, with From. Asks DNS."""
    found: list[str] = []
    try:
        message = dkim.DKIM(content)
        count = sum(1 for name, _ in message.headers if name.lower() == b"dkim-signature")
    except (dkim.DKIMException, ValueError):
        return ()
    for at in range(min(count, MOST_SIGNATURES)):
        try:
            good = message.verify(idx=at, **({"dnsfunc": dnsfunc} if dnsfunc else {}))
            fields = message.signature_fields
        except (dkim.DKIMException, ValueError, OSError, KeyError):
            continue
        if good and b"l" not in fields:  # a signature of a part of the body lets anybody add to it
            found.append(fields[b"d"].decode("ascii", "replace").lower())
    return tuple(dict.fromkeys(found))


def _called(value: str) -> str:
    """The authserv-id of a result."""
    return value.partition(";")[0].split("(")[0].strip().partition(" ")[0].lower()


def _parsed(value: str) -> list[authres.AuthenticationResult]:
    """The results of one header; none of one that the grammar does not allow: no proof."""
    try:
        return list(authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {value}").results)
    except (authres.AuthResError, SyntaxError, ValueError, AttributeError, IndexError):
        return []


def _passes(one: authres.AuthenticationResult, domain: str) -> bool:
    if one.result != "pass":
        return False
    if one.method == "dmarc":
        return _property(one, "from") == domain
    return one.method == "dkim" and _aligned(_property(one, "d") or _property(one, "i").rpartition("@")[2], domain)


def _property(one: authres.AuthenticationResult, name: str) -> str:
    values = [entry.value for entry in one.properties if entry.name.lower() == name and entry.type.lower() == "header"]
    return str(values[0]).strip().lower() if values and values[0] else ""


def _aligned(signed: str, domain: str) -> bool:
    """Whether a signature's domain is the sender's, or one above it that is no public suffix of two letters."""
    signed = signed.lower().strip(".")
    return bool(signed) and (
        domain == signed or (domain.endswith(f".{signed}") and signed.count(".") >= 1 + _is_cn(signed))
    )


def _is_cn(domain: str) -> int:
    """1 below a suffix such as edu.cn, where a name of two parts belongs to nobody."""
    parts = domain.split(".")
    return int(len(parts) == 2 and len(parts[1]) == 2 and parts[0] in {"com", "net", "org", "edu", "gov", "ac", "js"})
