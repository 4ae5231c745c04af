"""What the core says in Chinese, in English where English is spoken: the words and sentences of `locale/en.toml`.

The core has its words once, as they stand on papers and receipts. A terminal that speaks English shows the same facts
in English: a word by the table, a sentence of ours by its pattern, its values likewise; what somebody typed stays.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache

from pipeline import issues, resources
from pipeline.cli.language import is_chinese
from pipeline.errors import QuekeError, UsageError
from pipeline.issues.refusals import Refusal
from pipeline.model import Issue, Severity

_VALUE = re.compile(r"\\\{(\w+)(?::([dkptw]))?\\\}")
_KINDS = {
    "d": "[0-9,.]+",
    "k": "放假|上课|学期",
    "p": "同(?:校区|班|宿舍)",
    "t": "[0-9: -]+",
    "w": "[^、；]+",
    None: ".+?",
}
_ROW = re.compile("第 ([0-9–、]+) 行")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_BETWEEN = (("；", "; "), ("、", ", "), (" 或 ", " or "))
_MARKS = str.maketrans({"（": " (", "）": ")", "，": ", ", "：": ": ", "；": "; ", "、": ", ", "。": "."})


def words(text: str) -> str:
    """A word or sentence of the core, in the language that is spoken."""
    return text if is_chinese() else in_english(text)


@lru_cache(maxsize=4096)
def in_english(text: str) -> str:
    """A word or sentence of the core in English; as it is if the table does not have it."""
    named, sentences = _table()
    if text in named or text.isascii():
        return named.get(text, text)
    for pattern, english in sentences:
        if found := pattern.fullmatch(text):
            return english.format(**{name: in_english(value) for name, value in found.groupdict().items()})
    for mark, between in _BETWEEN:
        parts = text.split(mark)
        said = [in_english(part) for part in parts] if len(parts) > 1 else []
        if said and not any(one == part and _CHINESE.search(one) for one, part in zip(said, parts, strict=True)):
            return between.join(said)  # all of it, or nothing
    return text


_TOLD = frozenset(("registry-changes", "registry-change", "registry-rest"))  # what an import does
_EFFECTS = {Severity.ERROR: "goes back", Severity.QUERY: "taken, asked", Severity.ADVICE: "taken, said"}


def sentence(error: QuekeError) -> str:
    """What an error says, in the language that is spoken."""
    if is_chinese():
        return str(error)
    if isinstance(error, Refusal):
        return error.in_english(in_english)
    return (error.english if isinstance(error, UsageError) else "") or str(error)


def issue(where: str, found: Issue) -> str:
    """An issue in one line. Its sentence is its sender's and Chinese; in English its effect and code stand for it."""
    sentence = f"{issues.message(found)}{issues.remedy(found)}"
    if is_chinese():
        return f"{where}：{sentence}" if where else sentence
    place = f"{marks(where)}: " if where else ""
    if found.code in _TOLD:
        return place + in_english(sentence.removesuffix("。"))
    return f"{place}{_EFFECTS[issues.severity(found)]} ({found.code})"


def pair(label: str, value: str) -> str:
    """A label of a form and what stands beside it."""
    return f"{label}：{value}" if is_chinese() else f"{label}: {value}"


def marks(text: str) -> str:
    """A place on a sheet (缺课登记 H6–H17（12 处）, 班级 第 8 行) with the marks of the language that is spoken."""
    return text if is_chinese() else _ROW.sub(r"row \1", text.replace(" 处）", ")")).translate(_MARKS)


@cache
def _table() -> tuple[dict[str, str], tuple[tuple[re.Pattern[str], str], ...]]:
    raw = tomllib.loads(resources.path("locale/en.toml").read_text(encoding="utf-8"))
    return raw["words"], tuple((_pattern(chinese), english) for chinese, english in raw["sentences"].items())


def _pattern(chinese: str) -> re.Pattern[str]:
    return re.compile(_VALUE.sub(lambda found: f"(?P<{found[1]}>{_KINDS[found[2]]})", re.escape(chinese)), re.DOTALL)
