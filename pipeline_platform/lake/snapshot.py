"""One version of a table: its schema, its files' facts, its rows."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import unquote

import polars as pl
import pyarrow as pa
from deltalake import DeltaTable

from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.errors import UnknownName
from pipeline_platform.lake.actions import after
from pipeline_platform.lake.base import Base
from pipeline_platform.lake.definition import TableDefinition
from pipeline_platform.lake.log import Entry, Log
from pipeline_platform.lake.shape import empty_frame


@dataclass(frozen=True)
class PartitionFacts:
    """What the log knows of one partition; bounds by column, as file statistics hold them.

    Bounds are missing where some file has none; those of strings and timestamps may lie
    outside the values (32 characters, milliseconds).
    """

    rows: int
    files: int
    minimum: dict[str, Any]
    maximum: dict[str, Any]


@dataclass(frozen=True)
class CommitFacts:
    """One commit as the log holds it: its version and what its writer said of it."""

    version: int
    metadata: dict[str, Any]


class Snapshot:
    """A held version: later commits do not change what it reads.

    It is an opened version with the commits that followed it (`tail`); `earlier` may give
    the files after so many of them.
    """

    def __init__(
        self,
        base: Base,
        tail: Sequence[Entry] = (),
        earlier: tuple[int, pl.DataFrame] | None = None,
    ) -> None:
        self.base, self.tail, self.uri = base, tail, base.uri
        self.version = base.version + len(tail)
        self._earlier = earlier
        self._seen = {txn["appId"]: txn["version"] for entry in tail for txn in entry.of("txn")}

    def followed(self, entries: Sequence[Entry]) -> "Snapshot":
        """The version after these commits, none of which redefines the table."""
        known = (len(self.tail), self.files) if "files" in self.__dict__ else self._earlier
        return Snapshot(self.base, (*self.tail, *entries), known)

    @property
    def schema(self) -> pa.Schema:
        """The columns in order, the partition column included."""
        return self.base.schema

    @property
    def partition_by(self) -> str | None:
        """The partition column, None for a table without partitions."""
        return self.base.partition_by

    @property
    def description(self) -> str:
        """The table's description, or empty."""
        return self.base.description

    def fits(self, wanted: TableDefinition) -> bool:
        """Whether the table is all that is wanted of it."""
        return wanted.stands(self.schema, self.base.partitions, self.description)

    @cached_property
    def table(self) -> DeltaTable:
        """This version, opened anew."""
        return DeltaTable(self.uri, self.version, self.base.options)

    @cached_property
    def files(self) -> pl.DataFrame:
        """One row per data file: `path`, `num_records`, `partition.*`, `min.*`, `max.*`."""
        count, files = self._earlier or (0, self.base.files)
        return after(files, self.tail[count:])

    @cached_property
    def num_rows(self) -> int:
        """Rows of the table, from the log; scans only files written without statistics."""
        if self.files["num_records"].null_count():
            return int(self.frame().select(pl.len()).collect().item())
        return int(self.files["num_records"].sum())

    def transaction_version(self, app: str) -> int | None:
        """The last version that a commit of this application carried."""
        seen = self._seen.get(app)
        return self.base.transaction_version(app) if seen is None else seen

    def last(self, app: str) -> int:
        """The last number that the application noted, -1 when it never did."""
        found = self.transaction_version(app)
        return -1 if found is None else found

    def last_metadata(self) -> dict[str, Any]:
        """What the writer of this version's commit said of it; {} if nothing."""
        return next((commit.metadata for commit in self.commits()), {})

    def commits(self) -> Iterator[CommitFacts]:
        """The commits up to this version, newest first, as far as the log still holds them."""
        log = Log(self.uri)
        for version in range(self.version, -1, -1):
            entry = log.read(version)
            if entry is None:
                return
            yield CommitFacts(version, entry.metadata)

    def paths(self, window: DayWindow | None) -> frozenset[str]:
        """The data files of the window's partitions (None: of the whole table)."""
        found = self.files
        if window is not None:
            day = pl.col(f"partition.{self.partition_by}")
            found = found.filter(day.is_between(window.start, window.end, closed="left"))
        return frozenset(found["path"])

    def partitions(self) -> dict[date | None, PartitionFacts]:
        """Facts of every partition that has files, from the log, without a scan."""
        key = f"partition.{self.partition_by}" if self.partition_by else None
        files = self.files.with_columns(
            pl.lit(None, pl.Date).alias("_key") if key is None else pl.col(key).alias("_key")
        )
        grouped = files.group_by("_key").agg(
            pl.sum("num_records").alias("_rows"), pl.len().alias("_files"), *_bounds(files)
        )
        return {row["_key"]: _facts(row) for row in grouped.iter_rows(named=True)}

    def frame(
        self,
        columns: Sequence[str] | None = None,
        days: Collection[date] | None = None,
        between: Mapping[str, tuple[Any, Any]] | None = None,
    ) -> pl.LazyFrame:
        """The rows of this version, lazily; only files that can hold the asked rows are read.

        `columns` in the order given (default: the schema's); `days` restricts partitions;
        `between` restricts columns to `low <= value <= high` (None: open), first by file
        statistics. Raises UnknownName for a column that the table does not have.
        """
        self._check(columns or ())
        paths = self._chosen(days, between or {})
        rows = self.scan(paths)
        for name, (low, high) in (between or {}).items():
            if low is not None:
                rows = rows.filter(pl.col(name) >= low)
            if high is not None:
                rows = rows.filter(pl.col(name) <= high)
        return rows.select(list(columns) if columns is not None else self.schema.names)

    def slabs(self, most_rows: int, days: Collection[date] | None = None) -> Iterator[pl.LazyFrame]:
        """All rows, or those of these days, about so many at a time, but whole files."""
        chosen, rows = list[str](), 0
        files = self.files.filter(pl.col("path").is_in(self._chosen(days, {})))
        for path, held in files.select("path", "num_records").iter_rows():
            if chosen and rows + (held or 0) > most_rows:
                yield self.scan(chosen)
                chosen, rows = [], 0
            chosen.append(path)
            rows += held or 0
        if chosen:
            yield self.scan(chosen)

    def rows_in(self, days: Collection[date] | None = None) -> int:
        """Rows of these partitions, or of all, from the log."""
        if days is None:
            return self.num_rows
        day = pl.col(f"partition.{self.partition_by}")
        return int(self.files.filter(day.is_in(list(days)))["num_records"].sum())

    def days_within(self, between: Mapping[str, tuple[Any, Any]]) -> list[date]:
        """The partitions that can hold rows between these bounds, by file statistics."""
        found = self.files.filter(pl.col("path").is_in(self._chosen(None, between)))
        return sorted(day for day in found[f"partition.{self.partition_by}"].unique() if day)

    def _check(self, columns: Collection[str]) -> None:
        for name in columns:
            if name not in self.schema.names:
                raise UnknownName("column", name, self.schema.names, where=self.uri)

    def _chosen(
        self, days: Collection[date] | None, between: Mapping[str, tuple[Any, Any]]
    ) -> list[str]:
        files = self.files
        if days is not None:
            files = files.filter(pl.col(f"partition.{self.partition_by}").is_in(list(days)))
        for name, (low, high) in between.items():
            if low is not None and f"max.{name}" in files.columns:
                files = files.filter((pl.col(f"max.{name}") >= low).fill_null(True))
            if high is not None and f"min.{name}" in files.columns:
                files = files.filter((pl.col(f"min.{name}") <= high).fill_null(True))
        return files["path"].to_list()

    def scan(self, paths: Sequence[str]) -> pl.LazyFrame:
        """The rows of these data files (committed or staged), lazily, with their partition."""
        empty = empty_frame(self.schema)
        if not paths:
            return empty.lazy()
        types = dict(empty.schema)
        hive = {self.partition_by: types.pop(self.partition_by)} if self.partition_by else {}
        if hive:
            # Polars takes every `name=value` of a path for a partition, the lake's folder too.
            above = [part.partition("=")[0] for part in self.uri.split("/") if "=" in part]
            hive = dict.fromkeys(above, pl.String()) | hive
        return pl.scan_parquet(
            [f"{self.uri}/{unquote(path)}" for path in paths],
            schema=types,
            hive_partitioning=bool(hive),
            hive_schema=hive or None,
            missing_columns="insert",
            glob=False,
        )


def _bounds(files: pl.DataFrame) -> list[pl.Expr]:
    return [
        pl.when(_known(name, files).all()).then(_extreme(name))
        for name in files.columns
        if name.startswith(("min.", "max."))
    ]


def _extreme(name: str) -> pl.Expr:
    return (pl.min(name) if name.startswith("min.") else pl.max(name)).alias(name)


def _known(name: str, files: pl.DataFrame) -> pl.Expr:
    nulls = f"null_count.{name[4:]}"
    known = pl.col(name).is_not_null()
    if nulls not in files.columns:
        return known
    return known | (pl.col(nulls) == pl.col("num_records")).fill_null(False)


def _facts(row: Mapping[str, Any]) -> PartitionFacts:
    def bounds(prefix: str) -> dict[str, Any]:
        return {k[4:]: v for k, v in row.items() if k.startswith(prefix) and v is not None}

    return PartitionFacts(row["_rows"], row["_files"], bounds("min."), bounds("max."))
