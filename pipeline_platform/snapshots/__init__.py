"""Operational tables: snapshots of a source kept in raw, current rows and history."""
