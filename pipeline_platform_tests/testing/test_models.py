"""Models over given rows, typed as the project declares them."""

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from pipeline_platform.testing import expect, run_model, run_stream
from pipeline_platform_tests.engine.answers import java
from pipeline_platform_tests.testing.places import AVIATION, SHOP, no_rows

ORDERS = [
    {"ordered_at": "2024-01-02T10:00:00Z", "amount": "3.20"},
    {"ordered_at": "2024-01-02T23:30:00Z", "amount": 1},
    {"ordered_at": "2024-01-03T00:00:00Z", "amount": None},
]
VISITS = [{"at": "2024-01-02T10:00:00Z"}]
ROOT = Path(__file__).parents[2]


def daily(orders: Any, end: date | None = None) -> Any:
    tables = {"serving.orders": orders, "serving.visits": VISITS}
    return run_model(SHOP / "daily_sales", tables, start="2024-01-02", end=end)


def test_a_day_is_computed_from_given_rows() -> None:
    run = daily(ORDERS)
    assert run == [{"day": date(2024, 1, 2), "orders": 2, "revenue": Decimal("4.20"), "visits": 1}]
    assert run.checks.failed == []
    assert run.checks["unique_day"].checked_rows == 1


def test_the_window_goes_up_to_its_end() -> None:
    run = daily(ORDERS, end=date(2024, 1, 4))
    expect(run, [{"day": "2024-01-03", "orders": 1}, {"day": "2024-01-02", "orders": 2}])
    expect(run, [{"day": "2024-01-02"}, {"day": "2024-01-03"}], ordered=True)


def test_a_failing_check_is_an_outcome() -> None:
    found = daily([ORDERS[0] | {"amount": -5}]).checks["revenue_is_positive"]
    assert (found.passed, found.failed_rows, found.severity) == (False, 1, "warn")


def test_rows_of_every_kind(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        ORDERS, schema={"ordered_at": pl.String, "amount": pl.Object}, strict=False
    )
    texts = frame.with_columns(pl.Series("amount", ["3.20", "1", None]))
    typed = texts.with_columns(
        pl.col("ordered_at").str.to_datetime(time_zone="UTC"),
        pl.col("amount").cast(pl.Decimal(10, 2)),
    )
    texts.write_csv(tmp_path / "a.csv")
    typed.write_parquet(tmp_path / "a.parquet")
    texts.write_ndjson(tmp_path / "a.ndjson")
    pandas = pd.DataFrame({"ordered_at": pd.to_datetime([o["ordered_at"] for o in ORDERS])})
    pandas["amount"] = [3.2, 1.0, None]
    files: list[Any] = [tmp_path / "a.csv", str(tmp_path / "a.parquet"), tmp_path / "a.ndjson"]
    for given in [texts, typed, pandas, *files, iter(ORDERS)]:
        expect(daily(given), [{"day": "2024-01-02", "orders": 2, "revenue": "4.20"}])


def test_frames_of_the_result() -> None:
    run = daily(ORDERS)
    assert run.polars().schema["revenue"] == pl.Decimal(20, 2)
    assert run.pandas()["orders"].tolist() == [2]


def test_a_python_model() -> None:
    orders = [{"email": "a@x"}, {"email": "a@x"}, {"email": None}]
    run = run_model(SHOP / "buyers", {"serving.orders": orders})
    expect(run, [{"email": None, "orders": 1}, {"email": "a@x", "orders": 2}], ordered=True)


def test_local_days_read_the_utc_days_that_they_span() -> None:
    orders = [
        {"ordered_at": "2024-01-02T22:59:59Z", "product": "tea"},
        {"ordered_at": "2024-01-02T23:00:00Z", "product": "tea"},
        {"ordered_at": "2024-01-03T23:00:00Z", "product": "mug"},
    ]
    run = run_model(SHOP / "vienna_day", {"serving.orders": orders}, start="2024-01-03")
    expect(run, [{"local_day": "2024-01-03", "product": "tea", "orders": 1}])


def test_accepted_rows_of_a_stream_go_into_a_model() -> None:
    line = {"id": "a", "ordered_at": "2024-01-02T10:00:00Z", "product": "tea", "email": "a@x"}
    stream = run_stream(SHOP / "orders", rows=[line, line, line | {"id": "b"}, line | {"id": None}])
    run = run_model(SHOP / "products", {"serving.orders": stream.accepted})
    assert run == [{"product": "tea", "orders": 2, "buyers": 1}]


FLIGHT = {
    "time_hour": "2013-07-02T03:00:00Z", "minute": 59, "carrier": "UA", "flight": 1,
    "origin": "EWR", "dest": "IAH", "dep_time": 1, "dep_delay": 2, "arr_delay": 11,
    "distance": 1400,
}  # fmt: skip


def fact_flight() -> Any:
    tables = no_rows(AVIATION, "warehouse.fact_flight") | {
        "serving.flights": [
            FLIGHT,
            FLIGHT
            | {
                "flight": 2,
                "origin": "JFK",
                "dep_time": None,
                "dep_delay": None,
                "arr_delay": None,
            },
            FLIGHT | {"flight": 3, "time_hour": "2013-07-02T04:00:00Z", "arr_delay": 16},
        ],
        "serving.weather": [
            {"origin": "EWR", "time_hour": "2013-07-02T03:00:00Z", "wind_speed": 10.5},
            {"origin": "JFK", "time_hour": "2013-07-02T02:00:00Z", "wind_speed": 99.0},
        ],
    }
    return run_model(AVIATION / "fact_flight", tables, start="2013-07-02")


def test_the_demo_joins_the_weather_of_the_hour() -> None:
    run = fact_flight()
    expect(
        run,
        [
            {
                "flight": 1,
                "scheduled_at": "2013-07-02T03:59:00Z",
                "cancelled": False,
                "wind_speed": 10.5,
            },
            {
                "flight": 2,
                "scheduled_at": "2013-07-02T03:59:00Z",
                "cancelled": True,
                "wind_speed": None,
            },
            {
                "flight": 3,
                "scheduled_at": "2013-07-02T04:59:00Z",
                "cancelled": False,
                "wind_speed": None,
            },
        ],
    )
    assert run.checks["cancelled_flights_have_no_delay"].passed


def test_the_demo_marts_over_the_fact() -> None:
    fact = {"warehouse.fact_flight": fact_flight()}
    names = [
        {
            "airline_key": "UA@1",
            "carrier": "UA",
            "name": "United",
            "is_current": True,
            "valid_from": "1900-01-01T00:00:00Z",
        }
    ]
    on_time = run_model(AVIATION / "carrier_on_time", {**fact, "warehouse.dim_airline": names})
    expect(
        on_time,
        [
            {
                "carrier": "UA",
                "airline": "United",
                "flights": 3,
                "cancelled": 1,
                "arrived": 2,
                "on_time_le15": 1,
            }
        ],
    )
    days = run_model(AVIATION / "airport_day", fact, start="2013-07-01", end="2013-07-03")
    expect(
        days,
        [
            {"origin": "EWR", "local_day": "2013-07-01", "flights": 1, "cancelled": 0},
            {"origin": "EWR", "local_day": "2013-07-02", "flights": 1, "cancelled": 0},
            {"origin": "JFK", "local_day": "2013-07-01", "flights": 1, "cancelled": 1},
        ],
    )
    first = run_model(AVIATION / "airport_day", fact, start="2013-07-01")
    expect(first, [{"origin": "EWR", "flights": 1}, {"origin": "JFK", "flights": 1}])


def model(folder: Path, said: str, sql: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "defs.yaml").write_text(
        "type: pipeline_platform.components.Model\n"
        "attributes:\n"
        "  description: Sums.\n"
        "  owner: team:a\n"
        "  layer: mart\n"
        f"{said}"
    )
    (folder / "model.sql").write_text(sql)
    return folder


SUMS = (
    "SELECT day, sum(n) AS n FROM serving.numbers WHERE day >= :start AND day < :end GROUP BY day"
)


def test_without_a_project_types_are_those_of_the_values(tmp_path: Path) -> None:
    folder = model(tmp_path / "sums", "  partition: {column: day}\n", SUMS)
    numbers = [
        {"day": date(2024, 1, 2), "n": n, "at": datetime(2024, 1, 2, tzinfo=UTC)} for n in (1, 2)
    ]
    run = run_model(folder, {"serving.numbers": numbers}, start="2024-01-02")
    assert run == [{"day": date(2024, 1, 2), "n": 3}]


def test_without_a_project_types_may_be_given(tmp_path: Path) -> None:
    folder = model(tmp_path / "sums", "  partition: {column: day}\n", SUMS)
    schemas = {"serving.numbers": {"day": "date", "n": "decimal(5,1)"}}
    given = {"serving.numbers": [{"day": "2024-01-02", "n": "0.5"}]}
    run = run_model(folder, given, start="2024-01-02", schemas=schemas)
    assert run == [{"day": date(2024, 1, 2), "n": Decimal("0.5")}]


def test_a_reference_is_checked_when_its_table_is_given(tmp_path: Path) -> None:
    said = "  checks: [{reference: {columns: [n], to: 'serving.known(n)'}, name: known}]\n"
    folder = model(tmp_path / "listed", said, "SELECT n FROM serving.numbers")
    schemas = {"serving.known": {"n": "bigint"}}
    alone = run_model(folder, {"serving.numbers": [{"n": 1}]}, schemas=schemas)
    assert dict(alone.checks) == {}
    both = {"serving.numbers": [{"n": 1}, {"n": 2}], "serving.known": [{"n": 2}]}
    found = run_model(folder, both).checks["known"]
    assert (found.failed_rows, found.sample) == (1, [{"n": 1}])


def test_given_refused_rows_are_open_ones(tmp_path: Path) -> None:
    defs = tmp_path / "defs"
    (defs / "orders").mkdir(parents=True)
    (defs / "orders" / "defs.yaml").write_text((SHOP / "orders" / "defs.yaml").read_text())
    folder = model(
        defs / "reasons",
        "",
        "SELECT reason, count(*) AS rows FROM serving.orders__refused GROUP BY reason",
    )
    refused = run_stream(SHOP / "orders", ["nonsense\nmore\n"]).refused
    run = run_model(folder, {"serving.orders__refused": refused})
    assert run == [{"reason": "malformed", "rows": 2}]


def test_files_that_change_are_read_anew(tmp_path: Path) -> None:
    folder = model(tmp_path / "defs" / "one", "", "SELECT 1 AS n")
    assert run_model(folder, {}) == [{"n": 1}]
    (folder / "model.sql").write_text("SELECT 22 AS n")
    assert run_model(folder, {}) == [{"n": 22}]


def test_folders_with_components_of_others_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "defs" / "theirs").mkdir(parents=True)
    (tmp_path / "defs" / "theirs" / "defs.yaml").write_text("type: their.package.Model\n")
    assert run_model(model(tmp_path / "defs" / "one", "", "SELECT 1 AS n"), {}) == [{"n": 1}]


ON_BOTH = """
import sys
from pipeline_platform.testing import run_model
orders = [{"ordered_at": f"2024-01-0{n}T10:00:00Z", "amount": n} for n in (2, 2, 3)]
tables = {"serving.orders": orders, "serving.visits": []}
sail, spark = (
    run_model(sys.argv[1], tables, start="2024-01-02", end="2024-01-04", engine=engine)
    for engine in ("sail", "spark")
)
assert sail == spark and len(spark) == 2
assert sail.checks == spark.checks
"""


@pytest.mark.spark
@pytest.mark.timeout(300)
def test_the_same_rows_on_classic_spark() -> None:
    if not java():
        pytest.skip("no Java on this machine")
    run = [sys.executable, "-c", ON_BOTH, str(SHOP / "daily_sales")]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
