"""Taking a snapshot: chunks to objects while reading, then one row of the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from pipeline_platform.contracts.source_tables import SourceTable
from pipeline_platform.errors import Abort, CommitConflict
from pipeline_platform.ports.clock import Clock
from pipeline_platform.ports.database import Chunk, Database
from pipeline_platform.snapshots.frames import Frames
from pipeline_platform.snapshots.ledger import Entry, SnapshotLedger
from pipeline_platform.snapshots.parts import Parts, content_of
from pipeline_platform.snapshots.report import Report, SnapshotProgress, Taken

ATTEMPTS = 3
_LEAST = timedelta(microseconds=1)


@dataclass(frozen=True)
class Taker:
    """Takes snapshots of one table."""

    table: SourceTable
    database: Database
    parts: Parts
    ledger: SnapshotLedger
    clock: Clock
    report: Report | None = None

    def take(self) -> Taken:
        """The next snapshot, or the last one where nothing has changed since.

        The source is read anew when somebody read later and was written first.
        """
        for _ in range(ATTEMPTS):
            taken = self._attempt()
            if taken is not None:
                return taken
        raise CommitConflict(
            "others wrote later snapshots while this one was read, each time",
            where=str(self.table.ledger),
            known=f"{ATTEMPTS} attempts",
            remedy="use their snapshot, or try again",
        )

    def _attempt(self) -> Taken | None:
        before = self.ledger.last()
        entry = self._read()
        while True:
            last = self.ledger.last()
            if last != before and last is not None and last.taken_at >= entry.taken_at:
                return None
            if last is not None and _same(entry, last):
                return _taken(last, unchanged=True)
            numbered = _numbered(entry, last)
            if self.ledger.add(numbered):
                return _taken(numbered, unchanged=False)

    def _read(self) -> Entry:
        """All rows in the store; the entry lacks its number."""
        with self.database.snapshot(self.table) as chunks:
            taken_at = self.clock()
            keys, size, rows = self._store(chunks)
        return Entry(0, taken_at, rows, keys, size, content_of(keys), self.table.fingerprint)

    def _store(self, chunks: Iterable[Chunk]) -> tuple[tuple[str, ...], int, int]:
        frames = Frames(self.table)
        keys, size, rows = list[str](), 0, 0
        for chunk in chunks:
            frame = frames.frame(chunk)
            self._refuse_repeated(frame)
            part = self.parts.write(frame)
            keys.append(part.key)
            size, rows = size + part.bytes, rows + frame.height
            if self.report:
                self.report(SnapshotProgress(self.table.name, "read", rows))
        return tuple(keys), size, rows

    def _refuse_repeated(self, rows: pl.DataFrame) -> None:
        key = rows.select(self.table.key)
        repeated = key.is_duplicated()
        if repeated.any():
            personal = any(self.table.column(name).personal for name in self.table.key)
            raise Abort(
                f"key ({', '.join(self.table.key)}) is not a key: several rows share one",
                where=self.table.name,
                known="not shown, as it is personal"
                if personal
                else f"for example {key.filter(repeated).row(0)!r}",
                remedy="declare the columns that identify a row of the table",
            )


def _numbered(entry: Entry, last: Entry | None) -> Entry:
    if last is None:
        return replace(entry, number=1)
    at: datetime = max(entry.taken_at, last.taken_at + _LEAST)
    return replace(entry, number=last.number + 1, taken_at=at)


def _same(entry: Entry, last: Entry) -> bool:
    return (last.content, last.contract) == (entry.content, entry.contract)


def _taken(entry: Entry, *, unchanged: bool) -> Taken:
    number, at, rows = entry.number, entry.taken_at, entry.rows
    return Taken(number, at, rows, len(entry.parts), entry.bytes, unchanged)
