"""A small lake of offers and prices by day, and a feature set over them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pyarrow as pa

from pipeline_platform.contracts.features import (
    Aggregate,
    AsOf,
    Feature,
    FeatureSet,
    Spine,
    Window,
)
from pipeline_platform.contracts.models import Partitioning, TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.lake.lake import Lake
from pipeline_platform_tests.models.tables import put

OFFERS, PRICES = TableName("serving", "offers"), TableName("serving", "prices")
START = date(2013, 1, 1)
NOON = datetime(2013, 1, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
INSTANT = pa.timestamp("us", "UTC")
MONTH = DayWindow(START, date(2013, 1, 11))


def offers(days: int = 10) -> pa.Table:
    """Three offers a day, two of them alike; the shop of the third is unknown."""
    at = [NOON + DAY * (n // 3) for n in range(days * 3)]
    return pa.table(
        {
            "_day": pa.array([instant.date() for instant in at], pa.date32()),
            "shop": pa.array([("a", "a", None)[n % 3] for n in range(days * 3)]),
            "at": pa.array(at, INSTANT),
        }
    )


def prices(days: int = 10, late: timedelta = HOUR) -> pa.Table:
    """A price every day at 11 and at 20, known `late` after; shop b's prices are of no use."""
    event = [NOON + DAY * (n // 2) + HOUR * (8 if n % 2 else -1) for n in range(days * 2)]
    shops = ["a" if n % 5 else "b" for n in range(days * 2)]
    return pa.table(
        {
            "_day": pa.array([instant.date() for instant in event], pa.date32()),
            "shop": pa.array(shops),
            "event": pa.array(event, INSTANT),
            "known": pa.array([instant + late for instant in event], INSTANT),
            "price": pa.array([n + 0.1 for n in range(days * 2)]),
        }
    )


def lake_with_trades(folder: Path, late: timedelta = HOUR) -> Lake:
    """A lake that holds both tables."""
    lake = Lake(folder)
    put(lake, OFFERS, offers(), "_day")
    put(lake, PRICES, prices(late=late), "_day")
    return lake


FOUND = FeatureSet(
    table=TableName("feature", "found"),
    spine=Spine("serving.offers", "at", ("_day", "shop", "at")),
    groups=(
        AsOf(
            "serving.prices",
            (("shop", "shop"),),
            "event",
            "known",
            (Feature("price", "price"), Feature("double_price", "price * 2")),
        ),
        Window(
            "serving.prices",
            (("shop", "shop"),),
            "event",
            "known",
            2 * 86_400.0,
            (Aggregate("n", "count", "*"), Aggregate("total", "sum", "price")),
        ),
    ),
    columns=(
        TableColumn("_day", "date", nullable=False),
        TableColumn("shop", "string"),
        TableColumn("at", "timestamp", nullable=False),
        TableColumn("price", "double"),
        TableColumn("double_price", "double"),
        TableColumn("n", "bigint", nullable=False),
        TableColumn("total", "double", nullable=False),
    ),
    inputs={"serving.offers": (0, 0), "serving.prices": (3, 0)},
    partitioning=Partitioning("_day", START),
)
replaced = msgspec.structs.replace
