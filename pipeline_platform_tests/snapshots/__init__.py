"""Tests of operational tables."""
