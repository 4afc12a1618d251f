"""The assets of a stream on a real lake: days told, days settled, nothing lost in a crash."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipeline_platform.components.admission_events import reported_epoch
from pipeline_platform.components.arrivals import look
from pipeline_platform.components.dagster_internals import ComponentTree
from pipeline_platform.components.instance import instance
from pipeline_platform.components.project import of_tree
from pipeline_platform.components.resource import PlatformResource
from pipeline_platform.components.stream_assets import stream_definitions
from pipeline_platform.declarations.resolution import DeclaredStream
from pipeline_platform.declarations.stream_tables import LEDGER, accepted_columns, refused_columns
from pipeline_platform.wiring import platform
from pipeline_platform_tests.components.shop import PROJECTS, importable, land_order

RAW, DAYS = dg.AssetKey(["raw", "orders"]), dg.AssetKey(["serving", "orders"])


@pytest.fixture(scope="module")
def orders() -> DeclaredStream:
    """The shop's stream of orders."""
    with importable(PROJECTS / "shop"):
        return of_tree(ComponentTree.for_project(PROJECTS / "shop")).streams["orders"]


@pytest.fixture
def opened(home: Path) -> Iterator[dg.DagsterInstance]:
    """An instance of its own."""
    with instance(home) as found:
        yield found


def run(
    stream: DeclaredStream, opened: dg.DagsterInstance, key: dg.AssetKey, *days: str
) -> dg.ExecuteInProcessResult:
    """Materialize one asset of the stream, over the days from first to last."""
    tags = {}
    if days:
        tags = {
            "dagster/asset_partition_range_start": days[0],
            "dagster/asset_partition_range_end": days[-1],
        }
    job = stream_definitions(stream).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=opened, asset_selection=[key], tags=tags)


def versions(opened: dg.DagsterInstance) -> dict[str, str]:
    """The data version of every day that was told of."""
    records = reversed(opened.fetch_materializations(DAYS, limit=100).records)
    return {
        str(r.partition_key): (r.asset_materialization.tags or {})["dagster/data_version"]
        for r in records
        if r.asset_materialization
    }


def test_admission_tells_of_the_days_it_touched(
    orders: DeclaredStream, opened: dg.DagsterInstance, home: Path
) -> None:
    land_order(home, "one", "2024-01-05")
    land_order(home, "two", "2024-01-02")
    done = run(orders, opened, RAW)
    assert versions(opened) == {"2024-01-02": "0", "2024-01-05": "0"}
    checks = done.get_asset_check_evaluations()
    assert [(c.check_name, c.passed) for c in checks] == [("row_accounting", True)]
    land_order(home, "late", "2024-01-02")
    run(orders, opened, RAW)
    assert versions(opened) == {"2024-01-02": "1", "2024-01-05": "0"}
    assert reported_epoch(opened, orders.contract) == 1


def test_a_crash_between_commit_and_event_loses_no_day(
    orders: DeclaredStream, opened: dg.DagsterInstance, home: Path
) -> None:
    land_order(home, "one", "2024-01-05")
    platform().admission(orders.contract).run()
    arrival = look(platform(), orders.contract, opened)
    assert arrival.objects == 0 and arrival.wanted
    run(orders, opened, RAW)
    assert versions(opened) == {"2024-01-05": "0"}
    assert not look(platform(), orders.contract, opened).wanted


def test_settling_admits_what_waits_and_fills_empty_days(
    orders: DeclaredStream, opened: dg.DagsterInstance, home: Path
) -> None:
    land_order(home, "one", "2024-01-02")
    land_order(home, "elsewhere", "2024-01-09")
    done = run(orders, opened, DAYS, "2024-01-01", "2024-01-03")
    assert versions(opened) == {
        "2024-01-01": "empty",
        "2024-01-02": "0",
        "2024-01-03": "empty",
        "2024-01-09": "0",
    }
    assert reported_epoch(opened, orders.contract) == 0
    assert all(check.passed for check in done.get_asset_check_evaluations())
    assert len(done.get_asset_check_evaluations()) == 5


def test_declared_columns_are_those_that_admission_writes(orders: DeclaredStream) -> None:
    from pipeline_platform.ingest.schemas import REFUSED, accepted_schema
    from pipeline_platform.lake.ledger import SCHEMA

    contract = orders.contract
    assert [c.name for c in accepted_columns(contract)] == accepted_schema(contract).names
    assert [c.name for c in refused_columns(contract)] == REFUSED.names
    assert [(c.name, c.nullable) for c in LEDGER] == [(f.name, f.nullable) for f in SCHEMA]


def test_the_sensor_asks_once_and_skips_while_a_run_is_under_way(
    orders: DeclaredStream, opened: dg.DagsterInstance, home: Path
) -> None:
    sensor = next(iter(stream_definitions(orders).sensors or []))
    assert isinstance(sensor, dg.SensorDefinition)
    resources = {"platform": PlatformResource()}

    def evaluate() -> object:
        with dg.build_sensor_context(instance=opened, resources=resources) as context:
            return sensor(context)

    assert isinstance(evaluate(), dg.SkipReason)
    land_order(home, "one", "2024-01-02")
    request = evaluate()
    assert isinstance(request, dg.RunRequest) and request.run_key
    again = evaluate()
    assert isinstance(again, dg.RunRequest) and again.run_key == request.run_key
    opened.add_run(dg.DagsterRun("x", status=dg.DagsterRunStatus.STARTED, tags=dict(request.tags)))
    assert isinstance(evaluate(), dg.SkipReason)
