"""The four tables of one stream, and how far they have come."""

from dataclasses import dataclass

import polars as pl

from pipeline_platform.contracts.names import EPOCH
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.ingest.schemas import ACCOUNTING, REFUSED, accepted_schema
from pipeline_platform.lake.generations import ADMISSION, admission_of, generation_of, rows_of
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.ledger import Ledger
from pipeline_platform.lake.refused import committed_epoch
from pipeline_platform.lake.table import LakeTable

APP = ADMISSION


@dataclass(frozen=True)
class StreamTables:
    """Ledger, accepted and refused rows, accounting per object."""

    ledger: Ledger
    accepted: LakeTable
    refused: LakeTable
    accounting: LakeTable

    @classmethod
    def of(cls, contract: StreamContract, lake: Lake) -> "StreamTables":
        """The tables by name, whether they exist or not."""
        return cls(
            Ledger(lake.table(contract.ledger)),
            lake.table(contract.accepted),
            lake.table(contract.refused),
            lake.table(contract.accounting),
        )

    def ensure(self, contract: StreamContract) -> None:
        """Create what is missing; the accepted table gains the contract's new columns."""
        self.ledger.ensure()
        self.accepted.ensure(accepted_schema(contract), "_day")
        self.refused.ensure(REFUSED, None)
        self.accounting.ensure(ACCOUNTING, None)

    def committed(self) -> int:
        """The last committed epoch, -1 when there is none."""
        return committed_epoch(self.accepted)

    def generation(self) -> int:
        """The generation of the accepted rows, 0 when they were never reprocessed."""
        return generation_of(self.accepted.snapshot())

    def cuts(self, epoch: int, generation: int | None = None) -> dict[int, int] | None:
        """Where each unreadable object of the epoch was cut: row by position.

        None while the epoch's refusals are not written; from then on they bind a retry.
        They are those of the given generation, or of the present one.
        """
        generation = self.generation() if generation is None else generation
        snapshot = self.refused.snapshot()
        if snapshot.last(admission_of(generation)) < epoch:
            return None
        named, only = ["_position", "_row", "reason"], {EPOCH: (epoch, epoch)}
        rows = rows_of(snapshot, generation, named, only)
        unreadable = rows.filter(pl.col("reason") == Reason.UNREADABLE.value)
        return dict(unreadable.group_by("_position").agg(pl.min("_row")).collect().iter_rows())
