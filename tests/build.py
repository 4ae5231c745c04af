"""Builders for tests: the demo's province, and the workbooks its clerks send. They live in the package."""

from pipeline.demo.books import Shelf, mended
from pipeline.demo.filings import Day, Filing, absence
from pipeline.demo.province import COUNTIES, County, School, schools
from pipeline.demo.story import Spell, rows, spells

__all__ = [
    "COUNTIES",
    "County",
    "Day",
    "Filing",
    "School",
    "Shelf",
    "Spell",
    "absence",
    "mended",
    "rows",
    "schools",
    "spells",
]
