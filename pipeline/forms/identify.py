"""Which form a workbook is, and what it claims: unit, campus, day, token.

By its properties if they survived, else by its visible title and table heads. Two forms that match one file are an
error, never the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from pipeline.forms import BY_NAME, FORMS, day_told, layout
from pipeline.forms.base import Bad, Fixed, Form, Frame, Table
from pipeline.forms.block import Block, HeaderValue, Top
from pipeline.forms.text_normalise import mask, sweep
from pipeline.model import HOME_CAMPUS, Claims, Issue, Workbook, WorkbookKind

_ENOUGH = 0.5  # of a form's required columns, if its title or properties name it


def identify(book: Workbook, tops: Sequence[Top] = (), seen: date | None = None) -> Claims | Issue:
    """The claims of a workbook, or the one reason why they cannot be determined.

    `tops`: if they are known. `seen`: the day it came, by which a 报告日期 without a year has one.
    """
    tops = tops or layout.tops(book)
    form = _form(book, tops)
    if isinstance(form, Issue):
        return form
    main = principal(blocks(tops, form), form)
    if main is None and (form.tables[0].needed or book.properties.get("queke_form") != form.name):
        heads = "、".join(column.header for column in form.tables[0].columns if column.decides and column.required)
        return Issue(
            "form-title-only", details=(("title", form.title), ("heads", heads))
        )  # ours without a table: nothing waited there
    version = book.properties.get("queke_version", "")
    if version.isdigit() and form.version.isdigit() and int(version) > int(form.version):
        return Issue("form-too-new", details=(("version", version), ("title", form.title)))
    found = layout.header_of(main, form) if main else {}
    frame = Frame(date1904=book.date1904)
    unit = _field_value(form, "unit", found, frame) or book.properties.get("queke_unit", "")
    day = _field_value(form, "day", found, replace(frame, day=seen))
    if day is None and main and form.dated and not found.get("day"):
        day = day_told.by_title(main) or day_told.by_rows(main, frame)
    campus = _field_value(form, "campus", found, frame) or book.properties.get("queke_campus", "")
    return Claims(
        form=form.name,
        version=version,
        unit=str(unit)[:20],
        campus=sweep(str(campus))[:40] or HOME_CAMPUS,
        day=day if isinstance(day, date) else None,
        token=book.properties.get("queke_token", "") or str(_field_value(form, "token", found, frame) or ""),
        returned=bool(main and (main.ticket >= 0 or main.void >= 0))
        or book.properties.get("queke_kind") == WorkbookKind.GIVEBACK,
        ticket=mask((layout.file_ticket(main) if main else "") or book.properties.get("queke_ticket", ""))[:24],
    )


def blocks(tops: Sequence[Top], form: Form) -> dict[str, Block]:
    """The form's tables by name, each on the sheet that fits it best; a sheet holds one table. Searched once."""
    if not tops:
        return {}
    if form.name not in tops[0].of_form:
        tops[0].of_form[form.name] = _blocks(tops, form)
    return tops[0].of_form[form.name]


def _blocks(tops: Sequence[Top], form: Form) -> dict[str, Block]:
    fits = []
    for order, top in enumerate(tops):
        for table in form.tables:
            found = layout.block(top, table)
            if found is not None and _likely(found):
                named = top.sheet.name.strip() == table.sheet
                fits.append((not top.sheet.hidden, named, found.whole, found.matched, -order, found))
    chosen: dict[str, Block] = {}
    taken: set[str] = set()
    for *_, found in sorted(fits, key=lambda fit: fit[:-1], reverse=True):
        if found.table.name not in chosen and found.sheet.name not in taken:
            chosen[found.table.name] = found
            taken.add(found.sheet.name)
    return _with_the_copy(tops, chosen, form)


def _with_the_copy(tops: Sequence[Top], chosen: dict[str, Block], form: Form) -> dict[str, Block]:
    """People copy the sheet and fill in the copy: if ours is empty and one copy of it is not, the copy is meant."""
    main = principal(chosen, form)
    if main is None or _filled(main):
        return chosen
    others = rivals(tops, chosen.values(), main)
    if len(others) != 1 or _whose(main, form) != _whose(others[0], form):
        return chosen
    return {**chosen, main.table.name: others[0]}


def _whose(block: Block, form: Form) -> list[list[object]]:
    """The unit and day in the header above, to tell whether two blocks are of one report."""
    found = layout.header_of(block, form)
    return [[hit.value for hit in found.get(name, ())] for name in ("unit", "campus", "day", "zero")]


def principal(found: Mapping[str, Block], form: Form) -> Block | None:
    """The table under the header block: the form's first or, if none is needed, the first that is present."""
    named = [form.tables[0]] if form.tables[0].needed else form.tables
    return next((found[table.name] for table in named if table.name in found), None)


def rivals(tops: Sequence[Top], chosen: Iterable[Block], block: Block) -> list[Block]:
    """Other visible sheets with the same table and something written in it (a sheet a day, kept)."""
    taken = {found.sheet.name for found in chosen}
    others = []
    for top in tops:
        if top.sheet.name in taken or top.sheet.hidden:
            continue
        found = layout.block(top, block.table)
        if found is not None and found.whole and found.matched >= block.matched - 2 and _filled(found):
            others.append(found)
    return others


def _filled(found: Block) -> bool:
    places = [p for p, column in zip(found.places, found.table.columns, strict=True) if p >= 0 and column.decides]
    return any(p < len(row) and row[p] not in (None, "") for row in found.sheet.rows[found.first :] for p in places)


def _likely(found: Block) -> bool:
    """Whether enough of the head is present. A table with two required names or none needs both."""
    enough = _enough(found.table, found.places) or found.whole
    return enough and found.matched >= min(3, len(found.table.columns))


@lru_cache(maxsize=512)
def _enough(table: Table, places: tuple[int, ...]) -> bool:
    needed = [place for place, column in zip(places, table.columns, strict=True) if column.required]
    return sum(place >= 0 for place in needed) >= max(1, len(needed) * _ENOUGH)


def _form(book: Workbook, tops: Sequence[Top]) -> Form | Issue:
    named = BY_NAME.get(book.properties.get("queke_form", ""))
    visible = [top for top in tops if not top.sheet.hidden]
    titled = {name for top in visible for name in top.titles}
    names = titled | ({named.name} if named else set())
    # properties alone do not count against the sheets: people paste one form into another's file
    if len(names) != 1 or (named and not titled and not _headed(visible, named)):
        by_head = {form.name for form in FORMS if _headed(visible, form)}
        names = names & by_head or (names if titled else by_head or names)
    if len(names) == 1:
        return BY_NAME[names.pop()]
    if not names:
        return Issue("form-unknown")
    return Issue("form-several", details=(("forms", "、".join(f.title for f in FORMS if f.name in names)),))


def _headed(tops: Sequence[Top], form: Form) -> bool:
    table = form.tables[0]
    found = (layout.block(top, table) for top in tops)
    return any(block is not None and block.whole and block.matched >= 3 for block in found)


def _field_value(form: Form, name: str, found: dict[str, list[HeaderValue]], frame: Frame) -> object:
    """The first readable value of a header field; None for a field the form does not have."""
    parsers = (field.parse for field in form.fields if field.name == name)
    for parse in parsers:
        for hit in found.get(name, ()):
            got = parse(hit.value, frame)
            value = got.value if isinstance(got, Fixed) else got
            if value is not None and not isinstance(value, Bad):
                return value
    return None
