"""Passphrases of units, for files that name pupils: made here, shown once, kept sealed by the site's key.

The one before is kept, too: a workbook that was locked with it may still come back.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipeline.database import acts, audit
from pipeline.database.models import Passphrase
from pipeline.database.transactions import atomic
from pipeline.model import ActKind, Site

SIGNS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # told by telephone: no 0 O 1 l I
LENGTH = 10
_NONCE = 12


def renew(site: Site, unit: str, now: datetime, who: str) -> str:
    """Give a unit a passphrase, or another one; return it, for this once. Audited."""
    fresh = "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
    keep(unit, _sealed(site, unit, fresh), now, who)
    return fresh


def keep(unit: str, sealed: str, now: datetime, who: str) -> None:
    """Keep a sealed passphrase as a unit's; the one before stays beside it."""
    with atomic():
        before = Passphrase.objects.filter(unit=unit).values_list("sealed", flat=True).first() or ""
        values = {"sealed": sealed, "before": before, "since": now}
        Passphrase.objects.update_or_create(unit=unit, defaults=values)
        audit.append([audit.AuditEntry(who, "passphrase", unit, ("passphrase",))], now)
        acts.note(ActKind.PASSPHRASE, now, unit=unit, sealed=sealed, who=who)


def of(site: Site, units: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return each unit's passphrases, the present one first; none of a unit that has none."""
    found: dict[str, tuple[str, ...]] = {}
    for row in Passphrase.objects.filter(unit__in=set(units)):
        known = (_opened(site, row.unit, sealed) for sealed in (row.sealed, row.before) if sealed)
        found[row.unit] = tuple(one for one in known if one)
    return found


def _sealed(site: Site, unit: str, passphrase: str) -> str:
    nonce = secrets.token_bytes(_NONCE)
    return base64.b64encode(nonce + _box(site).encrypt(nonce, passphrase.encode(), unit.encode())).decode("ascii")


def _opened(site: Site, unit: str, sealed: str) -> str:
    """The passphrase; "" if it was sealed by another key."""
    content = base64.b64decode(sealed)
    try:
        return _box(site).decrypt(content[:_NONCE], content[_NONCE:], unit.encode()).decode()
    except InvalidTag:
        return ""


def _box(site: Site) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"queke passphrase").derive(site.key))
