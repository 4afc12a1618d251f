"""Tests of the users' test kit."""
