"""Units, campuses, classes and calendars as the rosters, calendars and decisions say them."""
