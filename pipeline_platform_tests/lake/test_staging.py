"""Staging: every row is in exactly one file, whatever the cuts; memory is bounded."""

import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_platform.errors import WriteRefused
from pipeline_platform.lake.files import Files
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.lake.statistics import statistics_json
from pipeline_platform.lake.writer import Staging
from pipeline_platform_tests.lake.frames import NAME, SCHEMA, day, events, frame, rows_of

KINDS: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "integer": ("bigint", st.integers(-(2**63), 2**63 - 1)),
    "small": ("smallint", st.integers(-(2**15), 2**15 - 1)),
    "number": ("double", st.floats()),
    "single": ("float", st.floats(width=32)),
    "text": ("string", st.text(st.characters(codec="utf-8"), max_size=40)),
    "long_text": (
        "string",
        st.text(st.sampled_from("a\U0010ffff\ud7ff\x00"), min_size=30, max_size=40),
    ),
    "instant": ("timestamp", st.datetimes(timezones=st.just(UTC))),
    "day": ("date", st.dates()),
    "exact": ("decimal(38,9)", st.decimals(places=9, min_value=-(10**28), max_value=10**28)),
    "flag": ("boolean", st.booleans()),
    "bytes": ("binary", st.binary(max_size=5)),
    "list": ("array<bigint>", st.lists(st.integers(0, 9), max_size=2)),
}
days = st.one_of(st.none(), st.integers(0, 4).map(day))
rows = st.tuples(days, st.integers(0, 3), st.one_of(st.none(), st.integers(-5, 5)))


@settings(max_examples=25)
@given(st.lists(st.lists(rows, max_size=12), max_size=6), st.sampled_from([1, 2_000, 1 << 20]))
def test_any_cut_keeps_every_row(
    tmp_path_factory: pytest.TempPathFactory, frames: list[list[Any]], buffer: int
) -> None:
    table = events(Lake(tmp_path_factory.mktemp("lake")))
    with table.stage(SCHEMA, "_day", buffer_bytes=buffer) as staging:
        for part in frames:
            staging.write(frame(part))
        files = staging.finish()
    table.append(files, transaction=("a", 0))
    given_rows = [row for part in frames for row in part]
    held = table.snapshot()
    assert rows_of(held) == sorted(given_rows, key=lambda r: tuple((x is not None, x) for x in r))
    assert {f.partition for f in files} == {row[0] for row in given_rows}
    assert len(files) == len({f.partition for f in files}), "one file per partition"
    assert held.num_rows == sum(f.rows for f in files) == len(given_rows)


one_row = st.tuples(*(st.one_of(st.none(), values) for _, values in KINDS.values()))


@settings(max_examples=25)
@given(st.lists(one_row, min_size=1, max_size=20))
def test_every_type_comes_back_equal_and_within_its_bounds(
    tmp_path_factory: pytest.TempPathFactory, given_rows: list[tuple[Any, ...]]
) -> None:
    schema = arrow_schema([(column, kind, True) for column, (kind, _) in KINDS.items()])
    table = Lake(tmp_path_factory.mktemp("lake")).table(NAME)
    table.ensure(schema, None)
    with table.stage(schema) as staging:
        columns = zip(zip(*given_rows, strict=True), schema, strict=True)
        arrays = [pa.array(values, field.type) for values, field in columns]
        staging.write(pa.Table.from_arrays(arrays, schema=schema))
        table.append(staging.finish(), transaction=("a", 0))
    held = table.snapshot()
    found, facts = held.frame().collect(), held.partitions()[None]
    for name, column in zip(KINDS, zip(*given_rows, strict=True), strict=True):
        assert same(found[name].to_list(), column)
        low, high = facts.minimum.get(name), facts.maximum.get(name)
        values = [value for value in column if value is not None]
        assert low is None or all(low <= value for value in values)
        assert high is None or all(value <= high for value in values)


def same(found: Sequence[Any], given_values: Sequence[Any]) -> bool:
    """Equal in order, NaN equal to itself."""

    def plain(value: Any) -> Any:
        return "nan" if isinstance(value, float) and math.isnan(value) else value

    return [plain(x) for x in found] == [plain(x) for x in given_values]


def test_bounds_are_there_where_they_can_be(lake: Lake) -> None:
    schema = arrow_schema(
        [
            ("i", "bigint", True),
            ("t", "timestamp", True),
            ("d", "decimal(20,2)", True),
            ("f", "double", True),
            ("nan", "double", True),
            ("s", "string", True),
            ("n", "int", True),
        ]
    )
    at = datetime(2013, 1, 1, 0, 0, 0, 1234, UTC)
    row = {"i": 1, "t": at, "d": Decimal("1.25"), "f": 0.5, "nan": math.nan, "s": "x", "n": None}
    table = lake.table(NAME)
    table.ensure(schema, None)
    with table.stage(schema) as staging:
        staging.write(pa.Table.from_pylist([row], schema))
        table.append(staging.finish(), transaction=("a", 0))
    facts = table.snapshot().partitions()[None]
    below, above = at.replace(microsecond=1000), at.replace(microsecond=2000)
    known = {"i": 1, "d": Decimal("1.25"), "f": 0.5, "s": "x"}
    assert facts.minimum == known | {"t": below}
    assert facts.maximum == known | {"t": above}


def test_nan_leaves_a_column_without_bounds(lake: Lake) -> None:
    schema = arrow_schema([("x", "double", True)])
    table = lake.table(NAME)
    table.ensure(schema, None)
    with table.stage(schema) as staging:
        staging.write(pl.DataFrame({"x": [1.0, math.nan]}))
        table.append(staging.finish(), transaction=("a", 0))
    facts = table.snapshot().partitions()[None]
    assert (facts.minimum, facts.maximum) == ({}, {})


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (lambda f: f.with_columns(pl.col("value").cast(pl.Float64)), "value is Float64, not Int64"),
        (lambda f: f.drop("value"), "value is missing"),
        (lambda f: f.with_columns(more=1), "more is not a column"),
        (
            lambda f: f.with_columns(_epoch=pl.lit(None, pl.Int64)),
            "_epoch is required and holds nulls",
        ),
    ],
)
def test_rows_of_another_shape_are_refused(
    lake: Lake, bad: Callable[[pl.DataFrame], pl.DataFrame], said: str
) -> None:
    with events(lake).stage(SCHEMA, "_day") as staging:
        with pytest.raises(WriteRefused) as caught:
            staging.write(bad(frame([(day(0), 0, 1)])))
        assert said in caught.value.known
        staging.write(frame([(day(0), 0, 1)]).select("value", "_day", "_epoch"))
        assert staging.finish()[0].rows == 1


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        Staging(Files(str(tmp_path)), SCHEMA, "_day", where="x", buffer_bytes=1) as staging,
    ):
        staging.write(frame([(day(n), 0, n) for n in range(5)]))
        assert list(tmp_path.rglob("*.parquet"))
        raise ZeroDivisionError
    assert not list(tmp_path.rglob("*.parquet"))


def test_many_partitions_keep_few_files_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline_platform.lake.writer.OPEN_FILES", 3)
    with Staging(Files(str(tmp_path)), SCHEMA, "_day", where="x", buffer_bytes=1) as staging:
        for _ in range(3):
            staging.write(frame([(day(n), 0, n) for n in range(10)]))
            assert len(staging._open) <= 3
        files = staging.finish()
    assert sum(f.rows for f in files) == 30
    assert sum(pl.read_parquet(tmp_path / f.path).height for f in files) == 30


MEMORY = """
import resource, sys
import numpy as np, polars as pl
from datetime import date
from pipeline_platform.lake.files import Files
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.lake.writer import Staging
root, days, frames = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
schema = arrow_schema([("_day", "date", True), ("text", "string", True), ("n", "bigint", True)])
n = np.arange(100_000)
base = pl.DataFrame({"_day": (15706 + n % days).astype("int32"), "n": n}).select(
    pl.col("_day").cast(pl.Date),
    pl.format("{}-a-text-of-some-forty-characters-{}", "n", "n").alias("text"),
    "n",
)
with Staging(Files(root), schema, "_day", where="x", buffer_bytes=16 << 20) as staging:
    for _ in range(frames):
        staging.write(base.clone())
    rows = sum(f.rows for f in staging.finish())
    staging.abort()
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak(root: Path, days_: int, frames: int) -> int:
    """Peak resident MB of a process that stages `frames` of 100,000 rows over `days_` days."""
    command = [sys.executable, "-c", MEMORY, str(root), str(days_), str(frames)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows_written, megabytes = map(int, done.stdout.split())
    assert rows_written == frames * 100_000
    return megabytes


@pytest.mark.slow
def test_memory_grows_neither_with_rows_nor_with_partitions(tmp_path: Path) -> None:
    small, long, wide = peak(tmp_path, 3, 5), peak(tmp_path, 3, 30), peak(tmp_path, 300, 10)
    assert long < small + 120, (small, long)
    assert wide < small + 120, (small, wide)


def test_statistics_of_a_file_without_row_groups(tmp_path: Path) -> None:
    pq.write_table(SCHEMA.empty_table(), tmp_path / "x.parquet")
    footer = pq.read_metadata(tmp_path / "x.parquet")
    assert '"numRecords":0' in statistics_json(footer, SCHEMA, ())
