"""One change of a table, tried once as the version after a held one."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

import polars as pl
import pyarrow as pa
from deltalake import __version__ as _DELTALAKE

from pipeline_platform.lake.log import METADATA, Log
from pipeline_platform.lake.schema import delta_json
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.writer import StagedFile


@dataclass(frozen=True)
class Change:
    """Files that come and go in one commit, with what the commit says of itself.

    `remove` names files of the table, as its log does. `data_change=False` promises other
    readers that the rows stay the same. `schema` is what the table has from then on.
    """

    add: Sequence[StagedFile] = ()
    remove: frozenset[str] = frozenset()
    transactions: Sequence[tuple[str, int]] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    data_change: bool = True
    schema: pa.Schema | None = None

    def commit(self, base: Snapshot) -> bool:
        """Commit durably as the version after `base`; whether nobody else took that version.

        A compare-and-swap on the version. It is written here, as deltalake lists the whole
        log several times per commit, which at 10 commits a second soon takes all the time.
        """
        return Log(base.uri).put(base.version + 1, self._actions(base))

    def _actions(self, base: Snapshot) -> Iterator[dict[str, Any]]:
        now = time.time_ns() // 1_000_000
        yield {"commitInfo": self._information(base, now)}
        if self.schema is not None:
            yield {"metaData": base.base.metadata | {"schemaString": delta_json(self.schema)}}
        for app, number in self.transactions:
            yield {"txn": {"appId": app, "version": number, "lastUpdated": now}}
        yield from self._adds(base, now)
        yield from self._removes(base, now)

    def _information(self, base: Snapshot, now: int) -> dict[str, Any]:
        partitions = f'["{base.partition_by}"]' if base.partition_by else "[]"
        mode = "Overwrite" if self.remove and self.data_change else "Append"
        return {
            "timestamp": now,
            "operation": "WRITE",
            "operationParameters": {"mode": mode, "partitionBy": partitions},
            "engineInfo": f"delta-rs:py-{_DELTALAKE}",
            METADATA: dict(self.metadata),
        }

    def _adds(self, base: Snapshot, now: int) -> Iterator[dict[str, Any]]:
        for file in self.add:
            yield {
                "add": {
                    "path": quote(file.path, safe="/=-_.~"),
                    "partitionValues": _values(base, file.partition),
                    "size": file.size,
                    "modificationTime": now,
                    "dataChange": self.data_change,
                    "stats": file.statistics,
                }
            }

    def _removes(self, base: Snapshot, now: int) -> Iterator[dict[str, Any]]:
        if not self.remove:
            return
        gone = base.files.filter(pl.col("path").is_in(list(self.remove)))
        for row in gone.iter_rows(named=True):
            yield {
                "remove": {
                    "path": row["path"],
                    "deletionTimestamp": now,
                    "dataChange": self.data_change,
                    "extendedFileMetadata": True,
                    "partitionValues": _values(base, row.get(f"partition.{base.partition_by}")),
                    "size": row["size_bytes"],
                }
            }


def _values(base: Snapshot, day: date | None) -> dict[str, str | None]:
    if base.partition_by is None:
        return {}
    return {base.partition_by: None if day is None else day.isoformat()}
