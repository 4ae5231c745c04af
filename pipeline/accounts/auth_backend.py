"""Django's login with our rules: no password opens an account that is closed, void or not confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.utils import timezone

from pipeline.accounts.accounts import barred
from pipeline.database.models import Account


class Gate(ModelBackend):
    """Django's own backend, with our rules on when an account may be used at all."""

    def user_can_authenticate(self, user: Any) -> bool:
        return isinstance(user, Account) and not barred(user, self.now())

    def now(self) -> datetime:
        """The time by which passwords end."""
        return timezone.now()
