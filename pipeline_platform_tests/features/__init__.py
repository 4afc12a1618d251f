"""Tests of feature sets."""
