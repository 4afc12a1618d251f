"""Staging: frames of many days in, Parquet files per partition out, in bounded memory."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from typing import Any
from uuid import uuid4

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline_platform.lake.encoding import writer_options
from pipeline_platform.lake.files import Files
from pipeline_platform.lake.shape import Shape
from pipeline_platform.lake.statistics import statistics_json

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
OPEN_FILES = 400
ROW_GROUP = 1_000_000
_SMALL = 1 << 16  # bytes
_MEASURED_EVERY = 8
_COLUMN_OVERHEAD = 512  # bytes a buffered column costs beyond its values


@dataclass(frozen=True)
class StagedFile:
    """A data file that no commit names yet.

    `path` is relative to the table, `size` in bytes, `partition` the day (None for a null
    day and for tables without partitions), `statistics` Delta's JSON.
    """

    path: str
    size: int
    partition: date | None
    rows: int
    statistics: str
    schema: pa.Schema


@dataclass
class _Open:
    path: str
    sink: pa.NativeFile
    writer: pq.ParquetWriter
    footers: list[pq.FileMetaData]
    nan: set[str] = field(default_factory=set)


class Staging:
    """Writes frames to files that stay invisible until a commit names them.

    Holds at most about twice `buffer_bytes`; when more is buffered, the largest partitions
    are written as row groups. Leaving the context by an error deletes what was staged.
    """

    def __init__(
        self,
        files: Files,
        schema: pa.Schema,
        partition_by: str | None,
        *,
        where: str,
        buffer_bytes: int = 128 << 20,
        threads: int = 2,
    ) -> None:
        self._files, self._where, self._schema = files, where, schema
        self._partition_by = partition_by
        self._shape = Shape(schema, partition_by, where)
        self._slice, self._limit = buffer_bytes // 4, buffer_bytes
        self._measured, self._row_bytes = 0, 0.0
        self._pending: list[pl.DataFrame] = []
        self._pending_bytes = 0
        self._parts: dict[date | None, list[pa.Table]] = {}
        self._sizes: dict[date | None, int] = {}
        self._open: dict[date | None, _Open] = {}
        self._options: dict[str, Any] = {}
        self._staged: list[StagedFile] = []
        self._paths: list[str] = []
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="staging")

    def __enter__(self) -> "Staging":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.abort()
        self._pool.shutdown()

    def write(self, frame: pl.DataFrame | pa.Table | pa.RecordBatch) -> None:
        """Add rows; columns may come in any order but exactly in the table's types.

        Raises WriteRefused when a column is missing, unknown or of another type, or when a
        required column holds a null.
        """
        rows = self._shape.checked(frame)
        size = self._size(rows)
        step = max(1, rows.height * self._slice // max(1, size))
        for start in range(0, rows.height, step):
            part = rows.slice(start, step)
            self._pending.append(part)
            self._pending_bytes += size * part.height // rows.height
            if self._pending_bytes >= self._slice:
                self._distribute()

    def _size(self, rows: pl.DataFrame) -> int:
        """Bytes of the rows, by the widest rows so far: to count them all takes long."""
        if rows.height and self._measured % _MEASURED_EVERY == 0:
            width = rows.estimated_size() / rows.height
            self._row_bytes = max(self._row_bytes, width)
        self._measured += 1 if rows.height else 0
        return int(self._row_bytes * rows.height) + rows.width * rows.n_chunks() * _COLUMN_OVERHEAD

    def finish(self) -> list[StagedFile]:
        """Write what is buffered, close and sync every file; the files, ready to commit."""
        self._distribute()
        self._each(self._finish_partition, [*self._open, *(self._parts.keys() - self._open)])
        self._files.sync_folders(self._paths)
        return sorted(self._staged, key=lambda staged: staged.path)

    def abort(self) -> None:
        """Delete every file staged so far; what a commit names must not be aborted."""
        self._pool.shutdown(cancel_futures=True)
        for opened in self._open.values():
            with suppress(OSError, pa.ArrowException):
                opened.writer.close()
            opened.sink.close()
        self._files.delete(self._paths)
        self._open, self._staged, self._paths = {}, [], []
        self._pending, self._parts, self._sizes, self._pending_bytes = [], {}, {}, 0

    def _distribute(self) -> None:
        """Cut the pending frames by partition; write the largest when the buffer is full."""
        if not self._pending:
            return
        frame = pl.concat(self._pending, rechunk=False)
        self._pending, self._pending_bytes = [], 0
        for value, part in _partitions(frame, self._partition_by):
            table = self._shape.stored(part)
            self._keep(value, table)
        if sum(self._sizes.values()) > self._limit:
            self._flush_largest()

    def _keep(self, value: date | None, table: pa.Table) -> None:
        """Buffer rows of one partition; small pieces are joined, as each costs memory."""
        pieces, size = self._parts.setdefault(value, []), self._sizes.get(value, 0)
        if pieces and pieces[-1].nbytes < _SMALL:
            last = pieces.pop()
            size -= last.nbytes + last.num_columns * _COLUMN_OVERHEAD
            table = pa.concat_tables([last, table]).combine_chunks()
        pieces.append(table)
        self._sizes[value] = size + table.nbytes + table.num_columns * _COLUMN_OVERHEAD

    def _flush_largest(self) -> None:
        """Write the largest partitions until half of the buffer is free."""
        while (excess := sum(self._sizes.values()) - self._limit // 2) > 0:
            chosen: list[date | None] = []
            by_size = sorted(self._sizes, key=lambda value: self._sizes[value], reverse=True)
            for value in by_size[:OPEN_FILES]:
                if excess <= 0:
                    break
                chosen.append(value)
                excess -= self._sizes[value]
            crowded = len(self._open.keys() | set(chosen)) - OPEN_FILES
            idle = [value for value in self._open if value not in chosen]
            self._each(self._close, idle[: max(0, crowded)])
            self._each(self._write_partition, chosen)

    def _each(self, work: Callable[[date | None], None], values: Iterable[date | None]) -> None:
        for _ in self._pool.map(work, values):
            pass

    def _finish_partition(self, value: date | None) -> None:
        if value in self._parts:
            self._write_partition(value)
        self._close(value)

    def _write_partition(self, value: date | None) -> None:
        rows = pa.concat_tables(self._parts.pop(value))
        self._sizes.pop(value)
        if value not in self._open:
            self._open[value] = self._new(value, rows)
        opened = self._open[value]
        opened.nan.update(self._shape.with_nan(rows))
        opened.writer.write_table(rows, row_group_size=ROW_GROUP)

    def _new(self, value: date | None, rows: pa.Table) -> _Open:
        folder = f"{self._partition_by}={value or NULL_PARTITION}/" if self._partition_by else ""
        path = f"{folder}part-{uuid4()}.parquet"
        self._paths.append(path)
        sink, footers = self._files.create(path), list[pq.FileMetaData]()
        self._options = self._options or writer_options(rows)
        writer = pq.ParquetWriter(sink, rows.schema, metadata_collector=footers, **self._options)
        return _Open(path, sink, writer, footers)

    def _close(self, value: date | None) -> None:
        opened = self._open.pop(value)
        opened.writer.close()
        opened.sink.close()
        self._files.sync_file(opened.path)
        footer = opened.footers[0]
        statistics = statistics_json(footer, self._schema, opened.nan)
        size = self._files.size(opened.path)
        self._staged.append(
            StagedFile(opened.path, size, value, footer.num_rows, statistics, self._schema)
        )


def _partitions(frame: pl.DataFrame, by: str | None) -> list[tuple[date | None, pl.DataFrame]]:
    if by is None:
        return [(None, frame)]
    days = frame[by]
    if not days.null_count() and days.min() == days.max():
        return [(days[0], frame)]
    return [(key[0], part) for key, part in frame.partition_by(by, as_dict=True).items()]
