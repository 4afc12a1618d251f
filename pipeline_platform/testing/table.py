"""Rows as lines of text, for messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

MOST_ROWS = 10
_WIDEST = 40


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line of names and one per row, aligned; rows beyond the first ten are counted."""
    return aligned(
        columns, [[shortly(row.get(c)) for c in columns] for row in rows[:MOST_ROWS]]
    ) + (further(len(rows)))


def further(rows: int) -> list[str]:
    """A line that counts the rows that are not shown, where there are some."""
    return [f"... and {rows - MOST_ROWS} more"] if rows > MOST_ROWS else []


def aligned(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    """A line of names and one per row of cells, in columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (columns, *cells)
    ]


def shortly(value: Any) -> str:
    """A value in a few words: NULL, an instant as ISO 8601 in UTC, long texts cut."""
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        text = value.isoformat().replace("+00:00", "Z")
    else:
        text = repr(value) if isinstance(value, str | bytes) else str(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."
