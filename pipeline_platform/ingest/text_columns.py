"""Text of a whole column to its type; what stays doubtful is left to the precise reader.

A converter may call good only what the reader in `values` accepts, with an equal value.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from pipeline_platform.contracts.stream import Column
from pipeline_platform.contracts.types import INTEGERS, DataType
from pipeline_platform.ingest.frames import polars_type
from pipeline_platform.ingest.instants import EPOCH_UNITS, LEAST, MOST
from pipeline_platform.ingest.instants_fast import Flags, read_column
from pipeline_platform.ingest.values import text_reader

Converter = Callable[[pl.Series], tuple[pl.Series, Flags | None]]
"""From a String column to its type and which values are good (None: all); NULL stays NULL."""


def converter(column: Column) -> Converter:
    """The converter of text for a scalar column."""
    name = column.data_type.name
    if name == "string":
        return lambda texts: (texts, None)
    if name in ("date", "timestamp") and column.format not in EPOCH_UNITS:
        return _instants(column)
    if name == "timestamp":
        return _epochs(column)
    if pattern := _pattern(column.data_type):
        return _casts(pattern, polars_type(column.data_type))
    return _one_by_one(column)


def epoch_instants(column: Column) -> Callable[[pl.Series], tuple[pl.Series, Flags | None]]:
    """From an Int64 column of epoch units to timestamps."""
    unit = EPOCH_UNITS[column.format]

    def convert(numbers: pl.Series) -> tuple[pl.Series, Flags | None]:
        good = numbers.is_between(-(-LEAST // unit), MOST // unit).fill_null(True)
        wanted = polars_type(column.data_type)
        if good.all():
            return (numbers * unit).cast(wanted), None
        kept = pl.select(pl.when(good).then(numbers)).to_series().rename(numbers.name)
        return (kept * unit).cast(wanted), good.to_numpy()

    return convert


def _pattern(data_type: DataType) -> str:
    """What certainly fits the type and is cast by Polars as the precise reader reads it."""
    if data_type.name == "boolean":
        return "^(?:true|false)$"
    if data_type.name in INTEGERS:
        return "^-?[0-9]{1,18}$"
    if data_type.name == "double":
        return r"^-?(?:[0-9]{1,15}\.[0-9]+|[1-9][0-9]{0,14}|0)$"
    if data_type.name == "float":
        return r"^-?(?:[0-9]{1,7}\.[0-9]+|[1-9][0-9]{0,6}|0)$"
    whole = data_type.precision - data_type.scale
    if data_type.name == "decimal" and whole:
        fraction = rf"(?:\.[0-9]{{1,{data_type.scale}}})?" if data_type.scale else ""
        return f"^-?[0-9]{{1,{whole}}}{fraction}$"
    return ""


def _casts(pattern: str, wanted: Any) -> Converter:
    negative_zero = "-0"

    def convert(texts: pl.Series) -> tuple[pl.Series, Flags | None]:
        sure = texts.str.contains(pattern) & (texts != negative_zero)
        if wanted == pl.Boolean:
            found = texts == "true"
        elif wanted == pl.Float32:
            found = texts.cast(pl.Float64, strict=False).cast(pl.Float32)
        else:
            found = texts.cast(wanted, strict=False)
        good = (sure & found.is_not_null()).fill_null(True)
        return found, None if good.all() else good.to_numpy()

    return convert


def _instants(column: Column) -> Converter:
    reader, dates = text_reader(column.data_type, column), column.data_type.name == "date"
    wanted, iso = polars_type(column.data_type), not column.format

    def convert(texts: pl.Series) -> tuple[pl.Series, Flags | None]:
        values, good = read_column(texts.drop_nulls(), reader, dates=dates, iso=iso)
        stored = pl.Series(texts.name, values, dtype=pl.Int64)
        if texts.null_count():
            values, good, stored = _spread(texts.is_not_null().to_numpy(), values, good, texts.name)
        typed = stored.cast(pl.Int32).cast(wanted) if dates else stored.cast(wanted)
        return typed, None if good.all() else good

    return convert


def _spread(present: Flags, values: Any, good: Flags, name: str) -> tuple[Any, Flags, pl.Series]:
    all_values, all_good = np.zeros(len(present), np.int64), np.ones(len(present), bool)
    all_values[present], all_good[present] = values, good
    stored = pl.Series(name, all_values)
    stored = pl.select(pl.when(pl.Series(present)).then(stored)).to_series().rename(name)
    return all_values, all_good, stored


def _epochs(column: Column) -> Converter:
    instants, numbers = epoch_instants(column), _casts("^-?[0-9]{1,18}$", pl.Int64)

    def convert(texts: pl.Series) -> tuple[pl.Series, Flags | None]:
        found, sure = numbers(texts)
        typed, good = instants(found)
        if sure is None or good is None:
            return typed, sure if good is None else good
        return typed, sure & good

    return convert


def _one_by_one(column: Column) -> Converter:
    wanted = polars_type(column.data_type)

    def convert(texts: pl.Series) -> tuple[pl.Series, Flags | None]:
        nothing = pl.Series(texts.name, [None] * len(texts), dtype=wanted)
        return nothing, texts.is_null().to_numpy()

    return convert
