"""Staging: frames of many days in, Parquet files per partition out, in bounded memory."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from uuid import uuid4

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline_platform.errors import WriteRefused
from pipeline_platform.lake.files import Files
from pipeline_platform.lake.statistics import statistics_json

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
OPEN_FILES = 64
ROW_GROUP = 1_000_000
_COMPRESSION = "snappy"
_COLUMN_OVERHEAD = 256  # bytes a buffered column costs beyond its values


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
    writer: pq.ParquetWriter
    sink: pa.NativeFile
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
        self._stored = pa.schema([f for f in schema if f.name != partition_by])
        self._frame_schema = _frame_schema(schema)
        self._required = [f.name for f in schema if not f.nullable]
        self._floats = [f.name for f in self._stored if pa.types.is_floating(f.type)]
        self._limit = buffer_bytes
        self._pending: list[pl.DataFrame] = []
        self._pending_bytes = 0
        self._parts: dict[date | None, list[pl.DataFrame]] = {}
        self._sizes: dict[date | None, int] = {}
        self._open: dict[date | None, _Open] = {}
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
        rows = self._checked(_as_frame(frame))
        if not rows.height:
            return
        self._pending.append(rows)
        self._pending_bytes += _footprint(rows)
        if self._pending_bytes > self._limit // 4:
            self._distribute()
            if sum(self._sizes.values()) > self._limit:
                self._flush_largest()

    def finish(self) -> list[StagedFile]:
        """Write what is buffered, close and sync every file; the files, ready to commit."""
        self._distribute()
        self._each(self._finish_partition, [*self._open, *(self._parts.keys() - self._open)])
        self._files.sync(staged.path for staged in self._staged)
        self._pool.shutdown()
        return sorted(self._staged, key=lambda staged: staged.path)

    def abort(self) -> None:
        """Delete every file staged so far; what a commit names must not be aborted."""
        for opened in self._open.values():
            opened.writer.close()
            opened.sink.close()
        self._files.delete(self._paths)
        self._open, self._staged, self._paths = {}, [], []
        self._pending, self._parts, self._sizes, self._pending_bytes = [], {}, {}, 0

    def _checked(self, frame: pl.DataFrame) -> pl.DataFrame:
        if dict(frame.schema) != self._frame_schema:
            raise _refusal(_frame_differences(frame, self._frame_schema), self._where)
        empty = [name for name in self._required if frame[name].null_count()]
        if empty:
            raise _refusal([f"{name} is required and holds nulls" for name in empty], self._where)
        return frame.select(list(self._frame_schema))

    def _distribute(self) -> None:
        """Cut the pending frames by partition."""
        if not self._pending:
            return
        frame = pl.concat(self._pending, rechunk=False)
        self._pending, self._pending_bytes = [], 0
        for value, part in _partitions(frame, self._partition_by):
            self._parts.setdefault(value, []).append(part)
            self._sizes[value] = self._sizes.get(value, 0) + _footprint(part)

    def _flush_largest(self) -> None:
        """Write the largest partitions until half of the buffer is free."""
        excess = sum(self._sizes.values()) - self._limit // 2
        chosen: list[date | None] = []
        for value in sorted(self._sizes, key=lambda value: self._sizes[value], reverse=True):
            if excess <= 0 or len(chosen) == OPEN_FILES:
                break
            chosen.append(value)
            excess -= self._sizes[value]
        crowded = len(self._open.keys() | set(chosen)) - OPEN_FILES
        idle = [value for value in self._open if value not in chosen]
        self._each(self._close, idle[: max(0, crowded)])
        for value in chosen:
            self._open[value] = self._open.pop(value) if value in self._open else self._new(value)
        self._each(self._write_partition, chosen)

    def _each(self, work: Callable[[date | None], None], values: Iterable[date | None]) -> None:
        for _ in self._pool.map(work, values):
            pass

    def _finish_partition(self, value: date | None) -> None:
        if value not in self._open:
            self._open[value] = self._new(value)
        if value in self._parts:
            self._write_partition(value)
        self._close(value)

    def _new(self, value: date | None) -> _Open:
        name = f"part-{uuid4()}.parquet"
        folder = f"{self._partition_by}={value or NULL_PARTITION}/" if self._partition_by else ""
        self._paths.append(folder + name)
        sink = self._files.create(folder + name)
        footers: list[pq.FileMetaData] = []
        writer = pq.ParquetWriter(
            sink,
            _large(self._stored),
            compression=_COMPRESSION,
            store_schema=False,
            metadata_collector=footers,
        )
        return _Open(folder + name, writer, sink, footers)

    def _write_partition(self, value: date | None) -> None:
        opened, frame = self._open[value], pl.concat(self._parts.pop(value), rechunk=True)
        self._sizes.pop(value)
        opened.nan.update(name for name in self._floats if frame[name].is_nan().any())
        columns = [field.name for field in self._stored]
        table = frame.select(columns).to_arrow().cast(opened.writer.schema)
        opened.writer.write_table(table, row_group_size=ROW_GROUP)

    def _close(self, value: date | None) -> None:
        opened = self._open.pop(value)
        opened.writer.close()
        opened.sink.close()
        footer = opened.footers[0]
        statistics = statistics_json(footer, self._stored, opened.nan)
        size = self._files.size(opened.path)
        self._staged.append(
            StagedFile(opened.path, size, value, footer.num_rows, statistics, self._schema)
        )


def _as_frame(rows: pl.DataFrame | pa.Table | pa.RecordBatch) -> pl.DataFrame:
    if isinstance(rows, pl.DataFrame):
        return rows
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _frame_schema(schema: pa.Schema) -> dict[str, pl.DataType]:
    return dict(_as_frame(schema.empty_table()).schema)


def _frame_differences(frame: pl.DataFrame, wanted: dict[str, pl.DataType]) -> list[str]:
    beyond = [f"{name} is not a column" for name in frame.columns if name not in wanted]
    missing = [f"{name} is missing" for name in wanted if name not in frame.columns]
    return [*beyond, *missing] + [
        f"{name} is {frame.schema[name]}, not {kind}"
        for name, kind in wanted.items()
        if name in frame.schema and frame.schema[name] != kind
    ]


def _refusal(differences: Sequence[str], where: str) -> WriteRefused:
    return WriteRefused(
        "the rows do not have the table's columns",
        where=where,
        known="; ".join(differences),
        remedy="cast and name the columns as the table declares them",
    )


def _partitions(frame: pl.DataFrame, by: str | None) -> list[tuple[date | None, pl.DataFrame]]:
    if by is None:
        return [(None, frame)]
    days = frame[by]
    if not days.null_count() and days.min() == days.max():
        return [(days[0], frame)]
    parts = frame.partition_by(by, as_dict=True, maintain_order=True)
    return [(key[0], part) for key, part in parts.items()]


def _footprint(frame: pl.DataFrame) -> int:
    return int(frame.estimated_size()) + frame.width * frame.n_chunks() * _COLUMN_OVERHEAD


def _large(schema: pa.Schema) -> pa.Schema:
    """The schema in which Polars hands over Arrow data, nullability as declared."""
    given = _as_frame(schema.empty_table()).to_arrow().schema
    return pa.schema([f.with_nullable(schema.field(f.name).nullable) for f in given])
