"""The demo's SQL gives equal rows on Sail and on classic Spark, over the same frames."""

from datetime import date
from io import BytesIO
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import pipeline_platform
from pipeline_platform.cli import demo_data
from pipeline_platform.sql.tables import substitute_tables
from pipeline_platform_tests.engine.answers import ask_elsewhere, java

DOMAIN = Path(pipeline_platform.__file__).parent / "defs" / "aviation"
WINDOW = {"start": date(2013, 3, 9), "end": date(2013, 3, 13)}  # clocks changed on March 10


def frame(file: str) -> pa.Table:
    """A source with the types of its contract, over the window and the days beside it."""
    read = pl.read_csv(
        BytesIO(demo_data._bytes(file)),
        null_values="NA",
        schema_overrides={"time_hour": pl.Datetime("us", "UTC")},
        infer_schema_length=None,
    )
    day = pl.col("time_hour").dt.date()
    typed = read.with_columns(pl.col(pl.Int64).cast(pl.Int32), _day=day)
    near = typed.filter(pl.col("_day").is_between(date(2013, 3, 8), date(2013, 3, 14)))
    found = near.to_arrow()
    texts = [f.name for f in found.schema if pa.types.is_large_string(f.type)]
    return found.cast(
        pa.schema([(f.name, pa.string() if f.name in texts else f.type) for f in found.schema])
    )


def history(file: str, renamed: dict[str, str] | None = None) -> pa.Table:
    """A master's history after its first snapshot, with the types of its contract."""
    read = pl.read_csv(
        BytesIO(demo_data._bytes(file)), null_values="NA", infer_schema_length=None
    ).rename(renamed or {})
    whole = read.with_columns(
        pl.col(pl.Int64).cast(pl.Int32),
        valid_from=pl.datetime(1900, 1, 1, time_zone="UTC").cast(pl.Datetime("us", "UTC")),
        valid_to=pl.lit(None, pl.Datetime("us", "UTC")),
        is_current=True,
    ).to_arrow()
    texts = [f.name for f in whole.schema if pa.types.is_large_string(f.type)]
    return whole.cast(
        pa.schema([(f.name, pa.string() if f.name in texts else f.type) for f in whole.schema])
    )


AIRPORT = {
    "faa": "airport",
    "lat": "latitude",
    "lon": "longitude",
    "alt": "altitude",
    "tzone": "timezone",
}
FRAMES = {
    "serving.flights": "flights",
    "serving.weather": "weather",
    "serving.airlines__history": "airlines",
    "serving.airports__history": "airports",
    "serving.planes__history": "planes",
}


def statements() -> dict[str, str]:
    """The SQL of every model, those above it put in its place."""
    text = {folder.parent.name: folder.read_text() for folder in DOMAIN.glob("*/model.sql")}
    made = {n: substitute_tables(text.pop(n), FRAMES) for n in sorted(text) if n[:4] == "dim_"}
    dimensions = {f"warehouse.{name}": f"({sql})" for name, sql in made.items()}
    made["fact_flight"] = substitute_tables(text.pop("fact_flight"), FRAMES | dimensions)
    above = dimensions | {"warehouse.fact_flight": f"({made['fact_flight']})"}
    return made | {name: substitute_tables(sql, above) for name, sql in text.items()}


@pytest.mark.spark
@pytest.mark.timeout(300)
def test_equal_rows_on_both_engines() -> None:
    if not java():
        pytest.skip("no Java on this machine")
    frames = {
        "flights": frame("flights.csv.zip"),
        "weather": frame("weather.csv"),
        "airlines": history("airlines.csv"),
        "airports": history("airports.csv", AIRPORT),
        "planes": history("planes.csv"),
    }
    sail, spark = (ask_elsewhere(e, frames, statements(), WINDOW) for e in ("sail", "spark"))
    assert set(sail) == {folder.parent.name for folder in DOMAIN.glob("*/model.sql")}
    assert all(answer.rows and not answer.error for answer in spark.values())
    assert sail == spark
