"""Units, campuses, classes and calendars, from rosters, calendars and decisions."""
