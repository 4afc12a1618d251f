"""Operational tables, charts and feature sets mean what their YAML says."""

from pathlib import Path

import pytest

from pipeline_platform.contracts.features import AsOf, Window
from pipeline_platform.declarations.resolution import Declarations
from pipeline_platform_tests.declarations.market import declared, write


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Declarations:
    """The market, resolved."""
    return declared(write(tmp_path_factory.mktemp("market")))


def test_an_operational_table_is_three_tables(market: Declarations) -> None:
    names = [str(table.name) for table in market.source_tables["customers"].tables]
    assert names == ["raw.customers", "serving.customers", "serving.customers__history"]
    contract = market.source_tables["customers"].contract
    assert (contract.source, contract.url_variable) == ("customers", "MARKET_DATABASE_URL")
    assert not contract.column("id").nullable, "a key is never NULL"
    checks = [check.name for check in market.source_tables["customers"].checks]
    assert checks == ["unique_key", "not_null"]


def test_personal_data_flows_into_the_history(market: Declarations) -> None:
    history = {c.name: c.personal for c in market.tables["serving.customers__history"].columns}
    assert history["email"] == "email" and history["town"] == ""


def test_groups_are_windows_or_the_latest_row(market: Declarations) -> None:
    features = market.feature_sets["feature.habits"].feature_set
    window, latest = features.groups
    assert isinstance(window, Window) and window.width_s == 30 * 86400
    assert isinstance(latest, AsOf) and latest.ttl_s == 90 * 86400 and not latest.inclusive
    assert window.keys == latest.keys == (("customer", "customer"),)


def test_features_have_types_lineage_and_nulls(market: Declarations) -> None:
    columns = {c.name: c for c in market.tables["feature.habits"].columns}
    assert [columns[n].type for n in ("orders_30d", "spent_30d", "last_amount")] == [
        "bigint",
        "decimal(20,2)",
        "decimal(10,2)",
    ]
    assert columns["spent_30d"].sources == ("serving.orders.amount",)
    assert columns["orders_30d"].sources == ("serving.orders.ordered_at",)
    assert [columns[n].nullable for n in ("orders_30d", "spent_30d", "last_amount")] == [
        False,
        False,
        True,
    ]


def test_a_feature_day_reads_the_days_that_its_groups_reach(market: Declarations) -> None:
    features = market.feature_sets["feature.habits"].feature_set
    assert features.inputs == {"serving.orders": (90, 0)}
    assert features.partitioning == market.tables["serving.orders"].partitioning


def test_another_chart_is_another_version_of_the_same_rows(
    market: Declarations, tmp_path: Path
) -> None:
    other = declared(write(tmp_path, "sales/defs.yaml", "mark: bar", "mark: point"))
    one, two = (found.models["mart.sales"] for found in (market, other))
    assert one.model.code_version == two.model.code_version
    assert one.table.code_version != two.table.code_version
