"""Versions of rows: what one snapshot does to the history of some keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from pipeline_platform.contracts.source_tables import IS_CURRENT, VALID_FROM, VALID_TO

BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
"""Since when the first version of a key holds: the earliest instant that pandas, Spark and
Parquet all hold without rebasing."""
_INSTANT = pl.Datetime("us", "UTC")
_OLD, _NEW = "__old", "__new"


@dataclass
class Counts:
    """Versions opened (the key was not current), changed, and closed (the row vanished)."""

    opened: int = 0
    changed: int = 0
    closed: int = 0

    def add(self, other: "Counts") -> None:
        """Count what `other` counted, too."""
        self.opened += other.opened
        self.changed += other.changed
        self.closed += other.closed


class Versions:
    """The history of the keys of one bucket, brought forward snapshot by snapshot."""

    def __init__(self, history: pl.DataFrame, key: Sequence[str]) -> None:
        self._key = list(key)
        self._content = [
            name for name in history.columns if name not in (*key, VALID_FROM, VALID_TO, IS_CURRENT)
        ]
        self._closed = [history.filter(~pl.col(IS_CURRENT))]
        self._current = history.filter(IS_CURRENT)
        self.counts = Counts()

    def follow(self, rows: pl.DataFrame, taken_at: datetime) -> None:
        """Let `rows` be all current rows of these keys from `taken_at` on."""
        pairs = self._pairs(rows)
        both = pairs.drop_nulls()
        changed = self._changed(both, rows)
        gone = pairs.filter(pl.col(_NEW).is_null())[_OLD]
        fresh = rows[pairs.filter(pl.col(_OLD).is_null())[_NEW]]
        moved = both.filter(changed)
        ended = pl.concat([moved[_OLD], gone])
        opened = [self._opened(fresh, taken_at), _version(rows[moved[_NEW]], pl.lit(taken_at))]
        self.counts.add(Counts(fresh.height, moved.height, len(gone)))
        if len(ended):
            self._closed.append(_ended(self._current[ended], taken_at))
        kept = self._current[both.filter(~changed)[_OLD]]
        self._current = pl.concat([kept, *(new.select(kept.columns) for new in opened)])

    @property
    def current(self) -> pl.DataFrame:
        """The current versions."""
        return self._current

    @property
    def closed(self) -> pl.DataFrame:
        """The versions that ended."""
        return pl.concat(self._closed)

    def _pairs(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Places of equal keys in the current versions and in `rows`, null where only one."""
        old = self._current.select(self._key).with_row_index(_OLD)
        new = rows.select(self._key).with_row_index(_NEW)
        joined = old.join(new, on=self._key, how="full", coalesce=True, maintain_order="left_right")
        return joined.select(_OLD, _NEW)

    def _changed(self, both: pl.DataFrame, rows: pl.DataFrame) -> pl.Series:
        old, new = self._current[both[_OLD]], rows[both[_NEW]]
        changed = pl.repeat(False, both.height, dtype=pl.Boolean, eager=True)
        for name in self._content:
            changed = changed | old[name].ne_missing(new[name])
        return changed

    def _opened(self, fresh: pl.DataFrame, taken_at: datetime) -> pl.DataFrame:
        """The first version of a key holds since the beginning, one that came back not."""
        if not fresh.height:
            return _version(fresh, pl.lit(taken_at))
        seen = pl.concat([part.select(self._key) for part in self._closed]).unique()
        seen = seen.with_columns(pl.lit(taken_at).cast(_INSTANT).alias(VALID_FROM))
        joined = fresh.join(seen, on=self._key, how="left", maintain_order="left")
        return _version(joined, pl.col(VALID_FROM).fill_null(pl.lit(BEGINNING).cast(_INSTANT)))


def _version(rows: pl.DataFrame, since: pl.Expr) -> pl.DataFrame:
    return rows.with_columns(
        since.cast(_INSTANT).alias(VALID_FROM),
        pl.lit(None, _INSTANT).alias(VALID_TO),
        pl.lit(True).alias(IS_CURRENT),
    )


def _ended(versions: pl.DataFrame, at: datetime) -> pl.DataFrame:
    return versions.with_columns(
        pl.lit(at).cast(_INSTANT).alias(VALID_TO), pl.lit(False).alias(IS_CURRENT)
    )
