"""The tables that a fold writes: current rows, and the history that they follow."""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from pipeline_platform.contracts.source_tables import IS_CURRENT, VERSION, SourceTable
from pipeline_platform.errors import Abort, CommitConflict, ContractChanged
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import columns_schema
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.writer import StagedFile

BATCH_ROWS = 200_000
_VALIDITY = columns_schema(VERSION)


class ServingTables:
    """`serving.<name>` and `serving.<name>__history`.

    The history is committed first and decides; the current rows follow from it, so that a
    process that dies between the two leaves nothing that the next fold does not mend.
    """

    def __init__(self, table: SourceTable, lake: Lake) -> None:
        self._table = table
        self.current, self.history = lake.table(table.current), lake.table(table.history)
        self.schema = columns_schema(table.table_columns)
        self.history_schema = pa.schema([*self.schema, *_VALIDITY])

    def ensure(self) -> None:
        """Create both, or add new columns; ContractChanged for what does not fit."""
        self.history.ensure(self.history_schema, None, f"All versions of {self._table.name}.")
        self.current.ensure(self.schema, None, f"{self._table.name} at its last snapshot.")

    def put(self, files: Sequence[StagedFile], read: Snapshot, metadata: dict[str, Any]) -> None:
        """Let the files be the current rows, unless a later fold has been there."""
        try:
            self.current.replace(files, read=read, window=None, metadata=metadata)
        except CommitConflict:
            self.current.discard(files)
        self.show(metadata["snapshot"])

    def show(self, number: int) -> None:
        """Bring the current rows to the history's last fold, which is at least `number`."""
        while True:
            current, history = self.current.snapshot(), self.history.snapshot()
            last = folded(history, self._table)
            if folded(current, self._table) >= max(last, number):
                return
            files = self._from_history(history)
            said = said_of(history)
            try:
                self.current.replace(files, read=current, window=None, metadata=said)
            except CommitConflict:
                self.current.discard(files)

    def _from_history(self, history: Snapshot) -> list[StagedFile]:
        with self.current.stage(self.schema) as staging:
            for batch in batches(history):
                rows = batch.filter(IS_CURRENT).select(self.schema.names)
                if rows.height:
                    staging.write(rows)
            return staging.finish()


def batches(snapshot: Snapshot) -> Iterator[pl.DataFrame]:
    """All rows, some at a time: `collect_batches` reads ahead without end of a slow reader."""
    rows = snapshot.frame()
    for start in range(0, snapshot.num_rows, BATCH_ROWS):
        yield rows.slice(start, BATCH_ROWS).collect()


def said_of(snapshot: Snapshot) -> dict[str, Any]:
    """What the newest fold said of its commit; {} where nothing was folded."""
    said = (commit.metadata for commit in snapshot.commits())
    return next((metadata for metadata in said if "snapshot" in metadata), {})


def folded(snapshot: Snapshot, table: SourceTable) -> int:
    """The number of the last snapshot folded into this version, 0 if none.

    Raises ContractChanged when it was folded by another key, Abort when rows stand there
    that no fold wrote.
    """
    said = said_of(snapshot)
    if said and said["key"] != list(table.key):
        raise ContractChanged(
            f"the key was ({', '.join(said['key'])}), is ({', '.join(table.key)})",
            where=str(table.history),
            known="versions of rows are told apart by the key",
            remedy="keep the key, or declare the table under another name",
        )
    if not said and snapshot.num_rows:
        raise Abort(
            "the table holds rows, and its log does not say of which snapshot",
            where=snapshot.uri,
            known="a fold writes the snapshot's number into its commit",
            remedy="move the table away; all snapshots are folded anew",
        )
    return int(said.get("snapshot", 0))
