"""Runs over a toy graph: what is recorded, built, failed and left behind."""

import os
import subprocess
import sys

import dagster as dg
import pytest

from pipeline_platform.cli.materialize import PROCESS, State, Step, end_lost_runs, execute, recorded
from pipeline_platform.cli.stale import stale
from pipeline_platform.components.loading import unfinished_ignored

DAYS = dg.DailyPartitionsDefinition(start_date="2013-01-01", end_date="2013-01-06")
DAY = "2013-01-03"


def toy(fails: bool = False) -> dg.Definitions:
    """raw/x marks serving/x, which w/local reads with the day after."""

    @dg.asset(key=["raw", "x"])
    def raw() -> None: ...

    @dg.asset(
        key=["serving", "x"],
        deps=[raw],
        code_version="1",
        partitions_def=DAYS,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def serving() -> None: ...

    after = dg.TimeWindowPartitionMapping(end_offset=1, allow_nonexistent_upstream_partitions=True)

    @dg.asset(
        key=["w", "local"],
        deps=[dg.AssetDep(serving, partition_mapping=after)],
        partitions_def=DAYS,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def local() -> None:
        if fails:
            raise dg.Failure("orders: broken\n  What to do: mend it", allow_retries=False)

    return dg.Definitions([raw, serving, local], executor=dg.in_process_executor)


def missing(definitions: dg.Definitions, instance: dg.DagsterInstance) -> dict[str, frozenset]:  # type: ignore[type-arg]
    graph = definitions.resolve_asset_graph()
    names = [key.to_user_string() for key in graph.materializable_asset_keys]
    return stale(recorded(graph, instance, names, lambda _: State(exists=True, pending=False)))


@pytest.fixture(autouse=True)
def quiet():  # type: ignore[no-untyped-def]
    with unfinished_ignored():
        yield


def test_one_run_builds_all_and_then_only_what_a_new_day_reaches() -> None:
    definitions = toy()
    with dg.DagsterInstance.ephemeral() as instance:
        wanted = missing(definitions, instance)
        assert {name: len(days) for name, days in wanted.items()} == {
            "raw/x": 1,
            "serving/x": 5,
            "w/local": 5,
        }
        steps = list(execute(definitions, instance, wanted))
        assert steps[-2:] == [Step("made", "w/local"), Step("done", "w.local")]
        assert missing(definitions, instance) == {}
        instance.report_runless_asset_event(
            dg.AssetMaterialization(
                ["serving", "x"], partition=DAY, tags={"dagster/code_version": "1"}
            )
        )
        assert missing(definitions, instance) == {"w/local": {"2013-01-02", DAY}}
        assert len(instance.get_runs()) == 1


def test_a_failed_step_says_its_message_and_stays_stale() -> None:
    definitions = toy(fails=True)
    with dg.DagsterInstance.ephemeral() as instance:
        steps = list(execute(definitions, instance, missing(definitions, instance)))
        assert steps[-1] == Step("failed", "w.local", "orders: broken\n  What to do: mend it")
        assert set(missing(definitions, instance)) == {"w/local"}


def test_runs_of_processes_that_ended_are_marked_failed() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with dg.DagsterInstance.ephemeral() as instance:
        for process in (ended.pid, os.getpid()):
            instance.add_run(
                dg.DagsterRun(
                    job_name="demo",
                    run_id=f"00000000-0000-4000-8000-{process:012d}",
                    status=dg.DagsterRunStatus.STARTED,
                    tags={PROCESS: str(process)},
                )
            )
        assert end_lost_runs(instance) == 1
        statuses = {run.tags[PROCESS]: run.status for run in instance.get_runs()}
        assert statuses[str(ended.pid)] == dg.DagsterRunStatus.FAILURE
        assert statuses[str(os.getpid())] == dg.DagsterRunStatus.STARTED


def test_what_a_blocking_check_refused_is_built_again_with_all_below_it() -> None:
    passes = [False]

    @dg.asset(
        key=["w", "x"],
        check_specs=[dg.AssetCheckSpec("sound", asset=dg.AssetKey(["w", "x"]), blocking=True)],
    )
    def checked() -> dg.MaterializeResult:  # type: ignore[type-arg]
        result = dg.AssetCheckResult(check_name="sound", passed=passes[0])
        return dg.MaterializeResult(check_results=[result])

    @dg.asset(key=["m", "y"], deps=[checked])
    def below() -> None: ...

    definitions = dg.Definitions([checked, below], executor=dg.in_process_executor)
    with dg.instance_for_test() as instance:
        everything = missing(definitions, instance)
        kinds = [step.kind for step in execute(definitions, instance, everything)]
        assert "blocked" in kinds
        assert missing(definitions, instance) == everything
        passes[0] = True
        list(execute(definitions, instance, everything))
        assert missing(definitions, instance) == {}
