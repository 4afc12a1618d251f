"""The columns of the tables that admission writes."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from pipeline_platform.contracts.names import (
    DAY,
    EPOCH,
    EVENT_ID,
    EXTRA,
    GENERATION,
    POSITION,
    ROW,
)
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.lake.shape import empty_frame

_PLACE = [(EPOCH, "bigint", False), (POSITION, "int", False), (ROW, "bigint", False)]

REFUSED = arrow_schema(
    [
        *_PLACE,
        ("object", "string", False),
        ("offset", "bigint", False),
        ("reason", "string", False),
        ("column", "string", False),
        ("detail", "string", False),
        ("original", "binary", False),
        ("contract", "string", False),
        ("registered_at", "timestamp", False),
        (GENERATION, "bigint", True),
    ]
)

ACCOUNTING = arrow_schema(
    [
        ("epoch", "bigint", False),
        ("position", "int", False),
        ("object", "string", False),
        ("checksum", "bigint", True),
        ("landed", "bigint", False),
        ("accepted", "bigint", False),
        ("duplicates", "bigint", False),
        ("refused", "bigint", False),
        ("replayed", "bigint", False),
        ("warned", "bigint", False),
        (GENERATION, "bigint", True),
    ]
)


def rows_of(schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows by column name as a frame of exactly this schema."""
    return pl.DataFrame(rows, schema=empty_frame(schema).schema, orient="row")


def accepted_columns(contract: StreamContract) -> list[tuple[str, str, bool]]:
    """(name, Spark type, nullable) of `serving.<stream>`, in order.

    Contract columns are nullable in the table, so that a contract may loosen later.
    """
    columns = [(column.name, str(column.data_type), True) for column in contract.columns]
    if contract.unknown_fields == "keep":
        columns.append((EXTRA, "string", True))
    if not contract.event_id:
        columns.append((EVENT_ID, "string", True))
    return [*columns, (DAY, "date", False), *_PLACE]


def accepted_schema(contract: StreamContract) -> pa.Schema:
    """Arrow schema of the accepted table, partitioned by `_day`."""
    return arrow_schema(accepted_columns(contract))
