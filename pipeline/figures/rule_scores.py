"""How good each rule was: its warnings, what they turned out to be, and how early they came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from pipeline.alert_state import CardReason
from pipeline.schooldays import today

CONFIRMED, EXCLUDED, VOID, PENDING = "confirmed", "excluded", "void", "pending"


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule in one alert: when it was first met there, and how many days after the first of its cases fell ill."""

    rule: str
    first_at: datetime
    delay: int | None  # None: no cases of its own, a person raised it


@dataclass(frozen=True, slots=True)
class Growth:
    """A later step of an alert: it reached a higher stage (its rank), or a diagnosis became its name (rank -1)."""

    at: datetime
    rank: int


@dataclass(frozen=True, slots=True)
class ScoredAlert:
    """One alert with its rules, in the order in which they were met. `verdict`: one of the four above."""

    id: str
    division: str
    verdict: str
    reason: str
    hits: Sequence[RuleHit]
    growth: Sequence[Growth]


@dataclass(frozen=True, slots=True)
class RuleScore:
    """The score of one rule over some time.

    warned = confirmed + excluded (by reason) + void + pending. `opened`: alerts that this rule was the first to meet.
    `delay`: median days from the first case to the rule's first hit, of all its alerts. `lead`: median days from that
    hit to the first later step (a higher stage than the rule's, or a diagnosis), of the `leads` alerts that had one.
    """

    rule: str
    warned: int
    opened: int
    confirmed: int
    excluded: Mapping[str, int]  # by reason, all four
    void: int
    pending: int
    delay: float | None
    lead: float | None
    leads: int

    @property
    def decided(self) -> int:
        """Alerts on which the county has given its word."""
        return self.confirmed + sum(self.excluded.values())

    @property
    def ppv(self) -> float | None:
        """Confirmed ÷ decided; None while nothing is decided."""
        return self.confirmed / self.decided if self.decided else None


def scores(alerts: Iterable[ScoredAlert], ranks: Mapping[str, int]) -> list[RuleScore]:
    """Return the score of each rule that was met, in the order of `ranks`: rule → rank of its stage."""
    mine: dict[str, list[tuple[ScoredAlert, RuleHit]]] = {rule: [] for rule in ranks}
    for alert in alerts:
        for hit in alert.hits:
            mine.setdefault(hit.rule, []).append((alert, hit))
    return [_score(rule, found, ranks.get(rule, 0)) for rule, found in mine.items() if found]


def total(alerts: Sequence[ScoredAlert]) -> RuleScore:
    """Return the score of all rules together, each alert once."""
    firsts = [(alert, alert.hits[0]) for alert in alerts if alert.hits]
    return _score("", firsts, 0)


def _score(rule: str, found: Sequence[tuple[ScoredAlert, RuleHit]], rank: int) -> RuleScore:
    verdicts = Counter(alert.verdict for alert, _ in found)
    reasons = Counter(alert.reason for alert, _ in found if alert.verdict == EXCLUDED)
    known = {reason.value: reasons[reason] for reason in CardReason}
    known[CardReason.OTHER] += sum(reasons.values()) - sum(known.values())
    delays = [hit.delay for _, hit in found if hit.delay is not None]
    leads = [lead for alert, hit in found if (lead := _lead(alert, hit, rank)) is not None]
    return RuleScore(
        rule=rule,
        warned=len(found),
        opened=sum(hit is alert.hits[0] for alert, hit in found),
        confirmed=verdicts[CONFIRMED],
        excluded=known,
        void=verdicts[VOID],
        pending=verdicts[PENDING],
        delay=median(delays) if delays else None,
        lead=median(leads) if leads else None,
        leads=len(leads),
    )


def _lead(alert: ScoredAlert, hit: RuleHit, rank: int) -> int | None:
    later = [one.at for one in alert.growth if one.at > hit.first_at and (one.rank < 0 or one.rank > rank)]
    return (today(min(later)) - today(hit.first_at)).days if later else None
