"""Snapshots of one operational table: taken into raw, folded into serving."""

from pipeline_platform.contracts.source_tables import SourceTable
from pipeline_platform.lake.lake import Lake
from pipeline_platform.ports.clock import Clock
from pipeline_platform.ports.database import Database
from pipeline_platform.ports.object_store import ObjectStore
from pipeline_platform.snapshots.fold import Folder
from pipeline_platform.snapshots.ledger import SnapshotLedger
from pipeline_platform.snapshots.parts import Parts
from pipeline_platform.snapshots.report import Folded, Report, Taken
from pipeline_platform.snapshots.serving import ServingTables
from pipeline_platform.snapshots.take import Taker


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
        self._database, self._clock = database, clock
        self._parts = Parts(table, store)
        self._ledger = SnapshotLedger(lake.table(table.ledger))
        self._serving = ServingTables(table, lake)

    def take(self, report: Report | None = None) -> Taken:
        """Read the table as it is now into raw, as the next snapshot.

        Nothing is kept unless all of it was read and fits. Raises SourceUnavailable (no
        connection, a lock, the time limit), UnknownName (no such table or column), Abort (a
        value that does not fit, a key that is none), ContractChanged (the columns no longer
        fit the rows already folded), CommitConflict.
        """
        self._ensure()
        taker = Taker(self.table, self._database, self._parts, self._ledger, self._clock, report)
        return taker.take()

    def fold(self, report: Report | None = None) -> Folded:
        """Bring current rows and history up to the last snapshot; the source is not asked.

        Snapshots equal to the one before them commit nothing. Raises ContractChanged,
        CommitConflict.
        """
        self._ensure()
        return Folder(self.table, self._parts, self._ledger, self._serving, report).fold()

    def _ensure(self) -> None:
        self._serving.ensure()
        self._ledger.ensure()
