"""The latest row known at an instant, by both clocks."""

import numpy as np
import polars as pl

from pipeline_platform.features.search import (
    NOWHERE,
    Facts,
    Ints,
    Points,
    bounds,
    first_not_below,
    running_maximum,
)


def latest(
    points: Points, facts: Facts, values: pl.DataFrame, *, ttl_us: int | None, inclusive: bool
) -> Ints:
    """Per point the place in `values` of its latest row, NOWHERE where there is none.

    Of the rows with both instants at or before T' (strictly before, unless `inclusive`)
    the one with the greatest (event, available, values in order), NULL least, NaN greatest.
    A row is of use from the instant at which both clocks have passed, unless one of a greater
    rank is known by then. Those left rise by rank and instant alike: the last one known wins.
    """
    row = _settled(facts, values)
    useful, known = _useful(facts)
    low, high = bounds(points, np.searchsorted(useful, facts.start))
    limit = points.at + 1 if inclusive else points.at
    place = first_not_below(known, limit, low, high) - 1
    found = points.known & (place >= low)
    if not len(row):
        return np.full(len(place), NOWHERE, np.int64)
    winner = useful[np.where(found, place, 0)]
    if ttl_us is not None:
        found &= points.at - facts.event[winner] <= ttl_us
    return np.where(found, row[winner], NOWHERE)


def _useful(facts: Facts) -> tuple[Ints, Ints]:
    """Places of the rows known before all that follow with their key, and since when."""
    known = np.maximum(facts.event, facts.available)
    if not len(known):
        return np.zeros(0, np.int64), known
    # ~ turns the order around: the least instant from a row on, as a maximum from the end.
    least = ~running_maximum(~known[::-1], facts.code[-1] - facts.code[::-1])[::-1]
    superseded = (known[:-1] >= least[1:]) & (facts.code[:-1] == facts.code[1:])
    useful = np.flatnonzero(np.append(~superseded, True))
    return useful, known[useful]


def _settled(facts: Facts, values: pl.DataFrame) -> Ints:
    """The places of the rows, those of equal key and instants ordered by their values."""
    same = np.ones(max(0, len(facts.row) - 1), np.bool_)
    for column in (facts.code, facts.event, facts.available):
        same &= column[1:] == column[:-1]
    if not same.any():
        return facts.row
    tied = np.append(same, False) | np.append(False, same)
    places = facts.row[tied]
    ties = values[places].with_columns(
        __code=facts.code[tied], __event=facts.event[tied], __available=facts.available[tied]
    )
    keys = ["__code", "__event", "__available", *values.columns]
    order = ties.select(pl.arg_sort_by(keys, nulls_last=False)).to_series().to_numpy()
    row = facts.row.copy()
    row[tied] = places[order]
    return row
