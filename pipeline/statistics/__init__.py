"""Statistical comparisons of a series of counts with its own past: advisory lines of a digest, never a warning.

Pure, and plain: only series with at least `LEAST` new cases are compared, so a province's day is some thousand sums.
"""

from pipeline.statistics.percentile import percent_of, spans
from pipeline.statistics.units import of_place, of_schools
from pipeline.statistics.unusual import LEAST, REACH
from pipeline.statistics.values import Comparison, Method, PlaceDay, SchoolsDay, Unusual

__all__ = [
    "LEAST",
    "REACH",
    "Comparison",
    "Method",
    "PlaceDay",
    "SchoolsDay",
    "Unusual",
    "of_place",
    "of_schools",
    "percent_of",
    "spans",
]
