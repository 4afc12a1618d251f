"""Dagster's own storage: whole batches, nothing half made, one place for every process."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg

from pipeline_platform.components.instance import instance
from pipeline_platform.components.storage import ComputeLogs, EventLog
from pipeline_platform_tests.components.shop import REPOSITORY, environment

KEY = dg.AssetKey(["serving", "a"])
WRITER = """
import dagster as dg
from pathlib import Path
from pipeline_platform.components.instance import instance
with instance(Path.cwd()) as opened:
    for n in range(100_000):
        event = dg.AssetMaterialization("a", metadata={"n": n})
        opened.report_runless_asset_event(event)
        print(n, flush=True)
"""


def test_every_process_opens_the_same_storage(home: Path) -> None:
    with instance(REPOSITORY) as one:
        one.report_runless_asset_event(dg.AssetMaterialization(KEY, partition="2024-01-01"))
        assert isinstance(one.event_log_storage, EventLog)
        assert isinstance(one.compute_log_manager, ComputeLogs)
    with instance(REPOSITORY) as another:
        assert another.get_materialized_partitions(KEY) == {"2024-01-01"}
    assert (home / "dagster" / "events" / "event_log.db").is_file()
    assert not list((home / "dagster" / "events").glob(".new*"))


def test_without_a_dagster_yaml_the_storage_is_the_same(tmp_path: Path) -> None:
    with instance(tmp_path) as bare, instance(REPOSITORY) as configured:
        bare.report_runless_asset_event(dg.AssetMaterialization(KEY))
        assert configured.get_latest_materialization_event(KEY) is not None


def test_a_batch_is_stored_as_its_events_would_be(tmp_path: Path) -> None:
    with instance(tmp_path) as opened:
        days = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-02-01")
        checks = [dg.AssetCheckSpec("c", asset="a")]

        @dg.asset(
            partitions_def=days,
            backfill_policy=dg.BackfillPolicy.single_run(),
            check_specs=checks,
        )
        def a(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
            for key in context.partition_keys:
                context.add_asset_metadata({"day": key}, partition_key=key)
            result = dg.AssetCheckResult(passed=True, check_name="c")
            return dg.MaterializeResult(check_results=[result])

        job = dg.Definitions(assets=[a]).resolve_implicit_global_asset_job_def()
        first, last = days.get_partition_keys()[0], days.get_partition_keys()[-1]
        tags = {
            "dagster/asset_partition_range_start": first,
            "dagster/asset_partition_range_end": last,
        }
        done = job.execute_in_process(instance=opened, tags=tags)
        assert opened.get_materialized_partitions(dg.AssetKey("a")) == set(
            days.get_partition_keys()
        )
        records = opened.fetch_materializations(dg.AssetKey("a"), limit=100).records
        assert len(records) == 31
        for record in records:
            made = record.asset_materialization
            assert made and made.metadata["day"].value == record.partition_key
        assert len(done.get_asset_check_evaluations()) == 1


def test_a_killed_writer_leaves_every_event_that_it_was_told_is_stored(home: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", WRITER],
        cwd=REPOSITORY,
        env=environment(REPOSITORY, home),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    told = int(process.stdout.readline())
    until = time.monotonic() + 1
    while time.monotonic() < until:
        told = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    told = max([told, *(int(line) for line in process.stdout.read().split("\n")[:-1])])
    process.stdout.close()
    with instance(REPOSITORY) as opened:
        event = opened.get_latest_materialization_event(dg.AssetKey("a"))
        assert event and event.asset_materialization
        assert int(str(event.asset_materialization.metadata["n"].value)) >= told
        opened.report_runless_asset_event(dg.AssetMaterialization("a", metadata={"n": -1}))
