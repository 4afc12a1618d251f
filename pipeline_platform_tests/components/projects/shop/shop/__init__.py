"""A project of somebody else, built on the platform."""
