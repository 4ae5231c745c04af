"""PDFs under a passphrase: AES-256, as Acrobat, WPS and browsers open it."""

from __future__ import annotations

import io

from pypdf import PdfReader, PdfWriter


def lock(content: bytes, passphrase: str) -> bytes:
    """Return a PDF that opens with this passphrase only. Not the same bytes each time: keep what was made."""
    out = io.BytesIO()
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt(passphrase, algorithm="AES-256")
    writer.write(out)
    return out.getvalue()
