"""The asset of a feature set: which days are asked for, and that leaks stop what follows."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipeline_platform.components.feature_assets import feature_definitions
from pipeline_platform.components.instance import instance
from pipeline_platform.components.specs import asset_spec, key_of
from pipeline_platform.declarations.folder import read_below
from pipeline_platform.declarations.resolution import Declarations, resolve
from pipeline_platform_tests.components.shop import REPOSITORY

FEATURES, FACT, WEATHER = "feature.flight_delay", "warehouse.fact_flight", "serving.weather"


@pytest.fixture(scope="module")
def declared() -> Declarations:
    """What the demo declares."""
    return resolve(read_below(REPOSITORY / "pipeline_platform" / "defs"))


@pytest.fixture
def opened(home: Path) -> Iterator[dg.DagsterInstance]:
    """An instance of its own."""
    with instance(home) as found:
        yield found


def definitions(declared: Declarations) -> dg.Definitions:
    """The feature set's own assets over its inputs as others would update them."""
    made = feature_definitions(declared.feature_sets[FEATURES], declared)
    inputs = dg.Definitions(assets=[asset_spec(declared.tables[name]) for name in (FACT, WEATHER)])
    return dg.Definitions.merge(made, inputs)


@pytest.mark.parametrize(
    ("table", "reached"),
    [
        (FACT, {"2013-03-09", "2013-03-10", "2013-03-11", "2013-03-12"}),
        (WEATHER, {"2013-03-10", "2013-03-11", "2013-03-12", "2013-03-13"}),
    ],
)
def test_a_late_day_rebuilds_exactly_the_feature_days_that_look_at_it(
    declared: Declarations, opened: dg.DagsterInstance, table: str, reached: set[str]
) -> None:
    found = definitions(declared)
    before = dg.evaluate_automation_conditions(found, opened)
    late = dg.AssetMaterialization(key_of(table), partition="2013-03-10")
    opened.report_runless_asset_event(late)
    after = dg.evaluate_automation_conditions(found, opened, cursor=before.cursor)
    assert before.total_requested == 0
    assert set(after.get_requested_partitions(key_of(FEATURES))) == reached


def test_its_proofs_stop_what_follows(declared: Declarations) -> None:
    found = definitions(declared).resolve_asset_graph()
    proofs = {key.name for key in found.asset_check_keys if found.get(key).blocking}
    assert {"spine_kept", "no_leaks"} <= proofs
