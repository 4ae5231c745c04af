"""Values into HTML and text: the Jinja2 environments, and the few values a page needs only for its layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from math import ceil
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline import resources
from pipeline.figures.paper_values import Values
from pipeline.figures.words import in_a_row, printed_width
from pipeline.model import HOME_CAMPUS, LetterKind, Level
from pipeline.reports.front import ems, front
from pipeline.reports.tilemap import tilemap

ALERTS_ANNEXED = 60
MISSING_LISTED = 200
CARD_LINES = 11  # lines of cases and rules
SOURCES_SHOWN = 2  # rules that have their sources beside them (three lines each) whatever room that takes
RULES_SHOWN = 4  # if their sources are elsewhere, a line each; they leave the room of two lines less
WORKSHEET_CASES = 7.6  # lines of cases on a sheet for notes; a rule takes less than one
_RULE_EMS, _SOURCE_EMS = 40, 45  # width of a rule on a card, and of its source
_CURVE_EMS = 46  # of the sentence of days: figures are narrower than letters
_PAIRED_WIDTHS = {True: (24, 17), False: (14, 27)}  # with names or without: characters of the pupil, of the findings
PAGE_LINES = 24  # lines of pupils and classes on one side above the signatures
CASES_ANNEXED = 200  # of one alert: a long list pasted by mistake must not take minutes to draw
PUPILS_ANNEXED = 1000
SILENT_ANNEXED = 150  # further ones are in the workbook only


@lru_cache(maxsize=1)
def _pages() -> Environment:
    made = Environment(
        loader=FileSystemLoader(resources.path("reports")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["in_a_row"] = in_a_row
    return made


@lru_cache(maxsize=1)
def _texts() -> Environment:
    made = Environment(
        loader=FileSystemLoader(resources.path("reports")),
        autoescape=False,  # nosec B701  # plain text is not read as markup, and "<3" must stay "<3"
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,  # 15,500 receipts a day: the file is not looked at for each
    )
    made.filters["in_a_row"] = in_a_row
    return made


def page(values: Values) -> str:
    """Return the HTML of a paper; its kind names the template."""
    kind = str(values["kind"])
    layout = _LAYOUTS[kind](values) if kind in _LAYOUTS else {}
    return _pages().get_template(f"{kind}.html").render({**values, **layout})


def charts(values: Values, link: tuple[str, str] = ("", "")) -> dict[str, str]:
    """Return a digest's charts as SVG, by name: curve, symptoms and, above county, map; "" for one that has nothing.

    `link`: what stands before and after a division's code in the address to which its tile leads; none on paper.
    """
    drawn = _pages().get_template("charts.svg.html").module
    above = values["level"] != Level.COUNTY
    return {
        "curve": str(drawn.curve(values["curve"], values["curve_norm"], 288)),  # type: ignore[attr-defined]  # a macro
        "symptoms": str(drawn.bars(values["symptoms"], 190)) if values["symptoms"] else "",  # type: ignore[attr-defined]  # a macro
        "map": str(drawn.tilemap(tilemap(values["code"], values["level"], values["below"]), link)) if above else "",  # type: ignore[attr-defined]  # a macro
    }


def text(template: str, values: Values) -> str:
    """Return a plain text such as a receipt, with the line ends of Windows."""
    return _texts().get_template(template).render(values).replace("\r\n", "\n").replace("\n", "\r\n")


def _digest(values: Values) -> Values:
    """Slices for the annexes and, above county, the map."""
    alerts = values["alerts"]["rows"]
    silent = values["silence"]["rows"]
    drawn = tilemap(values["code"], values["level"], values["below"]) if values["level"] != Level.COUNTY else None
    shown = front(values, (drawn.width, drawn.height) if drawn else None)
    first = shown["alerts_shown"]
    return {
        **shown,
        "map": drawn,
        "alerts_annex": alerts[first : first + ALERTS_ANNEXED],
        "silence_annex": silent[shown["silent_shown"] :],
        "silence_annexed": 0 < len(silent) <= SILENT_ANNEXED,
    }


def alerts_left(values: Values) -> int:
    """How many open alerts a digest's page and annex leave to the workbook; none if not above zero."""
    shown: int = _digest(values)["alerts_shown"]
    return len(values["alerts"]["rows"]) - shown - ALERTS_ANNEXED


def _missing(values: Values) -> Values:
    return {"listed": values["silence"]["rows"][:MISSING_LISTED]}


def _page(values: Values) -> Values:
    """Fill one side: notices first, then pupils and classes (two classes a line); the rest is the annex."""
    room = PAGE_LINES - sum(_lines(one["what"], 48) + _lines(one["todo"], 48) for one in values["notices"])
    room -= _masthead_lines(values) - 1
    heights = [_pupil_height(row) for row in values["rows"]]
    least = max(4.0, room - sum(heights) - 2)
    rooms = values["classes"]
    classes = next((n for n in range(len(rooms), 0, -1) if _classes_height(rooms[:n]) <= least), 0)
    left, shown = float(room - _classes_height(rooms[:classes])), 0
    for height in heights:
        left -= height
        if left < 0:
            break
        shown += 1
    return {"pupils_shown": shown, "pupils_annexed": PUPILS_ANNEXED, "classes_shown": classes}


def _masthead_lines(values: Values) -> int:
    beside = ems(f"{values['county']} · 标识码 {values['code']}")
    return _lines(f"{values['school']} · {values['date']}", _MASTHEAD_EMS - beside)


_MASTHEAD_EMS = 50  # width of the line below the title, without the gap in it
_FURTHER = 0.75  # height of a further line in the same row
_REMARK_EMS = 48  # width of a pupil's remarks
_COLUMN_EMS = {"class_name": 5.5, "pupil": 5.5, "code": 5.0, "symptoms": 8.5, "seen": 8.5}
_CLASS_EMS = 6.7


def _pupil_height(row: Values) -> float:
    """Height of a pupil's row and remarks, in rows."""
    most = max(_lines(str(row[name]), width) for name, width in _COLUMN_EMS.items())
    remark = _FURTHER * _lines(f"备注：{row['note']}", _REMARK_EMS) if row["note"] else 0.0
    return 1 + _FURTHER * (most - 1) + remark


def _classes_height(rooms: Sequence[Values]) -> float:
    """Height of the table of classes, two in a row, in rows."""
    half = (len(rooms) + 1) // 2
    lines = [_lines(room["class_name"], _CLASS_EMS) for room in rooms]
    return sum(1 + _FURTHER * (max(lines[i::half]) - 1) for i in range(half))


def _lines(text: str, most: float) -> int:
    return max(1, ceil(ems(text) / most))


def _card(values: Values) -> Values:
    """A card is one side to write on, and cases go first. If they leave no room for the sources of more than two rules,
    or long names for those of any, these are in an annex, with the rules after the first four. What still has no room
    for a line a case is two to a line; the rest of them goes to an annex.
    """
    cases, hits, curve = values["rows"], values["hits"], values["curve"]
    free = CARD_LINES - (_lines(curve, _CURVE_EMS) if curve else 0)
    free -= _further_lines(values, f"　{values['school_code']}", 22)
    sourced = sum(3 + 0.3 * (_lines(f"{hit['rule']} {hit['source']}", _SOURCE_EMS) - 1) for hit in hits)
    shown, paired = _fitting(cases, int(free - sourced), names=values["names"])
    crowded = sourced + _least(cases, names=values["names"]) > free + 1  # so much is left at the foot
    apart = crowded or (len(hits) > SOURCES_SHOWN and shown < len(cases))
    if apart:
        rules = 2 + sum(map(_rule_height, hits[:RULES_SHOWN])) + (len(hits) > RULES_SHOWN)
        shown, paired = _fitting(cases, int(free - rules), names=values["names"])
    return {
        "cases_annexed": CASES_ANNEXED,
        "cases_shown": shown,
        "paired": paired,
        "sources_apart": apart,
        "rules_shown": RULES_SHOWN if apart else len(hits),
    }


def _further_lines(values: Values, code: str, where: float) -> int:
    """How many lines more than one the names of school and classes take. `where`: width of the latter."""
    campus = "" if values["campus"] in {"", HOME_CAMPUS} else f"（{values['campus']}）"
    return _lines(values["school"] + campus + code, _SCHOOL_EMS) + _lines(values["where"], where) - 2


def _least(cases: Sequence[Values], *, names: bool) -> float:
    """Height of the cases that a card shows in any case."""
    if len(cases) <= 2:
        return len(cases)
    return _pair_height(cases[:2], names=names) + 1


def _fitting(cases: Sequence[Values], lines: int, *, names: bool) -> tuple[int, bool]:
    """How many cases fit into so many lines (two at least), and whether they are two to a line."""
    room = max(2, lines)
    if len(cases) <= room:
        return len(cases), False
    heights = [_pair_height(cases[at : at + 2], names=names) for at in range(0, len(cases), 2)]
    left = float(room - (sum(heights) > room))  # one line says how many are left
    return sum(2 for so_far in accumulate(heights) if so_far <= left), True


def _rule_height(hit: Values) -> float:
    """Height of a rule without its source, in lines of a single case."""
    said = f"{hit['words']}（{hit['scope']}）：{hit['window']}，{hit['n']} 人　{hit['rule']}"
    return 0.35 + 0.7 * (_lines(said, _RULE_EMS) + (_lines(hit["why"], _RULE_EMS) if hit["why"] else 0))


def _pair_height(pair: Sequence[Values], *, names: bool) -> float:
    """Height of two cases side by side, in lines of a single case."""
    who, found = _PAIRED_WIDTHS[names]
    whose = max(printed_width(f"{case['pupil']} {case['sex']}") for case in pair)
    what = max(printed_width(f"{case['symptoms']}；{case['diagnosis']}") for case in pair)
    when: int = max(case["onset"].count("、") + 1 for case in pair)  # a day a line
    return 0.2 + 0.8 * max(-(-whose // who), -(-what // found), when)


_SCHOOL_EMS = 21.5  # width of a school's name on a card or a sheet for notes
_WORKSHEET_EMS = {True: 10.4, False: 6.4}  # width of a pupil with its name, or its code; in letters of 10 pt
_FOUND_EMS = 6.0  # of what was reported of it: what is in brackets begins a line of its own


def _worksheet(values: Values) -> Values:
    """A worksheet is one side to write on; further cases are in an annex."""
    room = WORKSHEET_CASES - 0.78 * (len(values["met"]) + bool(values["phone"])) - 0.53 * _further_lines(values, "", 14)
    heights = [_worksheet_height(row, _WORKSHEET_EMS[values["names"]]) for row in values["rows"]]
    fits = sum(heights) <= room
    shown = len(heights) if fits else sum(so_far <= room - 0.85 for so_far in accumulate(heights))
    return {"cases_shown": shown, "cases_annexed": CASES_ANNEXED}


def _worksheet_height(row: Values, width: float) -> float:
    """Height of a case, in rows that are high enough to write in."""
    found = _lines(row["symptoms"], _FOUND_EMS) + (
        _lines(f"（{row['diagnosis']}）", _FOUND_EMS) if row["diagnosis"] else 0
    )
    return max(1.0, 0.23 + 0.49 * found, 0.23 + 0.54 * _lines(row["pupil"], width))


_LAYOUTS: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    LetterKind.CARD: _card,
    LetterKind.DIGEST: _digest,
    LetterKind.MISSING: _missing,
    LetterKind.PAGE: _page,
    LetterKind.WORKSHEET: _worksheet,
}
