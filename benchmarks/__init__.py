"""Measured against a program that one would write in an afternoon; goals beside every figure."""
