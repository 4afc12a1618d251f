"""A Lambda-architecture data platform as one Dagster asset graph."""
