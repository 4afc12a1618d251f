"""The asset of a declared table: names, people, schema, lineage."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import dagster as dg

from pipeline_platform.contracts.models import Partitioning, TableCheck, TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.declarations.tables import DeclaredTable


def key_of(table: TableName | str) -> dg.AssetKey:
    """The asset key of a table, `[layer, name]`."""
    return dg.AssetKey(str(table).split("."))


def asset_spec(
    table: DeclaredTable,
    deps: Iterable[dg.AssetDep] = (),
    *,
    freshness: timedelta | None = None,
    automation: dg.AutomationCondition[Any] | None = None,
) -> dg.AssetSpec:
    """The asset of `table`; partitions reach through today where the table is open."""
    return dg.AssetSpec(
        key=key_of(table.name),
        deps=list(deps),
        description=table.description,
        metadata=_metadata(table),
        group_name=table.name.layer,
        code_version=table.code_version,
        owners=[table.about.owner],
        tags=_tags(table),
        kinds=set(table.kinds),
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=freshness)
        if freshness
        else None,
        automation_condition=automation,
        partitions_def=days_of(table.partitioning) if table.partitioning else None,
    )


def days_of(partitioning: Partitioning) -> dg.DailyPartitionsDefinition:
    """The table's days; nominal dates, whatever zone they are meant in.

    Dagster maps windows only between definitions of one zone, so all are counted in UTC
    and an input's extra days are offsets.
    """
    return dg.DailyPartitionsDefinition(
        start_date=partitioning.start.isoformat(),
        end_date=partitioning.end.isoformat() if partitioning.end else None,
        end_offset=0 if partitioning.end else 1,
    )


def days_dep(
    upstream: DeclaredTable, own: Partitioning | None, days: tuple[int, int]
) -> dg.AssetDep:
    """A dependency that maps a day to the days of `upstream` that it reads."""
    if own is None or upstream.partitioning is None:
        return dg.AssetDep(key_of(upstream.name))
    before, after = days
    mapping = dg.TimeWindowPartitionMapping(
        start_offset=-before, end_offset=after, allow_nonexistent_upstream_partitions=True
    )
    return dg.AssetDep(key_of(upstream.name), partition_mapping=mapping)


def check_specs(table: TableName, checks: Iterable[TableCheck]) -> list[dg.AssetCheckSpec]:
    """The checks as Dagster lists them."""
    return [
        dg.AssetCheckSpec(
            name=check.name,
            asset=key_of(table),
            blocking=check.blocking,
            description=describe(check),
        )
        for check in checks
    ]


def describe(check: TableCheck) -> str:
    """The check in a sentence."""
    columns = ", ".join(check.columns)
    bounds = f"from {check.minimum} to {check.maximum}"
    return {
        "not_null": f"{columns}: never NULL.",
        "unique": f"({columns}): at most one row each.",
        "accepted_values": f"{columns}: one of {', '.join(map(str, check.values))}.",
        "range": f"{columns}: {bounds.replace('None', 'anything')}.",
        "reference": f"({columns}): found in {check.references}.",
        "expression": f"Every row: {check.expression}",
    }[check.kind]


def _tags(table: DeclaredTable) -> dict[str, str]:
    personal = any(column.personal for column in table.columns)
    own = {"layer": table.name.layer, "personal_data": "yes" if personal else "no"}
    return {**table.about.tags, "domain": table.about.domain, **own}


def _metadata(table: DeclaredTable) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "dagster/column_schema": dg.TableSchema([_column(column) for column in table.columns]),
        "dagster/table_name": str(table.name),
        "dagster/storage_kind": "deltalake",
    }
    lineage = {c.name: [_source(s) for s in c.sources] for c in table.columns if c.sources}
    if lineage:
        metadata["dagster/column_lineage"] = dg.TableColumnLineage(lineage)
    return metadata


def _column(column: TableColumn) -> dg.TableColumn:
    return dg.TableColumn(
        name=column.name,
        type=column.type,
        description=column.description or None,
        constraints=dg.TableColumnConstraints(nullable=column.nullable),
        tags=_personal(column.personal),
    )


def _personal(kinds: str) -> Mapping[str, str]:
    return {"personal_data": re.sub(r"[^A-Za-z0-9_.-]+", "_", kinds)} if kinds else {}


def _source(name: str) -> dg.TableColumnDep:
    table, _, column = name.rpartition(".")
    return dg.TableColumnDep(asset_key=key_of(table), column_name=column)
