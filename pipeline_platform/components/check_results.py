"""Outcomes of checks as Dagster's results."""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline_platform.components.specs import key_of
from pipeline_platform.contracts.models import TableCheck
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.windows import DayWindow

if TYPE_CHECKING:
    from pipeline_platform.models.checks import CheckOutcome
    from pipeline_platform.wiring import Platform

HIDDEN = "(personal)"
_SEVERITY = {"error": dg.AssetCheckSeverity.ERROR, "warn": dg.AssetCheckSeverity.WARN}


def check_results(
    table: TableName,
    checks: Sequence[TableCheck],
    windows: Sequence[DayWindow] | None,
    column: str | None,
    platform: "Platform",
    personal: Collection[str],
) -> list[dg.AssetCheckResult]:
    """The checks over the windows, in one scan; samples hide `personal` columns."""
    from pipeline_platform.models.checks import evaluate

    if not checks:
        return []
    window = DayWindow(windows[0].start, windows[-1].end) if windows else None
    outcomes = evaluate(
        table,
        checks,
        window,
        engine=platform.engine,
        lake=platform.lake,
        partition_column=column,
    )
    return [result_of(table, outcome, window, personal) for outcome in outcomes]


def selected(checks: Iterable[TableCheck], context: dg.AssetExecutionContext) -> list[TableCheck]:
    """Those of the checks that the run was asked for."""
    chosen = {key.name for key in context.selected_asset_check_keys}
    return [check for check in checks if check.name in chosen]


def result_of(
    table: TableName,
    outcome: "CheckOutcome",
    window: DayWindow | None,
    personal: Collection[str],
) -> dg.AssetCheckResult:
    """One outcome as Dagster shows it; samples hide `personal` columns."""
    metadata: dict[str, Any] = {
        "rows at fault": outcome.failed_rows,
        "rows checked": outcome.checked_rows,
    }
    if window is not None:
        metadata["days"] = str(window)
    if outcome.sample:
        metadata["sample"] = dg.MetadataValue.md(markdown(outcome.sample, personal))
    return dg.AssetCheckResult(
        asset_key=key_of(table),
        check_name=outcome.name,
        passed=outcome.passed,
        severity=_SEVERITY[outcome.severity],
        metadata=metadata,
    )


def markdown(rows: Iterable[dict[str, Any]], personal: Collection[str] = ()) -> str:
    """Rows as a Markdown table, values of `personal` columns hidden; empty for none."""
    found = list(rows)
    if not found:
        return ""
    head = list(found[0])
    lines = [
        [HIDDEN if name in personal else _cell(row.get(name)) for name in head] for row in found
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines])


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")[:80]
