"""A column whose words are a closed set takes these and no others, on either database."""

from datetime import date

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from pipeline.model import Site
from tests.submissions import NOON

DUMMIES = {
    models.BooleanField: True,
    models.DateTimeField: NOON,
    models.DateField: date(2026, 11, 20),
    models.IntegerField: 1,
    models.DecimalField: 1,
    models.JSONField: [],
    models.CharField: "x",
}


def closed(model: type[models.Model]) -> list[models.Field]:
    return [field for field in model._meta.concrete_fields if field.choices]


ALL = [model for model in apps.get_app_config("database").get_models() if closed(model)]


def row(model: type[models.Model], **words: str) -> models.Model:
    """A row of which nothing is true but its types; foreign keys are looked at when the transaction ends."""
    values = {}
    for field in (one for one in model._meta.concrete_fields if not one.null):
        target = field.target_field if field.is_relation else field
        dummy = next(value for kind, value in DUMMIES.items() if isinstance(target, kind))
        values[field.attname] = field.choices[0][0] if field.choices else dummy
    return model(**{**values, **words})


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_a_word_outside_its_set_is_refused(site: Site, model: type[models.Model]) -> None:
    for field in closed(model):
        with transaction.atomic():
            right, wrong = row(model), row(model, **{field.name: "?"})
            right.save(force_insert=True)
            right.delete()
            with (
                pytest.raises(IntegrityError, match=f"{model._meta.db_table}_{field.name}_known"),
                transaction.atomic(),
            ):
                wrong.save(force_insert=True)
            transaction.set_rollback(True)
