"""When a derived table is computed again, without losing an update."""

from collections.abc import Iterable
from typing import Any

import dagster as dg
from dagster import AutomationCondition as Condition

from pipeline_platform.components.answered import answered
from pipeline_platform.components.dagster_internals import (
    AutomationContext,
    EntitySubset,
    NewlyUpdatedCondition,
    SubsetAutomationCondition,
    TimingMetadata,
    record,
)
from pipeline_platform.components.specs import key_of
from pipeline_platform.declarations.tables import DeclaredTable


@record
class NewlyUpdatedElsewhere(NewlyUpdatedCondition):
    """Updated since the last tick by a run that does not itself build what reads it."""

    @property
    def name(self) -> str:
        """How the UI lists it."""
        return "newly_updated_elsewhere"

    async def compute_subset_with_timing_metadata(  # type: ignore[override]
        self, context: AutomationContext[Any]
    ) -> tuple[EntitySubset[Any], TimingMetadata[Any] | None]:
        """The updated partitions with the instant of their update, which `since` needs."""
        subset, timing = await super().compute_subset_with_timing_metadata(context)
        if subset.is_empty:
            return subset, timing
        root = context.root_context.key
        kept = subset.compute_difference(answered(context.asset_graph_view, subset, root))
        if timing is None or kept.is_empty:
            return kept, None
        times = {t: s.compute_intersection(kept) for t, s in timing.timestamps.items()}
        return kept, TimingMetadata(timestamps={t: s for t, s in times.items() if not s.is_empty})


@record
class BuiltWithin(SubsetAutomationCondition[dg.AssetKey]):
    """Built less than `seconds` ago."""

    seconds: float

    @property
    def name(self) -> str:
        """How the UI lists it."""
        return f"built_within_{self.seconds:g}s"

    async def compute_subset(  # type: ignore[override]
        self, context: AutomationContext[dg.AssetKey]
    ) -> EntitySubset[dg.AssetKey]:
        """The candidates whose newest materialization is that young."""
        view, found = context.asset_graph_view, context.get_empty_subset()
        since = context.evaluation_time.timestamp() - self.seconds
        times = view.compute_subsets_by_latest_materialization_timestamp(context.candidate_subset)
        for instant, subset in times.items():
            if instant > since:
                found = found.compute_union(subset)
        return found


def rebuilt_when_inputs_change(
    table: DeclaredTable, inputs: Iterable[DeclaredTable], refresh_s: float
) -> Condition[Any]:
    """Requests exactly the days whose inputs changed, once, however the updates fall.

    The current day, and a whole table fed by open ones, are computed at most once per
    `refresh_s`; late days at once.
    """
    feeds = list(inputs)
    daily = [key_of(t.name) for t in feeds if t.partitioning]
    whole = [key_of(t.name) for t in feeds if not t.partitioning]
    changed: Any = Condition.any_deps_match(NewlyUpdatedElsewhere())
    ready: Any = ~Condition.any_deps_in_progress() & ~Condition.in_progress()
    if table.partitioning and daily and whole:
        changed = changed.allow(dg.AssetSelection.assets(*daily))
        missing = Condition.any_deps_match(Condition.missing())
        ready &= ~missing.allow(dg.AssetSelection.assets(*whole))
    if table.partitioning and table.partitioning.end is None:
        ready &= ~(Condition.in_latest_time_window() & BuiltWithin(seconds=refresh_s))
    elif not table.partitioning and any(_open(t) for t in feeds):
        ready &= ~BuiltWithin(seconds=refresh_s)
    wanted: Any = changed.since(Condition.newly_requested()) & ready
    labelled: Condition[Any] = wanted.with_label("an input changed elsewhere")
    return labelled


def rebuilt_when_rewritten() -> Condition[Any]:
    """Requests all of a table once after its definition changed."""
    changed: Any = Condition.code_version_changed().since(Condition.newly_requested())
    wanted: Any = changed & ~Condition.any_deps_in_progress() & ~Condition.in_progress()
    labelled: Condition[Any] = wanted.with_label("its definition changed")
    return labelled


def either(one: Condition[Any], other: Condition[Any]) -> Condition[Any]:
    """Requests what either of two conditions asks for."""
    wanted: Any = one | other
    labelled: Condition[Any] = wanted.with_label(f"{one.get_label()}, or {other.get_label()}")
    return labelled


def _open(table: DeclaredTable) -> bool:
    return table.partitioning is not None and table.partitioning.end is None
