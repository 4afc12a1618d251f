"""Questions to the lake: read-only, by name, at one version, with names that help."""

import pytest

from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.errors import StatementFailed, UnknownName, WriteRefused
from pipeline_platform.lake.lake import Lake
from pipeline_platform.models.query import query


class Unused(SailEngine):
    """Must not be started."""

    def session(self) -> object:  # type: ignore[override]
        raise AssertionError("the engine was started")


def test_a_select_reads_tables_by_name(engine: SailEngine, lake: Lake) -> None:
    found = query(
        "SELECT h.city, count(*) FROM serving.sales s JOIN serving.shops h ON s.shop = h.shop "
        "GROUP BY h.city ORDER BY h.city; ",
        engine=engine,
        lake=lake,
    )
    assert [list(row.values()) for row in found.to_pylist()] == [["Oslo", 10], ["Rom", 10]]


@pytest.mark.parametrize("limit", [0, 3, 100])
def test_a_limit_keeps_the_order(engine: SailEngine, lake: Lake, limit: int) -> None:
    text = "SELECT id FROM serving.sales ORDER BY id DESC"
    found = query(text, engine=engine, lake=lake, limit=limit)
    assert found.column("id").to_pylist() == list(range(19, -1, -1))[:limit]


def test_names_may_be_written_in_any_case(engine: SailEngine, lake: Lake) -> None:
    text = "SELECT Serving.Sales.ID FROM SERVING.SALES WHERE `sales`.id < 1"
    assert query(text, engine=engine, lake=lake).num_rows == 1


def test_a_statement_without_tables_needs_none(engine: SailEngine, lake: Lake) -> None:
    assert query("SELECT 1 AS one", engine=engine, lake=lake).to_pylist() == [{"one": 1}]


def test_show_tables_and_describe_start_no_engine(lake: Lake) -> None:
    listed = query("SHOW TABLES IN serving", engine=Unused(), lake=lake).to_pylist()
    assert [(row["name"], row["rows"]) for row in listed] == [
        ("serving.sales", 20),
        ("serving.shops", 2),
    ]
    assert query("SHOW TABLES IN mart", engine=Unused(), lake=lake).num_rows == 0
    described = query("describe table serving.sales", engine=Unused(), lake=lake).to_pylist()
    assert [(row["column"], row["type"]) for row in described] == [
        ("_day", "date"),
        ("id", "bigint"),
        ("shop", "string"),
        ("amount", "int"),
    ]
    with pytest.raises(UnknownName, match=r"serving\.sales"):
        query("DESCRIBE serving.sale", engine=Unused(), lake=lake)


def test_a_misspelt_table_is_told_with_the_likely_one(lake: Lake) -> None:
    with pytest.raises(UnknownName) as caught:
        query("SELECT *\nFROM serving.sails", engine=Unused(), lake=lake)
    assert caught.value.guess == "serving.sales"
    assert caught.value.names == ["serving.sales", "serving.shops"]
    assert caught.value.where == "2:6"


def test_a_misspelt_column_is_told_with_the_likely_one(engine: SailEngine, lake: Lake) -> None:
    with pytest.raises(UnknownName) as caught:
        query("SELECT id,\n  amont FROM serving.sales", engine=engine, lake=lake)
    assert caught.value.guess == "amount"
    assert "2:3" in caught.value.where


@pytest.mark.parametrize(
    "text",
    [
        "DROP TABLE serving.sales",
        "INSERT INTO serving.sales SELECT * FROM serving.sales",
        "CREATE VIEW x AS SELECT 1",
        "SELECT 1; DROP VIEW x",
        "SET spark.sql.ansi.enabled = false",
        "",
    ],
)
def test_whatever_writes_is_refused(lake: Lake, text: str) -> None:
    with pytest.raises(WriteRefused):
        query(text, engine=Unused(), lake=lake)


def test_what_breaks_while_running_is_told(engine: SailEngine, lake: Lake) -> None:
    with pytest.raises(StatementFailed, match="by zero"):
        query("SELECT 1 / (id - id) AS x FROM serving.sales", engine=engine, lake=lake)
