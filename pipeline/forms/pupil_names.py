"""One pupil's name however it is written: for telling who is who, never for showing."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from opencc import OpenCC

from pipeline.forms.text_normalise import fold

_DOT = "·"
_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅●・･.．。˙᛫", _DOT))
_REMARK = re.compile(
    r"[（(\[【〔]?(?:转学|转入|转来|转出|插班|借读|随读|新生|新转|复学|休学|住校|住宿|寄宿|走读|请假|病假|返校|已返校|续|仍缺课)生?[)）\]】〕]?$"
)


@lru_cache(maxsize=65536)
def same_name(name: str) -> str:
    """The common form of all spellings of a name: no blanks, one kind of dot (阿·乙, 阿•乙), simplified characters (呂
    吕), and no remark at its end (（转学）). Remarks that distinguish two names stay: 示例甲（大）.
    """
    plain = fold(name).translate(_DOTS).strip(_DOT)
    bare = _REMARK.sub("", plain) if plain.endswith((")", "]", "】", "〕")) else plain
    return simplified(bare or plain)


def simplified(text: str) -> str:
    """A text with simplified characters for traditional ones (發熱, 发热)."""
    return str(_converter().convert(text))


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")
