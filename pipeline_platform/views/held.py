"""One version of a view's states: how far it has come, cuts, late rows."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from pipeline_platform.contracts.names import DAY, EPOCH
from pipeline_platform.contracts.views import COUNTED
from pipeline_platform.lake.snapshot import Snapshot

FOLD = "fold"  # application: the last epoch that the states hold
RETIRED = "retired"  # application: number of the live definition that gave way
BACKFILL = "backfill"  # application: 1 + the cut at which the table is first filled
FIRST = "_first"  # bigint: first epoch that a state row may hold; `_epoch` is the last
PATH = "_path"  # string: which path wrote the row
BATCH, SPEED = "batch", "speed"


@dataclass(frozen=True)
class HeldStates:
    """A held version of a state table; facts come from its log, nothing is scanned.

    `folded` is the epoch up to which every row is in (-1: none), which is the view's
    `as_of`. `retired` is the number of the live definition that this table stopped for
    (None: never): folds and publishes under that number or an earlier one are refused.
    """

    snapshot: Snapshot

    @cached_property
    def folded(self) -> int:
        return self.snapshot.last(FOLD)

    @cached_property
    def retired(self) -> int | None:
        return self.snapshot.transaction_version(RETIRED)

    def refuses(self, number: int) -> bool:
        """Whether the table has stopped for who works under live number `number`."""
        return self.retired is not None and self.retired >= number

    @cached_property
    def backfill(self) -> int | None:
        """The cut at which the table is first filled (-1: nothing to fill), None: not said."""
        found = self.snapshot.transaction_version(BACKFILL)
        return None if found is None else found - 1

    @cached_property
    def files(self) -> pl.DataFrame:
        """One row per data file: `file`, `day`, `path`, `first`, `last`, `states`, `rows`.

        Epochs `first` to `last` are in it; `states` counts its rows, `rows` the accepted
        rows that they were made of.
        """
        found = self.snapshot.files
        if not found.height:
            return pl.DataFrame(schema=_FILES)
        return found.select(
            pl.col("path").alias("file"),
            pl.col(f"partition.{DAY}").alias("day"),
            pl.col(f"min.{PATH}").alias("path"),
            pl.col(f"min.{FIRST}").alias("first"),
            pl.col(f"max.{EPOCH}").alias("last"),
            pl.col("num_records").alias("states"),
            pl.col(f"max.{COUNTED}").alias("rows"),
        )

    @cached_property
    def cuts(self) -> dict[date, int]:
        """The batch cut of every day that has one: its batch rows hold every epoch up to it."""
        found = self.files.filter(pl.col("path") == BATCH).group_by("day").agg(pl.max("last"))
        return dict(found.sort("day").iter_rows())

    @cached_property
    def late(self) -> dict[date, int]:
        """Accepted rows beyond the batch cut of every day that has some."""
        found = self.files.filter(pl.col("path") == SPEED).group_by("day").agg(pl.sum("rows"))
        return dict(found.sort("day").iter_rows())


_FILES = {
    "file": pl.String(),
    "day": pl.Date(),
    "path": pl.String(),
    "first": pl.Int64(),
    "last": pl.Int64(),
    "states": pl.Int64(),
    "rows": pl.Int64(),
}
