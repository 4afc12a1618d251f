"""Which refused rows a reader sees: those of committed epochs, not taken up by a replay."""

from dataclasses import dataclass

import polars as pl

from pipeline_platform.contracts.names import EPOCH, GENERATION, POSITION, ROW, TableName
from pipeline_platform.lake.generations import (
    ADMISSION,
    admission_of,
    generation_before,
    generation_of,
    rows_of,
)
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.table import LakeTable

SUFFIX = "__refused"
PLACE = [EPOCH, POSITION, ROW]


@dataclass(frozen=True)
class Visible:
    """Rows of one generation and of epochs up to `committed` (-1: none), without those at
    the `replayed` places; `before` is the generation that this one replaced."""

    committed: int
    replayed: pl.DataFrame
    generation: int = 0
    before: int = 0

    def of(self, refused: Snapshot) -> pl.LazyFrame:
        """The refused rows to see."""
        rows = rows_of(refused, self.shown(refused), between={EPOCH: (0, self.committed)})
        return rows.join(self.replayed.lazy(), on=PLACE, how="anti")

    def where(self, refused: Snapshot, alias: str) -> str:
        """The same choice as an SQL condition, but for the replayed places."""
        epochs = f"{alias}.{EPOCH} <= {self.committed}"
        if GENERATION not in refused.schema.names:
            return epochs
        return f"{epochs} AND coalesce({alias}.{GENERATION}, 0) = {self.shown(refused)}"

    def shown(self, refused: Snapshot) -> int:
        """The generation to see: in a version from before the swap it is the one before."""
        if self.generation and refused.transaction_version(admission_of(self.generation)) is None:
            return self.before
        return self.generation


def is_refused(name: TableName) -> bool:
    """Whether the table holds the refused rows of a stream."""
    return name.layer == "serving" and name.name.endswith(SUFFIX)


def committed_epoch(accepted: LakeTable) -> int:
    """The last epoch that the accepted table holds, -1 when there is none."""
    return accepted.snapshot().last(ADMISSION) if accepted.exists() else -1


def visible(lake: Lake, name: TableName) -> Visible:
    """What to see of `serving.<stream>__refused` now."""
    stream = name.name.removesuffix(SUFFIX)
    accepted = lake.table(TableName("serving", stream))
    if not accepted.exists():
        return Visible(-1, _replayed(lake, stream, -1))
    held = accepted.snapshot()
    committed = held.last(ADMISSION)
    replayed = _replayed(lake, stream, committed)
    return Visible(committed, replayed, generation_of(held), generation_before(held))


def _replayed(lake: Lake, stream: str, committed: int) -> pl.DataFrame:
    ledger = lake.table(TableName("raw", stream)).snapshot()
    return (
        ledger.frame(["origin_epoch", "origin_position", "rows"], between={"epoch": (0, committed)})
        .filter(pl.col("origin_epoch").is_not_null())
        .explode("rows")
        .select(
            pl.col("origin_epoch").cast(pl.Int64).alias(EPOCH),
            pl.col("origin_position").cast(pl.Int32).alias(POSITION),
            pl.col("rows").cast(pl.Int64).alias(ROW),
        )
        .collect()
    )
