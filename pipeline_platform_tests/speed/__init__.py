"""Tests of the real-time path."""
