"""One ranged Dagster run over what is out of date, told step by step."""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import dagster as dg
from msgspec import Struct

from pipeline_platform.cli.dagster_internals import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    AssetGraph,
    InMemoryJob,
    execute_run_iterator,
    partition_loading_context,
)
from pipeline_platform.cli.stale import Partition, Recorded

PROCESS = "pipeline_platform/process"
_CODE = "dagster/code_version"
_MADE = dg.DagsterEventType.ASSET_MATERIALIZATION
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_RUNNING = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]


class Step(Struct, frozen=True):
    """Something that happened in the run.

    `name` is the step's, or the table of a `check` that did not pass; `message` says why a
    step failed, or which check it was.
    """

    kind: Literal["started", "done", "failed", "check"]
    name: str
    message: str = ""


class State(Struct, frozen=True):
    """What only the platform knows of an asset: whether its table is there, input waits."""

    exists: bool
    pending: bool


def recorded(
    graph: AssetGraph, instance: dg.DagsterInstance, state: Callable[[dg.AssetKey], State]
) -> dict[str, Recorded]:
    """What the event log, and `state` outside it, say of every asset that can be built.

    Raw assets mark the days that their runs change, by themselves.
    """
    with partition_loading_context(dynamic_partitions_store=instance):
        return {
            key.to_user_string(): _recorded(graph, instance, key, state(key))
            for key in graph.materializable_asset_keys
        }


def _recorded(
    graph: AssetGraph, instance: dg.DagsterInstance, key: dg.AssetKey, state: State
) -> Recorded:
    node = graph.get(key)
    cut = node.partitions_def
    partitions: list[Partition] = [*cut.get_partition_keys()] if cut else [None]
    made = _made(instance, key, cut is not None)
    return Recorded(
        partitions=partitions,
        built={p: record.storage_id for p, record in made.items()},
        code={p: _code(record) for p, record in made.items()},
        code_version=node.code_version or "",
        reads=_reads(graph, key, partitions),
        exists=state.exists,
        pending=state.pending,
        marks=key.path[0] == "raw",
    )


def _made(
    instance: dg.DagsterInstance, key: dg.AssetKey, partitioned: bool
) -> dict[Partition, dg.EventLogRecord]:
    """The newest materialization of every partition that has one."""
    wanted: dg.AssetKey | dg.AssetRecordsFilter = key
    limit = 1
    if partitioned:
        ids = instance.event_log_storage.get_latest_storage_id_by_partition(key, _MADE)
        wanted = dg.AssetRecordsFilter(key, storage_ids=list(ids.values()))
        limit = len(ids)
    records = instance.fetch_materializations(wanted, limit=limit).records if limit else []
    return {record.partition_key: record for record in records}


def _code(record: dg.EventLogRecord) -> str:
    made = record.asset_materialization
    return (made.tags or {}).get(_CODE, "") if made else ""


def _reads(
    graph: AssetGraph, key: dg.AssetKey, partitions: list[Partition]
) -> dict[str, dict[Partition, list[Partition]]]:
    reads: dict[str, dict[Partition, list[Partition]]] = {}
    for partition in partitions:
        for parent in graph.get_parents_partitions(key, partition).parent_partitions:
            upstream = reads.setdefault(parent.asset_key.to_user_string(), {})
            upstream.setdefault(partition, []).append(parent.partition_key)
    return reads


def execute(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    wanted: Mapping[str, frozenset[Partition]],
) -> Iterator[Step]:
    """Build `wanted` in one run, over the days from its first to its last."""
    days = sorted(p for partitions in wanted.values() for p in partitions if p is not None)
    tags = {PROCESS: str(os.getpid())}
    if days:
        tags |= {
            ASSET_PARTITION_RANGE_START_TAG: days[0],
            ASSET_PARTITION_RANGE_END_TAG: days[-1],
        }
    keys = {dg.AssetKey.from_user_string(name) for name in wanted}
    job = definitions.resolve_implicit_global_asset_job_def().get_subset(asset_selection=keys)
    run = instance.create_run_for_job(
        job_def=job, run_config=_QUIET, tags=tags, asset_selection=frozenset(keys)
    )
    for event in execute_run_iterator(InMemoryJob(job), run, instance):
        if step := _step(event):
            yield step


def _step(event: dg.DagsterEvent) -> Step | None:
    name = (event.step_key or "").replace("__", ".", 1)
    match event.event_type:
        case dg.DagsterEventType.STEP_START:
            return Step("started", name)
        case dg.DagsterEventType.STEP_SUCCESS:
            return Step("done", name)
        case dg.DagsterEventType.STEP_FAILURE:
            return Step("failed", name, _cause(event))
        case dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            found = event.asset_check_evaluation_data
            table = ".".join(found.asset_key.path)
            return None if found.passed else Step("check", table, found.check_name)
    return None


def _cause(event: dg.DagsterEvent) -> str:
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        return failure.user_failure_data.description
    error = failure.error
    return (error.cause or error).message.strip() if error else ""


def end_lost_runs(instance: dg.DagsterInstance) -> int:
    """Mark as failed what processes that no longer live were running; how many."""
    lost = [
        run
        for run in instance.get_runs(dg.RunsFilter(statuses=_RUNNING))
        if PROCESS in run.tags and not _alive(int(run.tags[PROCESS]))
    ]
    for run in lost:
        instance.report_run_failed(run, "The process that ran it ended before it was done.")
    return len(lost)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
