"""Tests of admission and decoding."""
