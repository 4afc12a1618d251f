"""The assets of an operational table: one snapshot, current rows, history, checks."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pipeline_platform.components.instance import instance
from pipeline_platform.components.table_assets import table_definitions
from pipeline_platform.declarations.folder import read
from pipeline_platform.declarations.resolution import resolve
from pipeline_platform.declarations.table_declared import DeclaredSourceTable
from pipeline_platform.lake.schema import spark_type
from pipeline_platform.wiring import platform

DECLARED = """\
type: pipeline_platform.components.OperationalTable

attributes:
  description: Customers of the shop.
  owner: team:shop
  source: {url: SHOP_DATABASE_URL, file: shop.sqlite}
  key: [id]
  columns:
    id: {type: bigint, description: Number of the customer.}
    email: {type: string, description: Address., personal: email}
    city: {source: town, type: string, description: Where the customer lives.}
  checks:
    - accepted_values: {column: city, values: [Vienna, Graz]}
      name: served_city
      severity: warn
"""
KEYS = [
    dg.AssetKey(["raw", "customers"]),
    dg.AssetKey(["serving", "customers"]),
    dg.AssetKey(["serving", "customers__history"]),
]
RAW, CURRENT, HISTORY = KEYS


@pytest.fixture
def table(tmp_path: Path) -> DeclaredSourceTable:
    """The declared table of customers."""
    folder = tmp_path / "customers"
    folder.mkdir()
    (folder / "defs.yaml").write_text(DECLARED)
    return resolve(read(folder)).source_tables["customers"]


@pytest.fixture
def source(home: Path) -> Iterator[sqlite3.Connection]:
    """Two customers in a SQLite file."""
    home.mkdir()
    with sqlite3.connect(home / "shop.sqlite") as opened:
        opened.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, town TEXT)")
        opened.execute("INSERT INTO customers VALUES (1, 'a@x', 'Vienna'), (2, 'b@x', 'Graz')")
    yield opened
    opened.close()


@pytest.fixture
def opened(home: Path, source: sqlite3.Connection) -> Iterator[dg.DagsterInstance]:
    """An instance of its own."""
    with instance(home) as found:
        yield found


def run(
    table: DeclaredSourceTable, opened: dg.DagsterInstance, keys: list[dg.AssetKey] = KEYS
) -> dg.ExecuteInProcessResult:
    job = table_definitions(table).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=opened, asset_selection=keys)


def rows(name: str) -> list[dict[str, object]]:
    return platform().load(name, "polars").sort("id").to_dicts()


def checks(done: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {c.check_name: c.passed for c in done.get_asset_check_evaluations()}


def version(opened: dg.DagsterInstance, key: dg.AssetKey) -> str:
    made = opened.get_latest_materialization_event(key)
    assert made and made.asset_materialization
    return (made.asset_materialization.tags or {})["dagster/data_version"]


def lake_versions(table: DeclaredSourceTable) -> list[int]:
    lake = platform().lake
    return [lake.table(one.name).snapshot().version for one in table.tables]


def test_a_snapshot_becomes_current_rows_and_history(
    table: DeclaredSourceTable, opened: dg.DagsterInstance
) -> None:
    done = run(table, opened)
    assert [row["city"] for row in rows("serving.customers")] == ["Vienna", "Graz"]
    assert [row["is_current"] for row in rows("serving.customers__history")] == [True, True]
    assert checks(done) == {
        "row_accounting": True,
        "not_emptied": True,
        "unique_key": True,
        "not_null": True,
        "served_city": True,
    }


def test_the_same_snapshot_twice_changes_nothing(
    table: DeclaredSourceTable, opened: dg.DagsterInstance
) -> None:
    run(table, opened)
    before = [version(opened, key) for key in KEYS], lake_versions(table)
    run(table, opened)
    assert ([version(opened, key) for key in KEYS], lake_versions(table)) == before


def test_a_change_and_a_vanished_row_are_history(
    table: DeclaredSourceTable, opened: dg.DagsterInstance, source: sqlite3.Connection
) -> None:
    run(table, opened)
    with source:
        source.execute("UPDATE customers SET town = 'Linz' WHERE id = 1")
        source.execute("DELETE FROM customers WHERE id = 2")
    done = run(table, opened)
    assert rows("serving.customers") == [{"id": 1, "email": "a@x", "city": "Linz"}]
    history = [
        (row["id"], row["city"], row["is_current"], row["valid_to"] is None)
        for row in sorted(
            rows("serving.customers__history"), key=lambda r: (str(r["id"]), str(r["valid_from"]))
        )
    ]
    assert history == [
        (1, "Vienna", False, False),
        (1, "Linz", True, True),
        (2, "Graz", False, False),
    ]
    assert checks(done)["served_city"] is False
    samples = str([c.metadata for c in done.get_asset_check_evaluations()])
    assert "(personal)" in samples and "a@x" not in samples


def test_an_emptied_source_closes_all_and_warns(
    table: DeclaredSourceTable, opened: dg.DagsterInstance, source: sqlite3.Connection
) -> None:
    run(table, opened)
    with source:
        source.execute("DELETE FROM customers")
    done = run(table, opened)
    assert rows("serving.customers") == []
    assert checks(done)["not_emptied"] is False


def test_a_source_that_breaks_changes_nothing_and_is_named(
    table: DeclaredSourceTable, opened: dg.DagsterInstance, source: sqlite3.Connection
) -> None:
    run(table, opened)
    with source:
        source.execute("ALTER TABLE customers RENAME COLUMN town TO place")
    with pytest.raises(dg.Failure, match="town"):
        run(table, opened)
    assert len(rows("serving.customers")) == 2


def test_snapshots_are_asked_for_by_the_clock(
    table: DeclaredSourceTable, opened: dg.DagsterInstance
) -> None:
    definitions = table_definitions(table)
    evening = datetime(2026, 1, 1, 23, 59, tzinfo=UTC)
    first = dg.evaluate_automation_conditions(definitions, opened, evaluation_time=evening)
    assert first.total_requested == 0
    after = evening + timedelta(minutes=2)
    second = dg.evaluate_automation_conditions(
        definitions, opened, evaluation_time=after, cursor=first.cursor
    )
    assert [second.get_num_requested(key) for key in KEYS] == [1, 1, 1]


def test_declared_columns_are_those_of_the_tables(
    table: DeclaredSourceTable, opened: dg.DagsterInstance
) -> None:
    run(table, opened)
    lake = platform().lake
    for declared in table.tables:
        held = lake.table(declared.name).snapshot().schema
        found = [(f.name, spark_type(f.type), f.nullable) for f in held]
        assert found == [(c.name, c.type, c.nullable) for c in declared.columns]
