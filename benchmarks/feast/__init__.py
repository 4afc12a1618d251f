"""Feast beside the platform, in an environment of its own."""
