"""PDFs under a passphrase: AES-256, as Acrobat, WPS and browsers open it."""

from __future__ import annotations

import io

import pikepdf


def lock(content: bytes, passphrase: str) -> bytes:
    """Return a PDF that opens with this passphrase only. Not the same bytes each time: keep what was made."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner=passphrase, user=passphrase, R=6))
    return out.getvalue()
