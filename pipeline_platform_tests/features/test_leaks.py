"""The check finds what is planted: leaks, lost rows, doubled rows."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.features.build import build
from pipeline_platform.features.leaks import evaluate
from pipeline_platform.lake.catalog import load
from pipeline_platform.lake.lake import Lake
from pipeline_platform.models.checks import CheckOutcome
from pipeline_platform_tests.features.trades import (
    FOUND,
    MONTH,
    PRICES,
    lake_with_trades,
    prices,
    replaced,
)
from pipeline_platform_tests.models.tables import put

LATE = timedelta(hours=10)
IGNORANT = replaced(FOUND, groups=tuple(replaced(g, available_at="event") for g in FOUND.groups))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_with_trades(tmp_path / "lake", late=LATE)


def outcomes(engine: SailEngine, lake: Lake, window: DayWindow = MONTH) -> list[CheckOutcome]:
    return evaluate(FOUND, window, engine=engine, lake=lake)


def stored(lake: Lake, rows: pl.DataFrame) -> None:
    """Let the table hold these rows, as if the last build had written them."""
    table = lake.table(FOUND.table)
    read = table.snapshot()
    with table.stage(read) as staging:
        staging.write(rows)
        files = staging.finish()
    table.replace(files, read=read, window=MONTH, metadata=read.last_metadata())


def test_an_honest_table_passes(engine: SailEngine, lake: Lake) -> None:
    build(FOUND, MONTH, engine=engine, lake=lake)
    kept, clean = outcomes(engine, lake)
    assert (kept.name, kept.passed, kept.checked_rows) == ("spine_kept", True, 30)
    assert (clean.name, clean.passed, clean.checked_rows) == ("no_leaks", True, 30)


def test_a_build_that_ignores_availability_is_found(engine: SailEngine, lake: Lake) -> None:
    build(IGNORANT, MONTH, engine=engine, lake=lake)
    kept, leaky = outcomes(engine, lake)
    assert kept.passed and not leaky.passed
    assert 0 < leaky.failed_rows <= 30
    row = leaky.sample[0]
    assert row["shop"] == "a"
    assert "price = " in row["stored"] and "price = " in row["known"]


def test_one_planted_value_is_found(engine: SailEngine, lake: Lake) -> None:
    build(FOUND, MONTH, engine=engine, lake=lake)
    rows = load(lake, "feature.found", "polars").with_row_index("place")
    wrong = pl.when(pl.col("place") == 7).then(99.0).otherwise("total").alias("total")
    stored(lake, rows.with_columns(wrong).drop("place"))
    kept, leaky = outcomes(engine, lake)
    assert kept.passed
    assert leaky.failed_rows == 1
    assert leaky.sample[0]["stored"] == "total = 99.0"


def test_a_lost_row_and_a_doubled_row_are_found(engine: SailEngine, lake: Lake) -> None:
    build(FOUND, MONTH, engine=engine, lake=lake)
    rows = load(lake, "feature.found", "polars").sort(pl.all())
    stored(lake, pl.concat([rows[1:], rows[-1:]]))
    kept, _ = outcomes(engine, lake)
    assert kept.failed_rows == 2
    assert {(r["in_spine"], r["in_table"]) for r in kept.sample} == {(1, 0), (2, 3)}


def test_what_arrived_later_is_no_leak(engine: SailEngine, lake: Lake) -> None:
    build(FOUND, MONTH, engine=engine, lake=lake)
    put(lake, PRICES, prices(late=timedelta(0)), "_day")
    assert all(o.passed for o in outcomes(engine, lake))
    late, rest = DayWindow(MONTH.start, MONTH.start + timedelta(4)), MONTH
    build(FOUND, late, engine=engine, lake=lake)
    assert all(o.passed for o in outcomes(engine, lake, rest))


def test_days_that_were_never_built_are_missing(engine: SailEngine, lake: Lake) -> None:
    build(FOUND, DayWindow.of(MONTH.start), engine=engine, lake=lake)
    kept, _ = outcomes(engine, lake)
    assert kept.failed_rows == 27


def test_days_whose_inputs_are_gone_are_left_out(
    engine: SailEngine, lake: Lake, tmp_path: Path
) -> None:
    build(IGNORANT, MONTH, engine=engine, lake=lake)
    put(lake, PRICES, prices(late=LATE), "_day")
    build(IGNORANT, DayWindow.of(MONTH.start), engine=engine, lake=lake)
    lake.table(PRICES).snapshot().table.create_checkpoint()
    for old in range(2):
        (tmp_path / "lake" / "serving" / "prices" / "_delta_log" / f"{old:020}.json").unlink()
    kept, _ = outcomes(engine, lake)
    assert kept.checked_rows == 3


def test_the_sample_is_the_same_every_time(engine: SailEngine, lake: Lake) -> None:
    build(IGNORANT, MONTH, engine=engine, lake=lake)
    first, second = (
        evaluate(FOUND, MONTH, engine=engine, lake=lake, sample=9)[1] for _ in range(2)
    )
    assert first == second and first.checked_rows == 9
