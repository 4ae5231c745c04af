"""Lines of a table that are not rows: our example, a sum, a signature line. Recognised by their first word."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pipeline.forms.text_normalise import fold

_EXAMPLE = re.compile(r"[(\[【]?(?:示例|样例|例)[)\]】]?(?:$|[\s:,、.0-9-])|例如")  # but not 例假 and 示例路小学
_SUMS = ("合计", "总计", "小计", "共计")
_SIGNATURES = (
    *("填报人", "审核人", "填表人", "单位负责人", "制表", "盖章", "签字", "本人签字", "单位领导签字", "报送单位"),
    *("说明:", "注:", "备注:", "填表说明"),
)


@lru_cache(maxsize=4096)
def line_kind(first: str) -> str:
    """The kind of a line by its first word: "example", "sum", "signature"; "" for a row."""
    if _EXAMPLE.match(unicodedata.normalize("NFKC", first).strip()):
        return "example"
    word = fold(first)
    return "sum" if word.startswith(_SUMS) else "signature" if word.startswith(_SIGNATURES) else ""
