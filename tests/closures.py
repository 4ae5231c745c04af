"""Builders of checked closures, for the tests of what they do to the database."""

from datetime import date, datetime

from pipeline.model import Checked, Record
from tests.submissions import ZONE, checked

START = datetime(2026, 11, 20, 8, 0, tzinfo=ZONE)


def said(kind: str, *, scope: str = "三3", start: datetime = START, ticket: str = "", **values: object) -> Record:
    whole: dict[str, object] = {
        "campus": "本部",
        "scope": scope,
        "start": start,
        "kind": kind,
        "reason": "D02",
        "ill": 9,
        "pupils": 40,
        "resume_planned": date(2026, 11, 24),
        "resume_actual": None,
        "first_onset": date(2026, 11, 18),
        "approved_at": datetime(2026, 11, 19, 16, 0, tzinfo=ZONE),
        "approved_how": "phone",
        "approved_by": "示例县教育局",
        "document": None,
        "note": None,
    }
    return Record("rows", f"{scope}|{start}", whole | values, 8, ticket)


def closure(seq: int, *rows: Record, content: str = "", **more: object) -> Checked:
    return checked(seq, rows, form="closure", content=content, **more)
