"""Tables by name, for people."""

from datetime import UTC, datetime

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pipeline_platform.contracts.names import TableName
from pipeline_platform.errors import UnknownName
from pipeline_platform.lake import catalog
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import arrow_schema

AT = datetime(2013, 1, 1, 5, tzinfo=UTC)
SCHEMA = arrow_schema(
    [("at", "timestamp", False), ("_day", "date", True), ("tags", "array<string>", True)],
    {"at": "when it happened"},
)


@pytest.fixture
def filled(lake: Lake) -> Lake:
    """serving.events with one row, and serving.events__refused with none."""
    lake.table(TableName("serving", "events__refused")).ensure(SCHEMA, None)
    table = lake.table(TableName("serving", "events"))
    table.ensure(SCHEMA, "_day", "all of them")
    with table.stage(table.snapshot()) as staging:
        row = {"at": AT, "_day": AT.date(), "tags": ["x"]}
        staging.write(pa.Table.from_pylist([row], SCHEMA))
        table.append(staging.finish(), transaction=("a", 0))
    return lake


def test_load_as_pandas_polars_and_arrow(filled: Lake) -> None:
    frame = catalog.load(filled, "serving.events")
    assert isinstance(frame, pd.DataFrame)
    assert frame["at"].dt.tz is not None
    assert frame["at"][0] == pd.Timestamp(AT)
    table = catalog.load(filled, "serving.events", "arrow")
    assert table.schema == SCHEMA
    rows = catalog.load(filled, "serving.events", as_="polars")
    assert isinstance(rows, pl.DataFrame)
    assert rows.rows() == [(AT, AT.date(), ["x"])]
    assert catalog.load(filled, "serving.events", "polars", version=0).height == 0


def test_describe(filled: Lake) -> None:
    assert catalog.describe(filled, "serving.events") == [
        ("at", "timestamp", False, "when it happened"),
        ("_day", "date", True, ""),
        ("tags", "array<string>", True, ""),
    ]


def test_listing(filled: Lake) -> None:
    assert catalog.tables(filled) == [
        ("serving.events", 1, 1, "all of them"),
        ("serving.events__refused", 0, 0, ""),
    ]
    assert catalog.tables(filled, "mart") == []


@pytest.mark.parametrize("name", ["serving.evnts", "events", "srving.events"])
def test_unknown_tables_name_the_likely_one(filled: Lake, name: str) -> None:
    with pytest.raises(UnknownName, match=r"did you mean 'serving\.events'"):
        catalog.load(filled, name)


def test_unknown_kind_of_frame(filled: Lake) -> None:
    with pytest.raises(UnknownName, match="did you mean 'polars'"):
        catalog.load(filled, "serving.events", "polar")  # type: ignore[call-overload]
