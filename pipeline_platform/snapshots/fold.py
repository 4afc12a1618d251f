"""Folding snapshots into current rows and history, in bounded memory."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from pipeline_platform.contracts.source_tables import SourceTable
from pipeline_platform.errors import CommitConflict, ContractChanged
from pipeline_platform.lake.schema import spark_type
from pipeline_platform.lake.shape import empty_frame
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.writer import StagedFile, Staging
from pipeline_platform.snapshots.buckets import Buckets
from pipeline_platform.snapshots.ledger import Entry, SnapshotLedger
from pipeline_platform.snapshots.parts import Parts
from pipeline_platform.snapshots.report import Folded, Report, SnapshotProgress
from pipeline_platform.snapshots.serving import ServingTables, batches, folded
from pipeline_platform.snapshots.versions import Counts, Versions

ATTEMPTS = 5
BUCKET_ROWS = 200_000
BUCKET_BYTES = 16 << 20  # compressed, as a snapshot's objects are
BUFFER_BYTES = 32 << 20
_HISTORY = "history"


@dataclass
class _Done:
    """What one pass over the buckets staged and counted."""

    counts: Counts = field(default_factory=Counts)
    emptied: int = 0
    current: list[StagedFile] = field(default_factory=list)
    history: list[StagedFile] = field(default_factory=list)


@dataclass(frozen=True)
class Folder:
    """Folds the snapshots of one table."""

    table: SourceTable
    parts: Parts
    ledger: SnapshotLedger
    serving: ServingTables
    report: Report | None = None
    bucket_rows: int = BUCKET_ROWS

    def fold(self) -> Folded:
        """Everything that is not folded yet; begun anew when another process was faster."""
        for _ in range(ATTEMPTS - 1):
            try:
                return self._attempt()
            except CommitConflict:
                continue
        return self._attempt()

    def _attempt(self) -> Folded:
        history = self.serving.history.snapshot()
        last = folded(history, self.table)
        entries, pending = self._pending(last)
        if not pending:
            self.serving.show(last)
            return self._folded(Counts(), 0, 0, last)
        current = self.serving.current.snapshot()
        done = self._staged(history, pending)
        metadata = self._metadata(entries[-1])
        try:
            self.serving.history.replace(done.history, read=history, window=None, metadata=metadata)
        except CommitConflict:
            self.serving.history.discard(done.history)
            self.serving.current.discard(done.current)
            raise
        self.serving.put(done.current, current, metadata)
        return self._folded(done.counts, len(pending), done.emptied, entries[-1].number)

    def _pending(self, last: int) -> tuple[list[Entry], list[Entry]]:
        """The snapshots after `last`, and those of them that differ from the one before."""
        entries = self.ledger.after(last - 1)
        before = entries.pop(0).content if last else None
        pending: list[Entry] = []
        for entry in entries:
            if entry.content != before:
                pending.append(entry)
            before = entry.content
        return entries, pending

    def _staged(self, history: Snapshot, pending: Sequence[Entry]) -> _Done:
        serving, done = self.serving, _Done()
        with (
            tempfile.TemporaryDirectory(prefix="snapshots-") as folder,
            serving.current.stage(serving.schema, buffer_bytes=BUFFER_BYTES) as current,
            serving.history.stage(serving.history_schema, buffer_bytes=BUFFER_BYTES) as past,
        ):
            buckets = Buckets(Path(folder), self.table.key, self._count(history, pending))
            buckets.scatter(_HISTORY, batches(history), self._telling("sort"))
            for entry in pending:
                buckets.scatter(str(entry.number), self._rows(entry), self._telling("sort"))
            tell = self._telling("fold")
            for bucket in range(buckets.count):
                tell(self._follow(buckets, bucket, pending, current, past, done))
            done.current, done.history = current.finish(), past.finish()
        done.emptied = sum(entry.rows == 0 for entry in pending) if history.num_rows else 0
        return done

    def _follow(
        self,
        buckets: Buckets,
        bucket: int,
        pending: Sequence[Entry],
        current: Staging,
        past: Staging,
        done: _Done,
    ) -> int:
        """Bring one bucket forward and stage it; how many versions it has now."""
        empty = empty_frame(self.serving.schema)
        old = buckets.read(_HISTORY, bucket, empty_frame(self.serving.history_schema))
        versions = Versions(old, self.table.key)
        for entry in pending:
            versions.follow(buckets.read(str(entry.number), bucket, empty), entry.taken_at)
        current.write(versions.current.select(self.serving.schema.names))
        past.write(versions.closed)
        past.write(versions.current)
        done.counts.add(versions.counts)
        return versions.closed.height + versions.current.height

    def _count(self, history: Snapshot, pending: Sequence[Entry]) -> int:
        rows = history.num_rows + max(entry.rows for entry in pending)
        size = max(entry.bytes for entry in pending)
        return max(1, -(-rows // self.bucket_rows), -(-size // BUCKET_BYTES))

    def _rows(self, entry: Entry) -> Iterator[pl.DataFrame]:
        for key in entry.parts:
            yield aligned(self.parts.read(key), self.serving.schema, str(self.table.current))

    def _telling(self, stage: str) -> Any:
        done = 0

        def tell(rows: int) -> None:
            nonlocal done
            done += rows
            if self.report:
                self.report(SnapshotProgress(self.table.name, stage, done))

        return tell

    def _metadata(self, entry: Entry) -> dict[str, Any]:
        return {
            "snapshot": entry.number,
            "taken_at": entry.taken_at.isoformat(),
            "key": list(self.table.key),
        }

    def _folded(self, counts: Counts, snapshots: int, emptied: int, last: int) -> Folded:
        current, history = self.serving.current.snapshot(), self.serving.history.snapshot()
        return Folded(
            snapshots=snapshots,
            opened=counts.opened,
            changed=counts.changed,
            closed=counts.closed,
            current_rows=current.num_rows,
            history_rows=history.num_rows,
            current_version=current.version,
            history_version=history.version,
            emptied=emptied,
            last=last,
        )


def aligned(rows: pl.DataFrame, schema: pa.Schema, where: str) -> pl.DataFrame:
    """Rows of an older contract with the columns of today's, NULL where they are new."""
    wanted = empty_frame(schema).schema
    for name, kind in wanted.items():
        if name not in rows.columns:
            rows = rows.with_columns(pl.lit(None, kind).alias(name))
        elif rows.schema[name] != kind:
            raise ContractChanged(
                f"column {name} had another type in an earlier snapshot",
                where=where,
                known=f"{rows.schema[name]} then, {spark_type(schema.field(name).type)} now",
                remedy="declare the former type, fold, and give the new type another column",
            )
    return rows.select(list(wanted))
