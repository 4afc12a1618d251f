"""Tests of models: build, checks, query."""
