"""Operational tables: snapshots in raw, folded into current rows and history."""
