"""The columns that staged rows must have, and their Arrow form on disk."""

from collections.abc import Sequence

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from pipeline_platform.errors import WriteRefused


class Shape:
    """A table's columns as frames bring them and as its files hold them."""

    def __init__(self, schema: pa.Schema, partition_by: str | None, where: str) -> None:
        self._where = where
        empty = empty_frame(schema)
        self._frame = dict(empty.schema)
        self._required = [field.name for field in schema if not field.nullable]
        self._columns = [field.name for field in schema if field.name != partition_by]
        given = empty.select(self._columns).to_arrow().schema
        self._stored = pa.schema([f.with_nullable(schema.field(f.name).nullable) for f in given])
        self._floats = [field.name for field in self._stored if pa.types.is_floating(field.type)]

    def checked(self, rows: pl.DataFrame | pa.Table | pa.RecordBatch) -> pl.DataFrame:
        """The rows with columns in the table's order; WriteRefused where they do not fit."""
        frame = as_frame(rows)
        if dict(frame.schema) != self._frame:
            raise self._refusal(_differences(frame, self._frame))
        empty = [name for name in self._required if frame[name].null_count()]
        if empty:
            raise self._refusal([f"{name} is required and holds nulls" for name in empty])
        return frame.select(list(self._frame))

    def stored(self, frame: pl.DataFrame) -> pa.Table:
        """The columns that a file holds: all but the partition's, copied out of the frame."""
        columns = frame.select(self._columns).to_arrow().columns
        return pa.Table.from_arrays(columns, schema=self._stored)

    def with_nan(self, rows: pa.Table) -> list[str]:
        """Float columns that hold NaN; Parquet's bounds pass it over, Spark sorts it last."""
        return [
            name for name in self._floats if pc.any(pc.is_nan(rows.column(name))).as_py() is True
        ]

    def _refusal(self, differences: Sequence[str]) -> WriteRefused:
        return WriteRefused(
            "the rows do not have the table's columns",
            where=self._where,
            known="; ".join(differences),
            remedy="cast and name the columns as the table declares them",
        )


def empty_frame(schema: pa.Schema) -> pl.DataFrame:
    """No rows of this schema. (`Schema.empty_table` imports pandas, which takes a second.)"""
    return as_frame(pa.Table.from_batches([], schema=schema))


def as_frame(rows: pl.DataFrame | pa.Table | pa.RecordBatch) -> pl.DataFrame:
    """Arrow rows as a Polars frame."""
    if isinstance(rows, pl.DataFrame):
        return rows
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _differences(frame: pl.DataFrame, wanted: dict[str, pl.DataType]) -> list[str]:
    beyond = [f"{name} is not a column" for name in frame.columns if name not in wanted]
    missing = [f"{name} is missing" for name in wanted if name not in frame.columns]
    return [*beyond, *missing] + [
        f"{name} is {frame.schema[name]}, not {kind}"
        for name, kind in wanted.items()
        if name in frame.schema and frame.schema[name] != kind
    ]
