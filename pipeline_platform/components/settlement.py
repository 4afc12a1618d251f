"""The T-1 schedule: every day up to yesterday is there, also the empty ones."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import dagster as dg

from pipeline_platform.components.answered import RANGE_END, RANGE_START
from pipeline_platform.contracts.windows import DayWindow, contiguous

LAYER_TAG = "layer"
CRON = "15 0 * * *"
EVERY_ASSET = "__ASSET_JOB"  # Dagster's own job over all assets; others allow one set of days


@dataclass(frozen=True)
class DailyGroup:
    """Daily assets with the same days: streams, and what is above them and shares them.

    `above` are the settled days of views, and models.
    """

    days: dg.DailyPartitionsDefinition
    streams: tuple[dg.AssetKey, ...]
    above: tuple[dg.AssetKey, ...]

    @property
    def keys(self) -> list[dg.AssetKey]:
        """All assets of the group."""
        return [*self.streams, *self.above]


def days_to_settle(
    first: date, end: date | None, now: datetime, done: Collection[date]
) -> list[DayWindow]:
    """Windows of yesterday and of every earlier day that is not `done`.

    None when yesterday is no day of the table: it has not begun, or it is over.
    """
    yesterday = now.date() - timedelta(days=1)
    if yesterday < first or (end is not None and yesterday >= end):
        return []
    days = DayWindow(first, yesterday).days
    return contiguous([*(day for day in days if day not in done), yesterday])


def daily_groups(specs: Iterable[dg.AssetSpec]) -> list[DailyGroup]:
    """Streams by their days, each with what has the same days and needs them."""
    daily = {s.key: s for s in specs if isinstance(s.partitions_def, dg.DailyPartitionsDefinition)}
    streams = [
        s
        for s in daily.values()
        if s.tags.get(LAYER_TAG) == "serving" and not any(d.asset_key in daily for d in s.deps)
    ]
    groups: list[DailyGroup] = []
    for days in dict.fromkeys(s.partitions_def for s in streams):
        heads = [s.key for s in streams if s.partitions_def == days]
        same = {key: spec for key, spec in daily.items() if spec.partitions_def == days}
        above = sorted(_above(heads, same) - set(heads))
        assert isinstance(days, dg.DailyPartitionsDefinition)
        groups.append(DailyGroup(days, tuple(sorted(heads)), tuple(above)))
    return groups


def _above(
    heads: Iterable[dg.AssetKey], specs: Mapping[dg.AssetKey, dg.AssetSpec]
) -> set[dg.AssetKey]:
    found = set(heads)
    while True:
        more = {
            key
            for key, spec in specs.items()
            if key not in found and any(dep.asset_key in found for dep in spec.deps)
        }
        if not more:
            return found
        found |= more


def settlement_schedule(groups: list[DailyGroup]) -> dg.ScheduleDefinition:
    """Runs shortly after midnight UTC; skips what yesterday is no day of."""

    @dg.schedule(
        name="settle_yesterday",
        description="Materializes every day up to yesterday that is missing, empty days too.",
        cron_schedule=CRON,
        execution_timezone="UTC",
        job_name=EVERY_ASSET,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def settle_yesterday(
        context: dg.ScheduleEvaluationContext,
    ) -> list[dg.RunRequest] | dg.SkipReason:
        now = context.scheduled_execution_time
        requests = [r for group in groups for r in _requests(group, now, context.instance)]
        return requests or dg.SkipReason("yesterday is no day of any stream")

    return settle_yesterday


def _requests(
    group: DailyGroup, now: datetime, instance: dg.DagsterInstance
) -> Iterator[dg.RunRequest]:
    done = set.intersection(*(_settled(instance, key) for key in group.keys))
    first = group.days.start.date()
    end = group.days.end.date() if group.days.end else None
    for window in days_to_settle(first, end, now, done):
        last = (window.end - timedelta(days=1)).isoformat()
        yield dg.RunRequest(
            run_key=f"{group.streams[0].to_user_string()}-{now.date()}-{window}",
            asset_selection=group.keys,
            tags={RANGE_START: window.start.isoformat(), RANGE_END: last},
        )


def _settled(instance: dg.DagsterInstance, key: dg.AssetKey) -> set[date]:
    return {date.fromisoformat(day) for day in instance.get_materialized_partitions(key)}
