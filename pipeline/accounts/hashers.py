"""How passwords are kept: argon2id at the cost that security notes ask for (about 40 ms a try)."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """argon2id, 19,456 KiB, two passes, one lane (OWASP's first choice); Django's default asks 100 MiB."""

    time_cost = 2
    memory_cost = 19456
    parallelism = 1
