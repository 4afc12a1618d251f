"""Given rows as a frame of the columns that their table declares."""

import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.names import DAY, EPOCH, EVENT_ID, POSITION, ROW
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.contracts.types import DataType
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.testing.sources import GivenRows, Source, source
from pipeline_platform.testing.values import converted

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


def given_frame(
    name: str,
    given: GivenRows,
    columns: tuple[TableColumn, ...],
    reads: Collection[str],
    contract: StreamContract | None = None,
) -> "tuple[pl.DataFrame, pa.Schema]":
    """The rows typed as declared, and their table's schema.

    A column that is not given is NULL. One that is never NULL must be given if it is among
    `reads`, see `words`; the platform's own columns of a stream's accepted rows are filled
    from its contract. Raises UnknownName for a column that is not
    declared, DeclarationError for a value that the column cannot hold.
    """
    import polars as pl

    from pipeline_platform.lake.schema import arrow_schema
    from pipeline_platform.lake.shape import empty_frame

    where = f"tables[{name!r}]"
    rows = source(given, where)
    _refuse_unknown(rows.columns, columns, name, where)
    schema = arrow_schema((c.name, c.type, True) for c in columns)
    types = dict(empty_frame(schema).schema)
    if not rows.height:
        return pl.DataFrame(schema=types), schema
    frame = pl.DataFrame(
        [_series(c, rows, types[c.name], where) for c in columns if c.name in rows.columns]
    )
    if contract is not None:
        frame = _of_stream(frame, contract)
    _refuse_missing(frame, columns, reads, name, where)
    absent = [pl.lit(None, types[c]).alias(c) for c in types if c not in frame.columns]
    return frame.with_columns(absent).select(pl.col(c).cast(types[c]) for c in types), schema


def _refuse_unknown(
    given: Iterable[str], columns: Iterable[TableColumn], name: str, where: str
) -> None:
    known = [column.name for column in columns]
    for column in given:
        if column not in known:
            raise UnknownName(f"column of {name}", column, known, where=where)


def _series(column: TableColumn, rows: Source, kind: "pl.DataType", where: str) -> "pl.Series":
    import polars as pl

    values = rows.columns[column.name]
    if not (isinstance(values, pl.Series) and values.dtype == kind):
        parsed = DataType.parse(column.type)
        places = (f"{where}, row {n}, column {column.name}" for n in range(rows.height))
        made = [
            converted(value, parsed, place, text=rows.text)
            for value, place in zip(rows.values(column.name), places, strict=True)
        ]
        values = pl.Series(column.name, made, kind)
    if not column.nullable and values.null_count():
        raise DeclarationError(
            f"column {column.name!r} is NULL in row {values.is_null().arg_true()[0]}",
            where=where,
            known="it is declared `nullable: false`",
            remedy="give it a value in every row",
        )
    return values


def _of_stream(frame: "pl.DataFrame", contract: StreamContract) -> "pl.DataFrame":
    """The frame with the columns that admission adds, where they are not given."""
    import polars as pl

    from pipeline_platform.sql.expressions import polars_expression

    row = pl.int_range(pl.len(), dtype=pl.Int64)
    added = {EPOCH: pl.lit(0, pl.Int64), POSITION: pl.lit(0, pl.Int32), ROW: row}
    if not contract.event_id:
        added[EVENT_ID] = row.cast(pl.String)
    types = {c.name: c.data_type for c in contract.columns if c.name in frame.columns}
    if contract.event_time and _mentioned(contract) <= set(types):
        instant = polars_expression(
            contract.event_time, types, where=f"{contract.name}: event_time"
        )
        added[DAY] = instant.cast(pl.Datetime("us", "UTC")).dt.date()
    return frame.with_columns(e.alias(n) for n, e in added.items() if n not in frame.columns)


def _mentioned(contract: StreamContract) -> set[str]:
    """The columns that date a row."""
    found = words(contract.event_time)
    return {column.name for column in contract.columns if column.name.lower() in found}


def words(text: str, *, sql: bool = True) -> set[str]:
    """The words of SQL or Python, in lower case, any of which may name a column that it reads.

    `*` is one of them where all columns are taken. Comments and texts in SQL are left out.
    """
    bare = _SILENT.sub(" ", text) if sql else text
    bare = re.sub(r"count\s*\(\s*\*\s*\)", " count ", bare.lower())
    starred = sql and re.search(r"(select|distinct|,|\.)\s*\*", bare)
    return {*re.findall(r"\w+", bare), *(["*"] if starred else [])}


_SILENT = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^'\\]|\\.)*'", re.DOTALL)


def _refuse_missing(
    frame: "pl.DataFrame",
    columns: Iterable[TableColumn],
    reads: Collection[str],
    name: str,
    where: str,
) -> None:
    missing = [
        column.name
        for column in columns
        if not column.nullable
        and column.name not in frame.columns
        and ("*" in reads or column.name.lower() in reads)
    ]
    if missing:
        raise DeclarationError(
            f"column {missing[0]!r} is not given and is never NULL",
            where=where,
            known=f"read, never NULL and not given: {', '.join(missing)}",
            remedy="give it in every row"
            + (", or the columns of the event time" if missing[0] == DAY else ""),
        )
