"""Training sets: rows of a table by days, with a manifest that gives them again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import Abort, UnknownName
from pipeline_platform.features.content import content_hash, ordered
from pipeline_platform.features.recorded import Versions, exists, inputs_by_days
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import spark_type
from pipeline_platform.lake.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

KINDS = ("pandas", "polars", "arrow", "pyspark")
FORMAT = 1
SUFFIX = ".manifest.json"
_ROW_GROUP = 1_000_000


class InputVersions(Struct, frozen=True, forbid_unknown_fields=True):
    """Table to version that the days [start, end) were computed from (None: all rows)."""

    start: date | None
    end: date | None
    versions: dict[str, int]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """All that it takes to give a training set again.

    Rows are those of `table` at `version` with a day in [start, end) (None: open), sorted
    by `columns`; `content_hash` is `features.content.content_hash` of them. `as_of` is the
    instant at which the set was taken, `format` the version of this record and its file.
    """

    table: str
    version: int
    inputs: tuple[InputVersions, ...]
    start: date | None
    end: date | None
    columns: tuple[str, ...]
    rows: int
    content_hash: str
    as_of: datetime
    format: int = FORMAT


@dataclass(frozen=True)
class TrainingSet:
    """Rows in a fixed order, and where they came from."""

    manifest: Manifest
    rows: pa.Table

    @overload
    def frame(self, as_: Literal["pandas"] = "pandas") -> "pd.DataFrame": ...
    @overload
    def frame(self, as_: Literal["polars"]) -> pl.DataFrame: ...
    @overload
    def frame(self, as_: Literal["arrow"]) -> pa.Table: ...
    @overload
    def frame(self, as_: Literal["pyspark"], engine: Engine) -> "DataFrame": ...
    def frame(
        self,
        as_: Literal["pandas", "polars", "arrow", "pyspark"] = "pandas",
        engine: Engine | None = None,
    ) -> Any:
        """The rows; `pyspark` needs the engine whose session shall hold them.

        Raises UnknownName for another kind of frame.
        """
        if as_ not in KINDS:
            raise UnknownName("kind of frame", as_, KINDS)
        if as_ == "arrow":
            return self.rows
        if as_ == "polars":
            return pl.from_arrow(self.rows)
        if as_ == "pandas":
            return self.rows.to_pandas()
        if engine is None:
            raise Abort(
                "a PySpark frame needs an engine",
                where=self.manifest.table,
                known="its session holds the rows",
                remedy='give it: frame("pyspark", engine=...)',
            )
        return engine.session().createDataFrame(self.rows)

    def save(self, path: str | Path) -> Path:
        """Write the rows as Parquet, and the manifest beside as `<path>.manifest.json`."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(
            self.rows,
            target,
            row_group_size=_ROW_GROUP,
            version="2.6",
            compression="zstd",
            compression_level=3,
            write_page_index=False,
            store_schema=False,
        )
        encoded = msgspec.json.format(msgspec.json.encode(self.manifest), indent=2)
        manifest_path(target).write_bytes(encoded + b"\n")
        return target


def training_set(
    lake: Lake,
    name: str,
    start: date | None = None,
    end: date | None = None,
    *,
    columns: Sequence[str] | None = None,
    as_of: datetime,
) -> TrainingSet:
    """The rows of `layer.name` with a day in [start, end), by default all, and all columns.

    `as_of` is now, for the record. Raises UnknownName for a table or column, Abort for days
    of a table without partitions.
    """
    held = _held(lake, name, None)
    chosen = tuple(columns) if columns is not None else tuple(held.schema.names)
    rows = _rows(held, name, start, end, chosen)
    window = _window(held, start, end)
    inputs = tuple(
        _input_versions(days, versions) for days, versions in inputs_by_days(held, window)
    )
    found = _hash(rows, held)
    manifest = Manifest(name, held.version, inputs, start, end, chosen, rows.height, found, as_of)
    return TrainingSet(manifest, _table(rows, held))


def rebuild(lake: Lake, manifest: Manifest | str | Path) -> TrainingSet:
    """The training set of a manifest, or of a manifest's file, with the very same rows.

    Saved by the same version of the Parquet library it gives the same bytes. Raises Abort
    when the version or its files are gone, or the rows are not those of the manifest.
    """
    given = manifest if isinstance(manifest, Manifest) else read_manifest(manifest)
    held = _held(lake, given.table, given.version)
    rows = _rows(held, given.table, given.start, given.end, given.columns)
    found = _hash(rows, held)
    if found != given.content_hash or rows.height != given.rows:
        raise Abort(
            "the rows are not those of the manifest",
            where=f"{given.table} version {given.version}",
            known=f"{rows.height} rows with hash {found}; "
            f"the manifest says {given.rows} with {given.content_hash}",
            remedy="take the manifest that was saved with the rows, or a copy of the table",
        )
    return TrainingSet(given, _table(rows, held))


def manifest_path(path: str | Path) -> Path:
    """Where the manifest of a saved training set stands."""
    return Path(f"{path}{SUFFIX}")


def read_manifest(path: str | Path) -> Manifest:
    """The manifest in a file; Abort where it is none."""
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=Manifest)
    except (msgspec.DecodeError, FileNotFoundError) as error:
        raise Abort(
            "this is no manifest of a training set",
            where=str(path),
            known=str(error),
            remedy=f"name a file that ends in {SUFFIX}, as save() wrote it",
        ) from None


def _held(lake: Lake, name: str, version: int | None) -> Snapshot:
    table = lake.table(TableName.parse(name))
    if version is not None and not exists(lake, name, version):
        raise Abort(
            f"version {version} of the table does not exist",
            where=name,
            known=f"the newest is {table.snapshot().version}; old ones may have been cleaned up",
            remedy="take the training set anew, or restore the table from a copy",
        )
    return table.snapshot(version)


def _window(held: Snapshot, start: date | None, end: date | None) -> DayWindow | None:
    if held.partition_by is None:
        return None
    days = [day for day in held.partitions() if day is not None]
    first = start or (min(days) if days else date.min)
    after = end or (DayWindow.of(max(days)).end if days else first)
    return DayWindow(first, after)


def _rows(
    held: Snapshot, name: str, start: date | None, end: date | None, columns: Sequence[str]
) -> pl.DataFrame:
    day = held.partition_by
    if day is None and (start or end):
        raise Abort(
            "a table without partitions has no days to choose",
            where=name,
            known=f"asked for {start} to {end}",
            remedy="leave start and end out",
        )
    window = _window(held, start, end)
    days = None
    if window is not None and (start or end):
        days = [d for d in held.partitions() if d is not None and d in window]
    try:
        return ordered(held.frame(columns, days).collect())
    except FileNotFoundError as error:
        raise Abort(
            f"files of version {held.version} are gone",
            where=name,
            known=str(error).splitlines()[0],
            remedy="take the training set anew, or restore the table from a copy",
        ) from None


def _input_versions(days: DayWindow | None, versions: Versions | None) -> InputVersions:
    start, end = (days.start, days.end) if days else (None, None)
    return InputVersions(start, end, dict(versions) if versions else {})


def _hash(rows: pl.DataFrame, held: Snapshot) -> str:
    return content_hash(rows, [spark_type(held.schema.field(name).type) for name in rows.columns])


def _table(rows: pl.DataFrame, held: Snapshot) -> pa.Table:
    fields = [held.schema.field(name).remove_metadata() for name in rows.columns]
    return rows.to_arrow().cast(pa.schema(fields))
