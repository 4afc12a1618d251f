"""The ledger of a table's snapshots: one row each, written once."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from pipeline_platform.contracts.source_tables import LEDGER
from pipeline_platform.lake.schema import columns_schema
from pipeline_platform.lake.shape import empty_frame
from pipeline_platform.lake.table import LakeTable

APP = "snapshot"
SCHEMA = columns_schema(LEDGER)


@dataclass(frozen=True)
class Entry:
    """One snapshot; see the ledger's columns."""

    number: int
    taken_at: datetime
    rows: int
    parts: tuple[str, ...]
    bytes: int
    content: str
    contract: str


class SnapshotLedger:
    """The snapshots of one table, by number."""

    def __init__(self, table: LakeTable) -> None:
        self.table = table

    def ensure(self) -> None:
        """Create the ledger's table unless it exists."""
        self.table.ensure(SCHEMA, None, "Snapshots of an operational table.")

    def after(self, number: int) -> list[Entry]:
        """The snapshots after `number`, in order."""
        rows = self.table.snapshot().frame(between={"number": (number + 1, None)})
        return [_entry(row) for row in rows.sort("number").collect().iter_rows(named=True)]

    def last(self) -> Entry | None:
        """The newest snapshot, or None."""
        head = self.table.snapshot().transaction_version(APP)
        return self.after(head - 1)[0] if head else None

    def add(self, entry: Entry) -> bool:
        """Write the snapshot down; False, and nothing written, when its number is taken."""
        row = {name: getattr(entry, name) for name in SCHEMA.names} | {"parts": list(entry.parts)}
        with self.table.stage(SCHEMA) as staging:
            staging.write(pl.DataFrame([row], schema=empty_frame(SCHEMA).schema, orient="row"))
            files = staging.finish()
        return not self.table.append(files, transaction=(APP, entry.number)).already


def _entry(row: dict[str, Any]) -> Entry:
    at = row.pop("taken_at").astimezone(UTC)
    return Entry(taken_at=at, parts=tuple(row.pop("parts")), **row)
