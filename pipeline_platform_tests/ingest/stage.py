"""A stream on a folder, and tables that crash on command."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline_platform.contracts.epochs import EpochPlan
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.ingest.admission import Admission
from pipeline_platform.ingest.generations import swap_lease
from pipeline_platform.ingest.reprocess import Rebuilt, reprocess
from pipeline_platform.ingest.tables import StreamTables
from pipeline_platform.lake.catalog import load
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.ledger import Ledger
from pipeline_platform.lake.table import Commit, LakeTable
from pipeline_platform.lake.writer import StagedFile
from pipeline_platform.ports.local.lease import FileLeases
from pipeline_platform.ports.local.object_store import FolderStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POINTS = [
    f"{when} {what}"
    for what in ("ledger", "refused", "accounting", "accepted")
    for when in ("before", "after")
]


class Crash(Exception):
    """The process ended here."""


class CrashingTable(LakeTable):
    """A table whose appends end the process before or after they commit."""

    when = ""

    @classmethod
    def of(cls, table: LakeTable, when: str) -> "CrashingTable":
        """The same table, crashing."""
        made = cls.__new__(cls)
        made.__dict__.update(table.__dict__)
        made.when = when
        return made

    def append(self, files: Sequence[StagedFile], **options: Any) -> Commit:
        if self.when == "after":
            super().append(files, **options)
        raise Crash


class CrashingLedger(Ledger):
    """A ledger whose plan ends the process before or after it is written."""

    when = ""

    def plan(self, plan: EpochPlan) -> bool:
        if self.when == "after":
            super().plan(plan)
        raise Crash


class Stage:
    """Landing store, lake and admissions of one stream in a folder."""

    def __init__(self, root: Path, contract: StreamContract, epoch_bytes: int = 1 << 30) -> None:
        self.store, self.lake = FolderStore(root / "landing"), Lake(root / "lake")
        self.contract, self._epoch_bytes = contract, epoch_bytes
        self.leases = FileLeases(root / "leases", lambda: NOW)

    def admission(self, contract: StreamContract | None = None) -> Admission:
        """A fresh admission, as another process would have."""
        return Admission(
            contract or self.contract,
            store=self.store,
            lake=self.lake,
            clock=lambda: NOW,
            epoch_bytes=self._epoch_bytes,
            paused=lambda: self.leases.holder(swap_lease(self.contract.name)) is not None,
        )

    def reprocess(self, contract: StreamContract | None = None, **options: Any) -> Rebuilt:
        """Rebuild under `contract`, as another process would."""
        admission = options.pop("admission", None) or self.admission(contract)
        return reprocess(
            admission, store=self.store, leases=self.leases, clock=lambda: NOW, **options
        )

    def crash(self, point: str) -> bool:
        """Run an admission that ends at `point`; whether it got there."""
        when, what = point.split()
        admission = self.admission()
        admission.tables = _crashing(admission.tables, when, what)
        try:
            admission.run()
        except Crash:
            return True
        return False

    def accepted(self) -> list[tuple[str, int, int | None]]:
        """(id, day of month, n) of every accepted row, sorted."""
        frame = self.lake.table(self.contract.accepted).snapshot().frame(["id", "at", "n", "_day"])
        rows = frame.collect().rows()
        assert all(at.date() == day for _, at, _, day in rows)
        return sorted(((id, at.day, n) for id, at, n, _ in rows), key=str)

    def refused(self) -> Counter[str]:
        """Open refusals by reason."""
        return Counter(load(self.lake, str(self.contract.refused), "polars")["reason"].to_list())


def _crashing(tables: StreamTables, when: str, what: str) -> StreamTables:
    if what == "ledger":
        ledger = CrashingLedger(tables.ledger.table)
        ledger.when = when
        return replace(tables, ledger=ledger)
    crashing: dict[str, Any] = {what: CrashingTable.of(getattr(tables, what), when)}
    return replace(tables, **crashing)
