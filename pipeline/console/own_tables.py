"""Which database holds a table: the console's own file for sessions, lock-outs and second factors, else the store."""

from __future__ import annotations

from typing import Any

from pipeline.console.settings import OWN_APPS

ALIAS = "console"


class OwnTables:
    """A router of Django's."""

    def db_for_read(self, model: Any, **_: object) -> str:
        """Return the alias of a model's database: never that of the row which leads to it."""
        return ALIAS if model._meta.app_label in OWN_APPS else "default"

    db_for_write = db_for_read

    def allow_relation(self, one: Any, other: Any, **_: object) -> bool | None:
        """A device belongs to an account that lies in the store."""
        return True if {one._meta.app_label, other._meta.app_label} & set(OWN_APPS) else None

    def allow_migrate(self, db: str, app_label: str, **_: object) -> bool:
        """Each table is made in its database only."""
        return (app_label in OWN_APPS) == (db == ALIAS)
