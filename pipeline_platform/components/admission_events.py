"""Admission as Dagster sees it: one run, and the days that it touched."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline_platform.components.specs import key_of
from pipeline_platform.contracts.stream import StreamContract

if TYPE_CHECKING:
    from pipeline_platform.contracts.epochs import Accounting
    from pipeline_platform.ingest.report import AdmissionReport, Progress
    from pipeline_platform.wiring import Platform

EPOCH, GENERATION = "epoch", "generation"
RAW_VERSION = "append-only"
BOOKS = ("landed", "accepted", "duplicates", "refused", "replayed", "warned")


@dataclass(frozen=True)
class DayState:
    """What a day of the accepted table holds: rows, the last epoch that added some, and the
    generation of them all."""

    rows: int
    epoch: int
    generation: int = 0

    @property
    def data_version(self) -> str:
        """The version that changes exactly when the day's rows do."""
        if not self.rows:
            return "empty"
        return f"{self.generation}.{self.epoch}" if self.generation else str(self.epoch)


def reported_epoch(
    instance: dg.DagsterInstance, contract: StreamContract, generation: int = 0
) -> int:
    """The last epoch of this generation whose days Dagster was told of, -1 when none."""
    event = instance.get_latest_materialization_event(key_of(contract.ledger))
    found = event.asset_materialization if event else None
    told = found.metadata if found else {}
    if (_number(told.get(GENERATION)) or 0) != generation:
        return -1
    epoch = _number(told.get(EPOCH))
    return -1 if epoch is None else epoch


def _number(value: object) -> int | None:
    return value.value if isinstance(value, dg.IntMetadataValue) else None


def present_generation(platform: "Platform", contract: StreamContract) -> int:
    """The generation of the stream's accepted rows, 0 before the first."""
    tables = platform.admission(contract).tables
    return tables.generation() if tables.accepted.exists() else 0


def emptied_days(
    instance: dg.DagsterInstance, contract: StreamContract, states: Mapping[date, DayState]
) -> dict[date, DayState]:
    """Days that Dagster knows and that have no rows: in a new generation they may have lost
    them."""
    known = instance.get_materialized_partitions(key_of(contract.accepted))
    days = {date.fromisoformat(day) for day in known}
    return {day: DayState(0, 0) for day in sorted(days - states.keys())}


def day_states(platform: "Platform", contract: StreamContract) -> dict[date, DayState]:
    """Every day of the accepted table that has rows, from its log alone."""
    from pipeline_platform.ingest.days import day_facts

    facts = day_facts(platform.lake, contract)
    return {
        day: DayState(found.rows, found.last_epoch, found.generation)
        for day, found in facts.items()
    }


def admit(
    context: dg.AssetExecutionContext, platform: "Platform", contract: StreamContract
) -> "AdmissionReport":
    """Admit all that is pending, telling the run's log at every tenth of an epoch."""

    def report(progress: "Progress") -> None:
        if progress.objects * 10 // progress.of > (progress.objects - 1) * 10 // progress.of:
            context.log.info(
                f"epoch {progress.epoch}: {progress.objects} of {progress.of} objects, "
                f"{progress.rows:,} rows"
            )

    return platform.admission(contract).run(report)


def touched_days(
    states: Mapping[date, DayState], after: int, known: Collection[str]
) -> dict[date, DayState]:
    """Days with rows of epochs later than `after` that are partitions already.

    Rows dated into tomorrow, within the allowed skew, wait for their day to begin: the
    settlement of that day tells of them.
    """
    return {
        day: state
        for day, state in states.items()
        if state.epoch > after and day.isoformat() in known
    }


def day_event(contract: StreamContract, day: date, state: DayState) -> dg.AssetMaterialization:
    """The materialization of one day, with the tags that keep old days in sync."""
    raw = key_of(contract.ledger).to_user_string()
    return dg.AssetMaterialization(
        asset_key=key_of(contract.accepted),
        partition=day.isoformat(),
        metadata=day_metadata(state),
        tags={
            "dagster/data_version": state.data_version,
            "dagster/code_version": contract.fingerprint,
            f"dagster/input_data_version/{raw}": RAW_VERSION,
            f"dagster/input_event_pointer/{raw}": "NULL",
        },
    )


def day_metadata(state: DayState) -> dict[str, Any]:
    """Row count and last epoch of one day."""
    return {"dagster/partition_row_count": state.rows, EPOCH: state.epoch}


def raw_event(
    contract: StreamContract,
    report: "AdmissionReport",
    states: Iterable[DayState],
    seen: datetime | None = None,
) -> dg.AssetMaterialization:
    """The materialization of admission by whoever admitted outside of its own run.

    `seen` is the watermark, where it is known.
    """
    watermark = {"watermark": seen.isoformat()} if seen else {}
    return dg.AssetMaterialization(
        asset_key=key_of(contract.ledger),
        metadata=raw_metadata(report, sum(state.rows for state in states)) | watermark,
        tags={"dagster/data_version": RAW_VERSION, "dagster/code_version": "1"},
    )


def raw_metadata(report: "AdmissionReport", rows: int) -> dict[str, Any]:
    """What an admission run did, for the UI; `rows` are in the accepted table."""
    changed = {"changed objects": list(report.changed)} if report.changed else {}
    return {
        EPOCH: report.head,
        GENERATION: report.generation,
        "epochs of this run": list(report.epochs),
        "rows accepted in total": rows,
        "open refusals": report.total.open_refusals,
        "warnings": dict(report.warnings),
        "accounting": dg.MetadataValue.md(books(report.accounting, report.total)),
        **changed,
    }


def books(run: "Accounting", total: "Accounting") -> str:
    """The row accounting as a Markdown table."""
    lines = [f"| {f} | {getattr(run, f):,} | {getattr(total, f):,} |" for f in BOOKS]
    return "\n".join(["| rows | this run | in total |", "|---|---:|---:|", *lines])


def accounting_check(report: "AdmissionReport", asset: dg.AssetKey) -> dg.AssetCheckResult:
    """landed = accepted + duplicates + refused, in this run and in total."""
    return dg.AssetCheckResult(
        passed=report.accounting.balanced and report.total.balanced,
        check_name="row_accounting",
        asset_key=asset,
        metadata={
            **{f: getattr(report.total, f) for f in BOOKS},
            "accounting": dg.MetadataValue.md(books(report.accounting, report.total)),
        },
    )
