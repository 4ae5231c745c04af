"""The one line in which a 分管领导 approves: 同意. What is more than that is no approval."""

from __future__ import annotations

import re

from pipeline.forms.text_normalise import fold

_YES = re.compile(r"(同意|已?审核?通过|已审核?|审核同意|同意上报|同意报送|审阅同意|属实|情况属实|无误|核对无误)+")
_BESIDE = re.compile(
    r"[\s。.!！,，;；:：、~～“”\"'（）()]|已阅|收到|谢谢|您好|你好|好的"
    r"|(?<=[意过核实误报送,.。!])[一-龥]{1,3}?副?(?:校长|园长|书记|主任)$"  # who signs in the same line
)
_NO = re.compile(r"撤|取消|收回|作废|不|未|没|错|漏|更正|退回|重报|但|除|[?？吗]")


def read(line: str) -> bool | None:
    """Return whether a line approves; False for one that clearly does not, or takes that back; None where nobody can
    tell.
    """
    flat = fold(line)
    if _NO.search(flat):
        return False
    return True if _YES.fullmatch(_BESIDE.sub("", flat)) else None
