"""Tests of the batch path."""
