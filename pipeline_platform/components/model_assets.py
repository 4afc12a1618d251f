"""The asset of a model: built, checked and described in one step."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline_platform.components.check_results import check_results, markdown
from pipeline_platform.components.conditions import rebuilt_when_inputs_change
from pipeline_platform.components.resource import KEY, RESOURCE, PlatformResource, reported
from pipeline_platform.components.specs import asset_spec, check_specs, days_dep, key_of
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.contracts.windows import DayWindow, contiguous
from pipeline_platform.declarations.model_declared import DeclaredModel
from pipeline_platform.declarations.resolution import Declarations
from pipeline_platform.declarations.values import interval, seconds

if TYPE_CHECKING:
    from pipeline_platform.models.build import Built
    from pipeline_platform.wiring import Platform


def model_definitions(declared: DeclaredModel, all_of: Declarations) -> dg.Definitions:
    """The model's asset and its checks."""
    return dg.Definitions(assets=[_asset(declared, all_of)], resources={KEY: RESOURCE})


def _asset(declared: DeclaredModel, all_of: Declarations) -> dg.AssetsDefinition:
    model, table, tables = declared.model, declared.table, all_of.tables
    streams = [s.contract for s in all_of.streams.values() if str(s.accepted.name) in model.inputs]
    freshness = declared.attributes.freshness
    own = model.partitioning
    spec = asset_spec(
        table,
        [days_dep(tables[name], own, days) for name, days in model.inputs.items()],
        freshness=interval(freshness) if freshness else None,
        automation=rebuilt_when_inputs_change(
            table, [tables[name] for name in model.inputs], seconds(declared.attributes.refresh)
        ),
    )

    @dg.multi_asset(
        name=str(table.name).replace(".", "__"),
        specs=[spec],
        check_specs=check_specs(table.name, model.checks),
        backfill_policy=dg.BackfillPolicy.single_run() if own else None,
        can_subset=True,
    )
    def compute(
        context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
    ) -> Iterator[dg.MaterializeResult[Any]]:
        days = [date.fromisoformat(key) for key in context.partition_keys] if own else []
        windows = contiguous(days)
        with reported():
            opened = platform.platform()
            _ensure(streams, opened)
            built = [_build(declared, window, opened) for window in windows or (None,)]
            results = check_results(
                table.name,
                model.checks,
                windows or None,
                own.column if own else None,
                opened,
                context,
                _personal(declared),
            )
        for part in built:
            for day, rows in part.rows_by_day.items():
                context.add_asset_metadata(
                    {"dagster/partition_row_count": rows}, key_of(table.name), day.isoformat()
                )
        yield dg.MaterializeResult(
            asset_key=key_of(table.name),
            metadata=_metadata(declared, built),
            check_results=results,
            data_version=dg.DataVersion(str(built[-1].version)),
        )

    return compute


def _ensure(streams: Iterable[StreamContract], platform: "Platform") -> None:
    """Let streams to which nothing has come yet be empty tables."""
    for contract in streams:
        tables = platform.admission(contract).tables
        if not tables.accepted.exists():
            tables.ensure(contract)


def _build(declared: DeclaredModel, window: DayWindow | None, platform: "Platform") -> "Built":
    from pipeline_platform.models.build import build

    return build(declared.model, window, engine=platform.engine, lake=platform.lake)


def _metadata(declared: DeclaredModel, built: list["Built"]) -> dict[str, Any]:
    rows = sum(part.rows for part in built)
    filled = [day for part in built for day, count in part.rows_by_day.items() if count]
    found: dict[str, Any] = {
        "preview": dg.MetadataValue.md(markdown(built[-1].preview, _personal(declared))),
        "table version": built[-1].version,
        "input versions": dict(built[-1].inputs),
    }
    if declared.model.partitioning is None:
        return {**found, "dagster/row_count": rows}
    return {**found, **({"last day with rows": str(max(filled))} if filled else {})}


def _personal(declared: DeclaredModel) -> set[str]:
    return {column.name for column in declared.model.columns if column.personal}
