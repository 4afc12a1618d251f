"""Which updates a run has answered itself, because it also builds the table above."""

from collections import defaultdict
from collections.abc import Iterator

import dagster as dg

from pipeline_platform.components.dagster_internals import AssetGraphView, EntitySubset

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
PARTITION = "dagster/partition"
Days = EntitySubset[dg.AssetKey]


def answered(view: AssetGraphView, updated: Days, above: dg.AssetKey) -> Days:
    """The part of `updated` whose latest run also builds every day of `above` that reads it.

    Dagster's own `executed_with_root_target` knows neither: of a run over several days it
    sees the last one only, and it takes days that the run marked outside its range, or that
    a window reaches from there, for built.
    """
    found = view.get_empty_subset(key=updated.key)
    for run_id, part in _by_run(view, updated):
        run = view.instance.get_run_by_id(run_id)
        if run is not None and above in (run.asset_selection or ()):
            found = found.compute_union(part.compute_difference(_open(view, part, above, run)))
    return found


def _by_run(view: AssetGraphView, updated: Days) -> Iterator[tuple[str, Days]]:
    """The updated days by the run of their latest materialization."""
    if not updated.is_partitioned:
        event = view.instance.get_latest_materialization_event(updated.key)
        if event is not None:
            yield event.run_id, updated
        return
    runs: dict[str, set[str]] = defaultdict(set)
    for record in _latest(view.instance, updated):
        if record.partition_key is not None:
            runs[record.run_id].add(record.partition_key)
    for run_id, days in runs.items():
        yield run_id, updated.compute_intersection_with_partition_keys(days)


def _latest(instance: dg.DagsterInstance, updated: Days) -> list[dg.EventLogRecord]:
    ids = instance.event_log_storage.get_latest_storage_id_by_partition(
        updated.key,
        dg.DagsterEventType.ASSET_MATERIALIZATION,
        set(updated.expensively_compute_partition_keys()),
    )
    wanted = dg.AssetRecordsFilter(updated.key, storage_ids=list(ids.values()))
    return list(instance.fetch_materializations(wanted, limit=len(ids)).records) if ids else []


def _open(view: AssetGraphView, part: Days, above: dg.AssetKey, run: dg.DagsterRun) -> Days:
    """Days of `part` that are read by a day of `above` which the run does not build."""
    readers = view.compute_child_subset(above, part)
    if not readers.is_partitioned:
        return view.get_empty_subset(key=part.key)
    first = run.tags.get(RANGE_START) or run.tags.get(PARTITION) or "~"
    last = run.tags.get(RANGE_END) or run.tags.get(PARTITION) or ""
    outside = {
        day for day in readers.expensively_compute_partition_keys() if not first <= day <= last
    }
    rest = readers.compute_intersection_with_partition_keys(outside)
    if rest.is_empty:
        return view.get_empty_subset(key=part.key)
    return view.compute_parent_subset(part.key, rest).compute_intersection(part)
