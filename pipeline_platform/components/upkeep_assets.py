"""The upkeep of a project: its tables every hour, late days and the audit every night."""

from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline_platform.components.audit import DAYS, OBJECTS, audit, audit_metadata
from pipeline_platform.components.check_results import markdown
from pipeline_platform.components.resource import KEY, RESOURCE, PlatformResource, reported
from pipeline_platform.components.specs import key_of
from pipeline_platform.components.upkeep_runs import keep_tables, settle_late
from pipeline_platform.components.view_events import day_event
from pipeline_platform.components.view_runs import standing_of
from pipeline_platform.declarations.resolution import Declarations

if TYPE_CHECKING:
    from pipeline_platform.wiring import Platform

GROUP = "upkeep"
TABLES, LATE, AUDIT = (dg.AssetKey([GROUP, name]) for name in ("tables", "late_days", "audit"))
CRON = {TABLES: "40 * * * *", LATE: "15 1 * * *", AUDIT: "15 3 * * *"}
Result = Iterator[dg.MaterializeResult[Any]]


def upkeep_definitions(declared: Declarations) -> dg.Definitions:
    """Assets, checks and schedules; none for a project without streams."""
    if not declared.streams:
        return dg.Definitions()
    assets = [_tables(declared)]
    if declared.views:
        assets += [_late_days(declared), _audit(declared)]
    keys = [key for asset in assets for key in asset.keys]
    return dg.Definitions(
        assets=assets, schedules=[_schedule(key) for key in keys], resources={KEY: RESOURCE}
    )


def _schedule(key: dg.AssetKey) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="_".join(key.path),
        target=dg.AssetSelection.assets(key),
        cron_schedule=CRON[key],
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


def _spec(key: dg.AssetKey, declared: Declarations, description: str) -> dg.AssetSpec:
    owners = {table.about.owner for table in declared.tables.values()}
    reads = [view.table.name for view in declared.views.values()] if key != TABLES else []
    return dg.AssetSpec(
        key=key,
        deps=[dg.AssetDep(key_of(name)) for name in reads],
        description=description,
        group_name=GROUP,
        owners=sorted(owners),
        kinds={"deltalake"},
        code_version="1",
    )


def _tables(declared: Declarations) -> dg.AssetsDefinition:
    spec = _spec(
        TABLES,
        declared,
        "Small files of streams and views are merged, files that no version within reach names "
        "are deleted, logs cleaned, states that no longer answer removed. Readers and writers "
        "go on.",
    )

    @dg.multi_asset(name="upkeep__tables", specs=[spec])
    def tables(platform: dg.ResourceParam[PlatformResource]) -> Result:
        with reported():
            done = keep_tables(declared, platform.platform())
        rows = [{"table": kept.table, "done": kept.done} for kept in done]
        yield dg.MaterializeResult(
            asset_key=TABLES,
            metadata={"steps": len(rows), "done": dg.MetadataValue.md(markdown(rows))},
        )

    return tables


def _late_days(declared: Declarations) -> dg.AssetsDefinition:
    spec = _spec(
        LATE,
        declared,
        "Days before today to which rows came after the batch had settled them are settled "
        "again; the answers stay the same and become cheaper.",
    )

    @dg.multi_asset(name="upkeep__late_days", specs=[spec])
    def late_days(
        context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
    ) -> Result:
        settled = {}
        with reported():
            opened = platform.platform()
            for name, view in declared.views.items():
                if days := settle_late(view, opened):
                    standing, settled[name] = standing_of(view, opened), len(days)
                    for day in days:
                        context.log_event(day_event(view, day, standing))
        rows = [{"view": name, "days": days} for name, days in settled.items()]
        yield dg.MaterializeResult(
            asset_key=LATE,
            metadata={
                "days": sum(settled.values()),
                "by view": dg.MetadataValue.md(markdown(rows)),
            },
        )

    return late_days


def _audit(declared: Declarations) -> dg.AssetsDefinition:
    spec = _spec(
        AUDIT,
        declared,
        f"Of every view {DAYS} days are recomputed from accepted rows, and the rows of "
        f"{OBJECTS} objects from raw through the ledger; other ones every night.",
    )

    @dg.multi_asset(
        name="upkeep__audit",
        specs=[spec],
        check_specs=[
            dg.AssetCheckSpec(name, asset=AUDIT, description=f"No mismatch in serving.{name}.")
            for name in declared.views
        ],
    )
    def audited(
        context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
    ) -> Result:
        with reported():
            opened, random = platform.platform(), Random(context.run.run_id)
            found = {name: _audited(name, declared, opened, random) for name in declared.views}
        rows = [{"view": name, **_plain(said)} for name, (_, said) in found.items()]
        yield dg.MaterializeResult(
            asset_key=AUDIT,
            metadata={
                "mismatches": sum(count for count, _ in found.values()),
                "by view": dg.MetadataValue.md(markdown(rows)),
            },
            check_results=[
                dg.AssetCheckResult(
                    asset_key=AUDIT, check_name=name, passed=count == 0, metadata=said
                )
                for name, (count, said) in found.items()
            ],
        )

    return audited


def _audited(
    name: str, declared: Declarations, platform: "Platform", random: Random
) -> tuple[int, dict[str, Any]]:
    """Mismatches of a view, with what was looked at; none where it is not live yet."""
    from pipeline_platform.views.live import live

    view = declared.views[name]
    if live(platform.lake, name) is None:
        return 0, {"mismatches": 0, "days": "", "objects": 0}
    personal = any(column.personal for column in view.view.columns)
    found = audit(platform, declared.streams[view.view.stream].contract, name, random)
    return found.mismatches, audit_metadata(found, show=not personal)


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    return {key: said[key] for key in ("days", "objects", "mismatches")}
