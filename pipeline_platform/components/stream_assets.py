"""The assets of a stream: admission, accepted days, refused rows."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

import dagster as dg

from pipeline_platform.components.admission_events import (
    RAW_VERSION,
    DayState,
    accounting_check,
    admit,
    day_event,
    day_metadata,
    day_states,
    emptied_days,
    raw_event,
    raw_metadata,
    reported_epoch,
    touched_days,
)
from pipeline_platform.components.arrivals import arrival_sensor
from pipeline_platform.components.check_results import check_results, selected
from pipeline_platform.components.resource import KEY, RESOURCE, PlatformResource, reported
from pipeline_platform.components.specs import asset_spec, check_specs, days_of, key_of
from pipeline_platform.components.watermark import lag_check, watermark
from pipeline_platform.contracts.models import Partitioning
from pipeline_platform.contracts.names import DAY
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.contracts.windows import contiguous
from pipeline_platform.declarations.model_checks import stream_checks
from pipeline_platform.declarations.resolution import DeclaredStream
from pipeline_platform.declarations.values import interval

DEFAULT_FRESHNESS = "1d"


def stream_definitions(stream: DeclaredStream) -> dg.Definitions:
    """Assets, checks and arrival sensor of one stream."""
    allowed = None
    if stream.contract.end is None:
        allowed = interval(stream.attributes.freshness or DEFAULT_FRESHNESS)
    return dg.Definitions(
        assets=[_admission(stream, allowed), _accepted(stream)],
        sensors=[arrival_sensor(stream.contract)],
        resources={KEY: RESOURCE},
    )


def _admission(stream: DeclaredStream, allowed: timedelta | None) -> dg.AssetsDefinition:
    contract, raw = stream.contract, key_of(stream.contract.ledger)
    refused = key_of(contract.refused)

    @dg.multi_asset(
        name=f"admit_{contract.name}",
        specs=[
            asset_spec(stream.raw, freshness=allowed),
            asset_spec(stream.refused, [dg.AssetDep(raw)]),
        ],
        check_specs=list(_raw_checks(raw, allowed)),
        can_subset=True,
    )
    def admission(
        context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
    ) -> Iterator[dg.MaterializeResult[Any]]:
        with reported():
            opened = platform.platform()
            report = admit(context, opened, contract)
            after = reported_epoch(context.instance, contract, report.generation)
            states = day_states(opened, contract)
            check = accounting_check(report, raw)
            if check.passed:
                _tell(context, contract, states, after, ())
            seen = watermark(opened, contract)
            checks = [check, *lag_check(seen, opened.clock(), allowed, raw)]
        selected = context.selected_asset_keys
        if raw in selected:
            yield dg.MaterializeResult(
                asset_key=raw,
                metadata={
                    **raw_metadata(report, sum(s.rows for s in states.values())),
                    **({"watermark": seen.isoformat()} if seen else {}),
                },
                check_results=checks,
                data_version=dg.DataVersion(RAW_VERSION),
            )
        if refused in selected:
            yield dg.MaterializeResult(
                asset_key=refused,
                metadata={
                    "dagster/row_count": report.total.refused,
                    "open refusals": report.total.open_refusals,
                },
                data_version=dg.DataVersion(f"{report.head}"),
            )

    return admission


def _raw_checks(raw: dg.AssetKey, allowed: timedelta | None) -> Iterator[dg.AssetCheckSpec]:
    yield dg.AssetCheckSpec(
        name="row_accounting",
        asset=raw,
        blocking=True,
        description="Every landed row was accepted, dropped as a repeat, or refused.",
    )
    if allowed:
        yield dg.AssetCheckSpec(
            name="watermark_lag",
            asset=raw,
            description=f"The newest event is at most {allowed} old.",
        )


def _accepted(stream: DeclaredStream) -> dg.AssetsDefinition:
    contract = stream.contract
    raw, key = key_of(contract.ledger), key_of(contract.accepted)
    checks = stream_checks(contract)
    personal = {column.name for column in contract.columns if column.personal}

    @dg.multi_asset(
        name=f"settle_{contract.name}",
        specs=[asset_spec(stream.accepted, [dg.AssetDep(raw)])],
        check_specs=check_specs(contract.accepted, checks),
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def settle(
        context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
    ) -> Iterator[dg.MaterializeResult[Any]]:
        asked = [date.fromisoformat(day) for day in context.partition_keys]
        with reported():
            opened = platform.platform()
            report = admit(context, opened, contract)
            after = reported_epoch(context.instance, contract, report.generation)
            found = day_states(opened, contract)
            _tell(context, contract, found, after, asked)
            if report.head > after:
                context.log_event(raw_event(contract, report, found.values()))
            states = {day: found.get(day, DayState(0, -1)) for day in asked}
            wanted = selected(checks, context)
            results = check_results(
                contract.accepted, wanted, contiguous(asked), DAY, opened, personal
            )
        for day, state in states.items():
            context.add_asset_metadata(day_metadata(state), key, day.isoformat())
        common = Counter(s.data_version for s in states.values()).most_common(1)[0][0]
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={"last day with rows": str(max(found))} if found else {},
            check_results=results,
            data_version=dg.DataVersion(common),
        )
        for day, state in states.items():
            if state.data_version != common:
                context.log_event(day_event(contract, day, state))

    return settle


def _tell(
    context: dg.AssetExecutionContext,
    contract: StreamContract,
    states: dict[date, DayState],
    after: int,
    besides: Iterable[date],
) -> None:
    """Log every day touched since epoch `after`, except those the run reports itself."""
    known = set(_days(contract).get_partition_keys())
    emptied = emptied_days(context.instance, contract, states) if after < 0 else {}
    for day, state in sorted(touched_days({**emptied, **states}, after, known).items()):
        if day not in set(besides):
            context.log_event(day_event(contract, day, state))


def _days(contract: StreamContract) -> dg.DailyPartitionsDefinition:
    return days_of(Partitioning(DAY, contract.start, contract.end))
