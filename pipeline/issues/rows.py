"""About rows of any form."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, error, query

RETURNED: Mapping[str, Message] = {
    "void-unclear": query("“作废”列的“{value}”没看懂，本行没有作废。", "这一行不该有，就在“作废”列填 是。"),
}

NONE: Mapping[str, Message] = {
    "rows-none": error("表里一行也没有填，没有可收的内容。", "请填好后再发；空表是误发的，请不用管。"),
}
