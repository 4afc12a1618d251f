"""Answers over HTTP, and the live page."""
