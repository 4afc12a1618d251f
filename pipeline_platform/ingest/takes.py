"""What a replay epoch takes of each object, read off the refusals it takes up."""

from datetime import datetime

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
    source = _Source(tables)
    return {planned.position: source.taken(planned) for planned in plan.objects}


class _Source:
    """The refusals and plans that a replay goes back to, each epoch read once."""

    def __init__(self, tables: StreamTables) -> None:
        self._ledger, self._refused = tables.ledger, tables.refused.snapshot()
        self._plans: dict[int, EpochPlan] = {}
        self._rests: dict[int, pl.DataFrame] = {}

    def taken(self, planned: PlannedObject) -> Taken:
        """What is taken of one object."""
        assert planned.origin is not None and planned.rows is not None
        epoch, position = planned.origin
        rests = self._remainders(epoch).filter(pl.col(POSITION) == position)[ROW].to_list()
        from_row = min((row for row in rests if row in planned.rows), default=None)
        return Taken(frozenset(planned.rows), from_row, self._arrival(epoch, position))

    def _remainders(self, epoch: int) -> pl.DataFrame:
        if epoch not in self._rests:
            rows = self._refused.frame([ROW, POSITION, "reason"], between={EPOCH: (epoch, epoch)})
            remainder = pl.col("reason").is_in([reason.value for reason in REMAINDERS])
            self._rests[epoch] = rows.filter(remainder).collect()
        return self._rests[epoch]

    def _arrival(self, epoch: int, position: int) -> datetime:
        """When the object first arrived, back through the replays that took it up."""
        plan = self._plan(epoch)
        while (origin := plan.objects[position].origin) is not None:
            epoch, position = origin
            plan = self._plan(epoch)
        return plan.registered_at

    def _plan(self, epoch: int) -> EpochPlan:
        if epoch not in self._plans:
            self._plans[epoch] = self._ledger.plans(epoch, epoch)[0]
        return self._plans[epoch]
