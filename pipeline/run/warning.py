"""warn: alerts by the final records, and 待对账, of what settled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pipeline import rules
from pipeline.alerts import assess as alerts
from pipeline.model import Site
from pipeline.settling import reconciliation


def warn(site: Site, now: datetime) -> int:
    """Take what settling left for warnings and for 待对账; return how many alerts were opened."""
    reconciliation.find(site, now)
    before = alerts.numbered(now)
    alerts.warn(site, rules.load(), now)
    return alerts.numbered(now) - before


def assess(site: Site, schools: Iterable[str], now: datetime) -> None:
    """Assess what settled of these schools so far, in the caller's transaction: whoever answers an alert, or decides
    of one, then does so of what it is, whenever warnings were looked for last.
    """
    alerts.catch_up(site.policy.answer_hours, rules.load(), sorted(schools), now)
