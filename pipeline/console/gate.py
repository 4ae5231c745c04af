"""The login of the console: the store's, by the clock of the site."""

from __future__ import annotations

from datetime import datetime

from pipeline.accounts.auth_backend import Gate
from pipeline.console import open_site


class SiteGate(Gate):
    """Whoever may use his account now."""

    def now(self) -> datetime:
        return open_site.now()
