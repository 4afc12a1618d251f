"""Operational tables, charts, views and feature sets mean what their YAML says."""

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


def test_a_view_has_types_lineage_and_its_dimension(market: Declarations) -> None:
    pulse = market.views["pulse"]
    columns = {c.name: c for c in pulse.view.columns}
    assert [columns[n].type for n in ("town", "hour", "orders", "amount", "buyers")] == [
        "string",
        "timestamp",
        "bigint",
        "decimal(20,2)",
        "bigint",
    ]
    assert columns["town"].sources == ("serving.customers.town",)
    assert columns["customer"].description == "Number of the customer."
    assert pulse.dimensions == ("serving.customers",) and pulse.stream == "serving.orders"
    assert [check.name for check in pulse.checks] == ["unique_customer_hour", "range_orders"]


def test_a_view_that_counts_by_an_attribute_reads_the_dimension_by_day(tmp_path: Path) -> None:
    found = declared(write(tmp_path, "pulse/view.sql", "o.amount >= 0", "c.town = 'Wien'"))
    pulse = found.views["pulse"]
    (pinned,) = pulse.view.split.pinned
    assert pulse.view.split.dimensions == () and pulse.dimensions == ("serving.customers",)
    assert pinned.columns == {"id": "bigint", "town": "string"}
    columns = {c.name: c for c in pulse.view.columns}
    assert columns["town"].sources == ("serving.customers.town",)


def test_a_view_is_an_answer_and_its_settled_days(market: Declarations) -> None:
    answer, settled = (market.tables[f"serving.pulse{end}"] for end in ("", "__batch"))
    assert answer.partitioning is None and answer.about.owner == "team:market"
    assert settled.partitioning == market.tables["serving.orders"].partitioning
    assert [c.name for c in settled.columns] == [*(c.name for c in answer.columns), "_cut"]


def test_only_the_real_time_path_settles_no_days(tmp_path: Path) -> None:
    found = declared(write(tmp_path, "pulse/defs.yaml", "freshness: 1h", "paths: speed"))
    assert found.views["pulse"].batch is None and "serving.pulse__batch" not in found.tables


def test_words_about_a_view_settle_no_day_again(market: Declarations, tmp_path: Path) -> None:
    other = declared(write(tmp_path, "pulse/defs.yaml", "Number of orders.", "How many."))
    pairs = [(f.views["pulse"].table, f.views["pulse"].batch) for f in (market, other)]
    (before, batch), (after, same) = pairs
    assert batch and same and batch.code_version == same.code_version
    assert before.code_version != after.code_version


def test_a_changed_statement_is_another_version_of_all(
    market: Declarations, tmp_path: Path
) -> None:
    changes = {"pulse/view.sql": ("amount >= 0", "amount >= 1"),
               "pulse/defs.yaml": ("freshness: 1h", "paths: batch")}  # fmt: skip
    before = market.views["pulse"]
    for number, (file, change) in enumerate(changes.items()):
        after = declared(write(tmp_path / str(number), file, *change)).views["pulse"]
        assert after.table.code_version != before.table.code_version


def test_a_model_may_read_a_view(tmp_path: Path) -> None:
    statement = "SELECT town, sum(orders) AS orders, CAST(sum(amount) AS decimal(20,2)) AS amount"
    defs = write(tmp_path)
    (defs / "market" / "sales" / "model.sql").write_text(
        f"{statement} FROM serving.pulse GROUP BY town"
    )
    found = declared(defs)
    assert found.models["mart.sales"].model.inputs == {"serving.pulse": (0, 0)}
    assert found.tables["mart.sales"].columns[1].sources == ("serving.pulse.orders",)
