"""Snapshots of one operational table: taken into raw, folded into serving."""

from pipeline_platform.contracts.source_tables import SourceTable
from pipeline_platform.lake.lake import Lake
from pipeline_platform.ports.clock import Clock
from pipeline_platform.ports.database import Database
from pipeline_platform.ports.object_store import ObjectStore
from pipeline_platform.snapshots.report import Folded, Report, Taken


class Snapshots:
    """The snapshots of one table; any number of processes may take and fold them."""

    def __init__(
        self,
        table: SourceTable,
        *,
        database: Database,
        store: ObjectStore,
        lake: Lake,
        clock: Clock,
    ) -> None:
        self.table = table
        self._database, self._store, self._lake, self._clock = database, store, lake, clock

    def take(self, report: Report | None = None) -> Taken:
        """Read the table as it is now into raw, as the next snapshot."""
        raise NotImplementedError

    def fold(self, report: Report | None = None) -> Folded:
        """Bring current rows and history up to the last snapshot."""
        raise NotImplementedError
