"""The asset graph as text that a reviewer can read."""

from collections.abc import Iterator

import dagster as dg


def render(definitions: dg.Definitions) -> str:
    """Every asset with what the UI shows of it, sensors, schedules, checks."""
    graph = definitions.resolve_asset_graph()
    lines: list[str] = []
    for spec in sorted(definitions.resolve_all_asset_specs(), key=lambda spec: spec.key):
        lines += [spec.key.to_user_string(), *("    " + line for line in _asset(spec, graph)), ""]
    repository = definitions.get_repository_def()
    for sensor in sorted(repository.sensor_defs, key=lambda s: s.name):
        lines.append(f"sensor {sensor.name}: {sensor.default_status.value.lower()}")
    for schedule in sorted(repository.schedule_defs, key=lambda s: s.name):
        lines.append(f"schedule {schedule.name}: {schedule.cron_schedule}")
    return "\n".join(lines) + "\n"


def _asset(spec: dg.AssetSpec, graph: object) -> Iterator[str]:
    tags = {k: v for k, v in spec.tags.items() if not k.startswith("dagster/kind")}
    yield f"group {spec.group_name}, kinds {', '.join(sorted(spec.kinds))}"
    shown = [f"{k}={v}" for k, v in sorted(tags.items())]
    yield f"owners {', '.join([*spec.owners, *shown])}"
    if isinstance(spec.partitions_def, dg.TimeWindowPartitionsDefinition):
        days = spec.partitions_def
        yield f"days from {days.start.date()} to {days.end.date() if days.end else 'today'}"
    for dep in sorted(spec.deps, key=lambda dep: dep.asset_key):
        mapping = dep.partition_mapping
        offsets = ""
        if isinstance(mapping, dg.TimeWindowPartitionMapping):
            offsets = f" [{mapping.start_offset:+d}, {mapping.end_offset:+d}]"
        yield f"reads {dep.asset_key.to_user_string()}{offsets}"
    if spec.automation_condition:
        yield f"rebuilt when {spec.automation_condition.get_label()}"
    lineage = spec.metadata.get("dagster/column_lineage")
    schema = spec.metadata.get("dagster/column_schema")
    for column in schema.columns if schema else ():
        sources = lineage.deps_by_column.get(column.name, []) if lineage else []
        came = ", ".join(f"{'.'.join(s.asset_key.path)}.{s.column_name}" for s in sources)
        marks = ("" if column.constraints.nullable else "!") + (" personal" if column.tags else "")
        yield f"{column.name}: {column.type}{marks}" + (f" <- {came}" if came else "")
    checks = [graph.get(key) for key in graph.asset_check_keys if key.asset_key == spec.key]  # type: ignore[attr-defined]
    for check in sorted(checks, key=lambda check: check.key.name):
        yield f"check {check.key.name}" + (" (blocking)" if check.blocking else "")
