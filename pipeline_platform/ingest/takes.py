"""What a replay epoch takes of each object, read off the refusals it takes up."""

import polars as pl

from pipeline_platform.contracts.epochs import EpochPlan, PlannedObject
from pipeline_platform.contracts.names import EPOCH, POSITION, ROW
from pipeline_platform.contracts.verdicts import REMAINDERS
from pipeline_platform.ingest.epoch import Taken
from pipeline_platform.ingest.tables import StreamTables


def taken(plan: EpochPlan, tables: StreamTables) -> dict[int, Taken]:
    """By position; {} for an arrival. A remainder that is taken up takes all that follows."""
    if plan.kind != "replay":
        return {}
    return {planned.position: _taken(planned, tables) for planned in plan.objects}


def _taken(planned: PlannedObject, tables: StreamTables) -> Taken:
    assert planned.origin is not None and planned.rows is not None
    epoch, position = planned.origin
    rows = tables.refused.snapshot().frame(
        [ROW, POSITION, "reason"], between={EPOCH: (epoch, epoch)}
    )
    remainder = pl.col("reason").is_in([reason.value for reason in REMAINDERS])
    rests = rows.filter((pl.col(POSITION) == position) & remainder).collect()[ROW].to_list()
    from_row = min((row for row in rests if row in planned.rows), default=None)
    arrived = tables.ledger.plans(epoch, epoch)[0]
    first = arrived.objects[position].origin if arrived.kind == "replay" else None
    while first is not None:
        arrived = tables.ledger.plans(first[0], first[0])[0]
        first = arrived.objects[first[1]].origin if arrived.kind == "replay" else None
    return Taken(frozenset(planned.rows), from_row, arrived.registered_at)
