"""Rows of a snapshot as Parquet objects, named by their content."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

import polars as pl

from pipeline_platform.contracts.source_tables import SourceTable
from pipeline_platform.errors import Abort
from pipeline_platform.ports.object_store import ObjectStore


@dataclass(frozen=True)
class Part:
    """One object: its key in the store, and its bytes."""

    key: str
    bytes: int


class Parts:
    """The objects of one table's snapshots; equal rows are stored once."""

    def __init__(self, table: SourceTable, store: ObjectStore) -> None:
        self._table, self._store = table, store

    def write(self, rows: pl.DataFrame) -> Part:
        """Store the rows unless they are there already."""
        sink = BytesIO()
        rows.write_parquet(sink, compression="zstd", compression_level=1, statistics=False)
        data = sink.getvalue()
        key = f"snapshots/{self._table.name}/parts/{hashlib.sha256(data).hexdigest()}.parquet"
        self._store.put_if_absent(key, data)
        return Part(key, len(data))

    def read(self, key: str) -> pl.DataFrame:
        """The rows of one object; Abort when it was removed."""
        try:
            with self._store.open(key) as file:
                return pl.read_parquet(BytesIO(file.read()))
        except FileNotFoundError:
            raise Abort(
                "an object of a snapshot is missing",
                where=key,
                known=f"snapshots of {self._table.name} in {self._table.ledger} name it",
                remedy="restore the object from a backup of the landing store",
            ) from None


def content_of(keys: Iterable[str]) -> str:
    """One hash over objects whose keys name their content."""
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()
