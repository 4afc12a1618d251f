"""The SQL that reads a spine and its sources: expressions, and days as filters."""

from datetime import datetime, timedelta

from pipeline_platform.contracts.features import AsOf, FeatureSet, Window
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Parameter
from pipeline_platform.features.kernel import (
    AT,
    AVAILABLE,
    EVENT,
    source_key,
    source_value,
    spine_key,
)
from pipeline_platform.models.conditions import conjunction, quoted

Statement = tuple[str, dict[str, Parameter]]


def spine_statement(
    feature_set: FeatureSet,
    view: str,
    days: DayWindow | None,
    partition: str | None,
    reach: DayWindow | None,
) -> Statement:
    """The rows of these days; of a table cut by `partition` only the days of `reach` are read."""
    spine, cut = feature_set.spine, feature_set.partitioning
    columns = [quoted(name) for name in spine.columns]
    columns.append(_named(spine.at, AT))
    for number, group in enumerate(feature_set.groups):
        columns += [_named(ours, spine_key(number, k)) for k, (ours, _) in enumerate(group.keys)]
    tests, parameters = [f"(\n{spine.where}\n)"] if spine.where else [], dict[str, Parameter]()
    if days and cut:
        tests.append(_between(cut.column, "start", "end"))
        parameters |= {"start": days.start, "end": days.end}
    if reach and partition and not (cut and cut.column == partition):
        tests.append(_between(partition, "first", "last"))
        parameters |= {"first": reach.start, "last": reach.end}
    return _select(columns, view, tests), parameters


def source_statement(
    group: AsOf | Window,
    view: str,
    partition: str | None,
    reach: DayWindow | None,
    span: tuple[datetime, datetime] | None = None,
) -> Statement:
    """What a group needs of its table, of a table cut by `partition` from the days of `reach`.

    `span` holds the first and the last T: rows that count at none of them are left out.
    """
    columns = [_named(theirs, source_key(k)) for k, (_, theirs) in enumerate(group.keys)]
    columns += [_named(group.event_ts, EVENT), _named(group.available_at, AVAILABLE)]
    columns += [
        _named(expression, source_value(n))
        for n, (_, expression) in enumerate(group.outputs)
        if expression != "*"
    ]
    tests, parameters = [], dict[str, Parameter]()
    if reach and partition:
        tests.append(_between(partition, "first", "last"))
        parameters |= {"first": reach.start, "last": reach.end}
    if span:
        since, until = _instants(group, *span)
        tests += [f"(\n{clock}\n) <= :until" for clock in (group.event_ts, group.available_at)]
        parameters["until"] = until
        if since:
            tests.append(f"(\n{group.event_ts}\n) >= :since")
            parameters["since"] = since
    return _select(columns, view, tests), parameters


def _instants(
    group: AsOf | Window, first: datetime, last: datetime
) -> tuple[datetime | None, datetime]:
    """The first event (None: any) and the last instant of either clock that can count."""
    age = group.width_s if isinstance(group, Window) else group.ttl_s
    lag = timedelta(seconds=group.lag_s)
    if age is None:
        return None, last - lag
    try:
        return first - lag - timedelta(seconds=age), last - lag
    except OverflowError:
        return None, last - lag


def _named(expression: str, name: str) -> str:
    return f"(\n{expression}\n) AS {quoted(name)}"


def _between(column: str, low: str, high: str) -> str:
    return f"{quoted(column)} >= :{low} AND {quoted(column)} < :{high}"


def _select(columns: list[str], view: str, tests: list[str]) -> str:
    text = f"SELECT {', '.join(columns)} FROM {view}"
    return f"{text} WHERE {conjunction(tests)}" if tests else text
