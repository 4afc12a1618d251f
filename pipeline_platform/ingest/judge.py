"""The verdict on typed rows: rules, event time, and the day they belong to."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import polars as pl

from pipeline_platform.contracts.names import DAY
from pipeline_platform.contracts.stream import Rule, StreamContract
from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.contracts.windows import instant
from pipeline_platform.ingest.batch import Batch, Fault
from pipeline_platform.sql.expressions import polars_expression

_TIME = "_event_time"
_FAULT = "_fault"


@dataclass
class Judged:
    """Rows that stand, with `_day`; the faults of the others; warnings per rule."""

    frame: pl.DataFrame
    faults: list[Fault] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    warned: pl.Series | None = None


class Judge:
    """Compiled conditions of one contract; a row is refused for the first that it fails.

    Order: rules as declared, then a missing event time, then future, before start, after
    end. A condition that gives NULL passes.
    """

    def __init__(self, contract: StreamContract) -> None:
        self._contract = contract
        types = {column.name: column.data_type for column in contract.columns}

        def compiled(text: str, where: str) -> pl.Expr:
            return polars_expression(text, types, where=f"{contract.name}: {where}")

        self._rules = [
            (rule, compiled(rule.expression, f"rule {rule.name}") == pl.lit(False))
            for rule in contract.rules
        ]
        self._time = (
            compiled(contract.event_time, "event_time").cast(pl.Datetime("us", "UTC"))
            if contract.event_time
            else None
        )

    def judge(self, batch: Batch) -> Judged:
        """Split a batch into rows that stand and faults."""
        frame = batch.frame
        if not frame.height:
            return Judged(frame.with_columns(pl.lit(None, pl.Date).alias(DAY)))
        failed = self._failed(frame, batch.arrival())
        times = failed.get_column(_TIME)
        fault = failed.get_column(_FAULT)
        standing = frame.hstack([times.dt.date().alias(DAY)])
        result = Judged(standing)
        stands = fault.is_null()
        self._warn(result, failed, stands)
        if not stands.all():
            result.frame = standing.filter(stands)
            result.faults = list(self._faults(frame, times, fault))
        return result

    def _failed(self, frame: pl.DataFrame, arrival: pl.Expr) -> pl.DataFrame:
        """The instant that dates a row, the first condition it fails, warnings per rule.

        Without an event time the arrival dates the row.
        """
        known = frame.lazy().with_columns(
            (arrival if self._time is None else self._time).alias(_TIME)
        )
        refusing = [fails for rule, fails in self._rules if rule.on_fail == "refuse"]
        conditions = [*refusing, *self._bounds(arrival)]
        first = pl.lit(None, pl.Int32)
        for number, fails in reversed(list(enumerate(conditions))):
            first = pl.when(fails).then(pl.lit(number, pl.Int32)).otherwise(first)
        warnings = [
            fails.fill_null(False).alias(f"warn.{rule.name}")
            for rule, fails in self._rules
            if rule.on_fail == "warn"
        ]
        return known.select(pl.col(_TIME), first.alias(_FAULT), *warnings).collect()

    def _bounds(self, arrival: pl.Expr) -> list[pl.Expr]:
        if self._time is None:
            return []
        conditions = [
            pl.col(_TIME).is_null(),
            pl.col(_TIME) > arrival + timedelta(seconds=self._contract.skew_s),
            pl.col(_TIME) < instant(self._contract.start),
        ]
        if self._contract.end is not None:
            conditions.append(pl.col(_TIME) >= instant(self._contract.end))
        return conditions

    def _warn(self, result: Judged, failed: pl.DataFrame, stands: pl.Series) -> None:
        names = [name for name in failed.columns if name.startswith("warn.")]
        if not names:
            return
        hits = failed.select(names).filter(stands)
        counts = hits.sum().row(0, named=True)
        result.warnings = {name[5:]: count for name, count in counts.items() if count}
        if result.warnings:
            result.warned = hits.select(pl.any_horizontal(names)).to_series()

    def _faults(self, frame: pl.DataFrame, times: pl.Series, fault: pl.Series) -> Iterator[Fault]:
        refusing = [rule for rule, _ in self._rules if rule.on_fail == "refuse"]
        for index in fault.is_not_null().arg_true().to_list():
            number = fault[index]
            if number < len(refusing):
                yield _broken(refusing[number], index, frame)
            else:
                yield self._out_of_bounds(number - len(refusing), index, times)

    def _out_of_bounds(self, number: int, index: int, times: pl.Series) -> Fault:
        reason = (Reason.NO_EVENT_TIME, Reason.FUTURE, Reason.BEFORE_START, Reason.AFTER_END)[
            number
        ]
        contract, when = self._contract, times[index]
        detail = {
            Reason.NO_EVENT_TIME: f"event_time `{contract.event_time}` is NULL for this row",
            Reason.FUTURE: f"event time {when} is later than arrival plus {contract.skew_s:g} s",
            Reason.BEFORE_START: f"event time {when} is before the stream's start {contract.start}",
            Reason.AFTER_END: f"event time {when} is not before the stream's end {contract.end}",
        }[reason]
        return Fault(index, reason, "", detail)


def _broken(rule: Rule, index: int, frame: pl.DataFrame) -> Fault:
    found = f"; {rule.column} is {frame[rule.column][index]!r}" if rule.column else ""
    detail = f"rule {rule.name}: `{rule.expression}` is false{found}"
    return Fault(index, Reason.RULE, rule.column, detail)
