"""The asset of a computed table: built, checked and described in one step."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline_platform.components.check_results import check_results, markdown, result_of, selected
from pipeline_platform.components.conditions import rebuilt_when_inputs_change
from pipeline_platform.components.resource import KEY, RESOURCE, PlatformResource, reported
from pipeline_platform.components.specs import asset_spec, check_specs, days_dep, key_of
from pipeline_platform.contracts.models import TableCheck
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.contracts.windows import DayWindow, contiguous
from pipeline_platform.declarations.resolution import Declarations
from pipeline_platform.declarations.tables import DeclaredTable
from pipeline_platform.declarations.values import interval, seconds

if TYPE_CHECKING:
    from pipeline_platform.models.build import Built
    from pipeline_platform.models.checks import CheckOutcome
    from pipeline_platform.wiring import Platform

Windows = list[DayWindow]


@dataclass(frozen=True)
class Computed:
    """A table and how it is computed.

    `inputs` maps each table read to the days it needs around a partition. `build` computes a
    window (None: the whole table). `proofs` are checks of the kind's own, evaluated by
    `prove` over the windows built; `show` gives further metadata of the finished table.
    """

    table: DeclaredTable
    inputs: Mapping[str, tuple[int, int]]
    checks: tuple[TableCheck, ...]
    refresh: str
    freshness: str | None
    build: "Callable[[DayWindow | None, Platform], Built]"
    proofs: tuple[dg.AssetCheckSpec, ...] = ()
    prove: "Callable[[DayWindow | None, Platform], list[CheckOutcome]] | None" = None
    show: "Callable[[Platform], dict[str, Any]] | None" = None

    @property
    def personal(self) -> set[str]:
        """Names of the columns that hold personal data."""
        return {column.name for column in self.table.columns if column.personal}


def computed_definitions(computed: Computed, all_of: Declarations) -> dg.Definitions:
    """The table's asset and its checks."""
    return dg.Definitions(assets=[_asset(computed, all_of)], resources={KEY: RESOURCE})


def _asset(computed: Computed, all_of: Declarations) -> dg.AssetsDefinition:
    table, own = computed.table, computed.table.partitioning
    streams = [
        s.contract for s in all_of.streams.values() if str(s.accepted.name) in computed.inputs
    ]

    @dg.multi_asset(
        name=str(table.name).replace(".", "__"),
        specs=[_spec(computed, all_of.tables)],
        check_specs=[*check_specs(table.name, computed.checks), *computed.proofs],
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
            built = [computed.build(window, opened) for window in windows or (None,)]
            results = _checked(computed, windows, opened, context)
            shown = computed.show(opened) if computed.show else {}
        for part in built:
            for day, rows in part.rows_by_day.items():
                context.add_asset_metadata(
                    {"dagster/partition_row_count": rows}, key_of(table.name), day.isoformat()
                )
        yield dg.MaterializeResult(
            asset_key=key_of(table.name),
            metadata={**shown, **_metadata(computed, built)},
            check_results=results,
            data_version=dg.DataVersion(str(built[-1].version)),
        )

    return compute


def _spec(computed: Computed, tables: Mapping[str, DeclaredTable]) -> dg.AssetSpec:
    own, inputs = computed.table.partitioning, computed.inputs
    return asset_spec(
        computed.table,
        [days_dep(tables[name], own, days) for name, days in inputs.items()],
        freshness=interval(computed.freshness) if computed.freshness else None,
        automation=rebuilt_when_inputs_change(
            computed.table, [tables[name] for name in inputs], seconds(computed.refresh)
        ),
    )


def _ensure(streams: list[StreamContract], platform: "Platform") -> None:
    """Let streams to which nothing has come yet be empty tables."""
    for contract in streams:
        tables = platform.admission(contract).tables
        if not tables.accepted.exists():
            tables.ensure(contract)


def _checked(
    computed: Computed, windows: Windows, platform: "Platform", context: dg.AssetExecutionContext
) -> list[dg.AssetCheckResult]:
    own, name, personal = computed.table.partitioning, computed.table.name, computed.personal
    wanted = selected(computed.checks, context)
    column = own.column if own else None
    results = check_results(name, wanted, windows or None, column, platform, personal)
    asked = {key.name for key in context.selected_asset_check_keys}
    if computed.prove and asked & {spec.name for spec in computed.proofs}:
        parts = [computed.prove(window, platform) for window in windows or (None,)]
        whole = DayWindow(windows[0].start, windows[-1].end) if windows else None
        merged = [_merged(outcomes) for outcomes in zip(*parts, strict=True)]
        results += [result_of(name, o, whole, personal) for o in merged if o.name in asked]
    return results


def _merged(parts: Sequence["CheckOutcome"]) -> "CheckOutcome":
    """One outcome of a check that was evaluated window by window."""
    return replace(
        parts[0],
        passed=all(part.passed for part in parts),
        failed_rows=sum(part.failed_rows for part in parts),
        checked_rows=sum(part.checked_rows for part in parts),
        sample=[row for part in parts for row in part.sample],
    )


def _metadata(computed: Computed, built: list["Built"]) -> dict[str, Any]:
    rows = sum(part.rows for part in built)
    filled = [day for part in built for day, count in part.rows_by_day.items() if count]
    found: dict[str, Any] = {
        "preview": dg.MetadataValue.md(markdown(built[-1].preview, computed.personal)),
        "table version": built[-1].version,
        "input versions": dict(built[-1].inputs),
    }
    if computed.table.partitioning is None:
        return {**found, "dagster/row_count": rows}
    return {**found, **({"last day with rows": str(max(filled))} if filled else {})}
