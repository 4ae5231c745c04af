"""All that a store holds, as plain values by table: two of them are compared row by row, whatever their databases."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.apps import apps

APART = {
    "act",  # only what waits for the journal
    "fault",  # what failed on one machine
    "account_groups",
    "account_user_permissions",
}
UNKEPT = {
    "submission": {"attempts", "spooled", "journalled"},
    "decision": {"journalled"},
    "county_day": {"as_of_settled"},  # counted again whenever a paper needs it
    "account": {"password", "last_login"},  # in no archive
    "filing_line": {"password"},
    "posting": {"due_at"},  # one that could not be written yet was put off without an act
}
"""What no archive and no journal keeps (docs/adr/rebuild.md)."""


def rows_of(model: type) -> list[dict[str, object]]:
    """The rows of a table without the numbers that its database gave them; of another table's row, its own key."""
    table = model._meta.db_table
    left_out = UNKEPT.get(table, set())
    columns = [
        field
        for field in model._meta.concrete_fields
        if field.attname not in left_out and not (field.primary_key and field.get_internal_type() == "BigAutoField")
    ]
    return [{field.attname: getattr(row, field.attname) for field in columns} for row in model.objects.all()]


def _plain(row: Mapping[str, object]) -> str:
    """One text, whatever order the database gives the keys of a JSON value."""
    return json.dumps(row, sort_keys=True, ensure_ascii=False, default=str)


def whole() -> Mapping[str, list[str]]:
    """Every table of ours, its rows sorted."""
    found = {}
    for model in apps.get_app_config("database").get_models():
        if model._meta.db_table not in APART:
            found[model._meta.db_table] = sorted(_plain(row) for row in rows_of(model))
    return found


def differences(one: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """By table, the rows that only one of the two has."""
    found = {}
    for table in sorted(one.keys() | other.keys()):
        mine, yours = one.get(table, []), other.get(table, [])
        if mine != yours:
            found[table] = [f"- {row}" for row in mine if row not in yours] + [
                f"+ {row}" for row in yours if row not in mine
            ]
    return found
