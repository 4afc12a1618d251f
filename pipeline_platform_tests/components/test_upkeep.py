"""The upkeep of a project: it changes no answer, and its audit finds what is wrong."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg

from pipeline_platform.components.upkeep_assets import AUDIT, LATE, TABLES
from pipeline_platform.views.live import live
from pipeline_platform.wiring import platform
from pipeline_platform_tests.components.pace import (
    BATCH,
    BY_SIZE,
    PACE,
    RAW,
    SQL,
    Shop,
    answer,
    sized,
    standing,
)
from pipeline_platform_tests.components.shop import land_order

WEEK = ("2024-01-01", "2024-01-07")


def test_late_days_are_settled_and_told_of(
    shop: Shop, home: Path, opened: dg.DagsterInstance
) -> None:
    land_order(home, "one", "2024-01-05")
    land_order(home, "two", "2024-01-02", "mug")
    shop.run(RAW)
    shop.run(BATCH, days=WEEK)
    land_order(home, "late", "2024-01-02")
    shop.run(RAW, PACE)
    assert standing() == {date(2024, 1, 2): (0, 1), date(2024, 1, 5): (0, 0)}
    assert shop.run(LATE)["days"] == 1
    assert standing() == {date(2024, 1, 2): (1, 0), date(2024, 1, 5): (0, 0)}
    assert answer() == answer("serving.pace__batch") == {"mug": 1, "tea": 2}
    newest = opened.get_latest_materialization_event(BATCH)
    assert newest and newest.asset_materialization
    assert newest.asset_materialization.partition == "2024-01-02"
    assert shop.run(LATE)["days"] == 0


def test_small_files_are_merged_and_the_answer_stays(shop: Shop, home: Path) -> None:
    for number in range(9):
        land_order(home, f"o{number}", "2024-01-05", "tea" if number % 3 else "mug")
        shop.run(RAW, PACE)
    before = answer()
    done = str(shop.run(TABLES)["done"])
    assert "merge 8 files of states into 1" in done and answer() == before == {"mug": 3, "tea": 6}
    assert shop.run(TABLES)["steps"] == 0


def test_states_that_no_longer_answer_go_after_a_day(shop: Shop, home: Path) -> None:
    land_order(home, "one", "2024-01-05")
    shop.run(RAW, PACE)
    lake = platform().lake
    old = live(lake, "pace")
    shop.declare(sql=SQL.replace("sum(amount)", "max(amount)"))
    shop.run(PACE)
    new = live(lake, "pace")
    assert old and new and old.states != new.states
    shop.run(TABLES)
    assert lake.table(old.states).exists(), "a reader may hold them"
    for file in Path(lake.table(old.states).uri).rglob("*"):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    assert "remove states that no longer answer" in str(shop.run(TABLES)["done"])
    assert not lake.table(old.states).exists() and lake.table(new.states).exists()
    assert answer() == {"tea": 1}


def test_pinned_rows_stay_and_go_a_month_after_their_definition(shop: Shop, home: Path) -> None:
    shop.declare(sql=BY_SIZE)
    for number in range(9):
        sized(f"size {number // 3}", "tea")
        land_order(home, f"o{number}", f"2024-01-0{number + 1}")
        shop.run(RAW, PACE)
    (name,) = [n for n in platform().lake.names() if "__pinned_" in n.name]
    shop.run(TABLES)
    land_order(home, "late", "2024-01-01")
    shop.run(RAW, PACE)
    assert answer() == {"size 0": 4, "size 1": 3, "size 2": 3}
    assert shop.run(AUDIT)["mismatches"] == 0
    shop.declare(sql=SQL)
    shop.run(PACE)
    folder = Path(platform().lake.table(name).uri)
    for days, there in ((29, True), (31, False)):
        then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        for file in folder.rglob("*"):
            os.utime(file, (then, then))
        assert ("remove pinned rows" in str(shop.run(TABLES)["done"])) != there
        assert folder.exists() == there


def test_the_audit_is_content_until_a_state_is_wrong(shop: Shop, home: Path) -> None:
    assert shop.run(AUDIT)["mismatches"] == 0, "nothing is live yet"
    land_order(home, "one", "2024-01-05")
    land_order(home, "two", "2024-01-02", "mug")
    shop.run(RAW, PACE)
    assert shop.run(AUDIT)["mismatches"] == 0 and shop.checks == {"pace": True}
    here = platform()
    now = live(here.lake, "pace")
    assert now
    table = here.lake.table(now.states)
    with table.stage(table.snapshot()) as staging:
        staging.write(table.snapshot().frame().collect())
        table.append(staging.finish(), transaction=("forged", 1))
    assert answer() == {"mug": 2, "tea": 2}
    assert shop.run(AUDIT)["mismatches"] == 2 and shop.checks == {"pace": False}
