"""Which campus of a school is meant: by its name however it is written, else by the classes a file names."""

from __future__ import annotations

import re
from collections import defaultdict

from pipeline.forms.classes import names_class
from pipeline.forms.lines import runs_in_words
from pipeline.forms.text_normalise import fold
from pipeline.model import HOME_CAMPUS, SchoolFacts
from pipeline.validate.case import SubmissionCase
from pipeline.validate.classes import Classes

_HOME_WORDS = frozenset(
    ("校本部", "主校区", "本校区", "总校", "本校", "总部", "本园", "总园", "总校区", "主校", "本部校区")
)
_END = re.compile(r"(?<=.)(?:校区|分校|园区|分园|校|园|区)$")


def by_classes(case: SubmissionCase, school: SchoolFacts) -> str:
    """The one campus that has all the classes a file names, of those the registry has; "" for none, or several."""
    classes = Classes(case)
    keys = {
        classes.key(row.values[at])
        for table in case.form.tables
        for at, column in enumerate(table.columns)
        if names_class(column)
        for row in case.rows(table.name)
    }
    known = {key for key in keys if any(key == one for _, one in school.classes)}
    fits = [one for one in school.campuses if known and all((one, key) in school.classes for key in known)]
    return fits[0] if len(fits) == 1 else ""


def in_rows(case: SubmissionCase) -> str:
    """The one campus that all rows name in a column of their own; "" if there is none, or several."""
    found = _of_rows(case)
    return found.popitem()[0] if len(found) == 1 else ""


def several(case: SubmissionCase, school: SchoolFacts) -> str:
    """The campuses that rows name in a column of their own, with their Excel rows: 本部（第 8–9 行）；东校区（第 10
    行）; "" unless they are several.
    """
    named_in: dict[str, list[int]] = defaultdict(list)
    for written, rows in _of_rows(case).items():
        if written:
            named_in[named(written, school)] += rows
    listed = [f"{one}（第 {runs_in_words(sorted(rows))} 行）" for one, rows in named_in.items()]
    return "；".join(listed) if len(listed) > 1 else ""


def _of_rows(case: SubmissionCase) -> dict[str, list[int]]:
    """What rows say of their campus in a column of their own → their Excel rows."""
    table = case.form.tables[0]
    at = next((place for place, column in enumerate(table.columns) if column.name == "row_campus"), -1)
    found: dict[str, list[int]] = defaultdict(list)
    for row in case.rows(table.name) if at >= 0 else ():
        found[str(row.values[at] or "")].append(row.number)
    return found


def named(written: str, school: SchoolFacts) -> str:
    """The campus that is written, as the registry names it: 东, 东区 or 示例小学东校区 for 东校区. What the registry
    does not have, or has twice, is as it was written.
    """
    if written in school.campuses:
        return written
    if written in _HOME_WORDS:
        return HOME_CAMPUS
    word = fold(written)
    bare = _END.sub("", word)
    known = {campus: fold(campus) for campus in school.campuses}
    alike = [campus for campus, name in known.items() if bare in {name, _END.sub("", name)}]
    alike = alike or [campus for campus, name in known.items() if len(name) > 1 and word.endswith(name)]
    return alike[0] if len(alike) == 1 else written
