"""Builds: windows replaced whole, inputs held, results held to their declaration."""

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline_platform.contracts.models import Model, TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.errors import (
    Abort,
    CommitConflict,
    DeclarationError,
    StatementFailed,
    UnknownName,
    WriteRefused,
)
from pipeline_platform.lake.catalog import load
from pipeline_platform.lake.lake import Lake
from pipeline_platform.models.build import ATTEMPTS, build
from pipeline_platform_tests.models.tables import (
    SALES,
    SHOP_DAY,
    SHOP_TOTAL,
    START,
    day,
    lake_with_sales,
    put,
    sales,
)

ALL = DayWindow(START, day(4))


def rows(lake: Lake, name: str = "mart.shop_day") -> list[dict[str, Any]]:
    found = load(lake, name, "arrow").to_pylist()
    return sorted(found, key=lambda row: [str(value) for value in row.values()])


def data_files(lake: Lake, name: TableName) -> set[str]:
    return {p.name for p in Path(lake.table(name).uri).rglob("*.parquet")}


def test_a_window_is_built_from_its_days_alone(engine: SailEngine, lake: Lake) -> None:
    built = build(SHOP_DAY, DayWindow(day(1), day(3)), engine=engine, lake=lake)
    assert built.rows == 4
    assert built.rows_by_day == {day(1): 2, day(2): 2}
    assert [row["sale_day"] for row in rows(lake)] == [day(1), day(1), day(2), day(2)]
    assert rows(lake)[0] == {
        "sale_day": day(1), "shop": "north", "city": "Oslo", "sales": 3, "amount": 12,
    }  # fmt: skip
    assert len(built.preview) == 4
    assert set(built.preview[0]) == {"sale_day", "shop", "city", "sales", "amount"}


def test_days_without_rows_are_counted_as_empty(engine: SailEngine, lake: Lake) -> None:
    window = DayWindow(day(3), day(6))
    built = build(SHOP_DAY, window, engine=engine, lake=lake)
    assert built.rows_by_day == {day(3): 2, day(4): 0, day(5): 0}


def test_a_day_that_lost_its_rows_is_emptied(engine: SailEngine, lake: Lake) -> None:
    build(SHOP_DAY, ALL, engine=engine, lake=lake)
    put(lake, SALES, sales(days=2), "_day")
    built = build(SHOP_DAY, DayWindow(day(1), day(4)), engine=engine, lake=lake)
    assert built.rows_by_day == {day(1): 2, day(2): 0, day(3): 0}
    assert {row["sale_day"] for row in rows(lake)} == {day(0), day(1)}


def test_building_again_changes_the_version_and_nothing_else(
    engine: SailEngine, lake: Lake
) -> None:
    first = build(SHOP_DAY, ALL, engine=engine, lake=lake)
    before = rows(lake)
    second = build(SHOP_DAY, ALL, engine=engine, lake=lake)
    assert rows(lake) == before
    assert second.version == first.version + 1
    assert (second.rows_by_day, second.inputs) == (first.rows_by_day, first.inputs)


@settings(max_examples=12)
@given(cuts=st.sets(st.integers(1, 5)), order=st.randoms(use_true_random=False))
def test_any_split_of_the_window_builds_the_same_table(
    engine: SailEngine, tmp_path_factory: pytest.TempPathFactory, cuts: set[int], order: Any
) -> None:
    lake = lake_with_sales(tmp_path_factory.mktemp("lake"), days=6)
    edges = [0, *sorted(cuts), 6]
    windows = [DayWindow(day(a), day(b)) for a, b in pairwise(edges)]
    order.shuffle(windows)
    for window in windows:
        build(SHOP_DAY, window, engine=engine, lake=lake)
    split = rows(lake)
    whole = replace(SHOP_DAY, table=TableName("mart", "shop_day_whole"))
    build(whole, DayWindow(day(0), day(6)), engine=engine, lake=lake)
    assert split == rows(lake, "mart.shop_day_whole")
    assert len(split) == 12


def test_a_table_without_partitions_is_replaced_whole(engine: SailEngine, lake: Lake) -> None:
    build(SHOP_TOTAL, None, engine=engine, lake=lake)
    assert rows(lake, "mart.shop_total") == [
        {"shop": "north", "sales": 10},
        {"shop": "south", "sales": 10},
    ]
    put(lake, SALES, sales(days=1), "_day")
    built = build(SHOP_TOTAL, None, engine=engine, lake=lake)
    assert (built.rows, built.rows_by_day) == (2, {})
    assert [row["sales"] for row in rows(lake, "mart.shop_total")] == [2, 3]


def test_the_commit_says_what_was_read(engine: SailEngine, lake: Lake) -> None:
    built = build(SHOP_DAY, ALL, engine=engine, lake=lake)
    said = lake.table(SHOP_DAY.table).snapshot().last_metadata()
    assert said["inputs"] == built.inputs == {"serving.sales": 1, "serving.shops": 1}
    assert said["code_version"] == SHOP_DAY.code_version
    assert said["window"] == ["2013-01-01", "2013-01-05"]


def test_windows_are_for_partitioned_models_only(engine: SailEngine, lake: Lake) -> None:
    with pytest.raises(Abort, match="partitioned by day"):
        build(SHOP_DAY, None, engine=engine, lake=lake)
    with pytest.raises(Abort, match="no partitions"):
        build(SHOP_TOTAL, ALL, engine=engine, lake=lake)


def test_an_input_that_does_not_exist_is_named(engine: SailEngine, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"serving\.sales"):
        build(SHOP_TOTAL, None, engine=engine, lake=Lake(tmp_path / "empty"))


def test_rows_outside_the_window_are_refused_with_days_and_counts(
    engine: SailEngine, lake: Lake
) -> None:
    build(SHOP_DAY, ALL, engine=engine, lake=lake)
    before, files = rows(lake), data_files(lake, SHOP_DAY.table)
    wide = replace(SHOP_DAY, sql=SHOP_DAY.sql.replace("s._day < :end", "s._day < '2014-01-01'"))
    with pytest.raises(WriteRefused) as caught:
        build(wide, DayWindow(day(1), day(2)), engine=engine, lake=lake)
    assert caught.value.what == "4 rows outside the window [2013-01-02, 2013-01-03)"
    assert caught.value.known == "2013-01-03: 2 rows, 2013-01-04: 2 rows"
    assert caught.value.where == "mart.shop_day"
    assert rows(lake) == before
    assert data_files(lake, SHOP_DAY.table) == files


def test_a_row_without_a_day_is_outside(engine: SailEngine, lake: Lake) -> None:
    columns = (TableColumn("sale_day", "date"), *SHOP_DAY.columns[1:])
    lost = replace(
        SHOP_DAY,
        columns=columns,
        sql="SELECT CAST(NULL AS date) AS sale_day, shop, shop AS city, count(*) AS sales, "
        "sum(amount) AS amount FROM serving.sales WHERE _day >= :start AND _day < :end "
        "GROUP BY shop",
    )
    with pytest.raises(WriteRefused, match="NULL: 2 rows"):
        build(lost, ALL, engine=engine, lake=lake)


def test_nulls_in_required_columns_are_refused_with_counts(engine: SailEngine, lake: Lake) -> None:
    strict = replace(
        SHOP_TOTAL,
        columns=(TableColumn("shop", "string"), TableColumn("amount", "int", nullable=False)),
        sql="SELECT shop, amount FROM serving.sales",
    )
    with pytest.raises(WriteRefused, match="amount: 7 rows"):
        build(strict, None, engine=engine, lake=lake)
    assert rows(lake, "mart.shop_total") == []


@pytest.mark.parametrize(
    ("select", "difference"),
    [
        ("shop, count(*) AS sales, 1 AS more", "more is not declared"),
        ("shop", "sales is missing"),
        ("shop, CAST(count(*) AS int) AS sales", "sales is int, not bigint"),
        ("count(*) AS sales, shop", "column 1 is sales, not shop"),
        ("shop AS Shop, count(*) AS sales", "shop is missing; Shop is not declared"),
        ("shop, CAST(count(*) AS decimal(20,0)) AS sales", "decimal(20,0), not bigint"),
    ],
)
def test_other_columns_than_declared_are_refused(
    engine: SailEngine, lake: Lake, select: str, difference: str
) -> None:
    model = replace(SHOP_TOTAL, sql=f"SELECT {select} FROM serving.sales GROUP BY shop")
    with pytest.raises(DeclarationError) as caught:
        build(model, None, engine=engine, lake=lake)
    assert difference in caught.value.what
    assert "declared are shop string, sales bigint" in caught.value.known


def test_a_statement_that_fails_leaves_the_table_and_no_files(
    engine: SailEngine, lake: Lake
) -> None:
    build(SHOP_TOTAL, None, engine=engine, lake=lake)
    before, files = rows(lake, "mart.shop_total"), data_files(lake, SHOP_TOTAL.table)
    broken = replace(
        SHOP_TOTAL, sql="SELECT shop, id / (id - 19) * 0 + 1 AS sales FROM serving.sales"
    )
    broken = replace(
        broken, columns=(TableColumn("shop", "string"), TableColumn("sales", "double"))
    )
    typed = replace(broken, table=TableName("mart", "broken"))
    with pytest.raises(StatementFailed, match=r"mart\.broken"):
        build(typed, None, engine=engine, lake=lake)
    assert rows(lake, "mart.broken") == []
    assert data_files(lake, typed.table) == set()
    assert (rows(lake, "mart.shop_total"), data_files(lake, SHOP_TOTAL.table)) == (before, files)


class Interfering(SailEngine):
    """Lets another build commit while this one runs."""

    def __init__(self, act: Callable[[], object], times: int) -> None:
        self.act, self.times = act, times

    def batches(self, frame: Any, *, where: str = "") -> Any:
        found = list(super().batches(frame, where=where))
        if self.times:
            self.times -= 1
            self.act()
        return iter(found)


def test_a_build_that_lost_reads_everything_anew(engine: SailEngine, lake: Lake) -> None:
    def other() -> None:
        put(lake, SALES, sales(days=1), "_day")
        build(SHOP_TOTAL, None, engine=engine, lake=lake)

    built = build(SHOP_TOTAL, None, engine=Interfering(other, 1), lake=lake)
    assert built.inputs == {"serving.sales": 2}
    assert [row["sales"] for row in rows(lake, "mart.shop_total")] == [2, 3]
    held = {Path(p).name for p in lake.table(SHOP_TOTAL.table).snapshot().paths(None)}
    assert len(data_files(lake, SHOP_TOTAL.table) - held) == 1  # the one that was replaced


def test_a_build_that_always_loses_says_so(engine: SailEngine, lake: Lake) -> None:
    def other() -> None:
        build(SHOP_TOTAL, None, engine=engine, lake=lake)

    with pytest.raises(CommitConflict):
        build(SHOP_TOTAL, None, engine=Interfering(other, ATTEMPTS), lake=lake)


def test_another_window_meanwhile_is_no_conflict(engine: SailEngine, lake: Lake) -> None:
    def other() -> None:
        build(SHOP_DAY, DayWindow(day(2), day(4)), engine=engine, lake=lake)

    interfering = Interfering(other, 1)
    build(SHOP_DAY, DayWindow(day(0), day(2)), engine=interfering, lake=lake)
    assert interfering.times == 0
    assert len(rows(lake)) == 8


def test_a_table_named_twice_is_read_at_one_version(engine: SailEngine, lake: Lake) -> None:
    model = replace(
        SHOP_TOTAL,
        sql="SELECT a.shop, count(*) AS sales FROM serving.sales AS a "
        "JOIN Serving.SALES AS b ON a.id = b.id GROUP BY a.shop",
    )
    built = build(model, None, engine=engine, lake=lake)
    assert built.inputs == {"serving.sales": 1}
    assert [row["sales"] for row in rows(lake, "mart.shop_total")] == [10, 10]


def test_views_do_not_outlive_a_build(engine: SailEngine, lake: Lake) -> None:
    build(SHOP_DAY, ALL, engine=engine, lake=lake)
    left = [t.name for t in engine.session().catalog.listTables() if t.name.startswith("pin_")]
    assert left == []


def test_every_type_goes_through_a_build(engine: SailEngine, lake: Lake) -> None:
    types = {
        "s": "string", "b": "boolean", "t": "tinyint", "h": "smallint", "i": "int",
        "l": "bigint", "f": "float", "d": "double", "n": "decimal(12,3)", "day": "date",
        "at": "timestamp", "raw": "binary", "many": "array<string>",
        "pair": "struct<x:int,y:string>",
    }  # fmt: skip
    values = dict.fromkeys(types, "NULL") | {
        "s": "'ä'", "b": "true", "l": "7", "n": "1.5", "day": "'2013-03-10'",
        "at": "'2013-03-10T07:00:00.000001Z'", "raw": "'x'",
        "many": "array('p', NULL)", "pair": "named_struct('x', 1, 'y', 'z')",
    }  # fmt: skip
    select = ", ".join(f"CAST({values[name]} AS {kind}) AS {name}" for name, kind in types.items())
    model = Model(
        table=TableName("mart", "kinds"),
        columns=tuple(TableColumn(name, kind) for name, kind in types.items()),
        inputs={},
        sql=f"SELECT {select}",
    )
    build(model, None, engine=engine, lake=lake)
    (row,) = rows(lake, "mart.kinds")
    assert (row["day"], row["many"]) == (date(2013, 3, 10), ["p", None])
    assert (row["pair"], row["raw"], row["t"]) == ({"x": 1, "y": "z"}, b"x", None)
    assert row["at"].isoformat() == "2013-03-10T07:00:00.000001+00:00"
    assert load(lake, "mart.kinds", "arrow").schema.field("n").type == pa.decimal128(12, 3)
