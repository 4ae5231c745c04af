"""The usual kinds of column, one line each if nothing is special; all further attributes are in `ColumnWords`.

`also`: other known headers, separated by blanks. For a column that must not be blank: `must` (its issue: the row goes
back, as does one whose cell was not understood) or `asked` (the sender is asked).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict, Unpack

from pipeline.forms import cells, dates, moments, words
from pipeline.forms.base import Column, Dtype, Goes, Join, Parser, Vocabulary


class ColumnWords(TypedDict, total=False):
    """Further attributes of any column: those of `Column`, the first three in a shorter form."""

    also: str
    must: str
    asked: str
    required: bool
    decides: bool
    strict: bool
    width: int
    help: str
    example: str
    key: bool
    folded: bool
    only: str
    spill: str
    join: Join
    kindergarten: str
    section: str
    kept: bool
    stored: str
    compared: bool
    goes: Goes
    coded: bool
    label: str
    later: bool
    plain: bool
    told_by: tuple[str, ...]
    lacking: str
    since: int
    beside: bool


class _Kind(ColumnWords, total=False):
    vocabulary: Vocabulary
    length: int


def text(name: str, header: str, length: int, parse: Parser | None = None, **more: Unpack[ColumnWords]) -> Column:
    """Words, or text that is kept as it is written, of at most `length` characters."""
    return _column(name, header, "text", parse or cells.text(length), length=length, **more)


def choice(
    name: str, header: str, listed: Vocabulary, parse: Parser | str, length: int = 8, **more: Unpack[ColumnWords]
) -> Column:
    """One of a list, kept as its code. `parse`: the issue of an unknown word, or a parser that understands more."""
    read = cells.choice(listed, parse) if isinstance(parse, str) else parse
    return _column(name, header, "choice", read, vocabulary=listed, length=length, **more)


def flag(name: str, header: str, **more: Unpack[ColumnWords]) -> Column:
    """是 or 否."""
    parse = cells.flag(words.YES_NO, header, *more.get("also", "").split())
    return _column(name, header, "flag", parse, vocabulary=words.YES_NO, **more)


def day(
    name: str, header: str, *, ahead: bool = False, parse: Parser | None = None, **more: Unpack[ColumnWords]
) -> Column:
    """A date. `ahead`: it may be after the report's day. `parse`: a parser that understands more."""
    return _column(name, header, "date", parse or dates.day(ahead=ahead), **more)


def moment(
    name: str, header: str, *, ahead: bool = False, halves: Mapping[str, int] | None = None, **more: Unpack[ColumnWords]
) -> Column:
    """A date with a time of day. `halves`: the hours that 上午 and 下午 stand for, where an hour need not be told."""
    return _column(name, header, "datetime", moments.moment(ahead=ahead, halves=halves), **more)


def count(name: str, header: str, **more: Unpack[ColumnWords]) -> Column:
    """A whole number of people."""
    return _column(name, header, "integer", cells.count, **more)


def number(name: str, header: str, digits: int, parse: Parser, **more: Unpack[ColumnWords]) -> Column:
    """A number of so many digits, one of them after the point."""
    return _column(name, header, "number", parse, length=digits, **more)


def _column(name: str, header: str, dtype: Dtype, parse: Parser, **more: Unpack[_Kind]) -> Column:
    also, must, asked = more.pop("also", ""), more.pop("must", ""), more.pop("asked", "")
    if must or asked:
        more["required"], more["decides"] = True, bool(must)
    return Column(  # type: ignore[misc]  # what `Column` does not have is taken out above
        name, header, dtype, parse, aliases=tuple(also.split()), missing=must or asked, **more
    )
