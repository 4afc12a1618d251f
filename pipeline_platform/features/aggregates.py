"""The aggregates of a group's windows: exact sums, counts, and extremes of any type."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline_platform.contracts.features import Aggregate
from pipeline_platform.features.search import Facts, Ints
from pipeline_platform.features.sums import Addends, addends, averaged, summed
from pipeline_platform.features.windows import NOTHING, Windows


def aggregated(
    aggregates: Sequence[Aggregate],
    values: Sequence[pl.Series | None],
    facts: Facts,
    windows: Windows,
) -> list[pl.Series]:
    """One column per aggregate; `values` are their expressions over the source (None: `*`).

    NULL is skipped; without rows a count or sum is 0 and the others are NULL. NaN is
    greater than all numbers; a sum with NaN, or with both infinities, is NaN.
    """
    ordered = [None if v is None else v[pl.Series(facts.row)] for v in values]
    work = [_Work(a, v, len(facts.row)) for a, v in zip(aggregates, ordered, strict=True)]
    sums, maxima = windows.aggregate(
        [column for one in work for column in one.sums], [c for one in work for c in one.maxima]
    )
    return [one.finish(sums, maxima) for one in work]


class _Work:
    """One aggregate: which columns it wants added or compared, and what it makes of them."""

    def __init__(self, aggregate: Aggregate, values: pl.Series | None, rows: int) -> None:
        self._aggregate, self._values = aggregate, values
        self.sums: list[Ints] = []
        self.maxima: list[Ints] = []
        self._addends: Addends | None = None
        self._first = np.zeros(0, np.int64)
        if aggregate.function in ("count", "mean"):
            self.sums.append(np.ones(rows, np.int64) if values is None else _given(values))
        if values is not None and aggregate.function in ("sum", "mean"):
            self._addends = addends(values)
            self.sums += self._addends.columns
        if values is not None and aggregate.function in ("min", "max"):
            self.maxima.append(self._ranked(values))

    def _ranked(self, values: pl.Series) -> Ints:
        """Ranks by value (by falling value for a minimum); `_first` has a row of each rank."""
        rank = (_zeroed(values).rank("dense").cast(pl.Int64) - 1).fill_null(-1).to_numpy()
        given = np.flatnonzero(rank >= 0)
        self._first = np.zeros(int(rank.max()) + 1 if len(given) else 0, np.int64)
        self._first[rank[given]] = given
        signed = rank if self._aggregate.function == "max" else -rank
        return np.where(rank >= 0, signed, NOTHING)

    def finish(self, sums: list[Ints], maxima: list[Ints]) -> pl.Series:
        """The result; takes its own columns from the front of both lists."""
        totals = [sums.pop(0) for _ in self.sums]
        highest = [maxima.pop(0) for _ in self.maxima]
        return self._result(totals, highest).alias(self._aggregate.name)

    def _result(self, totals: list[Ints], highest: list[Ints]) -> pl.Series:
        function = self._aggregate.function
        if self._addends is None and function == "count":
            return pl.Series(totals[0])
        assert self._values is not None
        if function == "mean":
            assert self._addends is not None
            return averaged(self._addends, totals[1:], totals[0])
        if self._addends is not None:
            kind = _sum_type(self._values.dtype)
            return summed(self._addends, totals, kind, where=self._aggregate.name)
        rank = np.abs(np.where(highest[0] == NOTHING, 0, highest[0]))
        empty = pl.Series(highest[0] == NOTHING)
        place = pl.Series(self._first[rank] if len(self._first) else rank)
        place = place.set(empty, None)
        return _zeroed(self._values).gather(place)


def _given(values: pl.Series) -> Ints:
    return values.is_not_null().cast(pl.Int64).to_numpy()


def _zeroed(values: pl.Series) -> pl.Series:
    """The values without negative zeros, which equal zeros and are written differently."""
    return values + 0.0 if values.dtype.is_float() else values


def _sum_type(kind: pl.DataType) -> pl.DataType:
    if isinstance(kind, pl.Decimal):
        return pl.Decimal(min(38, (kind.precision or 38) + 10), kind.scale)
    return pl.Float64() if kind.is_float() else pl.Int64()
