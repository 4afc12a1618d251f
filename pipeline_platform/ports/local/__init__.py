"""Ports on one machine: folders and the system clock."""
