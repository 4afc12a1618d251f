"""How far the events of a stream have come, and whether that is late."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from pipeline_platform.contracts.names import DAY
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.contracts.windows import instant

if TYPE_CHECKING:
    from pipeline_platform.wiring import Platform


def watermark(platform: "Platform", contract: StreamContract) -> datetime | None:
    """The latest event time accepted; without event time, the last day of arrival.

    Reads the columns of the event time on the last day that has rows, nothing else.
    """
    table = platform.lake.table(contract.accepted)
    if not table.exists():
        return None
    snapshot = table.snapshot()
    days = [day for day in snapshot.partitions() if day is not None]
    if not days:
        return None
    if not contract.event_time:
        return instant(max(days))
    from pipeline_platform.sql.expressions import expression_columns, polars_expression

    types = {column.name: column.data_type for column in contract.columns}
    latest = polars_expression(contract.event_time, types, where=contract.name).max()
    columns = sorted(expression_columns(contract.event_time, contract.name))
    frame = snapshot.frame([*columns, DAY], days=[max(days)])
    found = frame.select(latest.alias("latest")).collect()["latest"][0]
    return found.astimezone(UTC) if isinstance(found, datetime) else None


def lag_check(
    seen: datetime | None, now: datetime, allowed: timedelta | None, asset: dg.AssetKey
) -> Iterator[dg.AssetCheckResult]:
    """Whether the watermark is at most `allowed` behind; nothing for closed streams."""
    if allowed is None:
        return
    lag = now - seen if seen else None
    yield dg.AssetCheckResult(
        asset_key=asset,
        check_name="watermark_lag",
        passed=lag is not None and lag <= allowed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"lag": str(lag) if lag else "no event yet", "allowed": str(allowed)},
    )
