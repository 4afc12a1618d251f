"""Refused rows that are still open: visible, and not taken up by a replay."""

from collections.abc import Collection

import polars as pl

from pipeline_platform.contracts.epochs import PlannedObject
from pipeline_platform.contracts.names import EPOCH, POSITION, ROW, TableName
from pipeline_platform.ingest.tables import StreamTables
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.refused import PLACE, visible


def open_refusals(lake: Lake, refused: TableName) -> pl.LazyFrame:
    """The refused table restricted to committed epochs, without rows that were replayed."""
    return visible(lake, refused).of(lake.table(refused).snapshot())


def replayable(
    lake: Lake, tables: StreamTables, reasons: Collection[str] = ()
) -> tuple[PlannedObject, ...]:
    """The open refusals (of these reasons, or all) as the objects of a replay epoch."""
    rows = open_refusals(lake, tables.refused.name).select(*PLACE, "reason")
    if reasons:
        rows = rows.filter(pl.col("reason").is_in(list(reasons)))
    grouped = rows.group_by(EPOCH, POSITION).agg(pl.col(ROW).sort()).sort(EPOCH, POSITION)
    places = grouped.collect().rows()
    plans = {epoch: tables.ledger.plans(epoch, epoch)[0] for epoch in {e for e, _, _ in places}}
    refs = [plans[epoch].objects[position].ref for epoch, position, _ in places]
    return tuple(
        PlannedObject(number, ref, tuple(rows), (epoch, position))
        for number, ((epoch, position, rows), ref) in enumerate(zip(places, refs, strict=True))
    )
