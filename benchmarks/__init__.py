"""Measures of the platform, each beside something to compare it with."""
