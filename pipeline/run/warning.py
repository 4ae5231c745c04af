"""warn: alerts from the final records, and 待对账, after settling."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pipeline.alerts import assess as alerts
from pipeline.alerts import site_rules
from pipeline.model import Site
from pipeline.settling import reconciliation


def warn(site: Site, now: datetime) -> int:
    """Take what settling left for warnings and for 待对账; return how many alerts were opened."""
    reconciliation.find(site, now)
    before = alerts.numbered(now)
    alerts.warn(site, site_rules.notice(site.root, now), now)
    return alerts.numbered(now) - before


def assess(site: Site, schools: Iterable[str], now: datetime) -> None:
    """Assess everything that settled of these schools, in the caller's transaction: an answer to an alert, or a
    decision about it, then finds it up to date.
    """
    alerts.catch_up(site.policy.answer_hours, site_rules.in_force(), sorted(schools), now)
