"""Pages of PostgreSQL by COPY: columns parsed by Arrow, not row by row."""

from typing import Any

import polars as pl
import psycopg
import pyarrow as pa
import sqlalchemy as sa
from pyarrow import csv
from sqlalchemy import types
from sqlalchemy.dialects import postgresql

from pipeline_platform.contracts.types import DataType
from pipeline_platform.ports.database import Chunk

_TEXT = (types.String, types.Uuid)
_PLAIN: tuple[tuple[type[Any], pa.DataType], ...] = (
    (types.Integer, pa.int64()),
    (types.Boolean, pa.bool_()),
    (types.Float, pa.float64()),
    (types.Date, pa.date32()),
)
_REFUSED = (types.Enum, types.JSON, postgresql.BIT, types.LargeBinary)
_LARGEST = 38  # digits of Arrow's decimal128


def arrow_of(kind: Any, declared: DataType) -> pa.DataType | None:
    """The Arrow type to read a column of this type by; None where not certain."""
    if isinstance(kind, _REFUSED):
        return None
    if isinstance(kind, _TEXT):
        return pa.string()
    if isinstance(kind, types.DateTime):
        return pa.timestamp("us", "UTC" if kind.timezone else None)
    for known, arrow in _PLAIN:
        if isinstance(kind, known):
            return arrow
    if not isinstance(kind, types.Numeric):
        return None
    if kind.precision is None and declared.name == "decimal":
        return pa.decimal128(_LARGEST, declared.scale)
    if kind.precision and kind.precision <= _LARGEST:
        return pa.decimal128(kind.precision, kind.scale or 0)
    return None


def page(
    connection: sa.Connection,
    statement: str,
    arguments: tuple[Any, ...],
    columns: dict[str, pa.DataType],
) -> Chunk | None:
    """The rows of one statement; None where Arrow does not read a value that came.

    `columns` are the statement's by name and in order. Raises sqlalchemy's DBAPIError.
    """
    told = f"COPY ({statement}) TO STDOUT (FORMAT csv)"
    if not arguments:
        told = told.replace("%%", "%")
    raw: Any = connection.connection.driver_connection
    try:
        with raw.cursor() as cursor, cursor.copy(told, arguments or None) as copy:
            data = b"".join(bytes(block) for block in copy)
    except psycopg.Error as error:
        raise sa.exc.DBAPIError.instance(told, None, error, psycopg.Error) from None
    if not data:
        return dict.fromkeys(columns, ())
    try:
        return _parsed(data, columns)
    except pa.ArrowInvalid:
        return None


def _parsed(data: bytes, columns: dict[str, pa.DataType]) -> Chunk:
    table = csv.read_csv(
        pa.BufferReader(data),
        csv.ReadOptions(column_names=list(columns), block_size=len(data) + 1, use_threads=False),
        csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        csv.ConvertOptions(
            column_types=columns,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    frame = pl.DataFrame(table)
    return {name: frame[name] for name in columns}
