"""Builders for tests: the demo's province, and the workbooks its clerks send. They live in the package."""

from pipeline.demo.books import Shelf, mended
from pipeline.demo.filings import DayPlan, DemoFiling, absence
from pipeline.demo.province import COUNTIES, County, DemoSchool, schools
from pipeline.demo.story import StorySpell, rows, spells

__all__ = [
    "COUNTIES",
    "County",
    "DayPlan",
    "DemoFiling",
    "DemoSchool",
    "Shelf",
    "StorySpell",
    "absence",
    "mended",
    "rows",
    "schools",
    "spells",
]
