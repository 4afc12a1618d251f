"""Which versions of its tables each day of a derived table was computed from."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pipeline_platform.contracts.windows import DayWindow, contiguous
from pipeline_platform.lake.snapshot import Snapshot

Versions = Mapping[str, int]


def inputs_by_days(
    held: Snapshot, window: DayWindow | None
) -> list[tuple[DayWindow | None, Versions]]:
    """Parts of the window with the input versions that their last build recorded.

    Versions are {} for days that no commit in the log speaks of.
    """
    if window is None:
        return [(None, next((m["inputs"] for m in _builds(held)), {}))]
    open_days = set(window.days)
    parts: dict[tuple[tuple[str, int], ...], set[date]] = {}
    for metadata in _builds(held):
        if not open_days:
            break
        start, end = map(date.fromisoformat, metadata["window"])
        built = {day for day in open_days if start <= day < end}
        open_days -= built
        if built:
            parts.setdefault(tuple(sorted(metadata["inputs"].items())), set()).update(built)
    if open_days:
        parts.setdefault((), set()).update(open_days)
    return [(days, dict(key)) for key, built in parts.items() for days in contiguous(built)]


def _builds(held: Snapshot) -> Iterator[dict[str, Any]]:
    return (c.metadata for c in held.commits() if "inputs" in c.metadata)
