"""Stored columns that follow from a form's declaration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import models

from pipeline.forms.base import Column, Table

_Rows = TypeVar("_Rows", bound=models.Model)


def keeps(table: Table) -> Callable[[type[_Rows]], type[_Rows]]:
    """Give a model a field for every column that the table keeps and the class does not define itself.

    Columns that queries and papers use by name are defined in the class; a test compares them with the declaration.
    """

    def complete(model: type[_Rows]) -> type[_Rows]:
        spelled = {field.attname for field in model._meta.local_concrete_fields}
        for name, column in table.keeps.items():
            if name not in spelled:
                model.add_to_class(name, field_of(column))
        return model

    return complete


def field_of(column: Column) -> models.Field[Any, Any]:
    """The field in which a column is kept; a blank is "" or null."""
    if column.dtype in ("text", "choice", "secret"):
        return models.CharField(max_length=column.length, blank=True)
    if column.dtype == "number":
        return models.DecimalField(max_digits=column.length, decimal_places=1, null=True)
    return _FIELDS[column.dtype](null=True)


_FIELDS: dict[str, type[models.Field[Any, Any]]] = {
    "date": models.DateField,
    "datetime": models.DateTimeField,
    "integer": models.PositiveIntegerField,
    "flag": models.BooleanField,
}
