"""One declaration a form: what follows from it, and what fails where something else says otherwise."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from django.apps import apps
from django.db import models

from pipeline.database.models import Absence, AbsencePast, Closure, ClosurePast
from pipeline.database.models.declared import field_of
from pipeline.facts import exports, school_page_facts
from pipeline.figures import cards
from pipeline.forms import FORMS, absence, card, closure, filing, roster, words
from pipeline.forms.base import COUNTY, EXPORT, NEXT, PAGE, Column, Form, Table
from pipeline.forms.block import column_labels, labels_of
from pipeline.forms.columns import choice, count, day, flag, number, text
from pipeline.forms.layout import _field_labels, block, tops
from pipeline.forms.look_over import look_over
from pipeline.forms.reading_notes import ReadingNotes
from pipeline.merge.alert_history import FollowedDay
from pipeline.merge.card import LATER
from pipeline.model import Claims, Sheet, Workbook
from pipeline.validate.frames import _conditions

TABLES = [table for form in FORMS for table in form.tables]
STORED = [table for table in TABLES if table.store]
MODELS = {model._meta.db_table: model for model in apps.get_app_config("database").get_models()}

OURS: Mapping[str, frozenset[str]] = {
    table: frozenset(names.split())
    for table, names in {
        "absence": "id day school campus division pupil pending from_settled origin began",
        "report_class": "id day school campus silent",
        "closure": "id school_id campus division state from_settled origin",
        "card_day": "id alert_id origin",
        "unit": "kind organ token_serial",
        "school_class": "id school_year key state alias_of",
        "calendar_day": "id place",
        "filing_line": "id filing_id seq row folded ticket state takeover decided why",
    }.items()
}
"""Columns of the store that no sender fills in."""


def fields(store: str) -> dict[str, models.Field]:
    return {field.attname: field for field in MODELS[store]._meta.concrete_fields}


def disagreements(table: Table, stored: Mapping[str, models.Field]) -> Iterator[str]:
    """What a form's table and the database's table say otherwise of each other."""
    for name, column in table.keeps.items():
        if name not in stored:
            yield f"{name}: kept nowhere"
        elif not isinstance(stored[name], models.ForeignKey):
            yield from _differing(name, stored[name], field_of(column))
    yield from (f"{name}: nobody fills it in" for name in stored.keys() - table.keeps.keys() - OURS[table.store])


def _differing(name: str, field: models.Field, wanted: models.Field) -> Iterator[str]:
    if type(field) is not type(wanted):
        yield f"{name}: a {type(field).__name__}, declared as {type(wanted).__name__}"
        return
    for what in ("max_length", "max_digits", "decimal_places"):
        there, said = getattr(field, what, None), getattr(wanted, what, None)
        if there != said:
            yield f"{name}: {what} {there}, declared as {said}"


@pytest.mark.parametrize("table", [one for one in STORED if one is not roster.ORGANS], ids=lambda one: one.store)
def test_what_a_form_keeps_is_what_its_table_has(table: Table) -> None:
    assert sorted(disagreements(table, fields(table.store))) == []


def test_an_organ_is_kept_with_the_units() -> None:
    """It fills in some of a unit's columns, a school all the others."""
    found = disagreements(roster.ORGANS, fields("unit"))
    assert all(line.endswith("nobody fills it in") for line in found)


def test_what_is_kept_beside_its_row_has_its_column_there() -> None:
    for table in TABLES:
        for column in table.columns:
            store, dot, name = column.stored.partition(".")
            if column.kept and dot:
                assert list(_differing(name, fields(store)[name], field_of(column))) == []
    assert {field.name for field in filing.FILING.fields if field.kept} <= fields("filing").keys()


def test_what_stood_has_the_columns_of_what_stands() -> None:
    for now, past in ((Absence, AbsencePast), (Closure, ClosurePast)):
        columns = {field.attname for field in now._meta.concrete_fields} - {"began"}  # derived, and kept of today alone
        assert columns <= {field.attname for field in past._meta.concrete_fields}


WRONG = {
    "a column nobody stores": (count("pets", "宠物数"), "pets: kept nowhere"),
    "words longer than the column": (text("note", "备注", 300), "note: max_length 200, declared as 300"),
    "a number kept as words": (text("temperature", "体温", 10), "temperature: a DecimalField, declared as CharField"),
    "a number with more digits": (
        number("temperature", "体温", 5, absence.ROWS.keeps["temperature"].parse),
        "temperature: max_digits 3, declared as 5",
    ),
    "a column kept under another name": (day("start", "起始日", stored="from_settled"), "start: nobody fills it in"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_declaration_that_the_store_does_not_bear_out_is_found(case: str) -> None:
    wrong, said = WRONG[case]
    others = tuple(column for column in absence.ROWS.columns if column.name != wrong.name)
    assert said in list(disagreements(replace(absence.ROWS, columns=(*others, wrong)), fields("absence")))


def test_a_code_is_as_long_as_its_column_takes() -> None:
    """Several codes are kept as one, with blanks between them: three symptoms at least."""
    for table in STORED:
        for name, column in table.keeps.items():
            if column.vocabulary is not None and column.dtype == "choice":
                most = 3 if name == "symptoms" else 1
                assert most * (max(map(len, column.vocabulary.labels)) + 1) - 1 <= column.length, (table.name, name)


def test_what_is_remembered_of_forms_is_remembered_of_all_of_them() -> None:
    """A cache smaller than what is asked of it in turn forgets each before it is asked again."""
    columns = {column for table in TABLES for column in table.columns}
    for cached, domain in (
        (column_labels, TABLES),
        (labels_of, columns),
        (_field_labels, FORMS),
        (_conditions, TABLES),
    ):
        size = cached.cache_info().maxsize
        assert size is None or size >= len(domain), cached.__name__


# --------------------------------------------------------------------------- where a column goes


@pytest.mark.parametrize(
    "new",
    [
        text("trial", "试填", 40),
        choice("trial", "试填", words.YES_NO, "yes-no-unreadable"),
        flag("trial", "试填"),
        day("trial", "试填"),
        count("trial", "试填"),
    ],
    ids=lambda column: column.dtype,
)
def test_a_new_column_is_kept_and_compared_and_goes_nowhere(new: Column) -> None:
    table = replace(absence.ROWS, columns=(*absence.ROWS.columns, new))
    assert table.keeps["trial"] is new
    assert table.compared[-1] == "trial"
    assert new.personal
    assert not any(new in table.going(where) for where in (NEXT, PAGE, EXPORT, COUNTY))


def test_names_and_words_of_a_clerks_own_are_personal() -> None:
    personal = {column.name for table in (absence.ROWS, closure.ROWS) for column in table.columns if column.personal}
    own = {"name", "number", "other_symptom", "diagnosis", "degree", "note", "hospital", "approved_by", "document"}
    own |= {column.name for column in absence.ROWS.columns if column.beside}
    assert personal == own


def test_what_is_exported_is_said_by_the_forms_and_stands_in_its_old_order() -> None:
    first = ("sex", "reason", "state", "start", "part", "symptoms", "temperature", "onset", "visited", "diagnosis")
    assert tuple(name for name in exports._ABSENCE.values() if name in first) == first
    first = ("scope", "start", "reason", "ill", "resume", "approved_by")
    assert tuple(name for name in exports._CLOSURE.values() if name in first) == first
    for table, found in ((absence.ROWS, exports._ABSENCE), (closure.ROWS, exports._CLOSURE)):
        assert {table.keeps[name].name for name in found} | {"symptom2", "symptom3"} >= {
            column.name for column in table.going(EXPORT)
        }


def test_every_place_on_a_schools_page_is_of_a_column_that_goes_there() -> None:
    """A column without a place of its own stands among the remarks: none can be missing."""
    going = {column.name for column in absence.ROWS.going(PAGE)}
    assert going >= school_page_facts.PLACED
    assert going - school_page_facts.PLACED == {column.name for _, column in school_page_facts._MORE}


def test_a_card_prints_every_column_that_goes_on_paper() -> None:
    assert {cards.VERDICT, *cards.ASKED} == set(card.ANSWER.going(PAGE))
    assert [column.name for column in cards.ASKED][12:15] == ["report_way", "reported_to", "reported_at"]
    assert {column.name for column in card.ANSWER.columns if column.later} == LATER


def test_a_followed_day_has_the_columns_of_its_sheet() -> None:
    assert {"day", *FollowedDay.__dataclass_fields__} == {*card.DAYS.keeps, "origin"}


# --------------------------------------------------------------------------- since when


def form_with(new: Column) -> Form:
    table = replace(absence.ROWS, columns=(*absence.ROWS.columns, new))
    return replace(absence.ABSENCE, tables=(table, absence.CLASSES))


def test_a_form_has_the_version_of_its_youngest_column() -> None:
    younger = int(absence.ABSENCE.version) + 1
    assert form_with(text("trial", "试填", 40, since=younger)).version == str(younger)
    assert form_with(text("trial", "试填", 40)).version == absence.ABSENCE.version


@pytest.mark.parametrize(
    ("must", "version", "missed"),
    [
        ("sex-missing", "1", []),
        ("sex-missing", "2", ["column-lacking"]),
        ("sex-missing", "", ["column-lacking"]),
        ("class-missing", "1", ["column-missing"]),
        ("class-missing", "2", ["column-missing"]),
    ],
)
def test_a_template_is_not_asked_for_a_younger_column_that_rows_can_do_without(
    must: str, version: str, missed: list[str]
) -> None:
    form = form_with(text("trial", "试填", 40, must=must, since=2))
    [table, _] = form.tables
    head = [column.header for column in table.columns if column.name != "trial"]
    found = tops(Workbook((Sheet(table.sheet, [[form.title], head]),), {}))
    lying = block(found[0], table)
    assert lying is not None
    notes = ReadingNotes()
    look_over(found, form, Claims("absence", version=version), {"rows": lying}, notes)
    assert [issue.code for issue in notes.issues if issue.column == "试填"] == missed
