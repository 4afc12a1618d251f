"""What a replay epoch takes of each object, read off the refusals it takes up."""

from datetime import datetime

import polars as pl

from pipeline_platform.contracts.epochs import EpochPlan, PlannedObject
from pipeline_platform.contracts.names import EPOCH, POSITION, ROW
from pipeline_platform.contracts.verdicts import REMAINDERS
from pipeline_platform.ingest.epoch import Taken
from pipeline_platform.ingest.tables import StreamTables
from pipeline_platform.lake.generations import rows_of


def taken(plan: EpochPlan, tables: StreamTables, generation: int) -> dict[int, Taken]:
    """By position; {} for an arrival. A remainder that is taken up takes all that follows.

    Of the planned rows those are taken that this generation refused: one that it accepted
    where the row landed was judged there, under the contract that the replay was for.
    """
    if plan.kind != "replay":
        return {}
    source = _Source(tables, generation)
    return {planned.position: source.taken(planned) for planned in plan.objects}


class _Source:
    """The refusals and plans that a replay goes back to, each epoch read once."""

    def __init__(self, tables: StreamTables, generation: int) -> None:
        self._ledger, self._refused = tables.ledger, tables.refused.snapshot()
        self._generation = generation
        self._plans: dict[int, EpochPlan] = {}
        self._refusals: dict[int, pl.DataFrame] = {}

    def taken(self, planned: PlannedObject) -> Taken:
        """What is taken of one object."""
        assert planned.origin is not None and planned.rows is not None
        epoch, position = planned.origin
        refused = self._of_epoch(epoch).filter(pl.col(POSITION) == position)
        rows = frozenset(planned.rows).intersection(refused[ROW].to_list())
        rests = refused.filter(pl.col("reason").is_in([reason.value for reason in REMAINDERS]))
        from_row = min(rows.intersection(rests[ROW].to_list()), default=None)
        return Taken(rows, from_row, self._arrival(epoch, position))

    def _of_epoch(self, epoch: int) -> pl.DataFrame:
        if epoch not in self._refusals:
            named, only = [ROW, POSITION, "reason"], {EPOCH: (epoch, epoch)}
            rows = rows_of(self._refused, self._generation, named, only)
            self._refusals[epoch] = rows.collect()
        return self._refusals[epoch]

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
