"""Workbooks under a passphrase, as Excel and WPS lock them (ECMA-376 agile encryption, AES-256)."""

from __future__ import annotations

import io
from collections.abc import Iterable

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def lock(content: bytes, passphrase: str) -> bytes:
    """Return a workbook that opens with this passphrase only. 0.15 s of CPU."""
    from msoffcrypto.format.ooxml import OOXMLFile  # a reader's memory is capped: not at the top

    out = io.BytesIO()
    OOXMLFile(io.BytesIO(content)).encrypt(passphrase, out)
    return out.getvalue()


def is_locked(content: bytes) -> bool:
    """Whether it may be a workbook under a passphrase: such a one lies in an OLE container."""
    return content.startswith(OLE) and "EncryptedPackage".encode("utf-16-le") in content


def unlock(content: bytes, passphrases: Iterable[str]) -> bytes | None:
    """Return the workbook that one of these opens, None if none does. Run it in a process that may die."""
    import msoffcrypto  # a reader's memory is capped: not at the top
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError  # likewise

    for passphrase in passphrases:
        out = io.BytesIO()
        try:
            file = msoffcrypto.OfficeFile(io.BytesIO(content))
            file.load_key(password=passphrase, verify_password=True)
            file.decrypt(out)
        except InvalidKeyError:
            continue
        except (DecryptionError, FileFormatError, ParseError, ValueError, KeyError, OSError):
            return None
        return out.getvalue()
    return None
