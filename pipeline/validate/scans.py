"""A scan of a signed paper: a PDF or a picture with the 备案号 in its name. Its content is not read."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from pipeline.filed import FilingFacts
from pipeline.forms.credentials import about_accounts
from pipeline.model import Arrival, Checked, CheckVerdict, Claims, Context, Issue, Reading, ReadVerdict, ScanKind

MOST_BYTES = 20 * 2**20
_NUMBER = re.compile(r"备案[号表]{0,2}[\s_:#.()-]*([0-9]{1,12})(?![0-9])")
_ALONE = re.compile(r"(?<![0-9])(0[0-9]{5})(?![0-9])")  # 备案号 begin with a zero, division codes do not


def named(name: str) -> int | None:
    """The 备案号 in a file's name; None if there is none."""
    flat = unicodedata.normalize("NFKC", name)
    found = _NUMBER.search(flat) or _ALONE.search(flat)
    return int(found[1]) if found else None


def judge(arrival: Arrival, reading: Reading, context: Context) -> Checked | None:
    """Whether a file is the scan of a signed paper; None for a file that has nothing to do with a 备案.

    A file that cannot be opened, but whose name says that it is a filing, is not kept.
    """
    if not reading.scan:
        closed = reading.verdict == ReadVerdict.QUARANTINED and not reading.secret and about_accounts(arrival.name)
        return _apart(arrival, reading) if closed else None
    number = named(arrival.name)
    if number is None:
        return _back(arrival, reading, Issue("scan-number-missing")) if about_accounts(arrival.name) else None
    filing = context.filings.get(number)
    if filing is None or not _may_bring(arrival.bound, filing):
        return _back(arrival, reading, Issue("scan-unknown", details=(("number", f"{number:06d}"),)))
    if arrival.size > MOST_BYTES:
        limit = str(MOST_BYTES // 2**20)
        return _back(arrival, reading, Issue("scan-too-large", details=(("limit", limit),)), filing.unit)
    if reading.scan == ScanKind.TORN:
        return _back(arrival, reading, Issue("scan-damaged"), filing.unit)
    claims = Claims("filing", unit=filing.unit)
    claimed = replace(reading, verdict=ReadVerdict.PARSED, claims=claims, header={"filing": number}, issues=())
    return Checked(arrival, claimed, CheckVerdict.MERGE, unit=filing.unit)


def _may_bring(bound: str, filing: FilingFacts) -> bool:
    return not bound or bound in (filing.unit, filing.home, filing.opener)


def _apart(arrival: Arrival, reading: Reading) -> Checked:
    apart = replace(reading, secret=True)
    return Checked(arrival, apart, CheckVerdict(reading.verdict), issues=reading.issues, repairs=reading.repairs)


def _back(arrival: Arrival, reading: Reading, issue: Issue, unit: str = "") -> Checked:
    apart = replace(reading, issues=(issue,), secret=True)  # a filled form, printed to PDF, may show what was typed
    return Checked(arrival, apart, CheckVerdict.REJECTED, unit=unit, issues=(issue,))
