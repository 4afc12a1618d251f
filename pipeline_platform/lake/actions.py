"""File actions of the log as rows: path, size, statistics, partition."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from pipeline_platform.lake.log import Entry

_STATISTICS = {"minValues": "min", "maxValues": "max", "nullCount": "null_count"}


def after(files: pl.DataFrame, entries: Sequence[Entry]) -> pl.DataFrame:
    """The table's files after these commits, in the columns of `files`."""
    added: dict[str, dict[str, Any]] = {}
    gone: set[str] = set()
    for entry in entries:
        for removed in entry.of("remove"):
            gone.add(removed["path"])
            added.pop(removed["path"], None)
        for new in entry.of("add"):
            gone.add(new["path"])
            added[new["path"]] = new
    kept = files.filter(~pl.col("path").is_in(list(gone))) if gone else files
    return kept.vstack(_frame(added.values(), files.schema)) if added else kept


def _frame(adds: Iterable[Mapping[str, Any]], schema: pl.Schema) -> pl.DataFrame:
    rows = [dict(_row(add)) for add in adds]
    columns = {
        name: pl.Series(name, [_value(row.get(name), kind) for row in rows], kind)
        for name, kind in schema.items()
    }
    return pl.DataFrame(columns)


def _row(add: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "path", add["path"]
    yield "size_bytes", add["size"]
    yield "modification_time", add["modificationTime"]
    for name, value in add["partitionValues"].items():
        yield f"partition.{name}", value
    said = json.loads(add.get("stats") or "{}", parse_float=Decimal)
    yield "num_records", said.get("numRecords")
    for kind, prefix in _STATISTICS.items():
        yield from _flat(said.get(kind, {}), prefix)


def _flat(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}.{name}")
        else:
            yield f"{prefix}.{name}", value


def _value(value: Any, kind: pl.DataType) -> Any:
    """A value of the log's JSON in the column's type."""
    if value is None:
        return None
    if isinstance(kind, pl.Date):
        return date.fromisoformat(value)
    if isinstance(kind, pl.Datetime):
        return datetime.fromisoformat(value)
    if isinstance(kind, pl.Decimal):
        return Decimal(value)
    return float(value) if kind.is_float() else value
