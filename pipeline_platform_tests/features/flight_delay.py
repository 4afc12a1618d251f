"""The demo's feature set as a value."""

from datetime import date

from pipeline_platform.contracts.features import Aggregate, AsOf, Feature, FeatureSet, Spine, Window
from pipeline_platform.contracts.models import Partitioning, TableColumn
from pipeline_platform.contracts.names import TableName

FLIGHTS, WEATHER = "warehouse.fact_flight", "serving.weather"
DEPARTED = "scheduled_at + make_interval(0, 0, 0, 0, 0, dep_delay)"
FLIGHT_DELAY = FeatureSet(
    table=TableName("feature", "flight_delay"),
    spine=Spine(
        FLIGHTS,
        "scheduled_at",
        ("scheduled_at", "flight_day", "carrier", "flight", "origin", "dep_delay"),
    ),
    groups=(
        Window(
            FLIGHTS,
            (("origin", "origin"),),
            DEPARTED,
            DEPARTED,
            86_400.0,
            (
                Aggregate("departures_24h", "count", "*"),
                Aggregate("delay_sum_24h", "sum", "dep_delay"),
            ),
        ),
        AsOf(
            WEATHER,
            (("origin", "origin"),),
            "time_hour",
            "time_hour",
            (
                Feature("temp", "temp"),
                Feature("wind_speed", "wind_speed"),
                Feature("visib", "visib"),
            ),
            lag_s=3600.0,
            ttl_s=2 * 86_400.0,
        ),
    ),
    columns=(
        TableColumn("scheduled_at", "timestamp", nullable=False),
        TableColumn("flight_day", "date", nullable=False),
        TableColumn("carrier", "string", nullable=False),
        TableColumn("flight", "int", nullable=False),
        TableColumn("origin", "string", nullable=False),
        TableColumn("dep_delay", "int"),
        TableColumn("departures_24h", "bigint", nullable=False),
        TableColumn("delay_sum_24h", "bigint", nullable=False),
        TableColumn("temp", "double"),
        TableColumn("wind_speed", "double"),
        TableColumn("visib", "double"),
    ),
    inputs={FLIGHTS: (2, 1), WEATHER: (3, 0)},
    partitioning=Partitioning("flight_day", date(2013, 1, 1), date(2014, 1, 2)),
)
