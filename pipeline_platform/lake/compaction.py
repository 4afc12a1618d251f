"""Compaction: many small files of one partition become one with the same rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.table import LakeTable

FILES = 10
_SMALLEST, _LARGEST = 16 << 10, 64 << 20  # bytes; files from _LARGEST on stay as they are
_GROWTH = 8.0
_BATCH_ROWS = 250_000
_BUFFER = 64 << 20
_READ = 8 << 20


@dataclass(frozen=True)
class Compact:
    """Files of one partition (`day` None: of the null day, or of a table without days)."""

    day: date | None
    files: tuple[str, ...]
    size: int

    def __str__(self) -> str:
        day = f" of {self.day}" if self.day else ""
        return f"merge {len(self.files)} files{day} ({self.size:,} bytes)"


def plan_compaction(snapshot: Snapshot, files: int = FILES) -> list[Compact]:
    """One step per partition and size class that holds at least so many files.

    A class spans a factor of 8 in size, so a row is rewritten once per class and not at
    every step. The oldest files go first, so that epochs stay together.
    """
    by = f"partition.{snapshot.partition_by}"
    day = pl.col(by) if snapshot.partition_by else pl.lit(None, pl.Date)
    size = pl.col("size_bytes")
    chosen = (
        snapshot.files.lazy()
        .filter(size < _LARGEST)
        .with_columns(
            day.alias("_day"),
            (size.clip(_SMALLEST) / _SMALLEST).log(_GROWTH).cast(pl.Int32).alias("_class"),
        )
        .sort("modification_time", "path")
        .filter(size.cum_sum().over("_day", "_class") <= 4 * _LARGEST)
        .group_by("_day", "_class", maintain_order=True)
        .agg("path", size.sum())
        .filter(pl.col("path").list.len() >= files)
        .collect()
    )
    return [
        Compact(row["_day"], tuple(row["path"]), row["size_bytes"])
        for row in chosen.iter_rows(named=True)
    ]


def compact(table: LakeTable, step: Compact) -> bool:
    """Merge the files; False, and nothing left behind, when another was faster.

    Holds some row groups in memory, whatever the files hold together.
    """
    held = table.snapshot()
    if not held.paths(None).issuperset(step.files):
        return False
    with table.stage(held, buffer_bytes=_BUFFER) as staging:
        for rows in _batches(held, step.files):
            staging.write(rows)
        merged = staging.finish()
    try:
        table.exchange(step.files, merged, data_change=False)
    except CommitConflict:
        return False
    return True


def _batches(held: Snapshot, files: Sequence[str]) -> Iterator[pl.DataFrame]:
    for paths in _together(held, files):
        rows = held.scan(paths).select(held.schema.names)
        start = 0
        while (batch := rows.slice(start, _BATCH_ROWS).collect()).height:
            yield batch
            start += batch.height
            if batch.height < _BATCH_ROWS:
                break


def _together(held: Snapshot, files: Sequence[str]) -> Iterator[list[str]]:
    """Files that are read at once: small ones together, as each reading has its price."""
    sizes = dict(held.files.select("path", "size_bytes").iter_rows())
    chosen, size = list[str](), 0
    for path in files:
        if chosen and size + sizes[path] > _READ:
            yield chosen
            chosen, size = [], 0
        chosen.append(path)
        size += sizes[path]
    yield chosen
