"""The assets of a view on a real lake: brought up, followed, settled, changed."""

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from pipeline_platform.components.settlement import daily_groups
from pipeline_platform.models.query import query
from pipeline_platform.wiring import platform
from pipeline_platform_tests.components.pace import (
    BATCH,
    BY_SIZE,
    DAYS,
    PACE,
    RAW,
    SIZES,
    SQL,
    Shop,
    answer,
    sized,
    standing,
)
from pipeline_platform_tests.components.shop import land_order


def test_a_view_of_nothing_is_an_empty_answer(shop: Shop) -> None:
    found = shop.run(PACE)
    assert answer() == {} and found["as of epoch"] == -1
    shop.run(BATCH, days=("2024-01-01", "2024-01-10"))
    assert answer("serving.pace__batch") == {}


def test_it_answers_after_every_run_late_events_included(shop: Shop, home: Path) -> None:
    land_order(home, "one", "2024-01-05")
    assert shop.run(RAW, PACE)["as of epoch"] == 0
    assert answer() == {"tea": 1}
    assert shop.checks == {"row_accounting": True, "unique_product": True, "range_orders": True}
    land_order(home, "late", "2024-01-02")
    land_order(home, "other", "2024-01-05", "mug")
    found = shop.run(RAW, PACE)
    assert answer() == {"mug": 1, "tea": 2}
    assert (found["as of epoch"], found["late rows"], found["rows folded"]) == (1, 2, 2)
    assert found["built"] is False and "| tea | 2 |" in str(found["preview"])


def test_settled_days_have_a_cut_and_the_answer_stays(shop: Shop, home: Path) -> None:
    land_order(home, "one", "2024-01-05")
    shop.run(RAW, PACE)
    land_order(home, "late", "2024-01-02")
    land_order(home, "other", "2024-01-05", "mug")
    shop.run(RAW, PACE)
    shop.run(BATCH, days=("2024-01-01", "2024-01-03"))
    assert standing() == {date(2024, 1, 2): (1, 0), date(2024, 1, 5): (0, 1)}
    assert answer() == {"mug": 1, "tea": 2} and answer("serving.pace__batch") == {"tea": 2}
    shop.run(BATCH, days=("2024-01-01", "2024-01-10"))
    assert standing() == {date(2024, 1, 2): (1, 0), date(2024, 1, 5): (1, 0)}
    assert answer() == answer("serving.pace__batch") == {"mug": 1, "tea": 2}


def test_every_settled_day_says_its_cut(shop: Shop, home: Path, opened: dg.DagsterInstance) -> None:
    land_order(home, "one", "2024-01-05")
    shop.run(RAW, PACE)
    shop.run(BATCH, days=("2024-01-04", "2024-01-06"))
    records = opened.fetch_materializations(BATCH, limit=10).records
    said = {r.partition_key: r.asset_materialization.metadata for r in records}  # type: ignore[union-attr]
    assert set(said) == {"2024-01-04", "2024-01-05", "2024-01-06"}
    assert said["2024-01-05"]["batch cut"].value == 0 and "batch cut" not in said["2024-01-04"]


@pytest.mark.parametrize("paths", ["batch", "speed", "both"])
def test_the_answer_is_the_same_whichever_paths_are_on(shop: Shop, home: Path, paths: str) -> None:
    shop.declare(paths)
    days = ("2024-01-01", "2024-01-10")
    for name, day, product in (("a", 5, "tea"), ("b", 2, "mug"), ("c", 5, "tea")):
        land_order(home, name, f"2024-01-0{day}", product)
        shop.run(RAW)
        if paths != "speed":
            shop.run(BATCH, days=days)
        shop.run(PACE)
    assert answer() == {"mug": 1, "tea": 2}
    specs = {spec.key: spec for spec in shop.definitions.resolve_all_asset_specs()}
    reads = {"batch": {BATCH}, "speed": {DAYS}, "both": {BATCH, DAYS}}
    assert {dep.asset_key for dep in specs[PACE].deps} == reads[paths]
    assert (BATCH in specs) == (paths != "speed")


def test_a_changed_view_goes_live_and_an_unchanged_one_is_left(shop: Shop, home: Path) -> None:
    land_order(home, "one", "2024-01-05")
    land_order(home, "two", "2024-01-05", "mug")
    assert shop.run(RAW, PACE)["built"] is True
    again = shop.run(PACE)
    assert (again["built"], again["swapped"], again["rows folded"]) == (False, False, 0)
    shop.declare(sql=SQL.replace("GROUP BY", "WHERE product = 'mug'\nGROUP BY"))
    shop.run(BATCH, days=("2024-01-01", "2024-01-10"))
    assert answer() == answer("serving.pace__batch") == {"mug": 1}
    shop.declare(sql=SQL + "HAVING count(*) > 7")
    found = shop.run(PACE)
    assert (found["built"], found["swapped"]) == (True, True) and answer() == {}
    shop.declare(sql=SQL + "HAVING count(*) > 0")
    found = shop.run(PACE)
    assert (found["built"], found["swapped"]) == (False, True), "only the last step is another"
    assert answer() == {"tea": 1, "mug": 1}


def test_another_column_reaches_the_settled_answer(shop: Shop, home: Path) -> None:
    days = ("2024-01-01", "2024-01-10")
    land_order(home, "one", "2024-01-05")
    shop.run(RAW)
    shop.run(BATCH, days=days)
    shop.declare(
        sql=SQL.replace("sum(amount) AS amount", "max(id) AS latest, max(amount) > 3 AS amount")
    )
    shop.run(BATCH, days=days)
    here = platform()
    found = query("SELECT * FROM serving.pace__batch", engine=here.engine, lake=here.lake)
    (row,) = found.to_pylist()
    assert row == {
        "product": "tea",
        "orders": 1,
        "latest": "one",
        "amount": True,
        "_cut": 0,
    }


def test_a_day_of_the_stream_asks_for_the_view_once(shop: Shop, opened: dg.DagsterInstance) -> None:
    found = shop.definitions
    before = dg.evaluate_automation_conditions(found, opened)
    opened.report_runless_asset_event(dg.AssetMaterialization(DAYS, partition="2024-01-05"))
    after = dg.evaluate_automation_conditions(found, opened, cursor=before.cursor)
    assert before.total_requested == 0
    assert after.get_num_requested(PACE) == 1 and after.get_num_requested(BATCH) == 0
    last = dg.evaluate_automation_conditions(found, opened, cursor=after.cursor)
    assert last.total_requested == 0


def test_where_only_the_batch_answers_a_late_day_is_settled_at_once(
    shop: Shop, opened: dg.DagsterInstance
) -> None:
    shop.declare("batch")
    found = shop.definitions
    before = dg.evaluate_automation_conditions(found, opened)
    opened.report_runless_asset_event(dg.AssetMaterialization(DAYS, partition="2024-01-05"))
    after = dg.evaluate_automation_conditions(found, opened, cursor=before.cursor)
    assert after.get_requested_partitions(BATCH) == {"2024-01-05"}


@pytest.mark.parametrize(("paths", "key"), [("both", BATCH), ("speed", PACE), ("batch", BATCH)])
def test_a_changed_view_is_asked_for(
    shop: Shop, opened: dg.DagsterInstance, paths: str, key: dg.AssetKey
) -> None:
    shop.declare(paths)
    before = dg.evaluate_automation_conditions(shop.definitions, opened)
    shop.declare(paths, SQL.replace("sum(amount)", "max(amount)"))
    after = dg.evaluate_automation_conditions(shop.definitions, opened, cursor=before.cursor)
    assert before.total_requested == 0 and after.get_num_requested(key) == (
        1 if key == PACE else 10
    )


@pytest.mark.parametrize("paths", ["both", "batch"])
def test_a_pinned_dimension_is_waited_for_and_asks_for_no_day_again(
    shop: Shop, opened: dg.DagsterInstance, paths: str
) -> None:
    shop.declare(paths, BY_SIZE)
    found = shop.definitions
    specs = {spec.key: spec for spec in found.resolve_all_asset_specs()}
    assert all(SIZES in {dep.asset_key for dep in specs[key].deps} for key in (PACE, BATCH))
    before = dg.evaluate_automation_conditions(found, opened)
    opened.report_runless_asset_event(dg.AssetMaterialization(DAYS, partition="2024-01-05"))
    after = dg.evaluate_automation_conditions(found, opened, cursor=before.cursor)
    assert after.get_num_requested(BATCH) == 0
    opened.report_runless_asset_event(dg.AssetMaterialization(SIZES))
    ready = dg.evaluate_automation_conditions(found, opened, cursor=after.cursor)
    assert ready.get_num_requested(BATCH) == (paths == "batch")
    opened.report_runless_asset_event(dg.AssetMaterialization(SIZES))
    last = dg.evaluate_automation_conditions(found, opened, cursor=ready.cursor)
    assert last.get_num_requested(BATCH) == 0


def test_a_view_by_a_pinned_attribute_answers_from_its_assets(shop: Shop, home: Path) -> None:
    shop.declare(sql=BY_SIZE)
    sized("small", "tea", "mug")
    land_order(home, "one", "2024-01-05")
    shop.run(RAW, PACE)
    sized("big", "tea", "mug")
    land_order(home, "two", "2024-01-05", "mug")
    land_order(home, "three", "2024-01-06", "mug")
    assert shop.run(RAW, PACE)["built"] is False
    assert answer() == {"small": 2, "big": 1}
    shop.run(BATCH, days=("2024-01-01", "2024-01-10"))
    assert answer() == answer("serving.pace__batch") == {"small": 2, "big": 1}


def test_its_days_are_settled_with_the_streams(shop: Shop) -> None:
    (group,) = daily_groups(shop.definitions.resolve_all_asset_specs())
    assert group.streams == (DAYS,) and group.above == (BATCH,)
