"""A chunk of a driver's values as a frame of exactly the declared types."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from pipeline_platform.contracts.source_tables import SourceColumn, SourceTable
from pipeline_platform.contracts.types import INTEGERS
from pipeline_platform.errors import Abort
from pipeline_platform.lake.schema import columns_schema
from pipeline_platform.lake.shape import empty_frame
from pipeline_platform.ports.database import Chunk
from pipeline_platform.snapshots.values import Misfit, exact

_FAILURES = (pl.exceptions.PolarsError, OverflowError, TypeError, ValueError)


class Frames:
    """Makes frames of one table's chunks."""

    def __init__(self, table: SourceTable) -> None:
        self._table = table
        self._types = dict(empty_frame(columns_schema(table.table_columns)).schema)

    def frame(self, chunk: Chunk) -> pl.DataFrame:
        """The chunk in the declared types; Abort that names the first value that misfits."""
        return pl.DataFrame([self._series(column, chunk) for column in self._table.columns])

    def _series(self, column: SourceColumn, chunk: Chunk) -> pl.Series:
        values, kind = chunk[column.name], self._types[column.name]
        series = _at_once(column, values, kind)
        if series is None:
            series = pl.Series(self._one_by_one(column, chunk), dtype=kind, strict=True)
        if series.null_count() and not self._table.nullable(column):
            row = int(series.is_null().arg_max() or 0)
            raise self._refusal(column, chunk, row, "NULL, and the column is not nullable")
        return series.alias(column.name)

    def _one_by_one(self, column: SourceColumn, chunk: Chunk) -> list[Any]:
        convert = exact(column.type)
        in_key = column.name in self._table.key and column.type.name in ("timestamp", "decimal")
        done: list[Any] = []
        for row, value in enumerate(chunk[column.name]):
            if in_key and isinstance(value, str):
                what = "texts of a key must stay apart, and two may mean one value; declare string"
                raise self._refusal(column, chunk, row, what, value)
            try:
                done.append(None if value is None else convert(value))
            except Misfit as misfit:
                raise self._refusal(column, chunk, row, f"{misfit}", value) from None
        return done

    def _refusal(
        self, column: SourceColumn, chunk: Chunk, row: int, what: str, value: Any = None
    ) -> Abort:
        found = what if value is None or column.personal else f"{what}: {_shown(value)}"
        return Abort(
            f"a value does not fit {column.type}; nothing of this read was kept",
            where=f"{self._table.name}.{column.name}",
            known=f"row with {self._key(chunk, row)}: {found}",
            remedy="declare the type that the source holds, or read a view that casts exactly",
        )

    def _key(self, chunk: Chunk, row: int) -> str:
        return ", ".join(
            f"{name} (not shown, as it is personal)"
            if self._table.column(name).personal
            else f"{name} = {_shown(chunk[name][row])}"
            for name in self._table.key
        )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _at_once(
    column: SourceColumn, values: Sequence[Any] | pl.Series, kind: pl.DataType
) -> pl.Series | None:
    """The whole column by Polars, where the Python types say that this is exact; else None."""
    if isinstance(values, pl.Series):
        return _of_series(values, kind)
    types = set(map(type, values)) - {type(None)}
    way = _WAYS.get("integer" if column.type.name in INTEGERS else column.type.name)
    if not types:
        return pl.Series([None] * len(values), dtype=kind)
    if way is None or types != {way[0]}:
        return None
    try:
        return way[1](values, kind)
    except _FAILURES:
        return None


def _of_series(values: pl.Series, kind: pl.DataType) -> pl.Series | None:
    """The series in the type, where its own kind of values is that type's; else None."""
    given = values.dtype
    if isinstance(given, pl.Datetime) and given.time_zone is None:
        values = values.dt.replace_time_zone("UTC")
    if values.dtype == kind:
        return values
    try:
        if given == pl.Int64() and kind.is_integer():
            return values.cast(kind, strict=True)
        if given == pl.Float64() and kind == pl.Float32():
            return _narrowed(values)
        if isinstance(given, pl.Decimal) and isinstance(kind, pl.Decimal):
            return _rescaled(values, kind)
    except pl.exceptions.PolarsError:
        return None
    return None


def _plain(values: Sequence[Any], kind: pl.DataType) -> pl.Series:
    return pl.Series(values, dtype=kind, strict=True)


def _integers(values: Sequence[Any], kind: pl.DataType) -> pl.Series:
    return pl.Series(values, dtype=pl.Int64(), strict=True).cast(kind, strict=True)


def _floats(values: Sequence[Any], kind: pl.DataType) -> pl.Series | None:
    return _narrowed(pl.Series(values, dtype=pl.Float64(), strict=True))


def _narrowed(doubles: pl.Series) -> pl.Series | None:
    floats = doubles.cast(pl.Float32())
    return floats if floats.cast(pl.Float64()).eq_missing(doubles).all() else None


def _instants(values: Sequence[Any], kind: pl.DataType) -> pl.Series | None:
    zones = {value.tzinfo for value in values if value is not None}
    if zones == {None}:
        return pl.Series(values, dtype=pl.Datetime("us")).dt.replace_time_zone("UTC")
    if None in zones or not all(_is_utc(zone) for zone in zones):
        return None
    bare = [None if value is None else value.replace(tzinfo=None) for value in values]
    return pl.Series(bare, dtype=pl.Datetime("us")).dt.replace_time_zone("UTC")


def _is_utc(zone: Any) -> bool:
    return zone is UTC or str(getattr(zone, "key", "")) in ("UTC", "Etc/UTC")


def _decimals(values: Sequence[Any], kind: pl.DataType) -> pl.Series | None:
    if not all(value is None or value.is_finite() for value in values):
        return None
    given = pl.Series(values)
    return _rescaled(given, kind) if isinstance(given.dtype, pl.Decimal) else None


def _rescaled(decimals: pl.Series, kind: pl.DataType) -> pl.Series | None:
    rescaled = decimals.cast(kind, strict=True)
    return rescaled if rescaled.cast(decimals.dtype).eq_missing(decimals).all() else None


_Way = Callable[[Sequence[Any], Any], pl.Series | None]
_WAYS: dict[str, tuple[type, _Way]] = {
    "integer": (int, _integers),
    "boolean": (bool, _plain),
    "string": (str, _plain),
    "binary": (bytes, _plain),
    "double": (float, _plain),
    "float": (float, _floats),
    "date": (date, _plain),
    "timestamp": (datetime, _instants),
    "decimal": (Decimal, _decimals),
}
