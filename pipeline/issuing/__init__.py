"""Workbooks made out to one unit and one day."""
