"""Read-only questions to the lake, answered by the engine or by the catalog."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import spark_type
from pipeline_platform.models import listing
from pipeline_platform.models.pins import HeldTable, Pins, hold, pinned
from pipeline_platform.sql.analysis import analyse
from pipeline_platform.sql.guard import Describe, ShowTables, statement
from pipeline_platform.sql.tables import referenced_tables, substitute_tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def query(text: str, *, engine: Engine, lake: Lake, limit: int | None = None) -> pa.Table:
    """The rows of one SELECT, SHOW TABLES [IN layer] or DESCRIBE layer.table.

    Only the tables that the text names are opened, each at one version. `limit` bounds the
    rows of a SELECT. Raises WriteRefused for whatever is not read-only, UnknownName for a
    table or column, StatementFailed when the engine breaks off.
    """
    asked = statement(text)
    if isinstance(asked, ShowTables):
        return _show(lake, asked.layer)
    if isinstance(asked, Describe):
        return _describe(lake, str(asked.table))
    references = referenced_tables(asked.text)
    known = listing.names(lake)
    for found in references:
        if found.name not in known:
            raise UnknownName("table", found.name, known, where=f"{found.line}:{found.column}")
    with pinned((found.name for found in references), engine=engine, lake=lake) as pins:
        _check_columns(asked.text, pins.snapshots)
        return _answer(asked.text, pins, engine, limit)


def frame(name: str, *, engine: Engine, lake: Lake) -> "DataFrame":
    """The table `layer.name` as a PySpark DataFrame, held at its newest version.

    Raises UnknownName with the known tables.
    """
    return engine.view(hold(name, engine=engine, lake=lake))


def _answer(text: str, pins: Pins, engine: Engine, limit: int | None) -> pa.Table:
    frame = engine.sql(substitute_tables(text, pins.views), where="query")
    return engine.collect(frame if limit is None else frame.limit(limit), where="query")


def _check_columns(text: str, snapshots: Mapping[str, HeldTable]) -> None:
    """UnknownName with the known columns; on whatever else is unusual the engine decides."""
    columns = {
        table: {field.name: spark_type(field.type) for field in held.schema}
        for table, held in snapshots.items()
    }
    try:
        analyse(text, columns)
    except UnknownName:
        raise
    except DeclarationError:
        return


def _show(lake: Lake, layer: str | None) -> pa.Table:
    rows = [row._asdict() for row in listing.tables(lake, layer)]
    return pa.Table.from_pylist(
        rows,
        pa.schema(
            [
                ("name", pa.string()),
                ("rows", pa.int64()),
                ("version", pa.int64()),
                ("comment", pa.string()),
            ]
        ),
    )


def _describe(lake: Lake, table: str) -> pa.Table:
    rows = [row._asdict() for row in listing.describe(lake, table)]
    return pa.Table.from_pylist(
        rows,
        pa.schema(
            [
                ("column", pa.string()),
                ("type", pa.string()),
                ("nullable", pa.bool_()),
                ("comment", pa.string()),
            ]
        ),
    )
