"""Charts and rows that several tests draw."""

from datetime import UTC, datetime

import polars as pl

from pipeline_platform.contracts.charts import Chart, ChartSubject, Encoding

BUILT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
SUBJECT = ChartSubject("mart.sales", "Sales per shop.", "team:shop", "shop")
AMOUNT = Encoding("Amount", "quantitative", column="amount", unit="euro", format=",.0f")
SHOP = Encoding("Shop", "nominal", column="shop")
BARS = Chart(title="Sales by shop", mark="bar", x=AMOUNT, y=SHOP)
ROWS = pl.DataFrame({"shop": ["north", "south", "east"], "amount": [10.5, 30.0, 20.0]})

HOSTILE = [
    "</script><script>document.title='owned'</script>",
    "<!-- <script>",
    "<img src=x onerror=document.title='owned'>",
    "\"quotes' & &amp; \\ \u2028 \u2029 \x00",
    "${document.title='owned'} {{owned}} datum.label",
]
