"""People's words about an illness made plain: one script and width, with numbers, counts and temperatures by signs."""

from __future__ import annotations

import re
import unicodedata

from pipeline.forms.lexicon import FEVER, NORMAL, NUMBER
from pipeline.forms.pupil_names import simplified

_TEMPERATURE = re.compile(
    r"(?P<led>[烧热温至到达高])?(?P<whole>3[4-9]|4[0-2])(?:[.。·点度](?P<tenth>[0-9]))?[0-9]?(?P<unit>度|℃|°c|c(?![a-z])|)"
    r"(?![0-9次天日人岁分])"
)
_UNITS = "次|天|日|回|遍|晚|周|个?星期|个?月|个?小时|分钟|趟|岁|号|时|点|分|度|年|例|人|顿|口"
_COUNT = re.compile(
    rf"(?<![a-z])[第约近]?[0-9一二两三四五六七八九十几数多半好]+(?:[-~—–至到或、,.:/][0-9一二两三四五六七八九十几]+)?[余多来+]?(?:{_UNITS})"
    rf"(?:[半多余]|/(?:天|日|小时|晚))?"
)
_LATIN = re.compile(r"h[0-9]n[0-9]|covid-?19|[a-z]+|[0-9]+(?:[.:/-][0-9]+)*")
_MARKS = (
    (re.compile(r"[(（\[]\s*[+＋]+\s*[)）\]]|[+＋](?=\s*(?:$|[,;。)]))"), "阳性"),
    (re.compile(r"[(（\[]\s*[-－—]\s*[)）\]]"), "阴性"),
    (re.compile(r"[×x*][0-9]+"), NUMBER),
)
FEVERISH = 37.3


def _temperature(found: re.Match[str]) -> str:
    led, tenth, unit = found["led"] or "", found["tenth"], found["unit"]
    if not (led or tenth or unit):
        return found[0]
    heat = float(f"{found['whole']}.{tenth or 0}")
    return led + (FEVER if heat >= FEVERISH else NORMAL)


def heat(text: str) -> float | None:
    """The highest temperature a text tells, ℃: 发烧38.5, 高烧 39.2℃, 烧到39度5; a bare number is none."""
    flat = unicodedata.normalize("NFKC", text).casefold()
    found = (one for one in _TEMPERATURE.finditer(flat) if one["led"] or one["tenth"] or one["unit"])
    return max((float(f"{one['whole']}.{one['tenth'] or 0}") for one in found), default=None)


def plain(text: str) -> str:
    """Folded and simplified, with counts, durations, dates and temperatures taken out."""
    flat = simplified(unicodedata.normalize("NFKC", text).casefold())
    for pattern, meaning in _MARKS:
        flat = pattern.sub(meaning, flat)
    flat = _TEMPERATURE.sub(_temperature, flat)
    flat = _COUNT.sub(NUMBER, flat)
    return _LATIN.sub(lambda found: NUMBER if found[0][0].isdigit() else found[0], flat)
