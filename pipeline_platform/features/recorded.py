"""Which versions of its tables each day of a derived table was computed from."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.windows import DayWindow, contiguous
from pipeline_platform.lake.files import Files
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.snapshot import Snapshot

Versions = Mapping[str, int]


def inputs_by_days(
    held: Snapshot, window: DayWindow | None
) -> list[tuple[DayWindow | None, Versions | None]]:
    """Parts of the window with the input versions that their last build recorded.

    Versions are {} for days that were never built, None where the log no longer tells.
    """
    builds, whole = _builds(held)
    nothing: Versions | None = {} if whole else None
    if window is None:
        return [(None, builds[0]["inputs"] if builds else nothing)]
    open_days = set(window.days)
    parts: list[tuple[DayWindow | None, Versions | None]] = []
    days_by_inputs: dict[tuple[tuple[str, int], ...], set[date]] = {}
    for metadata in builds:
        start, end = map(date.fromisoformat, metadata["window"])
        built = {day for day in open_days if start <= day < end}
        open_days -= built
        key = tuple(sorted(metadata["inputs"].items()))
        days_by_inputs.setdefault(key, set()).update(built)
    for key, days in days_by_inputs.items():
        parts += [(part, dict(key)) for part in contiguous(days)]
    return parts + [(part, nothing) for part in contiguous(open_days)]


def exists(lake: Lake, table: str, version: int) -> bool:
    """Whether this version can still be opened."""
    newest = lake.table(TableName.parse(table)).snapshot()
    entry = f"_delta_log/{version:020}.json"
    return version <= newest.version and Files(newest.uri).read(entry) is not None


def _builds(held: Snapshot) -> tuple[list[dict[str, Any]], bool]:
    """What the builds said of themselves, newest first; whether the log reaches to the first."""
    commits = list(held.commits())
    return (
        [commit.metadata for commit in commits if "inputs" in commit.metadata],
        bool(commits) and commits[-1].version == 0,
    )
