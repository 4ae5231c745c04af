"""What clerks really send: each case by name, for a school of its own, with what must become of every file.

A case is a function from the school's code to the files dropped for it, in order. The parts that harm are
in tests/hostile.py; here are the honest mistakes, and both as files in an inbox.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.badfiles import cells, forms
from tests.badfiles.made import (
    FIRST,
    SECOND,
    THIRD,
    YESTERDAY,
    Case,
    Dropped,
    File,
    good,
    one,
    yesterdays,
)

# --------------------------------------------------------------------------- again, older, of another day


def _again() -> dict[str, Case]:
    return {
        "the same file twice": lambda code: Dropped(
            (
                File(good(code, FIRST), "accepted", rows=1),
                File(good(code, FIRST), "duplicate", "duplicate", "无需再发", "副本缺课日报(1).xlsx"),
            ),
            (FIRST,),
        ),
        "edited, not said": lambda code: Dropped(
            (
                File(good(code, FIRST, SECOND), "accepted", rows=2),
                File(good(code, FIRST), "held", "would-withdraw", "整份更正", "b.xlsx"),
            ),
            (FIRST, SECOND),
        ),
        "edited, older again": lambda code: Dropped(
            (
                File(good(code, FIRST, SECOND), "accepted", rows=2),
                File(good(code, FIRST, THIRD, 报送方式="整份更正"), "accepted", rows=2, name="b.xlsx"),
                File(good(code, FIRST, SECOND), "held", "older-again", "早先收到", "c.xlsx"),
            ),
            (FIRST, THIRD),
        ),
        "yesterday's file with today's children": lambda code: Dropped(
            (
                File(yesterdays(code), "accepted", "mode-late-assumed", rows=1),
                File(good(code, SECOND, 报告日期=YESTERDAY), "held", "past-day-reported", "请改日期", "b.xlsx"),
            ),
            (FIRST,),
        ),
        "two campuses under one code": lambda code: Dropped(
            (
                File(good(code, FIRST, 校区="本部"), "accepted", rows=1),
                File(good(code, SECOND, 校区="东校区"), "accepted", rows=1, name="b.xlsx"),
            ),
            (FIRST, SECOND),
        ),
    }


# --------------------------------------------------------------------------- file names


NAMES = {
    "newline in the name": "缺课\n日报.xlsx",
    "emoji in the name": "🤒缺课😷日报.xlsx",
    "255 bytes": "缺" * 83 + "x.xlsx",
    "leading dash": "--help.xlsx",
    "a copy's name": "副本缺课日报(1).xlsx",
    "no ending": "缺课日报",
    "spaces and dots": " .. .xlsx",
    "markup in the name": "<b>&amp;{{ 7*7 }}.xlsx",
}


def _named(name: str) -> Case:
    return lambda code: one(good(code, FIRST), "accepted", rows=1, stands=(FIRST,), name=name)


CASES: Mapping[str, Case] = {
    **forms.unreadable(),
    **forms.forms(),
    **cells.columns(),
    **cells.cells(),
    **_again(),
    **{what: _named(name) for what, name in NAMES.items()},
}
