"""The assets of an operational table: snapshots, current rows, history."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline_platform.components.check_results import check_results, selected
from pipeline_platform.components.resource import KEY, RESOURCE, PlatformResource, reported
from pipeline_platform.components.specs import asset_spec, check_specs, key_of
from pipeline_platform.declarations.table_declared import DeclaredSourceTable
from pipeline_platform.declarations.values import interval

if TYPE_CHECKING:
    from pipeline_platform.snapshots.report import Folded, Report, SnapshotProgress, Taken

ACCOUNTING, EMPTIED = "row_accounting", "not_emptied"


def table_definitions(table: DeclaredSourceTable) -> dg.Definitions:
    """Assets and checks of one operational table."""
    return dg.Definitions(assets=[_snapshot(table)], resources={KEY: RESOURCE})


def _snapshot(table: DeclaredSourceTable) -> dg.AssetsDefinition:
    contract = table.contract
    raw, current, history = (key_of(found.name) for found in table.tables)
    personal = {column.name for column in contract.columns if column.personal}

    @dg.multi_asset(
        name=f"snapshot_{contract.name}",
        specs=_specs(table),
        check_specs=[*_raw_checks(raw), *check_specs(contract.current, table.checks)],
        can_subset=True,
    )
    def snapshot(
        context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
    ) -> Iterator[dg.MaterializeResult[Any]]:
        with reported():
            opened = platform.platform()
            snapshots = opened.snapshots(contract)
            taken = snapshots.take(_told(context))
            folded = snapshots.fold(_told(context))
            wanted = selected(table.checks, context)
            results = check_results(contract.current, wanted, None, None, opened, personal)
        checked = {
            raw: _accounts(taken, folded, raw, context),
            current: results,
            history: [],
        }
        for key, metadata, version in (
            (raw, _taken(taken), f"{taken.number}"),
            (current, _folded(folded, folded.current_rows), f"{folded.current_version}"),
            (history, _folded(folded, folded.history_rows), f"{folded.history_version}"),
        ):
            if key in context.selected_asset_keys:
                yield dg.MaterializeResult(
                    asset_key=key,
                    metadata=metadata,
                    check_results=checked[key],
                    data_version=dg.DataVersion(version),
                )

    return snapshot


def _told(context: dg.AssetExecutionContext) -> "Report":
    """Progress as lines of the run's log, at most one in ten seconds."""
    said = [time.monotonic()]

    def tell(progress: "SnapshotProgress") -> None:
        if time.monotonic() - said[0] > 10:
            said[0] = time.monotonic()
            context.log.info(f"{progress.table}: {progress.stage}, {progress.rows:,} rows")

    return tell


def _specs(table: DeclaredSourceTable) -> list[dg.AssetSpec]:
    due: dg.AutomationCondition[Any] = dg.AutomationCondition.on_cron(table.attributes.cron)
    freshness = table.attributes.freshness
    raw = key_of(table.raw.name)
    fresh = interval(freshness) if freshness else None
    return [
        asset_spec(table.raw, freshness=fresh, automation=due),
        asset_spec(table.current, [dg.AssetDep(raw)], automation=due),
        asset_spec(table.history, [dg.AssetDep(raw)], automation=due),
    ]


def _raw_checks(raw: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            ACCOUNTING,
            asset=raw,
            blocking=True,
            description="Every row of the snapshot is a current row, and no other.",
        ),
        dg.AssetCheckSpec(
            EMPTIED,
            asset=raw,
            description="The snapshot holds rows; an empty one closes the whole table.",
        ),
    ]


def _accounts(
    taken: "Taken", folded: "Folded", raw: dg.AssetKey, context: dg.AssetExecutionContext
) -> list[dg.AssetCheckResult]:
    found = {
        ACCOUNTING: dg.AssetCheckResult(
            asset_key=raw,
            check_name=ACCOUNTING,
            passed=folded.last != taken.number or folded.current_rows == taken.rows,
            metadata={"rows of the snapshot": taken.rows, "current rows": folded.current_rows},
        ),
        EMPTIED: dg.AssetCheckResult(
            asset_key=raw,
            check_name=EMPTIED,
            passed=folded.emptied == 0,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"rows closed": folded.closed},
        ),
    }
    chosen = {key.name for key in context.selected_asset_check_keys if key.asset_key == raw}
    return [result for name, result in found.items() if name in chosen]


def _taken(taken: "Taken") -> dict[str, Any]:
    return {
        "dagster/row_count": taken.rows,
        "snapshot": taken.number,
        "taken at": taken.taken_at.isoformat(),
        "raw bytes": taken.bytes,
        "unchanged": taken.unchanged,
    }


def _folded(folded: "Folded", rows: int) -> dict[str, Any]:
    return {
        "dagster/row_count": rows,
        "opened": folded.opened,
        "changed": folded.changed,
        "closed": folded.closed,
    }
