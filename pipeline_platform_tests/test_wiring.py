"""Tables by name, as every kind of frame."""

from pathlib import Path

import polars as pl
import pytest

from pipeline_platform.contracts.names import TableName
from pipeline_platform.errors import UnknownName
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.settings import Settings
from pipeline_platform.wiring import Platform


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    """A platform with one table of two rows."""
    made = Platform(Settings(home=tmp_path))
    table = made.lake.table(TableName("mart", "sales"))
    table.ensure(arrow_schema([("shop", "string", True), ("sum", "bigint", True)]), None)
    with table.stage(table.snapshot()) as staging:
        staging.write(pl.DataFrame({"shop": ["a", "b"], "sum": [1, 2]}))
        files = staging.finish()
    table.replace(files, read=table.snapshot(), window=None)
    return made


def test_a_table_loads_as_every_kind_of_frame(platform: Platform) -> None:
    rows = [{"shop": "a", "sum": 1}, {"shop": "b", "sum": 2}]
    assert platform.load("mart.sales").to_dict("records") == rows
    assert platform.load("mart.sales", "polars").to_dicts() == rows
    assert platform.load("mart.sales", "arrow").to_pylist() == rows
    spark = platform.load("mart.sales", "pyspark").orderBy("shop").collect()
    assert [row.asDict() for row in spark] == rows


def test_an_unknown_table_names_the_likely_one(platform: Platform) -> None:
    with pytest.raises(UnknownName, match=r"did you mean 'mart\.sales'"):
        platform.load("mart.sale")
