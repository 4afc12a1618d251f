"""Brute force over lists of rows: what each feature is, by its definition."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from pipeline_platform.contracts.features import AsOf, Window


class Row(NamedTuple):
    """A source's row."""

    keys: tuple[Any, ...]
    event: datetime | None
    available: datetime | None
    values: tuple[Any, ...]


def answer(
    group: AsOf | Window, keys: tuple[Any, ...], at: datetime | None, rows: Sequence[Row]
) -> list[Any]:
    """The features of one group for a spine row with these keys at `at`."""
    known: list[Any] = []
    if at is not None and None not in keys:
        at -= timedelta(seconds=group.lag_s)
        known = [
            r for r in rows if r.keys == keys and r.event and r.available and r.available <= at
        ]
    if isinstance(group, Window):
        assert at or not known
        since = at and at - timedelta(seconds=group.width_s)
        known = [r for r in known if since <= r.event < at]
        return [
            _aggregate(a.function, [1 if a.expression == "*" else r.values[n] for r in known])
            for n, a in enumerate(group.aggregates)
        ]
    known = [
        r for r in known if max(r.event, r.available) < at or (group.inclusive and r.event <= at)
    ]
    if not known:
        return [None] * len(group.values)
    best = max(known, key=lambda r: (r.event, r.available, [_order(v) for v in r.values]))
    alive = group.ttl_s is None or at - best.event <= timedelta(seconds=group.ttl_s)
    return list(best.values) if alive else [None] * len(group.values)


def _order(value: Any) -> tuple[Any, ...]:
    """NULL first, NaN last."""
    return (0,) if value is None else (2,) if value != value else (1, value)


def _aggregate(function: str, values: list[Any]) -> Any:
    given = [v for v in values if v is not None]
    if function == "count":
        return len(given)
    if function in ("min", "max"):
        return (min if function == "min" else max)(given, key=_order) if given else None
    plain = [v for v in given if math.isfinite(v)]
    total = sum(map(Fraction, plain), Fraction(0))
    odd = sum(v for v in given if not math.isfinite(v))
    share = total / len(given) if function == "mean" and given else total
    if function == "mean":
        return (float(share) if len(plain) == len(given) else odd) if given else None
    whole = all(isinstance(v, int) for v in given)
    return int(share) if whole else float(share) if len(plain) == len(given) else odd
