"""Small tables and rows that the lake's tests share."""

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from pipeline_platform.contracts.names import TableName
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.table import LakeTable
from pipeline_platform.lake.writer import StagedFile

NAME = TableName("serving", "events")
SCHEMA = arrow_schema(
    [("_day", "date", True), ("_epoch", "bigint", False), ("value", "bigint", True)]
)
Row = tuple[date | None, int, int | None]


def day(number: int) -> date:
    """A day of January 2013, from 0."""
    return date(2013, 1, 1) + timedelta(days=number)


def frame(rows: Iterable[Row]) -> pl.DataFrame:
    """Rows (day, epoch, value) in the shape of SCHEMA."""
    kinds = {"_day": pl.Date, "_epoch": pl.Int64, "value": pl.Int64}
    return pl.DataFrame(list(rows), schema=kinds, orient="row")


def events(lake: Lake) -> LakeTable:
    """The table of SCHEMA, by day."""
    table = lake.table(NAME)
    table.ensure(SCHEMA, "_day")
    return table


def staged(table: LakeTable, rows: Iterable[Row]) -> list[StagedFile]:
    """The rows as files ready to commit."""
    with table.stage(SCHEMA, "_day") as staging:
        staging.write(frame(rows))
        return staging.finish()


def rows_of(snapshot: Snapshot) -> list[Row]:
    """All rows, sorted."""
    found = snapshot.frame().collect().rows()
    return sorted(found, key=lambda row: tuple((x is not None, x) for x in row))
