"""Small lake tables and models over them."""

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from pipeline_platform.contracts.models import Model, Partitioning, TableCheck, TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.lake.lake import Lake

START = date(2013, 1, 1)
SALES = TableName("serving", "sales")
SHOPS = TableName("serving", "shops")


def day(number: int) -> date:
    """The `number`th day, from 0."""
    return START + timedelta(days=number)


def put(lake: Lake, name: TableName, rows: pa.Table, partition_by: str | None = None) -> int:
    """Let the table hold exactly `rows`; its version."""
    table = lake.table(name)
    table.ensure(rows.schema, partition_by)
    read = table.snapshot()
    with table.stage(read) as staging:
        staging.write(rows)
        files = staging.finish()
    return table.replace(files, read=read, window=None).version


def sales(days: int = 4, per_day: int = 5) -> pa.Table:
    """`days * per_day` sales in two shops; every third amount is NULL."""
    numbers = range(days * per_day)
    return pa.table(
        {
            "_day": pa.array([day(n // per_day) for n in numbers], pa.date32()),
            "id": pa.array(numbers, pa.int64()),
            "shop": pa.array(["north" if n % 2 else "south" for n in numbers]),
            "amount": pa.array([None if n % 3 == 0 else n for n in numbers], pa.int32()),
        }
    )


def lake_with_sales(folder: Path, days: int = 4, per_day: int = 5) -> Lake:
    """A lake that holds both tables."""
    lake = Lake(folder)
    put(lake, SALES, sales(days, per_day), "_day")
    put(lake, SHOPS, pa.table({"shop": ["north", "south"], "city": ["Oslo", "Rom"]}))
    return lake


SHOP_DAY = Model(
    table=TableName("mart", "shop_day"),
    columns=(
        TableColumn("sale_day", "date", nullable=False),
        TableColumn("shop", "string", nullable=False),
        TableColumn("city", "string"),
        TableColumn("sales", "bigint", nullable=False),
        TableColumn("amount", "bigint"),
    ),
    inputs={"serving.sales": (0, 0), "serving.shops": (0, 0)},
    sql="""
SELECT s._day AS sale_day, s.shop, max(h.city) AS city, count(*) AS sales, sum(s.amount) AS amount
FROM serving.sales AS s
LEFT JOIN serving.shops AS h ON h.shop = s.shop -- serving.nothing
WHERE s._day >= :start AND s._day < :end
GROUP BY s._day, s.shop
""",
    partitioning=Partitioning("sale_day", START),
    checks=(TableCheck("key", "unique", ("sale_day", "shop")),),
)
SHOP_TOTAL = Model(
    table=TableName("mart", "shop_total"),
    columns=(TableColumn("shop", "string"), TableColumn("sales", "bigint")),
    inputs={"serving.sales": (0, 0)},
    sql="SELECT shop, count(*) AS sales FROM serving.sales GROUP BY shop",
)
