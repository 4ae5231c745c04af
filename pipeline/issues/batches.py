"""About what already stands in the store: earlier reports, tickets, duplicates. Said by merge and store."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Entry, advice

ENTRIES: Mapping[str, Entry] = {
    "duplicate": advice("内容与已收下的那份完全相同，不用再发。"),
}
