"""Every asset says who, what and where; the whole graph is a text to review."""

from pathlib import Path

import dagster as dg
import pytest

from pipeline_platform.definitions import build_defs
from pipeline_platform_tests.components.graph import render
from pipeline_platform_tests.components.shop import PROJECTS, REPOSITORY, importable

GOLDEN = Path(__file__).parent / "golden"
BUILT = {"aviation": REPOSITORY, "shop": PROJECTS / "shop"}


@pytest.fixture(scope="module", params=sorted(BUILT))
def project(request: pytest.FixtureRequest) -> tuple[str, dg.Definitions]:
    """Name and definitions of the repository's own project, and of a foreign one."""
    path = BUILT[request.param]
    with importable(path):
        return request.param, build_defs(path)


def test_graph_is_as_reviewed(project: tuple[str, dg.Definitions]) -> None:
    """Rewrite with `python -m pipeline_platform_tests.components.test_graph`."""
    name, definitions = project
    assert render(definitions) == (GOLDEN / f"{name}.txt").read_text()


def test_every_asset_says_all_that_it_must(project: tuple[str, dg.Definitions]) -> None:
    _, definitions = project
    for spec in definitions.resolve_all_asset_specs():
        layer, _ = spec.key.path
        assert spec.owners and spec.description and spec.kinds and spec.code_version, spec.key
        assert spec.group_name == layer
        if layer == "upkeep":
            continue
        assert spec.tags["layer"] == layer
        assert spec.tags["domain"] and spec.tags["personal_data"] in ("yes", "no")
        assert spec.metadata["dagster/table_name"] == ".".join(spec.key.path)
        columns = spec.metadata["dagster/column_schema"].columns
        assert columns and all(c.type and c.description for c in columns), spec.key
        if layer in ("warehouse", "mart", "feature"):
            assert spec.metadata["dagster/column_lineage"].deps_by_column
            assert spec.automation_condition is not None
        else:
            source = spec.key.path[1].removesuffix("__history") in of_source_tables(definitions)
            view = spec.key.path[1].removesuffix("__batch") in of_views(definitions)
            assert (spec.automation_condition is not None) == source or view, (
                "streams have a sensor"
            )


def of_source_tables(definitions: dg.Definitions) -> set[str]:
    """The names of the operational tables: raw assets that no stream's sensor looks after."""
    raw = {s.key.path[1] for s in definitions.resolve_all_asset_specs() if s.group_name == "raw"}
    sensors = {sensor.name for sensor in definitions.get_repository_def().sensor_defs}
    return {name for name in raw if f"{name}_arrivals" not in sensors}


def of_views(definitions: dg.Definitions) -> set[str]:
    """The names of the views: assets of the serving layer that are made by SQL."""
    specs = definitions.resolve_all_asset_specs()
    return {s.key.path[1] for s in specs if s.group_name == "serving" and "sql" in s.kinds}


def test_personal_data_is_marked_wherever_it_flows(project: tuple[str, dg.Definitions]) -> None:
    name, definitions = project
    marked = {s.key.to_user_string() for s in definitions.resolve_all_asset_specs()
              if s.tags.get("personal_data") == "yes"}  # fmt: skip
    expected = {"feature/buyers", "serving/orders", "serving/orders__refused"}
    assert marked == (expected if name == "shop" else set())


def test_nothing_upstream_is_unknown(project: tuple[str, dg.Definitions]) -> None:
    graph = project[1].resolve_asset_graph()
    assert graph.external_asset_keys == set()


def test_days_mean_the_same_in_plan_and_partitions(project: tuple[str, dg.Definitions]) -> None:
    for spec in project[1].resolve_all_asset_specs():
        if isinstance(spec.partitions_def, dg.TimeWindowPartitionsDefinition):
            assert spec.partitions_def.timezone == "UTC"
            assert spec.partitions_def.get_partition_keys()


if __name__ == "__main__":
    for title, path in BUILT.items():
        with importable(path):
            (GOLDEN / f"{title}.txt").write_text(render(build_defs(path)))
