"""The assets of a view: its answer, and the days that its batch settles."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg

from pipeline_platform.components.check_results import check_results, selected
from pipeline_platform.components.conditions import (
    either,
    rebuilt_when_inputs_change,
    rebuilt_when_rewritten,
)
from pipeline_platform.components.resource import KEY, RESOURCE, PlatformResource, reported
from pipeline_platform.components.specs import asset_spec, check_specs, days_dep, key_of
from pipeline_platform.components.view_events import (
    AS_OF,
    batch_version,
    data_version,
    day_metadata,
    standing_metadata,
)
from pipeline_platform.components.view_runs import (
    bring_up,
    fold_pending,
    looked_at,
    settle_days,
    standing_of,
    write_settled,
)
from pipeline_platform.declarations.resolution import Declarations
from pipeline_platform.declarations.tables import DeclaredTable
from pipeline_platform.declarations.values import interval, seconds
from pipeline_platform.declarations.view_declared import DeclaredView


def view_definitions(declared: DeclaredView, all_of: Declarations) -> dg.Definitions:
    """Assets and checks of one view."""
    settled = [_settled(declared, declared.batch, all_of)] if declared.batch else []
    return dg.Definitions(assets=[_answer(declared, all_of), *settled], resources={KEY: RESOURCE})


def _answer(declared: DeclaredView, all_of: Declarations) -> dg.AssetsDefinition:
    view, contract = declared.view, all_of.streams[declared.view.stream].contract
    personal = {column.name for column in view.columns if column.personal}

    @dg.multi_asset(
        name=_step(declared.table),
        specs=[_answer_spec(declared, all_of)],
        check_specs=check_specs(view.table, declared.checks),
        can_subset=True,
    )
    def answer(
        context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
    ) -> Iterator[dg.MaterializeResult[Any]]:
        with reported():
            opened = platform.platform()
            brought = bring_up(declared, contract, opened)
            folded = 0 if view.paths == "batch" else fold_pending(declared, opened)
            standing, seen = looked_at(declared, opened)
            wanted = selected(declared.checks, context)
            results = check_results(view.table, wanted, None, None, opened, personal)
        yield dg.MaterializeResult(
            asset_key=key_of(view.table),
            metadata={
                **standing_metadata(standing),
                **seen,
                "rows folded": folded,
                "built": brought.built,
                "swapped": brought.swapped,
            },
            check_results=results,
            data_version=dg.DataVersion(data_version(declared, standing)),
        )

    return answer


def _answer_spec(declared: DeclaredView, all_of: Declarations) -> dg.AssetSpec:
    """Reads the stream and the settled days, or these alone where they are all it has."""
    attributes, tables = declared.attributes, all_of.tables
    own = [declared.batch] if declared.batch else []
    stream = [] if declared.view.paths == "batch" else [tables[declared.stream]]
    inputs = [*stream, *own, *(tables[name] for name in declared.dimensions)]
    changed = rebuilt_when_inputs_change(declared.table, inputs, seconds(attributes.refresh))
    return asset_spec(
        declared.table,
        [days_dep(table, None, (0, 0)) for table in inputs],
        freshness=interval(attributes.freshness) if attributes.freshness else None,
        automation=changed if own else either(changed, rebuilt_when_rewritten()),
    )


def _settled(
    declared: DeclaredView, batch: DeclaredTable, all_of: Declarations
) -> dg.AssetsDefinition:
    contract = all_of.streams[declared.view.stream].contract

    @dg.multi_asset(
        name=_step(batch),
        specs=[_settled_spec(declared, batch, all_of)],
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def settled(
        context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
    ) -> Iterator[dg.MaterializeResult[Any]]:
        days = [date.fromisoformat(day) for day in context.partition_keys]
        with reported():
            opened = platform.platform()
            brought = bring_up(declared, contract, opened)
            if brought.built or brought.swapped:
                write_settled(declared, opened)
            else:
                settle_days(declared, days, opened)
            standing = standing_of(declared, opened)
        for day in days:
            context.add_asset_metadata(
                day_metadata(day, standing), key_of(batch.name), day.isoformat()
            )
        cut = max((standing.cuts[day] for day in days if day in standing.cuts), default=None)
        yield dg.MaterializeResult(
            asset_key=key_of(batch.name),
            metadata={AS_OF: standing.as_of},
            data_version=dg.DataVersion(batch_version(declared, cut)),
        )

    return settled


def _settled_spec(
    declared: DeclaredView, batch: DeclaredTable, all_of: Declarations
) -> dg.AssetSpec:
    """Late days are settled at once where only the batch answers, else by the upkeep.

    A pinned dimension asks for no day again: it counts for days that come.
    """
    stream = all_of.tables[declared.stream]
    pinned = [all_of.tables[table.table] for table in declared.view.split.pinned]
    inputs = [stream, *(all_of.tables[name] for name in declared.dimensions)]
    automation = rebuilt_when_rewritten()
    if declared.view.paths == "batch":
        refresh = seconds(declared.attributes.refresh)
        changed = rebuilt_when_inputs_change(batch, [stream, *pinned], refresh)
        automation = either(changed, automation)
    deps = [days_dep(table, batch.partitioning, (0, 0)) for table in inputs]
    return asset_spec(batch, deps, automation=automation)


def _step(table: DeclaredTable) -> str:
    return str(table.name).replace(".", "__")
