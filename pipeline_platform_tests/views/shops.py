"""Shops beside the sales of `store`: a table that changes, and views that count by it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

import polars as pl
import pyarrow as pa

from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.views import DimensionTable, Paths, View
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.views.pinned import VERSION, PinnedDays
from pipeline_platform.views.reading import reading
from pipeline_platform.views.splitting import split
from pipeline_platform_tests.views.store import Event

SHOPS = TableName("serving", "shops")
SCHEMA = pa.schema([("shop", pa.string()), ("city", pa.string())])
COLUMNS = {"_day": "date", "shop": "string", "amount": "decimal(10,2)", "_epoch": "bigint"}
DIMENSIONS = {str(SHOPS): DimensionTable({"shop": "string", "city": "string"}, (("shop",),))}
BY_CITY = (
    "SELECT d.city, sum(s.amount) AS total, count(*) AS events FROM serving.sales AS s "
    "LEFT JOIN serving.shops AS d ON d.shop = s.shop GROUP BY d.city"
)
Cities = Mapping[str, str | None]


def located(lake: Lake, cities: Cities) -> int:
    """Let these be the cities of the shops; the version that says so."""
    table = lake.table(SHOPS)
    table.ensure(SCHEMA, None)
    rows = {"shop": [*cities], "city": pl.Series([*cities.values()], dtype=pl.String)}
    with table.stage(SCHEMA) as staging:
        staging.write(pl.DataFrame(rows))
        files = staging.finish()
    return table.replace(files, read=table.snapshot(), window=None).version


def by_city(sql: str = BY_CITY, paths: Paths = "both") -> View:
    """Total and number of sales by city."""
    columns = (
        TableColumn("city", "string"),
        TableColumn("total", "decimal(20,2)"),
        TableColumn("events", "bigint"),
    )
    return View("by_city", "sales", sql, columns, split(sql, "sales", COLUMNS, DIMENSIONS), paths)


def expected(
    events: Iterable[Event], cities: Mapping[int, Cities]
) -> dict[str | None, tuple[Decimal, int]]:
    """The answer where each day of May has the cities given for it."""
    found: dict[str | None, tuple[Decimal, int]] = defaultdict(lambda: (Decimal(0), 0))
    for number, shop, cents in events:
        city = cities[number].get(shop) if shop else None
        total, count = found[city]
        found[city] = total + Decimal(cents) / 100, count + 1
    return dict(found)


def answered(lake: Lake, engine: Engine) -> dict[str | None, tuple[Decimal, int]]:
    """The answer of `by_city`."""
    rows = reading(lake, "by_city").answer(engine).to_pylist()
    assert len({row["city"] for row in rows}) == len(rows)
    return {row["city"]: (row["total"], row["events"]) for row in rows}


def pins(view: View, lake: Lake) -> pl.DataFrame:
    """All rows of the table of the view's one pinned dimension."""
    return kept(view, lake).table.snapshot().frame().collect()


def versions(view: View, lake: Lake) -> dict[date, int]:
    """By day the version of the dimension that counts for it."""
    rows = pins(view, lake).drop_nulls("_pinned_day")
    assert rows["_pinned_day"].is_unique().all()
    return dict(rows.select("_pinned_day", VERSION).iter_rows())


def kept(view: View, lake: Lake) -> PinnedDays:
    """The days of the view's one pinned dimension."""
    (table,) = view.split.pinned
    return PinnedDays(view, table, lake)
