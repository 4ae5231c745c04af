"""Measured against what one would write in an afternoon; goals beside every figure."""
