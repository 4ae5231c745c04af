"""Builders of checked 备案表: requests for accounts."""

from __future__ import annotations

from pipeline.filed import Secret
from pipeline.model import Checked, Claims, Reading, Record, Refused
from tests.submissions import SCHOOL, arrival


def account(name: str, password: str = "", row: int = 12, ticket: str = "") -> Record:
    values = {
        "username": name, "region": None, "holder": "李老师", "phone": "100-0000-0001",
        "password": Secret(password) if password else None,
    }  # fmt: skip
    return Record("accounts", name.casefold(), values, row, ticket)


def filing(*records: Record, unit: str = SCHOOL, sha: str = "", refused: tuple[Refused, ...] = ()) -> Checked:
    header = {"applicant": "李老师", "level": "school", "email": "a1.b@example.org"}
    reading = Reading("parsed", Claims("filing", "1", unit), header, content_sha=sha, secret=True)
    return Checked(arrival(0, bound=unit), reading, "merge", unit=unit, records=records, refused=refused)
