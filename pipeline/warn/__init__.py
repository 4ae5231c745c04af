"""Alerts as episodes: which there are, what each holds, how long each may wait. Values in, values out."""

from pipeline.warn.clocks import AlertClock, clock, due_at
from pipeline.warn.episodes import (
    OVER,
    Assessment,
    Episode,
    EpisodeCase,
    EpisodeEvent,
    ended,
    expired,
    explained,
    merged_into,
)
from pipeline.warn.joining import assess
from pipeline.warn.linking import Seen, listed_since, seen

__all__ = [
    "OVER",
    "AlertClock",
    "Assessment",
    "Episode",
    "EpisodeCase",
    "EpisodeEvent",
    "Seen",
    "assess",
    "clock",
    "due_at",
    "ended",
    "expired",
    "explained",
    "listed_since",
    "merged_into",
    "seen",
]
