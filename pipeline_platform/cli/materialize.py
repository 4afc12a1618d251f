"""One ranged Dagster run over what is out of date, told step by step."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import takewhile
from typing import Literal, cast

import dagster as dg
from msgspec import Struct

from pipeline_platform.cli.dagster_internals import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    AssetGraph,
    DagsterExecutionInterruptedError,
    InMemoryJob,
    execute_run_iterator,
    partition_loading_context,
)
from pipeline_platform.cli.interrupts import noted
from pipeline_platform.cli.stale import Partition, Recorded

PROCESS = "pipeline_platform/process"
_CODE, _DATA = "dagster/code_version", "dagster/data_version"
_LOOKED_BACK = 50
_ERROR = dg.AssetCheckSeverity.ERROR
_MADE = dg.DagsterEventType.ASSET_MATERIALIZATION
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_RUNNING = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]


class Step(Struct, frozen=True):
    """Something that happened in the run.

    `name` is the step's, or the asset that was `made` or whose check did not pass: it warned,
    refused, or blocked what lies below. `message` says why a step failed (empty where one of
    its checks blocked), or which check it was and what it
    found.
    """

    kind: Literal["started", "done", "failed", "made", "warned", "refused", "blocked"]
    name: str
    message: str = ""


class State(Struct, frozen=True):
    """What only the platform knows of an asset: whether its table is there, input waits."""

    exists: bool
    pending: bool


def recorded(
    graph: AssetGraph,
    instance: dg.DagsterInstance,
    names: Iterable[str],
    state: Callable[[dg.AssetKey], State],
) -> dict[str, Recorded]:
    """What the event log, and `state` outside it, say of the assets called `names`.

    Raw assets mark the days that their runs change, by themselves. An asset whose blocking
    check failed waits to be built again.
    """
    keys = [dg.AssetKey.from_user_string(name) for name in sorted(names)]
    held = blocked(graph, instance)
    with partition_loading_context(dynamic_partitions_store=instance):
        return {
            key.to_user_string(): _recorded(graph, instance, key, state(key), key in held)
            for key in keys
        }


def blocked(graph: AssetGraph, instance: dg.DagsterInstance) -> set[dg.AssetKey]:
    """The assets of which a blocking check failed when it last ran."""
    checks = [key for key in graph.asset_check_keys if graph.get(key).blocking]
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key(checks)
    return {key.asset_key for key, record in found.items() if _blocks(record.evaluation)}


def _blocks(found: object) -> bool:
    """Whether it failed; what a killed run only planned says nothing."""
    if not isinstance(found, dg.AssetCheckEvaluation):
        return False
    return not found.passed and found.severity == _ERROR


def _recorded(
    graph: AssetGraph, instance: dg.DagsterInstance, key: dg.AssetKey, state: State, held: bool
) -> Recorded:
    node = graph.get(key)
    cut = node.partitions_def
    partitions: list[Partition] = [*cut.get_partition_keys()] if cut else [None]
    made = _made(instance, key) if cut else _made_whole(instance, key)
    return Recorded(
        partitions=partitions,
        built={p: record.storage_id for p, record in made.items()},
        changed={} if cut else changed(instance, key),
        code={p: _code(record) for p, record in made.items()},
        code_version=node.code_version or "",
        reads=_reads(graph, key, partitions),
        exists=state.exists,
        pending=state.pending or held,
        marks=key.path[0] == "raw",
    )


def _made(instance: dg.DagsterInstance, key: dg.AssetKey) -> dict[Partition, dg.EventLogRecord]:
    """The newest materialization of every partition that has one."""
    ids = instance.event_log_storage.get_latest_storage_id_by_partition(key, _MADE)
    if not ids:
        return {}
    wanted = dg.AssetRecordsFilter(key, storage_ids=list(ids.values()))
    records = instance.fetch_materializations(wanted, limit=len(ids)).records
    return {record.partition_key: record for record in records}


def _made_whole(
    instance: dg.DagsterInstance, key: dg.AssetKey
) -> dict[Partition, dg.EventLogRecord]:
    records = instance.fetch_materializations(key, limit=1).records
    return dict.fromkeys([None], records[0]) if records else {}


def changed(instance: dg.DagsterInstance, key: dg.AssetKey) -> dict[Partition, int]:
    """Since which materialization the asset has had the data version that it has now."""
    records = instance.fetch_materializations(key, limit=_LOOKED_BACK).records
    same = list(takewhile(lambda record: _version(record) == _version(records[0]), records))
    return {None: same[-1].storage_id} if same and _version(same[0]) else {}


def _version(record: dg.EventLogRecord) -> str:
    made = record.asset_materialization
    return (made.tags or {}).get(_DATA, "") if made else ""


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
    """Build `wanted` in one run, over the days from its first to its last.

    Raises KeyboardInterrupt after Ctrl-C, at the latest when a step begins or ends.
    """
    with noted() as interrupted:
        events = _run(definitions, instance, wanted)
        with _left(events):
            try:
                yield from _told(events, interrupted)
            except DagsterExecutionInterruptedError:
                raise KeyboardInterrupt from None
        if interrupted():
            raise KeyboardInterrupt


def _told(events: Iterator[dg.DagsterEvent], interrupted: Callable[[], bool]) -> Iterator[Step]:
    for event in events:
        if not interrupted():
            if step := _step(event):
                yield step
        elif event.event_type is not dg.DagsterEventType.STEP_FAILURE:
            raise KeyboardInterrupt  # after such a failure Dagster ends by itself


def _run(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    wanted: Mapping[str, frozenset[Partition]],
) -> Iterator[dg.DagsterEvent]:
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
    return iter(execute_run_iterator(InMemoryJob(job), run, instance))


@contextmanager
def _left(events: Iterator[dg.DagsterEvent]) -> Iterator[None]:
    """Close a run that is left; it may still have something to say, which is an error then."""
    try:
        yield
    finally:
        with suppress(RuntimeError):
            cast(Generator[dg.DagsterEvent], events).close()


def _step(event: dg.DagsterEvent) -> Step | None:
    name = (event.step_key or "").replace("__", ".", 1)
    match event.event_type:
        case dg.DagsterEventType.STEP_START:
            return Step("started", name)
        case dg.DagsterEventType.STEP_SUCCESS:
            return Step("done", name)
        case dg.DagsterEventType.STEP_FAILURE:
            return Step("failed", name, _cause(event))
        case dg.DagsterEventType.ASSET_MATERIALIZATION if event.asset_key:
            return Step("made", event.asset_key.to_user_string())
        case dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            return _checked(event.asset_check_evaluation_data)
    return None


def _checked(found: dg.AssetCheckEvaluation) -> Step | None:
    if found.passed:
        return None
    kind: Literal["warned", "refused", "blocked"] = "refused"
    if found.severity == dg.AssetCheckSeverity.WARN:
        kind = "warned"
    elif found.blocking:
        kind = "blocked"
    facts = ", ".join(f"{name}: {value.value}" for name, value in _plain(found.metadata))
    told = f"{found.check_name} ({facts})" if facts else found.check_name
    return Step(kind, found.asset_key.to_user_string(), told)


def _plain(metadata: Mapping[str, dg.MetadataValue]) -> list[tuple[str, dg.MetadataValue]]:
    """The metadata that fit in a line."""
    kinds = (dg.TextMetadataValue, dg.IntMetadataValue, dg.FloatMetadataValue)
    return [(name, value) for name, value in metadata.items() if isinstance(value, kinds)]


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
