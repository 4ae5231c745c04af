"""What a telephone shows that has scanned the secret of a second factor."""

import base64
import time

from django_otp.oath import TOTP


def totp(secret: str) -> str:
    """Return the six figures of now; the secret as the page shows it, in fours."""
    secret = secret.replace(" ", "")
    made = TOTP(base64.b32decode(secret + "=" * (-len(secret) % 8)))
    made.time = time.time()
    return f"{made.token():06d}"
