"""How much of each list goes on a digest's first page, so that the page is full and related lists stay together.

Heights are computed in points from the widths of texts, as paper.css sets them, so that a page is drawn only once.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import get_character_cell_size

from pipeline.figures.paper_values import Values
from pipeline.model import Level

PAGE = 764.0  # points between the margins, with a reserve for heights computed too low
LINE = 18.0  # of a table
MORE = 13.4  # a further line in the same row
HEAD = 45.0  # heading and header of a table
BARE = 27.0  # a heading with nothing under it
ALERTS_LEAST, ALERTS_WANTED, ALERTS_USUAL = 2, 4, 6
SILENT_LEAST, SILENT_MOST = 5, 20
GROUPS, CLOSURES, HINTS = 5, 4, 6
_SIDES = ((GROUPS, CLOSURES), (GROUPS, 3), (4, 3), (4, 2), (3, 2), (3, 1), (2, 1))  # groups of silent schools, closures
_FIXED = 60 + 74 + 111  # title; four numbers; chart and symptoms
_TEXT = 37.5  # ems in a row of alerts for school, reason, state and time left
_CLASS = 5  # ems of these for the class, if it is named


def front(values: Values, map_size: tuple[float, float] | None) -> dict[str, int]:
    """Return how many alerts, silent schools or groups of them, closures and hints the first page lists.

    `map_size`: width and height of the map in points, None for a county.
    """
    alerts = values["alerts"]["rows"]
    room = PAGE - _FIXED - _lead(values) - (HEAD if alerts else BARE)
    fixed = {"groups_shown": GROUPS, "closures_shown": CLOSURES, "hints_shown": HINTS}
    if map_size:
        found = {sides: _fitting(alerts, room - _beside(values, map_size, *sides)) for sides in _SIDES}
        wanted = min(ALERTS_WANTED, len(alerts))
        sides = max(_SIDES, key=lambda one: min(found[one], wanted))  # the first of equals: it lists most
        if found[sides] >= min(ALERTS_LEAST, len(alerts)):
            groups, closures = sides
            sizes = {"alerts_shown": found[sides], "groups_shown": groups, "closures_shown": closures}
            return {**fixed, **sizes, "silent_shown": 0}
        # even the most pressing alerts leave no room for the map: it opens the second page, and the first takes more
        return {**fixed, "alerts_shown": _fitting(alerts, room), "silent_shown": 0}
    shown = min(ALERTS_USUAL, len(alerts))
    closures, hints = min(CLOSURES, len(values["closures"]["rows"])), min(HINTS, len(values["hints"]))
    below = sum(HEAD + n * LINE if n else BARE for n in (closures, hints)) + HEAD
    left = room - _height(alerts[:shown], named=True) - below
    silent = max(SILENT_LEAST, min(SILENT_MOST, _lines_fitting(values["silence"]["rows"], left)))
    return {**fixed, "alerts_shown": shown, "silent_shown": silent}


def _fitting(alerts: Sequence[Values], room: float) -> int:
    """How many of the first rows fit into `room`."""
    shown = 0
    while shown < len(alerts) and _height(alerts[: shown + 1], named=False) <= room:
        shown += 1
    return shown


def _lines_fitting(rows: Sequence[Values], room: float) -> int:
    """How many silent schools fit: one under a warning takes a second line."""
    left = room - MORE * sum(bool(row["warned"]) for row in rows[:SILENT_MOST])
    return int(left // LINE)


def _height(alerts: Sequence[Values], *, named: bool) -> float:
    """The height of these rows: schools and reasons share what the widest state and time left among them leave."""
    schools = [ems(f"{row['county']} {row['school']}".strip()) for row in alerts]
    reasons = [ems(row["reason"]) for row in alerts]
    taken = sum(max((ems(row[name]) for row in alerts), default=0.0) for name in ("state", "left"))
    wanted = max(schools, default=0.0) + max(reasons, default=0.0)
    share = min(1.0, (_TEXT - taken - _CLASS * named) / wanted) if wanted else 1.0
    wide = (max(schools, default=0.0) * share, max(reasons, default=0.0) * share)
    broken = sum(s > wide[0] or r > wide[1] for s, r in zip(schools, reasons, strict=True))
    return LINE * len(alerts) + MORE * broken


def _lead(values: Values) -> float:
    """The height of the sentence and 今日需办, at least that of the box for remarks beside them."""
    sentence = "".join(phrase["text"] for phrase in values["sentence"])
    todo = sum(_lines(item, 33) for item in values["todo"]) or 1
    return max(102.0, 17.9 * _lines(sentence, 34) + 15.3 * (todo + 1) + 9) + 6


def _beside(values: Values, map_size: tuple[float, float], most_groups: int, most: int) -> float:
    """The height of the map with its note, or of the two lists beside it, whichever is greater."""
    silence, closures = values["silence"]["groups"], values["closures"]["rows"]
    groups = min(len(silence), most_groups) + (len(silence) > most_groups) + 1 if silence else 0
    width, height = map_size
    name = 26.3 - 0.075 * width  # ems that fit in a line beside the map
    named = [ems(f"{row['county']} {row['school']}".strip()) > name for row in closures[:most]]
    lists = (HEAD + groups * LINE if groups else BARE) + (
        HEAD + len(named) * LINE + sum(named) * MORE if closures else BARE
    )
    if values["level"] == Level.PROVINCE and silence:  # beside the wide map, the remark on 未报 takes a line of its own
        lists += MORE
    return max(BARE + height + 31, lists)


def _lines(text: str, most: int) -> int:
    return max(1, -(-int(ems(text)) // most))


def ems(text: str) -> float:
    """The width of a text in units of its font size: Chinese characters one, others about a half."""
    return sum(1.0 if get_character_cell_size(char) == 2 else 0.55 for char in text)
