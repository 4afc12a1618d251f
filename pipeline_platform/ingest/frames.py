"""Columns of a contract as Polars types, and frames built from single rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from msgspec import Struct

from pipeline_platform.contracts.names import EXTRA
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.contracts.types import DataType
from pipeline_platform.ingest.json_strict import Fault

_SCALARS: dict[str, Any] = {
    "string": pl.String,
    "boolean": pl.Boolean,
    "tinyint": pl.Int8,
    "smallint": pl.Int16,
    "int": pl.Int32,
    "bigint": pl.Int64,
    "float": pl.Float32,
    "double": pl.Float64,
    "binary": pl.Binary,
    "date": pl.Date,
    "timestamp": pl.Datetime("us", "UTC"),
}
_STORED = {"date": pl.Int32, "timestamp": pl.Int64}


class Judged(Struct):
    """Verdicts on a block: accepted rows and, by place in the block, faults.

    `frame` has the contract's columns (and `_extra` where kept); `rows` are the places of
    its rows, ascending.
    """

    frame: pl.DataFrame
    rows: npt.NDArray[np.int64]
    faults: list[tuple[int, Fault]]


def polars_type(data_type: DataType, *, stored: bool = False) -> Any:
    """The Polars type; `stored` gives integers for dates and timestamps."""
    if data_type.name == "array" and data_type.element:
        return pl.List(polars_type(data_type.element, stored=stored))
    if data_type.name == "struct":
        return pl.Struct({n: polars_type(t, stored=stored) for n, t in data_type.fields})
    if data_type.name == "decimal":
        return pl.Decimal(data_type.precision, data_type.scale)
    return (
        _STORED.get(data_type.name)
        if stored and data_type.name in _STORED
        else _SCALARS[data_type.name]
    )


def schema(contract: StreamContract) -> dict[str, Any]:
    """Column names and Polars types of accepted rows, `_extra` last where kept."""
    columns = {c.name: polars_type(c.data_type) for c in contract.columns}
    if contract.unknown_fields == "keep":
        columns[EXTRA] = pl.String
    return columns


class RowFrames:
    """Builds frames of single rows, for one contract."""

    def __init__(self, contract: StreamContract) -> None:
        types = {c.name: c.data_type for c in contract.columns}
        wanted = schema(contract)
        self.empty = pl.DataFrame(schema=wanted)
        self._columns = [
            (name, polars_type(types[name], stored=True) if name in types else pl.String, final)
            for name, final in wanted.items()
        ]

    def of(self, rows: Sequence[Sequence[Any]]) -> pl.DataFrame:
        """A frame of rows whose values the readers in `values` gave."""
        if not rows:
            return self.empty
        columns = []
        for (name, stored, wanted), values in zip(
            self._columns, zip(*rows, strict=True), strict=True
        ):
            series = pl.Series(name, values, dtype=stored, strict=True)
            columns.append(series if stored == wanted else series.cast(wanted))
        return pl.DataFrame(columns)


def merged(first: Judged, frame: pl.DataFrame, rows: npt.NDArray[np.int64]) -> Judged:
    """`first` with the rows of `frame` put in their places."""
    if not len(rows):
        return first
    if not len(first.rows):
        return Judged(frame, rows, first.faults)
    places = np.concatenate((first.rows, rows))
    order = np.argsort(places, kind="stable")
    return Judged(pl.concat([first.frame, frame])[order], places[order], first.faults)
