"""Alerts: raised from the records, followed to their end."""
