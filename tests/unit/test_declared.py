"""One declaration a form: what follows from it, and what fails where something else says otherwise."""

from pipeline.forms import FORMS
from pipeline.forms.block import column_labels, labels_of
from pipeline.forms.layout import _field_labels
from pipeline.validate.frames import _schema

TABLES = [table for form in FORMS for table in form.tables]


def test_what_is_remembered_of_forms_is_remembered_of_all_of_them() -> None:
    """A cache smaller than what is asked of it in turn forgets each before it is asked again."""
    columns = {column for table in TABLES for column in table.columns}
    for cached, domain in ((column_labels, TABLES), (labels_of, columns), (_field_labels, FORMS), (_schema, TABLES)):
        size = cached.cache_info().maxsize
        assert size is None or size >= len(domain), cached.__name__
