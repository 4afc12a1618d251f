"""What taking and folding snapshots tell: progress and outcome."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SnapshotProgress:
    """How far it has come: `stage` is `read`, `sort` or `fold`; `rows` done so far."""

    table: str
    stage: str
    rows: int


Report = Callable[[SnapshotProgress], None]


@dataclass(frozen=True)
class Taken:
    """One snapshot in the ledger.

    `objects` and `bytes` count its Parquet objects, those shared with earlier snapshots
    included; `unchanged`: the source holds what this earlier snapshot held, and nothing was
    written.
    """

    number: int
    taken_at: datetime
    rows: int
    objects: int
    bytes: int
    unchanged: bool

    @property
    def empty(self) -> bool:
        """Whether the source's table had no rows, which closes every row when folded."""
        return self.rows == 0


@dataclass(frozen=True)
class Folded:
    """What one fold did; all counts are zero where there was nothing to fold.

    `opened` counts versions of keys that were not current, `changed` new versions of
    current keys, `closed` versions whose row vanished. `emptied` counts the folded
    snapshots without rows that closed rows. `last` is the last folded snapshot, 0 if none.
    """

    snapshots: int
    opened: int
    changed: int
    closed: int
    current_rows: int
    history_rows: int
    current_version: int
    history_version: int
    emptied: int = 0
    last: int = 0
