"""One change of a table, tried once as the version after a held one."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import polars as pl
import pyarrow as pa
from deltalake import CommitProperties, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.schema import Schema as DeltaSchema
from deltalake.transaction import AddAction, RemoveAction

from pipeline_platform.lake.schema import delta_json
from pipeline_platform.lake.snapshot import METADATA, Snapshot
from pipeline_platform.lake.writer import StagedFile

Filters = list[tuple[str, str, str]]


@dataclass(frozen=True)
class Change:
    """Files that come and go in one commit, with what the commit says of itself.

    `remove` names files of the table; `overwrite` lets the added files be all rows of the
    partitions that it selects ([]: of the table). `data_change=False` promises other
    readers that the rows stay the same. `schema` is what the table has from then on.
    """

    add: Sequence[StagedFile] = ()
    remove: frozenset[str] = frozenset()
    transactions: Sequence[tuple[str, int]] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    overwrite: Filters | None = None
    data_change: bool = True
    schema: pa.Schema | None = None

    def commit(self, base: Snapshot) -> bool:
        """Commit as the version after `base`; whether nobody else took that version.

        `max_commit_retries=0` makes it a compare-and-swap: Delta's own conflict check lets
        an overwrite pass rows that were appended to its partitions meanwhile.
        """
        properties = CommitProperties(
            custom_metadata={METADATA: dict(self.metadata)},
            max_commit_retries=0,
            app_transactions=[Transaction(*each) for each in self.transactions] or None,
        )
        try:
            base.table.create_write_transaction(
                [*self._adds(base), *self._removes(base)],
                "append" if self.overwrite is None else "overwrite",
                self._columns(base),
                partition_by=base.partition_by,
                partition_filters=self.overwrite or None,
                commit_properties=properties,
            )
        except CommitFailedError:
            return False
        return True

    def _columns(self, base: Snapshot) -> DeltaSchema:
        if self.schema is None:
            return base.table.schema()
        return DeltaSchema.from_json(delta_json(self.schema))

    def _adds(self, base: Snapshot) -> Iterator[AddAction]:
        now = time.time_ns() // 1_000_000
        for file in self.add:
            day = file.partition.isoformat() if file.partition else None
            values: dict[str, str | None] = {base.partition_by: day} if base.partition_by else {}
            yield AddAction(file.path, file.size, values, now, self.data_change, file.statistics)

    def _removes(self, base: Snapshot) -> Iterator[RemoveAction]:
        """(Delta encodes a path as it writes an action, so a listed one is decoded first.)"""
        if not self.remove:
            return
        now = time.time_ns() // 1_000_000
        key = f"partition.{base.partition_by}"
        gone = base.files.filter(pl.col("path").is_in(list(self.remove)))
        for row in gone.iter_rows(named=True):
            day = row[key].isoformat() if row.get(key) else None
            values: dict[str, str | None] = {base.partition_by: day} if base.partition_by else {}
            path, size = unquote(row["path"]), row["size_bytes"]
            yield RemoveAction(path, self.data_change, now, size, values)
