"""Rows sorted by key and instant, and binary searches among the rows of a key."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
NOWHERE = -1


@dataclass(frozen=True)
class Points:
    """The spine of one group: per row a key's code (NOWHERE: none matches) and T' in us.

    `known` is False where the key or T is NULL or no row has the key.
    """

    code: Ints
    at: Ints
    known: Bools


@dataclass(frozen=True)
class Facts:
    """The rows that have a code and both instants, sorted by (code, event, available).

    `row` is each one's place in the source; those of code c lie in
    [`start[c]`, `start[c + 1]`). Instants in us.
    """

    row: Ints
    code: Ints
    event: Ints
    available: Ints
    start: Ints


def matched(
    spine_keys: pl.DataFrame, at: pl.Series, keys: pl.DataFrame, instants: pl.DataFrame, lag_us: int
) -> tuple[Points, Facts]:
    """Points and facts with common codes; the frames of keys have equal names and types.

    NULL never equals NULL; values are compared as they are, never as text.
    """
    if not spine_keys.width:
        ours, theirs = np.zeros(len(at), np.int64), np.zeros(instants.height, np.int64)
    else:
        codes = spine_keys.unique().with_row_index("__code")
        ours, theirs = _coded(spine_keys, codes), _coded(keys, codes)
    known = (ours >= 0) & at.is_not_null().to_numpy()
    points = Points(ours, _microseconds(at) - lag_us, known)
    return points, _facts(theirs, instants)


def _coded(keys: pl.DataFrame, codes: pl.DataFrame) -> Ints:
    found = keys.join(codes, on=keys.columns, how="left", maintain_order="left")
    return found["__code"].cast(pl.Int64).fill_null(NOWHERE).to_numpy()


def _microseconds(instants: pl.Series) -> Ints:
    return instants.to_physical().fill_null(0).to_numpy()


def _facts(code: Ints, instants: pl.DataFrame) -> Facts:
    frame = instants.select(
        event=pl.nth(0).to_physical(), available=pl.nth(1).to_physical()
    ).with_columns(code=pl.Series(code), row=pl.int_range(pl.len(), dtype=pl.Int64))
    frame = frame.filter((pl.col("code") >= 0) & pl.all_horizontal(pl.all().is_not_null()))
    found = frame.sort("code", "event", "available")
    sorted_code = found["code"].to_numpy()
    last = int(sorted_code[-1]) if len(sorted_code) else NOWHERE
    return Facts(
        found["row"].to_numpy(),
        sorted_code,
        found["event"].to_numpy(),
        found["available"].to_numpy(),
        np.searchsorted(sorted_code, np.arange(last + 2)),
    )


def bounds(points: Points, facts: Facts) -> tuple[Ints, Ints]:
    """First place and the place after the last of the rows of each point's key."""
    last = len(facts.start) - 1
    begin = np.where(points.known, np.minimum(points.code, last), last)
    return facts.start[begin], facts.start[np.minimum(begin + 1, last)]


def first_not_below(values: Ints, target: Ints, low: Ints, high: Ints) -> Ints:
    """Per target the first place in [low, high) with value >= target, else high.

    `values` rise within each range. All ranges are halved together: log2 of the longest
    range many passes over the targets, whatever the number of keys.
    """
    low, high = low.copy(), high.copy()
    if not len(values) or not len(low):
        return low
    for _ in range(int((high - low).max()).bit_length()):
        middle = (low + high) >> 1
        below = (low < high) & (values.take(middle, mode="clip") < target)
        low = np.where(below, middle + 1, low)
        high = np.where(below, high, middle)
    return low


def running_maximum(values: Ints, code: Ints) -> Ints:
    """The greatest value so far among the rows of the same code, codes rising."""
    if not len(values):
        return values
    order = np.argsort(values, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    # A later key's offset ranks exceed all earlier ones: one pass resets at every key.
    highest = np.maximum.accumulate(rank + code * len(order)) - code * len(order)
    return values[order[highest]]
