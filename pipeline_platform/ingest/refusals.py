"""Refused rows that are still open: visible, and not taken up by a replay."""

from collections.abc import Collection

import polars as pl

from pipeline_platform.contracts.epochs import PlannedObject
from pipeline_platform.contracts.names import EPOCH, POSITION, ROW
from pipeline_platform.ingest.tables import StreamTables

_PLACE = [EPOCH, POSITION, ROW]


def open_refusals(tables: StreamTables) -> pl.LazyFrame:
    """The refused table restricted to committed epochs, without rows that were replayed."""
    committed = tables.committed()
    refused = tables.refused.snapshot().frame(between={EPOCH: (0, committed)})
    return refused.join(_replayed(tables, committed), on=_PLACE, how="anti")


def replayable(tables: StreamTables, reasons: Collection[str] = ()) -> tuple[PlannedObject, ...]:
    """The open refusals (of these reasons, or all) as the objects of a replay epoch."""
    rows = open_refusals(tables).select(*_PLACE, "reason")
    if reasons:
        rows = rows.filter(pl.col("reason").is_in(list(reasons)))
    grouped = rows.group_by(EPOCH, POSITION).agg(pl.col(ROW).sort()).sort(EPOCH, POSITION)
    places = grouped.collect().rows()
    plans = {epoch: tables.ledger.plans(epoch, epoch)[0] for epoch, _, _ in places}
    refs = [plans[epoch].objects[position].ref for epoch, position, _ in places]
    return tuple(
        PlannedObject(number, ref, tuple(rows), (epoch, position))
        for number, ((epoch, position, rows), ref) in enumerate(zip(places, refs, strict=True))
    )


def _replayed(tables: StreamTables, committed: int) -> pl.LazyFrame:
    return (
        tables.ledger.table.snapshot()
        .frame(["origin_epoch", "origin_position", "rows"], between={"epoch": (0, committed)})
        .filter(pl.col("origin_epoch").is_not_null())
        .explode("rows")
        .select(
            pl.col("origin_epoch").cast(pl.Int64).alias(EPOCH),
            pl.col("origin_position").cast(pl.Int32).alias(POSITION),
            pl.col("rows").cast(pl.Int64).alias(ROW),
        )
    )
