"""One row's features by their definition, from the rows of its past: slow and plain."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any, NamedTuple

from pipeline_platform.contracts.features import AsOf, Window


class Past(NamedTuple):
    """A row of a source that had happened and was known; `values` as the group's features."""

    event: datetime
    available: datetime
    values: tuple[Any, ...]


def plain(group: AsOf | Window, at: datetime, past: Sequence[Past]) -> list[Any]:
    """The group's features at `at`; `past` are the rows of the key, none of them later."""
    then = at - timedelta(seconds=group.lag_s)
    if isinstance(group, Window):
        since = then - timedelta(seconds=group.width_s)
        rows = [r for r in past if since <= r.event < then and r.available <= then]
        return [
            _aggregate(a.function, [r.values[n] for r in rows if r.values[n] is not None])
            for n, a in enumerate(group.aggregates)
        ]
    rows = [r for r in past if r.event <= then and r.available <= then]
    if not group.inclusive:
        rows = [r for r in rows if r.event < then and r.available < then]
    nothing = [None] * len(group.values)
    if not rows:
        return nothing
    latest = sorted(rows, key=lambda r: (r.event, r.available, [_rank(v) for v in r.values]))[-1]
    if group.ttl_s is not None and then - latest.event > timedelta(seconds=group.ttl_s):
        return nothing
    return list(latest.values)


def _rank(value: Any) -> tuple[Any, ...]:
    """NULL least, NaN greatest."""
    if value is None:
        return (0,)
    return (2,) if value != value else (1, value)


def _aggregate(function: str, values: Sequence[Any]) -> Any:
    if function == "count":
        return len(values)
    if function in ("min", "max"):
        extreme = min if function == "min" else max
        return extreme(values, key=_rank) if values else None
    if function == "mean" and not values:
        return None
    strange = [v for v in values if isinstance(v, float) and not math.isfinite(v)]
    if strange:
        return sum(strange)
    total = sum((Fraction(v) for v in values), Fraction(0))
    if function == "mean":
        return _double(total / len(values))
    if any(isinstance(v, Decimal) for v in values):
        return _decimal(total)
    return _double(total) if any(isinstance(v, float) for v in values) else int(total)


def _double(exact: Fraction) -> float:
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def _decimal(exact: Fraction) -> Decimal:
    with localcontext() as context:
        context.prec = 80
        return Decimal(exact.numerator) / Decimal(exact.denominator)
