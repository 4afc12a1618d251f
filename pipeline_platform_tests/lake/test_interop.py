"""What the lake writes, other readers of Delta read equal."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from pysail.spark import SparkConnectServer
from pyspark.sql.connect.session import SparkSession

from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform_tests.lake.frames import day

SCHEMA = arrow_schema(
    [
        ("_day", "date", True),
        ("id", "string", False),
        ("kind", "string", True),
        ("n", "bigint", False),
        ("at", "timestamp", True),
        ("price", "decimal(12,2)", True),
        ("ratio", "double", True),
        ("flag", "boolean", True),
        ("born", "date", True),
        ("tags", "array<string>", True),
        ("place", "struct<x:int,y:string>", True),
    ],
    {"id": "the key"},
)


def row(n: int) -> dict[str, Any]:
    """A row with values of every type, some of them null."""
    return {
        "_day": None if n % 7 == 0 else day(n % 3),
        "id": f"é{n:05}-{'x' * (n % 50)}",
        "kind": "ab"[n % 2],
        "n": n,
        "at": datetime(2013, 1, 1, tzinfo=UTC) + timedelta(microseconds=n * 1_000_003),
        "price": Decimal(n) / 4 if n % 5 else None,
        "ratio": None if n % 4 == 0 else n / 3,
        "flag": n % 2 == 0,
        "born": day(n % 30),
        "tags": [None, [], ["a", None]][n % 3],
        "place": {"x": n, "y": None},
    }


@pytest.fixture
def held(lake: Lake) -> Snapshot:
    """Two epochs, a replaced day, an added column."""
    table = lake.table(TableName("serving", "events"))
    table.ensure(SCHEMA, "_day")
    for epoch in range(2):
        with table.stage(table.snapshot(), buffer_bytes=1000) as staging:
            rows = [row(n) for n in range(epoch * 500, epoch * 500 + 500)]
            staging.write(pa.Table.from_pylist(rows, SCHEMA))
            table.append(staging.finish(), transaction=("a", epoch))
    with table.stage(table.snapshot()) as staging:
        rows = [row(n) | {"_day": day(1)} for n in range(2000, 2100)]
        staging.write(pa.Table.from_pylist(rows, SCHEMA))
        window = DayWindow.of(day(1))
        table.replace(staging.finish(), read=table.snapshot(), window=window)
    table.ensure(SCHEMA.append(pa.field("late", pa.int32())), "_day")
    return table.snapshot()


@pytest.fixture(scope="module")
def sail() -> Iterator[SparkSession]:
    """A Spark Connect session on Sail, in UTC."""
    server = SparkConnectServer()
    server.start(background=True)
    _, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://localhost:{port}").create()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    yield session
    session.stop()
    server.stop()


def test_polars_and_deltalake_read_equal(held: Snapshot) -> None:
    ours = held.frame().sort("n").collect()
    assert ours.height == held.num_rows
    assert ours.equals(pl.read_delta(held.uri).select(ours.columns).sort("n"))
    named = DeltaTable(held.uri).file_uris()
    assert (
        sum(pl.read_parquet(path, hive_partitioning=False).height for path in named) == ours.height
    )


def test_sail_reads_equal(held: Snapshot, sail: SparkSession) -> None:
    reader = sail.read.format("delta").option("versionAsOf", held.version)
    theirs = pl.DataFrame(pl.from_arrow(reader.load(held.uri).toArrow())).sort("n")
    ours = held.frame().sort("n").collect()
    assert ours.equals(theirs.select(ours.columns).cast(dict(ours.schema)))


def test_sail_prunes_by_our_statistics_without_losing_rows(
    held: Snapshot, sail: SparkSession
) -> None:
    sail.read.format("delta").load(held.uri).createOrReplaceTempView("events")
    ours = held.frame().collect()
    middle = ours["at"].sort()[ours.height // 2]
    conditions = {
        f"at = timestamp'{middle:%Y-%m-%d %H:%M:%S.%f}'": pl.col("at") == middle,
        f"at >= timestamp'{middle:%Y-%m-%d %H:%M:%S.%f}'": pl.col("at") >= middle,
        f"id = '{row(149)['id']}'": pl.col("id") == row(149)["id"],
        "n between 490 and 510": pl.col("n").is_between(490, 510),
        "price > 500": pl.col("price") > 500,
        "_day = date'2013-01-02'": pl.col("_day") == day(1),
        "_day is null": pl.col("_day").is_null(),
        "late is null": pl.lit(True),
        "ratio > 600": pl.col("ratio") > 600,
    }
    for text, expression in conditions.items():
        found = sail.sql(f"select count(*) as c from events where {text}").collect()[0]["c"]
        assert found == ours.filter(expression).height, text
        assert found > 0, text


def test_exchanged_files_are_read_equal(lake: Lake, sail: SparkSession) -> None:
    """Null days too, and after a checkpoint, which holds removed files as tombstones."""
    table = lake.table(TableName("serving", "events"))
    table.ensure(SCHEMA, "_day")
    for epoch in range(12):
        with table.stage(table.snapshot()) as staging:
            rows = [row(n) for n in range(epoch * 20, epoch * 20 + 20)]
            staging.write(pa.Table.from_pylist(rows, SCHEMA))
            table.append(staging.finish(), transaction=("a", epoch))
    before = table.snapshot()
    for window in (None, day(1)):
        chosen = before.files.filter(pl.col("partition._day").eq_missing(pl.lit(window)))
        with table.stage(before) as staging:
            staging.write(before.scan(chosen["path"].to_list()).select(SCHEMA.names).collect())
            table.exchange(chosen["path"].to_list(), staging.finish(), data_change=False)
    for step in range(2):
        held, ours = table.snapshot(), before.frame().sort("n").collect()
        assert held.files.height < before.files.height
        assert held.frame().sort("n").collect().equals(ours)
        assert pl.read_delta(held.uri).select(ours.columns).sort("n").equals(ours)
        read = sail.read.format("delta").load(held.uri).toArrow()
        theirs = pl.DataFrame(pl.from_arrow(read)).sort("n")
        assert ours.equals(theirs.select(ours.columns).cast(dict(ours.schema)))
        if step == 0:
            DeltaTable(held.uri).create_checkpoint()
