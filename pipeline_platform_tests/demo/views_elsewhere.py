"""The demo's views computed by DuckDB over the source, in words of its own."""

from datetime import date
from io import BytesIO

import duckdb
import polars as pl

from pipeline_platform.cli import demo_data

STATEMENTS = {
    "departures_by_hour": """
        SELECT origin, time_hour AS hour, count(*) AS flights, count(dep_time) AS departures,
               count(*) FILTER (dep_time IS NULL) AS cancellations,
               sum(dep_delay)::DECIMAL(16, 1) AS delay_minutes, avg(dep_delay) AS average_delay,
               max(dep_delay) AS worst_delay, count(*) FILTER (dep_delay > 15) AS late_departures
        FROM flights GROUP BY ALL
    """,
    "planes_by_carrier_day": """
        SELECT carrier, time_hour::DATE AS day, count(DISTINCT tailnum) AS planes,
               count(*) AS flights
        FROM flights GROUP BY ALL
    """,
    "worst_delay": """
        SELECT carrier, time_hour::DATE AS day, dep_delay AS delay, flight, origin, dest
        FROM flights WHERE dep_delay IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY carrier, time_hour::DATE
            ORDER BY dep_delay DESC, time_hour DESC, minute DESC, flight DESC, origin DESC
        ) = 1
    """,
    "route_totals": """
        SELECT origin, dest, max(distance) AS distance, count(*) AS flights,
               count(air_time) AS flown, sum(air_time) AS air_minutes,
               avg(arr_delay) AS average_arrival_delay, min(air_time) AS fastest
        FROM flights GROUP BY ALL
    """,
    "new_york_day": """
        SELECT make_date(year, month, day) AS day, count(*) AS flights,
               count(*) FILTER (dep_time IS NULL) AS cancelled,
               count(*) FILTER (arr_delay <= 15) AS on_time, count(arr_delay) AS arrived,
               sum(distance) AS miles
        FROM flights GROUP BY ALL
    """,
    "flights_by_manufacturer": """
        SELECT coalesce(manufacturer, 'unknown') AS manufacturer, time_hour::DATE AS day,
               count(*) AS flights, count(dep_time) AS departures,
               sum(CASE WHEN dep_time IS NOT NULL THEN seats END) AS seats
        FROM flights LEFT JOIN planes USING (tailnum) GROUP BY ALL
    """,
}


def views(only: date | None = None) -> dict[str, pl.DataFrame]:
    """The answers over the whole source, or over the events of one UTC day."""
    flights = pl.read_csv(
        BytesIO(demo_data._bytes("flights.csv.zip")),
        null_values="NA",
        infer_schema_length=None,
        schema_overrides={"time_hour": pl.Datetime("us")},
    )
    if only is not None:
        flights = flights.filter(pl.col("time_hour").dt.date() == only)
    planes = pl.read_csv(BytesIO(demo_data._bytes("planes.csv")), null_values="NA")
    planes = planes.select("tailnum", "manufacturer", "seats")
    with duckdb.connect() as engine:
        engine.register("flights", flights.to_arrow())
        engine.register("planes", planes.to_arrow())
        return {name: engine.sql(text).pl() for name, text in STATEMENTS.items()}
