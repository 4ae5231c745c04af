"""Builders for tests: the demo's province, and the workbooks its clerks send. They live in the package.

Tests of the command line and of a whole day take one school of it, on one day.
"""

from datetime import date

from pipeline.demo.books import Shelf, mended
from pipeline.demo.filings import DayPlan, DemoFiling, absence
from pipeline.demo.province import COUNTIES, County, DemoSchool, schools
from pipeline.demo.story import StorySpell, rows, spells

__all__ = [
    "COUNTIES",
    "COUNTY",
    "DAY",
    "NOW",
    "SCHOOL",
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

DAY = date(2026, 11, 20)
NOW = "2026-11-20T14:10"
COUNTY = COUNTIES[1]
SCHOOL = next(school for school in schools() if school.code == "2132920006")
