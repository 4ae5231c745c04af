"""Uses that vulture cannot see: one name a line, each with who uses it."""
