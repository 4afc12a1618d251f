"""Which refused rows a reader sees: those of committed epochs, not taken up by a replay."""

from dataclasses import dataclass

import polars as pl

from pipeline_platform.contracts.names import EPOCH, POSITION, ROW, TableName
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.table import LakeTable

ADMISSION = "admission"
SUFFIX = "__refused"
PLACE = [EPOCH, POSITION, ROW]


@dataclass(frozen=True)
class Visible:
    """Rows of epochs up to `committed` (-1: none), without those at the `replayed` places."""

    committed: int
    replayed: pl.DataFrame

    def of(self, refused: Snapshot) -> pl.LazyFrame:
        """The refused rows to see."""
        rows = refused.frame(between={EPOCH: (0, self.committed)})
        return rows.join(self.replayed.lazy(), on=PLACE, how="anti")


def is_refused(name: TableName) -> bool:
    """Whether the table holds the refused rows of a stream."""
    return name.layer == "serving" and name.name.endswith(SUFFIX)


def committed_epoch(accepted: LakeTable) -> int:
    """The last epoch that the accepted table holds, -1 when there is none."""
    found = accepted.snapshot().transaction_version(ADMISSION) if accepted.exists() else None
    return -1 if found is None else found


def visible(lake: Lake, name: TableName) -> Visible:
    """What to see of `serving.<stream>__refused` now."""
    stream = name.name.removesuffix(SUFFIX)
    accepted = lake.table(TableName("serving", stream))
    committed = committed_epoch(accepted)
    return Visible(committed, _replayed(lake, stream, committed))


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
