"""A version of a table as deltalake opened it, read once and kept."""

from functools import cached_property
from typing import Any

import polars as pl
import pyarrow as pa
from deltalake import DeltaTable

from pipeline_platform.errors import CapabilityMissing
from pipeline_platform.lake.schema import from_delta_json

_READS, _WRITES = 1, 2  # versions of Delta's protocol


class Base:
    """An opened version; nothing moves its DeltaTable on.

    Raises CapabilityMissing for a table that asks for features which the lake has not.
    """

    def __init__(
        self, uri: str, version: int | None, options: dict[str, str] | None = None
    ) -> None:
        self.uri, self.options = uri, options
        self._table = DeltaTable(uri, version, options)
        self.version: int = self._table.version()
        self._seen: dict[str, int | None] = {}
        self._refuse_features()

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns in order, the partition column included."""
        return from_delta_json(self._table.schema().to_json())

    @cached_property
    def partitions(self) -> list[str]:
        """The partition columns; tables of the lake have one at most."""
        return list(self._table.metadata().partition_columns)

    @property
    def partition_by(self) -> str | None:
        """The partition column, None for a table without partitions."""
        return self.partitions[0] if self.partitions else None

    @cached_property
    def description(self) -> str:
        """The table's description, or empty."""
        return self._table.metadata().description or ""

    @property
    def metadata(self) -> dict[str, Any]:
        """Delta's `metaData` action but for the schema."""
        found = self._table.metadata()
        return {
            "id": str(found.id),
            "name": found.name,
            "description": found.description,
            "format": {"provider": "parquet", "options": {}},
            "partitionColumns": found.partition_columns,
            "createdTime": found.created_time,
            "configuration": found.configuration,
        }

    @cached_property
    def configuration(self) -> dict[str, str]:
        """The table's properties."""
        return dict(self._table.metadata().configuration)

    @property
    def checkpoint_interval(self) -> int:
        """Commits from one checkpoint to the next."""
        return int(self.configuration.get("delta.checkpointInterval", 100))

    @cached_property
    def files(self) -> pl.DataFrame:
        """One row per data file."""
        return pl.DataFrame(self._table.get_add_actions(flatten=True))

    def transaction_version(self, app: str) -> int | None:
        """The last version that a commit of this application carried."""
        if app not in self._seen:
            self._seen[app] = self._table.transaction_version(app)
        return self._seen[app]

    def _refuse_features(self) -> None:
        protocol = self._table.protocol()
        if protocol.min_reader_version <= _READS and protocol.min_writer_version <= _WRITES:
            return
        raise CapabilityMissing(
            "the table asks for features of Delta that the lake does not have",
            where=self.uri,
            known=f"protocol of readers {protocol.min_reader_version}, of writers "
            f"{protocol.min_writer_version}; the lake has {_READS} and {_WRITES}",
            remedy="copy the table into one that the platform makes",
        )
